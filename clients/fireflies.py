"""A small game for many players, of which this worker is the referee: fireflies over a meadow collect sparks.

    com.example.fireflies.enter(name) -> {"player": 7, "x": 800, "y": 500, "speed": 420, ...}, after which one may move
    com.example.fireflies.move(x, y)  -> [x, y], where one is now; no further than one can fly
    com.example.fireflies.meadow         args [time, [[player, name, x, y, score], ...], [[x, y, value], ...]]

The last one is a topic, to which all that there is to see is published 20 times a second, so who comes late or misses
an event needs to ask for nothing. `time` is in milliseconds of a clock of our own. Callers must disclose themselves
(`disclose_me`): a session is a player, and is gone when it leaves the realm. Where it matters who wins, the roles of
players may not publish.
"""

import itertools
from argparse import Namespace
from random import Random
from typing import Any

from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.types import CallDetails, RegisterOptions
from twisted.internet.task import deferLater

from clients.arguments import caller, number, strict, text
from clients.command import main

INTERVAL, IDLE = 0.05, 0.5  # seconds between two snapshots; nobody is there to move in the second
WIDTH, HEIGHT = 1600, 1000  # of the meadow; the unit is as large as a page draws it
SPEED = 420  # units a second
STORED = 0.4  # seconds of flight that a player may save up: moves come in bunches when the network stutters
REACH = 34  # units from a spark that collect it
SPARKS, GOLDEN, EVERY = 36, 5, 9  # how many there are, what a golden one is worth, and one of how many is golden
MOST_PLAYERS, LONGEST_NAME = 60, 16


class Player:
    def __init__(self, number: int, name: str, x: float, y: float, now: float) -> None:
        self.number = number
        self.name = name
        self.x, self.y = x, y
        self.score = 0
        self.range = 0.0  # how far it may fly at `moved`
        self.moved = now

    def fly(self, x: float, y: float, now: float) -> None:
        """Towards the point, as far as the time since the last move allows."""
        x, y = min(max(x, 0), WIDTH), min(max(y, 0), HEIGHT)
        self.range = min(self.range + SPEED * (now - self.moved), SPEED * STORED)
        self.moved = now
        distance = ((x - self.x) ** 2 + (y - self.y) ** 2) ** 0.5
        share = min(1, self.range / distance) if distance else 1
        self.x += (x - self.x) * share
        self.y += (y - self.y) * share
        self.range -= distance * share


class Fireflies:
    def __init__(self, reactor: Any, arguments: Namespace) -> None:
        self.reactor = reactor
        self.random = Random()  # noqa: S311 - a game of chance, no secret
        self.numbers = itertools.count(1)
        self.players: dict[int, Player] = {}  # by session
        self.sparks = [self.spark() for _ in range(SPARKS)]

    async def serve(self, session: Any) -> None:
        self.players.clear()  # who left while we were away is unknown; who is still there enters again
        options = RegisterOptions(details_arg="details")
        await session.subscribe(self.left, "wamp.session.on_leave")
        await session.register(strict(self.enter), "com.example.fireflies.enter", options)
        await session.register(strict(self.move), "com.example.fireflies.move", options)
        while True:
            session.publish("com.example.fireflies.meadow", *self.meadow())
            await deferLater(self.reactor, INTERVAL if self.players else IDLE)

    def enter(self, name: Any, *, details: CallDetails) -> dict[str, Any]:
        session = caller(details)
        name = text("name", name, LONGEST_NAME).strip()
        if session not in self.players and len(self.players) >= MOST_PLAYERS:
            raise ApplicationError("com.example.fireflies.error.full", f"{MOST_PLAYERS} players are on the meadow")
        x, y = self.random.uniform(0.2, 0.8) * WIDTH, self.random.uniform(0.2, 0.8) * HEIGHT
        player = Player(next(self.numbers), name, round(x), round(y), self.reactor.seconds())
        self.players[session] = player
        return {"player": player.number, "x": player.x, "y": player.y, "speed": SPEED, "interval": INTERVAL}

    def move(self, x: Any, y: Any, *, details: CallDetails) -> tuple[float, float]:
        player = self.players.get(caller(details))
        if player is None:
            raise ApplicationError("com.example.fireflies.error.not_entered", "enter first")
        player.fly(number("x", x), number("y", y), self.reactor.seconds())
        for i, (there_x, there_y, value) in enumerate(self.sparks):
            if (there_x - player.x) ** 2 + (there_y - player.y) ** 2 <= REACH**2:
                player.score += value
                self.sparks[i] = self.spark()
        return round(player.x, 1), round(player.y, 1)

    def left(self, session: int, *_: Any, **__: Any) -> None:
        self.players.pop(session, None)

    def spark(self) -> tuple[int, int, int]:
        value = 1 if self.random.randrange(EVERY) else GOLDEN
        return self.random.randint(40, WIDTH - 40), self.random.randint(40, HEIGHT - 40), value

    def meadow(self) -> tuple[Any, ...]:
        players = [(one.number, one.name, round(one.x, 1), round(one.y, 1), one.score) for one in self.players.values()]
        return round(self.reactor.seconds() * 1000), players, self.sparks


if __name__ == "__main__":
    main({"fireflies": Fireflies})
