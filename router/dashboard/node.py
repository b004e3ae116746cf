"""The process as a whole, and what each realm does: `wamplex.node.get`, `wamplex.node.stats`, `wamplex.node.on_stats`.

Figures are made when somebody asks, and each second while somebody listens; else only the timer runs, which tells how
late the event loop is. Counts only grow, so a page makes rates of two answers, whoever else asks meanwhile.
"""

import os
import platform
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from realms.clock import Clock, Timer
from realms.meta.procedure import Procedure, Result
from realms.meta.times import written
from realms.realm import Realm
from realms.realms import Realms
from realms.session import Session
from router.version import installed_version

if TYPE_CHECKING:
    from router.dashboard import Dashboard
    from router.port import Port

INTERVAL: Final = 1.0
"""Seconds between two events."""

ON_STATS: Final = "wamplex.node.on_stats"

_CALLS: Final = attrgetter("calls")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class NodeStats:
    """The subject."""

    def __init__(
        self,
        dashboard: "Dashboard",
        realms: Realms,
        ports: "Sequence[Port]",
        path: Path,
        clock: Clock,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`path` is the configuration file's."""
        self._dashboard = dashboard
        self._realms = realms
        self._ports = ports
        self._path = path
        self._clock = clock
        self._now = now
        self._started = now()
        self._began = self._due = clock.seconds()
        self._lag = 0.0
        self._timer: Timer | None = None
        self.procedures = (Procedure("wamplex.node.get", self.get), Procedure("wamplex.node.stats", self.stats))

    def start(self) -> None:
        """Let the time run."""
        self._due = self._clock.seconds() + INTERVAL
        self._timer = self._clock.callLater(INTERVAL, self._tick)

    def stop(self) -> None:
        """The router stops."""
        if self._timer is not None:
            self._timer.cancel()

    def get(self, realm: Realm, caller: Session) -> Result:
        """What this router is: {version, pid, started, python, host, config, realms}."""
        about = {
            "version": installed_version(),
            "pid": os.getpid(),
            "started": written(self._started),
            "python": platform.python_version(),
            "host": socket.gethostname(),
            "config": str(self._path),
            "realms": list(self._realms.by_name),
        }
        return Result([about])

    def stats(self, realm: Realm, caller: Session) -> Result:
        """What the router has done so far: {time, uptime, cpu, memory, lag, connections, realms}."""
        return Result([self._figures()])

    def _tick(self) -> None:
        now = self._clock.seconds()
        self._lag = max(0.0, now - self._due)
        self.start()
        if self._dashboard.anyone_listens(ON_STATS):
            self._dashboard.announce(ON_STATS, [self._figures()])

    def _figures(self) -> dict[str, Any]:
        return {
            "time": written(self._now()),
            "uptime": round(self._clock.seconds() - self._began, 3),
            "cpu": round(time.process_time(), 3),
            "memory": resident(),
            "lag": round(self._lag, 4),
            "connections": sum(len(port.terms.admission) for port in self._ports),
            "realms": [figures_of(realm) for realm in self._realms.by_name.values()],
        }


def figures_of(realm: Realm) -> dict[str, Any]:
    """What a realm has done so far, and how much there is of everything in it."""
    return {
        "realm": realm.name,
        "sessions": len(realm.sessions),
        "paused": realm.parking.taken,
        "subscriptions": len(realm.broker),
        "registrations": len(realm.dealer),
        "calls": sum(map(len, map(_CALLS, realm.sessions.values()))),
        "queued": sum(len(one.queue) for one in realm.dealer.registrations() if one.queue is not None),
        **realm.statistics.totals()._asdict(),
        "errors": realm.errors,
    }


def resident() -> int | None:
    """Octets of memory that the process has; None if the system does not tell."""
    with suppress(OSError):
        return int(Path("/proc/self/statm").read_bytes().split()[1]) * _PAGE
    return None
