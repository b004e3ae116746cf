"""Who came in, who was refused and who was denied what, as it happens; whether or not there is an audit trail.

    wamplex.audit.list(*, text="", event, outcome, realm, before, limit=50) -> {total, entries: [
        {number, time, event, outcome, realm?, session?, authid?, authrole?, authmethod?, address?, action?, object?,
         object_realm?, reason?, omitted?}, ...]}
    wamplex.audit.on_entry: [{number, time, event, outcome, ...}]

An entry is as in the audit trail (realms/audit.py), with a number; the newest comes first, `before` is the number up to
which older ones are wanted, and `total` is how many there are that match. `text` is looked for in who, from where, what
and why. One with `omitted` stands for that many of its event, outcome and authrole within a second, see `ring`.

Neither the list nor the event is anything that would be recorded, so that watching does not feed itself.
"""

import builtins
from collections.abc import Callable
from time import time
from typing import Any, Final, Literal, NamedTuple

from realms.audit import Entry, Event
from realms.clock import Clock
from realms.meta.procedure import Procedure, Result
from realms.realm import Realm
from realms.session import Session
from router.audit import told
from router.dashboard.paging import Limit, Text
from router.dashboard.ring import Before, Ring, Row, holds

ON_ENTRY: Final = "wamplex.audit.on_entry"

MAX_PER_SECOND: Final = 25
"""Entries of one kind, as many as somebody may glance over."""

SEARCHED: Final = ("authid", "authrole", "authmethod", "address", "session", "action", "object", "reason", "realm")


class Kind(NamedTuple):
    """What floods come in."""

    event: Event
    outcome: str
    authrole: str | None


class Audit:
    """The subject; `record` takes the entries of all realms."""

    def __init__(self, clock: Clock, now: Callable[[], float] = time) -> None:
        self._ring: Ring[Kind] = Ring(clock, MAX_PER_SECOND, now)
        self.procedures = (Procedure("wamplex.audit.list", self.list),)

    def start(self, announce: Callable[[str, builtins.list[Any]], None]) -> None:
        """From now on tell of entries as they come."""
        self._ring.tell = lambda row: announce(ON_ENTRY, [row])

    def record(self, entry: Entry) -> None:
        """Keep an entry."""
        kind = Kind(entry.event, entry.outcome, entry.authrole)
        if self._ring.admits(kind):
            self._ring.keep(kind, told(entry))

    def list(
        self,
        here: Realm,
        caller: Session,
        *,
        text: Text = "",
        event: Event | None = None,
        outcome: Literal["success", "failure"] | None = None,
        realm: str | None = None,
        before: Before | None = None,
        limit: Limit = 50,
    ) -> Result:
        """The latest entries that match, the newest first."""
        wanted = {"event": event, "outcome": outcome, "realm": realm}
        exactly = {key: value for key, value in wanted.items() if value is not None}

        def matches(row: Row) -> bool:
            # what is omitted is of any realm
            fits = all(row.get(key, value) == value for key, value in exactly.items())
            return fits and (not text or holds(row, text, *SEARCHED))

        total, rows = self._ring.part(matches, before, limit)
        return Result([{"total": total, "entries": rows}])

    def close(self) -> None:
        """The router stops."""
        self._ring.close()
