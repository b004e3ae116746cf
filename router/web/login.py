"""Logging in over HTTP, as every web site does: a cookie that scripts cannot read, and short-lived tokens.

    POST /auth/login   {"authid", "password"[, "totp"]}   Set-Cookie, {"authid", "role", "expires_in"}
    POST /auth/token   with the cookie                    {"token", "expires_in", "authid", "role"}
    POST /auth/logout  with the cookie                    ends every session of this login, {}
    GET  /auth/whoami  with the cookie                    {"authid", "role", "realm", "expires_in"}

Bodies are JSON, answers too; a refusal is `{"error": <one sentence>}` with 401, 403, 405, 413, 415, 429 or 503. A page
then joins with `authmethods: ["cookie"]`, or shows the token by the method `ticket` or `jwt`.

Pages of others get nowhere: what changes something must be a POST of JSON, which they cannot send unasked, from a page
of the same origin. What they may ask is answered by nothing: there is no CORS here.
"""

# mypy: disallow-untyped-calls=False

import time
from http import HTTPStatus
from ipaddress import ip_address

import msgspec
from msgspec import UNSET, Struct, UnsetType
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from realms.authentication import Accepted, Applicant, Challenged, Denied, Outcome
from realms.authentication.guard import LOCKED_OUT
from realms.authentication.jwt import LOGIN
from realms.authentication.logins import Login
from realms.authentication.principals import after
from realms.transport import Evidence
from router.cookies import cookie_field
from router.transports.http_head import Head
from router.transports.origins import same_origins
from router.web.channel import Request
from router.web.desk import Desk
from router.web.endpoint import READ, Body, Endpoint, Refusal, fields_of
from router.web.site import Site
from wamp.errors import AUTHENTICATION_FAILED
from wamp.options import HelloDetails

log = Logger(namespace="login")


class Credentials(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a login."""

    authid: str
    password: str
    totp: str | UnsetType = UNSET
    """The code of the second factor."""

    def __repr__(self) -> str:
        return f"Credentials({self.authid!r})"


def plant_login(site: Site, desk: Desk) -> None:
    """Serve the four addresses on a listener."""
    for name, kind in (("login", LogIn), ("token", Token), ("logout", LogOut), ("whoami", WhoAmI)):
        site.plant(f"{desk.config.path.rstrip('/')}/{name}", kind(desk))


class Counter(Endpoint):
    """One of the four."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk

    def login_of(self, request: Request) -> Login:
        """Who is logged in; raises Refusal."""
        login = self.desk.login_of(fields_of(request, b"Cookie"))
        if login is None:
            raise Refusal(HTTPStatus.UNAUTHORIZED, "you are not logged in")
        return login


class LogIn(Counter):
    """POST /auth/login."""

    def answer(self, request: Request) -> Body | Deferred[Body]:
        """Judge the password and set the cookie."""
        try:
            credentials = msgspec.json.decode(request.content.read(), type=Credentials)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            sentence = 'expected {"authid": ..., "password": ...}, and "totp" for a second factor'
            raise Refusal(HTTPStatus.BAD_REQUEST, sentence) from None
        host, peer = _peer_of(request)
        applicant = Applicant(
            0,
            self.desk.config.realm,
            HelloDetails(authid=credentials.authid, authmethods=["ticket"]),
            {"protocol": "http", "peer": peer},
            Evidence(address=host),
        )
        secrets = [credentials.password]
        if isinstance(credentials.totp, str):
            secrets.append(credentials.totp)
        return after(self.desk.judge(applicant, secrets), lambda outcome: self._decide(request, outcome))

    def _decide(self, request: Request, outcome: Outcome) -> Body:
        # A token of a login is no password: it would make a login of a minute one of a day, over and over.
        if not isinstance(outcome, Accepted) or outcome.credential is not None:
            raise _refusal_of(outcome)
        cookie, login = self.desk.begin(outcome, self.desk.login_of(fields_of(request, b"Cookie")))
        peer = _peer_of(request)[1]
        self.desk.record("login", login, peer)
        log.info("{authid} has logged in from {peer}", authid=login.authid, peer=peer)
        config = self.desk.config
        _set_cookie(request, config.cookie, cookie, _seconds_until(login.expires), config.same_site)
        return {"authid": login.authid, "role": login.role, "expires_in": _seconds_until(login.expires)}


class Token(Counter):
    """POST /auth/token."""

    def answer(self, request: Request) -> Body:
        """Sign a token that is good for joining, soon; the session lasts as long as the login."""
        login = self.login_of(request)
        seconds = min(self.desk.config.token_lifetime, login.expires - time.time())
        who = (login.realm, login.authid, login.role)
        token = self.desk.signer().sign(who, time.time(), seconds, **{LOGIN: login.digest})
        return {"token": token, "expires_in": int(seconds), "authid": login.authid, "role": login.role}


class LogOut(Counter):
    """POST /auth/logout."""

    def answer(self, request: Request) -> Body:
        """End the login and its sessions; to who is not logged in it is done already."""
        login = self.desk.login_of(fields_of(request, b"Cookie"))
        if login is not None:
            count = self.desk.end(login)
            self.desk.record("logout", login, _peer_of(request)[1])
            log.info("{authid} has logged out of {count} sessions", authid=login.authid, count=count)
        _set_cookie(request, self.desk.config.cookie, "", 0, self.desk.config.same_site)
        return {}


class WhoAmI(Counter):
    """GET /auth/whoami."""

    methods = READ

    def answer(self, request: Request) -> Body:
        """Who is logged in."""
        login = self.login_of(request)
        seconds = _seconds_until(login.expires)
        return {"authid": login.authid, "role": login.role, "realm": login.realm, "expires_in": seconds}


def _refusal_of(outcome: Outcome) -> Refusal:
    if isinstance(outcome, Challenged):
        return Refusal(HTTPStatus.UNAUTHORIZED, "a second factor is needed: give its code as `totp`")
    if outcome is LOCKED_OUT:
        return Refusal(HTTPStatus.TOO_MANY_REQUESTS, "too many failures; try again later")
    if isinstance(outcome, Denied) and outcome.reason == AUTHENTICATION_FAILED:
        return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, outcome.message)
    return Refusal(HTTPStatus.UNAUTHORIZED, Denied().message)


def _set_cookie(request: Request, name: str, value: str, seconds: int, same_site: str) -> None:
    secure = bool(request.isSecure()) or not _is_development(request)
    field = cookie_field(name, value, seconds, secure=secure, same_site=same_site)
    request.responseHeaders.addRawHeader(b"Set-Cookie", field.encode())


def _peer_of(request: Request) -> tuple[str, str]:
    """The client's IP address, and the same with the port."""
    return request.whereabouts.address, request.whereabouts.peer


def _is_development(request: Request) -> bool:
    """Whether the browser is on this machine and says so: a proxy on it, which may have TLS, names another host."""
    head, where = Head("", "", "", {"host": fields_of(request, b"host")}), request.whereabouts
    hosts = [where.address, *(one.host for one in same_origins(head, secure=True, host=where.host))]
    return len(hosts) == 2 and all(map(_is_loopback, hosts))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _seconds_until(moment: float) -> int:
    return max(0, round(moment - time.time()))
