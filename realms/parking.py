"""Pausing and resuming sessions: a session whose transport is lost waits for its peer, and goes on where it was.

    HELLO    [1, realm, {"resumable": true, "roles": ...}]
    WELCOME  [2, session, {"resumed": false, "resumable": true, "resume-ticket": ticket, "roles": ...}]
    ...      the transport is lost; within `keep_for` seconds, on another one:
    HELLO    [1, null, {"resume-session": session, "resume-token": ticket}]
    WELCOME  [2, session, {"resumed": true, "resumable": true, "resume-ticket": another ticket}]

While it is paused a session is in every index, and its transport is a `Parked` one, which keeps what it is sent. What
the lost connection had handed to the event loop and the system may have arrived or not: nobody can tell.

`session-state-machine.md`, a draft of the WAMP specification. It says nothing of what becomes of messages meanwhile.
"""

from collections.abc import Callable
from hmac import compare_digest
from typing import TYPE_CHECKING

from realms.clock import Clock, Timer
from realms.endings import MOVED, Ending
from realms.limits import RoleLimits
from realms.policies import PauseLimits
from realms.transport import NO_EVIDENCE, Evidence, Tallied, Traffic, Transport
from wamp.errors import FEATURE_NOT_SUPPORTED, NO_MATCHING_AUTH_METHOD, NO_SUCH_SESSION, WampError
from wamp.messages import Hello

if TYPE_CHECKING:
    from realms.realms import Realms
    from realms.session import Session

NO_TICKET = "=" * 24
"""As long as a ticket, and none: what is compared where there is nothing to compare with."""


class Parked(Tallied):
    """The transport of a paused session: keeps its frames up to a bound, in the order of sending.

    A frame is judged by what was kept before it, as in a connection's outbox: one that alone is larger than the bound
    is kept as well. What does not fit ends the session; to drop an event in silence would make a paused session worse
    than a lost one, whose client knows that it has to look for itself.
    """

    def __init__(
        self, lost: Transport, before: Traffic, kept: list[bytes], room: "Parking", end: Callable[[], None]
    ) -> None:
        """`before` is what the lost transport carried, what it did not send among it; `end` ends the session."""
        self.wire = lost.wire
        self.details = lost.details
        self.max_outgoing = lost.max_outgoing
        self.kept = kept
        self.is_full = False
        self._size = sum(map(len, kept))
        self._before = before
        self._sent_before = len(kept), self._size  # which `before` counts as sent
        self._dropped = 0
        self._room = room
        self._end = end
        self._timer: Timer | None = room.clock.callLater(room.limits.keep_for, self._expire)

    def evidence(self) -> Evidence:
        """Nobody is there to prove anything."""
        return NO_EVIDENCE

    def traffic(self) -> Traffic:
        """What the lost connection carried, and what is kept since then as if it were sent."""
        messages, octets = self._sent_before
        before = self._before
        return before._replace(
            messages_sent=before.messages_sent + len(self.kept) - messages,
            octets_sent=before.octets_sent + self._size - octets,
            events_dropped=before.events_dropped + self._dropped,
            octets_waiting=self._size,
        )

    def send(self, frame: bytes) -> None:
        """Keep a frame."""
        if self.is_full or self._timer is None:
            return
        if self._size > self._room.limits.buffer:
            self.is_full = True
            self._timer.reset(0)  # not now: whoever sends this is in the middle of something
            return
        self.kept.append(frame)
        self._size += len(frame)

    def offer(self, frame: bytes) -> None:
        """Keep an EVENT; the peer misses one that is larger than it takes."""
        if len(frame) > self.max_outgoing:
            self._dropped += 1
        else:
            self.send(frame)

    def close(self, ending: Ending) -> None:
        """The session ends, or went elsewhere: keep nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._leave()

    def release(self) -> list[bytes] | None:
        """Give the frames that were kept to the transport that carries the session from now on; None if any is lost."""
        return None if self.is_full or self._timer is None else self.kept

    def carry(self, session: "Session") -> None:
        """Carries nobody else."""

    def established(self, limits: RoleLimits) -> None:
        """Nothing arrives here."""

    def renew(self) -> None:
        """Nor does it carry anybody again."""

    def pause(self) -> None:
        """There is nothing to read."""

    def resume(self) -> None:
        """Still not."""

    def _expire(self) -> None:
        self._leave()
        self._end()

    def _leave(self) -> None:
        self._timer = None
        self._room.taken -= 1


class Parking:
    """The room for the paused sessions of a realm."""

    def __init__(self, clock: Clock, limits: PauseLimits | None) -> None:
        """Without `limits` no session is ever paused."""
        self.clock = clock
        self.is_open = limits is not None
        self.limits = limits if limits is not None else PauseLimits(paused=0)
        self.taken = 0
        """How many sessions are paused."""

    def park(self, lost: Transport, end: Callable[[], None]) -> Parked | None:
        """Take a session off its lost transport; None if there is no room, or something it was sent is lost.

        `end` is called if the peer does not come back in time, or what it is to be sent exceeds the bound.
        """
        if self.taken >= self.limits.paused:
            return None
        before, kept = lost.traffic(), lost.release()
        if kept is None:
            return None
        self.taken += 1
        return Parked(lost, before, kept, self, end)


def find_session(realms: "Realms", hello: Hello, asked: tuple[int, str], transport: Transport) -> "Session":
    """The session that a client on `transport` comes back to; raises WampError.

    Who does not know its ticket learns nothing, not even whether there is such a session.
    """
    id, shown = asked
    session = realms.session(id)
    ticket = session.ticket if session is not None else ""
    fits = compare_digest(shown.encode(), (ticket or NO_TICKET).encode())
    if session is None or not ticket or not fits or hello.realm not in (None, session.realm.name):
        raise no_such_session()
    lost = session.transport
    if transport.wire is not lost.wire or transport.max_outgoing < lost.max_outgoing:
        # What is kept was encoded and framed for the old connection, and judged by what its peer takes.
        way = f"{lost.details.get('protocol')} with {lost.wire.codec.name}, taking {lost.max_outgoing} octets or more"
        raise WampError(FEATURE_NOT_SUPPORTED, f"this session can go on only over a connection like its last: {way}")
    admitted = transport.evidence().authmethods
    if admitted is not None and session.authmethod not in admitted:
        raise WampError(NO_MATCHING_AUTH_METHOD, f"nobody joins here by '{session.authmethod}', as this session did")
    return session


def take_over(session: "Session", transport: Transport) -> list[bytes]:
    """Part a session from its transport as it goes on with another; gives what it is still to be sent.

    Raises WampError if some of that is lost: then the session is about to end.
    """
    lost = session.transport
    before, kept = lost.traffic(), lost.release()
    if kept is None:
        raise no_such_session()
    lost.close(MOVED)
    session.realm.statistics.moved(session, before, transport.traffic(), kept)
    return kept


def no_such_session() -> WampError:
    """One answer to all who cannot go on, whatever the reason."""
    return WampError(NO_SUCH_SESSION, "there is no session that could be resumed with this ticket")
