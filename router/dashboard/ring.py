"""The latest of what happens, in memory: rows with growing numbers, listed from the newest on, and told as they come.

Whoever provokes a thousand of them a second slows nobody: of one kind only so many a second are kept, and the rest is
counted; the count is a row itself, `{number, time, ..., "omitted": 975}`, at the end of the second. And as the oldest
of the most frequent kind makes room, nobody hides what it did behind what it did not.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from itertools import chain, islice
from time import time
from typing import Annotated, Any, Final, Generic, NamedTuple, TypeVar

from msgspec import Meta
from twisted.logger import Logger

from realms.clock import Clock, Timer
from realms.meta.times import written

MAX_ROWS: Final = 2000
"""How many are kept; most are a few hundred octets."""

SECOND: Final = 1.0

TELL_AFTER: Final = 0.1
"""Seconds until a row is told: what happens in the midst of a change is told when the change is over."""

Before = Annotated[int, Meta(ge=1)]
"""The number of a row: those before it are wanted."""

Row = dict[str, Any]
Kind = TypeVar("Kind", bound=NamedTuple)

log = Logger(namespace="dashboard")


class Ring(Generic[Kind]):
    """The latest rows. A kind is a tuple of what rows of one sort have in common, named as in the row."""

    def __init__(self, clock: Clock, per_second: int, now: Callable[[], float] = time) -> None:
        self.tell: Callable[[Row], None] = lambda row: None
        """Told of each row, in the order of their numbers."""

        self._clock = clock
        self._per_second = per_second
        self._now = now
        self._number = 0
        self._kept: dict[Kind, deque[Row]] = {}
        self._seen: Counter[Kind] = Counter()
        self._second: Timer | None = None
        self._untold: deque[Row] = deque(maxlen=MAX_ROWS)  # what comes quietly may wait for long
        self._due: Timer | None = None
        self._is_telling = False

    def admits(self, kind: Kind) -> bool:
        """Whether a row of this kind is to be kept; otherwise it is counted, and that is all."""
        if self._second is None:
            self._second = self._clock.callLater(SECOND, self._end_second)
        self._seen[kind] += 1
        return self._seen[kind] <= self._per_second

    def keep(self, kind: Kind, row: Row, *, quietly: bool = False) -> None:
        """Keep a row that is admitted; the number is added here, the time if there is none.

        What happens because rows are told is kept `quietly`: it waits for the next one, or there would be no end to it.
        """
        self._number += 1
        row = {"number": self._number, "time": written(self._now()), **{key: _text(row[key]) for key in row}}
        self._kept.setdefault(kind, deque()).append(row)
        if sum(map(len, self._kept.values())) > MAX_ROWS:
            self._make_room()
        self._untold.append(row)
        if self._due is None and not self._is_telling and not quietly:
            self._due = self._clock.callLater(TELL_AFTER, self._tell)

    def part(self, matches: Callable[[Row], bool], before: int | None, limit: int) -> tuple[int, list[Row]]:
        """How many rows match, and the newest of them, from the newest on; `before` a number if there is one."""
        rows = sorted(filter(matches, chain.from_iterable(self._kept.values())), key=_number, reverse=True)
        older: Iterator[Row] = (row for row in rows if before is None or row["number"] < before)
        return len(rows), list(islice(older, limit))

    def close(self) -> None:
        """The router stops: nothing more is told."""
        for timer in (self._second, self._due):
            if timer is not None:
                timer.cancel()

    def _make_room(self) -> None:
        most = max(self._kept, key=lambda kind: len(self._kept[kind]))
        self._kept[most].popleft()
        if not self._kept[most]:
            del self._kept[most]

    def _end_second(self) -> None:
        self._second = None
        seen, self._seen = self._seen, Counter()
        for kind, count in seen.items():
            if count > self._per_second:
                self.keep(kind, {**said(kind._asdict()), "omitted": count - self._per_second})

    def _tell(self) -> None:
        self._due = None
        untold = list(self._untold)
        self._untold.clear()
        self._is_telling = True
        try:
            for row in untold:
                self.tell(row)
        except Exception:
            log.failure("a row cannot be told")  # while this counts as telling, or there would be no end to it
        finally:
            self._is_telling = False


def said(row: Row) -> Row:
    """What there is of a row: None does not apply."""
    return {key: value for key, value in row.items() if value is not None}


def holds(row: Row, text: str, *keys: str) -> bool:
    """Whether a text is anywhere in these fields of a row; upper and lower case are the same."""
    wanted = text.casefold()
    return any(wanted in str(row[key]).casefold() for key in keys if key in row)


def _text(value: Any) -> Any:
    """What every codec can write: a file's name, for one, may hold what is no Unicode."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _number(row: Row) -> int:
    number: int = row["number"]
    return number
