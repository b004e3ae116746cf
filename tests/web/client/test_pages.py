"""The client in a browser: logging in over HTTP, what the browser tells of the network, a cable that is pulled."""

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from selenium.webdriver import Chrome

from realms.authentication.verifiers import digest_verifier
from tests.cable import Cable
from tests.peers import Peer
from tests.routers import RunningRouter
from tests.web.conftest import PATIENCE, ROOT, Page

CONFIG = f"""
realms:
  - name: realm1
    authentication: {{anonymous: {{role: guest}}, cookie: true, ticket: true}}
    history: {{topics: [{{uri: com.example.stored}}]}}
    principals:
      - {{authid: ann, role: guest, ticket: "{digest_verifier("sesame")}"}}
    roles:
      - name: guest
        permissions:
          - {{uri: "", match: prefix, allow: [call, publish, subscribe]}}
          - {{uri: wamp., match: prefix, allow: [call]}}
web:
  directory: pages
  login: {{realm: realm1}}
"""
HTML = """<!doctype html><title>site</title>
<script src="/vendor/autobahn.min.js"></script>
<script type="module" src="/site.js"></script>
"""
SCRIPT = """
import * as wamplex from "/js/wamplex.js";
Object.assign(globalThis, wamplex, {
  states: [],
  events: [],
  connect(options) {
    const url = new URL("/ws", location.href.replace("http", "ws")).href;
    globalThis.connection = new wamplex.Connection({ url, realm: "realm1", ...options });
    connection.addEventListener("state", () => states.push(connection.state));
    connection.open();
  },
});
"""


@pytest.fixture(scope="module")
def site_router(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRouter]:
    folder = tmp_path_factory.mktemp("site")
    for name in ("js", "vendor"):
        shutil.copytree(ROOT / "web" / name, folder / "pages" / name)
    (folder / "pages" / "index.html").write_text(HTML)
    (folder / "pages" / "site.js").write_text(SCRIPT)
    running = RunningRouter(folder, CONFIG).start()
    yield running
    running.close()


@pytest.fixture
def open_site(browser: Chrome) -> Iterator[Callable[[str], Page]]:
    """Opens the site at an address."""
    first = browser.current_window_handle
    browser.set_script_timeout(PATIENCE)

    def open_one(url: str) -> Page:
        page = Page(browser, f"{url}/")
        page.wait(lambda: page.run("return typeof connect === 'function'"))
        return page

    yield open_one
    browser.execute_cdp_cmd("Network.disable", {})
    browser.get_log("browser")  # connections that were refused
    browser.delete_all_cookies()
    browser.close()
    browser.switch_to.window(first)


def state(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.run("return connection.state")
    return found


def wait_until(page: Page, name: str, **details: Any) -> dict[str, Any]:
    wanted = {"name": name, **details}
    page.wait(lambda: wanted.items() <= state(page).items())
    return state(page)


def test_a_page_logs_in_by_cookie_joins_and_is_out_when_it_logs_out(
    open_site: Callable[[str], Page], site_router: RunningRouter
) -> None:
    page = open_site(site_router.url)
    page.run("globalThis.login = cookie(); connect({ login })")
    wait_until(page, "waiting", refused=True)
    wrong = "return login.login({ authid: 'ann', password: 'guess' }).catch((error) => [error.name, error.message])"
    assert page.run(wrong) == ["Refused", "the credentials were not accepted"]
    page.run("return login.login({ authid: 'ann', password: 'sesame' }).then(() => connection.retryNow())")
    assert wait_until(page, "joined", authid="ann")["authmethod"] == "cookie"
    assert page.run("return login.whoami()")["authid"] == "ann"
    page.run("return login.logout()")
    wait_until(page, "waiting", refused=True)
    assert "wamp.close.logout" in state(page)["reason"]


def test_a_page_joins_with_a_token_of_its_login(open_site: Callable[[str], Page], site_router: RunningRouter) -> None:
    page = open_site(site_router.url)
    page.run("connect({ login: token() })")
    wait_until(page, "waiting", refused=True, reason="you are not logged in")
    page.run("return cookie().login({ authid: 'ann', password: 'sesame' }).then(() => connection.retryNow())")
    assert wait_until(page, "joined", authid="ann")["authmethod"] == "ticket"


def test_a_page_that_waits_tries_at_once_when_it_is_seen_or_online_again(
    open_site: Callable[[str], Page], site_router: RunningRouter
) -> None:
    page = open_site(site_router.url)
    page.run("Math.random = () => 0.75; connect({ retry: { first: 2000 } })")
    wait_until(page, "joined")
    site_router.stop()
    waits = "return connection.state.until - Date.now() > 1500"
    page.wait(lambda: page.run(waits))
    assert (
        page.run("document.dispatchEvent(new Event('visibilitychange')); return connection.state.name") == "connecting"
    )
    page.wait(lambda: page.run(waits))
    page.run("""
      globalThis.early = null;
      addEventListener("online", () => (early = connection.state.name));
    """)
    for offline in (True, False):
        conditions = {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        page.browser.execute_cdp_cmd("Network.emulateNetworkConditions", conditions)
    assert page.wait(lambda: page.run("return early")) == "connecting"
    site_router.start()
    page.run("connection.retryNow()")
    wait_until(page, "joined")


def test_a_page_whose_cable_is_pulled_comes_back_and_has_missed_nothing(
    open_site: Callable[[str], Page], site_router: RunningRouter
) -> None:
    publisher = Peer(site_router.port).join()
    with Cable(site_router.port) as cable:
        page = open_site(f"http://127.0.0.1:{cable.port}")
        page.run("""
          connect({ heartbeat: 500 });
          const hear = ([number], kwargs, { publication }) => events.push([number, publication]);
          return connection.subscribe("com.example.stored", hear, { recover: true }).ready.then(() => null);
        """)
        page.wait(lambda: page.run("return connection.session !== null"))
        published = [publisher.publish("com.example.stored", [number]) for number in range(5)]
        page.wait(lambda: page.run("return events.length") == 5)
        cable.pull()
        published += [publisher.publish("com.example.stored", [number]) for number in range(5, 25)]
        page.wait(lambda: page.run("return states.some(({ name }) => name === 'waiting')"))
        assert page.run("return events.length") == 5
        cable.plug_in()
        page.wait(lambda: page.run("return events.length") >= 25)
        published.append(publisher.publish("com.example.stored", [25]))
        page.wait(lambda: page.run("return events.length") >= 26)
        assert page.run("return events") == [[number, id] for number, id in enumerate(published)]
        publisher.close()


def test_a_page_that_is_left_is_gone_at_once_and_is_back_when_it_is_shown_again(
    open_page: Callable[..., Page], browser: Chrome, router: RunningRouter, peers: Callable[..., Peer]
) -> None:
    """Browsers keep pages with their WebSockets for the way back."""
    page = open_page("demos/progress/").wait_connected()
    page.run("window.sameAsBefore = true")
    watcher = peers(router.port).join()
    watcher.subscribe("wamp.session.on_leave")
    authid = page.find("#status-text").text.rpartition(" ")[2]
    browser.get("about:blank")
    while watcher.receives(36)[4][1] != authid:
        pass
    browser.back()
    page.wait_connected()
    assert page.run("return window.sameAsBefore") is True
