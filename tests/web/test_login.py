"""The web pattern in a real browser: log in over HTTP, join with stock autobahn.js, log out; and a page of others."""

import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from selenium.webdriver import Chrome

from realms.authentication.verifiers import digest_verifier
from tests.routers import RunningRouter
from tests.web.conftest import PATIENCE, ROOT, Page

CONFIG = f"""
realms:
  - name: realm1
    authentication: {{ticket: true, cookie: true}}
    principals:
      - {{authid: ann, role: user, ticket: "{digest_verifier("sesame")}"}}
    roles:
      - {{name: user, permissions: [{{uri: "", match: prefix, allow: [call]}}]}}
web:
  directory: pages
  login: {{realm: realm1}}
"""

POST = """
const [path, body, done] = arguments;
fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) })
  .then(async (response) => done([response.status, await response.json()]), (error) => done([0, String(error)]));
"""

JOIN = """
const [url, methods, token, done] = arguments;
window.ends = window.ends ?? [];
const connection = new autobahn.Connection({
  url, realm: "realm1", authmethods: methods, onchallenge: () => token, max_retries: 0,
});
connection.onopen = (session, details) => done([details.authid, details.authmethod]);
connection.onclose = (reason, details) => {
  window.ends.push(details.reason);
  done([reason, details.reason]);
  return true;
};
connection.open();
"""

FROM_ELSEWHERE = """
const [url, ws, done] = arguments;
const options = { method: "POST", credentials: "include", mode: "no-cors", body: "{}" };
const json = { ...options, mode: "cors", headers: { "Content-Type": "application/json" } };
const socket = (resolve) => {
  const opened = new WebSocket(ws, ["wamp.2.json"]);
  opened.onopen = () => resolve("opened");
  opened.onerror = () => resolve("refused");
};
Promise.all([
  fetch(url + "/auth/logout", options).then((answer) => answer.type, String),
  fetch(url + "/auth/logout", json).then((answer) => answer.status, () => "refused"),
  fetch(url + "/auth/whoami", { credentials: "include" }).then((answer) => answer.status, () => "refused"),
  new Promise(socket),
]).then(done);
"""


@pytest.fixture(scope="module")
def login_router(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRouter]:
    folder = tmp_path_factory.mktemp("login")
    (folder / "pages").mkdir()
    (folder / "pages" / "index.html").write_text("<!doctype html><title>site</title><script src=autobahn.js></script>")
    shutil.copy(ROOT / "web" / "vendor" / "autobahn.min.js", folder / "pages" / "autobahn.js")
    running = RunningRouter(folder, CONFIG).start()
    yield running
    running.close()


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """A page of another origin on the same host, so that the browser sends it the cookies of the router, too."""

    class Blank(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

    running = ThreadingHTTPServer(("127.0.0.1", 0), Blank)
    threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}/"
    running.shutdown()


@pytest.fixture
def site(browser: Chrome, login_router: RunningRouter) -> Iterator[Page]:
    """A page of the router, with autobahn.js."""
    first = browser.current_window_handle
    browser.set_script_timeout(PATIENCE)
    yield Page(browser, f"{login_router.url}/")
    browser.delete_all_cookies()
    browser.close()
    browser.switch_to.window(first)


def post(page: Page, path: str, body: Any = None) -> Any:
    return page.browser.execute_async_script(POST, path, body)


def join(page: Page, router: RunningRouter, methods: list[str], token: str = "") -> Any:
    return page.browser.execute_async_script(JOIN, router.ws_url, methods, token)


def test_a_page_logs_in_joins_by_cookie_and_by_token_and_logs_out_of_both(
    site: Page, login_router: RunningRouter
) -> None:
    """E16, E22"""
    assert post(site, "/auth/login", {"authid": "ann", "password": "guess"})[0] == 401
    assert join(site, login_router, ["cookie"])[1] == "wamp.error.authentication_denied"
    status, body = post(site, "/auth/login", {"authid": "ann", "password": "sesame"})
    assert (status, body["authid"]) == (200, "ann")
    assert site.run("return document.cookie") == ""  # no script gets it
    assert join(site, login_router, ["cookie"]) == ["ann", "cookie"]
    token = post(site, "/auth/token")[1]["token"]
    assert join(site, login_router, ["ticket"], token) == ["ann", "ticket"]
    assert post(site, "/auth/logout") == [200, {}]
    site.wait(lambda: site.run("return ends") == ["wamp.error.authentication_denied", *["wamp.close.logout"] * 2])
    assert join(site, login_router, ["cookie"])[1] == "wamp.error.authentication_denied"
    assert join(site, login_router, ["ticket"], token)[1] == "wamp.error.authentication_denied"


def test_a_page_of_another_origin_does_nothing_in_the_name_of_who_logged_in(
    site: Page, login_router: RunningRouter, elsewhere: str
) -> None:
    """E16: to the browser it is the same site, so that it sends the cookie along."""
    assert post(site, "/auth/login", {"authid": "ann", "password": "sesame"})[0] == 200
    site.browser.get(elsewhere)
    outcome = site.browser.execute_async_script(FROM_ELSEWHERE, login_router.url, login_router.ws_url)
    assert outcome == ["opaque", "refused", "refused", "refused"]
    site.browser.get(f"{login_router.url}/")
    assert join(site, login_router, ["cookie"]) == ["ann", "cookie"]
