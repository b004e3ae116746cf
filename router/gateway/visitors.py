"""Visitors: the sessions in which HTTP requests are done, one for each principal.

The requests of a principal share its session, which is there from the first of them until none came for a while. What
a request shows is judged by the realm, and believed for `TRUST` seconds as long as the session lives: whoever ends
the session (logout, a reload, `wamp.session.kill`) has the next request judged again.
"""

from dataclasses import dataclass
from typing import Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from realms.authentication import Accepted, Applicant, Denied, Methods, Outcome
from realms.authentication.principals import after
from realms.clock import Clock, Timer
from realms.realm import Realm
from realms.realms import Realms
from router.gateway.answers import Failed
from router.gateway.link import ASKING, Link
from router.gateway.proofs import Proof
from wamp.errors import NO_SUCH_REALM, UNAVAILABLE

TRUST: Final = 60.0
"""Seconds for which a ticket or token is believed without asking again: a password costs a tenth of a second of work.
So long may a request still pass after a ticket was changed, as a session that is open does."""

MOST_PROOFS: Final = 10_000
"""Tickets, tokens and cookies that are remembered; of more, the oldest are judged again."""

log = Logger(namespace="bridge")

Identity = tuple[str, str, str, str, str | None, str | None]


class Refused(Exception):  # noqa: N818 - it reads as what it says
    """The realm does not let somebody in."""

    def __init__(self, denied: Denied) -> None:
        super().__init__(denied.message)
        self.denied = denied


@dataclass(slots=True)
class _Believed:
    link: Link
    until: float


class Visitors:
    """Those of one bridge."""

    def __init__(self, realms: Realms, realm: str, clock: Clock, *, most: int, idle: float) -> None:
        """`most` sessions, each of which may be idle for `idle` seconds."""
        self._realms = realms
        self._realm = realm
        self._clock = clock
        self._most = most
        self._idle = idle
        self._believed: dict[bytes, _Believed] = {}
        self._links: dict[Identity, Link] = {}
        self._used: dict[Link, float] = {}  # the one that was not used for the longest time first
        self._sweep: Timer | None = None

    def __len__(self) -> int:
        """How many there are."""
        return len(self._links)

    def admit(self, proof: Proof, authmethods: frozenset[str] | None = None) -> Link | Deferred[Link]:
        """The session of who shows this, where these methods are admitted; raises, or fails with, Refused or Failed."""
        believed = self._believed.get(proof.digest)
        methods = self._methods().among(authmethods)
        if believed is not None and proof.method in methods.offered:
            if believed.link.is_open and self._clock.seconds() < believed.until:
                self._note(believed.link)
                return believed.link
            del self._believed[proof.digest]
        judged = after(proof.judge(methods), lambda outcome: self._judged(proof, outcome))
        return judged.addErrback(_tell) if isinstance(judged, Deferred) else judged

    def vouch(self, applicant: Applicant, identity: Accepted) -> Link:
        """The session of somebody who needs no judge; raises Failed."""
        key: Identity = (
            identity.authid,
            identity.authrole,
            identity.authmethod,
            identity.authprovider,
            identity.realm,
            identity.credential,
        )
        link = self._links.get(key)
        if link is not None and link.is_open:
            lease = link.session.lease
            if lease is not None and identity.expires is not None:
                lease.extend(identity.expires)
        else:
            link = self._open(applicant, identity)
            self._links[key] = link
            link.on_end = lambda ended: self._forget(key, ended)
        self._note(link)
        return link

    def close(self) -> None:
        """End them all."""
        for link in list(self._links.values()):
            link.end()

    def _methods(self) -> Methods:
        return self._find_realm().methods

    def _find_realm(self) -> Realm:
        realm = self._realms.find(self._realm)
        if realm is None:
            raise Failed.saying(NO_SUCH_REALM, "the realm has been closed")
        return realm

    def _judged(self, proof: Proof, outcome: Outcome) -> Link:
        if not isinstance(outcome, Accepted):
            raise Refused(outcome if isinstance(outcome, Denied) else Denied(message="more than that is asked for"))
        link = self.vouch(proof.applicant, outcome)
        if len(self._believed) >= MOST_PROOFS:
            del self._believed[next(iter(self._believed))]
        self._believed[proof.digest] = _Believed(link, self._clock.seconds() + TRUST)
        return link

    def _open(self, applicant: Applicant, identity: Accepted) -> Link:
        if len(self._links) >= self._most:
            self._make_room()
        link = Link(self._realms, self._clock, dict(applicant.transport), applicant.evidence)
        link.join(self._find_realm(), ASKING, applicant, identity)
        return link

    def _make_room(self) -> None:
        idle = next((link for link in self._used if not link.is_busy), None)
        if idle is None:
            raise Failed.saying(UNAVAILABLE, "too many principals ask at once")
        idle.end()

    def _note(self, link: Link) -> None:
        """It was used now."""
        self._used.pop(link, None)
        self._used[link] = self._clock.seconds()
        if self._sweep is None:
            self._sweep = self._clock.callLater(self._idle, self._end_idle)

    def _forget(self, key: Identity, link: Link) -> None:
        if self._links.get(key) is link:
            del self._links[key]
        self._used.pop(link, None)

    def _end_idle(self) -> None:
        self._sweep = None
        now = self._clock.seconds()
        for link in [one for one, used in self._used.items() if now - used >= self._idle and not one.is_busy]:
            link.end()
        self._believed = {digest: one for digest, one in self._believed.items() if one.link.is_open}
        if self._used:
            self._sweep = self._clock.callLater(self._idle, self._end_idle)


def _tell(failure: Failure) -> Link:
    """An authenticator failed: the client learns no more than that."""
    if failure.check(Refused, Failed):
        failure.raiseException()
    log.failure("the authentication of an HTTP request failed", failure=failure)
    raise Failed.saying(UNAVAILABLE, "the authenticator failed")
