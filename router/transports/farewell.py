"""How a transport that never became a connection ends: answer, half-close, and read into the void for a while.

Closing a socket with unread octets makes the kernel send a reset, which can destroy the answer on its way. So the peer
gets the end of our stream and CLOSE_DEADLINE to end its own.
"""

import asyncio

from realms.clock import Timer
from router.transports.limits import CLOSE_DEADLINE
from router.transports.terms import Terms


class Farewell(asyncio.Protocol):
    """Takes over a transport whose last octets were written."""

    def __init__(self, transport: asyncio.Transport, terms: Terms) -> None:
        self.transport = transport
        self.admission = terms.admission
        self.timer: Timer | None = terms.clock.callLater(CLOSE_DEADLINE, self._expire)
        transport.set_protocol(self)
        half_close(transport)

    def data_received(self, data: bytes) -> None:
        """Too late."""

    def connection_lost(self, reason: Exception | None) -> None:
        """The peer ended its side, or the deadline passed."""
        self.admission.leave(self.transport)
        if self.timer is not None:
            self.timer.cancel()

    def _expire(self) -> None:
        self.timer = None
        self.transport.abort()


def half_close(transport: asyncio.Transport) -> None:
    """End our stream but keep reading, where the transport can (TLS cannot)."""
    if transport.can_write_eof():
        transport.write_eof()
    else:
        transport.close()
