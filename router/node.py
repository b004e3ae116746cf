"""The node: the parts of the configuration brought to life on one event loop, and their end.

Start: read certificates, make the realms, bind every listener, then say so. A failure on the way ends in one clear line
and nothing left open.

SIGHUP has the rules of the realms read again, see `rulebook`.

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
import ssl
from functools import partial
from pathlib import Path
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from realms import endings
from realms.audit import record_nothing
from realms.authentication.jwt import Signer
from realms.session import Session
from router import assembly
from router.audit import CannotWrite, Trail
from router.authentication import Means
from router.clock import LoopClock
from router.config import InvalidConfig, model
from router.history_store import CannotOpen
from router.principals.database_file import CannotUse
from router.rulebook import Rulebook
from router.tls import UnusableTls, context_of
from router.tokens import WebLogin, login_signer, web_login_of
from router.transports.admission import Admission, descriptors_for
from router.transports.flusher import Flusher
from router.transports.keepalive import Keepalive
from router.transports.listener import Listener, listen
from router.transports.origins import Origins
from router.transports.terms import Terms
from router.transports.upgrade import upgrade
from router.version import installed_version
from router.web.desk import Desk
from router.web.login import plant_login
from router.web.site import Site
from router.workers import Workers

STOP_DEADLINE = 3.0
"""Seconds that connections have to take what is still queued for them when the router stops."""

STOP_POLL = 0.02
"""Seconds between two looks at what is left, while stopping."""

log = Logger(namespace="router")


class CannotStart(Exception):  # noqa: N818 - it reads as what it says
    """The router cannot start; the text is one line for the operator."""


def run(config: model.Config, path: Path) -> int:
    """Run the router until it is told to stop; returns the exit status. The asyncio reactor must be installed.

    `path` is the file that the configuration came from, to be read again when its rules have changed.
    """
    from twisted.internet import reactor

    node = Node(config, path, reactor)
    cast("Any", reactor).callWhenRunning(node.start)
    cast("Any", reactor).run()
    return node.status


class Node:
    """A router process."""

    def __init__(self, config: model.Config, path: Path, reactor: Any) -> None:
        self.status = 0
        self._config = config
        self._path = path
        self._reactor = reactor
        self._listeners: list[Listener] = []
        self._sites: list[Site] = []
        self._terms: list[Terms] = []
        self._workers: Workers | None = None
        self._trail: Trail | None = None
        self._login: WebLogin | None = None
        self._rulebook: Rulebook | None = None

    def start(self) -> None:
        """Start, or log why not and stop."""
        task = self._reactor._asyncioEventloop.create_task(self._start())
        Deferred.fromFuture(task).addErrback(self._failed)

    async def _start(self) -> None:
        loop = asyncio.get_running_loop()
        config, limits = self._config, self._config.limits
        contexts = [None if listener.tls is None else context_of(listener.tls) for listener in config.listeners]
        clock = LoopClock(loop)
        self._workers = Workers(loop)
        self._login = web_login_of(config)
        self._trail = None if config.audit is None else Trail(config.audit.file)
        record = record_nothing if self._trail is None else self._trail.record
        means = Means(clock, self._workers, record=record, login=self._login)
        rulebook = self._rulebook = Rulebook(config, self._path, means, f"wamplex/{installed_version()}")
        realms = rulebook.realms
        wanted = sum(listener.max_connections for listener in config.listeners)
        descriptors = descriptors_for(wanted)
        flusher = Flusher(loop.call_soon)
        keepalive = Keepalive(clock, limits.ping_interval, limits.ping_timeout) if limits.ping_interval else None
        for listener, context in zip(config.listeners, contexts, strict=True):
            terms = Terms(
                accept=lambda transport: Session(realms, transport),
                clock=clock,
                flusher=flusher,
                keepalive=keepalive,
                ping_rawsocket=limits.ping_rawsocket,
                limits=assembly.limits_of(limits),
                origins=Origins(listener.allowed_origins, allow_missing=listener.allow_missing_origin),
                admission=Admission(
                    descriptors,
                    max_connections=listener.max_connections,
                    max_per_address=listener.max_connections_per_address,
                    handshake_rate=listener.handshake_rate,
                    secure=context is not None,
                    now=clock.seconds,
                ),
            )
            self._serve_web(listener, terms)
            self._terms.append(terms)
            await self._listen(loop, listener, terms, context)
        self._reactor.addSystemEventTrigger("before", "shutdown", self._stop)
        loop.add_signal_handler(signal.SIGHUP, rulebook.reload)
        gc.collect()
        gc.freeze()  # what lives as long as the process need not be looked at by every collection
        if descriptors.seats < wanted:
            log.info(
                "there is room for {seats} connections, as the system lets the router open no more files (ulimit -n)",
                seats=descriptors.seats,
            )
        log.info("Wamplex {version} is ready, process {pid}", version=installed_version(), pid=os.getpid())

    def _serve_web(self, listener: model.Listener, terms: Terms) -> None:
        """Give the listener its HTTP side, and tell both sides where the WebSocket is."""
        path = listener.websocket.path if listener.websocket is not None else None
        terms.websocket_paths = frozenset() if path is None else frozenset({path})
        terms.rawsocket = listener.rawsocket
        terms.authmethods = listener.authmethods
        terms.cookie = None if self._login is None else self._login.config.cookie
        if not listener.http:
            return
        web = self._config.web
        site = Site(
            self._reactor,
            lambda transport, head: upgrade(transport, head, terms),
            websocket_path=path,
            directory=web.directory if web is not None else None,
            path=web.path if web is not None else None,
            on_lost=terms.admission.leave,
        )
        self._serve_login(site)
        terms.http = site.serve
        self._sites.append(site)

    def _serve_login(self, site: Site) -> None:
        """Let browsers log in here."""
        login, rulebook = self._login, self._rulebook
        if login is None or rulebook is None:
            return
        realm = next(realm for realm in self._config.realms if realm.name == login.config.realm)

        def signer() -> Signer:
            """By the secret that the realm has now."""
            now = next((one for one in rulebook.config.realms if one.name == realm.name), realm)
            return login_signer(login, now)

        plant_login(site, Desk(login, signer, rulebook.realms, partial(rulebook.find_principal, realm.name)))

    async def _listen(
        self,
        loop: asyncio.AbstractEventLoop,
        config: model.Listener,
        terms: Terms,
        tls: ssl.SSLContext | None,
    ) -> None:
        try:
            listener = await listen(loop, terms, config.host, config.port, tls)
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise CannotStart(f"cannot listen on {config.host} port {config.port}: {reason}") from None
        self._listeners.append(listener)
        for address in _addresses(config, listener.port, web=self._config.web):
            log.info("listening on {address}", address=address)

    def _failed(self, failure: Any) -> None:
        """It did not start: say why in one line; a mistake of ours in all its lines."""
        self.status = 1
        if failure.check(CannotStart, CannotOpen, CannotUse, CannotWrite, InvalidConfig, UnusableTls):
            log.critical("{reason}", reason=failure.getErrorMessage())
        else:
            log.failure("the router cannot start", failure=failure)
        for listener in self._listeners:
            listener.close()
        self._close()
        self._reactor.stop()

    def _stop(self) -> Deferred[None]:
        """Go through the steps above; the event loop stops when the Deferred fires."""
        log.info("stopping")
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # once is enough: the deadline below holds anyway
        for listener in self._listeners:
            listener.close()
        for site in self._sites:
            site.close()
        for listener in self._listeners:
            listener.close_connections(endings.GOING_AWAY)
        return Deferred.fromFuture(self._reactor._asyncioEventloop.create_task(self._emptied()))

    async def _emptied(self) -> None:
        """Wait until all connections are gone, or the deadline passed; then write what is not written."""
        for _ in range(int(STOP_DEADLINE / STOP_POLL)):
            if not any(terms.connections for terms in self._terms):
                break
            await asyncio.sleep(STOP_POLL)
        self._close()

    def _close(self) -> None:
        """Let go of what is open besides connections."""
        if self._rulebook is not None:
            self._rulebook.close()
        if self._workers is not None:
            self._workers.stop()
        if self._login is not None:
            self._login.store.close()
        if self._trail is not None:
            self._trail.close()


def _addresses(config: model.Listener, port: int, web: model.Web | None) -> list[str]:
    """What can be reached on a listener, as URLs."""
    host = f"[{config.host}]" if ":" in config.host else config.host
    secure = "s" if config.tls is not None else ""
    addresses = []
    if config.http and web is not None:
        addresses.append(f"http{secure}://{host}:{port}{web.path}")
    if config.websocket is not None:
        addresses.append(f"ws{secure}://{host}:{port}{config.websocket.path}")
    if config.rawsocket:
        addresses.append(f"rs{secure}://{host}:{port}")
    return addresses
