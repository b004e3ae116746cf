"""Logins: browsers that proved over HTTP who they are, and have a cookie for it.

The cookie is a random number of 256 bits. What is kept is its digest: whoever reads the store cannot log in with that.
"""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Final, NamedTuple, Protocol

from msgspec import UNSET

from realms.authentication import Accepted, Applicant, Denied
from realms.authentication.principals import Found, admitted

CREDENTIAL: Final = "cookie:"
"""`Accepted.credential` is this and the digest."""


class Login(NamedTuple):
    """Somebody who logged in. Times are seconds since 1970."""

    digest: str
    realm: str
    authid: str
    role: str
    provider: str
    """`authprovider`: who knew the principal."""

    is_kept: bool
    """Whether the router itself keeps the principal, so that it can see that it is still there."""

    assigned: str | None
    """The realm to join, if that was not for the client to choose."""

    created: float
    expires: float

    @property
    def credential(self) -> str:
        """Names the login in sessions."""
        return CREDENTIAL + self.digest


class Logins(Protocol):
    """Where logins are kept."""

    def find(self, digest: str) -> Login | None:
        """The login, unless it is over."""


def digest_of(cookie: str) -> str:
    """What is kept of a cookie."""
    return sha256(cookie.encode()).hexdigest()


class LoggedIn:
    """Admits to one realm whoever has logged in to it."""

    def __init__(self, realm: str, logins: Logins, find_now: Callable[[str], Found]) -> None:
        """`find_now` gives the principal of an authid, if the router itself keeps it."""
        self._realm = realm
        self._logins = logins
        self._find_now = find_now

    def is_kept(self, authid: str) -> bool:
        """Whether the router itself keeps this principal."""
        return self._find_now(authid) is not None

    def find(self, digest: str) -> Login | None:
        """The login, if it is one for this realm and not over."""
        login = self._logins.find(digest)
        return login if login is not None and login.realm == self._realm else None

    def admit(self, applicant: Applicant, digest: str, authmethod: str) -> Accepted | Denied:
        """Accept, as long as the login lasts, a principal that is still there; in the role that it has now."""
        login = self.find(digest)
        if login is None or applicant.hello.authid not in (login.authid, None, UNSET):
            return Denied()
        if not login.is_kept:
            return _unchecked(login, authmethod)
        found = self._find_now(login.authid)
        if found is None:
            return Denied()
        return replace(admitted(found, authmethod), expires=login.expires, credential=login.credential)


def _unchecked(login: Login, authmethod: str) -> Accepted:
    return Accepted(
        login.authid,
        login.role,
        authmethod,
        login.provider,
        realm=login.assigned,
        expires=login.expires,
        credential=login.credential,
    )
