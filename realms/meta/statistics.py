"""What sessions cost: `wamp.session.on_stats`, published every so often about each session that was busy.

    [{session, authid, authrole, authmethod, authprovider, transport},
     {uptime, messages_received, octets_received, messages_sent, octets_sent, events_dropped, octets_waiting}]

`uptime` is seconds; all counts are from the session's WELCOME on, which is the first message sent; `octets_waiting` is
what the peer has yet to take. The catalogue of the meta API names the topic and not its arguments.

The clock runs while somebody is in the realm. While nobody listens nothing is built; who comes to listen is told of all
sessions first. The events themselves do not make a session busy, or those who listen would be told of each other.

The same accounts, kept without a clock, are what the operator's dashboard asks for; and the sums of all of them, in
which sessions that left go on to count.
"""

from collections.abc import Callable
from operator import add, sub
from time import time
from typing import TYPE_CHECKING, Any

from realms.clock import Clock, Timer
from realms.transport import NO_TRAFFIC, Traffic

if TYPE_CHECKING:
    from realms.meta.events import Events
    from realms.session import Session


class Account:
    """Where the counts of a session begin: its connection may have carried others before."""

    __slots__ = ("began", "since", "start", "told")

    def __init__(self, began: float, since: float, start: Traffic) -> None:
        self.began = began
        self.since = since
        """The same in seconds since 1970."""

        self.start = start
        self.told = (start.messages_received, start.messages_sent)
        """How many messages there had been when the session was told of last."""

    def move(self, before: Traffic, after: Traffic, kept: list[bytes]) -> None:
        """Go on with the counts of another connection, which is to send again what was kept and is counted already."""
        again = after._replace(
            messages_sent=after.messages_sent + len(kept), octets_sent=after.octets_sent + sum(map(len, kept))
        )
        self.start = Traffic(*(start + new - old for start, new, old in zip(self.start, again, before, strict=True)))
        received, sent = self.told
        self.told = (
            received + again.messages_received - before.messages_received,
            sent + again.messages_sent - before.messages_sent,
        )

    def counts(self, now: float, traffic: Traffic) -> dict[str, Any]:
        """The second argument of the event."""
        start = self.start
        return {
            "uptime": round(now - self.began, 3),
            "messages_received": traffic.messages_received - start.messages_received,
            "octets_received": traffic.octets_received - start.octets_received,
            "messages_sent": traffic.messages_sent - start.messages_sent,
            "octets_sent": traffic.octets_sent - start.octets_sent,
            "events_dropped": traffic.events_dropped - start.events_dropped,
            "octets_waiting": traffic.octets_waiting,
        }


class Statistics:
    """The figures of the sessions of a realm."""

    def __init__(
        self,
        events: "Events",
        clock: Clock,
        interval: float,
        now: Callable[[], float] = time,
        *,
        keeps_accounts: bool = False,
    ) -> None:
        """`interval` is seconds; 0 publishes nothing, and keeps nothing unless it `keeps_accounts` all the same."""
        self._events = events
        self._clock = clock
        self._interval = interval
        self._now = now
        self._keeps_accounts = keeps_accounts or interval > 0
        self._accounts: dict[Session, Account] = {}
        self._past = self._begun = NO_TRAFFIC
        """What sessions carried that left; and where the accounts begin, all together."""

        self._timer: Timer | None = None

    def account(self, session: "Session") -> Account | None:
        """The account of a session that is there, if any are kept."""
        return self._accounts.get(session)

    def totals(self) -> Traffic:
        """What all sessions carried, those that left included: counts that only grow, but for what waits."""
        sums = [0] * len(NO_TRAFFIC)
        for session in self._accounts:
            session.transport.tally(sums)
        carried = Traffic(*sums)
        since = _sum(self._past, _difference(carried, self._begun))
        return since._replace(octets_waiting=carried.octets_waiting)

    def joined(self, session: "Session") -> None:
        """A session is about to have its WELCOME."""
        if self._keeps_accounts:
            start = session.transport.traffic()
            self._accounts[session] = Account(self._clock.seconds(), self._now(), start)
            self._begun = _sum(self._begun, start)
            if self._interval and self._timer is None:
                self._start()

    def moved(self, session: "Session", before: Traffic, after: Traffic, kept: list[bytes]) -> None:
        """A session goes on over another connection, which is about to send WELCOME and what was kept."""
        account = self._accounts.get(session)
        if account is not None:
            self._begun = _difference(self._begun, account.start)
            account.move(before, after, kept)
            self._begun = _sum(self._begun, account.start)

    def left(self, session: "Session") -> None:
        """A session is gone."""
        account = self._accounts.pop(session, None)
        if account is not None:
            self._past = _sum(self._past, _difference(session.transport.traffic(), account.start))
            self._begun = _difference(self._begun, account.start)
        if not self._accounts and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self) -> None:
        self._timer = self._clock.callLater(self._interval, self._due)

    def _due(self) -> None:
        self._start()
        if self._events.anyone_hears_statistics():
            self._tell()

    def _tell(self) -> None:
        now = self._clock.seconds()
        for session, account in self._accounts.items():
            traffic = session.transport.traffic()
            if account.told != (traffic.messages_received, traffic.messages_sent):
                self._events.statistics(session, account.counts(now, traffic))
        for session, account in self._accounts.items():
            traffic = session.transport.traffic()
            account.told = (traffic.messages_received, traffic.messages_sent)


def _sum(one: Traffic, other: Traffic) -> Traffic:
    return Traffic(*map(add, one, other))


def _difference(one: Traffic, other: Traffic) -> Traffic:
    return Traffic(*map(sub, one, other))
