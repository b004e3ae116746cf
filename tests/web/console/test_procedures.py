"""Procedures in the dashboard: found, described, and called by forms."""

import json
from contextlib import closing

from tests.peers import Peer
from tests.routers import RunningRouter
from tests.web.conftest import Page
from tests.web.console.steps import choose, go, keep_pictures, no_markup, search
from tests.web.markup import MARKUP


def opened(page: Page, uri: str) -> Page:
    go(page, f"procedures/{uri}").wait(lambda: page.texts(".caller"))
    page.wait_for("#panel-title", uri)
    return page


def call(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        page.fill(f".caller [name='{name}']", value)
    page.click(".caller [type=submit]")


def test_every_procedure_of_the_realm_is_listed_with_what_is_known_of_it(page: Page) -> None:
    page.wait_for("[data-key='com.example.add2']", "Add two numbers")
    page.wait_for("[data-key='com.example.add2']", "registered, described")
    page.wait_for("[data-key='com.example.countdown']", "registered")
    page.wait_for("[data-key='com.example.kinds']", "described")
    page.wait_for("[data-key='wamp.session.count']", "router")
    choose(page, "[aria-label='Rows a page']", "25")
    page.wait(lambda: len(page.texts("tbody tr")) == 25)
    keep_pictures(page, "procedures")


def test_procedures_are_found_by_uri_and_by_description_and_by_whose_they_are(page: Page) -> None:
    def found() -> list[str]:
        return page.run("return [...document.querySelectorAll('tbody tr')].map((row) => row.dataset.key)")

    page.wait(lambda: len(found()) > 10)
    search = page.find(".filter input")
    search.send_keys("second number")
    page.wait(lambda: found() == ["com.example.add2"])
    search.clear()
    search.send_keys("session.kill_all")
    page.wait(lambda: found() == ["wamp.session.kill_all"])
    choose(page, "[name=whose]", "realm")
    page.wait(lambda: found() == [])


def test_a_procedure_is_called_by_a_form_of_its_schema(page: Page) -> None:
    opened(page, "com.example.add2")
    assert page.texts(".introduction h3") == ["Add two numbers"]
    call(page, a="20", b="22.5")
    page.wait_for(".caller + .outcome .status", "Answered in")
    assert page.texts(".result") == ["42.5"]
    choose(page, "[name=whose]", "realm")
    page.wait(lambda: not page.texts("[data-key='wamp.session.count']"))
    keep_pictures(page, "procedure")


def test_fields_are_text_number_checkbox_choice_and_json(page: Page, peer: Peer) -> None:
    peer.register("com.example.kinds")
    opened(page, "com.example.kinds")
    kinds = page.run("""return [...document.querySelectorAll('.payload input, .payload select, .payload textarea')]
      .map((one) => [one.name, one.type])""")
    assert kinds == [
        ["word", "text"],
        ["size", "number"],
        ["exact", "checkbox"],
        ["unit", "select-one"],
        ["list", "textarea"],
        ["note", "text"],
        ["person", "number"],
        ["loud", "select-one"],
    ]
    page.click("[name=exact]")
    call(page, word="", size="3", unit="3", list='["x"]', person="7")
    invocation = peer.receives(68)
    assert invocation[4:] == [["", 3, True, 3, ["x"]], {"person": 7}]
    peer.send(70, invocation[1], {}, [1, 2], {"a": None})
    page.wait_for(".status", "Answered in")
    assert json.loads(page.texts(".result")[0]) == {"args": [1, 2], "kwargs": {"a": None}}


def test_what_is_missing_or_wrong_is_said_and_not_sent(page: Page) -> None:
    opened(page, "com.example.kinds")
    call(page, word="x")
    page.wait_for(".status", "size is missing")
    assert page.run("return document.activeElement.name") == "size"
    call(page, size="3", list="[")
    page.wait_for(".status", "list is not valid JSON")


def test_the_router_refuses_what_does_not_fit_and_its_sentence_is_shown(page: Page) -> None:
    opened(page, "com.example.kinds")
    call(page, size="10", list="[]")
    page.wait_for(".status", "wamp.error.invalid_argument")
    page.wait_for(".result", "args do not fit the schema")


def test_everything_may_be_typed_as_json_beginning_with_the_fields(page: Page) -> None:
    opened(page, "com.example.add2")
    page.fill(".caller [name=a]", "1")
    page.fill(".caller [name=b]", "2")
    page.click("[data-switch]")
    assert page.run("return document.querySelector('[name=kwargs]').value") == '{"a":1,"b":2}'
    call(page, kwargs='{"a": 1, "b": 41}')
    page.wait_for(".result", "42")


def test_the_routers_own_procedures_have_forms_too(page: Page) -> None:
    opened(page, "wamp.session.count")
    call(page)
    page.wait_for(".status", "Answered in")
    assert int(page.texts(".result")[0]) >= 2


def test_progressive_results_show_as_they_come_and_a_call_is_cancelled(page: Page) -> None:
    opened(page, "com.example.countdown")
    call(page, args="[3, 0.05]")
    page.wait_for(".status", "Answered in")
    assert page.texts(".outcome .progress li") == ["3", "2", "1"]
    assert "3 progressive results" in page.find(".outcome .status").text
    call(page, args="[1000, 0.05]")
    page.wait(lambda: len(page.texts(".outcome .progress li")) > 3)
    page.screen(1280, 900)
    page.picture("dashboard-procedure-running")
    page.click("[name=cancel]")
    page.wait_for(".status", "wamp.error.canceled after")
    assert page.complaints() == []


def test_a_call_that_takes_too_long_times_out(page: Page, peer: Peer) -> None:
    peer.register("com.example.slow")
    opened(page, "com.example.slow")
    call(page, timeout="50")
    page.wait_for(".status", "wamp.error.timeout")


def test_a_call_under_a_pattern_may_name_any_uri_of_it(page: Page, peer: Peer) -> None:
    peer.register("com.example.shelf", match="prefix")
    opened(page, "com.example.shelf")
    call(page, procedure="com.example.shelf.7", args="[1]")
    assert peer.receives(68)[3]["procedure"] == "com.example.shelf.7"


def test_the_panel_that_closes_cancels_what_is_under_way(page: Page, peer: Peer) -> None:
    peer.register("com.example.slow")
    opened(page, "com.example.slow")
    call(page)
    invocation = peer.receives(68)
    page.click("dialog [aria-label=Close]")
    assert peer.receives(69)[1] == invocation[1]


def test_procedures_of_another_realm_are_shown_and_said_to_be_out_of_reach(page: Page, own: RunningRouter) -> None:
    with closing(Peer(own.port).join("realm2")) as other:
        other.register("com.other.one")
        page.wait(lambda: page.texts("#realm option"))
        choose(page, "#realm", "realm2")
        page.wait_for(".note", "cannot call procedures in realm2")
        page.wait_for("tbody tr", "com.other.one")
        go(page, "topics").wait_for(".note", "cannot watch or publish in realm2")
        go(page, "procedures").click(".note button")
        page.wait_for("[data-key='com.example.add2']", "Add two numbers")
        assert page.complaints() == []


def test_markup_stays_text_in_a_description_and_a_result(page: Page, peer: Peer) -> None:
    peer.register("com.example.evil", force_reregister=True)
    opened(page, "com.example.evil")
    page.fill(f".caller [name={json.dumps(MARKUP)}]", MARKUP)
    page.click(".caller [type=submit]")
    invocation = peer.receives(68)
    peer.send(70, invocation[1], {"progress": True}, [MARKUP])
    page.wait_for(".outcome .progress li", "<img")
    peer.send(8, 68, invocation[1], {}, "com.example.error", [MARKUP], {MARKUP: MARKUP})
    page.wait_for(".result", "<script>")
    search(go(page, "procedures"), MARKUP)
    assert no_markup(page)
    assert page.complaints() == []
