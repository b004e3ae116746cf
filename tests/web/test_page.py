"""What a person with a browser sees of a router."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.routers import RunningRouter
from tests.web.conftest import ROOT, Page
from tests.web.contrast import CONTRAST
from tests.web.markup import MARKUP


def test_the_page_says_where_it_is_connected_and_as_whom(page: Page, router: RunningRouter) -> None:
    authid = page.find("#status-text").text.removeprefix("Connected to realm1 as ")
    assert authid
    assert page.find("#router-url").text == router.ws_url


def test_nothing_on_the_page_is_blocked_or_fails(page: Page) -> None:
    page.wait(lambda: page.texts(".cards h2"))
    assert page.complaints() == []


def test_the_page_leads_to_every_demo_and_to_the_dashboard(page: Page) -> None:
    links = page.run("return [...document.querySelectorAll('.cards a')].map((link) => link.getAttribute('href'))")
    assert sorted(links) == sorted(f"demos/{folder.name}/" for folder in (ROOT / "web" / "demos").iterdir())
    page.wait(lambda: page.find("#dashboard").is_displayed())
    page.click("#dashboard")
    page.wait_for("h1", "Overview")


def test_a_router_without_dashboard_shows_no_way_to_it(browser: Chrome, tmp_path: Path) -> None:
    first = browser.current_window_handle
    with closing(RunningRouter(tmp_path).start()) as router:
        page = Page(browser, router.url).wait_connected()
        # The question whether there is one was answered.
        asked = "return performance.getEntriesByType('resource').some(({name}) => name.endsWith('settings.json'))"
        page.wait(lambda: page.run(asked))
        assert not page.find("#dashboard").is_displayed()
        browser.close()
        browser.switch_to.window(first)


def test_a_call_shows_its_result(page: Page) -> None:
    page.call("com.example.add2", "[2, 3]")
    assert page.wait_for("#call-outcome [data-kind=result]", "5").split("result")[1].startswith("5  (")


def test_a_call_with_kwargs_shows_its_result(page: Page) -> None:
    page.call("com.example.add2", "", '{"a": 20, "b": 22}')
    page.wait_for("#call-outcome [data-kind=result]", "42")


def test_progressive_results_show_before_the_result(page: Page) -> None:
    page.call("com.example.countdown", "[3, 0.1]")
    page.wait_for("#call-outcome [data-kind=result]", "result0")
    kinds = page.texts("#call-outcome .kind")
    assert kinds == ["result", "progress", "progress", "progress", "call"]
    assert page.texts("#call-outcome [data-kind=progress] code") == ["1", "2", "3"]


def test_a_call_can_be_cancelled(page: Page) -> None:
    assert not page.find("#call-cancel").is_enabled()
    page.call("com.example.countdown", "[1000]")
    page.wait_for("#call-outcome [data-kind=progress]", "1000")
    page.click("#call-cancel")
    page.wait_for("#call-outcome [data-kind=error]", "wamp.error.canceled")
    assert not page.find("#call-cancel").is_enabled()
    page.call("com.example.add2", "[1, 1]")  # the connection has survived it
    page.wait_for("#call-outcome [data-kind=result]", "2")


def test_wrong_arguments_show_the_error_of_the_callee(page: Page) -> None:
    page.call("com.example.add2", '[2, "three"]')
    assert "b must be a number" in page.wait_for("#call-outcome [data-kind=error]", "wamp.error.invalid_argument")


def test_a_procedure_that_does_not_exist_shows_the_error_of_the_router(page: Page) -> None:
    page.call("com.example.missing")
    page.wait_for("#call-outcome [data-kind=error]", "wamp.error.no_such_procedure")


@pytest.mark.parametrize(
    ("args", "kwargs", "sentence"),
    [
        ("[2, ", "", "args is not valid JSON"),
        ("2", "", "args must be a JSON array"),
        ("", "[]", "kwargs must be a JSON object"),
    ],
)
def test_arguments_that_are_no_json_are_not_sent(page: Page, args: str, kwargs: str, sentence: str) -> None:
    page.call("com.example.add2", args, kwargs)
    page.wait_for("#call-outcome [data-kind=error]", sentence)


def test_the_examples_call_at_one_press(page: Page) -> None:
    page.click("#call-examples button:nth-child(1)")
    page.wait_for("#call-outcome [data-kind=result]", "5")


def test_what_one_page_publishes_another_receives(page: Page, open_page: Callable[..., Page]) -> None:
    page.subscribe("com.example.room")
    other = open_page().wait_connected()
    other.publish("com.example.room", '["hello", 1]', '{"from": "other"}')
    other.wait_for("#publish-note", "Published")
    page.show().wait_for("#events li", '["hello",1] {"from":"other"}')
    assert page.texts("#events .topic") == ["com.example.room"]


@pytest.mark.parametrize(("topic", "match"), [("com.example.house", "prefix"), ("com.example..kitchen", "wildcard")])
def test_patterns_receive_what_they_match_and_unsubscribing_ends_it(page: Page, topic: str, match: str) -> None:
    page.subscribe(topic, match)
    page.publish("com.example.house.kitchen", '["first"]')
    page.wait_for("#events li", '["first"]')
    assert page.texts("#events .topic") == ["com.example.house.kitchen"]
    page.click("#subscriptions button")
    page.wait(lambda: not page.texts("#subscriptions li"))
    page.publish("com.example.house.kitchen", '["second"]')
    page.wait_for("#publish-note", "Published")
    assert '["second"]' not in "".join(page.texts("#events li"))


def test_a_topic_that_is_no_uri_shows_the_error_of_the_router(page: Page) -> None:
    page.fill("#subscribe [name=topic]", "not a uri")
    page.click("#subscribe [type=submit]")
    page.wait_for("#subscribe-note", "wamp.error.invalid_uri")
    page.publish("not a uri", "[]")
    page.wait_for("#publish-note", "wamp.error.invalid_uri")


def test_markup_stays_text_wherever_it_comes_from(page: Page) -> None:
    quoted = json.dumps(MARKUP)
    page.subscribe("com.example", "prefix")
    page.publish("com.example.chat", f"[{quoted}]", f"{{{quoted}: {quoted}}}")
    page.call("com.example.add2", f"[{quoted}, 1]", f"{{{quoted}: 1}}")
    page.wait_for("#call-outcome [data-kind=error]", "wamp.error.invalid_argument")
    page.call(MARKUP)
    page.fill("#subscribe [name=topic]", MARKUP)
    page.click("#subscribe [type=submit]")
    page.wait(lambda: page.find("#subscribe-note").text)
    page.wait_for("#events li", "<script>")
    assert page.run("return document.title") == "Wamplex"
    assert page.run("return document.querySelectorAll('.injected, img[src=x], main script').length") == 0
    assert page.complaints() == []


def test_a_router_elsewhere_is_refused_and_said_so_as_text(
    open_page: Callable[..., Page], router: RunningRouter
) -> None:
    page = open_page("?url=wss://elsewhere.example/%3Cb%20class=injected%3E").wait_connected()
    assert "wss://elsewhere.example/<b class=injected> is on another host" in page.find("#notice").text
    assert page.find("#router-url").text == router.ws_url
    assert page.run("return document.querySelectorAll('.injected').length") == 0


def test_a_router_on_loopback_may_be_asked_for(open_page: Callable[..., Page], router: RunningRouter) -> None:
    url = router.ws_url.replace("127.0.0.1", "localhost")
    page = open_page(f"?url={url}")
    page.wait_for("#router-url", url)
    assert not page.texts("#notice")


def test_a_realm_that_does_not_exist_is_named_and_tried_again(open_page: Callable[..., Page]) -> None:
    page = open_page("?realm=nowhere")
    page.run("""
        window.told = [];
        const line = document.getElementById("status-text");
        new MutationObserver(() => told.push(line.textContent)).observe(line, {childList: true});
    """)
    page.wait_for("#status-text", "The router said wamp.error.no_such_realm")
    page.wait(lambda: "Connecting …" in page.run("return told"))
    page.wait_for("#status-text", "Next try in")


@pytest.mark.parametrize("ended", ["killed", "stopped"])
def test_the_page_comes_back_with_its_subscriptions_when_the_router_was_away(
    page: Page, router: RunningRouter, ended: str
) -> None:
    page.subscribe("com.example.room")
    page.call("com.example.countdown", "[1000]")
    page.wait_for("#call-outcome [data-kind=progress]", "1000")
    if ended == "killed":
        router.kill()
    else:
        router.stop()
    page.wait_for("#status-text", "Next try in")
    page.wait_for("#call-outcome [data-kind=error]", "connection lost")
    assert page.find("#retry").is_displayed()
    page.wait_for("#status-text", "The router cannot be reached")
    router.start()
    page.wait_connected()
    page.wait(lambda: (page.publish("com.example.room", '["again"]'), page.texts("#events li"))[1])
    page.wait(lambda: (page.call("com.example.add2", "[2, 2]"), page.texts("#call-outcome [data-kind=result]"))[1])


def test_a_narrow_screen_scrolls_in_one_direction_only(page: Page) -> None:
    topic = "com.example." + "long" * 30
    page.subscribe(topic)
    page.publish(topic, json.dumps(["word" * 200]))
    page.wait_for("#events li", "word")
    page.call("com.example." + "missing" * 30, json.dumps(["word" * 200]))
    page.wait_for("#call-outcome [data-kind=error]", "no_such_procedure")
    small = (
        "return [...document.querySelectorAll('button')].filter((b) => b.offsetHeight && b.offsetHeight < 24).length"
    )
    for width in (320, 390, 768):
        page.screen(width, 800, phone=True)
        assert page.run("return document.documentElement.scrollWidth") == width
        assert page.run(small) == 0


def test_the_whole_page_can_be_used_from_the_keyboard(page: Page) -> None:
    unnamed = """
        const fields = [...document.querySelectorAll("input, textarea, select, button, [tabindex]")];
        const named = (found) => found.closest("label") || found.textContent.trim() || found.ariaLabel
            || found.getAttribute("aria-labelledby");
        return fields.filter((found) => !named(found)).map((found) => found.outerHTML);
    """
    assert page.run(unnamed) == []
    page.fill("#call [name=args]", "[40, 2]")
    page.find("#call [name=procedure]").send_keys("\n")
    page.wait_for("#call-outcome [data-kind=result]", "42")


def test_the_page_is_legible_in_light_and_dark_and_its_pictures_are_kept(page: Page) -> None:
    for example in (1, 2, 3):
        page.click(f"#call-examples button:nth-child({example})")
    page.subscribe("com.example.chat")
    page.publish("com.example.chat", '["hello"]', '{"from": "this page"}')
    page.wait_for("#events li", "hello")
    page.wait_for("#call-outcome [data-kind=result]", "result0")
    for name, width, dark in (("desktop", 1280, False), ("dark", 1280, True), ("phone", 390, False)):
        page.screen(width, 900, dark=dark, phone=width < 500)
        assert page.run("return matchMedia('(prefers-color-scheme: dark)').matches") is dark
        assert page.run(CONTRAST) == []
        page.picture(name)
    assert page.complaints() == []
