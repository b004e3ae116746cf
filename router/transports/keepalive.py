"""Notices peers that are gone without a word: a cable pulled, a laptop closed, a NAT that forgot.

A browser cannot send pings, so only the router can find out. The time between two pings of a connection is divided
into slots, and each connection has one, in turn, so pings never come in bursts. The clock visits one slot per tick:

    tick t:  check   slot[t - timeout]   heard nothing since its ping -> the connection is cut
             ping    slot[t]             heard = False, send a ping

Hence a peer that falls silent is cut within interval + timeout. One timer serves all connections, and a busy
connection pays for it with setting one flag.
"""

import asyncio
import socket
from typing import Protocol

from realms.clock import Clock, Timer
from router.transports.limits import KEEPALIVE_INTERVAL, KEEPALIVE_PROBES, KEEPALIVE_TIMEOUT

TICKS_PER_TIMEOUT = 10
"""The resolution: a time-out of 10 s is checked every second."""


class Mortal(Protocol):
    """What the keepalive needs of a connection."""

    def ping(self) -> None:
        """Forget that the peer was heard, and ask it for a sign of life."""

    def is_silent(self) -> bool:
        """Whether nothing arrived since the ping."""

    def cut_silent(self) -> None:
        """End the connection at once."""


class Keepalive:
    """The pulse of all connections of a process; its timer runs while there are any."""

    def __init__(self, clock: Clock, interval: float = KEEPALIVE_INTERVAL, timeout: float = KEEPALIVE_TIMEOUT) -> None:
        """`interval` and `timeout` are in seconds; a timeout beyond the interval is refused with ValueError."""
        if not 0 < timeout <= interval:
            raise ValueError("the keepalive timeout must be positive and no longer than the interval")
        self.clock = clock
        self.interval = interval
        self.timeout = timeout
        self.tick_length = timeout / TICKS_PER_TIMEOUT
        self.slots: list[set[Mortal]] = [set() for _ in range(int(interval / self.tick_length))]
        self.now = 0
        self.joined = 0
        self.members: dict[Mortal, set[Mortal]] = {}
        self.timer: Timer | None = None

    def join(self, connection: Mortal) -> None:
        """Watch a connection that counts as heard."""
        slot = self.slots[self.joined % len(self.slots)]
        self.joined += 1
        slot.add(connection)
        self.members[connection] = slot
        if self.timer is None:
            self.timer = self.clock.callLater(self.tick_length, self.tick)

    def leave_to_tcp(self, transport: asyncio.Transport) -> None:
        """Have the kernel find out whether the other end is still there; a process that hangs is for it.

        Within interval + timeout, whether the connection is idle (KEEPIDLE, KEEPINTVL) or has octets under way that
        nobody acknowledges (USER_TIMEOUT).
        """
        connection: socket.socket = transport.get_extra_info("socket")
        if connection.family == socket.AF_UNIX:
            return  # both ends are on this machine: the kernel knows at once
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in (
            (socket.TCP_KEEPIDLE, max(1, round(self.interval))),
            (socket.TCP_KEEPINTVL, max(1, round(self.timeout / KEEPALIVE_PROBES))),
            (socket.TCP_KEEPCNT, KEEPALIVE_PROBES),
            (socket.TCP_USER_TIMEOUT, round((self.interval + self.timeout) * 1000)),
        ):
            connection.setsockopt(socket.IPPROTO_TCP, option, value)

    def leave(self, connection: Mortal) -> None:
        """Watch it no longer; idempotent."""
        slot = self.members.pop(connection, None)
        if slot is not None:
            slot.discard(connection)
        if not self.members and self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def tick(self) -> None:
        """Check one slot and ping another."""
        self.timer = self.clock.callLater(self.tick_length, self.tick)
        self.now = (self.now + 1) % len(self.slots)
        for connection in list(self.slots[(self.now - TICKS_PER_TIMEOUT) % len(self.slots)]):
            if connection.is_silent():
                connection.cut_silent()
        for connection in list(self.slots[self.now]):
            connection.ping()
