"""From the configuration to the parts that work: realms, roles, methods, limits. Nothing is started here."""

from math import ceil
from pathlib import Path
from random import Random, SystemRandom

from msgspec.structs import replace

from realms.authentication import Method, Methods
from realms.authentication.anonymous import Anonymous
from realms.authentication.ticket import Holder, Ticket
from realms.clock import Clock
from realms.history import History
from realms.history import Rule as HistoryRule
from realms.policies import CallLimits, EventLimits, Policies, TrustLevels, TrustRule
from realms.realm import Realm
from realms.realms import Deadlines, Realms, Template
from realms.roles import Role, Rule
from realms.schemas import NO_SCHEMAS, Schemas
from router.config import model
from router.history_store import SqliteStore
from router.schemas import Folder
from router.transports.limits import Limits


def realms_of(config: model.Config, clock: Clock, agent: str) -> Realms:
    """Make the realms of the router, empty as they are when it starts."""
    deadlines = Deadlines(config.limits.hello_timeout, config.limits.authenticate_timeout)
    stores: dict[Path, SqliteStore] = {}
    return Realms(
        [_realm(realm, clock, _schemas(realm), _history(realm, clock, stores)) for realm in config.realms],
        clock,
        SystemRandom(),
        deadlines,
        agent if config.agent else None,
        default=config.default_realm,
        template=None if config.realm_template is None else _template(config, config.realm_template, clock),
    )


def limits_of(config: model.Limits) -> Limits:
    """Make the limits that every connection of the router has."""
    return Limits(
        max_message_size=config.max_message_size,
        outbox=config.outbox_size,
        slow=config.slow_consumer,
        opening_deadline=config.handshake_timeout,
    )


def _template(config: model.Config, template: model.RealmTemplate, clock: Clock) -> Template:
    like = next(realm for realm in config.realms if realm.name == template.like)
    schemas = _schemas(like)  # once: a client that joins does not wait for files
    # A realm that is forgotten takes its history along: on file it would stay, and nothing bounds the names of realms.
    return Template(
        make=lambda name: _realm(replace(like, name=name), clock, schemas, History(_history_rules(like))),
        match=template.match,
        uri=template.uri,
        max_realms=template.max_realms,
        forget_after=template.forget_after,
    )


def _schemas(config: model.Realm) -> Schemas:
    section = config.schemas
    if section is None:
        return NO_SCHEMAS
    return Folder(section.directory, validate=section.validate, strict_uris=config.uris == "strict").schemas


def _history(config: model.Realm, clock: Clock, stores: dict[Path, SqliteStore]) -> History:
    """Make the history of a realm; realms that name one file share its store."""
    file = None if config.history is None else config.history.file
    if file is None:
        return History(_history_rules(config))
    path = file.resolve()
    if path not in stores:
        stores[path] = SqliteStore(path, clock)
    return History(_history_rules(config), stores[path])


def _history_rules(config: model.Realm) -> list[HistoryRule]:
    if config.history is None:
        return []
    return [HistoryRule(topic.match, topic.uri, topic.limit) for topic in config.history.topics]


def _realm(config: model.Realm, clock: Clock, schemas: Schemas, history: History) -> Realm:
    return Realm(
        config.name,
        {role.name: _role(role) for role in config.roles},
        Methods(_methods(config.authentication)),
        clock,
        Random(),  # noqa: S311 - publication ids need to be uniform, not secret
        strict_uris=config.uris == "strict",
        strict_request_ids=config.request_ids == "strict",
        strict_roles=config.announced_roles == "strict",
        schemas=schemas,
        policies=_policies(config),
        history=history,
    )


def _policies(config: model.Realm) -> Policies:
    calls = config.calls
    return Policies(
        disclosure=config.disclosure,
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
    )


def _role(config: model.Role) -> Role:
    rules = [Rule(rule.match, rule.uri, rule.allow) for rule in config.permissions]
    return Role(config.name, rules, trusted=config.trusted)


def _methods(config: model.Authentication) -> dict[str, Method]:
    secret = SystemRandom()
    methods: list[Method] = []
    if config.ticket is not None:
        holders = {
            principal.authid: Holder(principal.role, principal.ticket.reveal().encode())
            for principal in config.ticket.principals
        }
        methods.append(Ticket(holders, secret))
    if config.anonymous is not None:
        methods.append(Anonymous(config.anonymous.role, secret))
    return {method.name: method for method in methods}
