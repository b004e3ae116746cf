"""The realms of a router: those that are configured, and those that come and go with their clients.

A realm of a template is there as long as somebody is in it, and a while longer. It is made known when the first
client is admitted, not when one asks: whoever cannot join leaves no trace.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from realms.clock import Clock, Timer
from realms.patterns import PatternIndex
from realms.realm import ROLES, Realm
from realms.session import Session
from wamp.errors import CLOSE_REALM, CLOSE_SYSTEM_SHUTDOWN, NO_SUCH_REALM, WampError
from wamp.ids import random_id
from wamp.options import MatchPolicy
from wamp.uris import is_reserved


class Deadlines(NamedTuple):
    """How long a peer may take to join, in seconds."""

    hello: float = 10.0
    authenticate: float = 30.0


@dataclass(frozen=True)
class Template:
    """What a realm is like that is made when a client asks for it."""

    make: Callable[[str], Realm]
    """Gives a new realm of this name; one from each call, as roles and methods belong to one realm."""

    match: MatchPolicy = "prefix"
    uri: str = ""
    """Which names it covers."""

    max_realms: int = 100
    """How many such realms there may be at a time; the clients decide when one is made."""

    forget_after: float = 60.0
    """Seconds that an empty realm is kept, with what it retains."""


class Realms:
    """The realms of a router, by name: what a session needs before it is in one."""

    def __init__(
        self,
        realms: Iterable[Realm],
        clock: Clock,
        random: Random,
        deadlines: Deadlines,
        agent: str | None = None,
        *,
        default: str | None = None,
        template: Template | None = None,
    ) -> None:
        """`agent` is what WELCOME tells of the router's name and version; `default` the realm of HELLO without one."""
        self.by_name = {realm.name: realm for realm in realms}
        self.clock = clock
        self.deadlines = deadlines
        self.agent = agent
        self.roles = ROLES
        self._random = random
        self._default = default
        self._template: Template | None = None
        self._coverage: PatternIndex[Template] = PatternIndex()
        self.replace_template(template)
        self._passing: dict[str, Timer | None] = {}
        """The realms of the template that exist; with the timer that forgets them while they are empty."""

    def stop(self) -> None:
        """The router stops, and all connections are gone: end who is waited for, then write what is not written."""
        realms = list(self.by_name.values())
        for realm in realms:
            for session in list(realm.sessions.values()):
                session.leave(CLOSE_SYSTEM_SHUTDOWN)
        for realm in realms:
            realm.broker.history.close()

    def find(self, name: str | None) -> Realm | None:
        """The realm that a client asks for; None names the default. It may be one that `admit` makes known."""
        if name is None:
            name = self._default
        if name is None:
            return None
        realm = self.by_name.get(name)
        return realm if realm is not None else self._made(name)

    def present(self, realm: Realm) -> Realm:
        """What is to be joined by who asked for this realm a while ago; raises WampError if it is gone meanwhile.

        A realm that nobody has joined yet is made anew: the rules may have changed since it was made.
        """
        found = self.find(realm.name)
        if found is None:
            raise WampError(NO_SUCH_REALM, f"there is no realm '{realm.name}'")
        return found

    def admit(self, realm: Realm) -> Realm:
        """Make a realm known that `find` or `present` gave, and keep it while somebody is in it."""
        if realm.name not in self.by_name:
            self.by_name[realm.name] = realm
            self._passing[realm.name] = None
            realm.on_empty = self._emptied
        elif realm.name in self._passing:
            self._keep(realm.name)
        return realm

    def close(self, name: str) -> None:
        """Take a realm away: its sessions get GOODBYE `wamp.close.close_realm`, and nobody joins it any more.

        A name that the template covers can be asked for again.
        """
        realm = self.by_name.pop(name)
        if name in self._passing:
            self._keep(name)
            del self._passing[name]
            realm.on_empty = None
        for session in list(realm.sessions.values()):
            session.leave(CLOSE_REALM)

    def is_made(self, realm: Realm) -> bool:
        """Whether a realm was made from the template."""
        return realm.name in self._passing

    def replace_template(self, template: Template | None) -> None:
        """Make realms from another template from now on; those that are there stay as long as they would have."""
        self._template = template
        self._coverage = PatternIndex()
        if template is not None:
            self._coverage.add(template.match, template.uri, template)

    def new_session_id(self) -> int:
        """An id that no live session of any realm has."""
        while True:
            id = random_id(self._random)
            if not any(id in realm.sessions for realm in self.by_name.values()):
                return id

    def session(self, id: int) -> Session | None:
        """The session with an id, whatever its realm."""
        found = (realm.sessions.get(id) for realm in self.by_name.values())
        return next((session for session in found if session is not None), None)

    def new_ticket(self) -> str:
        """What a client has to show to go on with its session: base64 of 16 octets that nobody can guess."""
        return b64encode(self._random.randbytes(16)).decode()

    def _made(self, name: str) -> Realm | None:
        return self._template.make(name) if self._template is not None and self._may_make(name) else None

    def _may_make(self, name: str) -> bool:
        template = self._coverage.best(name)
        return template is not None and not is_reserved(name) and len(self._passing) < template.max_realms

    def _emptied(self, realm: Realm) -> None:
        assert self._template is not None  # noqa: S101 - only its realms tell when they are empty
        self._keep(realm.name)
        self._passing[realm.name] = self.clock.callLater(self._template.forget_after, self._forget, realm.name)

    def _keep(self, name: str) -> None:
        timer, self._passing[name] = self._passing[name], None
        if timer is not None:
            timer.cancel()

    def _forget(self, name: str) -> None:
        del self._passing[name]
        del self.by_name[name]
