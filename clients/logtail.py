"""A publisher that follows a file, as `tail -F` does, and a callee that recalls what it published.

    com.example.log                        args [number, line]
    com.example.log.last(count=100)     -> [[number, line], ...], oldest first

Lines are numbered from 1 when the worker starts. A page subscribes first and calls `last` then: what comes both ways
has the same number. Do not follow a log in which the router tells of every event: each line would beget the next.
"""

from argparse import Namespace
from collections import deque
from typing import Any

from autobahn.wamp.exception import ApplicationError
from twisted.internet.task import deferLater

from clients.command import main
from clients.tail import Tail

INTERVAL = 0.25  # seconds between two looks at the file
REMEMBERED = 500  # lines


class LogTail:
    def __init__(self, reactor: Any, arguments: Namespace) -> None:
        self.reactor = reactor
        self.tail = Tail(arguments.log_file)
        self.number = 0
        self.remembered: deque[tuple[int, str]] = deque(maxlen=REMEMBERED)

    async def serve(self, session: Any) -> None:
        """Lines written while no router could be reached wait in the file."""
        await session.register(self.last, "com.example.log.last")
        while True:
            for line in self.tail.read():
                self.number += 1
                self.remembered.append((self.number, line))
                session.publish("com.example.log", self.number, line)
            await deferLater(self.reactor, INTERVAL)

    def last(self, count: Any = 100, *unexpected: Any, **named: Any) -> list[tuple[int, str]]:
        if unexpected or named or type(count) is not int or not 1 <= count <= REMEMBERED:
            raise ApplicationError(
                ApplicationError.INVALID_ARGUMENT, f"last(count): count must be a whole number from 1 to {REMEMBERED}"
            )
        return list(self.remembered)[-count:]


if __name__ == "__main__":
    main({"logtail": LogTail})
