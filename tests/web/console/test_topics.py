"""Topics in the dashboard: watched while others publish, and published to."""

from tests.peers import Peer
from tests.web.conftest import Page
from tests.web.console.steps import choose, go, keep_pictures, no_markup, search
from tests.web.markup import MARKUP


def watch(page: Page, topic: str, match: str = "exact", stored: int = 0) -> None:
    page.fill(".watcher [name=topic]", topic)
    page.fill(".watcher [name=match]", match)
    page.fill(".watcher [name=stored]", str(stored))
    page.click(".watcher [type=submit]")


def test_a_topic_is_watched_while_another_peer_publishes(page: Page, peer: Peer) -> None:
    go(page, "topics")
    watch(page, "com.example", "prefix")
    page.wait_for(".chip", "com.example")
    for number in range(12):
        peer.publish("com.example.weather", ["Graz" if number % 2 else "Linz", 20 + number / 2])
    page.wait_for(".events li:first-child", '["Graz",25.5]')
    assert page.texts(".figures .total") == ["12 events"]
    page.wait(lambda: page.find(".figures .rate").text != "0.0/s")
    page.find("[name=shown]").send_keys("graz")
    page.wait(lambda: len(page.texts(".events li")) == 6)
    page.click(".events li:first-child summary")
    page.wait_for(".whole", "Publication ")
    keep_pictures(page, "topics")


def test_a_paused_view_stands_still_and_goes_on(page: Page, peer: Peer) -> None:
    go(page, "topics")
    watch(page, "com.example.room")
    page.wait_for(".chip", "com.example.room")
    peer.publish("com.example.room", ["one"])
    page.wait_for(".events li", "one")
    page.click("[name=pause]")
    peer.publish("com.example.room", ["two"])
    page.wait_for(".figures .total", "2 events, 1 new while paused")
    assert len(page.texts(".events li")) == 1
    page.click("[name=pause]")
    page.wait_for(".events li:first-child", "two")
    page.click("[name=clear]")
    assert page.texts(".events li") == []


def test_a_flood_is_counted_and_the_list_stays_bounded(page: Page, peer: Peer) -> None:
    go(page, "topics")
    watch(page, "com.example.flood")
    page.wait_for(".chip", "com.example.flood")
    for number in range(1000):
        peer.send(16, next(peer.requests), {}, "com.example.flood", [number])
    page.wait_for(".figures .total", "1,000 events")
    page.wait_for(".events li:first-child", "[999]")
    assert len(page.texts(".events li")) == 300


def test_an_event_is_published_with_options(page: Page, peer: Peer) -> None:
    go(page, "topics")
    subscription = peer.subscribe("com.example.weather")
    choose(page, ".publisher [name=topic]", "com.example.weather")
    page.wait(lambda: page.texts(".publisher [name=city]") == [""])
    page.fill(".publisher [name=city]", "Graz")
    page.fill(".publisher [name=degrees]", "21")
    page.click(".publisher [name=retain]")
    page.click(".publisher [type=submit]")
    page.wait_for(".publisher .status", "Published as ")
    event = peer.receives(36, subscription)
    assert event[4] == ["Graz", 21]
    watch(page, "com.example.weather")
    page.wait_for(".events li", "retained")
    page.click(".publisher [name=acknowledge]")
    page.click(".publisher [type=submit]")
    page.wait_for(".publisher .status", "nobody says")
    page.wait(lambda: len(page.texts(".events li")) == 2)  # it did not ask to be excluded


def test_stored_events_come_first(page: Page, peer: Peer) -> None:
    for number in range(3):
        peer.publish("com.example.kept", [f"stored {number}"])
    go(page, "topics").wait_for("tbody tr", "com.example.kept")
    page.click("tr[data-key='exact com.example.kept'] button")
    assert page.run("return document.querySelector('.watcher [name=topic]').value") == "com.example.kept"
    watch(page, "com.example.kept", stored=2)
    page.wait_for(".watching .status", "2 stored events of com.example.kept")
    page.wait(lambda: len(page.texts(".events li")) == 2)
    assert [page.texts(".events .said")] == [['["stored 2"]', '["stored 1"]']]


def test_known_topics_are_listed_with_their_descriptions(page: Page) -> None:
    go(page, "topics")
    choose(page, "[name=which]", "known")
    page.wait_for("tr[data-key='exact com.example.weather']", "How warm it is")
    page.wait_for("tr[data-key='exact wamp.session.on_join']", "")


def test_markup_stays_text_in_an_event_and_its_topic(page: Page, peer: Peer) -> None:
    go(page, "topics")
    watch(page, "com.example", "prefix")
    page.wait_for(".chip", "com.example")
    peer.publish("com.example.chat", [MARKUP], {MARKUP: MARKUP})
    page.wait_for(".events li", "<script>")
    page.click(".events li summary")
    page.wait_for(".whole", "<script>")
    watch(page, MARKUP)
    page.wait_for(".watching .status", "wamp.error.invalid_uri")
    page.fill(".publisher [name=topic]", MARKUP)
    page.click(".publisher [type=submit]")
    page.wait_for(".publisher .status", "wamp.error.invalid_uri")
    search(page, MARKUP)
    assert no_markup(page)
    assert [one for one in page.complaints() if "wamp.error.invalid_uri" not in one] == []
