"""How many connections a listener takes, from one address and in all, and how many handshakes in a second.

Each socket has a seat from accept to its end, whatever it speaks and however slowly: who never finishes a handshake has
one, too. A connection that gets none is turned away, which needs an answer in its own words:

    WebSocket, HTTP     503 with Retry-After, before the upgrade: stock autobahn.js waits longer after each such answer,
                        and starts over, or gives up for good, after anything that comes later (ABORT, a close frame)
    RawSocket           error 4, too many connections
    TLS                 as above, within the encryption

While it waits for that answer it costs a descriptor, so there are a few standing places (`TURNED_AWAY`); beyond them
connections are cut at accept. Descriptors are the process's: all listeners share one `Descriptors`, so that there are
always some left for files and databases.

Protocol, RawSocket: advanced profile, section "RawSocket Transport". HTTP: RFC 9110, sections 10.2.3 and 15.6.4.
"""

import asyncio
import resource
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from typing import Final

from twisted.logger import Logger

from realms.addresses import network_of
from router.transports.buckets import Bucket
from router.transports.http_head import RefusedRequest
from router.transports.proxies import NO_PROXIES, Proxies
from router.transports.whereabouts import Whereabouts, whereabouts_of

RETRY_AFTER: Final = 5
"""Seconds after which who was turned away may try again: as long as a handshake may take, so seats are free by then."""

TURNED_AWAY: Final = 128
"""Connections at a time that are told why they get no seat, at a listener. Each is gone after a round trip or two; more
at a time are a flood, or somebody who does not listen."""

HEADROOM: Final = 64
"""Descriptors that no connection gets: the listeners, the log, config.yaml, schemas, databases, name look-ups."""

TELL_EVERY: Final = 10.0
"""Seconds between two lines in the log about who was turned away: in a flood there is one for each connection."""

log = Logger()


@dataclass(slots=True)
class Totals:
    """What a listener has seen since it opened: numbers that only grow."""

    accepted: int = 0
    """Connections that got a seat."""

    full: int = 0
    """Turned away, because all seats were taken."""

    same_address: int = 0
    """Turned away, because their address had all the seats that one address may have."""

    too_fast: int = 0
    """Turned away, because there were too many handshakes in a second."""

    cut: int = 0
    """Of all these, how many were not even told."""

    origin: int = 0
    """Refused, because of the page they come from."""

    no_proxy: int = 0
    """Cut, because they came past the proxy, or brought no header of the PROXY protocol."""


class Descriptors:
    """The file descriptors that the process has for connections, seated or standing."""

    def __init__(self, limit: int = 2**31) -> None:
        self.standing = min(TURNED_AWAY, max(1, limit // 8))
        """Of these, those for connections that are turned away."""

        self.seats = max(1, limit - self.standing)
        self.seated = 0
        self.stood = 0


def descriptors_for(connections: int) -> Descriptors:
    """Have the system give the process descriptors for so many connections, or as many as it will.

    The soft limit is there for programs that use select(2), and is raised to what is needed; the hard one is the
    operator's.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + TURNED_AWAY
    if soft != resource.RLIM_INFINITY and soft < wanted + HEADROOM:
        soft = wanted + HEADROOM if hard == resource.RLIM_INFINITY else min(wanted + HEADROOM, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return Descriptors(wanted if soft == resource.RLIM_INFINITY else min(wanted, soft - HEADROOM))


class Admission:
    """Gives the connections of one listener their seats."""

    def __init__(
        self,
        descriptors: Descriptors | None = None,
        *,
        max_connections: int = 2**31,
        max_per_address: int | None = None,
        handshake_rate: int | None = None,
        secure: bool = False,
        proxies: Proxies = NO_PROXIES,
        now: Callable[[], float] = monotonic,
    ) -> None:
        """`secure`: the listener speaks TLS, whose handshake is what costs, so it is what the rate is about.

        `proxies` come from one address for many clients; theirs counts once they are introduced.
        """
        self.totals = Totals()
        self._now = now
        self._descriptors = descriptors if descriptors is not None else Descriptors()
        self._max = max_connections
        self._max_per_address = max_per_address
        self._bucket = None if handshake_rate is None else Bucket(handshake_rate, now())
        self._counts_accepts = secure
        self._proxies = proxies
        self._introduced: dict[asyncio.BaseTransport, Whereabouts] = {}
        self._seats: dict[asyncio.BaseTransport, str] = {}
        self._standing: set[asyncio.BaseTransport] = set()
        self._addresses: dict[str, int] = {}
        self._told: float | None = None
        self._untold = 0

    def __len__(self) -> int:
        """How many seats are taken."""
        return len(self._seats)

    def enter(self, transport: asyncio.BaseTransport) -> bool:
        """Give a connection that was accepted its seat; or False, and it is to be told so, or was cut already."""
        address = self._counted(whereabouts_of(transport)) if self._max_per_address is not None else ""
        if not self._has_seat(address):
            self._turn_away(transport)
            return False
        self._sit(transport, address)
        return True

    def seat(self, transport: asyncio.BaseTransport, where: Whereabouts) -> bool:
        """Give a seat to a long-poll transport, which has no socket of its own, or none: one socket could open any
        number of them, so they count against the rate whatever the sockets did.
        """
        address = self._counted(where) if self._max_per_address is not None else ""
        if not self._has_seat(address) or not (self._counts_accepts or self._keeps_rate()):
            return False
        self._sit(transport, address)
        return True

    def whereabouts(self, transport: asyncio.BaseTransport) -> Whereabouts:
        """Where the peer of a connection is."""
        return self._introduced.get(transport) or whereabouts_of(transport)

    def introduce(self, transport: asyncio.BaseTransport, client: Whereabouts) -> bool:
        """A proxy has said whose connection it is. False if that address has all its seats; it is to be told so."""
        self._introduced[transport] = client
        if self._max_per_address is None or transport not in self._seats:
            return transport in self._seats
        address = self._counted(client)
        if address == self._seats[transport]:
            return True
        if self._is_full(address):
            self._vacate(transport)
            self._turn_away(transport)
            return False
        self._uncount(self._seats[transport])
        self._seats[transport] = address
        if address:
            self._addresses[address] = self._addresses.get(address, 0) + 1
        return True

    def cut(self, transport: asyncio.BaseTransport, why: str) -> None:
        """End a connection that is none of a trusted proxy, where all have to be."""
        self.totals.no_proxy += 1
        self._tell(why)
        transport.abort()  # type: ignore[attr-defined] # it is one of a socket

    def grant(self) -> bool:
        """Whether a WebSocket or RawSocket may open now; asked once for each, when nothing else is in its way."""
        return self._counts_accepts or self._keeps_rate()

    def move(self, old: asyncio.BaseTransport, new: asyncio.BaseTransport) -> None:
        """The connection goes on with another transport: TLS is one around another."""
        if old in self._seats:
            self._seats[new] = self._seats.pop(old)
        elif old in self._standing:
            self._standing.remove(old)
            self._standing.add(new)
        if old in self._introduced:
            self._introduced[new] = self._introduced.pop(old)._replace(secure=True)

    def leave(self, transport: asyncio.BaseTransport) -> None:
        """The connection is over; idempotent."""
        if self._introduced:
            self._introduced.pop(transport, None)
        if transport in self._seats:
            self._vacate(transport)
        elif transport in self._standing:
            self._standing.discard(transport)
            self._descriptors.stood -= 1

    def _sit(self, transport: asyncio.BaseTransport, address: str) -> None:
        self._seats[transport] = address
        self._descriptors.seated += 1
        self.totals.accepted += 1
        if address:
            self._addresses[address] = self._addresses.get(address, 0) + 1

    def _vacate(self, transport: asyncio.BaseTransport) -> None:
        self._descriptors.seated -= 1
        self._uncount(self._seats.pop(transport))

    def _uncount(self, address: str) -> None:
        if address:
            self._addresses[address] -= 1
            if not self._addresses[address]:
                del self._addresses[address]

    def _counted(self, where: Whereabouts) -> str:
        """What counts as one address, see `network_of`; empty for a Unix socket, and a proxy."""
        return "" if not where.address or self._proxies.trusts(where) else network_of(where.address)

    def _has_seat(self, address: str) -> bool:
        if len(self._seats) >= self._max or self._descriptors.seated >= self._descriptors.seats:
            self.totals.full += 1
            self._tell("all seats are taken")
            return False
        return not self._is_full(address) and (not self._counts_accepts or self._keeps_rate())

    def _is_full(self, address: str) -> bool:
        most = self._max_per_address
        if not address or most is None or self._addresses.get(address, 0) < most:
            return False
        self.totals.same_address += 1
        self._tell(f"{address} has {most} connections already")
        return True

    def _keeps_rate(self) -> bool:
        if self._bucket is None or self._bucket.take(self._now()):
            return True
        self.totals.too_fast += 1
        self._tell("there are more handshakes in a second than `handshake_rate` allows")
        return False

    def _turn_away(self, transport: asyncio.BaseTransport) -> None:
        if self._descriptors.stood < self._descriptors.standing:
            self._standing.add(transport)
            self._descriptors.stood += 1
        else:
            self.totals.cut += 1
            transport.abort()  # type: ignore[attr-defined] # it is one of a socket

    def _tell(self, why: str) -> None:
        now = self._now()
        self._untold += 1
        if self._told is None or now - self._told >= TELL_EVERY:
            log.warn("Turned away {count} connections: {why}", count=self._untold, why=why)
            self._told, self._untold = now, 0


def turned_away(why: str = "this router has as many connections as it takes") -> RefusedRequest:
    """The answer to a handshake or another request for which there is no room now."""
    return RefusedRequest(HTTPStatus.SERVICE_UNAVAILABLE, why, (f"Retry-After: {RETRY_AFTER}",))
