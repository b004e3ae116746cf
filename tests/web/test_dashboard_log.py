"""The dashboard's log: it follows, stops where the reader looks, and folds what is long."""

from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection

import pytest
from selenium.webdriver import Chrome

from tests.peers import Peer
from tests.routers import RunningRouter
from tests.web.conftest import Page
from tests.web.contrast import CONTRAST
from tests.web.test_dashboard import FIT, TOO_SMALL
from tests.web.test_dashboard_decisions import SPACELESS

CONFIG = """
logging: {level: debug}
realms:
  - name: realm1
    authentication: {anonymous: {role: operator}}
    roles:
      - name: operator
        permissions: [{uri: wamplex., match: prefix, allow: [call, subscribe]}]
        authorizer: {function: "json:loads"}  # it takes no such arguments: a failure, with a traceback
dashboard: true
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRouter]:
    running = RunningRouter(tmp_path_factory.mktemp("log"), CONFIG).start()
    yield running
    running.close()


@pytest.fixture
def page(browser: Chrome, own: RunningRouter) -> Iterator[Page]:
    first = browser.current_window_handle
    browser.get_log("browser")
    page = Page(browser, f"{own.url}/dashboard/#log").wait_connected()
    page.wait(lambda: page.texts(".lines li"))
    yield page
    browser.close()
    browser.switch_to.window(first)


IN_SIGHT = """
const [list, inner] = ['.lines', '.lines pre'].map((one) => document.querySelector(one).getBoundingClientRect());
return inner.top >= list.top - 1 && inner.bottom <= list.bottom + 1
"""
"""Whether the first traceback can be seen."""


def fails(router: RunningRouter, *procedures: str) -> None:
    """Have the router log a failure with its traceback for each."""
    with closing(Peer(router.port).join()) as peer:
        for procedure in procedures:
            peer.call(procedure)
        for _ in procedures:
            peer.receives(8)


def gets(router: RunningRouter, *paths: str) -> None:
    """Have the router log a request for each."""
    with closing(HTTPConnection("127.0.0.1", router.port)) as connection:
        for path in paths:
            connection.request("GET", path)
            connection.getresponse().read()


def lines(page: Page, level: str = "") -> list[str]:
    return page.texts(f".lines li{level and f'[data-level={level}]'} .text")


def test_what_is_logged_appears_with_its_traceback_folded(page: Page, own: RunningRouter) -> None:
    fails(own, "com.example.add2")
    page.wait_for(".lines [data-level=critical] .text", "the authorizer failed at call exact com.example.add2")
    assert page.texts(".lines [data-level=critical] .word")[-1] == "Critical"
    assert not page.find(".lines pre").is_displayed()
    page.click(".lines summary")
    assert page.find(".lines pre").is_displayed()
    assert "TypeError" in page.find(".lines pre").text
    page.wait(lambda: page.run(IN_SIGHT))
    page.picture("dashboard-log")
    page.screen(1280, 900, dark=True)
    page.picture("dashboard-log-dark")
    assert page.run(CONTRAST) == []
    page.screen(320, 640, phone=True)
    page.picture("dashboard-log-phone")
    assert page.run(FIT)
    assert page.run(TOO_SMALL) == []
    page.screen(1280, 900)
    assert page.run(CONTRAST) == []
    assert page.complaints() == []


def test_lines_are_chosen_by_level_text_and_origin(page: Page, own: RunningRouter) -> None:
    gets(own, "/needle", "/other")
    page.wait_for(".lines .text", "/other")
    page.change("[name=filter]", "NEEDLE")
    page.wait(lambda: lines(page) and all("needle" in one for one in lines(page)))
    gets(own, "/nothing", "/needle/2")
    page.wait(lambda: len(lines(page)) == 2)
    page.change("[name=filter]", "")
    page.change("[name=level]", "info")
    page.wait(lambda: lines(page) and not lines(page, "debug"))
    assert any("is ready" in one for one in lines(page))
    page.change("[name=level]", "debug")
    page.wait(lambda: lines(page, "debug"))
    page.run(
        "[...document.querySelectorAll('.lines .link')].find((one) => one.textContent.startsWith('router.web')).click()"
    )
    page.wait(lambda: page.find(".origin").is_displayed() and lines(page) and not lines(page, "info"))
    page.click(".origin")
    page.wait(lambda: lines(page, "info"))


def test_a_log_that_is_scrolled_back_waits_and_follows_again(page: Page, own: RunningRouter) -> None:
    gets(own, *(f"/filling/{number}" for number in range(20)))  # beside those of the page itself: there may be 100
    page.wait_for(".lines .text", "/filling/19")
    page.run("document.querySelector('.lines').scrollTop = 100")
    page.wait_for("[name=follow]", "Follow")
    gets(own, "/meanwhile")
    page.wait_for("[name=follow]", "Follow (1 new)")
    assert not any("/meanwhile" in one for one in lines(page))
    page.click("[name=follow]")
    page.wait_for(".lines .text", "/meanwhile")
    assert page.texts("[name=follow]") == ["Pause"]
    gets(own, "/afterwards")
    page.wait_for(".lines .text", "/afterwards")
    assert page.run("const {scrollTop, scrollHeight, clientHeight} = document.querySelector('.lines'); "
                    "return scrollHeight - scrollTop - clientHeight < 10")  # fmt: skip


def test_scrolled_to_its_beginning_it_shows_older_lines(page: Page, own: RunningRouter) -> None:
    gets(own, *(f"/many/{number}" for number in range(60)))
    fails(own, *(f"com.example.many{number}" for number in range(95)))
    page.wait_for(".lines .text", "com.example.many94")
    page.wait(lambda: len(lines(page)) > 150)
    page.browser.refresh()
    page.wait_connected().wait(lambda: len(lines(page)) == 200)
    last = lines(page)[0]
    page.run("document.querySelector('.lines').scrollTop = 0")
    page.wait(lambda: len(lines(page)) > 200)
    assert last in lines(page)
    assert page.run("return document.querySelector('.lines').scrollTop > 0")  # what was read stays where it was
    numbers = page.run("return [...document.querySelectorAll('.lines li')].map((one) => Number(one.dataset.number))")
    assert numbers == sorted(set(numbers))


def test_what_strangers_have_written_into_the_log_stays_text(page: Page, own: RunningRouter) -> None:
    fails(own, SPACELESS)
    page.wait_for(".lines .text", SPACELESS)
    page.change("[name=filter]", SPACELESS)
    page.wait(lambda: lines(page) and all(SPACELESS in one for one in lines(page)))
    page.run("document.querySelector('.lines details').open = true")
    assert page.run("return document.querySelectorAll('.injected, #view img').length") == 0
    assert page.run("return document.title") != "broken"
    assert page.complaints() == []
