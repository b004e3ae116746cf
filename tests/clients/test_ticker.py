"""The ticker: how fast it publishes, and what its prices are like."""

from argparse import Namespace
from itertools import pairwise

import pytest
from autobahn.wamp.exception import ApplicationError
from twisted.internet.task import Clock

from clients.ticker import HURRIED, HURRY, MINUTE, START, Ticker
from tests.clients.desk import Desk, employ

HISTORY, FASTER = "com.example.ticker.last_minute", "com.example.ticker.hurry"


def start(clock: Clock, symbols: int = 4, rate: int = 5) -> Desk:
    return employ(Ticker(clock, Namespace(symbols=symbols, rate=rate)))[0]


def pass_by(clock: Clock, seconds: float) -> None:
    clock.pump([0.01] * round(seconds * 100))


def test_every_symbol_is_published_at_every_tick_until_the_session_is_over() -> None:
    clock = Clock()
    desk, serving = employ(Ticker(clock, Namespace(symbols=24, rate=5)))
    pass_by(clock, 0.99)
    assert len(desk.published) == 24 * 5
    topic, args, kwargs = desk.published[1]
    assert (topic, args, kwargs["symbol"]) == ("com.example.ticker.ambr", (), "AMBR")
    serving.addErrback(lambda _: None)
    serving.cancel()
    pass_by(clock, 1)
    assert len(desk.published) == 24 * 5


def test_pace_and_number_are_those_of_the_command_line() -> None:
    clock = Clock()
    desk = start(clock, symbols=2, rate=20)
    pass_by(clock, 0.99)
    assert len(desk.published) == 2 * 20


def test_who_asks_it_to_hurry_has_it_hurry_for_a_while() -> None:
    clock = Clock()
    desk = start(clock, symbols=1)
    assert desk.procedures[FASTER]() == {"rate": HURRIED, "seconds": HURRY}
    pass_by(clock, 10)
    assert 470 <= len(desk.published) <= 501
    pass_by(clock, HURRY)
    desk.published.clear()
    pass_by(clock, 10)
    assert len(desk.published) == 50


def test_prices_wander_but_neither_run_away_nor_jump() -> None:
    clock = Clock()
    desk = start(clock, symbols=24)
    pass_by(clock, 200)
    for symbol, first in START.items():
        prices = [tick["price"] for _, _, tick in desk.published if tick["symbol"] == symbol]
        assert all(0.5 < price / first < 2 for price in prices)
        assert all(abs(after / before - 1) < 0.02 for before, after in pairwise(prices))


def test_the_last_minute_is_there_at_once_and_goes_with_the_time() -> None:
    clock = Clock()
    desk = start(clock)
    before = desk.procedures[HISTORY]()
    assert list(before["prices"]) == list(START)[:4]
    assert {len(prices) for prices in before["prices"].values()} == {MINUTE}
    pass_by(clock, 30)
    after = desk.procedures[HISTORY]()["prices"]["ALDR"]
    published = [tick["price"] for _, _, tick in desk.published if tick["symbol"] == "ALDR"]
    assert len(after) == MINUTE
    assert after[0] in before["prices"]["ALDR"]
    assert after[-1] in published[-5:]


@pytest.mark.parametrize("procedure", [HISTORY, FASTER])
def test_arguments_that_nobody_asked_for_are_refused(procedure: str) -> None:
    with pytest.raises(ApplicationError, match=r"wamp\.error\.invalid_argument"):
        start(Clock()).procedures[procedure](1_000_000)
