"""From `authentication.dynamic` and `authorizer` of config.yaml to the questions that the router asks.

They are made before the realms are, in which their procedures will be: `Reach` bridges that.
"""

from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from realms.authentication.dynamic import Asked
from realms.clock import Clock
from realms.inquiries import Inquiries, Patience, Procedure
from router.config import authentication, realms
from router.functions import find_function

if TYPE_CHECKING:
    from realms.realm import Realm
    from realms.realms import Realms

SECTIONS: Final = {
    "ticket": authentication.Ticket,
    "wampcra": authentication.Wampcra,
    "scram": authentication.Scram,
    "cryptosign": authentication.Cryptosign,
    "tls": authentication.Certificate,
}


class Reach:
    """The realms of the router, as soon as there are any."""

    def __init__(self) -> None:
        self.realms: Realms | None = None

    def find(self, name: str) -> "Realm | None":
        """A realm that somebody can be in."""
        return None if self.realms is None else self.realms.by_name.get(name)

    def has_role(self, realm: str, role: str) -> bool:
        """Whether a client may get this role in a realm, which may be one that is made for it."""
        found = None if self.realms is None else self.realms.find(realm)
        return found is not None and role in found.roles


def asked_of(config: realms.Realm, reach: Reach, clock: Clock) -> Asked | None:
    """Who is asked about the principals of a realm."""
    dynamic = config.authentication.dynamic
    if dynamic is None:
        return None
    methods: frozenset[str] = dynamic.methods
    if "scram" in methods:
        methods |= {"wamp-scram"}
    inquiries = _inquiries(dynamic, "authenticator", config.name, reach, clock)
    return Asked(inquiries, methods, reach.has_role, "dynamic" if dynamic.function is None else "function")


def authorizer_of(section: realms.Authorizer, realm: str, reach: Reach, clock: Clock) -> Inquiries:
    """Who is asked about what the rules of a role leave open."""
    return _inquiries(section, "authorizer", realm, reach, clock)


def offered(config: authentication.Authentication) -> authentication.Authentication:
    """The methods, with those that are there because somebody is asked about them."""
    if config.dynamic is None:
        return config
    asked = config.dynamic.methods
    return replace(config, **{name: SECTIONS[name]() for name in asked if getattr(config, name) is None})


def _inquiries(
    section: authentication.Dynamic | realms.Authorizer, what: str, realm: str, reach: Reach, clock: Clock
) -> Inquiries:
    patience = Patience(
        section.timeout,
        section.max_waiting,
        # A browser that is refused never comes back by itself (autobahn.js), a request can be made again.
        waits_for_source=isinstance(section, authentication.Dynamic),
    )
    if section.function is not None:
        return Inquiries(f"the {what} {section.function}", find_function(section.function), clock, patience)
    assert section.procedure is not None  # noqa: S101 - the configuration was checked
    name = section.realm or realm
    source = Procedure(partial(reach.find, name), section.procedure)
    return Inquiries(f"the {what} {section.procedure} in realm {name}", source, clock, patience)
