"""How a session proves who it is: methods, and the three outcomes of a step.

A method is asked once with the client's HELLO. Its answer is `Accepted`, `Challenged` or `Denied`, or a Deferred of
one, while which the session is held. A `Challenged` brings along the function that judges the client's AUTHENTICATE;
that function answers with an outcome again, so a method may take as many rounds as it needs.

Chapter "Authentication" of the advanced profile.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from twisted.internet.defer import Deferred

from wamp.errors import AUTHENTICATION_DENIED
from wamp.messages import Authenticate
from wamp.options import HelloDetails


@dataclass(frozen=True, slots=True)
class Applicant:
    """A session that asks to join."""

    session: int
    """The id that WELCOME will carry."""

    realm: str
    hello: HelloDetails
    transport: Mapping[str, Any]


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

    def suits(self, hello: HelloDetails) -> bool:
        """Whether a HELLO says what the method needs to know."""

    def begin(self, applicant: Applicant) -> Answer:
        """Judge a HELLO."""


@dataclass(frozen=True)
class Methods:
    """The methods that a realm offers, by name."""

    offered: Mapping[str, Method] = field(default_factory=dict)

    def choose(self, hello: HelloDetails) -> Method | None:
        """The first of the client's methods that the realm offers; a client that names none is anonymous.

        One that does not suit is passed over for the next; if none does, the first may say what is missing.
        """
        names = hello.authmethods if isinstance(hello.authmethods, list) and hello.authmethods else ["anonymous"]
        methods = [self.offered[name] for name in names if name in self.offered]
        return next((method for method in methods if method.suits(hello)), methods[0] if methods else None)
