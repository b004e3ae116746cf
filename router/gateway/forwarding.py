"""How events and calls look to the servers that they are forwarded to, and how the answers look to WAMP."""

from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from router.gateway.link import INVOCATION
from router.gateway.target import AGAIN, DELIVERED, Reply
from wamp.codecs import JSON
from wamp.errors import TIMEOUT, UNAVAILABLE
from wamp.messages import CODES, Error, Yield

HTTP_STATUS: Final = "wamplex.error.http_status"
LATE: Final = frozenset({408, 504})

_NO_ARGS: Final = Raw(b"[]")
_NO_KWARGS: Final = Raw(b"{}")


class Event(Struct, frozen=True):
    """What a server gets of an event. `details` are those of EVENT: who published, if that is disclosed."""

    topic: str
    publication: Raw
    args: Raw
    kwargs: Raw
    details: Raw


class Invocation(Struct, frozen=True):
    """What a server gets of a call. `details` are those of INVOCATION: who called, if that is disclosed."""

    procedure: str
    args: Raw
    kwargs: Raw
    details: Raw


class Answered(Struct, frozen=True, forbid_unknown_fields=True):
    """A RESULT, as a server may write it."""

    args: Raw = _NO_ARGS
    kwargs: Raw = _NO_KWARGS


class Erred(Struct, frozen=True, forbid_unknown_fields=True):
    """An ERROR, as a server may write it."""

    error: str
    args: Raw = _NO_ARGS
    kwargs: Raw = _NO_KWARGS


def event_body(elements: list[Raw], topic: str) -> bytes:
    """The body for `[36, subscription, publication, details, args?, kwargs?]`; `topic` is the one subscribed to."""
    _, _, publication, details, *payload = elements
    named = msgspec.json.decode(details).get("topic", topic)
    return msgspec.json.encode(Event(named, publication, *_payload(payload), details))


def invocation_body(elements: list[Raw], procedure: str) -> bytes:
    """The body for `[68, request, registration, details, args?, kwargs?]`; `procedure` is the one registered."""
    _, _, _, details, *payload = elements
    named = msgspec.json.decode(details).get("procedure", procedure)
    return msgspec.json.encode(Invocation(named, *_payload(payload), details))


def reply_to(request: int, reply: Reply) -> bytes:
    """The YIELD or ERROR that a server's answer is; that it is a good one, the codec has yet to say."""
    value = _read(reply.body, Erred)
    if value is not None:
        return _error(request, value.error, value.args, value.kwargs)
    if reply.status in DELIVERED:
        return _result(request, reply.body)
    sentence = _written([f"the server answers {reply.status}"])
    if reply.status in LATE:
        return _error(request, TIMEOUT, sentence)
    if reply.status in AGAIN or reply.status >= 500:
        return _error(request, UNAVAILABLE, sentence)
    return _error(request, HTTP_STATUS, sentence, _written({"status": reply.status}))


def _result(request: int, body: bytes) -> bytes:
    value = _read(body, Answered)
    if value is not None:
        return JSON.encode_elements((CODES[Yield], request, {}, value.args, value.kwargs))
    if not body.strip():
        return JSON.encode_elements((CODES[Yield], request, {}))
    if _read(body, Raw) is None:
        return _error(request, HTTP_STATUS, _written(["the server's answer is no JSON"]))
    return JSON.encode_elements((CODES[Yield], request, {}, Raw(b"[" + body + b"]")))


def _error(request: int, uri: str, args: Raw, kwargs: Raw = _NO_KWARGS) -> bytes:
    return JSON.encode_elements((CODES[Error], INVOCATION, request, {}, uri, args, kwargs))


def _payload(payload: list[Raw]) -> tuple[Raw, Raw]:
    args, kwargs = (*payload, *(_NO_ARGS, _NO_KWARGS)[len(payload) :])
    return args, kwargs


def _read(body: bytes, kind: Any) -> Any:
    """A body as what it should be; None if it is something else."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _written(value: Any) -> Raw:
    return Raw(msgspec.json.encode(value))
