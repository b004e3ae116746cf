"""From the `authentication` and `principals` of a realm to the methods that it offers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random, SystemRandom
from time import time

from realms.audit import Record, record_nothing
from realms.authentication import Method, Methods
from realms.authentication.anonymous import Anonymous
from realms.authentication.cookie import Cookie
from realms.authentication.cryptosign import Cryptosign
from realms.authentication.decoys import Decoys
from realms.authentication.guard import Guarded
from realms.authentication.jwt import Jwt, Tokens
from realms.authentication.lockout import Lockout, LockoutRules
from realms.authentication.logins import LoggedIn
from realms.authentication.off_loop import OffLoop
from realms.authentication.principals import Principals, Sources
from realms.authentication.scram import Scram
from realms.authentication.scram_dialects import Autobahn, Specified
from realms.authentication.second_factor import SecondFactor
from realms.authentication.ticket import Ticket
from realms.authentication.tls import ClientCertificate
from realms.authentication.token_keys import Keys
from realms.authentication.verifiers import Cost
from realms.authentication.wampcra import Wampcra
from realms.clock import Clock
from router.config import authentication, realms
from router.decoys import decoys_of
from router.inquiries import Reach, asked_of, offered
from router.principals.directory import Directory
from router.tokens import WebLogin, tokens_of
from router.trustroots import trustroots_of


@dataclass(frozen=True, slots=True)
class Means:
    """What methods and sources of principals are made with; one for all realms."""

    clock: Clock
    off_loop: OffLoop
    """Where passwords are hashed."""

    random: Random = field(default_factory=SystemRandom)
    """For challenges and whatever else nobody may guess."""

    record: Record = record_nothing
    """Where the audit trail goes."""

    keeps_accounts: bool = False
    """Whether realms count what each session costs: there is a dashboard."""

    secret: bytes = field(default_factory=lambda: SystemRandom().randbytes(32))
    """What principals follow from who do not exist, unless a realm has a key of its own for that."""

    now: Callable[[], float] = time
    """Gives seconds since 1970."""

    second_factor: SecondFactor = field(default_factory=lambda: SecondFactor(time))
    """Asks for codes; it outlives the methods, as a code must not be good once more after them."""

    login: WebLogin | None = None
    """How browsers log in over HTTP."""

    reach: Reach = field(default_factory=Reach)
    """The realms, for those who ask in one."""

    key_sets: dict[str, Keys] = field(default_factory=dict)
    """Where public keys come from that verify tokens: realms that name one source share it."""

    lockouts: dict[tuple[str, LockoutRules], Lockout] = field(default_factory=dict)
    """By realm: reading the configuration again makes no failure forgotten."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What realms that are made like another share with it, as their principals are the same.

    So a stranger who asks for ever new realms finds the door as locked as before, and costs no look at all principals.
    """

    principals: Principals
    """Who knows them. Whoever is asked in a realm is asked in that one, and so many questions at most, for all."""

    lockout: Lockout | None
    decoys: Decoys
    cost: Cost | None
    """See `Ticket`."""


def directory_of(config: realms.Realm, means: Means) -> Directory:
    """Open what the realm keeps of its principals; raises CannotUse or InvalidConfig."""
    return Directory(config, means.clock, means.off_loop)


def shared_of(config: realms.Realm, directory: Directory, means: Means) -> Shared:
    """Make what the realm shares with those that are like it."""
    lockout = None
    if config.authentication.lockout is not None:
        rules = _rules(config.authentication.lockout)
        lockout = means.lockouts.setdefault((config.name, rules), Lockout(rules, means.clock))
    principals = _sources(config, directory, means)
    return Shared(principals, lockout, decoys_of(config, directory, means.secret), directory.cost())


def methods_of(config: realms.Realm, directory: Directory, means: Means, shared: Shared | None = None) -> Methods:
    """Make the methods that the realm offers; `shared` is that of the realm which it is like, None for its own."""
    shared = shared_of(config, directory, means) if shared is None else shared
    logged_in = None if means.login is None else means.login.logged_in(config, directory)
    tokens = tokens_of(config, means.login, logged_in, means.key_sets)
    methods = [
        *_methods(config, means, tokens, shared),
        *_methods_of_login(config, means, logged_in, tokens),
    ]
    guarded = {}
    for method in methods:
        # Who is anonymous has nothing to guess; and its random names must not crowd out those that are remembered.
        lockout = None if isinstance(method, Anonymous) else shared.lockout
        guarded[method.name] = Guarded(method, means.record, lockout)
    return Methods(guarded, tokens, directory.is_gone)


def _rules(config: authentication.Lockout) -> LockoutRules:
    return LockoutRules(config.after, config.address_after, config.authid_after, config.first, config.longest)


def _sources(config: realms.Realm, directory: Directory, means: Means) -> Principals:
    """Who knows the principals: what the router keeps itself comes first."""
    asked = asked_of(config, means.reach, means.clock)
    sources: list[Principals] = [directory]
    if config.authentication.cryptosign is not None and config.authentication.cryptosign.trustroots:
        sources.append(trustroots_of(config.authentication.cryptosign.trustroots))
    if asked is not None:
        sources.append(asked)
    return directory if len(sources) == 1 else Sources(sources)


def _methods(config: realms.Realm, means: Means, tokens: Tokens | None, shared: Shared) -> Iterator[Method]:
    """One line for each method."""
    wanted, principals = offered(config.authentication), shared.principals
    admit = means.second_factor.admit
    decoys = shared.decoys
    if wanted.anonymous is not None:
        yield Anonymous(wanted.anonymous.role, means.random)
    if wanted.ticket is not None:
        yield Ticket(principals, means.off_loop, tokens=tokens, admit=admit, cost=shared.cost)
    if wanted.wampcra is not None:
        yield Wampcra(principals, means.random, means.now, decoys, admit=admit)
    if wanted.scram is not None:
        required = wanted.scram.channel_binding == "required"
        yield Scram(Specified(), principals, means.random, decoys, binding_required=required, admit=admit)
        if not required:  # autobahn's has none
            yield Scram(Autobahn(), principals, means.random, decoys, admit=admit)
    if wanted.cryptosign is not None:
        key = wanted.cryptosign.router_key
        yield Cryptosign(
            principals,
            means.random,
            binding_required=wanted.cryptosign.channel_binding == "required",
            router_key=None if key is None else bytes.fromhex(key.reveal()),
            admit=admit,
        )
    if wanted.tls is not None:
        yield ClientCertificate(principals, admit=admit)


def _methods_of_login(
    config: realms.Realm, means: Means, logged_in: LoggedIn | None, tokens: Tokens | None
) -> Iterator[Method]:
    """Those of browsers that logged in, and of whoever else has a token."""
    if config.authentication.cookie is not None and means.login is not None and logged_in is not None:
        yield Cookie(means.login.config.cookie, logged_in)
    if tokens is not None:
        yield Jwt(tokens)
