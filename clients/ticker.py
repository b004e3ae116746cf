"""A publisher: prices that wander at random, five times a second, and for a while faster if somebody asks for it.

    com.example.ticker.<symbol>         kwargs {"symbol": "AMBR", "price": 101.25}
    com.example.ticker.last_minute() -> {"interval": 0.5, "prices": {"AMBR": [101.25, ...], ...}}, oldest first
    com.example.ticker.hurry()       -> {"rate": 50, "seconds": 20}

One topic per symbol lets a subscriber choose: one of them by its name, all of them by the prefix `com.example.ticker`.
`last_minute` is for who comes late, and thinned: a chart begins full, and fast prices do not make it longer.
"""

from argparse import Namespace
from collections import deque
from random import Random
from typing import Any

from twisted.internet.task import deferLater

from clients.arguments import strict
from clients.command import main

START = {  # prices of companies that do not exist
    "ALDR": 86.4, "AMBR": 120.0, "BRCH": 15.75, "CEDR": 203.5, "COBL": 48.0, "DUNE": 9.2, "EMBR": 64.3, "FERN": 31.8,
    "GALE": 142.6, "HAZL": 5.45, "IRIS": 77.0, "JADE": 418.0, "KELP": 12.1, "LARK": 310.0, "MOSS": 7.5, "NOVA": 255.2,
    "ONYX": 98.9, "PINE": 23.6, "QUAY": 171.3, "REED": 3.85, "SAGE": 54.7, "TEAL": 36.2, "UMBR": 612.0, "WREN": 18.4,
}  # fmt: skip
HURRIED, HURRY = 50, 20.0  # a second, and seconds: what anybody may ask for must not keep a machine busy for long
VOLATILITY = 0.004  # standard deviation of a second's steps, as a share of the price
PULL = 0.008  # how much of the distance to its first price a second takes back, so that none runs away
MINUTE, INTERVAL = 120, 0.5  # prices of each symbol that are remembered, and seconds between two of them


class Ticker:
    def __init__(self, reactor: Any, arguments: Namespace) -> None:
        self.reactor = reactor
        self.rate = arguments.rate
        self.hurried_until = 0.0
        self.random = Random()  # noqa: S311 - a game of chance, no secret
        self.prices = dict(list(START.items())[: arguments.symbols])
        self.minute: deque[dict[str, float]] = deque(maxlen=MINUTE)
        for _ in range(MINUTE):
            self.remember()
            self.step(INTERVAL)

    async def serve(self, session: Any) -> None:
        await session.register(strict(self.last_minute), "com.example.ticker.last_minute")
        await session.register(strict(self.hurry), "com.example.ticker.hurry")
        now = due = remembered = self.reactor.seconds()
        while True:
            for symbol, price in self.prices.items():
                session.publish(f"com.example.ticker.{symbol.lower()}", symbol=symbol, price=round(price, 2))
            if now - remembered >= INTERVAL:
                remembered = now
                self.remember()
            pause = 1 / (max(HURRIED, self.rate) if now < self.hurried_until else self.rate)
            self.step(pause)
            due = max(due + pause, now)  # what came late shortens the next pause, but is not made up for
            await deferLater(self.reactor, due - now)
            now = self.reactor.seconds()

    def step(self, seconds: float) -> None:
        for symbol, price in self.prices.items():
            drift = (START[symbol] - price) * PULL * seconds
            self.prices[symbol] = price * (1 + self.random.gauss(0, VOLATILITY * seconds**0.5)) + drift

    def remember(self) -> None:
        self.minute.append({symbol: round(price, 2) for symbol, price in self.prices.items()})

    def last_minute(self) -> dict[str, Any]:
        prices = {symbol: [then[symbol] for then in self.minute] for symbol in self.prices}
        return {"interval": INTERVAL, "prices": prices}

    def hurry(self) -> dict[str, float]:
        self.hurried_until = self.reactor.seconds() + HURRY
        return {"rate": HURRIED, "seconds": HURRY}


if __name__ == "__main__":
    main({"ticker": Ticker})
