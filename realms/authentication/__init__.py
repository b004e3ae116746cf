"""How a session proves who it is: methods, principals, and the three outcomes of a step.

A method is asked once with the client's HELLO. Its answer is `Accepted`, `Challenged` or `Denied`, or a Deferred of
one, while which the session is held. A `Challenged` brings along the function that judges the client's AUTHENTICATE;
that function answers with an outcome again, so a method may take as many rounds as it needs.

What a method needs to know about those who may join it asks of `principals`, whose answer may be a Deferred, too; and
what the connection itself proves is in `realms.transport.Evidence`.

Chapter "Authentication" of the advanced profile.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from twisted.internet.defer import Deferred

from realms.transport import NO_EVIDENCE, Evidence
from wamp.errors import AUTHENTICATION_DENIED
from wamp.messages import Authenticate
from wamp.options import HelloDetails

if TYPE_CHECKING:
    from realms.authentication.ticket import TokenJudge


@dataclass(frozen=True, slots=True)
class Applicant:
    """A session that asks to join."""

    session: int
    """The id that WELCOME will carry."""

    realm: str
    hello: HelloDetails
    transport: Mapping[str, Any]
    """What others may be told about the connection."""

    evidence: Evidence = NO_EVIDENCE
    """What the connection proves; only for authentication."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The session is admitted, under this identity, for its whole life."""

    authid: str
    authrole: str
    authmethod: str
    authprovider: str
    authextra: dict[str, Any] | None = None
    realm: str | None = None
    """The realm to join; None for the one that the client asked for, or the router's default."""

    expires: float | None = None
    """When the proof is no longer good, in seconds since 1970: the session ends then."""

    credential: str | None = None
    """Names what the proof rests on and can be taken back, such as `cookie:<digest>`: logging out ends its sessions."""


@dataclass(frozen=True, slots=True)
class Challenged:
    """The client is to answer a CHALLENGE; `judge` decides on its AUTHENTICATE."""

    authmethod: str
    extra: dict[str, Any]
    judge: Callable[[Authenticate], "Answer"]


@dataclass(frozen=True, slots=True)
class Denied:
    """The client is refused with ABORT. The message goes to the client: it tells nothing about who exists."""

    reason: str = AUTHENTICATION_DENIED
    message: str = "the credentials were not accepted"


Outcome = Accepted | Challenged | Denied
Answer = Outcome | Deferred[Outcome]


class Method(Protocol):
    """One way to authenticate, configured for one realm."""

    @property
    def name(self) -> str:
        """The name in `HELLO.Details.authmethods`."""

    def suits(self, hello: HelloDetails, evidence: Evidence) -> bool:
        """Whether HELLO and connection bring what the method needs."""

    def begin(self, applicant: Applicant) -> Answer:
        """Judge a HELLO."""


def wanted(hello: HelloDetails) -> list[str]:
    """The methods that a client offers, in its order; one that names none is anonymous."""
    return hello.authmethods if isinstance(hello.authmethods, list) and hello.authmethods else ["anonymous"]


@dataclass(frozen=True)
class Methods:
    """The methods that a realm offers, by name."""

    offered: Mapping[str, Method] = field(default_factory=dict)
    tokens: "TokenJudge | None" = None
    """Who judges the signed tokens by which sessions are extended."""

    is_gone: Callable[[Accepted], bool] = lambda identity: False
    """Whether a principal went, or was given another role, while it proved who it is: a challenge may take a minute."""

    def among(self, names: frozenset[str] | None) -> "Methods":
        """Those of these names only; None for all."""
        if names is None:
            return self
        return replace(self, offered={name: method for name, method in self.offered.items() if name in names})

    def choose(self, hello: HelloDetails, evidence: Evidence = NO_EVIDENCE) -> Method | None:
        """The first of the client's methods that the realm offers.

        One that does not suit is passed over for the next; if none does, the first may say what is missing.
        """
        methods = [self.offered[name] for name in wanted(hello) if name in self.offered]
        return next((method for method in methods if method.suits(hello, evidence)), methods[0] if methods else None)
