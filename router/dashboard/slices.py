"""Long walks in small steps: others are served in between.

To look at one of ten thousand sessions takes a microsecond or three, as nothing of it is in the processor's caches. All
of them at once would hold up everybody by 30 ms, each time that a viewer asks.
"""

from collections.abc import AsyncIterator, Iterable
from typing import Final, TypeVar

from twisted.internet.defer import Deferred

from realms.clock import Clock

AT_ONCE: Final = 500
"""How many are looked at before others have their turn: 2 ms."""

T = TypeVar("T")


async def slices(items: Iterable[T], clock: Clock) -> AsyncIterator[list[T]]:
    """The items, some at a time, as they were at the beginning; a short list is one slice, and waits for nobody."""
    everything = list(items)
    for start in range(0, len(everything), AT_ONCE):
        if start:
            turn: Deferred[None] = Deferred()
            clock.callLater(0, turn.callback, None)
            await turn
        yield everything[start : start + AT_ONCE]
