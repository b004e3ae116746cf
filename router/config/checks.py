"""What must fit together in a configuration beyond the types of its values.

The checks run over what the decoder could read, so a `Hole` may stand where a mistake was noted already: its
attributes are Holes, it holds nothing, and `_known` tells it from a value.
"""

import ipaddress
import re
import ssl
from collections.abc import Hashable, Iterable
from typing import Any, Final

from router.config.decoding import Decoder, Hole
from router.config.mistakes import did_you_mean
from router.config.model import (
    Authentication,
    Config,
    History,
    Limits,
    Listener,
    Permission,
    Realm,
    RealmTemplate,
    Role,
    Schemas,
    Tls,
    Web,
)
from router.config.source import explain_os_error
from router.config.wording import quoted
from router.schemas import Folder
from wamp.options import MatchPolicy
from wamp.uris import is_pattern, is_reserved, is_uri

_HOST_NAME: Final = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")


_PATTERNS: Final[tuple[MatchPolicy, ...]] = ("prefix", "wildcard")


def check(config: Config, decoder: Decoder) -> None:
    """Note every mistake in what the decoder made of the file."""
    for realm in config.realms:
        _check_realm(realm, decoder)
    _check_unique(config.realms, "name", "realm", decoder)
    _check_choice_of_realm(config, decoder)
    for listener in config.listeners:
        _check_listener(listener, decoder)
    _check_addresses(config.listeners, decoder)
    _check_limits(config.limits, decoder)
    if isinstance(config.web, Web):
        _check_web(config.web, decoder)


# --- realms ---------------------------------------------------------------------------------------------------


def _check_realm(realm: Realm, decoder: Decoder) -> None:
    place = decoder.place(realm, "name")
    if _known(realm.name) and not is_uri(realm.name):
        decoder.note(place, f"{quoted(realm.name)} is no URI; a name such as `realm1` or `com.example.shop` is")
    elif _known(realm.name) and is_reserved(realm.name):
        decoder.note(place, f"{quoted(realm.name)}: names that start with `wamp.` are reserved for the protocol")
    if isinstance(realm.schemas, Schemas) and _known(realm.schemas.directory):
        for mistake in Folder(realm.schemas.directory, strict_uris=realm.uris == "strict").mistakes:
            decoder.note(decoder.place(realm.schemas, "directory"), f"{realm.schemas.directory}: {mistake}")
    _check_unique(realm.roles, "name", "role", decoder)
    for role in realm.roles:
        for permission in role.permissions:
            _check_permission(permission, strict=realm.uris == "strict", decoder=decoder)
        _check_rules(role, decoder)
    _check_trust(realm, decoder)
    if isinstance(realm.history, History):
        _check_history(realm.history, strict=realm.uris == "strict", decoder=decoder)
    if isinstance(realm.authentication, Authentication):
        _check_authentication(realm, realm.authentication, decoder)


def _check_trust(realm: Realm, decoder: Decoder) -> None:
    seen: set[tuple[str | None, str, str]] = set()
    names = [role.name for role in realm.roles]
    for rule in realm.trust:
        uri, match, role = rule.uri, rule.match, rule.role
        if not _known(uri) or not _known(match) or not _known(role):
            continue
        if not is_pattern(uri, match, realm.uris == "strict"):
            kind = "URI" if match == "exact" else f"{match} pattern"
            decoder.note(decoder.place(rule, "uri"), f"{quoted(uri)} is no {kind}")
        if role is not None and all(map(_known, names)) and role not in names:
            hint = did_you_mean(role, names) or f"; the roles are {', '.join(names)}"
            decoder.note(decoder.place(rule, "role"), f"there is no role {quoted(role)}{hint}")
        if (role, match, uri) in seen:
            decoder.note(decoder.place(rule, "level"), f"there are two levels for {quoted(uri)} ({match})")
        seen.add((role, match, uri))


def _check_history(history: History, *, strict: bool, decoder: Decoder) -> None:
    seen: set[tuple[str, str]] = set()
    for topic in history.topics:
        uri, match = topic.uri, topic.match
        if not _known(uri) or not _known(match):
            continue
        if not is_pattern(uri, match, strict):
            kind = "URI" if match == "exact" else f"{match} pattern"
            decoder.note(decoder.place(topic, "uri"), f"{quoted(uri)} is no {kind}")
        elif (match, uri) in seen:
            decoder.note(decoder.place(topic, "uri"), f"{quoted(uri)} ({match}) is named twice")
        seen.add((match, uri))


def _check_choice_of_realm(config: Config, decoder: Decoder) -> None:
    """Realms that are named by others must be there."""
    names = [realm.name for realm in config.realms]
    if not all(map(_known, names)):
        return
    template, default = config.realm_template, config.default_realm
    if isinstance(template, RealmTemplate):
        if _known(template.like) and template.like not in names:
            hint = did_you_mean(template.like, names) or f"; the realms are {', '.join(names)}"
            decoder.note(decoder.place(template, "like"), f"there is no realm {quoted(template.like)}{hint}")
        if _known(template.uri) and _known(template.match) and not is_pattern(template.uri, template.match):
            decoder.note(decoder.place(template, "uri"), f"{quoted(template.uri)} is no {template.match} pattern")
    if _known(default) and default is not None and default not in names:
        hint = did_you_mean(default, names) or f"; the realms are {', '.join(names)}"
        decoder.note(decoder.place(config, "default_realm"), f"there is no realm {quoted(default)}{hint}")


def _check_authentication(realm: Realm, authentication: Authentication, decoder: Decoder) -> None:
    anonymous, ticket = authentication.anonymous, authentication.ticket
    if anonymous is None and ticket is None:
        decoder.note(decoder.place(authentication), "nobody could join: `anonymous`, `ticket` or both are needed")
    assigning: list[Any] = [anonymous] if anonymous else []
    if ticket:
        _check_unique(ticket.principals, "authid", "principal", decoder)
        assigning.extend(ticket.principals)
    roles = [role.name for role in realm.roles]
    if not roles or not all(map(_known, roles)):
        return  # a role that cannot be read may be the one that is meant
    for one in assigning:
        if _known(one.role) and one.role not in roles:
            near = did_you_mean(one.role, roles) or f"; its roles are {', '.join(roles)}"
            decoder.note(decoder.place(one, "role"), f"the realm has no role {quoted(one.role)}{near}")


def _check_permission(permission: Permission, *, strict: bool, decoder: Decoder) -> None:
    uri, match = permission.uri, permission.match
    if not _known(uri) or not _known(match):
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
        if not _known(permission.uri) or not _known(permission.match):
            continue
        place, rule = decoder.place(permission, "uri"), (permission.uri, permission.match)
        if rule in seen:
            decoder.note(place, f"a second rule for {quoted(permission.uri)}; the first is in line {seen[rule]}")
        seen.setdefault(rule, place.line)


# --- listeners, limits, web -----------------------------------------------------------------------------------


def _check_listener(listener: Listener, decoder: Decoder) -> None:
    if _known(listener.host) and not _is_host(listener.host):
        decoder.note(
            decoder.place(listener, "host"),
            f"{quoted(listener.host)} is neither an IP address nor a host name; the port has a key of its own",
        )
    if listener.websocket is None and listener.rawsocket is False and listener.http is False:
        decoder.note(decoder.place(listener), "nothing to speak: one of websocket, rawsocket and http must be on")
    if isinstance(listener.tls, Tls):
        _check_tls(listener.tls, decoder)


def _check_addresses(listeners: Iterable[Listener], decoder: Decoder) -> None:
    seen: dict[Hashable, int] = {}
    for listener in listeners:
        address, place = (listener.host, listener.port), decoder.place(listener)
        if not _known(listener.host) or not _known(listener.port) or listener.port == 0:
            continue
        if address in seen:
            where = f"{listener.host} port {listener.port}"
            decoder.note(place, f"a second listener on {where}; the first is in line {seen[address]}")
        seen.setdefault(address, place.line)


def _check_tls(tls: Tls, decoder: Decoder) -> None:
    """Load certificate and key as the listener will."""
    readable = True
    for key, path in (("certificate", tls.certificate), ("key", tls.key)):
        if not _known(path):
            readable = False
            continue
        try:
            path.read_bytes()
        except OSError as error:
            readable = False
            decoder.note(decoder.place(tls, key), f"{path}: {explain_os_error(error)}")
    if not readable:
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_verify_locations(tls.certificate)
    except (ssl.SSLError, ValueError):
        decoder.note(decoder.place(tls, "certificate"), f"{tls.certificate}: not a certificate in PEM")
        return
    try:
        context.load_cert_chain(tls.certificate, tls.key, password=_no_passphrase)
    except _PassphraseNeeded:
        decoder.note(decoder.place(tls, "key"), f"{tls.key}: the key is protected by a passphrase; remove it")
    except ssl.SSLError as error:
        fits = error.reason != "KEY_VALUES_MISMATCH"
        why = "not a private key in PEM" if fits else "the key does not belong to the certificate"
        decoder.note(decoder.place(tls, "key"), f"{tls.key}: {why}")


class _PassphraseNeeded(Exception):  # noqa: N818 - says it
    pass


def _no_passphrase() -> str:
    """Called by OpenSSL for a protected key; without it, OpenSSL would ask on the terminal."""
    raise _PassphraseNeeded


def _check_limits(limits: Limits, decoder: Decoder) -> None:
    if _known(limits.outbox_size) and _known(limits.max_message_size) and limits.outbox_size < limits.max_message_size:
        key = "outbox_size" if decoder.says(limits, "outbox_size") else "max_message_size"
        decoder.note(decoder.place(limits, key), "`outbox_size` must hold the largest message, `max_message_size`")
    if _known(limits.ping_interval) and _known(limits.ping_timeout) and 0 < limits.ping_interval < limits.ping_timeout:
        key = "ping_timeout" if decoder.says(limits, "ping_timeout") else "ping_interval"
        decoder.note(decoder.place(limits, key), "`ping_timeout` must not be longer than `ping_interval`")


def _check_web(web: Web, decoder: Decoder) -> None:
    if not _known(web.directory) or web.directory is None:
        return
    try:
        next(web.directory.iterdir(), None)
    except NotADirectoryError:
        decoder.note(decoder.place(web, "directory"), f"{web.directory}: a file, not a folder")
    except OSError as error:
        decoder.note(decoder.place(web, "directory"), f"{web.directory}: {explain_os_error(error)}")


# --- common ---------------------------------------------------------------------------------------------------


def _check_unique(sections: Iterable[Any], key: str, noun: str, decoder: Decoder) -> None:
    seen: dict[Hashable, int] = {}
    for section in sections:
        name = getattr(section, key)
        if not _known(name):
            continue
        place = decoder.place(section, key)
        if name in seen:
            decoder.note(place, f"a second {noun} {quoted(name)}; the first is in line {seen[name]}")
        seen.setdefault(name, place.line)


def _known(value: object) -> bool:
    """Tell whether the decoder could read it."""
    return not isinstance(value, Hole)


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        # what looks like an IPv4 address must be one
        return _HOST_NAME.fullmatch(host) is not None and re.fullmatch(r"[0-9.]+", host) is None
    return True
