"""A realm: its sessions, its broker and dealer, its roles; and the realms of a router."""

from collections.abc import Iterable, Mapping
from random import Random
from typing import NamedTuple

from realms import broker, dealer
from realms.authentication import Methods
from realms.broker import Broker
from realms.clock import Clock
from realms.dealer import Dealer
from realms.roles import Action, Role
from realms.session import Session
from wamp.errors import INVALID_URI, NOT_AUTHORIZED, WampError
from wamp.ids import random_id
from wamp.options import MatchPolicy, RouterRoles
from wamp.options import Role as RoleFeatures
from wamp.uris import is_pattern, is_reserved, is_uri

ROLES = RouterRoles(broker=RoleFeatures(broker.FEATURES), dealer=RoleFeatures(dealer.FEATURES))
"""`WELCOME.Details.roles`: what is announced here works, what works is announced here."""

MAX_QUOTED = 100
"""Characters of an invalid URI that its sender is shown; what is invalid may be of any length."""


class Realm:
    """One routing domain. No message, subscription or registration of a realm is ever seen by another."""

    def __init__(
        self,
        name: str,
        roles: Mapping[str, Role],
        methods: Methods,
        clock: Clock,
        random: Random,
        *,
        strict_uris: bool = False,
        strict_request_ids: bool = True,
    ) -> None:
        self.name = name
        self.roles = roles
        self.methods = methods
        self.strict_uris = strict_uris
        self.strict_request_ids = strict_request_ids
        self.broker = Broker(name, random)
        self.dealer = Dealer(clock, random)
        self.sessions: dict[int, Session] = {}

    def join(self, session: Session) -> None:
        """Admit a session whose identity is settled."""
        self.sessions[session.id] = session

    def leave(self, session: Session) -> None:
        """Forget a session in one step: its calls first, so that nobody waits, then what it offered and asked for."""
        del self.sessions[session.id]
        self.dealer.detach(session)
        self.broker.detach(session)

    def permit(self, session: Session, action: Action, uri: str) -> None:
        """Check the URI of a PUBLISH or CALL, and that the session may use it; raises WampError.

        What the role's `granted` holds has passed all of it before.
        """
        if (action, uri) in session.role.granted:
            return
        if not is_uri(uri, self.strict_uris) or (action == "publish" and is_reserved(uri)):
            raise WampError(INVALID_URI, f"'{uri[:MAX_QUOTED]}' is no valid URI to {action}")
        if not session.role.allows(action, uri):
            raise WampError(NOT_AUTHORIZED, f"role '{session.authrole}' may not {action} '{uri}'")

    def permit_pattern(self, session: Session, action: Action, match: MatchPolicy, uri: str) -> None:
        """Check the URI or pattern of a SUBSCRIBE or REGISTER, and that the session may use it; raises WampError."""
        if not is_pattern(uri, match, self.strict_uris) or (action == "register" and is_reserved(uri)):
            raise WampError(INVALID_URI, f"'{uri[:MAX_QUOTED]}' is no valid {match} URI to {action}")
        if not session.role.allows_pattern(action, match, uri):
            raise WampError(NOT_AUTHORIZED, f"role '{session.authrole}' may not {action} '{uri}' ({match})")


class Deadlines(NamedTuple):
    """How long a peer may take to join, in seconds."""

    hello: float = 10.0
    authenticate: float = 30.0


class Realms:
    """The realms of a router, by name: what a session needs before it is in one."""

    def __init__(
        self, realms: Iterable[Realm], clock: Clock, random: Random, deadlines: Deadlines, agent: str | None = None
    ) -> None:
        self.by_name = {realm.name: realm for realm in realms}
        self.clock = clock
        self.deadlines = deadlines
        self.agent = agent
        self.roles = ROLES
        self._random = random

    def new_session_id(self) -> int:
        """An id that no live session of any realm has."""
        while True:
            id = random_id(self._random)
            if not any(id in realm.sessions for realm in self.by_name.values()):
                return id
