"""A connection by a proxy that speaks the PROXY protocol, up to the end of its header, which is before TLS.

Who is no trusted proxy, or brings no header, is cut without a word: there is nothing in common to say it in. The
operator reads of it in the log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from router.transports.arrival import Arrival
from router.transports.door import Door
from router.transports.proxy_header import Announced, MalformedHeader, parse_proxy_header
from router.transports.terms import Terms
from router.transports.whereabouts import UNIX, Whereabouts, whereabouts_of

if TYPE_CHECKING:
    from realms.clock import Timer


class Introduction(asyncio.Protocol):
    """Waits for the header, and hands the connection on as one of the client that it names."""

    transport: asyncio.Transport

    def __init__(self, terms: Terms, then: Callable[[], Arrival | Door]) -> None:
        """`then` makes who goes on with the connection."""
        self.terms = terms
        self.then = then
        self.header = b""
        self.timer: Timer | None = None
        self.has_seat = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A proxy knocks, or somebody else."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but the class
        where = whereabouts_of(transport)
        if not where.is_named:
            self.transport.abort()  # it is gone: a proxy that only looked whether we are there
            return
        if not self.terms.proxies.trusts(where):
            self._cut("it is no trusted proxy")
            return
        self.has_seat = self.terms.admission.enter(transport)
        if not transport.is_closing():
            self.timer = self.terms.clock.callLater(self.terms.limits.opening_deadline, self._expire)
            self.terms.doors.add(self)

    def data_received(self, data: bytes) -> None:
        """Look at what is there so far; both kinds of headers have a limit."""
        if self.transport.is_closing():
            return
        self.header += data
        try:
            announced = parse_proxy_header(self.header)
        except MalformedHeader as why:
            self._cut(str(why))
            return
        if announced is not None:
            self._introduce(announced)

    def connection_lost(self, reason: Exception | None) -> None:
        """It left."""
        self._step_aside()
        self.terms.admission.leave(self.transport)

    def _introduce(self, announced: Announced) -> None:
        self._step_aside()
        if not announced.is_local and not self.terms.admission.introduce(self.transport, self._client(announced)):
            self.has_seat = False
            if self.transport.is_closing():
                return
        following = self.then()
        self.transport.set_protocol(following)
        following.open(self.transport, has_seat=self.has_seat)
        if rest := self.header[announced.size :]:
            following.data_received(rest)

    def _client(self, announced: Announced) -> Whereabouts:
        proxy = whereabouts_of(self.transport)
        if not announced.address:
            return proxy.nameless(secure=announced.secure)
        return Whereabouts(announced.address, announced.port, announced.secure, proxy.address or UNIX)

    def _step_aside(self) -> None:
        self.terms.doors.discard(self)
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def _cut(self, why: str) -> None:
        self._step_aside()
        self.terms.admission.cut(self.transport, f"{whereabouts_of(self.transport).peer}: {why}")

    def _expire(self) -> None:
        self.timer = None
        self._cut("its header took too long")
