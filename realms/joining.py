"""Joining: which realm a HELLO is for, what the peer announced in it, and what WELCOME says.

Nothing here has a state: `Session` asks, and decides what happens.
"""

from typing import TYPE_CHECKING, Final

from msgspec import UNSET
from msgspec.structs import replace

from realms.audit import failed_login
from realms.authentication import Accepted, Applicant, Denied, Method, wanted
from wamp.errors import (
    AUTHENTICATION_REQUIRED,
    INVALID_URI,
    NO_MATCHING_AUTH_METHOD,
    NO_SUCH_REALM,
    UNAVAILABLE,
    ProtocolViolation,
    WampError,
)
from wamp.messages import Hello
from wamp.options import ClientRoles, Features, HelloDetails, RouterRoles, WelcomeDetails
from wamp.options import Role as RoleFeatures
from wamp.uris import is_uri

if TYPE_CHECKING:
    from realms.realm import Realm
    from realms.realms import Realms
    from realms.roles import Role

NO_FEATURES: Final = Features()

MAX_KNOWN: Final = 256
"""Announcements that are kept to be shared. There are as many as client libraries; what is beyond is not shared."""

_known: dict[ClientRoles, ClientRoles] = {}


def announced(details: HelloDetails) -> ClientRoles:
    """The roles that the client announced; raises ProtocolViolation if it has none that we know.

    Equal announcements are one object: thousands of clients tend to use one library.
    """
    roles = details.roles
    if not isinstance(roles, ClientRoles) or roles == ClientRoles():
        raise ProtocolViolation("HELLO.Details.roles names no role of publisher, subscriber, caller, callee")
    known = _known.get(roles)
    if known is None:
        known = roles
        if len(_known) < MAX_KNOWN:
            _known[roles] = roles
    return known


def features_of(role: object) -> Features:
    """The features of a role; those of a role that was not announced are none."""
    return role.features if isinstance(role, RoleFeatures) else NO_FEATURES


def find_realm(realms: "Realms", hello: Hello) -> "Realm":
    """The realm that the client asks for, or the router's choice if it names none; raises WampError."""
    if hello.realm is not None and not is_uri(hello.realm):
        raise WampError(INVALID_URI, "the realm is no valid URI")
    realm = realms.find(hello.realm)
    if realm is None:
        named = "default realm" if hello.realm is None else f"realm '{hello.realm}'"
        raise WampError(NO_SUCH_REALM, f"there is no {named}")
    return realm


def choose_method(realm: "Realm", applicant: Applicant) -> Method:
    """The method by which the client is to prove who it is, of those that the listener admits; raises WampError."""
    methods = realm.methods.among(applicant.evidence.authmethods)
    method = methods.choose(applicant.hello, applicant.evidence)
    if method is None:
        reason = AUTHENTICATION_REQUIRED if set(wanted(applicant.hello)) == {"anonymous"} else NO_MATCHING_AUTH_METHOD
        realm.record(failed_login(applicant, None, reason))
        offered = ", ".join(methods.offered)
        raise WampError(reason, f"realm '{realm.name}' offers: {offered}")
    return method


def assigned_realm(realms: "Realms", asked: "Realm", identity: Accepted) -> "Realm":
    """The realm that the client joins, which the authenticator may have chosen; raises WampError."""
    if identity.realm is None or identity.realm == asked.name:
        return realms.present(asked)
    realm = realms.find(identity.realm)
    if realm is None:
        raise WampError(NO_SUCH_REALM, "the realm that was chosen for you does not exist")
    return realm


def assigned_role(realm: "Realm", identity: Accepted) -> "Role":
    """The role that the client has, unless its principal has as many sessions as it may; raises WampError.

    It learns so with ABORT, which it may take for final, but only after it has proved who it is.
    """
    if realm.methods.is_gone(identity):
        raise WampError(Denied().reason, Denied().message)
    role = realm.roles.get(identity.authrole)
    if role is None:
        raise LookupError(f"realm '{realm.name}' has no role '{identity.authrole}'")
    sessions = realm.principals.get(identity.authid, 0)
    if sessions >= role.limits.sessions_per_principal:
        role.overruns.sessions += 1
        raise WampError(UNAVAILABLE, f"'{identity.authid}' has {sessions} sessions, which is the most there may be")
    return role.of(identity.authid)


def welcome_details(realms: "Realms", realm: "Realm", identity: Accepted, ticket: str) -> WelcomeDetails:
    """`WELCOME.Details`; an empty ticket is none."""
    return WelcomeDetails(
        roles=realms.roles,
        realm=realm.name,
        authid=identity.authid,
        authrole=identity.authrole,
        authmethod=identity.authmethod,
        authprovider=identity.authprovider,
        agent=realms.agent if realms.agent is not None else UNSET,
        authextra=identity.authextra if identity.authextra is not None else UNSET,
        resumed=False if ticket else UNSET,
        resumable=True if ticket else UNSET,
        resume_ticket=ticket or UNSET,
        resume_token=ticket or UNSET,
    )


def without_features(details: WelcomeDetails) -> WelcomeDetails:
    """The same in 300 octets rather than 1,300, for RawSocket peers that announced to take 512 or 1,024."""
    return replace(details, roles=RouterRoles(broker=RoleFeatures(), dealer=RoleFeatures()))
