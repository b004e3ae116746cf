"""From an HTTP request to a WebSocket connection: RFC 6455, section 4.2, and the choice of the serializer.

The client offers subprotocols `wamp.2.<serializer>` in its order of preference, and gets the first one that this
listener speaks: basic profile, section "WebSocket Transport".
"""

from __future__ import annotations

import asyncio
import binascii
from base64 import b64decode
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

from twisted.logger import Logger

from router.cookies import kept_cookie
from router.transports import batched
from router.transports.admission import turned_away
from router.transports.batches import BATCHED
from router.transports.farewell import Farewell
from router.transports.http_head import END_OF_HEAD, Head, RefusedRequest, parse_head
from router.transports.origins import MAX_ORIGIN
from router.transports.terms import Terms
from router.transports.websocket import WIRES, WebSocket, start_websocket
from router.transports.whereabouts import Whereabouts

if TYPE_CHECKING:
    from router.transports.deflate import Agreement

SUBPROTOCOL = "wamp.2."

log = Logger()


class Chosen(NamedTuple):
    """What is to be spoken on a connection."""

    codec: str
    subprotocol: str | None
    """What to echo; None for a client that offered nothing."""

    is_batched: bool = False


def upgrade(transport: asyncio.Transport, octets: bytes, terms: Terms, kind: type[WebSocket] | None = None) -> None:
    """Answer an upgrade request. `octets` is its head, and whatever was read after it.

    The HTTP side may call this too, when the request comes as a later one on a connection that is kept alive. Either
    way the transport has a new protocol when this returns: a WebSocket, or the farewell of one that was refused.
    """
    end = octets.index(END_OF_HEAD) + len(END_OF_HEAD)
    try:
        head = parse_head(octets[:end])
        where = locate(transport, head, terms)
        key = check_upgrade(head)
        check_origin(where, head, terms)
        chosen = choose_protocol(head.tokens("sec-websocket-protocol"), terms)
        if not terms.admission.grant():
            raise turned_away("this router has as many handshakes to do as it can")
    except RefusedRequest as refused:
        refuse(transport, refused, terms)
        return
    details = describe(where, "websocket")
    if (origin := head.first("origin")) is not None:
        details["origin"] = origin
    offers = head.fields.get("sec-websocket-extensions", [])
    agreement = None if terms.compression is None else terms.compression.negotiate(offers)
    connection = _connection(kind, chosen, agreement, terms, transport, details)
    if terms.cookie is not None:
        connection.cookie = kept_cookie(head.fields.get("cookie", ()), terms.cookie)
    extensions = None if agreement is None else agreement.field
    start_websocket(connection, key, chosen.subprotocol, octets[end:], extensions)


def _connection(
    kind: type[WebSocket] | None,
    chosen: Chosen,
    agreement: Agreement | None,
    terms: Terms,
    transport: asyncio.Transport,
    details: dict[str, Any],
) -> WebSocket:
    """Make the connection that speaks as was agreed upon."""
    framed = WIRES[chosen.codec] if agreement is None else agreement.wires[chosen.codec]
    if chosen.is_batched:
        batching = batched.BatchedWebSocket(terms, transport, batched.WIRES[chosen.codec], details)
        batching.pack = framed.frame
        connection: WebSocket = batching
    else:
        connection = (kind or WebSocket)(terms, transport, framed, details)
    if agreement is not None:
        connection.inflater = agreement.inflater
    return connection


def check_upgrade(head: Head) -> bytes:
    """Check that a request is a WebSocket handshake, and return its key; raises RefusedRequest."""
    if head.method != "GET" or head.version != "HTTP/1.1":
        raise RefusedRequest(HTTPStatus.BAD_REQUEST, "a WebSocket handshake is a GET of HTTP/1.1")
    if not head.wants_websocket or "upgrade" not in (token.lower() for token in head.tokens("connection")):
        raise RefusedRequest(
            HTTPStatus.UPGRADE_REQUIRED, "this is a WebSocket", ("Upgrade: websocket", "Sec-WebSocket-Version: 13")
        )
    if head.tokens("sec-websocket-version") != ["13"]:
        raise RefusedRequest(
            HTTPStatus.UPGRADE_REQUIRED, "only version 13 of WebSocket is spoken here", ("Sec-WebSocket-Version: 13",)
        )
    if "transfer-encoding" in head.fields or head.first("content-length") not in (None, "0"):
        raise RefusedRequest(HTTPStatus.BAD_REQUEST, "a WebSocket handshake has no body")
    key = head.fields.get("sec-websocket-key", [])
    if len(key) != 1 or not _is_key(key[0]):
        raise RefusedRequest(HTTPStatus.BAD_REQUEST, "Sec-WebSocket-Key must be 16 octets in base64, once")
    return key[0].encode("ascii")


def locate(transport: asyncio.Transport, head: Head, terms: Terms) -> Whereabouts:
    """Where the sender of a request is, to which the connection belongs from now on; raises RefusedRequest."""
    where = terms.locate(transport, head.fields)
    if where != terms.admission.whereabouts(transport) and not terms.admission.introduce(transport, where):
        raise turned_away("there are as many connections from your address as may be")
    return where


def check_origin(where: Whereabouts, head: Head, terms: Terms) -> None:
    """Check that the page that asks may connect; raises RefusedRequest, and tells the log, which scripts cannot see."""
    try:
        terms.origins.check(head, secure=where.secure, host=where.host)
    except RefusedRequest:
        terms.admission.totals.origin += 1
        origins = ", ".join(head.fields.get("origin", ["none"]))[:MAX_ORIGIN]
        log.info("{peer} may not connect from origin {origin}", peer=where.peer, origin=origins)
        raise


def choose_protocol(offers: list[str], terms: Terms) -> Chosen:
    """Return what is to be spoken; raises RefusedRequest if there is no overlap."""
    for offer in offers:
        name = offer.removeprefix(SUBPROTOCOL)
        codec = name.removesuffix(BATCHED)
        if name != offer and codec in terms.codecs and (codec == name or terms.batched):
            return Chosen(codec, offer, is_batched=codec != name)
    if not offers and terms.default_codec is not None:
        return Chosen(terms.default_codec, None)
    spoken = ", ".join(SUBPROTOCOL + name for name in terms.codecs)
    raise RefusedRequest(HTTPStatus.BAD_REQUEST, f"offer one of the subprotocols {spoken}")


def refuse(transport: asyncio.Transport, refused: RefusedRequest, terms: Terms) -> None:
    """Answer with an error, and end the connection."""
    transport.write(refused.response())
    Farewell(transport, terms)


def describe(where: Whereabouts, protocol: str) -> dict[str, Any]:
    """The details of a new connection: `{"protocol": ..., "peer": "127.0.0.1:50312", "secure": False}`.

    Behind a proxy the client's, and `via`, the proxy's address.
    """
    details = {"protocol": protocol, "peer": where.peer, "secure": where.secure}
    return details | {"via": where.via} if where.via else details


def _is_key(text: str) -> bool:
    try:
        return len(b64decode(text, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False
