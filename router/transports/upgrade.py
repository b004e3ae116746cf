"""From an HTTP request to a WebSocket connection: RFC 6455, section 4.2, and the choice of the serializer.

The client offers subprotocols `wamp.2.<serializer>` in its order of preference, and gets the first one that this
listener speaks: basic profile, section "WebSocket Transport".
"""

from __future__ import annotations

import asyncio
import binascii
from base64 import b64decode
from http import HTTPStatus
from typing import Any

from twisted.logger import Logger

from router.cookies import kept_cookie
from router.transports.admission import turned_away
from router.transports.farewell import Farewell
from router.transports.http_head import END_OF_HEAD, Head, RefusedRequest, parse_head
from router.transports.origins import MAX_ORIGIN
from router.transports.terms import Terms
from router.transports.websocket import WIRES, WebSocket, start_websocket

SUBPROTOCOL = "wamp.2."

log = Logger()


def upgrade(transport: asyncio.Transport, octets: bytes, terms: Terms, kind: type[WebSocket] = WebSocket) -> None:
    """Answer an upgrade request. `octets` is its head, and whatever was read after it.

    The HTTP side may call this too, when the request comes as a later one on a connection that is kept alive. Either
    way the transport has a new protocol when this returns: a WebSocket, or the farewell of one that was refused.
    """
    end = octets.index(END_OF_HEAD) + len(END_OF_HEAD)
    try:
        head = parse_head(octets[:end])
        key = check_upgrade(head)
        check_origin(transport, head, terms)
        codec, subprotocol = choose_codec(head.tokens("sec-websocket-protocol"), terms)
        if not terms.admission.grant():
            raise turned_away("this router has as many handshakes to do as it can")
    except RefusedRequest as refused:
        refuse(transport, refused, terms)
        return
    details = describe(transport, "websocket")
    if (origin := head.first("origin")) is not None:
        details["origin"] = origin
    connection = kind(terms, transport, WIRES[codec], details)
    if terms.cookie is not None:
        connection.cookie = kept_cookie(head.fields.get("cookie", ()), terms.cookie)
    start_websocket(connection, key, subprotocol, octets[end:])


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


def check_origin(transport: asyncio.Transport, head: Head, terms: Terms) -> None:
    """Check that the page that asks may connect; raises RefusedRequest, and tells the log, which scripts cannot see."""
    try:
        terms.origins.check(head, secure=is_secure(transport))
    except RefusedRequest:
        terms.admission.totals.origin += 1
        origins = ", ".join(head.fields.get("origin", ["none"]))[:MAX_ORIGIN]
        log.info("{peer} may not connect from origin {origin}", peer=peer_of(transport), origin=origins)
        raise


def choose_codec(offers: list[str], terms: Terms) -> tuple[str, str | None]:
    """Return the serializer's name and the subprotocol to echo; raises RefusedRequest if there is no overlap."""
    for offer in offers:
        name = offer.removeprefix(SUBPROTOCOL)
        if name != offer and name in terms.codecs:
            return name, offer
    if not offers and terms.default_codec is not None:
        return terms.default_codec, None
    spoken = ", ".join(SUBPROTOCOL + name for name in terms.codecs)
    raise RefusedRequest(HTTPStatus.BAD_REQUEST, f"offer one of the subprotocols {spoken}")


def refuse(transport: asyncio.Transport, refused: RefusedRequest, terms: Terms) -> None:
    """Answer with an error, and end the connection."""
    transport.write(refused.response())
    Farewell(transport, terms)


def describe(transport: asyncio.Transport, protocol: str) -> dict[str, Any]:
    """The details of a new connection: `{"protocol": ..., "peer": "127.0.0.1:50312", "secure": False}`."""
    return {
        "protocol": protocol,
        "peer": peer_of(transport),
        "secure": is_secure(transport),
    }


def is_secure(transport: asyncio.Transport) -> bool:
    """Whether TLS ends here."""
    return transport.get_extra_info("ssl_object") is not None


def peer_of(transport: asyncio.Transport) -> str:
    """The peer's address: `127.0.0.1:50312`, `[::1]:50312`, or `unix`."""
    name = transport.get_extra_info("peername")
    if not isinstance(name, tuple):
        return "unix"
    host, port = name[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _is_key(text: str) -> bool:
    try:
        return len(b64decode(text, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False
