"""A realm: its sessions, its broker and dealer, its roles."""

from collections.abc import Callable, Mapping
from functools import partial
from random import Random
from time import time

from realms import broker, dealer
from realms.audit import Record, entry_about, record_nothing
from realms.authentication import Methods
from realms.broker import Broker
from realms.clock import Clock
from realms.dealer import Dealer
from realms.grants import Grant
from realms.history import NO_HISTORY, History
from realms.meta.answers import answer
from realms.meta.catalogue import PROCEDURES
from realms.meta.events import ON_FORGOTTEN, TOPICS, Events
from realms.meta.procedure import Procedure
from realms.meta.reflection import Definitions
from realms.meta.statistics import Statistics
from realms.own_calls import OwnCalls
from realms.parking import Parking
from realms.policies import NO_POLICIES, Policies
from realms.roles import Action, Role
from realms.schemas import NO_SCHEMAS, Schemas
from realms.session import Session
from realms.testaments import Testaments
from realms.validation import ValidatingBroker, ValidatingDealer
from wamp.errors import INVALID_URI, NOT_AUTHORIZED, WampError
from wamp.options import MatchPolicy, RouterRoles
from wamp.options import Role as RoleFeatures
from wamp.uris import is_pattern, is_reserved

ROLES = RouterRoles(
    broker=RoleFeatures(broker.FEATURES, reflection=True), dealer=RoleFeatures(dealer.FEATURES, reflection=True)
)
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
        strict_roles: bool = False,
        policies: Policies = NO_POLICIES,
        schemas: Schemas = NO_SCHEMAS,
        history: History = NO_HISTORY,
        record: Record = record_nothing,
        now: Callable[[], float] = time,
    ) -> None:
        self.name = name
        self.roles = roles
        self.methods = methods
        self.policies = policies
        self.record = record
        self.clock = clock
        self.now = now
        self.strict_uris = strict_uris
        self.strict_request_ids = strict_request_ids
        self.strict_roles = strict_roles
        self.on_empty: Callable[[Realm], None] | None = None
        if schemas.validate:
            self.broker: Broker = ValidatingBroker(name, random, now, policies, history, schemas=schemas)
            self.dealer: Dealer = ValidatingDealer(clock, random, now, policies, schemas=schemas)
        else:
            self.broker = Broker(name, random, now, policies, history)
            self.dealer = Dealer(clock, random, now, policies)
        self.testaments = Testaments(self)
        self.parking = Parking(clock, policies.pauses)
        self.own_calls = OwnCalls(self, clock, random)
        self.sessions: dict[int, Session] = {}
        self.principals: dict[str, int] = {}
        """How many of the sessions have an authid."""
        self.procedures: Mapping[str, Procedure] = PROCEDURES
        self.topics: Mapping[str, str] = TOPICS
        """What the router itself offers here, and publishes to."""
        self.schemas = schemas
        self.definitions = Definitions()
        self.events = Events(self.broker)
        self.statistics = Statistics(
            self.events, clock, policies.session_stats, now, keeps_accounts=policies.keeps_accounts
        )
        self.errors = 0
        """How many requests and calls ended with ERROR."""

        self.broker.tell, self.dealer.tell = self.events.subscription, self.events.registration
        self.dealer.call_router = partial(answer, self)

    def join(self, session: Session) -> None:
        """Admit a session whose identity is settled."""
        self.sessions[session.id] = session
        self.principals[session.authid] = self.principals.get(session.authid, 0) + 1
        self.statistics.joined(session)

    def leave(self, session: Session) -> None:
        """Forget a session in one step: its calls first, so that nobody waits, then what it offered and asked for.

        Its testaments go out before all that, while others still know it.
        """
        del self.sessions[session.id]
        self._count_out(session.authid)
        self.statistics.left(session)
        self.events.leaving = session
        self.testaments.publish(session)
        self.dealer.detach(session)
        self.broker.detach(session)
        for kind, uri in self.definitions.detach(session):
            self.events.reflected(ON_FORGOTTEN, session, uri, kind)
        self.events.left(session)
        self.events.leaving = None
        if not self.sessions and self.on_empty is not None:
            self.on_empty(self)

    def _count_out(self, authid: str) -> None:
        self.principals[authid] -= 1
        if not self.principals[authid]:
            del self.principals[authid]

    def accepts(self, action: Action, match: MatchPolicy, uri: str) -> bool:
        """Whether this is a URI or pattern that a client may name, whatever its role: `wamp.` is the router's."""
        return is_pattern(uri, match, self.strict_uris) and not (action in ("register", "publish") and is_reserved(uri))

    def permit(self, session: Session, action: Action, uri: str) -> Grant:
        """Check the URI of a PUBLISH or CALL, and that the session may use it; raises WampError, or Undecided.

        What the role's `granted` holds has passed all of it before.
        """
        grant = session.role.granted.get((action, uri))
        if grant is not None:
            return grant
        if not self.accepts(action, "exact", uri):
            raise WampError(INVALID_URI, f"'{uri[:MAX_QUOTED]}' is no valid URI to {action}")
        grant = session.role.grant(action, uri)
        if grant is None:
            raise self.denied(session, action, uri, f"role '{session.authrole}' may not {action} '{uri}'")
        return grant

    def permit_pattern(self, session: Session, action: Action, match: MatchPolicy, uri: str) -> Grant:
        """Check the URI or pattern of a SUBSCRIBE or REGISTER, and that the session may use it.

        Raises WampError, or Undecided.
        """
        if not self.accepts(action, match, uri):
            raise WampError(INVALID_URI, f"'{uri[:MAX_QUOTED]}' is no valid {match} URI to {action}")
        grant = session.role.grant_pattern(action, match, uri)
        if grant is None:
            raise self.denied(session, action, uri, f"role '{session.authrole}' may not {action} '{uri}' ({match})")
        return grant

    def denied(self, session: Session, action: Action, uri: str, reason: str) -> WampError:
        """The error for a session that may not do this; it is on record."""
        self.record(entry_about(session, "denial", "failure", action=action, object=uri))
        return WampError(NOT_AUTHORIZED, reason)
