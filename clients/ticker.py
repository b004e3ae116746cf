"""A publisher: prices that wander at random, four times a second.

    com.example.ticker.<symbol>    kwargs {"symbol": "AMBR", "price": 101.25}

One topic per symbol lets a subscriber choose: one of them by its name, all of them by the prefix `com.example.ticker`.
"""

from argparse import Namespace
from random import Random
from typing import Any

from twisted.internet.task import deferLater

from clients.command import main

START = {"AMBR": 120.0, "COBL": 48.0, "LARK": 310.0, "MOSS": 7.5}  # prices of companies that do not exist
INTERVAL = 0.25  # seconds
STEP = 0.002  # standard deviation of one step, as a share of the price
PULL = 0.002  # how much of the distance to its first price a step takes back, so that none runs away


class Ticker:
    def __init__(self, reactor: Any, arguments: Namespace) -> None:
        self.reactor = reactor
        self.random = Random()  # noqa: S311 - a game of chance, no secret
        self.prices = dict(START)

    async def serve(self, session: Any) -> None:
        while True:
            for symbol, price in self.prices.items():
                session.publish(f"com.example.ticker.{symbol.lower()}", symbol=symbol, price=round(price, 2))
            self.prices = {symbol: self.step(symbol, price) for symbol, price in self.prices.items()}
            await deferLater(self.reactor, INTERVAL)

    def step(self, symbol: str, price: float) -> float:
        return price * (1 + self.random.gauss(0, STEP)) + (START[symbol] - price) * PULL


if __name__ == "__main__":
    main({"ticker": Ticker})
