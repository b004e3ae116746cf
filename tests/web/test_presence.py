"""Presence in the browser: people across tabs, and who is gone."""

import time
from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome

from tests.web.conftest import Page
from tests.web.contrast import CONTRAST
from tests.web.markup import MARKUP
from tests.web.stage import Stage, opened


@pytest.fixture(scope="module")
def house(browser: Chrome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with opened(tmp_path_factory.mktemp("presence"), browser, "presence") as stage:
        yield stage


@pytest.fixture
def stage(house: Stage) -> Iterator[Stage]:
    house.browser.get_log("browser")
    yield house
    house.clear()


def enter(stage: Stage, name: str, *, other: bool = False, by_cable: bool = False) -> Page:
    page = stage.open("demos/presence/", other=other, by_cable=by_cable)
    page.change("#you [name=name]", name)
    page.wait(lambda: any(name in person for person in page.texts("#people h3")))
    return page


def count(page: Page, words: str) -> None:
    page.wait(lambda: page.texts("#count") == [words])


def test_a_person_with_several_tabs_is_here_once(stage: Stage) -> None:
    ann = enter(stage, "Ann")
    bob = enter(stage, "Bob", other=True)
    again = stage.open("demos/presence/")
    count(again, "2 people in 3 tabs")
    assert sorted(again.texts("#people h3")) == ["Ann you", "Bob"]
    assert len([mark for mark in again.texts(".tabs li") if "this tab" in mark]) == 1
    stage.close_page(again)
    closed = time.monotonic()
    bob.show()
    count(bob, "2 people in 2 tabs")
    assert time.monotonic() - closed < 2
    assert sorted(bob.texts("#people h3")) == ["Ann", "Bob you"]
    assert [page.show().complaints() for page in (ann, bob)] == [[], []]


def test_name_and_status_are_seen_by_the_others_at_once_and_in_all_own_tabs(stage: Stage) -> None:
    ann = enter(stage, "Ann")
    second = stage.open("demos/presence/")
    bob = enter(stage, "Bob", other=True)
    ann.show()
    ann.change("#you [name=status]", "busy")
    ann.change("#you [name=doing]", "writing a letter")
    bob.show().wait_for(".says", "Busy · writing a letter")
    ann.show().change("#you [name=name]", "Ann-Marie")
    bob.show().wait(lambda: "Ann-Marie" in bob.texts("#people h3"))
    second.show().wait(lambda: second.run("return document.querySelector('#you [name=name]').value") == "Ann-Marie")
    second.change("#you [name=doing]", "")
    second.change("#you [name=status]", "available")


def test_who_loses_the_network_is_gone_within_seconds_and_comes_back(stage: Stage) -> None:
    ann = enter(stage, "Ann")
    enter(stage, "Bob", other=True, by_cable=True)
    ann.show()
    count(ann, "2 people in 2 tabs")
    stage.cable.pull()
    pulled = time.monotonic()
    count(ann, "1 person in 1 tab")
    assert time.monotonic() - pulled < 4  # here pings ask after half a second, and wait for as long
    stage.cable.plug_in()
    count(ann, "2 people in 2 tabs")


def test_everybody_is_here_again_after_the_worker_was_killed(stage: Stage) -> None:
    enter(stage, "Ann")
    bob = enter(stage, "Bob", other=True)
    count(bob, "2 people in 2 tabs")
    stage.end_workers()
    late = stage.open("demos/presence/")
    late.wait(lambda: not late.run("return document.getElementById('nobody').hidden"))
    stage.start_workers()
    for page in (late, bob):
        page.show()
        count(page, "2 people in 3 tabs")


def test_everybody_is_here_again_after_the_router_was_killed(stage: Stage) -> None:
    ann = enter(stage, "Ann")
    bob = enter(stage, "Bob", other=True)
    stage.router.kill()
    for page in (ann, bob):
        page.show().wait(lambda page=page: "lost" in page.find("#stale").text)
    stage.router.start()
    for page in (ann, bob):
        page.show().wait_connected()
        count(page, "2 people in 2 tabs")
        assert not page.find("#stale").is_displayed()


def test_markup_in_any_field_is_shown_as_text(stage: Stage) -> None:
    enter(stage, MARKUP[:40])
    bob = enter(stage, "Bob", other=True)
    # Also what no form lets through: any state, and strangers who publish to the topic themselves.
    bob.run(INTRUDE, stage.router.ws_url, MARKUP)
    bob.wait(lambda: len(bob.texts("#people h3")) == 7)
    assert len([text for text in bob.texts("#people h3") if MARKUP[:40].strip() in text]) == 2
    assert MARKUP[:80] in bob.wait_for(".says", "<img")
    assert bob.run("return document.querySelectorAll('.injected, main img').length") == 0
    assert "broken" not in bob.browser.title
    assert bob.complaints() == []


INTRUDE = """
const [url, markup] = arguments;
const connection = new autobahn.Connection({ url: url.replace("127.0.0.1", location.hostname), realm: "realm1" });
connection.onopen = async (session) => {
  const said = { id: markup, name: markup, status: markup, doing: markup };
  const states = [said, null, markup, [markup], { name: {}, doing: 7 }];
  for (const [i, state] of states.entries()) {
    session.publish("com.example.presence.room.lobby", ["enter", { member: i, state, since: markup }]);
  }
};
connection.open();
"""


def test_the_page_is_legible_and_its_pictures_are_kept(stage: Stage) -> None:
    ann = enter(stage, "Ann Miller")
    ann.change("#you [name=doing]", "Reading the morning's news")
    bob = enter(stage, "Bob", other=True)
    bob.change("#you [name=status]", "busy")
    bob.change("#you [name=doing]", "In a meeting until noon")
    page = stage.open("demos/presence/")
    count(page, "2 people in 3 tabs")
    page.wait_for(".says", "meeting")
    for name, width, dark in (("presence", 1280, False), ("presence-dark", 1280, True), ("presence-phone", 320, False)):
        page.screen(width, 700, dark=dark, phone=width < 500)
        assert page.run(CONTRAST) == []
        assert page.run("return document.documentElement.scrollWidth") <= width
        page.picture(name)
    assert page.complaints() == []
