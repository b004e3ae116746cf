"""What must fit together about the bridges between HTTP and realms."""

import re
from typing import Any, Final
from urllib.parse import urlsplit

from router.config.bridge import Bridge, Forward, Hook
from router.config.checking import check_named, check_unique, known
from router.config.decoding import Decoder
from router.config.model import Config
from router.config.mount_checks import normal
from router.config.realms import Realm
from router.config.scalars import Secret
from router.config.web import Login, Web
from router.config.wording import quoted
from router.transports.origins import InvalidOrigin, check_pattern
from wamp.uris import is_pattern, is_reserved

SHORTEST_SECRET: Final = 16
"""Characters: what is shorter can be found by trying."""

NEVER_PASSED_ON: Final = frozenset(
    {
        "authorization",
        "cookie",
        "proxy-authorization",
        "signature",
        "signature-input",
        "stripe-signature",
        "webhook-signature",
        "x-hub-signature",
        "x-hub-signature-256",
        "x-gitlab-token",
    }
)
"""What subscribers could use to pretend that they are the sender."""

_FIELD: Final = re.compile(r"[A-Za-z0-9-]{1,64}")


def check_bridges(config: Config, decoder: Decoder) -> None:
    """Note what is wrong."""
    check_unique(config.bridges, "path", "bridge at", decoder)
    names = [realm.name for realm in config.realms]
    for bridge in config.bridges:
        check_named(bridge.realm, names, bridge, "realm", "there is no realm", decoder)
        realm = next((one for one in config.realms if known(one.name) and one.name == bridge.realm), None)
        _check_path(bridge, config, decoder)
        _check_origins(bridge, decoder)
        _check_ways_in(bridge, realm, config, decoder)
        _check_use(bridge, decoder)
        for section in (*bridge.keys, *bridge.hooks, *bridge.forwards):
            _check_parts(section, realm, decoder)
        check_unique(bridge.keys, "id", "key", decoder)
        check_unique(bridge.hooks, "name", "hook", decoder)
    if config.bridges and config.listeners and all(listener.http is False for listener in config.listeners):
        decoder.note(decoder.place(config.bridges[0]), "nobody could reach the bridge: no listener has `http`")


def _check_path(bridge: Bridge, config: Config, decoder: Decoder) -> None:
    if not known(bridge.path):
        return
    path, place = normal(bridge.path), decoder.place(bridge, "path")
    if not path:
        decoder.note(place, "a bridge needs a path of its own, such as `/bridge`")
    for listener in config.listeners:
        websocket = listener.websocket
        if known(websocket) and websocket is not None and known(websocket.path) and normal(websocket.path) == path:
            decoder.note(place, f"{quoted(bridge.path)} is the path of WebSocket already")


def _check_origins(bridge: Bridge, decoder: Decoder) -> None:
    for origin in bridge.allowed_origins:
        try:
            if known(origin):
                check_pattern(origin)
        except InvalidOrigin as why:
            decoder.note(decoder.place(bridge, "allowed_origins"), f"{quoted(origin)} {why}")


def _check_use(bridge: Bridge, decoder: Decoder) -> None:
    ways = (bridge.keys, bridge.bearer, bridge.basic, bridge.cookie, bridge.anonymous, bridge.hooks, bridge.forwards)
    if all(map(known, ways)) and not any(ways):
        sentence = "of no use: one of keys, bearer, basic, cookie, anonymous, hooks and forwards is needed"
        decoder.note(decoder.place(bridge), sentence)


def _check_ways_in(bridge: Bridge, realm: Realm | None, config: Config, decoder: Decoder) -> None:
    """What is switched on must be something that the realm has."""
    if realm is None or not known(realm.authentication):
        return
    authentication = realm.authentication
    web = config.web
    login = web.login if isinstance(web, Web) and isinstance(web.login, Login) else None
    has_login = login is not None and login.realm == bridge.realm
    dynamic = authentication.dynamic.methods if authentication.dynamic else frozenset()
    if bridge.basic and not authentication.ticket and "ticket" not in dynamic:
        decoder.note(decoder.place(bridge, "basic"), "the realm has no method `ticket`")
    if bridge.anonymous and not authentication.anonymous:
        decoder.note(decoder.place(bridge, "anonymous"), "the realm has no method `anonymous`")
    if bridge.cookie and not (has_login and authentication.cookie):
        decoder.note(
            decoder.place(bridge, "cookie"), "the realm needs the method `cookie`, and `login` of `web` must be for it"
        )
    if bridge.bearer and not authentication.jwt and not has_login:
        decoder.note(decoder.place(bridge, "bearer"), "the realm takes no tokens: it has neither `jwt` nor a login")


def _check_parts(section: Any, realm: Realm | None, decoder: Decoder) -> None:
    """A key, a hook or a forward."""
    roles = [] if realm is None else [role.name for role in realm.roles]
    check_named(section.role, roles, section, "role", "the realm has no role", decoder)
    secret = section.secret
    if isinstance(secret, Secret) and secret.inline:
        sentence = "no secret may stand here as it is: put {env: VARIABLE} or {file: PATH}"
        decoder.note(decoder.place(section, "secret"), sentence)
    elif isinstance(secret, Secret) and len(secret.reveal()) < SHORTEST_SECRET:
        sentence = f"a secret has at least {SHORTEST_SECRET} characters: this one could be found by trying"
        decoder.note(decoder.place(section, "secret"), sentence)
    if isinstance(section, Hook):
        _check_hook(section, decoder)
    if isinstance(section, Forward):
        _check_forward(section, decoder)
    if isinstance(section, Hook | Forward):
        _check_uri(section, decoder)


def _check_hook(hook: Hook, decoder: Decoder) -> None:
    if known(hook.signature) and known(hook.secret) and (hook.signature == "none") != (hook.secret is None):
        why = "is needed to verify signatures" if hook.secret is None else "is of no use with `signature: none`"
        decoder.note(decoder.place(hook, "secret"), f"a secret {why}")
    for name in hook.headers:
        if known(name) and not _FIELD.fullmatch(name):
            decoder.note(decoder.place(hook, "headers"), f"{quoted(name)} is no header field")
        elif known(name) and name.lower() in NEVER_PASSED_ON:
            decoder.note(decoder.place(hook, "headers"), f"{quoted(name)} proves who the sender is, and stays here")


def _check_forward(forward: Forward, decoder: Decoder) -> None:
    if not known(forward.url):
        return
    try:
        parts = urlsplit(forward.url)
        is_right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_right = False
    if not is_right or not re.fullmatch(r"[\x21-\x7e]+", forward.url) or parts.fragment:
        sentence = "is no address such as `https://example.com/events`"
        decoder.note(decoder.place(forward, "url"), f"{quoted(forward.url)} {sentence}")
    elif "@" in parts.netloc:
        decoder.note(decoder.place(forward, "url"), "a name or password in a URL would be in the log: use `secret`")


def _check_uri(section: Hook | Forward, decoder: Decoder) -> None:
    given = [key for key in ("topic", "procedure") if getattr(section, key) is not None]
    if len(given) != 1:
        decoder.note(decoder.place(section), "one of `topic` and `procedure` says what it is about")
        return
    uri = getattr(section, given[0])
    match = section.match if isinstance(section, Forward) else "exact"
    if not known(uri) or not known(match):
        return
    place = decoder.place(section, given[0])
    if not is_pattern(uri, match):
        decoder.note(place, f"{quoted(uri)} is no {match} URI")
    elif is_reserved(uri) and not (isinstance(section, Forward) and given[0] == "topic"):
        decoder.note(place, f"{quoted(uri)} is the router's own")
