"""What the router writes to its log, as it happens.

    wamplex.log.list(*, level="debug", origin, text="", before, limit=50) -> {total, events: [
        {number, time, level, origin, text?, traceback?, omitted?}, ...]}
    wamplex.log.on_event: [{number, time, level, origin, text, traceback?}]

The level is debug, info, warn, error or critical, and asks for what is at least as important; the log itself has what
`logging.level` lets through. `origin` is how a name begins: `router` is `router.web`, too. The newest comes first,
`before` is the number up to which older ones are wanted, and `total` is how many there are that match. One with
`omitted` stands for that many of its level and origin within a second, see `ring`.

What is logged because an event is delivered is not told at once, but along with the next event: there is no loop.
"""

import builtins
from collections.abc import Callable
from threading import get_ident
from time import time
from typing import Any, Final, Literal, NamedTuple

from twisted.logger import LogEvent, globalLogPublisher

from realms.clock import Clock
from realms.meta.procedure import Procedure, Result
from realms.meta.times import written
from realms.realm import Realm
from realms.session import Session
from router.dashboard.paging import Limit, Text
from router.dashboard.ring import Before, Ring, Row, holds
from router.log import at_level, level_of, origin_of, told

ON_EVENT: Final = "wamplex.log.on_event"

MAX_PER_SECOND: Final = 100
"""Events of one level and origin."""

MAX_TEXT: Final = 2000
"""Characters of an event's text."""

MAX_TRACEBACK: Final = 8000
"""Characters of a traceback; of a longer one the end is kept, where it says what went wrong."""

LEVELS: Final = ("debug", "info", "warn", "error", "critical")

Level = Literal["debug", "info", "warn", "error", "critical"]


class Kind(NamedTuple):
    """What floods come in."""

    level: str
    origin: str


class Log:
    """The subject."""

    def __init__(
        self,
        clock: Clock,
        level: str,
        from_thread: Callable[..., object],
        now: Callable[[], float] = time,
    ) -> None:
        """`level` is that of the log; `from_thread(call, *args)` has something done in this thread, from another."""
        self._ring: Ring[Kind] = Ring(clock, MAX_PER_SECOND, now)
        self._thread = get_ident()
        self._from_thread = from_thread
        self._observer: Any = at_level(level, self._observe)
        self.procedures = (Procedure("wamplex.log.list", self.list),)

    def start(self, announce: Callable[[str, builtins.list[Any]], None]) -> None:
        """From now on keep what is logged, and tell of it."""
        self._ring.tell = lambda row: announce(ON_EVENT, [row])
        globalLogPublisher.addObserver(self._observer)

    def list(
        self,
        here: Realm,
        caller: Session,
        *,
        level: Level = "debug",
        origin: Text = "",
        text: Text = "",
        before: Before | None = None,
        limit: Limit = 50,
    ) -> Result:
        """The latest events that match, the newest first."""
        levels = LEVELS[LEVELS.index(level) :]

        def matches(row: Row) -> bool:
            return (
                row["level"] in levels
                and f"{row['origin']}.".startswith(f"{origin}." if origin else "")
                and (not text or holds(row, text, "origin", "text", "traceback"))
            )

        total, rows = self._ring.part(matches, before, limit)
        return Result([{"total": total, "events": rows}])

    def close(self) -> None:
        """The router stops."""
        globalLogPublisher.removeObserver(self._observer)
        self._ring.close()

    def _observe(self, event: LogEvent) -> None:
        if get_ident() == self._thread:
            self._keep(event)
        else:
            self._from_thread(self._keep, event)

    def _keep(self, event: LogEvent) -> None:
        kind = Kind(level_of(event), origin_of(event))
        if not self._ring.admits(kind):
            return
        row: Row = dict(told(event))
        row["text"] = _from_start(row["text"])
        if "traceback" in row:
            row["traceback"] = _to_end(row["traceback"])
        quietly = bool(event.get("delivers"))  # an event that goes by long-poll is in the access log
        self._ring.keep(kind, {"time": written(event["log_time"]), **row}, quietly=quietly)


def _from_start(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}..."


def _to_end(traceback: str) -> str:
    return traceback if len(traceback) <= MAX_TRACEBACK else f"...{traceback[-MAX_TRACEBACK:]}"
