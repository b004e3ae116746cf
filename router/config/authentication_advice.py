"""What is odd about how clients join a realm: methods that nobody could use, and proofs that are good for nothing."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from realms.authentication.verifiers import RECOMMENDED, cost_of
from router.config.authentication import Principal
from router.config.mistakes import InvalidConfig
from router.config.principals_file import read_principals
from router.config.realms import Realm
from router.principals.database import Database
from router.principals.database_file import CannotUse

PROOFS: Final = ("ticket", "wampcra", "scram", "cryptosign", "tls")
"""The methods that principals have something for; each has the same name in `authentication` and in `principals`."""

MOST_NAMED: Final = 5


def authentication_warnings(realm: Realm) -> Iterator[str]:
    """Name what is odd, a sentence each."""
    listed = _listed(realm)
    yield from _useless(realm, listed)
    weak = [principal.authid for principal in listed if _is_weak(principal)]
    if weak:
        yield f"the argon2id verifiers of {_named(weak)} in {realm.name} take less work than is recommended"
    yield from _unknown_roles(realm)


def _useless(realm: Realm, listed: list[Principal]) -> Iterator[str]:
    authentication = realm.authentication
    others = authentication.dynamic.methods if authentication.dynamic is not None else frozenset()
    for method in PROOFS:
        users = [principal.authid for principal in listed if getattr(principal, method)]
        is_on = getattr(authentication, method) is not None
        if users and not is_on and method not in others and (method != "ticket" or authentication.jwt is None):
            yield f"{_named(users)} of {realm.name} could use {method}, which is off in its `authentication`"
        if is_on and not users and realm.principals_database is None and method not in others:
            yield f"nobody could use {method} in {realm.name}: no principal has what it needs"


def _unknown_roles(realm: Realm) -> Iterator[str]:
    """Those of the database: they are refused when they join."""
    file = realm.principals_database
    if file is None or not file.exists():
        return
    try:
        database = Database(file, realm.name, make=False)
    except CannotUse:
        return  # the router says why it does not start
    roles = {role.name for role in realm.roles}
    entries = database.entries()
    database.close()
    lost = [entry.authid for entry in entries if entry.role not in roles]
    if lost:
        yield f"{_named(lost)} of {file} cannot join: {realm.name} does not have their roles"


def _listed(realm: Realm) -> list[Principal]:
    listed = list(realm.principals)
    if realm.principals_file is not None:
        with suppress(InvalidConfig):  # it was checked, and may have changed since then
            listed += read_principals(realm.principals_file, [role.name for role in realm.roles])
    return listed


def _is_weak(principal: Principal) -> bool:
    if principal.ticket is None:
        return False
    cost = cost_of(principal.ticket.reveal())
    return cost is not None and cost.work < RECOMMENDED.work


def _named(authids: list[str]) -> str:
    named = ", ".join(authids[:MOST_NAMED])
    return named if len(authids) <= MOST_NAMED else f"{named} and {len(authids) - MOST_NAMED} more"
