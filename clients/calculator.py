"""A callee: one procedure that answers at once, and one that takes its time and tells how far it got.

    com.example.add2(a, b) -> a + b
    com.example.countdown(start=5, interval=0.5) -> 0, with the progressive results start, start - 1, ... 1

Arguments that do not fit are answered with the error wamp.error.invalid_argument and a sentence for people.
"""

from argparse import Namespace
from typing import Any

from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.types import CallDetails, RegisterOptions
from twisted.internet.defer import CancelledError
from twisted.internet.task import deferLater

from clients.arguments import invalid, number, strict
from clients.command import main

LONGEST_COUNTDOWN = 1000
LONGEST_INTERVAL = 10.0  # seconds


class Calculator:
    def __init__(self, reactor: Any, arguments: Namespace) -> None:
        self.reactor = reactor

    async def serve(self, session: Any) -> None:
        await session.register(strict(self.add2), "com.example.add2")
        await session.register(strict(self.countdown), "com.example.countdown", RegisterOptions(details_arg="details"))

    def add2(self, a: Any, b: Any) -> int | float:
        return number("a", a) + number("b", b)

    async def countdown(self, start: Any = 5, interval: Any = 0.5, *, details: CallDetails) -> int:
        """A caller's CANCEL arrives here as CancelledError out of the waiting, and ends the countdown."""
        if number("start", start) != int(start) or not 0 <= start <= LONGEST_COUNTDOWN:
            raise invalid(f"start must be a whole number from 0 to {LONGEST_COUNTDOWN}")
        if not 0 <= number("interval", interval) <= LONGEST_INTERVAL:
            raise invalid(f"interval must be from 0 to {LONGEST_INTERVAL:g} seconds")
        for left in range(int(start), 0, -1):
            if details.progress:  # None when the caller did not ask for progressive results
                details.progress(left)
            try:
                await deferLater(self.reactor, interval)
            except CancelledError:
                raise ApplicationError(ApplicationError.CANCELED, f"countdown stopped at {left}") from None
        return 0


if __name__ == "__main__":
    main({"calculator": Calculator})
