"""Players of the fireflies that are no browsers: each flies at random over a connection of its own."""

import math
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.peers import Peer

STEP, PAUSE = 18, 0.06  # units that a player flies at a time, and seconds between two


class Player:
    """One of them, on the meadow."""

    def __init__(self, port: int, name: str) -> None:
        self.peer = Peer(port).join()
        (placed,) = self.ask("enter", name)
        self.x, self.y = placed["x"], placed["y"]

    def ask(self, procedure: str, *args: Any) -> list[Any]:
        request = self.peer.call(f"com.example.fireflies.{procedure}", list(args), disclose_me=True)
        answer: list[Any] = self.peer.receives(50, request)[3]
        return answer

    def fly(self, over: threading.Event) -> None:
        heading = random.uniform(0, 2 * math.pi)
        while not over.wait(PAUSE):
            heading += random.uniform(-0.4, 0.4)
            x, y = self.x + STEP * math.cos(heading), self.y + STEP * math.sin(heading)
            ((self.x, self.y),) = self.ask("move", x, y)
            if min(self.x, self.y) <= 0:
                heading += 2
        self.peer.vanish()


@contextmanager
def playing(port: int, names: list[str]) -> Iterator[list[Player]]:
    """So many players fly meanwhile; at the end all of them vanish without a word."""
    over = threading.Event()
    players = [Player(port, name) for name in names]
    threads = [threading.Thread(target=player.fly, args=(over,), daemon=True) for player in players]
    for thread in threads:
        thread.start()
    try:
        yield players
    finally:
        over.set()
        for thread in threads:
            thread.join(10)
