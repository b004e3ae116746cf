"""A connection from accept to the end of the TLS handshake.

asyncio would do the handshake by itself, and tell of a connection only when it is through: one that never gets there
would have no seat and no address. So it is accepted as it is, given its seat, and then goes on in TLS.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import cast

from router.transports.door import Door
from router.transports.terms import Terms


class Arrival(asyncio.Protocol):
    """Takes a transport on which TLS is to begin, and hands the one within TLS to a door."""

    transport: asyncio.Transport

    def __init__(self, loop: asyncio.AbstractEventLoop, terms: Terms, tls: ssl.SSLContext) -> None:
        self.loop = loop
        self.terms = terms
        self.tls = tls
        self.early = b""
        self.is_over = False
        self.task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody knocks."""
        self.transport = cast("asyncio.Transport", transport)
        has_seat = self.terms.admission.enter(transport)
        if transport.is_closing():
            return
        self.terms.doors.add(self)
        # TLS takes the transport over in the first step of the task, and is ready in the turn after; what is read by
        # then is fed to it in that turn, before anything else can be read.
        self.task = self.loop.create_task(self._encrypt(has_seat))
        self.loop.call_soon(self.loop.call_soon, self._feed)

    def data_received(self, data: bytes) -> None:
        """What comes before TLS has taken over; or, decrypted, right behind the handshake."""
        self.early += data

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
        self._leave(self.transport)

    async def _encrypt(self, has_seat: bool) -> None:
        admission, plain = self.terms.admission, self.transport
        try:
            within = await self.loop.start_tls(
                plain, self, self.tls, server_side=True, ssl_handshake_timeout=self.terms.limits.opening_deadline
            )
        except (OSError, ssl.SSLError):
            within = None
        if within is None:
            self._leave(plain)
            plain.abort()
            return
        admission.move(plain, within)
        self.terms.doors.discard(self)
        if self.is_over or within.is_closing():
            admission.leave(within)
            return
        door = Door(self.terms)
        within.set_protocol(door)
        door.open(within, has_seat=has_seat)
        if self.early:
            door.data_received(self.early)

    def _leave(self, transport: asyncio.BaseTransport) -> None:
        self.terms.doors.discard(self)
        self.terms.admission.leave(transport)
