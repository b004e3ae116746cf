"""What is known about registrations. Chapter "Registration Meta API" of the advanced profile; `remove_callee` is in its
catalogue only.
"""

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from realms.audit import entry_about
from realms.meta.procedure import NOTHING, Result, procedure
from realms.meta.times import written
from wamp.errors import INVALID_URI, NO_SUCH_REGISTRATION, NO_SUCH_SESSION, WampError
from wamp.options import MatchPolicy
from wamp.uris import is_uri

if TYPE_CHECKING:
    from realms.realm import Realm
    from realms.registrations import Registration
    from realms.session import Session


class LookupOptions(Struct, frozen=True):
    """The options of `lookup`: those of REGISTER, of which the match policy matters."""

    match: MatchPolicy = "exact"


def details_of(registration: "Registration") -> dict[str, Any]:
    """`{id, created, uri, match, invoke}`."""
    return {
        "id": registration.id,
        "created": written(registration.created),
        "uri": registration.uri,
        "match": registration.match,
        "invoke": registration.invoke,
    }


@procedure("wamp.registration.list")
def list_(realm: "Realm", caller: "Session") -> Result:
    """The ids of all registrations, by match policy."""
    ids: dict[MatchPolicy, list[int]] = {"exact": [], "prefix": [], "wildcard": []}
    for registration in realm.dealer.registrations():
        ids[registration.match].append(registration.id)
    return Result([ids])


@procedure("wamp.registration.lookup")
def lookup(realm: "Realm", caller: "Session", procedure: str, options: LookupOptions | None = None) -> Result:
    """The id of the registration under exactly this URI or pattern, or null."""
    match = "exact" if options is None else options.match
    return _id(realm.dealer.registration_under(match, procedure))


@procedure("wamp.registration.match")
def match(realm: "Realm", caller: "Session", procedure: str) -> Result:
    """The id of the registration that a call of this URI goes to, or null."""
    return _id(realm.dealer.registration_for(procedure))


@procedure("wamp.registration.get")
def get(realm: "Realm", caller: "Session", registration: int) -> Result:
    """What a registration is."""
    return Result([details_of(known(realm, registration))])


@procedure("wamp.registration.list_callees")
def list_callees(realm: "Realm", caller: "Session", registration: int) -> Result:
    """The ids of the sessions that take the calls of a registration."""
    return Result([[callee.id for callee in known(realm, registration).callees]])


@procedure("wamp.registration.count_callees")
def count_callees(realm: "Realm", caller: "Session", registration: int) -> Result:
    """How many sessions take the calls of a registration."""
    return Result([len(known(realm, registration).callees)])


@procedure("wamp.registration.remove_callee")
def remove_callee(
    realm: "Realm", caller: "Session", registration: int, callee: int, reason: str | None = None
) -> Result:
    """Take a registration away from a session, which is told if it can be."""
    if reason is not None and not is_uri(reason):
        raise WampError(INVALID_URI, "the reason is no valid URI")
    one = known(realm, registration)
    session = realm.sessions.get(callee)
    if session is None or one.id not in session.registrations:
        raise WampError(NO_SUCH_SESSION, f"session {callee} has no registration {registration}")
    entry = entry_about(caller, "removal", "success", realm, action="register", object=one.uri, reason=reason)
    realm.record(entry)
    realm.dealer.revoke(one, session, reason)
    return NOTHING


def _id(registration: "Registration | None") -> Result:
    return Result([None if registration is None else registration.id])


def known(realm: "Realm", id: int) -> "Registration":
    """The registration with an id; raises WampError."""
    registration = realm.dealer.registration(id)
    if registration is None:
        raise WampError(NO_SUCH_REGISTRATION, f"there is no registration {id}")
    return registration


PROCEDURES = (list_, lookup, match, get, list_callees, count_callees, remove_callee)
