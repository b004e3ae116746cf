"""Cookie: a browser that logged in over HTTP joins as who it is, with nothing to type. No CHALLENGE is needed.

A browser sends cookies along with the requests of any page, so this is only as safe as the check of where the page is
from: `allowed_origins` of the listener.
"""

from typing import Final

from msgspec import UNSET

from realms.authentication import Accepted, Applicant, Denied
from realms.authentication.logins import LoggedIn, Login, digest_of
from realms.transport import Evidence
from wamp.options import HelloDetails


class Cookie:
    """Admits the holders of a cookie."""

    name: Final = "cookie"

    def __init__(self, cookie: str, logins: LoggedIn) -> None:
        """`cookie` is its name."""
        self._cookie = cookie
        self._logins = logins

    def suits(self, hello: HelloDetails, evidence: Evidence) -> bool:
        """Whoever is logged in; others go on to their next method."""
        login = self._login(evidence)
        return login is not None and hello.authid in (login.authid, None, UNSET)

    def begin(self, applicant: Applicant) -> Accepted | Denied:
        """Admit whoever is logged in, until the login ends."""
        login = self._login(applicant.evidence)
        return Denied() if login is None else self._logins.admit(applicant, login.digest, self.name)

    def _login(self, evidence: Evidence) -> Login | None:
        shown = evidence.cookies.get(self._cookie)
        return None if shown is None else self._logins.find(digest_of(shown))
