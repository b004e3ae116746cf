"""Tickets that are signed tokens (JWT): from an identity provider, the application, or the router's own login.

`[4, "jwt", {}]` is answered with `[5, <token>, {}]`, and so is `[4, "ticket", {}]`. What the token says decides: who,
in which role, until when. The session ends when the token does, unless `wamplex.session.extend` shows a fresh one.

RFC 7519 (JSON Web Token), RFC 8725 (best practices).
"""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import jwt
import msgspec
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from realms.authentication import Accepted, Answer, Applicant, Challenged, Denied
from realms.authentication.logins import LoggedIn
from realms.authentication.principals import then
from realms.authentication.token_keys import ALGORITHMS, Found, Key, Keys, KeysUnavailable
from realms.transport import Evidence
from wamp.errors import AUTHENTICATION_FAILED
from wamp.messages import Authenticate
from wamp.options import HelloDetails

MAX_TOKEN: Final = 8192
"""Characters of a token; identity providers need one or two thousand."""

MAX_AUTHID: Final = 256
"""Characters of an authid."""

MOST_TRIED: Final = 4
"""Keys that are tried for a token without `kid`: a signature takes 50 to 100 us."""

LATEST: Final = 253_402_214_400.0
"""Seconds since 1970: the last day of the year 9999, the last that can be written as a date."""

LOGIN: Final = "wamplex_login"
"""The claim of the router's own tokens that names the login which they were got by."""

NAME: Final = "jwt"

log = Logger(namespace="authentication")

_JWS = jwt.PyJWS(algorithms=list(ALGORITHMS))


class Terms(NamedTuple):
    """What a token must say, and by which claims. A claim's name may be a path: dots lead into nested claims."""

    authid: str = "sub"
    role: str = "role"
    """A text, or a list, of which the first that the realm has counts."""

    realm: str | None = None
    """A text or a list, which the name of the realm must be among; None if tokens name none."""

    default_role: str | None = None
    """Of tokens that name none; None refuses them."""

    issuer: str | None = None
    audience: str | None = None
    leeway: float = 10.0
    """Seconds that clocks may differ."""


@dataclass(frozen=True, slots=True)
class Authority:
    """Who may sign tokens for a realm, and what they must say."""

    keys: Keys
    terms: Terms


class Refused(Exception):  # noqa: N818 - it reads as what it says
    """The token is not good; the text is for the operator."""

    def __init__(self, why: str, *, told: bool = False) -> None:
        """`told` if the client may know: it has a token of ours, and it is the client that has to get another."""
        super().__init__(why)
        self.told = told


class Tokens:
    """Judges tokens for a realm. It is the `TokenJudge` of the method `ticket`."""

    def __init__(
        self,
        authority: Authority | None,
        roles: Container[str],
        now: Callable[[], float],
        *,
        own: Key | None = None,
        logins: LoggedIn | None = None,
    ) -> None:
        """`own` is the key, with an id, of tokens that the router signs for those who logged in, if it has its own."""
        self._authority = authority
        self._own = own
        self._roles = roles
        self._now = now
        self._logins = logins

    def judge(self, applicant: Applicant, token: str, authmethod: str = "ticket") -> Answer | None:
        """Accept or deny; None if this is no token."""
        header = header_of(token)
        if header is None:
            return None
        if len(token) > MAX_TOKEN:
            return _denied(applicant, Refused("it is too long"))
        algorithm, id = header.get("alg"), header.get("kid")
        if algorithm not in ALGORITHMS:
            return _denied(applicant, Refused("it is signed with an algorithm that is not accepted"))
        if self._own is not None and id == self._own.id and algorithm == self._own.algorithm:
            return self._decide(applicant, token, authmethod, OWN_TERMS, (self._own,))
        if self._authority is None:
            return _denied(applicant, Refused("only the router's own tokens are accepted"))
        terms = self._authority.terms
        try:
            found = self._authority.keys.find(algorithm, id)
            answer: Answer = then(found, lambda keys: self._decide(applicant, token, authmethod, terms, keys))
        except KeysUnavailable:
            return _no_keys()
        return answer.addErrback(_if_no_keys) if isinstance(answer, Deferred) else answer

    def _decide(self, applicant: Applicant, token: str, authmethod: str, terms: Terms, keys: Found) -> Answer:
        try:
            claims = verified(token, keys)
            until = self._valid_until(claims, terms)
            login = claims.get(LOGIN)
            if login is not None and self._logins is None:
                raise Refused("it is of a login to another realm")
            if login is not None and self._logins is not None:
                return self._logins.admit(applicant, login if isinstance(login, str) else "", authmethod)
            authid = claim(claims, terms.authid)
            if not isinstance(authid, str) or not 0 < len(authid) <= MAX_AUTHID:
                raise Refused(f"`{terms.authid}` names nobody")
            if applicant.hello.authid not in (authid, None, msgspec.UNSET):
                raise Refused("it is somebody else's")
            if terms.realm is not None and applicant.realm not in _listed(claim(claims, terms.realm)):
                raise Refused("it is for another realm")
            return Accepted(authid, self._role(claims, terms), authmethod, NAME, expires=until)
        except Refused as refused:
            return _denied(applicant, refused)

    def _valid_until(self, claims: Mapping[str, Any], terms: Terms) -> float:
        """Check the claims that every token has; gives the end of the session, in seconds since 1970."""
        if terms.issuer is not None and claims.get("iss") != terms.issuer:
            raise Refused("`iss` is somebody else")
        meant_for = _listed(claims.get("aud"))
        if terms.audience not in meant_for and (meant_for or terms.audience is not None):
            raise Refused("`aud` is somebody else")
        now, leeway = self._now(), terms.leeway
        expires = _time(claims, "exp")
        if expires is None:
            raise Refused("it never expires (`exp`)")
        if now >= expires + leeway:
            raise Refused("the token has expired", told=True)
        for name in ("nbf", "iat"):
            if (_time(claims, name) or 0) > now + leeway:
                raise Refused("the token is not valid yet", told=True)
        return expires + leeway

    def _role(self, claims: Mapping[str, Any], terms: Terms) -> str:
        named = _listed(claim(claims, terms.role))
        if not named and terms.default_role is not None:
            return terms.default_role
        role = next((role for role in named if role in self._roles), None)
        if role is None:
            raise Refused(f"`{terms.role}` names no role of the realm")
        return role


class Jwt:
    """The method `jwt`: as `ticket`, with tokens only."""

    name: Final = NAME

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def suits(self, hello: HelloDetails, evidence: Evidence) -> bool:
        """Everybody may have a token."""
        return True

    def begin(self, applicant: Applicant) -> Challenged:
        """Challenge."""
        return Challenged(self.name, {}, lambda answer: self._judge(applicant, answer))

    def _judge(self, applicant: Applicant, answer: Authenticate) -> Answer:
        judged = self._tokens.judge(applicant, answer.signature, self.name)
        return Denied() if judged is None else judged


class Signer(NamedTuple):
    """Signs tokens that a realm accepts."""

    key: Key
    """Of HS256."""

    terms: Terms

    def sign(self, who: tuple[str, str, str], now: float, lifetime: float, **more: Any) -> str:
        """A token for `(realm, authid, role)`; `now` in seconds since 1970, `lifetime` in seconds."""
        realm, authid, role = who
        claims: dict[str, Any] = {"iat": int(now), "exp": int(now + lifetime), **more}
        _put(claims, self.terms.authid, authid)
        _put(claims, self.terms.role, role)
        if self.terms.realm is not None:
            _put(claims, self.terms.realm, realm)
        if self.terms.issuer is not None:
            claims["iss"] = self.terms.issuer
        if self.terms.audience is not None:
            claims["aud"] = self.terms.audience
        headers = {"typ": "JWT"} if self.key.id is None else {"typ": "JWT", "kid": self.key.id}
        return _JWS.encode(msgspec.json.encode(claims), self.key.key, self.key.algorithm, headers)


OWN_TERMS: Final = Terms(realm="realm")
"""Of the tokens that the router signs with a key of its own."""


def header_of(token: str) -> dict[str, Any] | None:
    """The header of what looks like a token; None if it does not."""
    if not token.startswith("eyJ") or token.count(".") != 2:  # `{"` in base64
        return None
    try:
        return jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError):
        return None


def verified(token: str, keys: Found) -> dict[str, Any]:
    """The claims of a token that one of the keys has signed; raises Refused."""
    for key in keys[:MOST_TRIED]:
        try:
            payload = _JWS.decode_complete(token, key.key, algorithms=[key.algorithm])["payload"]
            claims = msgspec.json.decode(payload)
        except jwt.InvalidSignatureError:
            continue
        except (jwt.PyJWTError, msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            raise Refused("it is malformed") from None
        if not isinstance(claims, dict):
            raise Refused("it makes no claims")
        return claims
    raise Refused("it is signed by nobody who is trusted here" if keys else "no key is known that may have signed it")


def claim(claims: Mapping[str, Any], path: str) -> Any:
    """The value of a claim; None if it is not there. Auth0 has dots in names, Keycloak has nested claims."""
    value: Any = claims.get(path)
    if value is None:
        value = claims
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
    return value


def _put(claims: dict[str, Any], path: str, value: str) -> None:
    """The reverse of `claim`. A URL is one name."""
    *above, last = [path] if "/" in path else path.split(".")
    for name in above:
        claims = claims.setdefault(name, {})
    claims[last] = value


def _listed(value: Any) -> list[str]:
    """The texts of a claim that is a text, or a list."""
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, str)]


def _time(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(f"`{name}` is no time")
    return min(max(value, 0), LATEST)


def _denied(applicant: Applicant, refused: Refused) -> Denied:
    peer = applicant.transport.get("peer", "?")
    log.info("a token of {peer} for {realm} is refused: {why}", peer=peer, realm=applicant.realm, why=str(refused))
    return Denied(message=str(refused)) if refused.told else Denied()


def _no_keys() -> Denied:
    return Denied(AUTHENTICATION_FAILED, "the keys that verify tokens are not available; try again later")


def _if_no_keys(failure: Failure) -> Denied:
    failure.trap(KeysUnavailable)
    return _no_keys()
