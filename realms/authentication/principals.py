"""Principals: who may join a realm, and by what each proves it.

A method asks a source with an `Inquiry`, and gets a `Principal` or None, at once or as a Deferred. What a source keeps
are verifiers: what can check a secret, but is not the secret, except where the method allows nothing else.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

from twisted.internet.defer import Deferred

from realms.authentication import Accepted, Answer, Applicant, Outcome

T = TypeVar("T")
R = TypeVar("R")


class CraSecret(NamedTuple):
    """What WAMP-CRA needs: the key of the HMAC, and, if that was derived from a password, how."""

    key: bytes
    """The shared secret as UTF-8; or, if it is salted, the base64 text of what PBKDF2 gave."""

    salt: str | None = None
    iterations: int = 1000
    keylen: int = 32

    def __repr__(self) -> str:
        return "CraSecret(...)"


class ScramSecret(NamedTuple):
    """What SCRAM needs (RFC 5802, section 3): none of it is good for joining."""

    kdf: Literal["pbkdf2", "argon2id13"]
    salt: bytes
    iterations: int
    memory: int | None
    """KiB; None with pbkdf2."""

    stored_key: bytes
    server_key: bytes
    autobahn: tuple[bytes, bytes] | None = None
    """The same two keys as autobahn's `scram` computes them, if that can be served; see `verifiers.scram_secret`."""

    def __repr__(self) -> str:
        return "ScramSecret(...)"


@dataclass(frozen=True, slots=True, repr=False)
class Principal:
    """Somebody who may join. A method whose secret is missing is not for this principal."""

    authid: str
    role: str
    realm: str | None = None
    """The realm to join; None for the one that is asked for."""

    provider: str = "static"
    """`WELCOME.Details.authprovider`: where this principal is kept."""

    extra: dict[str, Any] | None = None
    """`WELCOME.Details.authextra`."""

    ticket: str | None = None
    """A verifier of the ticket or password, see `verifiers`: `$argon2id$...`, or `$sha256$...` for a random one."""

    cra: CraSecret | None = None
    scram: ScramSecret | None = None
    keys: frozenset[bytes] = frozenset()
    """Ed25519 public keys, for cryptosign."""

    certificates: frozenset[str] = frozenset()
    """SHA-256 fingerprints of TLS client certificates, in lower-case hex."""

    totp: bytes | None = None
    """The key of the second factor (RFC 6238): with one, whoever proved the first is asked for a code."""

    expires: float | None = None
    """When what proves it is no longer good, in seconds since 1970."""

    alias: str | None = None
    """Another authid that the client may give: the source has seen it, and has the last word."""

    proven: bool = False
    """The source has judged the credentials of the inquiry itself, and they are good."""

    def __repr__(self) -> str:
        return f"Principal({self.authid!r}, {self.role!r}, ...)"


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What a method asks a source: who is this? One of `authid`, `key`, `certificate` says whom it is about."""

    applicant: Applicant
    authmethod: str
    authid: str | None = None
    key: bytes | None = None
    """The Ed25519 public key that the client is about to prove."""

    certificate: str | None = None
    """The fingerprint of the certificate that TLS has verified."""

    ticket: str | None = None
    """The ticket that the client showed; kept out of repr and logs."""

    def __repr__(self) -> str:
        return f"Inquiry({self.authmethod}, {self.authid!r})"


def admitted(principal: Principal, authmethod: str) -> Accepted:
    """The outcome for a principal who has proved to be it, by this method."""
    return Accepted(
        principal.authid,
        principal.role,
        authmethod,
        principal.provider,
        principal.extra,
        principal.realm,
        principal.expires,
    )


Admit = Callable[[Principal, str], Answer]
"""What becomes of a principal who has proved to be it, by a method: `admitted`, or something that asks for more."""

Found = Principal | None
Finding = Found | Deferred[Found]


class Principals(Protocol):
    """A source of principals."""

    def find(self, inquiry: Inquiry) -> Finding:
        """Who the inquiry is about; None if the source knows nobody of the kind."""


def then(answer: T | Deferred[T], go_on: Callable[[T], R | Deferred[R]]) -> R | Deferred[R]:
    """Go on with an answer: at once if it is there."""
    if isinstance(answer, Deferred):
        return answer.addCallback(go_on)
    return go_on(answer)


def after(answer: Answer, go_on: Callable[[Outcome], R | Deferred[R]]) -> R | Deferred[R]:
    """The same, with the answer of a method."""
    if isinstance(answer, Deferred):
        return answer.addCallback(go_on)
    return go_on(answer)


class Sources:
    """Several sources as one: the first that knows somebody decides."""

    def __init__(self, sources: Iterable[Principals]) -> None:
        self._sources = tuple(sources)

    def find(self, inquiry: Inquiry) -> Finding:
        """Ask one after the other."""
        return self._ask(inquiry, 0)

    def _ask(self, inquiry: Inquiry, number: int) -> Finding:
        if number == len(self._sources):
            return None
        return then(
            self._sources[number].find(inquiry),
            lambda found: found if found is not None else self._ask(inquiry, number + 1),
        )


class Listed:
    """Principals that are known by heart."""

    def __init__(self, principals: Iterable[Principal]) -> None:
        self._by_authid: dict[str, Principal] = {}
        self._by_key: dict[bytes, Principal] = {}
        self._by_certificate: dict[str, Principal] = {}
        for principal in principals:
            self._by_authid[principal.authid] = principal
            self._by_key |= dict.fromkeys(principal.keys, principal)
            self._by_certificate |= dict.fromkeys(principal.certificates, principal)

    def __iter__(self) -> Iterator[Principal]:
        return iter(self._by_authid.values())

    def __len__(self) -> int:
        return len(self._by_authid)

    def find_now(self, authid: str) -> Found:
        """Who may join under this name."""
        return self._by_authid.get(authid)

    def role_now(self, authid: str) -> str | None:
        """The role of who may join under this name."""
        found = self._by_authid.get(authid)
        return None if found is None else found.role

    def find(self, inquiry: Inquiry) -> Found:
        """Look up."""
        if inquiry.key is not None:
            return self._by_key.get(inquiry.key)
        if inquiry.certificate is not None:
            return self._by_certificate.get(inquiry.certificate)
        return None if inquiry.authid is None else self._by_authid.get(inquiry.authid)
