"""Logging in over HTTP against a real router: what is answered, what is refused, and the sessions that come of it."""

import json
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPResponse
from http.cookies import SimpleCookie
from typing import Any

import jwt
import pytest

from realms.authentication.verifiers import digest_verifier
from router.cli import main
from tests.peers import ROLES, Peer
from tests.routers import RunningRouter

CONFIG = f"""
realms:
  - name: realm1
    authentication:
      ticket: true
      cookie: true
      anonymous: {{role: guest}}
      lockout: {{after: 5, first: 60}}
    principals:
      - {{authid: ann, role: user, ticket: "{digest_verifier("sesame")}"}}
      - {{authid: bob, role: user, ticket: "{digest_verifier("letmein")}", totp: {{file: totp}}}}
    roles:
      - name: user
        permissions: [{{uri: "", match: prefix, allow: [call, subscribe]}}]
      - name: guest
  - name: realm2
    authentication:
      jwt: {{secret: {{file: secret}}}}
    roles:
      - {{name: user, permissions: [{{uri: wamplex., match: prefix, allow: [call]}}]}}
audit: {{file: audit.log}}
web:
  login: {{realm: realm1, lifetime: 3600, token_lifetime: 60, same_site: strict}}
"""


STRANGERS = f"""
realms:
  - name: realm1
    authentication:
      ticket: true
      cookie: true
      lockout: false
      jwt: {{secret: {{file: secret}}}}
    principals:
      - {{authid: ann, role: user, ticket: "{digest_verifier("sesame")}"}}
    principals_file: people.yaml
    roles: [{{name: user}}, {{name: guest}}]
web:
  login: {{realm: realm1}}
"""


@pytest.fixture(scope="module")
def router(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRouter]:
    folder = tmp_path_factory.mktemp("login")
    (folder / "totp").write_text("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    (folder / "secret").write_text("a secret of thirty-two octets, or more")
    (folder / "people.yaml").write_text("[]")
    running = RunningRouter(folder, CONFIG).start()
    yield running
    running.close()


Answer = tuple[HTTPResponse, Any]


class Browser:
    """Sends requests as a page of the router would, and keeps the cookie."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookie: str | None = None

    def ask(self, path: str, body: Any = None, method: str = "POST", **headers: str | None) -> Answer:
        sent: dict[str, str | None] = {"Content-Type": "application/json", "Origin": f"http://127.0.0.1:{self.port}"}
        sent |= {"Cookie": f"theme=dark; wamplex={self.cookie}; x=y"} if self.cookie else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            content = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
            connection.request(method, path, content, {name: value for name, value in sent.items() if value})
            response = connection.getresponse()
            text = response.read()
            said = response.getheader("Set-Cookie")
            if said is not None:
                self.cookie = SimpleCookie(said)["wamplex"].value or None
            is_json = response.getheader("Content-Type") == "application/json"
            return response, json.loads(text) if is_json and text else text
        finally:
            connection.close()

    def logs_in(self, authid: str = "ann", password: str = "sesame", **more: Any) -> Answer:  # noqa: S107
        return self.ask("/auth/login", {"authid": authid, "password": password, **more})

    def joins(self, *methods: str) -> Peer:
        headers = {"Cookie": f"theme=dark; wamplex={self.cookie}"} if self.cookie else {}
        return Peer(self.port, headers=headers).join(authmethods=list(methods or ("cookie",)))


@pytest.fixture
def browser(router: RunningRouter) -> Browser:
    return Browser(router.port)


def is_refused(peer: Peer) -> str:
    code, _, reason = peer.receive()
    assert code == 3
    return str(reason)


# --- logging in ---


def test_a_login_sets_a_cookie_that_scripts_and_other_sites_do_not_get(browser: Browser) -> None:
    """E16"""
    response, body = browser.logs_in()
    assert (response.status, body) == (200, {"authid": "ann", "role": "user", "expires_in": 3600})
    attributes = (response.getheader("Set-Cookie") or "").split("; ")[1:]
    assert attributes == ["Path=/", "Max-Age=3600", "HttpOnly", "SameSite=Strict"]
    assert response.getheader("Cache-Control") == "no-store"
    _, body = browser.ask("/auth/whoami", method="GET")
    assert body == {"authid": "ann", "role": "user", "realm": "realm1", "expires_in": 3600}


def test_a_cookie_goes_over_tls_only_unless_the_browser_is_on_this_machine(browser: Browser) -> None:
    """E16: a router behind a proxy sees the proxy's address, and the host that the browser asked for."""
    response, _ = browser.ask(
        "/auth/login", {"authid": "ann", "password": "sesame"}, Host="example.com", Origin="https://example.com"
    )
    assert "Secure" in (response.getheader("Set-Cookie") or "").split("; ")


def test_nothing_tells_whether_somebody_exists(browser: Browser) -> None:
    """J3"""
    wrong = browser.logs_in(password="wrong")
    unknown = browser.logs_in(authid="nobody")
    assert wrong[0].status == unknown[0].status == 401
    assert wrong[1] == unknown[1] == {"error": "the credentials were not accepted"}
    assert wrong[0].getheaders()[2:] == unknown[0].getheaders()[2:]


def test_a_second_factor_is_asked_for_after_the_first(browser: Browser) -> None:
    """E18"""
    response, body = browser.logs_in("bob", "letmein")
    assert (response.status, body) == (401, {"error": "a second factor is needed: give its code as `totp`"})
    assert browser.logs_in("bob", "letmein", totp="000000")[0].status == 401
    assert browser.cookie is None


def test_who_fails_too_often_has_to_wait(router: RunningRouter) -> None:
    browser = Browser(router.port)
    statuses = [browser.logs_in(authid="eve", password="guess")[0].status for _ in range(7)]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    response, _ = browser.logs_in(authid="eve", password="guess")
    assert response.getheader("Retry-After")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example.com"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": None, "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": None}, 415),
    ],
)
@pytest.mark.parametrize("path", ["/auth/login", "/auth/token", "/auth/logout"])
def test_pages_of_others_get_nowhere(browser: Browser, path: str, headers: dict[str, str], status: int) -> None:
    """E16"""
    browser.logs_in()
    response, _ = browser.ask(path, {"authid": "ann", "password": "sesame"}, **headers)
    assert response.status == status
    assert not any(name.lower().startswith("access-control") for name, _ in response.getheaders())
    assert browser.ask("/auth/whoami", method="GET")[0].status == 200


def test_what_is_no_login_is_refused_as_what_it_is(browser: Browser) -> None:
    for body in (b"", b"{", b"[]", b'{"authid": "ann"}', b'{"authid": 1, "password": "x"}', b"[" * 4000, b"\xff"):
        assert browser.ask("/auth/login", body)[0].status == 400
    assert browser.ask("/auth/login", b" " * 4097)[0].status == 413
    assert browser.ask("/auth/login", b" " * 70_000)[0].status == 413
    response, _ = browser.ask("/auth/login", method="GET")
    assert (response.status, response.getheader("Allow")) == (405, "POST")
    assert browser.ask("/auth/login", method="OPTIONS")[0].status == 405
    assert browser.ask("/auth/whoami")[0].getheader("Allow") == "GET, HEAD"
    assert browser.ask("/auth/nothing")[0].status in (404, 405)


def test_who_is_not_logged_in_gets_no_token_and_may_log_out(browser: Browser) -> None:
    assert browser.ask("/auth/token")[0].status == 401
    assert browser.ask("/auth/whoami", method="GET")[0].status == 401
    assert browser.ask("/auth/logout")[0].status == 200


def test_a_client_that_is_no_browser_may_log_in(browser: Browser) -> None:
    assert browser.ask("/auth/login", {"authid": "ann", "password": "sesame"}, Origin=None)[0].status == 200


# --- joining ---


def test_who_logged_in_joins_by_the_cookie(browser: Browser) -> None:
    """E16"""
    browser.logs_in()
    peer = browser.joins("cookie", "anonymous")
    assert [peer.welcome[name] for name in ("authid", "authrole", "authmethod")] == ["ann", "user", "cookie"]


def test_a_browser_without_a_login_is_anonymous(browser: Browser) -> None:
    """E16"""
    assert browser.joins("cookie", "anonymous").welcome["authmethod"] == "anonymous"


def test_logins_and_logouts_are_on_record(router: RunningRouter) -> None:
    """F5"""
    trail = router.folder / "audit.log"
    before = len(trail.read_text().splitlines())
    browser = Browser(router.port)
    browser.logs_in()
    browser.ask("/auth/login", {"authid": "ann", "password": "wrong"})
    browser.ask("/auth/logout")
    told = [json.loads(line) for line in trail.read_text().splitlines()[before:]]
    assert [(entry["event"], entry["outcome"], entry["authid"], entry.get("authrole")) for entry in told] == [
        ("login", "success", "ann", "user"), ("login", "failure", "ann", None), ("logout", "success", "ann", "user")
    ]  # fmt: skip
    assert all("session" not in entry and entry["address"].startswith("127.0.0.1:") for entry in told)


def test_logout_ends_every_session_of_the_login_and_its_cookie_and_tokens(router: RunningRouter) -> None:
    """E16, E22"""
    browser, other = Browser(router.port), Browser(router.port)
    browser.logs_in()
    other.logs_in()
    _, body = browser.ask("/auth/token")
    assert (body["expires_in"], body["authid"], body["role"]) == (60, "ann", "user")
    by_cookie, elsewhere = browser.joins(), other.joins()
    by_token = Peer(router.port)
    by_token.send(1, "realm1", {"roles": ROLES, "authmethods": ["ticket"], "authid": "ann"})
    by_token.receives(4, "ticket", {})
    by_token.send(5, body["token"], {})
    by_token.receives(2, ..., ...)
    stolen = browser.cookie

    assert browser.ask("/auth/logout")[0].status == 200
    for peer in (by_cookie, by_token):
        assert peer.receives(6, ..., "wamp.close.logout")
    assert browser.cookie is None
    thief = Browser(router.port)
    thief.cookie = stolen
    assert thief.ask("/auth/whoami", method="GET")[0].status == 401
    assert thief.ask("/auth/token")[0].status == 401
    peer = Peer(router.port, headers={"Cookie": f"wamplex={stolen}"})
    peer.send(1, "realm1", {"roles": ROLES, "authmethods": ["cookie"]})
    assert is_refused(peer) == "wamp.error.authentication_denied"
    late = Peer(router.port, "rawsocket")
    late.send(1, "realm1", {"roles": ROLES, "authmethods": ["jwt"]})
    late.receives(4, "jwt", {})
    late.send(5, body["token"], {})
    assert is_refused(late) == "wamp.error.authentication_denied"
    assert elsewhere.request(48, {}, "wamp.session.count")[0] == 50  # others go on


def test_a_token_of_a_login_is_no_password(browser: Browser) -> None:
    """It would make a minute a day, over and over."""
    browser.logs_in()
    _, body = browser.ask("/auth/token")
    assert browser.logs_in(password=body["token"])[0].status == 401


def test_logging_in_again_makes_a_new_cookie_and_the_other_tabs_go_on(browser: Browser) -> None:
    """E16: rotation."""
    browser.logs_in()
    tab, before = browser.joins(), browser.cookie
    browser.logs_in()
    after, browser.cookie = browser.cookie, before
    assert after != before
    assert browser.ask("/auth/whoami", method="GET")[0].status == 401
    browser.cookie = after
    assert tab.request(48, {}, "wamp.session.count")[0] == 50
    browser.ask("/auth/logout")
    tab.receives(6, ..., "wamp.close.logout")


def test_a_token_of_the_command_line_is_good_for_joining_and_for_staying(
    router: RunningRouter, capsys: pytest.CaptureFixture[str]
) -> None:
    """E22"""

    def token(seconds: int) -> str:
        command = ["token", "--authid", "joe", "--role", "user", "--for", str(seconds)]
        assert main([*command, "--config", str(router.config_file)]) == 0
        return capsys.readouterr().out.strip()

    peer = Peer(router.port, "rawsocket", "cbor")
    peer.send(1, "realm2", {"roles": ROLES, "authmethods": ["jwt"]})
    peer.receives(4, "jwt", {})
    peer.send(5, token(60), {})
    assert peer.receives(2, ..., ...)[2]["authid"] == "joe"
    code, _, _, (expires,) = peer.request(48, {}, "wamplex.session.extend", [token(7200)])
    assert code == 50
    assert expires.endswith("Z")


def test_the_command_line_says_what_is_missing(router: RunningRouter, capsys: pytest.CaptureFixture[str]) -> None:
    def complaint(*arguments: str) -> str:
        assert main(["token", "--authid", "joe", *arguments, "--config", str(router.config_file)]) == 1
        return capsys.readouterr().err

    assert "no secret to sign with" in complaint("--role", "user", "--realm", "realm1")
    assert "no role admin" in complaint("--role", "admin")
    assert "no realm nowhere" in complaint("--role", "user", "--realm", "nowhere")


def test_a_token_that_names_somebody_whom_the_router_keeps_does_not_make_a_login_of_hers(router: RunningRouter) -> None:
    """Whoever signs tokens decides about the role of their bearers, and does not know who has which name here."""
    router_too = RunningRouter(router.folder, STRANGERS).start()
    try:
        browser = Browser(router_too.port)
        claims = {"sub": "ann", "role": "guest", "exp": int(time.time()) + 60}
        token = jwt.encode(claims, "a secret of thirty-two octets, or more", "HS256")
        response, body = browser.logs_in(password=token)
        assert (response.status, body["role"]) == (200, "guest")
        welcome = browser.joins("cookie").welcome
        assert (welcome["authid"], welcome["authrole"], welcome["authprovider"]) == ("ann", "guest", "jwt")
    finally:
        router_too.close()


def test_who_is_gone_gets_no_token_even_if_the_name_comes_back(router: RunningRouter) -> None:
    """E16, F6"""
    people = router.folder / "people.yaml"
    entry = f"- {{authid: eve, role: user, ticket: '{digest_verifier('apple')}'}}\n"
    people.write_text(entry)
    router_too = RunningRouter(router.folder, STRANGERS).start()
    try:
        browser = Browser(router_too.port)
        assert browser.logs_in("eve", "apple")[0].status == 200
        assert browser.ask("/auth/token", {})[0].status == 200
        people.write_text("[]")
        _until(lambda: browser.ask("/auth/token", {})[0].status == 401)
        people.write_text(entry)
        _until(lambda: Browser(router_too.port).logs_in("eve", "apple")[0].status == 200)
        assert browser.ask("/auth/whoami", method="GET")[0].status == 401
    finally:
        router_too.close()


def _until(happens: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.1)
