"""The operator's dashboard: subscriptions and registrations as trees, and how they are taken away."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from selenium.webdriver import Chrome, Keys

from tests.peers import Peer
from tests.routers import RunningRouter
from tests.web.conftest import Page
from tests.web.markup import MARKUP
from tests.web.watching import check_looks, go, joined, stays_text, watched_router, watching

HOSTILE = "com.<img/src=x/onerror=document.title='broken'><b/class=injected>x</b>"
"""As much of MARKUP as a URI takes."""


@pytest.fixture(scope="module")
def router(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRouter]:
    with watched_router(tmp_path_factory.mktemp("watched"), "ann", MARKUP) as running:
        yield running


@pytest.fixture
def page(browser: Chrome, router: RunningRouter) -> Iterator[Page]:
    with watching(browser, router) as page:
        yield page
        page.run("sessionStorage.clear()")


@pytest.fixture
def ann(router: RunningRouter) -> Iterator[Peer]:
    """A peer with subscriptions and registrations of every kind."""
    with closing(joined(router, "ann")) as peer:
        for name in ("add", "sub", "mul"):
            peer.register(f"com.calc.{name}")
            peer.subscribe(f"com.calc.on_{name}")
        peer.register("com.calc.slow", invoke="roundrobin")
        peer.register("com.store.", match="prefix")
        peer.register("com..status", match="wildcard")
        peer.subscribe("com.calc.", match="prefix")
        peer.subscribe("com.calc", match="prefix")
        peer.subscribe("com..log", match="wildcard")
        yield peer


def places(page: Page) -> list[str]:
    """What is to be seen of the tree, line by line."""
    return page.texts("#view .tree .place")


def line(page: Page, path: str) -> str:
    text: str = page.run(
        "return document.querySelector(`[data-path='${arguments[0]}']`)?.closest('.line').textContent ?? ''", path
    )
    return text


def unfold(page: Page, path: str) -> None:
    """Open a place, and before it all that it is in."""
    components = path.split(".")[:-1]
    for depth in range(1, len(components) + 1):
        above = ".".join(components[:depth]) + "."
        selector = f"#view [data-path='{above}']"
        page.wait(lambda selector=selector: page.texts(selector))
        if page.find(selector).get_attribute("aria-expanded") == "false":
            page.click(selector)
        page.wait(lambda above=above: page.texts(f"#view [data-path^='{above}']")[1:])


def open_entry(page: Page, label: str) -> None:
    page.wait(lambda: page.texts(f"#view [aria-label^='{label}']"))
    page.click(f"#view [aria-label^='{label}']")
    page.wait_for(".panel .facts", "Match")


def confirm(page: Page) -> None:
    page.wait(lambda: page.texts("dialog.ask"))
    page.click("dialog.ask [value=yes]")


def rows(page: Page) -> list[str]:
    return page.texts("#view tbody tr td:first-child")


def test_topics_are_a_tree_that_opens_place_by_place(page: Page, ann: Peer) -> None:
    go(page, "subscriptions")
    unfold(page, "com.calc.")
    page.wait(lambda: places(page)[:8] == ["com", "any", "calc", "any", "on_add", "on_mul", "on_sub", "chat"])
    assert "7 below" in line(page, "com.")
    assert "prefix · 1 subscriber" in line(page, "com.calc.")
    assert "exact · 1 subscriber" in line(page, "com.calc.on_add.")
    unfold(page, "com..")
    page.wait(lambda: "wildcard · 1 subscriber" in line(page, "com..log."))
    unfold(page, "com.chat.")
    page.wait(lambda: "prefix · recorded · 0 subscribers" in line(page, "com.chat.."))
    check_looks(page, "dashboard-subscriptions")
    page.click("[data-path='com.calc.']")
    page.wait(lambda: "on_add" not in places(page))


def test_procedures_are_a_tree_with_their_policies(page: Page, ann: Peer) -> None:
    go(page, "registrations")
    unfold(page, "com.calc.")
    page.wait(lambda: "exact · roundrobin · 1 callee" in line(page, "com.calc.slow."))
    assert "exact · 1 callee" in line(page, "com.calc.add.")
    check_looks(page, "dashboard-registrations")


def test_the_tree_grows_and_shrinks_as_it_is_looked_at(page: Page, ann: Peer) -> None:
    go(page, "registrations")
    unfold(page, "com.calc.")
    page.run("document.querySelector(`[data-path='com.calc.add.']`).focus()")
    registration = ann.register("com.calc.div")
    page.wait(lambda: "exact · 1 callee" in line(page, "com.calc.div."))
    ann.request(66, registration)
    page.wait(lambda: line(page, "com.calc.div.") == "")
    assert page.run("return document.activeElement.dataset.path") == "com.calc.add."
    assert page.complaints() == []


def test_the_tree_is_walked_by_arrow_keys(page: Page, ann: Peer) -> None:
    go(page, "registrations")
    page.wait(lambda: "store" in places(page))

    def press(key: str) -> Any:
        page.browser.switch_to.active_element.send_keys(key)
        return page.run("return document.activeElement.dataset.path")

    page.run("document.querySelector(`[data-path='com.']`).focus()")
    assert press(Keys.ARROW_DOWN) == "com.."
    assert press(Keys.ARROW_DOWN) == "com.calc."
    press(Keys.ARROW_RIGHT)
    page.wait(lambda: "add" in places(page))
    assert press(Keys.ARROW_DOWN) == "com.calc.add."
    assert press(Keys.ARROW_LEFT) == "com.calc."
    press(Keys.ARROW_LEFT)
    page.wait(lambda: "add" not in places(page))


def test_uris_are_searched_as_a_list_that_can_be_sorted(page: Page, ann: Peer) -> None:
    go(page, "subscriptions")
    page.find("#view [name=filter]").send_keys("CALC", Keys.ENTER)
    page.wait(lambda: rows(page) == ["com.calc", "com.calc.", "com.calc.on_add", "com.calc.on_mul", "com.calc.on_sub"])
    page.click("#view [data-sort=match]")
    page.click("#view [data-sort=match]")
    page.wait(lambda: sorted(rows(page)[:2]) == ["com.calc", "com.calc."])
    page.find("#view [name=filter]").clear()
    page.find("#view [name=filter]").send_keys(Keys.ESCAPE)
    page.wait(lambda: page.find("#view .tree").is_displayed())


def test_a_list_can_be_had_without_searching(page: Page, ann: Peer) -> None:
    go(page, "registrations")
    page.run("""
    const shape = document.querySelector('#view [name=shape]');
    shape.value = 'list';
    shape.dispatchEvent(new Event('change'));
    """)
    page.wait(lambda: rows(page)[:2] == ["com..status", "com.calc.add"])
    check_looks(page, "dashboard-registrations-list")


def test_a_subscriber_is_removed_after_a_question(page: Page, ann: Peer) -> None:
    go(page, "subscriptions")
    unfold(page, "com.calc.")
    open_entry(page, "com.calc.on_sub:")
    page.wait(lambda: page.texts(".panel tbody button.open") == ["ann"])
    page.find(".panel [name=reason]").send_keys("com.example.enough")
    check_looks(page, "dashboard-subscription")
    page.click(".panel .remove")
    confirm(page)
    assert ann.receives(35, 0)[2]["reason"] == "com.example.enough"
    page.wait_for("#notices", "taken away")
    page.wait_for(".panel", "It is gone")
    page.click(".panel [aria-label=Close]")
    page.wait(lambda: line(page, "com.calc.on_sub.") == "")
    assert page.complaints() == []


def test_a_callee_is_removed_and_the_others_stay(page: Page, ann: Peer, router: RunningRouter) -> None:
    with closing(joined(router, MARKUP)) as second:
        second.register("com.calc.slow", invoke="roundrobin")
        go(page, "registrations")
        unfold(page, "com.calc.")
        open_entry(page, "com.calc.slow:")
        page.wait(lambda: page.texts(".panel tbody button.open") == ["ann", MARKUP])
        page.click(".panel .remove")
        confirm(page)
        assert ann.receives(67, 0)[2]["reason"] == "wamp.close.killed"
        page.wait(lambda: page.texts(".panel tbody button.open") == [MARKUP])
        assert stays_text(page)
    page.wait_for(".panel", "It is gone")
    assert page.complaints() == []


def test_one_comes_from_a_subscriber_to_its_session_and_back(page: Page, ann: Peer) -> None:
    go(page, "subscriptions")
    unfold(page, "com.calc.")
    open_entry(page, "com.calc.on_add:")
    page.wait(lambda: page.texts(".panel tbody button.open"))
    page.click(".panel tbody button.open")
    page.wait(lambda: page.run("return location.hash") == f"#sessions/{ann.session}")
    page.wait(lambda: "com.calc.on_add" in page.texts(".panel tbody button.open"))
    page.run("[...document.querySelectorAll('.panel tbody button.open')].at(0).click()")
    page.wait_for(".panel h2", "subscription")
    page.wait_for(".panel .facts", "ann")


def test_a_broad_place_is_shown_in_parts(page: Page, ann: Peer) -> None:
    for number in range(120):
        ann.subscribe(f"com.calc.many.t{number:03}")
    go(page, "subscriptions")
    unfold(page, "com.calc.")
    unfold(page, "com.calc.many.")
    page.wait_for("#view .more", "70 more")
    page.click("#view .more button")
    page.wait(lambda: "t119" in places(page))
    assert page.texts("#view .more") == []


def test_uris_with_markup_stay_text(page: Page, ann: Peer) -> None:
    ann.subscribe(HOSTILE)
    ann.register(HOSTILE)
    for view in ("subscriptions", "registrations"):
        go(page, view)
        page.wait(lambda: HOSTILE.removeprefix("com.").split(".")[0] in places(page))
        page.find("#view [name=filter]").send_keys("<img", Keys.ENTER)
        page.wait(lambda: rows(page) == [HOSTILE])
        page.click("#view tbody button.open")
        page.wait_for(".panel h2", HOSTILE)
        page.wait(lambda: page.texts(".panel tbody button.open") == ["ann"])
        assert stays_text(page)
        page.click(".panel [aria-label=Close]")
    assert page.complaints() == []


def test_an_empty_realm_says_so(page: Page) -> None:
    choose = "const chooser = document.getElementById('realm'); chooser.value = 'other';"
    go(page, "registrations")
    page.run(f"{choose} chooser.dispatchEvent(new Event('change'))")
    page.wait_for("#view .trees .empty", "There is no registration in this realm.")
