"""From the configuration to the parts that work: realms, roles, methods, limits. Nothing is started here."""

from collections.abc import Mapping
from math import ceil
from pathlib import Path
from random import Random, SystemRandom
from typing import TYPE_CHECKING

from msgspec.structs import asdict, replace

from realms.authentication import Methods
from realms.authorization import AskingRole
from realms.clock import Clock
from realms.grants import Grant
from realms.history import History
from realms.history import Rule as HistoryRule
from realms.limits import RoleLimits
from realms.policies import CallLimits, EventLimits, PauseLimits, Policies, TrustLevels, TrustRule
from realms.realm import Realm
from realms.realms import Deadlines, Realms, Template
from realms.roles import Role, Rule
from realms.schemas import NO_SCHEMAS, Schemas
from router.authentication import Means, directory_of, methods_of, shared_of
from router.config import listeners, model, realms
from router.history_store import SqliteStore
from router.inquiries import authorizer_of
from router.principals.directory import Directory
from router.schemas import Folder
from router.transports.limits import Limits

if TYPE_CHECKING:
    from router.transports.deflate import Compression


def directories_of(config: model.Config, means: Means) -> dict[str, Directory]:
    """Open what each realm keeps of its principals, by the realm's name; raises CannotUse or InvalidConfig."""
    opened: dict[str, Directory] = {}
    try:
        for realm in config.realms:
            opened[realm.name] = directory_of(realm, means)
    except Exception:
        stop(opened)
        raise
    return opened


def stop(directories: Mapping[str, Directory]) -> None:
    """Close what `directories_of` has opened."""
    for directory in directories.values():
        directory.stop()


def realms_of(config: model.Config, directories: Mapping[str, Directory], means: Means, agent: str) -> Realms:
    """Make the realms of the router, empty as they are when it starts."""
    clock = means.clock
    deadlines = Deadlines(config.limits.hello_timeout, config.limits.authenticate_timeout)
    stores: dict[Path, SqliteStore] = {}
    made = means.reach.realms = Realms(
        [
            _realm(
                realm,
                means,
                methods_of(realm, directories[realm.name], means),
                _schemas(realm),
                _history(realm, clock, stores),
            )
            for realm in config.realms
        ],
        clock,
        SystemRandom(),
        deadlines,
        agent if config.agent else None,
        default=config.default_realm,
        template=template_of(config, directories, means),
    )
    return made


def limits_of(config: model.Limits) -> Limits:
    """Make the limits that every connection of the router has."""
    return Limits(
        max_message_size=config.max_message_size,
        outbox=config.outbox_size,
        slow=config.slow_consumer,
        opening_deadline=config.handshake_timeout,
    )


def compression_of(config: listeners.WebSocket) -> "Compression | None":
    """Make what compresses the messages of a listener; its library is loaded only where it is wanted."""
    section = config.compression
    if section is None:
        return None
    from router.transports.deflate import Compression

    return Compression(section.level, section.window_bits, section.threshold, section.context_takeover)


def template_of(config: model.Config, directories: Mapping[str, Directory], means: Means) -> Template | None:
    """Make what the realms that clients ask for are made from."""
    template = config.realm_template
    if template is None:
        return None
    like = next(realm for realm in config.realms if realm.name == template.like)
    schemas = _schemas(like)  # once: a client that joins does not wait for files
    shared = shared_of(like, directories[like.name], means)

    def make(name: str) -> Realm:
        config = replace(like, name=name)
        methods = methods_of(config, directories[like.name], means, shared)
        return _realm(config, means, methods, schemas, History(_history_rules(like)))

    # A realm that is forgotten takes its history along: on file it would stay, and nothing bounds the names of realms.
    return Template(
        make=make,
        match=template.match,
        uri=template.uri,
        max_realms=template.max_realms,
        forget_after=template.forget_after,
    )


def _schemas(config: realms.Realm) -> Schemas:
    section = config.schemas
    if section is None:
        return NO_SCHEMAS
    return Folder(section.directory, validate=section.validate, strict_uris=config.uris == "strict").schemas


def _history(config: realms.Realm, clock: Clock, stores: dict[Path, SqliteStore]) -> History:
    """Make the history of a realm; realms that name one file share its store."""
    file = None if config.history is None else config.history.file
    if file is None:
        return History(_history_rules(config))
    path = file.resolve()
    if path not in stores:
        stores[path] = SqliteStore(path, clock)
    return History(_history_rules(config), stores[path])


def _history_rules(config: realms.Realm) -> list[HistoryRule]:
    if config.history is None:
        return []
    return [HistoryRule(topic.match, topic.uri, topic.limit) for topic in config.history.topics]


def _realm(config: realms.Realm, means: Means, methods: Methods, schemas: Schemas, history: History) -> Realm:
    return Realm(
        config.name,
        roles_of(config, means),
        methods,
        means.clock,
        Random(),  # noqa: S311 - publication ids need to be uniform, not secret
        strict_uris=config.uris == "strict",
        strict_request_ids=config.request_ids == "strict",
        strict_roles=config.announced_roles == "strict",
        schemas=schemas,
        policies=_policies(config, keeps_accounts=means.keeps_accounts),
        history=history,
        record=means.record,
    )


def _policies(config: realms.Realm, *, keeps_accounts: bool) -> Policies:
    calls, resume = config.calls, config.resume
    return Policies(
        trust=TrustLevels(TrustRule(rule.level, rule.match, rule.uri, rule.role) for rule in config.trust),
        calls=CallLimits(
            pending=calls.max_pending,
            registrations=config.max_registrations,
            queued=calls.max_queued,
            default_timeout=ceil(calls.default_timeout * 1000),
            max_timeout=ceil(calls.max_timeout * 1000),
            forward_timeout=calls.forward_timeout,
        ),
        events=EventLimits(config.max_subscriptions, config.max_retained),
        session_stats=config.session_stats,
        pauses=None if resume is None else PauseLimits(resume.keep_for, resume.max_paused, resume.buffer),
        keeps_accounts=keeps_accounts,
    )


def roles_of(config: realms.Realm, means: Means) -> dict[str, Role]:
    """Make the roles of a realm, which are that realm's alone."""
    return {role.name: _role(role, config, means) for role in config.roles}


def _role(config: realms.Role, realm: realms.Realm, means: Means) -> Role:
    rules = [
        Rule(rule.match, rule.uri, rule.allow, Grant(rule.disclose, rule.retain, rule.history, rule.validate))
        for rule in config.permissions
    ]
    limits, authorizer = _role_limits(config.limits), config.authorizer
    if authorizer is None:
        return Role(config.name, rules, trusted=config.trusted, disclosure=realm.disclosure, limits=limits)
    return AskingRole(
        config.name,
        rules,
        authorizer_of(authorizer, realm.name, means.reach, means.clock),
        means.clock,
        remember_for=authorizer.cache,
        trusted=config.trusted,
        disclosure=realm.disclosure,
        limits=limits,
    )


def _role_limits(config: realms.RoleLimits) -> RoleLimits:
    """Make the limits of a role; what is null there is as for others."""
    given = {name: value for name, value in asdict(config).items() if value is not None}
    return RoleLimits(**given)
