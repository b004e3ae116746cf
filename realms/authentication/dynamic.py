"""Dynamic authentication: somebody else is asked who may join: a WAMP procedure, or a function of the operator's.

    asked     [realm, authid, {session, transport, authmethod, authid, authrole, authextra, ...}]    and, by method:
                  ticket        {"ticket": <what the client showed>}
                  cryptosign    {"pubkey": <64 hexadecimal digits>}
                  tls           {"fingerprint": <64 hexadecimal digits>, "certificate": <PEM>}
    answers   null                              nobody that we know
              "role"                            somebody in this role
              {"role": "role", ...}             and more, see `Answer`

A bare role says that the credentials were judged: the ticket is the right one, the key or certificate is this authid's.
That the client holds the key is for the router to prove. For `wampcra` and `scram` there must be a secret, as they are
never told it. `authid` is null where the client names none.

An ERROR of an application's own, or one that says no, is a no as well: that is how authenticators for Crossbar refuse.
All else (`wamp.error.runtime_error`, no answer in time, an answer that makes no sense) is a failure: the client gets
`wamp.error.authentication_failed` and learns no more. Section "Authentication" of the advanced profile leaves the
interface open; this is Crossbar's, but for `pubkey`, `fingerprint` and `certificate`.
"""

from base64 import b64decode, b64encode, encodebytes
from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from realms.authentication.principals import CraSecret, Finding, Found, Inquiry, Principal, ScramSecret
from realms.authentication.verifiers import check_ticket_verifier, digest_verifier, is_meant, parse_scram, parse_totp
from realms.inquiries import CallFailed, Inquiries, Unanswered
from wamp.errors import (
    AUTHENTICATION_DENIED,
    AUTHENTICATION_REQUIRED,
    NO_SUCH_PRINCIPAL,
    NO_SUCH_ROLE,
    NOT_AUTHORIZED,
)

REFUSALS: Final = frozenset(
    {AUTHENTICATION_DENIED, AUTHENTICATION_REQUIRED, NO_SUCH_PRINCIPAL, NO_SUCH_ROLE, NOT_AUTHORIZED}
)
"""The protocol's own ERRORs by which an authenticator says no."""

SHOWN: Final = frozenset({"role", "authid", "realm", "extra", "iterations", "keylen"})
"""What may be logged of an answer; all else might be a secret."""

MAX_LOGGED: Final = 500
"""Characters of somebody else's text in a line of the log."""

log = Logger(namespace="authentication")


class Answer(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An answer that is more than a role. What is not known here is a mistake, as it might be a restriction."""

    role: str
    authid: str | None = None
    """What the client is from now on; null for what it says to be."""

    realm: str | None = None
    """The realm to join; null for the one that the client asked for."""

    extra: dict[str, Any] | None = None
    """`WELCOME.Details.authextra`."""

    ticket: str | None = None
    """For `ticket`, unless the ticket was judged: the right one, or a verifier of it."""

    secret: str | None = None
    """For `wampcra`: the secret; with a salt, the derived key in base64, as clients compute it, or the secret."""

    salt: str | None = None
    iterations: int = 1000
    keylen: int = 32
    scram: str | None = None
    """For `scram`: a verifier, `$scram$...`; or its parts as Crossbar has them, all octets in hexadecimal."""

    kdf: Literal["pbkdf2", "argon2id13", "argon2id-13"] | None = None
    memory: int | None = None
    stored_key: str | None = msgspec.field(default=None, name="stored-key")
    server_key: str | None = msgspec.field(default=None, name="server-key")

    pubkey: str | list[str] | None = None
    """For `cryptosign`: the key, or keys, that are good; null for the one that was asked about."""

    totp: str | None = None
    """The key of a second factor, in base32."""

    cache: bool = False
    """Authenticators for Crossbar say it, and mean that asking again is not needed; here each client is asked about."""


class Asked:
    """A source of principals that asks."""

    def __init__(
        self,
        inquiries: Inquiries,
        methods: frozenset[str],
        has_role: Callable[[str, str], bool],
        provider: str = "dynamic",
    ) -> None:
        """`methods` are those for which it is asked; `has_role(realm, role)` tells whether there is such a role."""
        self._inquiries = inquiries
        self._methods = methods
        self._has_role = has_role
        self._provider = provider

    def find(self, inquiry: Inquiry) -> Finding:
        """Ask. Raises, or fails with, Unanswered, or whatever a function raised."""
        if inquiry.authmethod not in self._methods:
            return None
        answer = self._inquiries.ask(inquiry.applicant.realm, _authid(inquiry), _details(inquiry))
        if not isinstance(answer, Deferred):
            return self._read(answer, inquiry)
        return answer.addCallbacks(self._read, _refused, callbackArgs=(inquiry,), errbackArgs=(inquiry,))

    def _read(self, answer: Any, inquiry: Inquiry) -> Found:
        if answer is None:
            return None
        try:
            told = Answer(role=answer) if isinstance(answer, str) else msgspec.convert(answer, Answer)
            return self._principal(told, inquiry)
        except ValueError as mistake:  # as msgspec's are
            log.error(
                "asked about {inquiry} in realm {realm}, the authenticator answered {answer}: {mistake}",
                inquiry=inquiry,
                realm=inquiry.applicant.realm,
                answer=_legible(answer, inquiry),
                mistake=mistake,
            )
            raise Unanswered("the answer makes no sense") from None

    def _principal(self, told: Answer, inquiry: Inquiry) -> Principal:
        """Make a principal of an answer; raises ValueError if the answer is wrong."""
        realm, authid = told.realm or inquiry.applicant.realm, told.authid or _authid(inquiry)
        if not self._has_role(realm, told.role):
            raise ValueError(f"there is no realm {realm!r} with this role")
        if not authid:
            raise ValueError("neither the client nor the answer names an authid")
        method = inquiry.authmethod
        return Principal(
            authid,
            told.role,
            realm=told.realm,
            provider=self._provider,
            extra=told.extra,
            ticket=_ticket(told.ticket) if method == "ticket" and told.ticket is not None else None,
            cra=_cra(told) if method == "wampcra" else None,
            scram=_scram(told, method) if method in ("scram", "wamp-scram") else None,
            keys=_keys(told, inquiry),
            certificates=frozenset() if inquiry.certificate is None else frozenset({inquiry.certificate}),
            totp=None if told.totp is None else parse_totp(told.totp),
            alias=_authid(inquiry),
            proven=method == "ticket" and told.ticket is None,
        )


def _authid(inquiry: Inquiry) -> str | None:
    """Whom it is about: what the client says to be, if anything."""
    said = inquiry.applicant.hello.authid
    return inquiry.authid if inquiry.authid is not None else said if isinstance(said, str) else None


def _details(inquiry: Inquiry) -> dict[str, Any]:
    applicant, extra = inquiry.applicant, inquiry.applicant.hello.authextra
    authrole = applicant.hello.authrole
    details: dict[str, Any] = {
        "session": applicant.session,
        "transport": dict(applicant.transport),
        "authmethod": inquiry.authmethod,
        "authid": _authid(inquiry),
        "authrole": authrole if isinstance(authrole, str) else None,
        "authextra": extra if isinstance(extra, dict) else None,
    }
    if inquiry.ticket is not None:
        details["ticket"] = inquiry.ticket
    if inquiry.key is not None:
        details["pubkey"] = inquiry.key.hex()
    if inquiry.certificate is not None:
        details["fingerprint"] = inquiry.certificate
        details["certificate"] = _pem(applicant.evidence.certificate or b"")
    return details


def _pem(certificate: bytes) -> str:
    text = encodebytes(certificate).decode()
    return f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n"


def _refused(failure: Failure, inquiry: Inquiry) -> Failure | None:
    """A CallFailed that says no is the answer "nobody"; others are logged, and Unanswered. The rest stays."""
    error = failure.value
    if not isinstance(error, CallFailed):
        return failure
    if error.uri in REFUSALS or not error.uri.startswith("wamp."):
        return None
    text = str(error.args)[:MAX_LOGGED]
    if inquiry.ticket:
        text = text.replace(inquiry.ticket, "...")
    log.error("asked about {inquiry}, the authenticator failed: {text}", inquiry=inquiry, text=text)
    raise Unanswered("the authenticator failed")


def _legible(answer: Any, inquiry: Inquiry) -> str:
    """As much of a wrong answer as may be logged."""
    if isinstance(answer, dict):
        return str({key: value if key in SHOWN else "..." for key, value in answer.items()})[:MAX_LOGGED]
    if isinstance(answer, str) and inquiry.authmethod in ("ticket", "cryptosign", "tls"):  # else it may be the secret
        return repr(answer)[:MAX_LOGGED]
    return f"with a value of type {type(answer).__name__}"


# --- secrets --------------------------------------------------------------------------------------------------


def _ticket(text: str) -> str:
    if not text:
        raise ValueError("`ticket` is empty, which every client could show")
    return check_ticket_verifier(text) if is_meant(text) else digest_verifier(text)


def _cra(told: Answer) -> CraSecret:
    """With a salt, some authenticators give the derived key and some the secret: either is understood.

    For who knows the secret there is no need to salt it, and clients that are told of no salt use it as it is.
    """
    if not told.secret:
        raise ValueError("`secret` is missing")
    if told.salt is None or not _is_key(told.secret, told.keylen):
        return CraSecret(told.secret.encode())
    if not 1 <= told.iterations <= 10_000_000 or not 16 <= told.keylen <= 64:
        raise ValueError("`iterations` must be from 1 to 10000000, and `keylen` from 16 to 64")
    return CraSecret(told.secret.encode(), told.salt, told.iterations, told.keylen)


def _scram(told: Answer, method: str) -> ScramSecret:
    if told.scram is not None:
        return parse_scram(told.scram)
    if told.kdf is None or told.salt is None or told.stored_key is None or told.server_key is None:
        raise ValueError("`scram` is missing, or `kdf`, `salt`, `iterations`, `memory`, `stored-key` and `server-key`")
    parts = [b64encode(bytes.fromhex(part)).decode() for part in (told.salt, told.stored_key, told.server_key)]
    if told.kdf == "pbkdf2":
        return parse_scram("$".join(["$scram", "pbkdf2", f"i={told.iterations}", *parts]))
    if told.kdf == "argon2id-13":  # so Crossbar calls it, whose keys are those of autobahn
        if method != "scram":
            raise ValueError("`argon2id-13` is for `scram` only; `wamp-scram` needs keys of `argon2id13`")
        parts += parts[1:]
    return parse_scram("$".join(["$scram", "argon2id13", f"t={told.iterations},m={told.memory}", *parts]))


def _is_key(text: str, length: int) -> bool:
    try:
        return len(b64decode(text, validate=True)) == length
    except ValueError:  # binascii's are, too; this one is for text that is not ASCII
        return False


def _keys(told: Answer, inquiry: Inquiry) -> frozenset[bytes]:
    if told.pubkey is None:
        return frozenset() if inquiry.key is None else frozenset({inquiry.key})
    return frozenset(bytes.fromhex(key) for key in ([told.pubkey] if isinstance(told.pubkey, str) else told.pubkey))
