"""The work that routers are compared by. Each checks what comes back while it counts.

    rpc      `window` calls in flight, spread over `callers` sessions, one callee; every result must be the right one
    publish  one publisher, one subscriber, `window` publications ahead of the events; every event must come, in order
    fanout   the same with `receivers` subscribers; an operation is one event, a latency is that of the last receiver
    connect  `window` clients that connect, join (HELLO, WELCOME) and close, over and over
    idle     `sessions` sessions that do nothing: not a rate, see `bench.measuring.measure_idle`

A workload is closed-loop: it sends the next message when an earlier one is through, so nothing can overflow and every
router works at its own speed. In return, latencies are those under full load with that window.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from bench.codecs import FIRST, SECOND, Codec
from bench.connections import Connection, LostError, RefusedError, join

__all__ = ["WORKLOADS", "Connect", "Fanout", "Publish", "Rpc", "Target", "Workload"]

PUBLISH, SUBSCRIBE, EVENT = 16, 32, 36
CALL, RESULT, REGISTER, INVOCATION, YIELD = 48, 50, 64, 68, 70

PROCEDURE = "bench.increment"
TOPIC = "bench.number"


@dataclass(frozen=True)
class Target:
    """The router to load: its address, and the realm and serialization to join with."""

    url: str
    realm: str
    codec: Codec

    def join(self) -> Coroutine[Any, Any, Connection]:
        return join(self.url, self.realm, self.codec)


class Workload:
    """One kind of work on one router, from `prepare` over `start` and `stop` until `finished`, then `close`.

    `latencies` has, in the order of their ends and in seconds, what the finished rounds took; `weight` is how many
    operations one round stands for. `in_flight` rounds have begun and not ended.
    """

    weight = 1

    def __init__(self, target: Target) -> None:
        self.target = target
        self.latencies: list[float] = []
        self.errors = 0
        self.in_flight = 0
        self.stopping = False
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.connections: list[Connection] = []

    async def prepare(self) -> None:
        """Open the sessions."""
        raise NotImplementedError

    def start(self) -> None:
        """Send the first messages; from here on each answer triggers the next."""
        raise NotImplementedError

    def stop(self) -> None:
        """Begin nothing new; `finished` resolves when what is in flight has come back."""
        self.stopping = True
        self._finish_if_drained()

    def close(self) -> None:
        for connection in self.connections:
            connection.close()

    async def join(self) -> Connection:
        connection = await self.target.join()
        connection.on_loss = self._lost
        self.connections.append(connection)
        return connection

    def round_began(self) -> float:
        self.in_flight += 1
        return perf_counter()

    def round_ended(self, began: float) -> None:
        self.latencies.append(perf_counter() - began)
        self.in_flight -= 1
        if self.stopping:
            self._finish_if_drained()

    def _finish_if_drained(self) -> None:
        if self.in_flight == 0 and not self.finished.done():
            self.finished.set_result(None)

    def _lost(self, reason: Exception | None) -> None:
        if not self.finished.done():
            cause = f": {reason!r}" if reason else ""
            self.finished.set_exception(LostError(f"a connection ended under load{cause}"))


class Rpc(Workload):
    """Calls of `bench.increment`: the argument is unique over all callers, the result is one more."""

    def __init__(self, target: Target, window: int = 64, callers: int = 8) -> None:
        super().__init__(target)
        self.windows = [window // callers + (caller < window % callers) for caller in range(callers)]
        self.callers: list[Caller] = []
        self.decode = target.codec.decode
        self.yielding = target.codec.prebuilt([YIELD, FIRST, {}, [SECOND]])

    async def prepare(self) -> None:
        self.callee = await self.join()
        await self.callee.request([REGISTER, 1, {}, PROCEDURE])
        self.callee.deliver = self.answer
        self.callers = [Caller(self, await self.join(), index) for index in range(len(self.windows))]

    def start(self) -> None:
        for caller, window in zip(self.callers, self.windows, strict=True):
            for _ in range(window):
                caller.call()

    def answer(self, payload: bytes) -> None:
        message = self.decode(payload)
        if message[0] != INVOCATION:
            self.errors += 1
            return
        self.callee.send(self.yielding(message[1], message[4][0] + 1))


class Caller:
    """A session that calls; its `requests` are counted from 1, and request n carries the argument `offset + n`."""

    def __init__(self, rpc: Rpc, connection: Connection, index: int) -> None:
        self.rpc = rpc
        self.connection = connection
        self.decode = rpc.target.codec.decode
        self.calling = rpc.target.codec.prebuilt([CALL, FIRST, {}, PROCEDURE, [SECOND]])
        self.offset = index * 2**24
        self.requests = 0
        self.began: dict[int, float] = {}
        connection.deliver = self.result

    def call(self) -> None:
        self.requests = request = self.requests + 1
        self.began[request] = self.rpc.round_began()
        self.connection.send(self.calling(request, self.offset + request))

    def result(self, payload: bytes) -> None:
        message = self.decode(payload)
        # RESULT has its request second; in an ERROR that is the type of the request, and the request comes third
        request = message[1] if message[0] == RESULT else message[2]
        began = self.began.pop(request, None)
        if began is None:
            self.rpc.errors += 1
            return
        if message[0] != RESULT or message[3] != [self.offset + request + 1]:
            self.rpc.errors += 1
        self.rpc.round_ended(began)
        if not self.rpc.stopping:
            self.call()


class Publish(Workload):
    """Publications of 1, 2, 3 ... on `bench.number` to `receivers` subscribers, each of which must see them in order.

    A round is one publication; it ends when the last of the receivers has it.
    """

    def __init__(self, target: Target, window: int = 256, receivers: int = 1) -> None:
        super().__init__(target)
        self.window = window
        self.weight = receivers
        self.published = 0
        self.outstanding: dict[int, int] = {}
        self.began: dict[int, float] = {}
        self.known: dict[bytes, int] = {}
        self.publishing = target.codec.prebuilt([PUBLISH, FIRST, {}, TOPIC, [SECOND]])

    async def prepare(self) -> None:
        for _ in range(self.weight):
            connection = await self.join()
            await connection.request([SUBSCRIBE, 1, {}, TOPIC])
            Subscriber(self, connection)
        self.publisher = await self.join()
        self.publisher.deliver = self.refused

    def start(self) -> None:
        for _ in range(self.window):
            self.publish()

    def publish(self) -> None:
        self.published = number = self.published + 1
        self.outstanding[number] = self.weight
        self.began[number] = self.round_began()
        self.publisher.send(self.publishing(number, number))

    def received(self, number: int) -> None:
        """A subscriber got publication `number`."""
        left = self.outstanding[number] = self.outstanding[number] - 1
        if left == 0:
            del self.outstanding[number]
            self.round_ended(self.began.pop(number))
            if not self.stopping:
                self.publish()

    def read(self, payload: bytes) -> int:
        """The number in an EVENT. Its octets are often the same for all subscribers: decode them once."""
        number = self.known.get(payload)
        if number is None:
            message = self.target.codec.decode(payload)
            number = message[4][0] if message[0] == EVENT else 0
            if len(self.known) > 2 * self.window:
                self.known.clear()
            if self.weight > 1:
                self.known[payload] = number
        return number

    def refused(self, payload: bytes) -> None:
        """A publisher that asks for no acknowledgement hears nothing, unless something is wrong."""
        self.errors += 1


class Subscriber:
    """A session that expects 1, 2, 3 ..."""

    def __init__(self, publishing: Publish, connection: Connection) -> None:
        self.publishing = publishing
        self.last = 0
        connection.deliver = self.event

    def event(self, payload: bytes) -> None:
        number = self.publishing.read(payload)
        if number == self.last + 1:
            self.last = number
            self.publishing.received(number)
        else:  # lost, doubled, out of order or no EVENT; what is missing never ends, and counts again in the end
            self.publishing.errors += 1


class Fanout(Publish):
    """Publish to many."""

    def __init__(self, target: Target, window: int = 16, receivers: int = 100) -> None:
        super().__init__(target, window, receivers)


class Connect(Workload):
    """Clients that connect, join and close; a round lasts from the TCP connection until WELCOME."""

    def __init__(self, target: Target, window: int = 16) -> None:
        super().__init__(target)
        self.window = window
        self.clients: list[asyncio.Task[None]] = []

    async def prepare(self) -> None:
        """Nothing: opening sessions is the work."""

    def start(self) -> None:
        self.clients = [asyncio.create_task(self.client()) for _ in range(self.window)]

    async def client(self) -> None:
        while not self.stopping:
            began = self.round_began()
            try:
                connection = await self.target.join()
                connection.close()
            except (OSError, TimeoutError, LostError, RefusedError):
                self.errors += 1
                await asyncio.sleep(0.01)  # a router that refuses at once would make this a busy loop
            self.round_ended(began)


WORKLOADS: dict[str, type[Workload]] = {"rpc": Rpc, "publish": Publish, "fanout": Fanout, "connect": Connect}
