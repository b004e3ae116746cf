"""A toy router for tests of the load generator: RawSocket with JSON, one callee, misbehaving on request."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bench.codecs import CODECS
from bench.workloads import Target

SpoilMessage = Callable[[list[Any]], list[Any] | None]


class ToyConnection(asyncio.Protocol):
    """One client of the toy router."""

    def __init__(self, router: "ToyRouter") -> None:
        self.router = router
        self.buffer = b""
        self.greeted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.greeted:
            self.greeted = True
            self.transport.write(self.buffer[:4])
            self.buffer = self.buffer[4:]
        while len(self.buffer) >= 4 and len(self.buffer) >= (end := 4 + int.from_bytes(self.buffer[:4], "big")):
            message, self.buffer = json.loads(self.buffer[4:end]), self.buffer[end:]
            self.router.route(self, message)

    def send(self, *message: Any) -> None:
        spoiled = self.router.spoil(list(message))
        if spoiled is not None:
            octets = json.dumps(spoiled).encode()
            self.transport.write(len(octets).to_bytes(4, "big") + octets)

    def connection_lost(self, reason: Exception | None) -> None:
        if self in self.router.subscribers:
            self.router.subscribers.remove(self)


class ToyRouter:
    """Routes without checking anything; `spoil` may change what it sends, or drop it by returning None."""

    def __init__(self) -> None:
        self.spoil: SpoilMessage = lambda message: message
        self.subscribers: list[ToyConnection] = []
        self.calls: list[tuple[ToyConnection, int]] = []
        self.target: Target  # where to find it, once it runs

    def route(self, sender: ToyConnection, message: list[Any]) -> None:
        match message:
            case [1, *_]:
                sender.send(2, 1, {"roles": {}})
            case [32, request, _, _]:
                self.subscribers.append(sender)
                sender.send(33, request, 1)
            case [64, request, _, _]:
                self.callee = sender
                sender.send(65, request, 1)
            case [16, request, _, _, arguments]:
                for subscriber in self.subscribers:
                    subscriber.send(36, 1, request, {}, arguments)
            case [48, request, _, _, arguments]:
                self.calls.append((sender, request))
                self.callee.send(68, len(self.calls), 1, {}, arguments)
            case [70, request, _, arguments]:
                caller, asked = self.calls[request - 1]
                caller.send(50, asked, {}, arguments)


@pytest.fixture
def toy_router() -> Iterator[ToyRouter]:
    """A running toy router; its `target` is where to find it."""
    router = ToyRouter()
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(lambda: ToyConnection(router), "127.0.0.1", 0))
    port = server.sockets[0].getsockname()[1]
    router.target = Target(f"rs://127.0.0.1:{port}", "realm1", CODECS["json"])
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield router
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    server.close()
    loop.close()
