"""The door of a listening port: finds out from the first octets what a new connection speaks, and hands it on.

    0x7F                                    RawSocket
    HTTP, `Upgrade: websocket`, our path    WebSocket
    other HTTP                              the http hook; 404 without one
    anything else                           400, so that a person who looks sees what went wrong

The head may arrive octet by octet; it is bounded in size and time. What was read beyond it goes along. Who got no seat
at accept is told so as soon as it shows what it speaks.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from router.transports.admission import turned_away
from router.transports.http_head import END_OF_HEAD, REQUEST_LINE, RefusedRequest, parse_head
from router.transports.limits import MAX_HEAD
from router.transports.rawsocket import refuse_rawsocket, start_rawsocket
from router.transports.rawsocket_framing import HANDSHAKE_SIZE, MAGIC, TOO_MANY_CONNECTIONS, RefusedHandshake
from router.transports.terms import Terms
from router.transports.upgrade import refuse, upgrade

if TYPE_CHECKING:
    from realms.clock import Timer

NO_HTTP = RefusedRequest(HTTPStatus.BAD_REQUEST, "this port speaks WebSocket, RawSocket and HTTP/1.1")
TOO_LARGE = RefusedRequest(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the head of the request is too large")
TOO_LONG = RefusedRequest(HTTPStatus.REQUEST_URI_TOO_LONG, "the address of the request is too long")
TOO_LATE = RefusedRequest(HTTPStatus.REQUEST_TIMEOUT, "the request took too long")
NOT_FOUND = RefusedRequest(HTTPStatus.NOT_FOUND, "there is nothing here")


class Door(asyncio.Protocol):
    """One connection that has not yet shown what it speaks."""

    transport: asyncio.Transport

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.head = b""
        self.timer: Timer | None = None
        self.has_seat = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody knocks."""
        self.open(transport, has_seat=self.terms.admission.enter(transport))

    def open(self, transport: asyncio.BaseTransport, *, has_seat: bool) -> None:
        """Watch a connection that was accepted: see what it speaks."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but the class
        self.has_seat = has_seat
        self.timer = self.terms.clock.callLater(self.terms.limits.opening_deadline, self._expire)
        self.terms.doors.add(self)

    def connection_lost(self, reason: Exception | None) -> None:
        """Somebody left."""
        self._step_aside()
        self.terms.admission.leave(self.transport)

    def data_received(self, data: bytes) -> None:
        """Look at what is there so far."""
        seen = len(self.head)
        self.head += data
        if self.head[0] == MAGIC and self.terms.rawsocket:
            if len(self.head) >= HANDSHAKE_SIZE:
                self._step_aside()
                if self.has_seat:
                    start_rawsocket(self.transport, self.head, self.terms)
                else:
                    refuse_rawsocket(self.transport, RefusedHandshake(TOO_MANY_CONNECTIONS), self.terms)
            return
        end = self.head.find(END_OF_HEAD, max(0, seen - len(END_OF_HEAD)))
        if 0 <= end <= MAX_HEAD:
            self._hand_on(self.head[: end + len(END_OF_HEAD)])
        elif len(self.head) > MAX_HEAD:
            self._refuse(TOO_LARGE if b"\r\n" in self.head[:MAX_HEAD] else TOO_LONG)
        elif not self.head[:1].isupper() or (b"\n" in data and not REQUEST_LINE.match(self.head)):
            self._refuse(NO_HTTP)

    def _hand_on(self, octets: bytes) -> None:
        try:
            head = parse_head(octets)
            if not self.has_seat:
                raise turned_away()
        except RefusedRequest as refused:
            self._refuse(refused)
            return
        self._step_aside()
        if head.wants_websocket and head.path in self.terms.websocket_paths:
            upgrade(self.transport, self.head, self.terms)
        elif self.terms.http is not None:
            self.terms.http(self.transport, self.head)
        else:
            refuse(self.transport, NOT_FOUND, self.terms)

    def _refuse(self, refused: RefusedRequest) -> None:
        self._step_aside()
        refuse(self.transport, refused, self.terms)

    def _step_aside(self) -> None:
        """The door's part is over."""
        self.terms.doors.discard(self)
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def _expire(self) -> None:
        """Too little came within the deadline; a peer that began to speak HTTP is told."""
        self.timer = None
        self._step_aside()
        if self.head and self.head[0] != MAGIC:
            refuse(self.transport, TOO_LATE, self.terms)
        else:
            self.transport.abort()
