"""What the workers answer and publish, on a clock that tests move and a session that writes down what it is given."""

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from autobahn.wamp.exception import ApplicationError
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from clients.calculator import Calculator
from clients.logtail import REMEMBERED, LogTail
from clients.ticker import INTERVAL, START, Ticker


class Desk:
    """Stands where a session is: procedures can be called here, publications can be read."""

    def __init__(self) -> None:
        self.procedures: dict[str, Callable[..., Any]] = {}
        self.published: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    async def register(self, endpoint: Callable[..., Any], procedure: str, options: Any = None) -> None:
        self.procedures[procedure] = endpoint

    def publish(self, topic: str, *args: Any, **kwargs: Any) -> None:
        self.published.append((topic, args, kwargs))


def employ(worker: Any) -> tuple[Desk, Deferred[None]]:
    desk = Desk()
    return desk, Deferred.fromCoroutine(worker.serve(desk))


def add2(*args: Any, **kwargs: Any) -> Any:
    desk, _ = employ(Calculator(Clock(), Namespace()))
    return desk.procedures["com.example.add2"](*args, **kwargs)


def test_add2_adds() -> None:
    assert add2(2, 3) == 5
    assert add2(0.5, 0.25) == 0.75
    assert add2(a=1, b=-1) == 0


@pytest.mark.parametrize(
    ("args", "kwargs", "sentence"),
    [
        ((), {}, "missing"),
        ((1,), {}, "missing a required argument: 'b'"),
        ((1, 2, 3), {}, "too many"),
        ((1, 2), {"c": 3}, "unexpected keyword argument 'c'"),
        ((1, "2"), {}, "b must be a number, not str"),
        ((None, 2), {}, "a must be a number, not NoneType"),
        ((True, 2), {}, "a must be a number, not bool"),
        ((2**60, 2), {}, "a must be between"),
        ((float("inf"), 2), {}, "a must be between"),
        ((float("nan"), 2), {}, "a must be between"),
    ],
)
def test_add2_says_what_is_wrong_with_its_arguments(args: Any, kwargs: Any, sentence: str) -> None:
    with pytest.raises(ApplicationError, match=r"wamp\.error\.invalid_argument") as refused:
        add2(*args, **kwargs)
    assert sentence in refused.value.args[0]


def count_down(clock: Clock, *args: Any) -> tuple[list[int], Deferred[int]]:
    desk, _ = employ(Calculator(clock, Namespace()))
    told: list[int] = []
    details = Namespace(progress=told.append)  # the part of autobahn's CallDetails that a callee needs
    return told, Deferred.fromCoroutine(desk.procedures["com.example.countdown"](*args, details=details))


def test_countdown_tells_each_step_and_ends_with_zero() -> None:
    clock = Clock()
    told, result = count_down(clock, 3, 1)
    steps = []
    for _ in range(3):
        steps.append(list(told))
        clock.advance(1)
    assert steps == [[3], [3, 2], [3, 2, 1]]
    assert result.result == 0


def test_an_interrupted_countdown_stops_and_leaves_nothing_behind() -> None:
    clock = Clock()
    told, result = count_down(clock, 3, 1)
    result.addErrback(lambda failure: failure.value.error)
    result.cancel()
    assert result.result == "wamp.error.canceled"
    assert clock.getDelayedCalls() == []
    assert told == [3]


@pytest.mark.parametrize("args", [("3",), (-1,), (2.5,), (10**6,), (3, 100), (3, -1), (3, None)])
def test_countdown_refuses_what_it_cannot_count(args: Any) -> None:
    _, result = count_down(Clock(), *args)
    refusals: list[Any] = []
    result.addErrback(refusals.append)
    assert refusals[0].value.error == "wamp.error.invalid_argument"


def test_the_ticker_publishes_every_symbol_at_every_tick_until_it_is_cancelled() -> None:
    clock = Clock()
    desk, serving = employ(Ticker(clock, Namespace()))
    clock.pump([INTERVAL] * 3)
    assert len(desk.published) == 4 * len(START)
    topic, args, kwargs = desk.published[0]
    assert (topic, args, kwargs) == ("com.example.ticker.ambr", (), {"symbol": "AMBR", "price": START["AMBR"]})
    serving.addErrback(lambda _: None)
    serving.cancel()
    clock.pump([INTERVAL] * 3)
    assert len(desk.published) == 4 * len(START)


def test_prices_wander_but_do_not_run_away() -> None:
    clock = Clock()
    desk, _ = employ(Ticker(clock, Namespace()))
    clock.pump([INTERVAL] * 5000)
    for _, _, tick in desk.published:
        assert 0.5 < tick["price"] / START[tick["symbol"]] < 2


def test_lines_are_published_with_their_numbers_and_can_be_recalled(tmp_path: Path) -> None:
    clock = Clock()
    log_file = tmp_path / "demo.log"
    worker = LogTail(clock, Namespace(log_file=log_file))
    desk, serving = employ(worker)
    log_file.write_text("one\ntwo\n")
    clock.advance(1)
    assert desk.published == [("com.example.log", (1, "one"), {}), ("com.example.log", (2, "two"), {})]
    assert desk.procedures["com.example.log.last"]() == [(1, "one"), (2, "two")]
    assert desk.procedures["com.example.log.last"](1) == [(2, "two")]
    serving.addErrback(lambda _: None)
    serving.cancel()


def test_lines_written_while_the_router_is_away_are_published_when_it_is_back(tmp_path: Path) -> None:
    clock = Clock()
    log_file = tmp_path / "demo.log"
    worker = LogTail(clock, Namespace(log_file=log_file))
    _, serving = employ(worker)
    serving.addErrback(lambda _: None)
    serving.cancel()
    log_file.write_text("meanwhile\n")
    clock.advance(5)
    desk, _ = employ(worker)
    assert desk.published == [("com.example.log", (1, "meanwhile"), {})]


@pytest.mark.parametrize("args", [(0,), (REMEMBERED + 1,), ("5",), (True,), (1, 2)])
def test_last_refuses_what_is_no_count(tmp_path: Path, args: Any) -> None:
    desk, _ = employ(LogTail(Clock(), Namespace(log_file=tmp_path / "demo.log")))
    with pytest.raises(ApplicationError, match=r"wamp\.error\.invalid_argument"):
        desk.procedures["com.example.log.last"](*args)
