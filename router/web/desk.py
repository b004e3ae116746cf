"""The desk where browsers log in: who is logged in, by which cookie, and with which sessions."""

from collections.abc import Callable

from realms.authentication import Accepted, Answer, Applicant, Challenged, Denied, Outcome
from realms.authentication.jwt import Signer
from realms.authentication.logins import Login, digest_of
from realms.authentication.principals import Found, after
from realms.lease import sessions_of
from realms.realms import Realms
from realms.session import Session
from router.cookies import find_cookie
from router.tokens import WebLogin
from wamp.errors import CLOSE_LOGOUT
from wamp.messages import Authenticate


class Desk:
    """The desk."""

    def __init__(
        self, login: WebLogin, signer: Callable[[], Signer], realms: Realms, find_now: Callable[[str], Found]
    ) -> None:
        """`signer` gives who signs tokens now; `find_now` the principal of an authid, if the router itself keeps it."""
        self.config = login.config
        self.store = login.store
        self.signer = signer
        self._realms = realms
        self._find_now = find_now

    def login_of(self, cookies: list[str]) -> Login | None:
        """The login whose cookie is in the Cookie fields of a request."""
        shown = find_cookie(cookies, self.config.cookie)
        return None if shown is None else self.store.find(digest_of(shown))

    def judge(self, applicant: Applicant, secrets: list[str]) -> Answer:
        """Ask the realm's method `ticket`, as a session would: `secrets` are the password, and the second factor."""
        method = self._realms.by_name[self.config.realm].methods.offered.get("ticket")
        if method is None:  # a reload has switched it off; that of the login waits for a restart
            return Denied()
        return after(method.begin(applicant), lambda outcome: _answered(outcome, secrets))

    def begin(self, identity: Accepted, before: Login | None) -> tuple[str, Login]:
        """Note a login; the one that the browser had before is over. Gives the cookie."""
        is_kept = self._find_now(identity.authid) is not None
        cookie, login = self.store.add(self.config.realm, identity, is_kept, self.config.lifetime)
        if before is not None:
            self.store.forget(before.digest)
            if before.authid == login.authid:
                self._move(before, login)
            else:
                self._end(before)
        return cookie, login

    def end(self, login: Login) -> int:
        """End a login and its sessions; gives how many these were."""
        self.store.forget(login.digest)
        return self._end(login)

    def _end(self, login: Login) -> int:
        sessions = self._sessions(login)
        for session in sessions:
            session.leave(CLOSE_LOGOUT, "you have logged out")
        return len(sessions)

    def _move(self, before: Login, login: Login) -> None:
        """The same person logs in again: the other tabs go on."""
        for session in self._sessions(before):
            session.credential = login.credential
            if session.lease is not None:
                session.lease.extend(login.expires)

    def _sessions(self, login: Login) -> list[Session]:
        return [one for realm in self._realms.by_name.values() for one in sessions_of(realm, login.credential)]


def _answered(outcome: Outcome, secrets: list[str]) -> Answer:
    """Answer the challenges of a method: the password first, then the second factor, if it was given."""
    if not isinstance(outcome, Challenged) or not secrets:
        return outcome
    first, *more = secrets
    return after(outcome.judge(Authenticate(first, {})), lambda judged: _answered(judged, more))
