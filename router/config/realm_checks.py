"""What must fit together in a realm of config.yaml."""

from collections.abc import Hashable
from typing import Final

from router.config.authentication_checks import check_authentication
from router.config.checking import check_unique, known
from router.config.decoding import Decoder
from router.config.door_checks import check_role_limits
from router.config.mistakes import did_you_mean
from router.config.realms import History, Permission, Realm, Role, Schemas
from router.config.wording import quoted
from router.schemas import Folder
from wamp.options import MatchPolicy
from wamp.uris import is_pattern, is_reserved, is_uri

_PATTERNS: Final[tuple[MatchPolicy, ...]] = ("prefix", "wildcard")


def check_realm(realm: Realm, decoder: Decoder) -> None:
    place = decoder.place(realm, "name")
    if known(realm.name) and not is_uri(realm.name):
        decoder.note(place, f"{quoted(realm.name)} is no URI; a name such as `realm1` or `com.example.shop` is")
    elif known(realm.name) and is_reserved(realm.name):
        decoder.note(place, f"{quoted(realm.name)}: names that start with `wamp.` are reserved for the protocol")
    if isinstance(realm.schemas, Schemas) and known(realm.schemas.directory):
        for mistake in Folder(realm.schemas.directory, strict_uris=realm.uris == "strict").mistakes:
            decoder.note(decoder.place(realm.schemas, "directory"), f"{realm.schemas.directory}: {mistake}")
    check_unique(realm.roles, "name", "role", decoder)
    for role in realm.roles:
        for permission in role.permissions:
            _check_permission(permission, strict=realm.uris == "strict", decoder=decoder)
        _check_rules(role, decoder)
    _check_trust(realm, decoder)
    if isinstance(realm.history, History):
        _check_history(realm.history, strict=realm.uris == "strict", decoder=decoder)
    check_authentication(realm, decoder)
    check_role_limits(realm, decoder)


def _check_trust(realm: Realm, decoder: Decoder) -> None:
    seen: set[tuple[str | None, str, str]] = set()
    names = [role.name for role in realm.roles]
    for rule in realm.trust:
        uri, match, role = rule.uri, rule.match, rule.role
        if not known(uri) or not known(match) or not known(role):
            continue
        if not is_pattern(uri, match, realm.uris == "strict"):
            kind = "URI" if match == "exact" else f"{match} pattern"
            decoder.note(decoder.place(rule, "uri"), f"{quoted(uri)} is no {kind}")
        if role is not None and all(map(known, names)) and role not in names:
            hint = did_you_mean(role, names) or f"; the roles are {', '.join(names)}"
            decoder.note(decoder.place(rule, "role"), f"there is no role {quoted(role)}{hint}")
        if (role, match, uri) in seen:
            decoder.note(decoder.place(rule, "level"), f"there are two levels for {quoted(uri)} ({match})")
        seen.add((role, match, uri))


def _check_history(history: History, *, strict: bool, decoder: Decoder) -> None:
    seen: set[tuple[str, str]] = set()
    for topic in history.topics:
        uri, match = topic.uri, topic.match
        if not known(uri) or not known(match):
            continue
        if not is_pattern(uri, match, strict):
            kind = "URI" if match == "exact" else f"{match} pattern"
            decoder.note(decoder.place(topic, "uri"), f"{quoted(uri)} is no {kind}")
        elif (match, uri) in seen:
            decoder.note(decoder.place(topic, "uri"), f"{quoted(uri)} ({match}) is named twice")
        seen.add((match, uri))


def _check_permission(permission: Permission, *, strict: bool, decoder: Decoder) -> None:
    uri, match = permission.uri, permission.match
    if not known(uri) or not known(match):
        return
    place = decoder.place(permission, "uri")
    if "*" in uri.split("."):
        decoder.note(
            place,
            f"{quoted(uri)}: `*` stands for itself; leave the component empty with `match: wildcard`, "
            "or name how the URIs start with `match: prefix`",
        )
    elif not is_pattern(uri, match, strict):
        kind = "URI" if match == "exact" else f"{match} pattern"
        rules = " by the strict rules (a-z, 0-9 and `_`) of this realm" if is_pattern(uri, match) else ""
        fitting = next((other for other in _PATTERNS if not rules and is_pattern(uri, other, strict)), None)
        hint = f"; is `match: {fitting}` meant?" if fitting else ""
        decoder.note(place, f"{quoted(uri)} is no {kind}{rules}{hint}")


def _check_rules(role: Role, decoder: Decoder) -> None:
    """Two rules for one pattern would leave open which of them decides."""
    seen: dict[Hashable, int] = {}
    for permission in role.permissions:
        if not known(permission.uri) or not known(permission.match):
            continue
        place, rule = decoder.place(permission, "uri"), (permission.uri, permission.match)
        if rule in seen:
            decoder.note(place, f"a second rule for {quoted(permission.uri)}; the first is in line {seen[rule]}")
        seen.setdefault(rule, place.line)
