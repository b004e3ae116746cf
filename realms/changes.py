"""Changes of the rules while sessions live by them: what is no longer allowed is taken back at once.

The spec is silent on this; its revocation messages exist for it (sections "Registration Revocation" and "Subscription
Revocation"). A session keeps its identity for life, so one whose principal or role is gone ends.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from realms.audit import entry_about
from realms.authentication import Methods
from realms.authorization import Undecided
from wamp.errors import CLOSE_KILLED, NOT_AUTHORIZED
from wamp.options import MatchPolicy

if TYPE_CHECKING:
    from realms.realm import Realm
    from realms.roles import Action, Role
    from realms.session import Session


def change_rules(realm: "Realm", roles: "Mapping[str, Role]", methods: Methods) -> None:
    """Put other roles and methods in the place of those that a realm has."""
    realm.roles, realm.methods = roles, methods
    for session in list(realm.sessions.values()):
        role = roles.get(session.authrole)
        if role is None:
            realm.testaments.drop(session)  # nobody allows them any more
            _end(session, f"there is no role '{session.authrole}' any more")
        else:
            before = session.role
            session.assume(role.of(session.authid))
            _revoke(realm, session, before)


def end_if(realm: "Realm", is_gone: "Callable[[Session], bool]") -> None:
    """End the sessions whose principal is gone."""
    for session in list(realm.sessions.values()):
        if is_gone(session):
            _end(session, "the principal was removed or changed")


def _revoke(realm: "Realm", session: "Session", before: "Role") -> None:
    """Take back subscriptions, registrations and testaments of a session that its role does not allow (any more)."""
    for subscription in list(session.subscriptions.values()):
        if not _may_stay(session.role, before, "subscribe", subscription.match, subscription.uri):
            realm.record(entry_about(session, "revocation", "success", action="subscribe", object=subscription.uri))
            realm.broker.revoke(subscription, session, NOT_AUTHORIZED)
    for registration in list(session.registrations.values()):
        if not _may_stay(session.role, before, "register", registration.match, registration.uri):
            realm.record(entry_about(session, "revocation", "success", action="register", object=registration.uri))
            realm.dealer.revoke(registration, session, NOT_AUTHORIZED)
    for topic in realm.testaments.topics(session):
        if not _may_stay(session.role, before, "publish", "exact", topic):
            realm.record(entry_about(session, "revocation", "success", action="publish", object=topic))
            realm.testaments.drop(session, topic)


def _may_stay(role: "Role", before: "Role", action: "Action", match: MatchPolicy, uri: str) -> bool:
    """Whether a role allows what the role before it did. What an authorizer allowed is for no rule to take back."""
    try:
        return role.grant_pattern(action, match, uri) is not None
    except Undecided:
        return before.left_open(action, match, uri) is not None


def _end(session: "Session", message: str) -> None:
    session.realm.record(entry_about(session, "revocation", "success", reason=message))
    session.leave(CLOSE_KILLED, message)
