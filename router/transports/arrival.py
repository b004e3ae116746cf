"""A connection from accept to the end of the TLS handshake.

asyncio would do the handshake by itself, and tell of a connection only when it is through: one that never gets there
would have no seat and no address. So it is accepted as it is, given its seat, and then goes on in TLS, as soon as its
first octet shows that it is to be TLS. Whoever speaks HTTP instead is told; there is nothing to say to anybody else.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, cast

from router.transports.door import Door
from router.transports.http_head import RefusedRequest
from router.transports.terms import Terms
from router.transports.upgrade import refuse

if TYPE_CHECKING:
    from realms.clock import Timer

HANDSHAKE: Final = 0x16
"""The first octet of a ClientHello, the type of its record (RFC 8446, section 5.1)."""

IN_CLEAR: Final = RefusedRequest(
    HTTPStatus.BAD_REQUEST, "this port speaks TLS: connect by https, wss or RawSocket over TLS"
)

Contexts = Callable[[], ssl.SSLContext]
"""The context of a handshake that begins now; certificates are renewed while the router runs."""


class Arrival(asyncio.Protocol):
    """Takes a transport on which TLS is to begin, and hands the one within TLS to a door."""

    transport: asyncio.Transport

    def __init__(self, loop: asyncio.AbstractEventLoop, terms: Terms, tls: Contexts) -> None:
        self.loop = loop
        self.terms = terms
        self.tls = tls
        self.early = b""
        self.has_seat = True
        self.is_over = False
        self.timer: Timer | None = None
        self.task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody knocks."""
        has_seat = self.terms.admission.enter(transport)
        if not transport.is_closing():
            self.open(transport, has_seat=has_seat)

    def open(self, transport: asyncio.BaseTransport, *, has_seat: bool) -> None:
        """Watch a connection that was accepted until TLS is there."""
        self.transport = cast("asyncio.Transport", transport)
        self.has_seat = has_seat
        self.timer = self.terms.clock.callLater(self.terms.limits.opening_deadline, self._expire)
        self.terms.doors.add(self)

    def data_received(self, data: bytes) -> None:
        """What comes before TLS has taken over; or, decrypted, right behind the handshake."""
        self.early += data
        if self.task is not None or self.is_over:
            return
        if data[0] == HANDSHAKE:
            # TLS takes the transport over in the first step of the task, and is ready in the turn after; what is read
            # by then is fed to it in that turn, before anything else can be read.
            self.task = self.loop.create_task(self._encrypt())
            self.loop.call_soon(self.loop.call_soon, self._feed)
            return
        self.is_over = True
        self._step_aside()
        if data[:1].isupper():
            refuse(self.transport, IN_CLEAR, self.terms)
        else:
            self.transport.abort()

    def _feed(self) -> None:
        early, self.early = memoryview(self.early), b""
        tls = cast("asyncio.BufferedProtocol", self.transport.get_protocol())  # uvloop's is one in all but the class
        while early and not self.is_over:
            buffer = memoryview(tls.get_buffer(len(early)))
            size = min(len(buffer), len(early))
            buffer[:size] = early[:size]
            tls.buffer_updated(size)
            early = early[size:]

    def connection_lost(self, reason: Exception | None) -> None:
        """Somebody left, before or right behind the handshake."""
        self.is_over = True
        self._step_aside()
        self.terms.admission.leave(self.transport)

    async def _encrypt(self) -> None:
        admission, plain = self.terms.admission, self.transport
        deadline = self.terms.limits.opening_deadline  # the timer is due before that
        try:
            within = await self.loop.start_tls(
                plain, self, self.tls(), server_side=True, ssl_handshake_timeout=deadline
            )
        except (OSError, ssl.SSLError):
            within = None
        self._step_aside()
        if within is None:
            admission.leave(plain)
            plain.abort()
            return
        admission.move(plain, within)
        if self.is_over or within.is_closing():
            admission.leave(within)
            return
        door = Door(self.terms)
        within.set_protocol(door)
        door.open(within, has_seat=self.has_seat)
        if self.early:
            door.data_received(self.early)

    def _step_aside(self) -> None:
        self.terms.doors.discard(self)
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def _expire(self) -> None:
        """Too little came within the deadline."""
        self.timer = None
        self.transport.abort()
