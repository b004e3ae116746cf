"""The desk where browsers log in: who is logged in, by which cookie, and with which sessions."""

from collections.abc import Callable
from typing import Literal

from realms.audit import Entry
from realms.authentication import Accepted, Answer, Applicant, Challenged, Denied, Methods, Outcome
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
        """The login whose cookie is in the Cookie fields of a request, with the role that the principal has now.

        That of a principal who is gone is over, or it would be good again for who gets the name later.
        """
        shown = find_cookie(cookies, self.config.cookie)
        login = None if shown is None else self.store.find(digest_of(shown))
        if login is None or not login.is_kept:
            return login
        found = self._find_now(login.authid)
        if found is None:
            self.store.forget(login.digest)
            return None
        return login._replace(role=found.role)

    def judge(self, applicant: Applicant, secrets: list[str]) -> Answer:
        """Ask the realm's method `ticket`, as a session would: `secrets` are the password, and the second factor."""
        realm = self._realms.by_name[self.config.realm]
        method = realm.methods.offered.get("ticket")
        if method is None:  # a reload has switched it off; that of the login waits for a restart
            return Denied()
        answer: Answer = after(method.begin(applicant), lambda outcome: _answered(outcome, secrets))
        return after(answer, lambda outcome: _present(outcome, realm.methods))

    def begin(self, identity: Accepted, before: Login | None) -> tuple[str, Login]:
        """Note a login; the one that the browser had before is over. Gives the cookie."""
        found = self._find_now(identity.authid)
        # Somebody else's token may name whom we keep, in a role of its own: that login is not this principal's.
        is_kept = found is not None and found.provider == identity.authprovider
        cookie, login = self.store.add(self.config.realm, identity, is_kept, self.config.lifetime)
        if before is not None:
            self.store.forget(before.digest)
            if before.authid == login.authid:
                self._move(before, login)
            else:
                self._end(before)
        return cookie, login

    def record(self, event: Literal["login", "logout"], login: Login, peer: str) -> None:
        """Have a login or its end in the audit trail."""
        realm = self._realms.by_name[self.config.realm]
        authid, role = login.authid, login.role
        realm.record(
            Entry(event=event, outcome="success", realm=realm.name, authid=authid, authrole=role, address=peer)
        )

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


def _present(outcome: Outcome, methods: Methods) -> Outcome:
    """Deny who has gone while the password was being hashed."""
    return Denied() if isinstance(outcome, Accepted) and methods.is_gone(outcome) else outcome


def _answered(outcome: Outcome, secrets: list[str]) -> Answer:
    """Answer the challenges of a method: the password first, then the second factor, if it was given."""
    if not isinstance(outcome, Challenged) or not secrets:
        return outcome
    first, *more = secrets
    return after(outcome.judge(Authenticate(first, {})), lambda judged: _answered(judged, more))
