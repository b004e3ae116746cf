"""The description of a bridge: OpenAPI 3.1 for machines, a page for people; of the configuration, without secrets."""

from collections.abc import Iterator
from html import escape
from typing import Any, Final

import msgspec

from router.config.bridge import Bridge, Hook
from router.gateway.bodies import Accepted, CallRequest, CallResult, ErrorAnswer, Publication, PublishRequest
from router.version import installed_version

REFUSALS: Final = {
    "400": "The request is wrong, or the procedure takes other arguments.",
    "401": "There are no credentials, or they are not good.",
    "403": "The role may not do that, or pages of this origin may not ask.",
    "404": "There is no such procedure.",
    "405": "The method is not POST.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "422": "The procedure has failed: the error is its own.",
    "429": "Too many requests; Retry-After says when to come back.",
    "500": "The router made a mistake.",
    "501": "The callee lacks what is asked for.",
    "503": "There is no callee now, the call was canceled, or the router is busy.",
    "504": "There was no answer in time.",
}

_RETRY: Final = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds."}}
_BODIES: Final = (PublishRequest, CallRequest, Publication, CallResult, ErrorAnswer, Accepted)


def document_of(config: Bridge, cookie: str | None) -> bytes:
    """The OpenAPI document; `cookie` is the name of the cookie of those who logged in."""
    _, components = msgspec.json.schema_components(_BODIES, ref_template="#/components/schemas/{name}")
    schemes = _security_schemes(config, cookie)
    security: list[dict[str, list[str]]] = [{name: []} for name in schemes]
    if config.anonymous:
        security.append({})
    path = config.path.rstrip("/")
    paths = {
        f"{path}/publish": {"post": _operation("publish", "Publish an event", "PublishRequest", "Publication")},
        f"{path}/call": {"post": _operation("call", "Call a procedure", "CallRequest", "CallResult")},
    }
    for hook in config.hooks:
        paths[f"{path}/hooks/{hook.name}"] = {"post": _hook(hook)}
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": f"HTTP bridge to the realm {config.realm}",
            "version": installed_version(),
            "description": "Events and calls of WAMP, the Web Application Messaging Protocol, over HTTP.",
        },
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": schemes},
        "security": security,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def page_of(config: Bridge, cookie: str | None) -> bytes:
    """The page. It has no style of its own, as Content-Security-Policy allows none in a page."""
    path = escape(config.path.rstrip("/"))
    rows = [
        f"<li><code>POST {path}/publish</code> <code>{{&quot;topic&quot;, &quot;args&quot;, &quot;kwargs&quot;, "
        "&quot;options&quot;}</code> publishes an event.</li>",
        f"<li><code>POST {path}/call</code> <code>{{&quot;procedure&quot;, &quot;args&quot;, &quot;kwargs&quot;, "
        "&quot;options&quot;}</code> calls a procedure.</li>",
        *(f"<li><code>POST {path}/hooks/{escape(hook.name)}</code> takes deliveries.</li>" for hook in config.hooks),
    ]
    ways = [escape(scheme["description"]) for scheme in _security_schemes(config, cookie).values()]
    if config.anonymous:
        ways.append("Requests without credentials are anonymous.")
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width'>"
        f"<title>HTTP bridge to {escape(config.realm)}</title>"
        f"<h1>HTTP bridge to the realm {escape(config.realm)}</h1><ul>{''.join(rows)}</ul>"
        f"<h2>Who may ask</h2><ul>{''.join(f'<li>{way}</li>' for way in ways)}</ul>"
        f"<p>All of it for machines: <a href='{path}/openapi.json'>openapi.json</a></p></html>\n"
    ).encode()


def _operation(name: str, summary: str, asked: str, given: str) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "requestBody": {"required": True, "content": _json(asked)},
        "responses": {"200": {"description": "Done.", "content": _json(given)}} | dict(_refusals()),
    }


def _hook(hook: Hook) -> dict[str, Any]:
    becomes = f"an event of {hook.topic}" if hook.topic is not None else f"a call of {hook.procedure}"
    signed = "by nobody" if hook.signature == "none" else f"as those of `{hook.signature}`"
    taken: dict[str, Any] = {"202": {"description": "Taken.", "content": _json("Accepted")}}
    return {
        "operationId": f"hook_{hook.name}",
        "summary": f"A delivery becomes {becomes}",
        "description": f"Requests are signed {signed}.",
        "requestBody": {"content": {"*/*": {}}},
        "responses": taken | dict(_refusals()),
        "security": [],
    }


def _refusals() -> Iterator[tuple[str, dict[str, Any]]]:
    for status, description in REFUSALS.items():
        answer: dict[str, Any] = {"description": description, "content": _json("ErrorAnswer")}
        if status in ("429", "503"):
            answer["headers"] = _RETRY
        yield status, answer


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def _security_schemes(config: Bridge, cookie: str | None) -> dict[str, dict[str, str]]:
    """What a client may show, by the names of the configuration."""
    schemes: dict[str, dict[str, str]] = {}
    if any(key.scheme == "rfc9421" for key in config.keys):
        schemes["signature"] = {
            "type": "apiKey",
            "in": "header",
            "name": "Signature",
            "description": "HTTP Message Signatures (RFC 9421), hmac-sha256, over @method, @path and content-digest, "
            "with created, keyid and nonce.",
        }
    if any(key.scheme == "crossbar" for key in config.keys):
        schemes["crossbar"] = {
            "type": "apiKey",
            "in": "query",
            "name": "signature",
            "description": "As for Crossbar's HTTP bridge: key, timestamp, seq, nonce and signature in the query.",
        }
    if config.bearer:
        schemes["bearer"] = {"type": "http", "scheme": "bearer", "description": "A signed token (JWT)."}
    if config.basic:
        schemes["basic"] = {"type": "http", "scheme": "basic", "description": "Authid and ticket of a principal."}
    if config.cookie and cookie is not None:
        schemes["cookie"] = {
            "type": "apiKey",
            "in": "cookie",
            "name": cookie,
            "description": "The cookie of a login on this site.",
        }
    return schemes
