"""A few threads for work that would hold the event loop up: the hashing of passwords."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from twisted.internet.defer import Deferred, fail
from twisted.logger import Logger

from realms.authentication.off_loop import TooBusy

T = TypeVar("T")

THREADS: Final = max(1, (os.cpu_count() or 1) - 1)
"""One processor is left to the event loop; argon2 computes without Python's lock."""

MAX_WAITING: Final = 100
"""Pieces of work for each thread: those of a password take some five seconds then, which clients wait for."""

log = Logger(namespace="router")


class Workers:
    """A `realms.authentication.off_loop.OffLoop`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, threads: int = THREADS, max_waiting: int = MAX_WAITING) -> None:
        """The threads are started when they are needed."""
        self._loop = loop
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="worker")
        self._places = threads * max_waiting
        self._begun = 0
        self._was_full = False

    def __call__(self, work: Callable[[], T], /) -> Deferred[T]:
        """See `OffLoop`."""
        if self._begun >= self._places:
            if not self._was_full:  # once until there is room again
                log.warn("{places} passwords wait to be checked; more clients are refused", places=self._places)
            self._was_full = True
            return fail(TooBusy())
        self._begun += 1
        future = self._loop.run_in_executor(self._pool, work)
        future.add_done_callback(self._done)
        return Deferred.fromFuture(future)

    def stop(self) -> None:
        """Begin nothing that waits; what is at work ends in its own time."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _done(self, future: "asyncio.Future[Any]") -> None:
        self._begun -= 1
        self._was_full = self._was_full and self._begun > self._places // 2
