"""The node: the parts of the configuration brought to life on one event loop, and their end.

Start: read certificates, make the realms, bind every listener, then say so. A failure on the way ends in one clear line
and nothing left open.

SIGHUP has the rules of the realms and the certificates read again, see `reloading`.

Stop, on SIGINT or SIGTERM:

1. accept no more connections
2. HTTP answers what was asked and begins nothing new
3. every WAMP connection is closed with 1001 and no GOODBYE, so that clients come back to the next router: stock
   autobahn.js never reconnects after GOODBYE
4. when all of them have closed, or after `STOP_DEADLINE`, the event history is written and the event loop stops
"""

import asyncio
import gc
import os
import signal
from collections.abc import Sequence
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from realms import endings
from realms.audit import record_in
from router.audit import CannotWrite, Trail
from router.authentication import Means
from router.clock import LoopClock
from router.config import InvalidConfig, Reading
from router.dashboard import Dashboard, View, dashboard_of
from router.dashboard.audit import Audit
from router.gateway import Gateway, gateways_of
from router.history_store import CannotOpen
from router.pid_file import CannotClaim, PidFile
from router.port import CannotStart, Port, Surroundings
from router.principals.database_file import CannotUse
from router.reloading import Reloading
from router.rulebook import Rulebook
from router.tls import UnusableTls
from router.tokens import WebLogin, web_login_of
from router.transports.admission import descriptors_for
from router.transports.flusher import Flusher
from router.transports.keepalive import Keepalive
from router.version import installed_version
from router.web.mounts import Mounts
from router.workers import Workers

STOP_DEADLINE = 3.0
"""Seconds that connections have to take what is still queued for them when the router stops."""

STOP_POLL = 0.02
"""Seconds between two looks at what is left, while stopping."""

MANY = 10_000
"""Connections for which there must be room, or the operator is told; few need more."""

log = Logger(namespace="router")


def run(reading: Reading) -> int:
    """Run the router until it is told to stop; returns the exit status. The asyncio reactor must be installed."""
    from twisted.internet import reactor

    node = Node(reading, reactor)
    cast("Any", reactor).callWhenRunning(node.start)
    cast("Any", reactor).run()
    return node.status


class Node:
    """A router process."""

    def __init__(self, reading: Reading, reactor: Any) -> None:
        self.status = 0
        self._reading = reading
        self._reactor = reactor
        self._ports: list[Port] = []
        self._workers: Workers | None = None
        self._trail: Trail | None = None
        self._login: WebLogin | None = None
        self._rulebook: Rulebook | None = None
        self._dashboard: Dashboard | None = None
        self._gateways: list[Gateway] = []
        self._pid_file: PidFile | None = None

    def start(self) -> None:
        """Start, or log why not and stop."""
        task = self._reactor._asyncioEventloop.create_task(self._start())
        Deferred.fromFuture(task).addErrback(self._failed)

    async def _start(self) -> None:
        loop = asyncio.get_running_loop()
        config, limits = self._reading.config, self._reading.config.limits
        clock = LoopClock(loop)
        self._pid_file = None if config.pid_file is None else PidFile(config.pid_file)
        self._workers = Workers(loop)
        self._login = web_login_of(config)
        self._trail = None if config.audit is None else Trail(config.audit.file)
        watched = config.dashboard is not None
        audit = Audit(clock) if watched else None
        record = record_in(*(place.record for place in (self._trail, audit) if place is not None))
        means = Means(clock, self._workers, record=record, keeps_accounts=watched, login=self._login)
        rulebook = self._rulebook = Rulebook(self._reading, means, f"wamplex/{installed_version()}")
        self._gateways = gateways_of(config, rulebook.realms, clock)
        if config.dashboard is not None and audit is not None:
            view = self._view(rulebook, audit, self._workers, clock, loop)
            self._dashboard = dashboard_of(config.dashboard, view)
        wanted = sum(listener.max_connections for listener in config.listeners)
        descriptors = descriptors_for(wanted)
        around = Surroundings(
            config=config,
            reactor=self._reactor,
            clock=clock,
            flusher=Flusher(loop.call_soon),
            keepalive=Keepalive(clock, limits.ping_interval, limits.ping_timeout) if limits.ping_interval else None,
            descriptors=descriptors,
            rulebook=rulebook,
            login=self._login,
            gateways=self._gateways,
            mounts=Mounts(() if config.web is None else config.web.mounts, self._reactor),
        )
        self._ports.extend(Port(listener, around) for listener in config.listeners)
        for port in self._ports:
            await port.open(loop)
        self._reactor.addSystemEventTrigger("before", "shutdown", self._stop)
        loop.add_signal_handler(signal.SIGHUP, Reloading(rulebook, self._ports, self._answer))
        for gateway in self._gateways:
            gateway.start()
        if self._pid_file is not None:
            self._pid_file.write()
        gc.collect()
        gc.freeze()  # what lives as long as the process need not be looked at by every collection
        if descriptors.seats < min(wanted, MANY):
            log.info(
                "there is room for {seats} connections, as the system lets the router open no more files (ulimit -n)",
                seats=descriptors.seats,
            )
        log.info("Wamplex {version} is ready, process {pid}", version=installed_version(), pid=os.getpid())

    def _view(
        self, rulebook: Rulebook, audit: Audit, workers: Workers, clock: LoopClock, loop: asyncio.AbstractEventLoop
    ) -> View:
        return View(
            rulebook=rulebook,
            ports=self._ports,
            audit=audit,
            clock=clock,
            path=self._reading.path,
            off_loop=workers,
            from_thread=loop.call_soon_threadsafe,
        )

    def _failed(self, failure: Any) -> None:
        """It did not start: say why in one line; a mistake of ours in all its lines."""
        self.status = 1
        if failure.check(CannotClaim, CannotStart, CannotOpen, CannotUse, CannotWrite, InvalidConfig, UnusableTls):
            log.critical("{reason}", reason=failure.getErrorMessage())
        else:
            log.failure("the router cannot start", failure=failure)
        for port in self._ports:
            port.close()
        self._close()
        self._reactor.stop()

    def _stop(self) -> Deferred[None]:
        """Go through the steps above; the event loop stops when the Deferred fires."""
        log.info("stopping")
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # once is enough: the deadline below holds anyway
        for port in self._ports:
            port.close()
        for port in self._ports:
            port.close_connections(endings.GOING_AWAY)
        return Deferred.fromFuture(self._reactor._asyncioEventloop.create_task(self._emptied()))

    async def _emptied(self) -> None:
        """Wait until all connections are gone, or the deadline passed; then write what is not written."""
        for _ in range(int(STOP_DEADLINE / STOP_POLL)):
            if all(port.is_quiet for port in self._ports):
                break
            await asyncio.sleep(STOP_POLL)
        for gateway in self._gateways:
            await gateway.close()
        self._close()

    def _answer(self, mistakes: Sequence[str]) -> None:
        if self._pid_file is not None:
            self._pid_file.answer(mistakes)

    def _close(self) -> None:
        """Let go of what is open besides connections."""
        if self._dashboard is not None:
            self._dashboard.close()
        if self._rulebook is not None:
            self._rulebook.close()
        if self._workers is not None:
            self._workers.stop()
        if self._login is not None:
            self._login.store.close()
        if self._trail is not None:
            self._trail.close()
        if self._pid_file is not None:
            self._pid_file.remove()
