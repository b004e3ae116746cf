"""What sessions cost: `wamp.session.on_stats`, published every so often about each session that was busy.

    [{session, authid, authrole, authmethod, authprovider, transport},
     {uptime, messages_received, octets_received, messages_sent, octets_sent, events_dropped, octets_waiting}]

`uptime` is seconds; all counts are from the session's WELCOME on, which is the first message sent; `octets_waiting` is
what the peer has yet to take. The catalogue of the meta API names the topic and not its arguments.

The clock runs while somebody is in the realm. While nobody listens nothing is built; who comes to listen is told of all
sessions first. The events themselves do not make a session busy, or those who listen would be told of each other.
"""

from typing import TYPE_CHECKING, Any

from realms.clock import Clock, Timer
from realms.transport import Traffic

if TYPE_CHECKING:
    from realms.meta.events import Events
    from realms.session import Session


class Account:
    """Where the counts of a session begin: its connection may have carried others before."""

    __slots__ = ("began", "start", "told")

    def __init__(self, began: float, start: Traffic) -> None:
        self.began = began
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

    def __init__(self, events: "Events", clock: Clock, interval: float) -> None:
        """`interval` is seconds; 0 publishes nothing, and keeps nothing."""
        self._events = events
        self._clock = clock
        self._interval = interval
        self._accounts: dict[Session, Account] = {}
        self._timer: Timer | None = None

    def joined(self, session: "Session") -> None:
        """A session is about to have its WELCOME."""
        if self._interval:
            self._accounts[session] = Account(self._clock.seconds(), session.transport.traffic())
            if self._timer is None:
                self._start()

    def moved(self, session: "Session", before: Traffic, after: Traffic, kept: list[bytes]) -> None:
        """A session goes on over another connection, which is about to send WELCOME and what was kept."""
        account = self._accounts.get(session)
        if account is not None:
            account.move(before, after, kept)

    def left(self, session: "Session") -> None:
        """A session is gone."""
        self._accounts.pop(session, None)
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
