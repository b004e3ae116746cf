"""Deliveries: events on their way to somebody's server, in a queue of bounded length, tried again after failures.

    add -> queue -> in flight --delivered--> done
                       |  ^---- after a while, `retries` times ----+
                       +--failed for now--> waits -----------------+
                       +--failed for good, or once too often--> given up, and counted

The one that waits to be tried again keeps its place: with one request at a time events arrive in their order, and the
server that is down holds up all of them. When the queue is full the oldest makes room. Both are logged once, until
something is delivered again.

There are no sockets here: the clock, the dice and whoever sends come through the constructor.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final, NamedTuple

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from realms.clock import Clock, Timer

FIRST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 60.0
"""Seconds until a failed delivery is tried again: twice as long after each failure, and up to half of it less, by
chance, so that many who wait for one server do not come at once."""

MOST_OBEYED: Final = 600.0
"""Seconds of a Retry-After that are waited; a server that asks for more is asked earlier."""

log = Logger(namespace="bridge")


class Outcome(NamedTuple):
    """What became of one attempt."""

    delivered: bool
    reason: str = ""
    again: bool = False
    """Whether it may go well another time."""

    after: float = 0.0
    """Seconds that the server asks to wait."""


class Delivery(NamedTuple):
    """An event for a server: the id is the same in all attempts."""

    id: str
    body: bytes


Send = Callable[[Delivery], Deferred[Outcome]]


@dataclass(slots=True)
class Counts:
    """Numbers that only grow."""

    delivered: int = 0
    failed: int = 0
    """Attempts."""

    dropped: int = 0
    """Events, for want of room or after the last attempt."""


class Deliveries:
    """Those to one server."""

    def __init__(
        self, name: str, send: Send, clock: Clock, random: Random, *, queue: int, concurrency: int, retries: int
    ) -> None:
        """`name` is for the log. `queue` events wait, `concurrency` are under way, each tried `retries` times more."""
        self.counts = Counts()
        self._name = name
        self._send = send
        self._clock = clock
        self._random = random
        self._queue: deque[Delivery] = deque()
        self._most = queue
        self._free = concurrency
        self._retries = retries
        self._timers: dict[Delivery, Timer] = {}
        self._sent: set[Deferred[Outcome]] = set()
        self._has_complained = False
        self._is_open = True

    def __len__(self) -> int:
        """How many are not yet delivered."""
        return len(self._queue) + len(self._sent) + len(self._timers)

    def add(self, delivery: Delivery) -> None:
        """Deliver this, after those that wait."""
        if not self._is_open:
            return
        if len(self._queue) >= self._most:
            self._queue.popleft()
            self._drop("there are too many")
        self._queue.append(delivery)
        self._go_on()

    def close(self) -> int:
        """Deliver no more; gives how many were not delivered."""
        left, self._is_open = len(self), False
        self._queue.clear()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        for sent in list(self._sent):
            sent.cancel()
        return left

    def _go_on(self) -> None:
        while self._queue and self._free and self._is_open:
            self._free -= 1
            self._try(self._queue.popleft(), 0)

    def _try(self, delivery: Delivery, failures: int) -> None:
        self._timers.pop(delivery, None)
        sent = self._send(delivery)
        self._sent.add(sent)
        sent.addErrback(_broken)
        sent.addCallback(lambda outcome: self._came(sent, delivery, failures, outcome))
        sent.addErrback(lambda failure: log.failure("a delivery to {name} failed", failure=failure, name=self._name))

    def _came(self, sent: Deferred[Outcome], delivery: Delivery, failures: int, outcome: Outcome) -> None:
        self._sent.discard(sent)
        if not self._is_open:
            return
        if outcome.delivered:
            self.counts.delivered += 1
            self._has_complained = False
        else:
            self.counts.failed += 1
            if outcome.again and failures < self._retries:
                wait = max(self._wait(failures), min(outcome.after, MOST_OBEYED))
                self._timers[delivery] = self._clock.callLater(wait, self._try, delivery, failures + 1)
                return
            self._drop(outcome.reason)
        self._free += 1
        self._go_on()

    def _wait(self, failures: int) -> float:
        longest = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(failures, 30))
        return longest * self._random.uniform(0.5, 1.0)

    def _drop(self, reason: str) -> None:
        self.counts.dropped += 1
        if not self._has_complained:
            self._has_complained = True
            log.warn("events for {name} are dropped: {reason}", name=self._name, reason=reason)


def _broken(failure: Failure) -> Outcome:
    """Whoever sends made a mistake, or was told to stop."""
    return Outcome(False, failure.getErrorMessage(), again=True)
