"""Who gets into the dashboard: over HTTP with a cookie, by ticket, by WAMP-CRA; and who does not."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, Keys

from realms.authentication.verifiers import cra_secret, cra_verifier, digest_verifier
from tests.routers import RunningRouter
from tests.web.conftest import Page
from tests.web.contrast import CONTRAST
from tests.web.markup import MARKUP

OPERATOR = (
    f'{{authid: ann, role: operator, ticket: "{digest_verifier("sesame")}", '
    f'wampcra: "{cra_verifier(cra_secret("sesame", 1000))}"}}'
)
CONFIG = f"""
realms:
  - name: realm1
    authentication: {{anonymous: {{role: guest}}, ticket: true, wampcra: true}}
    principals:
      - {OPERATOR}
      - {{authid: joe, role: guest, ticket: "{digest_verifier("sesame")}"}}
    roles:
      - {{name: operator, permissions: [{{uri: wamplex., match: prefix, allow: [call, subscribe]}}]}}
      - {{name: guest, permissions: [{{uri: com.example., match: prefix, allow: [call]}}]}}
dashboard: {{path: /operator}}
"""
OVER_HTTP = CONFIG.replace("wampcra: true", "wampcra: true, cookie: true") + "\nweb: {login: {realm: realm1}}\n"

STORED = "return JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"


@pytest.fixture(scope="module")
def routers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], RunningRouter]]:
    """A router for each configuration."""
    running: dict[str, RunningRouter] = {}

    def router_for(config: str) -> RunningRouter:
        if config not in running:
            running[config] = RunningRouter(tmp_path_factory.mktemp("dashboard"), config).start()
        return running[config]

    yield router_for
    for one in running.values():
        one.close()


@pytest.fixture
def open_at(browser: Chrome) -> Iterator[Callable[[RunningRouter], Page]]:
    """Opens a router's dashboard."""
    first = browser.current_window_handle
    browser.get_log("browser")

    pages: list[Page] = []

    def open_one(router: RunningRouter) -> Page:
        pages.append(Page(browser, f"{router.url}/operator/"))
        return pages[-1]

    yield open_one
    for page in pages:
        page.show()
        browser.delete_all_cookies()
        browser.close()
    browser.switch_to.window(first)


def log_in(page: Page, authid: str, secret: str, method: str | None = None) -> None:
    page.wait(lambda: page.texts(".login button"))
    if method is not None:
        page.fill(".login [name=method]", method)
    page.fill(".login [name=authid]", authid)
    page.fill(".login [name=secret]", "")
    page.find(".login [name=secret]").send_keys(secret, Keys.ENTER)


def is_in(page: Page, authid: str = "ann") -> None:
    page.wait_for("#status-text", f"Connected to realm1 as {authid}")
    page.wait(lambda: page.texts(".strip dd") and page.texts("#view-title") == ["Overview"])
    assert page.texts(".login") == []


@pytest.mark.parametrize("method", ["ticket", "wampcra"])
def test_a_secret_opens_it_and_is_not_kept(
    routers: Callable[[str], RunningRouter], open_at: Callable[[RunningRouter], Page], method: str
) -> None:
    page = open_at(routers(CONFIG))
    log_in(page, "ann", "sesame", method)
    is_in(page)
    assert page.run("return document.activeElement.id") == "view"
    assert "sesame" not in page.run(STORED)
    assert page.complaints() == []
    page.click("#logout")
    page.wait_for(".login .said", "You are logged out.")
    page.browser.refresh()  # nothing is remembered
    page.wait(lambda: page.texts(".login button"))


@pytest.mark.parametrize("method", ["ticket", "wampcra", None])
def test_a_wrong_password_is_said_and_can_be_typed_again_at_once(
    routers: Callable[[str], RunningRouter], open_at: Callable[[RunningRouter], Page], method: str | None
) -> None:
    page = open_at(routers(OVER_HTTP if method is None else CONFIG))
    log_in(page, "ann", "guess", method)
    sentence = "credentials were not accepted" if method is None else "Name or password is wrong."
    page.wait_for(".login .said", sentence)
    assert page.run("return document.activeElement.name") == "secret"
    assert page.find(".login [name=authid]").get_attribute("value") == "ann"
    log_in(page, "ann", "sesame", method)
    is_in(page)


def test_a_login_over_http_outlasts_the_page_and_ends_with_its_logout(
    routers: Callable[[str], RunningRouter], open_at: Callable[[RunningRouter], Page]
) -> None:
    router = routers(OVER_HTTP)
    page = open_at(router)
    page.wait(lambda: page.texts(".login button"))
    assert page.texts(".login [name=method]") == []
    page.picture("dashboard-login")
    page.screen(1280, 900, dark=True)
    assert page.run(CONTRAST) == []
    page.screen(320, 640, phone=True)
    assert page.run("return document.documentElement.scrollWidth") == 320
    page.picture("dashboard-login-phone")
    page.screen(1280, 900)
    log_in(page, "ann", "sesame")
    is_in(page)
    page.browser.refresh()
    is_in(page)
    page.click("#logout")
    page.wait_for(".login .said", "You are logged out.")
    page.browser.refresh()
    page.wait(lambda: page.texts(".login button"))
    assert page.complaints() == []


def test_who_may_not_is_told_so(
    routers: Callable[[str], RunningRouter], open_at: Callable[[RunningRouter], Page]
) -> None:
    page = open_at(routers(CONFIG))
    log_in(page, "joe", "sesame", "ticket")
    page.wait_for(".login .said", "joe may not use the dashboard: its role is guest.")
    log_in(page, MARKUP, "sesame", "ticket")
    page.wait_for(".login .said", "Name or password is wrong.")
    assert page.run("return document.querySelectorAll('.injected').length") == 0
    log_in(page, "ann", "sesame", "ticket")
    is_in(page)


def test_who_has_logged_in_is_back_after_a_restart_of_the_router(
    tmp_path: Path, open_at: Callable[[RunningRouter], Page]
) -> None:
    router = RunningRouter(tmp_path, CONFIG).start()
    page = open_at(router)
    log_in(page, "ann", "sesame", "wampcra")
    is_in(page)
    router.kill()
    page.wait_for("#status-text", "Next try in")
    router.start()
    page.wait_for(".strip", f"Process{router.pid}")
    is_in(page)
    router.close()
