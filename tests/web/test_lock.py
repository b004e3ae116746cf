"""The editing lock in the browser: one writes, and nobody's text is lost."""

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome

from tests.peers import Peer
from tests.web.conftest import Page
from tests.web.contrast import CONTRAST
from tests.web.markup import MARKUP
from tests.web.stage import Stage, opened

MINE = "You are editing this"


@pytest.fixture(scope="module")
def house(browser: Chrome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with opened(tmp_path_factory.mktemp("lock"), browser, "lock") as stage:
        yield stage


@pytest.fixture
def stage(house: Stage) -> Iterator[Stage]:
    house.browser.get_log("browser")
    yield house
    house.clear()


def read(stage: Stage, name: str, document: str, *, other: bool = False, by_cable: bool = False) -> Page:
    page = stage.open(f"demos/lock/?document={document}", other=other, by_cable=by_cable)
    page.change("#you [name=name]", name)
    page.wait(lambda: page.texts("#holder") != ["Looking …"])
    return page


def edit(page: Page, text: str) -> None:
    """Have the lock, and type."""
    page.show()
    if page.texts("#holder") != [MINE]:
        page.wait(lambda: page.find("#edit").is_displayed())
        page.click("#edit")
        page.wait(lambda: page.texts("#holder") == [MINE])
    page.change("#text", text)


def text(page: Page) -> str:
    found: str = page.show().run("return document.getElementById('text').value")
    return found


def draft(page: Page) -> str:
    found: str = page.run("return document.getElementById('kept').hidden ? '' : document.getElementById('draft').value")
    return found


def test_one_writes_and_the_others_watch(stage: Stage) -> None:
    ann, bob = read(stage, "Ann", "one"), read(stage, "Bob", "one", other=True)
    assert bob.texts("#holder") == ["Nobody is editing this"]
    edit(ann, "first line")
    bob.show().wait_for("#holder", "Ann is editing this")
    assert bob.run("return document.getElementById('text').readOnly")
    assert not bob.find("#edit").is_displayed()
    ann.show().click("#save")
    ann.wait_for("#version", "Version 1, saved by Ann")
    bob.wait(lambda: text(bob) == "first line")
    edit(ann, "first line\nsecond line")
    ann.click("#done")  # what is not saved is saved
    bob.show().wait_for("#holder", "Nobody is editing this")
    assert text(bob) == "first line\nsecond line"
    edit(bob, "and Bob's")
    bob.click("#cancel")
    bob.wait_for("#holder", "Nobody is editing this")
    assert text(bob) == text(ann) == "first line\nsecond line"
    assert [page.show().complaints() for page in (ann, bob)] == [[], []]


def test_who_takes_over_tells_the_loser_whose_text_is_kept_to_be_copied(stage: Stage) -> None:
    ann, bob = read(stage, "Ann", "two"), read(stage, "Bob", "two", other=True)
    edit(ann, "never saved")
    bob.show().wait(lambda: bob.find("#take").is_displayed())
    bob.click("#take")
    bob.wait(lambda: bob.texts("#holder") == [MINE])
    ann.show().wait_for("#why", "Bob took over")
    assert ann.texts("#holder") == ["Bob is editing this"]
    assert draft(ann) == "never saved"
    assert not ann.find("#save").is_displayed()
    edit(bob, "Bob's text")
    bob.click("#done")
    ann.show().wait(lambda: text(ann) == "Bob's text")
    assert draft(ann) == "never saved"
    ann.click("#copy")
    ann.wait(lambda: ann.texts("#copied") == ["Copied"])
    ann.click("#drop")
    assert draft(ann) == ""
    assert [page.show().complaints() for page in (ann, bob)] == [[], []]


def test_two_tabs_of_one_person_are_two_editors(stage: Stage) -> None:
    first, second = read(stage, "Ann", "three"), read(stage, "Ann", "three")
    edit(first, "in the first tab")
    second.show().wait_for("#holder", "Ann is editing this")
    stage.close_page(first)
    second.show().wait_for("#holder", "Nobody is editing this")


def test_a_pulled_cable_frees_the_lock_and_a_late_save_changes_nothing(stage: Stage) -> None:
    ann, bob = read(stage, "Ann", "four"), read(stage, "Bob", "four", other=True, by_cable=True)
    edit(bob, "typed before")
    stage.cable.pull()
    edit(bob, "typed by Bob, who knows nothing of it")
    bob.click("#save")
    edit(ann, "typed by Ann")  # as soon as the router's pings have found out
    ann.click("#save")
    ann.wait_for("#version", "Version 1, saved by Ann")
    stage.cable.plug_in()
    bob.show().wait(lambda: "Ann" in bob.texts("#why")[0], within=45)
    assert draft(bob) == "typed by Bob, who knows nothing of it"
    assert text(bob) == text(ann) == "typed by Ann"
    assert ann.texts("#holder") == [MINE]


def test_the_holder_goes_on_after_the_router_was_killed(stage: Stage) -> None:
    ann = read(stage, "Ann", "five")
    edit(ann, "before")
    ann.click("#save")
    ann.wait_for("#version", "Version 1")
    edit(ann, "before and meanwhile")
    stage.router.kill()
    ann.wait(lambda: not ann.find("#retry").get_attribute("hidden"))
    edit(ann, "before, meanwhile and without a router")
    stage.router.start()
    ann.click("#retry")
    ann.wait(lambda: ann.find("#save").is_enabled(), within=45)  # the worker is back as well
    ann.click("#save")
    ann.wait_for("#version", "Version 2")
    assert draft(ann) == ""
    late = read(stage, "Bob", "five", other=True)
    late.wait(lambda: text(late) == "before, meanwhile and without a router")
    assert late.texts("#holder") == ["Ann is editing this"]


def test_a_text_that_went_with_the_worker_is_kept_by_those_who_saw_it(stage: Stage) -> None:
    ann = read(stage, "Ann", "six")
    edit(ann, "a long letter")
    ann.click("#done")
    ann.wait_for("#holder", "Nobody is editing this")
    stage.end_workers()
    stage.start_workers()
    ann.wait_for("#why", "started anew")
    assert draft(ann) == "a long letter"
    assert text(ann) == ""


def test_markup_in_any_field_is_shown_as_text(stage: Stage) -> None:
    ann, bob = read(stage, MARKUP[:40], "seven"), read(stage, "Bob", "seven", other=True)
    edit(ann, MARKUP)
    ann.click("#save")
    bob.show().wait(lambda: text(bob) == MARKUP)
    assert MARKUP[:40].strip() in bob.texts("#holder")[0]
    assert MARKUP[:40].strip() in bob.texts("#version")[0]
    bob.click("#take")
    ann.show().wait(lambda: not ann.find("#take").get_attribute("hidden"))
    edit(bob, "another")
    peer = Peer(stage.router.port).join()  # a stranger, who needs no worker
    topic = "com.example.lock.document.seven"
    odd = {"text": MARKUP, "version": MARKUP, "saved": {"name": MARKUP, "time": MARKUP}, "holder": {"name": MARKUP}}
    for payload in ([[]], [[], {"text": 7}], [[], odd]):
        peer.publish(topic, *payload)
    peer.close()
    bob.wait_for("#why", MARKUP[:30])
    assert draft(bob) == "another"
    strange = read(stage, "Bob", MARKUP.replace('"', "%22").replace("#", ""))
    assert strange.texts("#title") == ["notes"]
    for page in (ann, bob, strange):
        page.show()
        assert page.run("return document.querySelectorAll('.injected, main img').length") == 0
        assert "broken" not in page.browser.title


def test_the_page_is_legible_and_its_pictures_are_kept(stage: Stage) -> None:
    ann, bob = read(stage, "Ann Miller", "shopping"), read(stage, "Bob", "shopping", other=True)
    edit(ann, "For Friday\n\n- flour, two bags\n- apples\n- a new router")
    ann.click("#save")
    ann.wait_for("#version", "Version 1")
    edit(ann, "For Friday\n\n- flour, two bags\n- apples\n- a new router\n- cinnamon")
    for name, width, dark in (("lock", 1280, False), ("lock-dark", 1280, True)):
        ann.screen(width, 700, dark=dark)
        assert ann.run(CONTRAST) == []
        ann.picture(name)
    bob.show().click("#take")
    bob.wait(lambda: bob.texts("#holder") == [MINE])
    ann.show().wait_for("#why", "Bob took over")
    for name, width, dark in (("lock-lost", 1280, False), ("lock-lost-dark", 1280, True), ("lock-phone", 320, False)):
        ann.screen(width, 700, dark=dark, phone=width < 500)
        assert ann.run(CONTRAST) == []
        assert ann.run("return document.documentElement.scrollWidth") <= width
        ann.picture(name)
    assert ann.complaints() == []
