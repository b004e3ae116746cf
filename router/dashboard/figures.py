"""What each session of a realm has carried, and how much it carries now: to sort all of them by it.

All sessions are looked at when somebody asks, at most once in a second however many ask, and what was seen is forgotten
when nobody has asked for a while. A rate is what two looks differ in.
"""

from collections.abc import Callable, Mapping
from typing import Final, Literal, NamedTuple

from realms.clock import Clock, Timer
from realms.meta.statistics import Account
from realms.session import Session
from realms.transport import Traffic
from router.dashboard.slices import slices

APART: Final = 1.0
"""Seconds between two looks: a shorter time would show bursts, not rates."""

FORGOTTEN_AFTER: Final = 15.0
"""Seconds; a look that is older says nothing of now."""

Count = Literal[
    "messages_received", "messages_sent", "octets_received", "octets_sent", "octets_waiting", "events_dropped"
]
Rate = Literal["message_rate", "octet_rate"]
Counts = Mapping[int, float]
"""By session id."""

NO_FIGURES: Final[Counts] = {}

RATES: Final[Mapping[str, tuple[Count, Count]]] = {
    "message_rate": ("messages_received", "messages_sent"),
    "octet_rate": ("octets_received", "octets_sent"),
}
"""Of what a rate is the rate: both directions."""


class Look(NamedTuple):
    """What all sessions had at some time."""

    time: float
    counts: Counts
    rates: Counts
    """Per second, since the look before; of sessions that are new there is none."""


class Figures:
    """The figures of the sessions of one realm."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._looks: dict[str, Look] = {}
        self._timer: Timer | None = None

    async def of(self, what: str, sessions: Mapping[int, Session]) -> Counts:
        """What the sessions, all of the realm, have of a `Count` or `Rate`."""
        self._stay()
        last, now = self._looks.get(what), self._clock.seconds()
        if last is None or now - last.time >= APART:
            counts = await self._counted(what, sessions)
            rates = {} if last is None or what not in RATES else _between(last, counts, now - last.time)
            last = self._looks[what] = Look(now, counts, rates)
        return last.rates if what in RATES else last.counts

    async def _counted(self, what: str, sessions: Mapping[int, Session]) -> Counts:
        count = _counter(what)
        parts = slices(sessions.values(), self._clock)
        return {one.id: count(one) async for part in parts for one in part if one.id in sessions}

    def _stay(self) -> None:
        if self._timer is None:
            self._timer = self._clock.callLater(FORGOTTEN_AFTER, self._forget)
        else:
            self._timer.reset(FORGOTTEN_AFTER)

    def _forget(self) -> None:
        self._timer = None
        self._looks.clear()


def account_of(session: Session) -> Account:
    """Where the counts of a session begin."""
    account = session.realm.statistics.account(session)
    assert account is not None  # noqa: S101 - where there is a dashboard all realms keep them
    return account


def _counter(what: str) -> Callable[[Session], int]:
    if what == "octets_waiting":  # now, whatever there was before
        return lambda session: session.transport.traffic().octets_waiting
    if what not in RATES:
        place = Traffic._fields.index(what)
        return lambda session: session.transport.traffic()[place] - account_of(session).start[place]
    there, back = (Traffic._fields.index(one) for one in RATES[what])

    def count(session: Session) -> int:
        traffic, start = session.transport.traffic(), account_of(session).start
        return traffic[there] - start[there] + traffic[back] - start[back]

    return count


def _between(last: Look, counts: Counts, seconds: float) -> Counts:
    before = last.counts
    return {id: (count - before[id]) / seconds for id, count in counts.items() if id in before}
