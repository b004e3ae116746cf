"""The chat: what is said is seen once, by all, in order; also when the router is killed in the middle."""

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome

from tests.peers import Peer
from tests.web.conftest import Page
from tests.web.contrast import CONTRAST
from tests.web.markup import MARKUP
from tests.web.stage import Stage, opened

TEXTS = ".message .text"
SAID = ".message:not(.waiting) .text"


@pytest.fixture(scope="module")
def house(browser: Chrome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with opened(tmp_path_factory.mktemp("chat"), browser, "presence", "chat") as stage:
        yield stage


@pytest.fixture
def stage(house: Stage) -> Iterator[Stage]:
    house.browser.get_log("browser")
    yield house
    house.clear()


def enter(stage: Stage, name: str, room: str, *, other: bool = False) -> Page:
    page = stage.open(f"demos/chat/#{room}", other=other)
    page.change("#you [name=name]", name)
    page.wait(lambda: any(name in person for person in page.texts("#here li")))
    return page


def say(page: Page, *texts: str) -> None:
    page.show()
    for text in texts:
        page.fill("#send [name=text]", text)
        page.click("#send [type=submit]")


def ids_in_history(stage: Stage, room: str) -> list[str]:
    peer = Peer(stage.router.port).join()
    peer.call("wamp.subscription.lookup", ["com.example.chat.room.", {"match": "prefix"}])
    subscription = peer.receive()[3][0]
    peer.call("wamp.subscription.get_events", [subscription], {"topic": f"com.example.chat.room.{room}"})
    events = peer.receive()[3]
    peer.close()
    return [event["kwargs"]["id"] for event in events]


def ids_on(page: Page) -> list[str]:
    script = "return [...document.querySelectorAll('.message:not(.waiting)')].map((found) => found.dataset.id)"
    found: list[str] = page.show().run(script)
    return found


def test_what_is_said_is_seen_by_all_once_with_names_times_and_own_ones_marked(stage: Stage) -> None:
    ann, bob = enter(stage, "Ann", "one"), enter(stage, "Bob", "one", other=True)
    say(ann, "hello", "is anybody here?")
    say(bob, "yes")
    for page in (ann, bob):
        page.show().wait(lambda page=page: page.texts(SAID) == ["hello", "is anybody here?", "yes"])
    assert ann.show().texts(".own .text") == ["hello", "is anybody here?"]
    assert bob.show().texts(".message:not(.own):not(.more) b") == ["Ann"]
    assert bob.texts(".own b") == ["You"]
    assert all(":" in time for time in bob.texts(".message time"))
    assert bob.texts(".day") == ["Today"]
    assert ids_on(ann) == ids_on(bob) == ids_in_history(stage, "one")
    assert bob.complaints() == []


def test_who_comes_later_gets_the_history_of_the_room_and_of_no_other(stage: Stage) -> None:
    ann = enter(stage, "Ann", "two")
    say(ann, "before you came")
    ann.wait(lambda: ann.texts(SAID) == ["before you came"])
    late = enter(stage, "Bob", "two", other=True)
    late.wait(lambda: late.texts(SAID) == ["before you came"])
    late.run("location.hash = 'three'")
    late.wait_for("#room-title", "three")
    late.wait(lambda: late.find("#silence").is_displayed())
    assert late.texts(TEXTS) == []
    say(ann, "meanwhile")
    late.show().wait(lambda: late.texts("#rooms .badge") == ["1"])
    late.run("location.hash = 'two'")
    late.wait(lambda: late.texts(SAID) == ["before you came", "meanwhile"])
    assert late.texts("#rooms .badge") == []


def test_who_types_is_seen_until_the_message_comes(stage: Stage) -> None:
    ann, bob = enter(stage, "Ann", "four"), enter(stage, "Bob", "four", other=True)
    ann.show().change("#send [name=text]", "I th")
    bob.show().wait(lambda: bob.texts("#typing") == ["Ann is typing …"])
    say(ann, "I think so")
    bob.show().wait(lambda: bob.texts(SAID) == ["I think so"])
    assert bob.texts("#typing") == [""]
    assert ann.show().texts("#typing") == [""]


def test_a_line_marks_what_came_while_nobody_looked(stage: Stage) -> None:
    ann, bob = enter(stage, "Ann", "five"), enter(stage, "Bob", "five", other=True)
    say(ann, "seen")
    bob.show().run("document.hasFocus = () => true; dispatchEvent(new Event('focus'))")
    bob.wait(lambda: bob.texts(SAID) == ["seen"])
    bob.run("dispatchEvent(new Event('focus'))")
    bob.wait(lambda: bob.browser.title.startswith("five"))
    bob.run("document.hasFocus = () => false")
    say(ann, "missed", "missed, too")
    bob.show().wait(lambda: bob.browser.title.startswith("(2) five"))
    marked = "return document.querySelector('.unread').nextElementSibling.querySelector('.text').textContent"
    assert bob.run(marked) == "missed"
    bob.run("document.hasFocus = () => true; dispatchEvent(new Event('focus'))")
    bob.wait(lambda: bob.browser.title.startswith("five"))
    assert len(bob.texts(".unread")) == 1  # it stays, to be found
    say(bob, "I am back")
    assert bob.texts(".unread") == []


def test_what_is_written_without_a_connection_is_sent_when_it_is_back(stage: Stage) -> None:
    ann, bob = enter(stage, "Ann", "six"), enter(stage, "Bob", "six", other=True)
    say(ann, "before")
    bob.show().wait(lambda: bob.texts(SAID) == ["before"])
    stage.router.kill()
    ann.show().wait(lambda: not ann.find("#retry").get_attribute("hidden"))
    say(ann, "while it was away", "and this")
    assert ann.texts(".waiting .text") == ["while it was away", "and this"]
    stage.router.start()
    for page in (ann, bob):
        page.show().click("#retry")
        page.wait(lambda page=page: page.texts(SAID) == ["before", "while it was away", "and this"])
        assert page.texts(".gap") == []
    assert ids_on(ann) == ids_on(bob) == ids_in_history(stage, "six")


def test_what_waits_for_the_worker_outlasts_a_reload_of_the_page(stage: Stage) -> None:
    ann = enter(stage, "Ann", "reload")
    stage.end_workers()
    say(ann, "one", "two")
    ann.browser.refresh()
    ann.wait(lambda: ann.texts(".waiting .text") == ["one", "two"])
    stage.start_workers()
    ann.wait(lambda: ann.texts(SAID) == ["one", "two"])
    assert ids_on(ann) == ids_in_history(stage, "reload")


def test_nothing_is_lost_or_doubled_when_the_router_is_killed_again_and_again(stage: Stage) -> None:
    ann, bob = enter(stage, "Ann", "seven"), enter(stage, "Bob", "seven", other=True)
    for round_ in range(2):
        say(ann, *(f"Ann {round_}.{number}" for number in range(10)))
        say(bob, *(f"Bob {round_}.{number}" for number in range(10)))
        stage.router.kill()  # while they are on their way
        stage.router.start()
        for page in (ann, bob):
            page.show().click("#retry")
    for page in (ann, bob):
        page.show().wait(lambda page=page: len(page.texts(SAID)) >= 40 and not page.texts(".waiting .text"))
        assert page.texts(".gap") == []
    wanted = [f"{name} {round_}.{number}" for name in ("Ann", "Bob") for round_ in range(2) for number in range(10)]
    assert sorted(ann.show().texts(SAID)) == sorted(wanted)
    assert [text for text in ann.texts(SAID) if text.startswith("Ann")] == wanted[:20]
    assert ids_on(ann) == ids_on(bob) == ids_in_history(stage, "seven")


def test_a_history_that_is_gone_is_told(stage: Stage) -> None:
    ann = enter(stage, "Ann", "eight")
    say(ann, "before")
    ann.wait(lambda: ann.texts(SAID) == ["before"])
    stage.router.kill()
    for file in stage.router.folder.glob("history.sqlite*"):
        file.unlink()
    stage.router.start()
    ann.click("#retry")
    ann.wait_for(".gap", "Some messages may be missing here")
    say(ann, "after")
    ann.wait(lambda: ann.texts(SAID) == ["before", "after"])


def test_what_the_worker_refuses_is_told_and_holds_nothing_up(stage: Stage) -> None:
    ann = enter(stage, "Ann", "nine")
    say(ann, "x" * 2001, "short")
    ann.wait_for(".refused time", "not sent: text must be a text of 1 to 2000 characters")
    ann.wait(lambda: ann.texts(SAID)[-1:] == ["short"])


def test_markup_in_any_field_is_shown_as_text(stage: Stage) -> None:
    ann, bob = enter(stage, MARKUP[:40], "ten"), enter(stage, "Bob", "ten", other=True)
    say(ann, MARKUP)
    bob.show().wait(lambda: bob.texts(SAID) == [MARKUP])
    assert MARKUP[:40].strip() in bob.texts(".message b")
    peer = Peer(stage.router.port).join()  # a stranger, who needs no form
    odd = {"id": MARKUP, "person": MARKUP, "name": MARKUP, "text": MARKUP, "time": MARKUP, "session": MARKUP}
    for payload in ([[], odd], [[], {"id": 1, "text": 2}], [[MARKUP]], [[], odd | {"id": "b", "name": {}, "time": {}}]):
        peer.publish("com.example.chat.room.ten", *payload)
    peer.publish(f"com.example.chat.room.{MARKUP.replace(' ', '').replace('.', '')}")
    peer.close()
    bob.wait(lambda: len(bob.texts(SAID)) == 3)
    bob.run("location.hash = arguments[0]", MARKUP)
    bob.wait_for("#room-title", "Lobby")
    for page in (ann, bob):
        page.show()
        assert page.run("return document.querySelectorAll('.injected, main img').length") == 0
        assert "broken" not in page.browser.title


def test_the_page_is_legible_and_its_pictures_are_kept(stage: Stage) -> None:
    ann, bob = enter(stage, "Ann Miller", "coffee"), enter(stage, "Bob", "coffee", other=True)
    ann.show().run("document.hasFocus = () => true")
    say(bob, "Good morning! Does anybody know whether the new router is in the kitchen, too?")
    ann.show().wait(lambda: len(ann.texts(SAID)) == 1)
    say(ann, "It is.", "It was restarted twice while you made coffee, and nothing is missing.")
    say(bob, "Then I noticed nothing.")
    ann.show().wait(lambda: len(ann.texts(SAID)) == 4)
    ann.run("document.hasFocus = () => false")
    say(bob, "Two sugars, please.")
    bob.change("#send [name=text]", "…")
    ann.show().wait(lambda: ann.texts("#typing") == ["Bob is typing …"])
    for name, width, dark in (("chat", 1280, False), ("chat-dark", 1280, True), ("chat-phone", 320, False)):
        ann.screen(width, 1000, dark=dark, phone=width < 500)
        assert ann.run(CONTRAST) == []
        assert ann.run("return document.documentElement.scrollWidth") <= width
        ann.picture(name)
