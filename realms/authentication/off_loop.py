"""Work that would hold up everybody: password hashing takes a processor for as long as thousands of messages.

Methods are given an `OffLoop` through their constructor. The router's is a few threads (`router.workers`); tests do the
work at once.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

from twisted.internet.defer import Deferred, execute

T = TypeVar("T")


class TooBusy(Exception):  # noqa: N818 - it reads as what it says
    """So much work waits already that this is not even begun."""


class OffLoop(Protocol):
    """Does work elsewhere than on the event loop."""

    def __call__(self, work: Callable[[], T], /) -> Deferred[T]:
        """Give what the work returns, or fails with, later; fails with TooBusy if it is not begun.

        Whoever no longer waits may cancel the Deferred: work that has not begun is dropped then.
        """


def at_once(work: Callable[[], T], /) -> Deferred[T]:
    """Do the work where it stands; the smallest OffLoop."""
    return execute(work)
