"""Delta debugging: the shortest part of a list that still fails. Andreas Zeller's ddmin, with a limit of time."""

from collections.abc import Callable
from time import monotonic
from typing import TypeVar

T = TypeVar("T")


def shortened(items: list[T], fails: Callable[[list[T]], bool], seconds: float = 30.0) -> list[T]:
    """Leave out what can be left out: first large parts, then ever smaller ones, at last single items."""
    deadline = monotonic() + seconds
    size = max(len(items) // 2, 1)
    while monotonic() < deadline:
        before, place = len(items), 0
        while place < len(items) and monotonic() < deadline:
            fewer = items[:place] + items[place + size :]
            if fails(fewer):
                items = fewer
            else:
                place += size
        if size > 1:
            size = size // 2
        elif len(items) == before:
            break
    return items
