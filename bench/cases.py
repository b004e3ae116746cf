"""What `make bench` compares: which workload over which transport and serialization, and the goals it must meet.

The rows of the first table are the budgets that the design of Wamplex set itself; those of the second show that
the other transports and serializations keep up.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bench.workloads import Connect, Fanout, Publish, Rpc, Target, Workload

__all__ = ["CASES", "ROWS", "Case", "Row"]


@dataclass(frozen=True)
class Case:
    """One thing to measure. Without `create` it is the memory of idle sessions."""

    key: str
    title: str
    transport: str = "websocket"
    codec: str = "json"
    create: Callable[[Target], Workload] | None = None
    is_extra: bool = False

    def is_asked_for(self, wanted: list[str] | None, quick: bool) -> bool:
        """`wanted` has full keys or their first words; None is everything, or the budgets only for a quick look."""
        if wanted is None:
            return not (quick and self.is_extra)
        return self.key in wanted or (self.key.partition("-")[0] in wanted and not quick)


@dataclass(frozen=True)
class Row:
    """A budget: a figure of a case, and either how many times better than Crossbar it must be or its bound."""

    work: str
    case: str
    figure: str
    times: float | None = None
    at_most: float | None = None

    @property
    def more_is_better(self) -> bool:
        return self.figure == "rate"

    @property
    def goal(self) -> str:
        return f"≥ {self.times:g} x" if self.times is not None else f"≤ {self.at_most:g}"

    def ratio(self, crossbar: float, wamplex: float) -> float:
        """How many times better Wamplex is: its rate over Crossbar's, or Crossbar's cost over its own."""
        better, worse = (wamplex, crossbar) if self.more_is_better else (crossbar, wamplex)
        return better / worse if worse > 0 else float("inf")

    def is_met(self, crossbar: float | None, wamplex: float) -> bool | None:
        """None where it cannot be said."""
        if self.at_most is not None:
            return wamplex <= self.at_most
        if self.times is None or crossbar is None:
            return None
        return self.ratio(crossbar, wamplex) >= self.times


CASES = [
    Case("idle", "idle session, WebSocket, JSON"),
    Case("rpc", "RPC, WebSocket, JSON", create=Rpc),
    Case("publish", "PUBLISH to 1, WebSocket, JSON", create=Publish),
    Case("fanout", "PUBLISH to 100, WebSocket, JSON", create=Fanout),
    Case("connect", "connect and join, WebSocket, JSON", create=Connect),
    Case("rpc-msgpack", "RPC, WebSocket, MessagePack", codec="msgpack", create=Rpc, is_extra=True),
    Case("rpc-cbor", "RPC, WebSocket, CBOR", codec="cbor", create=Rpc, is_extra=True),
    Case("rpc-rawsocket", "RPC, RawSocket, JSON", "rawsocket", create=Rpc, is_extra=True),
    Case("rpc-rawsocket-msgpack", "RPC, RawSocket, MessagePack", "rawsocket", "msgpack", Rpc, is_extra=True),
    Case("rpc-rawsocket-cbor", "RPC, RawSocket, CBOR", "rawsocket", "cbor", Rpc, is_extra=True),
    Case("fanout-rawsocket", "PUBLISH to 100, RawSocket, MessagePack", "rawsocket", "msgpack", Fanout, is_extra=True),
]

ROWS = [
    Row("RPC, 64 calls in flight, JSON: calls/s", "rpc", "rate", times=15),
    Row("RPC: router CPU per call, us", "rpc", "cpu", at_most=12),
    Row("PUBLISH to 1 subscriber: events/s", "publish", "rate", times=25),
    Row("PUBLISH to 100 subscribers: events/s", "fanout", "rate", times=6),
    Row("connect + HELLO/WELCOME: sessions/s", "connect", "rate", times=3),
    Row("idle session: resident KiB", "idle", "memory", at_most=10),
]
