"""The pace of a session whose role may send only so many messages, or octets, in a second.

It stands between the connection and the session, where `Connection.session` is: a session without such limits has
nothing in its way and pays nothing.

    connection --receive--> Pace --receive--> session        while there are tokens
                             |
                           held                              else: reading pauses, and what was read already waits here

So a peer that sends faster than it may is read as fast as it may, and TCP tells it to wait. What waits is bounded by
one read of the event loop. If even that would take longer than `LONGEST_DELAY`, the connection ends: the peer is far
beyond its rate.

Our PINGs go on, and a peer that is not being read counts as alive. What it sends itself, PINGs and the end of its
stream included, is seen when its turn has come.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from twisted.logger import Logger

from realms.endings import TOO_FAST
from router.transports.buckets import Bucket

if TYPE_CHECKING:
    from realms.clock import Timer
    from realms.limits import RoleLimits
    from realms.session import Session
    from router.transports.connection import Connection, Nobody
    from wamp.messages import ClientMessage

LONGEST_DELAY: Final = 20.0
"""Seconds that a message may have to wait after it was read. A client's own keepalive would give up soon after."""

SHORTEST_WAIT: Final = 0.02
"""Seconds between two looks at the tokens: at a high rate several messages go on at once."""

log = Logger()


class Pace:
    """Lets messages through to a session at the rate that its role has."""

    def __init__(self, connection: Connection, session: Session, limits: RoleLimits) -> None:
        self.session = session
        self._connection = connection
        self._now = connection.terms.clock.seconds
        now = self._now()
        self._messages = None if limits.message_rate is None else Bucket(limits.message_rate, now)
        self._octets = None if limits.octet_rate is None else Bucket(limits.octet_rate, now)
        self._counted = connection.octets_received
        self._held: deque[tuple[ClientMessage, int]] = deque()
        self._held_octets = 0
        self._timer: Timer | None = None

    # --- in the place of the session ---

    def receive(self, message: ClientMessage) -> None:
        """Pass a message on, or hold it until it may pass."""
        size = self._connection.octets_received - self._counted
        self._counted = self._connection.octets_received
        if self._held or not self._may_pass(size):
            self._hold(message, size)
        else:
            self.session.receive(message)

    def violate(self, reason: str) -> None:
        """What arrived is no message; what was held before it does not matter any more."""
        self._forget()
        self.session.violate(reason)

    def detach(self) -> None:
        """The transport is gone, and what was held with it."""
        self._forget()
        self.session.detach()

    # --- holding ---

    def release(self) -> Session:
        """Let go of the session, and let all that is held go to it."""
        self._hand_over(self.session)
        return self.session

    def _may_pass(self, size: int) -> bool:
        now, messages, octets = self._now(), self._messages, self._octets
        if (messages is not None and messages.wait(now)) or (octets is not None and octets.wait(now)):
            return False
        if messages is not None:
            messages.spend(1)
        if octets is not None:
            octets.spend(size)
        return True

    def _hold(self, message: ClientMessage, size: int) -> None:
        if not self._held:
            self._connection.slow_down()
            self._wait()
        self._held.append((message, size))
        self._held_octets += size
        if self._delay() > LONGEST_DELAY:
            connection = self._connection
            log.info("{peer} sends much faster than its role may", peer=connection.details.get("peer"))
            connection.terms.overruns.ended += 1
            connection.fail(TOO_FAST)

    def _delay(self) -> float:
        """Seconds until the last that is held may pass."""
        messages = 0.0 if self._messages is None else self._messages.seconds_for(len(self._held))
        octets = 0.0 if self._octets is None else self._octets.seconds_for(self._held_octets)
        return max(messages, octets)

    def _wait(self) -> None:
        now = self._now()
        waits = [bucket.wait(now) for bucket in (self._messages, self._octets) if bucket is not None]
        self._timer = self._connection.terms.clock.callLater(max(SHORTEST_WAIT, *waits), self._go_on)

    def _go_on(self) -> None:
        """Let pass what may by now, and read on when nothing is held any more."""
        self._timer = None
        connection = self._connection
        try:
            while self._held and connection.session is self and not connection.closing:
                message, size = self._held[0]
                if not self._may_pass(size):
                    self._wait()
                    return
                self._held.popleft()
                self._held_octets -= size
                self.session.receive(message)
            self._hand_over(connection.session)
        except Exception:
            connection.fail_internally()

    def _hand_over(self, session: Session | Pace | Nobody) -> None:
        """Hold nothing any more: the connection may carry another session by now, such as one after GOODBYE."""
        held = list(self._held)
        self._forget()
        if not self._connection.closing:
            for message, _ in held:
                session.receive(message)
            self._connection.speed_up()

    def _forget(self) -> None:
        self._held.clear()
        self._held_octets = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
