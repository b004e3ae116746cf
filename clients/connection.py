"""How a worker reaches its router, and comes back whenever it was lost.

An autobahn `Component` retries what fails, but is done once its router closes politely (GOODBYE, or a clean close of
the WebSocket), and a worker never is. So one Component is made for each try, and the waiting in between is done here.
"""

import os
from collections.abc import Coroutine
from contextlib import suppress
from random import Random
from typing import Any, NamedTuple, Protocol

from autobahn.exception import Disconnected
from autobahn.twisted.component import Component
from autobahn.twisted.wamp import Session
from autobahn.wamp.exception import ApplicationError
from twisted.internet import error
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater
from twisted.logger import Logger

from clients.session import WorkerSession

log = Logger()

FIRST_RETRY = 1.0  # seconds; a router that restarts is back by then
LONGEST_RETRY = 30.0  # seconds; what people are willing to wait at the end of a long outage
RETRY_GROWTH = 1.6
RETRY_JITTER = 0.2  # a share of the waiting time: many workers must not come back in lockstep
STABLE_AFTER = 5.0  # seconds; a router that accepts and drops at once must not make the waiting short again

TRANSPORT_LOST = "wamp.close.transport_lost"  # what autobahn calls it; no router says so

# Without pings a worker would never learn of a router that vanished without closing. Seconds.
PINGS = {"auto_ping_interval": 20, "auto_ping_timeout": 10, "open_handshake_timeout": 10}


class Worker(Protocol):
    """What a worker does. One that needs a session of its own sort names it: `session_factory`, a WorkerSession."""

    def serve(self, session: Any) -> Coroutine[Any, Any, None]:
        """Register and publish what this worker has to offer, on a session that has just joined.

        Cancelled when the session is over. What it raises ends the session, and is told to the operator.
        """


class Router(NamedTuple):
    """Where the router is: `url` is ws://, wss:// or rs://host:port (RawSocket over TCP); `retry` is in seconds."""

    url: str = "ws://127.0.0.1:8080/ws"
    realm: str = "realm1"
    serializer: str = "cbor"
    retry: float = FIRST_RETRY

    def component(self, session_factory: type[Session] = WorkerSession) -> Component:
        """A Component that tries once to join the realm."""
        if self.url.startswith("rs"):
            transport = {"type": "rawsocket", "url": self.url, "serializer": self.serializer}
        else:
            transport = {"type": "websocket", "url": self.url, "serializers": [self.serializer], "options": PINGS}
        return Component(transports=[transport | {"max_retries": 0}], realm=self.realm, session_factory=session_factory)


class Connection:
    """One worker's connection: opened, lost, and opened anew until `close`."""

    def __init__(self, reactor: Any, name: str, worker: Worker, router: Router) -> None:
        self.reactor = reactor
        self.name = name
        self.worker = worker
        self.router = router
        self.random = Random()  # noqa: S311 - spreads retries, guards nothing
        self.component: Component | None = None
        self.pause: Deferred[None] | None = None
        self.closing = False

    async def keep_open(self) -> None:
        delay = self.router.retry
        while not self.closing:
            opened = self.reactor.seconds()
            reason = await self._stay_joined()
            if self.reactor.seconds() - opened > STABLE_AFTER:
                delay = self.router.retry
            if not self.closing:
                await self._wait(delay * self.random.uniform(1 - RETRY_JITTER, 1 + RETRY_JITTER), reason)
            delay = min(delay * RETRY_GROWTH, LONGEST_RETRY)

    async def _stay_joined(self) -> str:
        """Join the realm and serve while the session lasts; returns why it is over."""
        component = self.component = self.router.component(getattr(self.worker, "session_factory", WorkerSession))
        serving: list[Deferred[None]] = []
        reasons: list[str] = []  # the first one is the cause, the others follow from it

        @component.on_join
        def joined(session: Any, details: Any) -> None:
            log.info("{name}: joined {realm} at {url}", name=self.name, realm=details.realm, url=self.router.url)
            serving.append(Deferred.fromCoroutine(self._serve(session, reasons)))

        @component.on_leave
        def left(session: Any, details: Any) -> None:
            if details.reason != TRANSPORT_LOST:
                reasons.append(f"the router said {details.reason} {details.message or ''}".strip())

        @component.on_connectfailure
        def failed(component: Component, failure: Exception) -> None:
            reasons.append(spoken(failure))

        with suppress(RuntimeError):  # it has used up its one try; `failed` was told why
            await component.start(self.reactor)
        for served in serving:
            served.cancel()
        return reasons[0] if reasons else "connection lost"

    async def _serve(self, session: Any, reasons: list[str]) -> None:
        try:
            await self.worker.serve(session)
        except (CancelledError, Disconnected):
            pass
        except Exception as failure:
            if isinstance(failure, ApplicationError):
                reasons.append(spoken(failure))
            else:
                reasons.append(f"broke: {failure!r}")
                log.failure("{name}: broke", name=self.name)
            session.leave()

    async def _wait(self, pause: float, reason: str) -> None:
        log.warn("{name}: {reason}; next try in {pause:.1f} s", name=self.name, reason=reason, pause=pause)
        self.pause = deferLater(self.reactor, pause)
        with suppress(CancelledError):
            await self.pause
        self.pause = None

    async def close(self) -> None:
        """Leave the realm, or stop trying to reach it. `keep_open` then returns."""
        self.closing = True
        if self.pause is not None:
            self.pause.cancel()
        elif self.component is not None:
            await self.component.stop()


def spoken(failure: Exception) -> str:
    """Why there is no session, as a person would say it."""
    if isinstance(failure, ApplicationError) and failure.error == TRANSPORT_LOST:
        return "connection lost"
    if isinstance(failure, ApplicationError):
        return f"the router refused: {failure.error}{''.join(f', {arg}' for arg in failure.args)}"
    if isinstance(failure, error.ConnectError):
        return f"no router there ({os.strerror(failure.osError) if failure.osError else failure})"
    if isinstance(failure, error.ConnectionClosed):
        return "connection lost"
    return str(failure).rstrip(".") or type(failure).__name__
