"""Who a request is from: what it shows, and what the realm's own methods say to that.

    Authorization: Bearer <token>            the realm's method `jwt`
    Authorization: Basic <authid>:<ticket>   the realm's method `ticket`
    Cookie                                   the realm's method `cookie`
    nothing                                  the realm's method `anonymous`

(Signed requests are another matter, see `signatures`.) So lockouts, dynamic authenticators and the audit trail hold
for HTTP as they do for WAMP, and what a listener's `authmethods` leave out is left out here. Only the first of these
that is there counts: who shows something wrong is refused, and never falls back to less.
"""

import binascii
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from realms.authentication import Answer, Applicant, Challenged, Denied, Methods, Outcome
from realms.authentication.principals import after
from realms.transport import Evidence
from router.config.bridge import Bridge
from router.cookies import find_cookie
from wamp.errors import AUTHENTICATION_REQUIRED
from wamp.messages import Authenticate
from wamp.options import HelloDetails

MISSING: Final = Denied(AUTHENTICATION_REQUIRED, "this needs credentials: see WWW-Authenticate")
UNREADABLE: Final = Denied(message="the field Authorization cannot be read")


@dataclass(frozen=True, slots=True)
class Sender:
    """Where a request comes from, and what it has to say about that. Fields are named in lower case."""

    address: str
    peer: str
    fields: Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class Proof:
    """What a request shows. Two requests that show the same have the same digest, and nobody can make it up."""

    method: str
    applicant: Applicant
    digest: bytes
    secrets: tuple[str, ...] = ()

    def judge(self, methods: Methods) -> Answer:
        """What the realm says to it."""
        method = methods.offered.get(self.method)
        if method is None:
            return Denied(message="the credentials are of a kind that is not taken here")
        return after(method.begin(self.applicant), lambda outcome: _answered(outcome, self.secrets))


def proof_of(sender: Sender, bridge: Bridge, cookie: str | None) -> Proof | Denied:
    """What a request shows; `cookie` is the name of the cookie of those who logged in."""
    shown = sender.fields.get("authorization", [])
    if len(shown) > 1:
        return UNREADABLE
    if shown:
        scheme, _, rest = shown[0].strip().partition(" ")
        read = _SCHEMES.get(scheme.lower())
        if read is None:
            return UNREADABLE
        return read(sender, bridge, rest.strip())
    if bridge.cookie and cookie is not None:
        value = find_cookie(sender.fields.get("cookie", []), cookie)
        if value:
            applicant = applicant_of(sender, bridge.realm, "cookie", cookies={cookie: value})
            return Proof("cookie", applicant, _digest("cookie", value))
    if bridge.anonymous:
        applicant = applicant_of(sender, bridge.realm, "anonymous")
        return Proof("anonymous", applicant, _digest("anonymous", sender.address))
    return MISSING


def applicant_of(
    sender: Sender, realm: str, method: str, authid: str | None = None, cookies: Mapping[str, str] | None = None
) -> Applicant:
    """Who asks to be let in."""
    return Applicant(
        0,
        realm,
        HelloDetails(authid=authid, authmethods=[method]),
        {"protocol": "http", "peer": sender.peer},
        Evidence(address=sender.address, cookies=cookies or {}),
    )


def challenge_of(bridge: Bridge) -> str:
    """The field WWW-Authenticate. Basic is not among it: browsers would ask their users, and remember the answer."""
    return f'Bearer realm="{bridge.realm}"'


def _bearer(sender: Sender, bridge: Bridge, token: str) -> Proof | Denied:
    if not bridge.bearer or not token:
        return UNREADABLE
    return Proof("jwt", applicant_of(sender, bridge.realm, "jwt"), _digest("jwt", token), (token,))


def _basic(sender: Sender, bridge: Bridge, text: str) -> Proof | Denied:
    try:
        authid, colon, ticket = b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return UNREADABLE
    if not bridge.basic or not colon or not authid:
        return UNREADABLE
    applicant = applicant_of(sender, bridge.realm, "ticket", authid)
    return Proof("ticket", applicant, _digest("ticket", authid, ticket), (ticket,))


_SCHEMES: Final[dict[str, Callable[[Sender, Bridge, str], Proof | Denied]]] = {"bearer": _bearer, "basic": _basic}


def _digest(*parts: str) -> bytes:
    return sha256("\0".join(parts).encode("utf-8", "surrogateescape")).digest()


def _answered(outcome: Outcome, secrets: tuple[str, ...]) -> Answer:
    """Answer the challenges of a method."""
    if not isinstance(outcome, Challenged) or not secrets:
        return outcome
    first, *more = secrets
    return after(outcome.judge(Authenticate(first, {})), lambda judged: _answered(judged, tuple(more)))
