"""The time for which a session may last, and the proof that it rests on: tokens expire, and who logs out is out.

Stock autobahn.js does not come back after GOODBYE, so the application hears of it, and can fetch a fresh token first.
"""

from typing import TYPE_CHECKING

from realms.clock import Timer
from wamp.errors import CLOSE_EXPIRED

if TYPE_CHECKING:
    from realms.realm import Realm
    from realms.session import Session

LONGEST_WAIT = 600.0
"""Seconds until the time of day is looked at again: it may be set, or the machine sleep, while timers go on."""


class Lease:
    """Ends a session with GOODBYE `wamp.close.expired` when its proof is no longer good."""

    __slots__ = ("_session", "_timer", "expires")

    def __init__(self, session: "Session", expires: float) -> None:
        """`expires` in seconds since 1970."""
        self._session = session
        self.expires = expires
        self._timer: Timer | None = self._start()

    def extend(self, expires: float) -> None:
        """A fresh proof was shown; one that ends earlier takes nothing away."""
        self.expires = max(self.expires, expires)

    def cancel(self) -> None:
        """The session is over. Idempotent."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self) -> Timer:
        realm = self._session.realm
        wait = min(max(self.expires - realm.now(), 0.0), LONGEST_WAIT)
        return realm.clock.callLater(wait, self._look)

    def _look(self) -> None:
        """A timer struck: most of them just to look at the time."""
        self._timer = None
        if self._session.realm.now() < self.expires:
            self._timer = self._start()
        else:
            self._session.leave(CLOSE_EXPIRED, "the proof of who you are has expired: join again with a fresh one")


def sessions_of(realm: "Realm", credential: str) -> "list[Session]":
    """The sessions that rest on a credential."""
    return [session for session in realm.sessions.values() if session.credential == credential]
