"""From the configuration to the parts that work: realms, roles, methods, limits. Nothing is started here."""

from random import Random, SystemRandom

from realms.authentication import Method, Methods
from realms.authentication.anonymous import Anonymous
from realms.authentication.ticket import Holder, Ticket
from realms.clock import Clock
from realms.realm import Deadlines, Realm, Realms
from realms.roles import Role, Rule
from router.config import model
from router.transports.limits import Limits


def realms_of(config: model.Config, clock: Clock, agent: str) -> Realms:
    """Make the realms of the router, empty as they are when it starts."""
    deadlines = Deadlines(config.limits.hello_timeout, config.limits.authenticate_timeout)
    return Realms([_realm(realm, clock) for realm in config.realms], clock, SystemRandom(), deadlines, agent)


def limits_of(config: model.Limits) -> Limits:
    """Make the limits that every connection of the router has."""
    return Limits(
        max_message_size=config.max_message_size,
        outbox=config.outbox_size,
        slow=config.slow_consumer,
        opening_deadline=config.handshake_timeout,
    )


def _realm(config: model.Realm, clock: Clock) -> Realm:
    return Realm(
        config.name,
        {role.name: _role(role) for role in config.roles},
        Methods(_methods(config.authentication)),
        clock,
        Random(),  # noqa: S311 - publication ids need to be uniform, not secret
        strict_uris=config.uris == "strict",
        strict_request_ids=config.request_ids == "strict",
    )


def _role(config: model.Role) -> Role:
    return Role(config.name, [Rule(rule.match, rule.uri, rule.allow) for rule in config.permissions])


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
