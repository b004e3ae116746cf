"""A publisher that follows a file, as `tail -F` does, and a callee that recalls what it published.

    com.example.log                                 args [number, line, level]
    com.example.log.last(count=100, before=None) -> [[number, line, level], ...], oldest first

Lines are numbered from 1 when the worker starts. A page subscribes first and calls `last` then: what comes both ways
has the same number. It scrolls back with `before`, the number of the oldest line it has; an empty answer is the end.
Do not follow a log in which the router tells of every event: each line would beget the next.
"""

import re
from argparse import Namespace
from collections import deque
from itertools import islice
from typing import Any, NamedTuple

from twisted.internet.task import deferLater

from clients.arguments import invalid, strict
from clients.command import main
from clients.tail import Tail

INTERVAL = 0.25  # seconds between two looks at the file
REMEMBERED = 10_000  # lines
AT_ONCE = 500  # lines in one answer
LARGEST_ANSWER = 128 * 1024  # characters; fewer lines are answered when they are long, as messages have a limit
PAST = 64 * 1024  # octets of what the file holds already that are remembered, so that a late worker has a past
LEVEL = re.compile(r"\b(?:(debug|trace)|(info|notice)|(warn(?:ing)?)|(error|critical|fatal|alert))\b", re.IGNORECASE)
LEVELS = ("debug", "info", "warn", "error")
LONGEST_TRACE = 50  # lines that may belong to the one that named a level
HEAD = 80  # characters at the beginning of a line in which its level is looked for


class Line(NamedTuple):
    number: int
    text: str
    level: str


class LogTail:
    def __init__(self, reactor: Any, arguments: Namespace) -> None:
        self.reactor = reactor
        self.tail = Tail(arguments.log_file)
        self.remembered: deque[Line] = deque(maxlen=REMEMBERED)
        self.newest = Line(0, "", "info")
        self.named = 0  # the number of the last line that named its level
        for text in self.tail.past(PAST):
            self.remember(text)

    async def serve(self, session: Any) -> None:
        """Lines written while no router could be reached wait in the file."""
        await session.register(strict(self.last), "com.example.log.last")
        while True:
            for text in self.tail.read():
                session.publish("com.example.log", *self.remember(text))
            await deferLater(self.reactor, INTERVAL)

    def remember(self, text: str) -> Line:
        """A line that names no level, such as those of a traceback, has that of the line before it."""
        number, level = self.newest.number + 1, self.newest.level
        if (named := LEVEL.search(text, 0, HEAD)) and named.lastindex:
            level, self.named = LEVELS[named.lastindex - 1], number
        elif number - self.named > LONGEST_TRACE:
            level = "info"
        self.newest = Line(number, text, level)
        self.remembered.append(self.newest)
        return self.newest

    def last(self, count: Any = 100, before: Any = None) -> list[Line]:
        if type(count) is not int or not 1 <= count <= AT_ONCE:
            raise invalid(f"count must be a whole number from 1 to {AT_ONCE}")
        if before is not None and type(before) is not int:
            raise invalid("before must be the number of a line")
        skipped = 0 if before is None else min(max(0, self.newest.number - before + 1), REMEMBERED)
        lines: list[Line] = []
        room = LARGEST_ANSWER
        for line in islice(reversed(self.remembered), skipped, skipped + count):
            room -= len(line.text)
            if room < 0:
                break
            lines.append(line)
        return lines[::-1]


if __name__ == "__main__":
    main({"logtail": LogTail})
