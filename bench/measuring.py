"""Runs a workload for a while and says what it took: one `Sample` per run, one `Summary` per several runs."""

import asyncio
import gc
import statistics
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

import uvloop

from bench.connections import Connection, LostError, RefusedError
from bench.processes import CORES, core_seconds, cpu_seconds, process_tree, resident_kib
from bench.workloads import Target, Workload

__all__ = ["Sample", "Spread", "measure", "measure_idle", "quantile", "spread"]

WARM_UP = 0.5  # seconds: code is specialised, buffers have grown, TCP windows are open
DRAIN = 10.0  # seconds that what is in flight gets to come back before it counts as lost
SETTLE = 1.0  # seconds without work before memory is read
FIRST_SESSIONS = 100  # opened before memory is read, so that what is loaded on first use does not count
JOINING_AT_ONCE = 16


@dataclass(frozen=True)
class Sample:
    """What one run showed. `figures` may have

    rate         operations per second
    p50, p99     latency in milliseconds
    cpu          processor microseconds of the router's process tree per operation
    router_busy  share of one core that the router used, in percent
    load_busy    the same for this process; near 100 it is the load that was measured, not the router
    others_busy  what all else on this machine used of the two cores, in percent of one; over 20 it disturbs
    memory       resident KiB of the router's process tree per idle session
    """

    figures: dict[str, float] = field(default_factory=dict)
    errors: int = 0
    problem: str = ""


@dataclass(frozen=True)
class Spread:
    """The median of several runs, with the extremes."""

    median: float
    low: float
    high: float


def spread(samples: Sequence[Sample], figure: str) -> Spread | None:
    """How one figure came out over these runs; None if none of them has it."""
    values = [sample.figures[figure] for sample in samples if figure in sample.figures]
    return Spread(statistics.median(values), min(values), max(values)) if values else None


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value below or at which `share` of the values lie, by nearest rank."""
    rank = max(1, -int(-share * len(ordered) // 1))
    return ordered[rank - 1]


def measure(create: Callable[[], Workload], seconds: float, router: int | None = None) -> Sample:
    """Run the workload that `create` makes (called inside the event loop) for `seconds` after a warm-up.

    `router` is the process id of the router, for its processor time.
    """
    return _run(_measure(create, seconds, process_tree(router) if router else []))


def measure_idle(target: Target, router: int, sessions: int = 1000) -> Sample:
    """Open `sessions` sessions and see by how much the router has grown. It must be freshly started: a router that has
    served before fills memory it already has."""
    return _run(_measure_idle(target, process_tree(router), sessions))


def _run(measuring: Coroutine[Any, Any, Sample]) -> Sample:
    gc.collect()
    gc.disable()  # no cycles arise while we measure, and a collection would show up as latency
    try:
        sample: Sample = uvloop.run(measuring)
        return sample
    except (OSError, TimeoutError, LostError, RefusedError) as problem:
        return Sample(errors=1, problem=f"{type(problem).__name__}: {problem}".rstrip(": "))
    finally:
        gc.enable()


async def _measure(create: Callable[[], Workload], seconds: float, router: list[int]) -> Sample:
    workload = create()
    try:
        await workload.prepare()
        workload.start()
        await _wait(workload, WARM_UP)
        before, first = _Clocks.now(router), len(workload.latencies)
        await _wait(workload, seconds)
        after, last = _Clocks.now(router), len(workload.latencies)
        workload.stop()
        await _wait(workload, DRAIN)
    finally:
        workload.close()
        await asyncio.sleep(0)  # the farewells leave before the loop ends
    figures = _figures(before, after, sorted(workload.latencies[first:last]), workload.weight, bool(router))
    return Sample(figures, workload.errors + workload.in_flight)


async def _wait(workload: Workload, seconds: float) -> None:
    """Let the workload run; a connection that is lost ends it at once, with `LostError`."""
    await asyncio.wait([workload.finished], timeout=seconds)
    if workload.finished.done():
        workload.finished.result()


@dataclass(frozen=True)
class _Clocks:
    """Wall time; processor time of the router, of this process and of all processes on the two cores; in seconds."""

    wall: float
    router: float
    load: float
    everyone: float

    @classmethod
    def now(cls, router: list[int]) -> "_Clocks":
        return cls(time.perf_counter(), cpu_seconds(router), time.process_time(), core_seconds(CORES or ()))


def _figures(
    before: _Clocks, after: _Clocks, latencies: Sequence[float], weight: int, knows_router: bool
) -> dict[str, float]:
    if not latencies:
        return {}
    seconds = after.wall - before.wall
    operations = len(latencies) * weight
    figures = {
        "rate": operations / seconds,
        "p50": quantile(latencies, 0.50) * 1e3,
        "p99": quantile(latencies, 0.99) * 1e3,
        "load_busy": (after.load - before.load) / seconds * 100,
    }
    if knows_router:
        used = after.router - before.router
        others = after.everyone - before.everyone - used - (after.load - before.load)
        figures |= {"cpu": used / operations * 1e6, "router_busy": used / seconds * 100}
        figures |= {"others_busy": max(0.0, others / seconds * 100)}
    return figures


async def _measure_idle(target: Target, router: list[int], sessions: int) -> Sample:
    connections: list[Connection] = []
    try:
        connections += await _join_many(target, FIRST_SESSIONS)
        await asyncio.sleep(SETTLE)
        before = resident_kib(router)
        connections += await _join_many(target, sessions)
        await asyncio.sleep(SETTLE)
        after = resident_kib(router)
    finally:
        for connection in connections:
            connection.close()
    return Sample({"memory": (after - before) / sessions})


async def _join_many(target: Target, sessions: int) -> list[Connection]:
    joining = asyncio.Semaphore(JOINING_AT_ONCE)

    async def join() -> Connection:
        async with joining:
            return await target.join()

    return list(await asyncio.gather(*(join() for _ in range(sessions))))
