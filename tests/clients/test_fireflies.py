"""The referee of the fireflies: who plays, how far one flies, who has which spark."""

from argparse import Namespace
from typing import Any

import pytest
from autobahn.wamp.exception import ApplicationError
from twisted.internet.task import Clock

from clients.fireflies import (
    GOLDEN,
    HEIGHT,
    INTERVAL,
    LONGEST_NAME,
    MOST_PLAYERS,
    REACH,
    SPARKS,
    SPEED,
    STORED,
    WIDTH,
    Fireflies,
)  # fmt: skip
from tests.clients.desk import Desk, employ

ENTER, MOVE, MEADOW = (f"com.example.fireflies.{name}" for name in ("enter", "move", "meadow"))
ANN, BOB = 11, 12


class Game:
    """A referee with no spark on its meadow, unless a test puts one there."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.worker = Fireflies(self.clock, Namespace())
        self.sparks(*[(-1000, -1000, 1)] * SPARKS)
        self.desk: Desk = employ(self.worker)[0]

    def sparks(self, *sparks: tuple[int, int, int]) -> None:
        self.worker.sparks = list(sparks)

    def enter(self, session: int, name: Any = "Ann") -> Any:
        return self.desk.call_as(session, ENTER, name)

    def move(self, session: int | None, x: Any, y: Any) -> Any:
        return self.desk.call_as(session, MOVE, x, y)

    def seen(self) -> dict[str, tuple[float, float, int]]:
        """Where everybody is, and what they have collected, in the next snapshot."""
        self.desk.told(MEADOW)
        self.clock.pump([INTERVAL] * 20)
        return {name: (x, y, score) for _, name, x, y, score in self.desk.told(MEADOW)[-1][1]}


@pytest.fixture
def game() -> Game:
    return Game()


def test_who_enters_is_on_the_meadow_for_all_to_see(game: Game) -> None:
    placed = game.enter(ANN)
    assert 0 < placed["x"] < WIDTH
    assert 0 < placed["y"] < HEIGHT
    assert game.seen() == {"Ann": (placed["x"], placed["y"], 0)}


def test_snapshots_come_twenty_times_a_second_while_somebody_plays(game: Game) -> None:
    game.enter(ANN)
    game.seen()
    game.clock.pump([0.01] * 100)
    times = [time for time, _, _ in game.desk.told(MEADOW)]
    assert 19 <= len(times) <= 21
    assert times == sorted(times)
    game.desk.topics["wamp.session.on_leave"](ANN, "ann", "anonymous")
    game.seen()
    game.clock.pump([0.01] * 100)
    assert len(game.desk.told(MEADOW)) <= 2


def test_a_player_flies_no_faster_than_it_may(game: Game) -> None:
    placed = game.enter(ANN)
    game.clock.advance(0.1)
    x, y = game.move(ANN, placed["x"], 10_000)
    assert x == placed["x"]
    assert y - placed["y"] == pytest.approx(SPEED * 0.1, abs=0.1)
    assert game.move(ANN, x, 10_000) == (x, y)  # at once, again
    assert game.seen()["Ann"] == (x, y, 0)


def test_who_was_still_for_long_gets_no_great_leap(game: Game) -> None:
    placed = game.enter(ANN)
    game.clock.advance(3600)
    x, y = game.move(ANN, placed["x"] + 10_000, placed["y"])
    assert (x, y) == (pytest.approx(min(placed["x"] + SPEED * STORED, WIDTH), abs=0.1), placed["y"])


def test_nobody_leaves_the_meadow(game: Game) -> None:
    game.enter(ANN)
    for _ in range(200):
        game.clock.advance(0.1)
        x, y = game.move(ANN, -1_000_000, 1_000_000)
    assert (x, y) == (0, HEIGHT)


def test_a_spark_is_collected_once_and_another_one_appears(game: Game) -> None:
    placed = game.enter(ANN)
    game.enter(BOB, "Bob")
    there = (placed["x"] + REACH + 10, placed["y"])
    game.sparks((*there, GOLDEN))
    game.clock.advance(0.1)
    game.move(ANN, placed["x"], placed["y"])
    assert game.worker.sparks == [(*there, GOLDEN)]
    game.move(ANN, *there)
    assert [(*there, GOLDEN)] != game.worker.sparks
    assert len(game.worker.sparks) == 1
    assert game.seen()["Ann"][2] == GOLDEN
    assert game.seen()["Bob"][2] == 0


def test_who_is_gone_is_gone_from_the_meadow(game: Game) -> None:
    game.enter(ANN)
    game.enter(BOB, "Bob")
    game.desk.topics["wamp.session.on_leave"](ANN, "ann", "anonymous")
    assert list(game.seen()) == ["Bob"]
    with pytest.raises(ApplicationError, match="not_entered"):
        game.move(ANN, 1, 1)


def test_a_referee_that_was_away_knows_nobody_so_that_nobody_stays_for_ever(game: Game) -> None:
    game.enter(ANN)
    game.desk, _ = employ(game.worker)
    with pytest.raises(ApplicationError, match="not_entered"):
        game.move(ANN, 1, 1)


def test_who_enters_again_is_one_player(game: Game) -> None:
    game.enter(ANN)
    game.enter(ANN, "Anna")
    assert list(game.seen()) == ["Anna"]


def test_a_full_meadow_says_so(game: Game) -> None:
    for session in range(MOST_PLAYERS):
        game.enter(session, f"p{session}")
    with pytest.raises(ApplicationError, match="full"):
        game.enter(MOST_PLAYERS)
    game.enter(0, "again")


@pytest.mark.parametrize("name", ["", "   ", "x" * (LONGEST_NAME + 1), None, 7, ["Ann"]])
def test_a_name_must_be_one(game: Game, name: Any) -> None:
    with pytest.raises(ApplicationError, match=r"wamp\.error\.invalid_argument"):
        game.enter(ANN, name)


@pytest.mark.parametrize("place", [("1", 2), (None, None), (float("nan"), 0), (float("inf"), 0), (True, 1)])
def test_a_place_must_be_two_numbers(game: Game, place: Any) -> None:
    game.enter(ANN)
    with pytest.raises(ApplicationError, match=r"wamp\.error\.invalid_argument"):
        game.move(ANN, *place)


def test_who_hides_who_it_is_cannot_play(game: Game) -> None:
    for procedure, args in ((ENTER, ("Ann",)), (MOVE, (1, 1))):
        with pytest.raises(ApplicationError, match="disclose_me"):
            game.desk.call_as(None, procedure, *args)
