"""What the workers answer and publish, on a clock that tests move and a session that writes down what it is given."""

from argparse import Namespace
from typing import Any

import pytest
from autobahn.wamp.exception import ApplicationError
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from clients.calculator import Calculator
from tests.clients.desk import employ


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
