"""One write per connection and turn of the event loop.

Small frames that are written at once cost a send(2) each, which is more than routing them. So connections only queue,
and tell the flusher when their outbox is no longer empty; it flushes them all in the next turn, after the reads of
this one. One flusher serves the whole process.
"""

from collections.abc import Callable
from typing import Protocol

from twisted.logger import Logger

log = Logger()


class Outbox(Protocol):
    """What the flusher needs of a connection."""

    def flush(self) -> None:
        """Write what is queued."""


class Flusher:
    """The connections that have something to write; `call_soon` is the event loop's."""

    __slots__ = ("call_soon", "waiting")

    def __init__(self, call_soon: Callable[[Callable[[], None]], object]) -> None:
        self.call_soon = call_soon
        self.waiting: list[Outbox] = []

    def add(self, outbox: Outbox) -> None:
        """Flush `outbox` in the next turn."""
        if not self.waiting:
            self.call_soon(self.flush)
        self.waiting.append(outbox)

    def flush(self) -> None:
        """Flush all that were added; one that fails does not stop the others."""
        waiting, self.waiting = self.waiting, []
        for outbox in waiting:
            try:
                outbox.flush()
            except Exception:
                log.failure("A connection could not be flushed")
