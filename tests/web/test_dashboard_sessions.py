"""The operator's dashboard: who is here, sorted and found, and how somebody is made to go."""

from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest
from selenium.webdriver import Chrome, Keys

from tests.peers import Peer
from tests.routers import RunningRouter
from tests.web.conftest import Page
from tests.web.markup import MARKUP
from tests.web.watching import check_looks, go, joined, stays_text, watched_router, watching

NAMES = ("ann", "bob", "cem", "dora")


@pytest.fixture(scope="module")
def router(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRouter]:
    with watched_router(tmp_path_factory.mktemp("watched"), *NAMES, MARKUP) as running:
        yield running


@pytest.fixture
def page(browser: Chrome, router: RunningRouter) -> Iterator[Page]:
    with watching(browser, router) as page:
        go(page, "sessions")
        page.wait(lambda: page.texts("#view tbody tr"))
        yield page


@pytest.fixture
def peers(router: RunningRouter) -> Iterator[dict[str, Peer]]:
    """Four peers that differ in what they do."""
    with ExitStack() as stack:
        there = {}
        for place, name in enumerate(NAMES):
            wire = ("websocket", "json") if place % 2 else ("rawsocket", "cbor")
            there[name] = stack.enter_context(closing(joined(router, name, *wire)))
            for number in range(place):
                there[name].subscribe(f"com.example.topic{number}")
        there["dora"].register("com.example.work")
        yield there


def rows(page: Page) -> list[str]:
    """The first column, without the operators."""
    return [name for name in page.texts("#view tbody tr td:first-child") if "(this page)" not in name]


def sort(page: Page, column: str) -> None:
    page.click(f"#view [data-sort='{column}']")


def find(page: Page, text: str) -> None:
    field = page.find("#view [name=filter]")
    field.clear()
    field.send_keys(text, Keys.ENTER)


def open_session(page: Page, peer: Peer) -> None:
    page.wait(lambda: page.texts(f"#view tr[data-key='{peer.session}']"))
    page.click(f"#view tr[data-key='{peer.session}'] button.open")
    page.wait_for(".panel .facts", "Announced")


def test_who_is_here_is_shown(page: Page, peers: dict[str, Peer]) -> None:
    page.wait(lambda: rows(page) == ["dora", "cem", "bob", "ann"])
    for shown in ("dora", "backend", "ticket", "127.0.0.1:", "websocket", "json", "B/s"):
        page.wait_for(f"tr[data-key='{peers['dora'].session}']", shown)
    page.wait_for("#view tbody td:first-child", "(this page)")
    assert page.run("return [...document.querySelectorAll('#view tbody tr')].every((row) => row.offsetHeight < 40)")
    check_looks(page, "dashboard-sessions")


def test_sessions_are_sorted_by_a_column_and_back(page: Page, peers: dict[str, Peer]) -> None:
    page.wait(lambda: len(rows(page)) == 4)
    sort(page, "authid")
    page.wait(lambda: rows(page) == ["ann", "bob", "cem", "dora"])
    sort(page, "authid")
    page.wait(lambda: rows(page) == ["dora", "cem", "bob", "ann"])
    sort(page, "subscriptions")
    page.wait(lambda: rows(page) == ["dora", "cem", "bob", "ann"])
    sort(page, "subscriptions")
    page.wait(lambda: rows(page) == ["ann", "bob", "cem", "dora"])


def test_the_busiest_comes_first_when_asked_for(page: Page, peers: dict[str, Peer]) -> None:
    page.wait(lambda: len(rows(page)) == 4)
    sort(page, "message_rate")

    def bob_is_first() -> bool:
        for _ in range(300):
            peers["bob"].publish("com.example.nobody")
        return rows(page)[:1] == ["bob"]

    page.wait(bob_is_first)
    assert page.complaints() == []


def test_sessions_are_found_by_what_they_are_known_by(page: Page, peers: dict[str, Peer]) -> None:
    for text in ("DORA", str(peers["dora"].session)):
        find(page, text)
        page.wait(lambda: rows(page) == ["dora"])
    find(page, "backend")
    page.wait(lambda: len(rows(page)) == 4)
    find(page, "<nobody>")
    page.wait_for("#view .empty", "No such session")


def test_one_session_is_shown_whole(page: Page, peers: dict[str, Peer]) -> None:
    open_session(page, peers["dora"])
    page.wait_for(".panel .facts", "subscriber, caller")
    page.wait(lambda: page.texts(".panel tbody button.open")[-1] == "com.example.work")
    assert page.texts(".panel tbody button.open")[0] == "com.example.topic0"
    assert page.run("return location.hash") == f"#sessions/{peers['dora'].session}"
    check_looks(page, "dashboard-session")
    page.click(".panel [aria-label=Close]")
    page.wait(lambda: page.run("return location.hash") == "#sessions")


def test_a_session_is_ended_with_a_reason_after_a_question(page: Page, peers: dict[str, Peer]) -> None:
    open_session(page, peers["cem"])
    page.find(".panel [name=reason]").send_keys("com.example.enough")
    page.find(".panel [name=message]").send_keys("go home")
    page.click(".panel [name=kill]")
    page.wait_for("dialog.ask", "Its calls are canceled")
    page.picture("dashboard-kill")
    page.click("dialog.ask [value=no]")
    page.wait(lambda: not page.texts("dialog.ask"))
    page.click(".panel [name=kill]")
    page.wait(lambda: page.texts("dialog.ask"))
    page.click("dialog.ask [value=yes]")
    peers["cem"].receives(6, {"message": "go home"}, "com.example.enough")
    page.wait_for("#notices", "was ended")
    page.wait(lambda: "cem" not in rows(page))
    assert page.texts(".panel") == []
    assert page.complaints() == []


def test_a_page_whose_session_is_ended_comes_back(browser: Chrome, page: Page, router: RunningRouter) -> None:
    other = Page(browser, f"{router.url}/").wait_connected()
    name = other.texts("#status-text")[0].removeprefix("Connected to realm1 as ")
    page.show()
    find(page, name)
    page.wait(lambda: rows(page) == [name])
    page.click("#view tbody button.open")
    page.wait(lambda: page.texts(".panel .facts"))
    page.click(".panel [name=kill]")
    page.wait(lambda: page.texts("dialog.ask"))
    page.click("dialog.ask [value=yes]")
    page.wait_for("#notices", "was ended")
    other.show()
    other.wait(lambda: name not in other.texts("#status-text")[0])
    other.wait_connected()
    browser.close()
    page.show()


def test_the_own_session_offers_no_end(page: Page) -> None:
    (own,) = page.run(
        "return [...document.querySelectorAll('#view tr')].filter((one) => one.textContent.includes('(this page)'))"
        ".map((one) => one.dataset.key)"
    )
    go(page, f"sessions/{own}")
    page.wait_for(".panel", "which cannot end itself")
    assert page.texts(".panel [name=kill]") == []


def test_a_session_that_is_gone_is_said_to_be(page: Page, router: RunningRouter) -> None:
    ann = joined(router, "ann")
    open_session(page, ann)
    ann.close()
    page.wait_for(".panel", "It is gone")
    page.click(".panel [aria-label=Close]")
    go(page, "sessions/12345")
    page.wait_for(".panel", "It is gone")
    assert page.complaints() == []


def test_markup_in_names_and_reasons_stays_text(page: Page, router: RunningRouter) -> None:
    with closing(joined(router, MARKUP)) as peer:
        page.wait(lambda: MARKUP in rows(page))
        open_session(page, peer)
        page.wait_for(".panel h2", MARKUP)
        page.find(".panel [name=reason]").send_keys(MARKUP)
        page.click(".panel [name=kill]")
        page.wait(lambda: page.texts("dialog.ask"))
        page.click("dialog.ask [value=yes]")
        page.wait_for("#notices", "wamp.error.invalid_uri")
        assert stays_text(page)
    assert page.complaints() == []


def test_sessions_of_another_realm_are_shown_and_ended(page: Page, router: RunningRouter) -> None:
    with closing(Peer(router.port).join("other")) as far:
        choose = "const chooser = document.getElementById('realm'); chooser.value = 'other';"
        page.run(f"{choose} chooser.dispatchEvent(new Event('change'))")
        open_session(page, far)
        page.click(".panel [name=kill]")
        page.wait(lambda: page.texts("dialog.ask"))
        page.click("dialog.ask [value=yes]")
        far.receives(6, {}, "wamp.close.killed")
        page.wait_for("#view .empty", "No such session")


def test_the_table_is_walked_by_arrow_keys(page: Page, peers: dict[str, Peer]) -> None:
    page.wait(lambda: len(rows(page)) == 4)
    page.find(f"tr[data-key='{peers['dora'].session}'] button.open").send_keys(Keys.ARROW_DOWN)
    assert page.run("return document.activeElement.textContent") == "cem"
    page.browser.switch_to.active_element.send_keys(Keys.ENTER)
    page.wait_for(".panel h2", "cem")
    page.browser.switch_to.active_element.send_keys(Keys.ESCAPE)
    page.wait(lambda: page.texts(".panel") == [])
