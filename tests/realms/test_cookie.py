"""Browsers that logged in over HTTP: who joins by a cookie, or by a token that it was good for, and how it ends."""

from typing import Any

import pytest

from realms.authentication import Accepted, Methods
from realms.authentication.cookie import Cookie
from realms.authentication.jwt import LOGIN, OWN_TERMS, Jwt, Signer, Tokens
from realms.authentication.logins import LoggedIn, Login, digest_of
from realms.authentication.principals import Principal
from realms.authentication.token_keys import Key
from realms.lease import sessions_of
from realms.roles import Role, Rule
from realms.transport import Evidence
from router.logins import MOST_OF_ONE, LoginStore
from tests.realms.fakes import ANY, EVERYTHING, PLAIN, TODAY, Peer, Scene

OWN = Key("HS256", b"a key that this process has drawn at random", "wamplex-1")
ROLES = [Role("anyone", [Rule("prefix", "", EVERYTHING)]), Role("admin", [])]


class Site:
    """A realm whose clients log in, and the store of their logins."""

    def __init__(self) -> None:
        self.kept = {"ann": Principal("ann", "anyone", provider="database")}
        self.store = LoginStore(self.now)
        logged_in = LoggedIn("realm1", self.store, self.kept.get)
        tokens = Tokens(None, {"anyone", "admin"}, self.now, own=OWN, logins=logged_in)
        self.realm = Scene(ROLES, methods=[Cookie("wamplex", logged_in), Jwt(tokens)])
        for realm in self.realm.realms.by_name.values():
            realm.methods = Methods(realm.methods.offered, tokens)

    def now(self) -> float:
        """Today, in seconds since 1970."""
        return TODAY + self.realm.clock.seconds()

    def logs_in(self, authid: str = "ann", lifetime: float = 100, **more: Any) -> tuple[str, Login]:
        identity = Accepted(authid, "anyone", "ticket", "database", **more)
        return self.store.add("realm1", identity, authid in self.kept, lifetime)

    def hello(self, cookie: str | None, *methods: str, realm: str = "realm1", **details: Any) -> Peer:
        peer = self.realm.connects()
        if cookie is not None:
            peer.transport.proves = Evidence(cookies={"wamplex": cookie})
        peer.sends(1, realm, {"roles": PLAIN, "authmethods": list(methods or ("cookie",)), **details})
        return peer

    def shows(self, token: str, realm: str = "realm1") -> Peer:
        peer = self.hello(None, "jwt", realm=realm)
        peer.receives(4, "jwt", {})
        peer.sends(5, token, {})
        return peer


@pytest.fixture
def site() -> Site:
    return Site()


def is_in(peer: Peer) -> dict[str, Any]:
    details: dict[str, Any] = peer.receives(2, ANY, ANY)[2]
    return details


def is_out(peer: Peer) -> None:
    peer.receives(3, {"message": "the credentials were not accepted"}, "wamp.error.authentication_denied")


def test_who_logged_in_joins_by_the_cookie_without_a_challenge(site: Site) -> None:
    """E16"""
    cookie, _ = site.logs_in()
    details = is_in(site.hello(cookie))
    assert [details[name] for name in ("authid", "authrole", "authmethod", "authprovider")] == [
        "ann", "anyone", "cookie", "database"
    ]  # fmt: skip


def test_without_a_good_cookie_the_next_method_has_its_turn(site: Site) -> None:
    """E1, E16"""
    assert is_in(site.hello(None, "cookie", "anonymous"))["authmethod"] == "anonymous"
    assert is_in(site.hello("made up", "cookie", "anonymous"))["authmethod"] == "anonymous"
    is_out(site.hello("made up"))


def test_the_cookie_of_one_is_not_good_for_another(site: Site) -> None:
    """E2, E16"""
    cookie, _ = site.logs_in()
    is_out(site.hello(cookie, authid="bob"))
    site.hello(cookie, "cookie", "ticket", authid="bob").receives(4, "ticket", {})
    assert is_in(site.hello(cookie, authid="ann"))["authid"] == "ann"


def test_what_is_kept_of_a_cookie_is_not_good_for_joining(site: Site) -> None:
    """E16, J3"""
    cookie, login = site.logs_in()
    assert login.digest == digest_of(cookie)
    assert cookie not in repr(login)
    is_out(site.hello(login.digest))


def test_a_login_to_one_realm_is_none_to_another(site: Site) -> None:
    cookie, _ = site.logs_in()
    assert LoggedIn("realm2", site.store, site.kept.get).find(digest_of(cookie)) is None
    assert LoggedIn("realm1", site.store, site.kept.get).find(digest_of(cookie)) is not None


def test_the_session_ends_with_the_login(site: Site) -> None:
    """E16"""
    cookie, _ = site.logs_in(lifetime=100)
    peer = site.hello(cookie)
    is_in(peer)
    site.realm.clock.advance(99)
    peer.is_present()
    site.realm.clock.advance(1)
    peer.receives(6, {"message": ANY}, "wamp.close.expired")
    is_out(site.hello(cookie))


def test_after_logout_the_cookie_is_worthless_and_its_sessions_can_be_found(site: Site) -> None:
    """E16"""
    cookie, login = site.logs_in()
    tabs = [site.hello(cookie), site.hello(cookie)]
    other, _ = site.logs_in()
    stranger = site.hello(other)
    for peer in (*tabs, stranger):
        is_in(peer)
    realm = site.realm.realms.by_name["realm1"]
    assert sessions_of(realm, login.credential) == [peer.transport.session for peer in tabs]
    site.store.forget(login.digest)
    is_out(site.hello(cookie))


def test_a_principal_that_is_gone_does_not_come_back_by_its_cookie(site: Site) -> None:
    """E16, F6"""
    cookie, _ = site.logs_in()
    site.kept["ann"] = Principal("ann", "admin", provider="database")
    assert is_in(site.hello(cookie))["authrole"] == "admin"
    del site.kept["ann"]
    is_out(site.hello(cookie))


def test_a_principal_that_others_keep_is_who_it_was(site: Site) -> None:
    """E16, E19: nobody can be asked about it without its password."""
    cookie, _ = site.logs_in("eve", realm="realm2")
    details = is_in(site.hello(cookie))
    assert (details["authid"], details["authrole"], details["realm"]) == ("eve", "anyone", "realm2")


# --- tokens of a login ---


def token_of(login: Login, site: Site, **more: Any) -> str:
    return Signer(OWN, OWN_TERMS).sign(("realm1", "ann", "anyone"), site.now(), 60, **{LOGIN: login.digest} | more)


def test_a_token_of_a_login_is_good_for_a_minute_and_its_session_as_long_as_the_login(site: Site) -> None:
    """E16, E22"""
    _, login = site.logs_in(lifetime=100)
    token = token_of(login, site)
    peer = site.shows(token)
    assert is_in(peer)["authmethod"] == "jwt"
    assert peer.transport.session.credential == login.credential
    site.realm.clock.advance(99)
    peer.is_present()
    late = site.hello(None, "jwt")
    late.receives(4, "jwt", {})
    late.sends(5, token, {})
    late.receives(3, {"message": "the token has expired"}, "wamp.error.authentication_denied")


def test_after_logout_the_tokens_of_the_login_are_worthless(site: Site) -> None:
    """E16"""
    _, login = site.logs_in()
    token = token_of(login, site)
    site.store.forget(login.digest)
    is_out(site.shows(token))


def test_a_token_of_a_login_is_for_its_realm_and_for_who_logged_in(site: Site) -> None:
    _, login = site.logs_in()
    is_out(site.shows(token_of(login, site, **{LOGIN: "0" * 64})))
    forged = Signer(Key("HS256", b"some other key of thirty-two octets", OWN.id), OWN_TERMS)
    is_out(site.shows(forged.sign(("realm1", "ann", "anyone"), site.now(), 60, **{LOGIN: login.digest})))


# --- the store ---


def test_each_login_has_a_cookie_of_its_own_that_nobody_can_guess(site: Site) -> None:
    """E16, J3"""
    cookies = {site.logs_in()[0] for _ in range(10)}
    assert len(cookies) == 10
    assert all(len(cookie) == 43 for cookie in cookies)


def test_one_principal_has_a_bounded_number_of_logins(site: Site) -> None:
    first, _ = site.logs_in()
    other, _ = site.logs_in("eve")
    last = [site.logs_in()[0] for _ in range(MOST_OF_ONE)][-1]
    is_out(site.hello(first))
    is_in(site.hello(last))
    is_in(site.hello(other))


def test_a_login_by_what_expires_lasts_no_longer(site: Site) -> None:
    assert site.logs_in(expires=TODAY + 5)[1].expires == TODAY + 5


def test_who_stays_by_a_token_of_a_login_leaves_with_it(site: Site) -> None:
    """X36: a session that began with a token of somebody else's is one of the login from then on."""
    _, login = site.logs_in()
    others = Signer(OWN, OWN_TERMS).sign(("realm1", "ann", "anyone"), site.now(), 50)
    peer = site.shows(others)
    is_in(peer)
    session = site.realm.realms.by_name["realm1"]
    assert sessions_of(session, login.credential) == []
    request = peer.calls("wamplex.session.extend", [token_of(login, site)])
    peer.receives(50, request, {}, [ANY])
    assert len(sessions_of(session, login.credential)) == 1
