"""The worker that counts primes."""

from argparse import Namespace
from typing import Any

import pytest
from autobahn.wamp.exception import ApplicationError
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from clients.primes import SEGMENT, Primes
from tests.clients.desk import Desk, employ


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(clock: Clock) -> Desk:
    return employ(Primes(clock, Namespace()))[0]


def count(desk: Desk, limit: Any, told: list[Any] | None = None) -> "Deferred[Any]":
    details = Namespace(progress=None if told is None else told.append)
    return Deferred.fromCoroutine(desk.procedures["com.example.primes.count"](limit, details=details))


def outcome(clock: Clock, pending: "Deferred[Any]") -> Any:
    outcomes: list[Any] = []
    pending.addBoth(outcomes.append)
    clock.advance(0)  # does all that is due, and what becomes due thereby
    return outcomes[0]


@pytest.mark.parametrize(
    ("limit", "primes", "largest"),
    [(2, 1, 2), (3, 2, 3), (4, 2, 3), (100, 25, 97), (SEGMENT - 1, 17984, 199999), (1_000_000, 78498, 999983)],
)
def test_primes_are_counted(clock: Clock, desk: Desk, limit: int, primes: int, largest: int) -> None:
    answer = outcome(clock, count(desk, limit))
    assert (answer["limit"], answer["primes"], answer["largest"]) == (limit, primes, largest)


def test_who_asks_for_it_is_told_how_far_it_got(clock: Clock, desk: Desk) -> None:
    told: list[Any] = []
    outcome(clock, count(desk, 1_000_000, told))
    assert told[0] == {"limit": 1_000_000, "done": SEGMENT - 1, "primes": 17984}


def test_a_call_that_is_cancelled_stops(clock: Clock, desk: Desk) -> None:
    pending = count(desk, 10_000_000)
    pending.cancel()
    failure = outcome(clock, pending)
    assert failure.value.error == "wamp.error.canceled"
    assert clock.getDelayedCalls() == []


@pytest.mark.parametrize("limit", [1, -5, 2.5, "ten", True, None, 10**11])
def test_a_limit_that_makes_no_sense_is_refused(clock: Clock, desk: Desk, limit: Any) -> None:
    failure = outcome(clock, count(desk, limit))
    assert failure.check(ApplicationError)
    assert failure.value.error == "wamp.error.invalid_argument"
