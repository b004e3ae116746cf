"""The dashboard's decisions: who was refused or denied something shows at once, and why a rule says so."""

from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256

import pytest
from selenium.webdriver import Chrome

from tests.peers import Peer
from tests.routers import RunningRouter
from tests.web.conftest import Page
from tests.web.contrast import CONTRAST
from tests.web.markup import MARKUP
from tests.web.test_dashboard import FIT, TOO_SMALL

TICKET = "open sesame, please"
CONFIG = f"""
realms:
  - name: realm1
    authentication:
      anonymous: {{role: operator}}
      ticket: true
    principals: [{{authid: ann, role: guest, ticket: $sha256${sha256(TICKET.encode()).hexdigest()}}}]
    roles:
      - name: operator
        permissions:
          - {{uri: wamplex., match: prefix, allow: [call, subscribe]}}
      - name: guest
        permissions:
          - {{uri: com.example., match: prefix, allow: [call, subscribe, publish]}}
          - {{uri: com.example.secret., match: prefix, allow: []}}
          - {{uri: com.example.news, allow: [subscribe, publish], disclose: always, retain: false}}
  - name: com.example.other
    authentication: {{anonymous: {{role: visitor}}}}
    roles: [{{name: visitor}}]
dashboard: true
"""
SPACELESS = "com.<img/src=x/onerror=document.title='broken'><b/class=injected>x</b>"
"""As much of markup as there is room for in a URI."""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRouter]:
    running = RunningRouter(tmp_path_factory.mktemp("decisions"), CONFIG).start()
    yield running
    running.close()


@pytest.fixture
def page(browser: Chrome, own: RunningRouter) -> Iterator[Page]:
    """The view, with nobody of an earlier test in sight."""
    first = browser.current_window_handle
    browser.get_log("browser")
    page = Page(browser, f"{own.url}/dashboard/#decisions").wait_connected()
    page.wait(lambda: page.texts(".feed li") and page.texts(".explain option"))
    yield page
    browser.close()
    browser.switch_to.window(first)


def knock(router: RunningRouter, authid: str = "ann", ticket: str = TICKET, realm: str = "realm1") -> Peer:
    """Log in, or try to."""
    peer = Peer(router.port)
    methods = ["ticket"] if realm == "realm1" else ["anonymous"]
    peer.send(1, realm, {"roles": {"caller": {}, "subscriber": {}}, "authmethods": methods, "authid": authid})
    if peer.receive()[0] == 4:
        peer.send(5, ticket, {})
        peer.receive()
    return peer


def entries(page: Page, selector: str = "") -> list[str]:
    return page.texts(f".feed li{selector}")


def explain(page: Page, role: str, uri: str, match: str = "exact") -> None:
    page.change(".explain [name=role]", role)
    page.fill(".explain [name=uri]", uri)
    page.fill(".explain [name=match]", match)
    page.click(".explain form button")


def answer(page: Page, action: str) -> str:
    (text,) = page.texts(f".answer [data-actions~={action}]")
    return text


def line(router: RunningRouter, text: str) -> str:
    lines = router.config_file.read_text().split("\n")
    return f"config.yaml, line {next(n for n, line in enumerate(lines, 1) if text in line)}"


def test_a_refused_login_and_a_denied_call_appear_as_they_happen(page: Page, own: RunningRouter) -> None:
    knock(own, "joe", "wrong").close()
    page.wait_for(".feed [data-event=login][data-outcome=failure]", "joe")
    assert "Refused" in page.find(".feed [data-outcome=failure]").text
    with closing(knock(own)) as ann:
        ann.call("org.example.add2")
        ann.receives(8)
        page.wait_for(".feed [data-event=denial]", "org.example.add2")
        said = entries(page, "[data-event=denial]")[0]
        assert "Denied" in said
        assert "ann as guest: call org.example.add2" in said
        assert f"Session {ann.session or ''}" in said
    assert page.complaints() == []


def test_a_click_on_a_name_or_an_address_shows_only_what_is_about_it(page: Page, own: RunningRouter) -> None:
    knock(own, "moe", "wrong").close()
    knock(own, "ned", "wrong").close()
    page.wait_for(".feed .link", "moe")
    page.run("[...document.querySelectorAll('.feed .link')].find((one) => one.textContent === 'moe').click()")
    page.wait(lambda: entries(page) and all("moe" in one for one in entries(page)))
    knock(own, "ned", "wrong").close()
    knock(own, "moe", "wrong").close()
    page.wait(lambda: len(entries(page)) == 2)
    assert not any("ned" in one for one in entries(page))
    page.run("[...document.querySelectorAll('.feed .aside .link')][0].click()")
    page.wait(lambda: page.run("return document.querySelector('.filter input').value") == "127.0.0.1")
    page.wait(lambda: any("ned" in one for one in entries(page)))


def test_decisions_are_chosen_by_what_they_are_and_by_realm(page: Page, own: RunningRouter) -> None:
    with closing(knock(own, realm="com.example.other")) as visitor, closing(knock(own)) as ann:
        visitor.call("com.example.elsewhere")
        visitor.receives(8)
        ann.call("org.example.here")
        ann.receives(8)
        page.wait_for(".feed li", "org.example.here")
        assert not any("elsewhere" in one for one in entries(page))
        page.change("[name=realm]", "")
        page.wait_for(".feed li", "com.example.elsewhere")
        page.change("[name=wanted]", "denial")
        page.wait(lambda: {"denial"} == set(page.run(EVENTS)))
        page.change("[name=wanted]", "login failure")
        page.wait(lambda: set(page.run(EVENTS)) <= {"login"} and not page.texts(".feed [data-outcome=success]"))
        page.change("[name=filter]", "nobody of this name")
        page.wait_for("#view .empty", "Nothing of what is kept matches the filter.")


EVENTS = "return [...document.querySelectorAll('.feed li')].map((one) => one.dataset.event)"


def test_a_list_that_is_paused_waits_and_goes_on(page: Page, own: RunningRouter) -> None:
    page.click("[name=pause]")
    knock(own, "pat", "wrong").close()
    page.wait_for("[name=pause]", "Go on (1 new)")
    assert not any("pat" in one for one in entries(page))
    page.click("[name=pause]")
    page.wait_for(".feed li", "pat")
    assert page.texts("[name=pause]") == ["Pause"]


def test_a_storm_is_told_as_a_count(page: Page, own: RunningRouter) -> None:
    with closing(knock(own)) as ann:
        for _ in range(500):
            ann.call("org.example.storm")
        for _ in range(500):
            ann.receives(8)
    page.wait_for(".feed li", "more of role guest within a second")
    assert len(entries(page)) < 250


def test_explain_names_the_rule_and_its_line(page: Page, own: RunningRouter) -> None:
    explain(page, "guest", "com.example.news")
    page.wait_for(".answer .asked", "What guest may do with com.example.news")
    here = line(own, "com.example.news")
    assert all(word in answer(page, "publish") for word in ("Allowed", here, "always disclosed", "may not be retained"))
    assert all(word in answer(page, "call") for word in ("Denied", here, "allows publish, subscribe"))
    explain(page, "guest", "com.example.", "prefix")
    page.wait_for(".answer .asked", "prefix")
    said = answer(page, "subscribe")
    assert all(word in said for word in ("Denied", line(own, "com.example., "), line(own, "com.example.secret.")))
    assert "No rule covers" not in said
    explain(page, "guest", "wamp.session.kill")
    page.wait_for(".answer .asked", "wamp.session.kill")
    assert "written for it" in answer(page, "call")
    assert "All of guest: 3 rules" in page.find(".rules summary").text


def test_a_denial_leads_to_the_rule_behind_it(page: Page, own: RunningRouter) -> None:
    with closing(knock(own)) as ann:
        ann.call("com.example.secret.plan")
        ann.receives(8)
    page.wait_for(".feed [data-event=denial]", "com.example.secret.plan")
    page.click(".feed .why")
    page.wait_for(".answer .wanted", line(own, "com.example.secret."))
    assert "call" in page.run("return document.querySelector('.answer .wanted').dataset.actions")
    assert page.run("return document.querySelector('.explain [name=role]').value") == "guest"
    page.run("document.querySelector('.rules').open = true")
    page.picture("dashboard-decisions")
    page.screen(1280, 900, dark=True)
    page.picture("dashboard-decisions-dark")
    assert page.run(CONTRAST) == []
    page.screen(320, 640, phone=True)
    page.picture("dashboard-decisions-phone")
    assert page.run(FIT)
    assert page.run(TOO_SMALL) == []
    page.screen(1280, 900)
    assert page.run(CONTRAST) == []
    assert page.complaints() == []


def test_what_strangers_say_stays_text(page: Page, own: RunningRouter) -> None:
    knock(own, MARKUP, "wrong").close()
    with closing(knock(own)) as ann:
        ann.call(f"org.{SPACELESS}")
        ann.receives(8)
    page.wait_for(".feed li", MARKUP)
    page.wait_for(".feed li code", SPACELESS)
    page.click(".feed .why")
    page.wait_for(".answer .asked", SPACELESS)
    explain(page, "guest", MARKUP)
    page.wait_for(".answer .asked", MARKUP)
    page.run("location.hash = '#decisions/' + encodeURIComponent(arguments[0]) + '/x'", MARKUP)
    page.wait_for(".answer .bad", "no_such_role")
    assert page.run("return document.querySelectorAll('.injected, #view img').length") == 0
    assert page.run("return document.title") != "broken"
    assert page.complaints() == []


def test_the_list_comes_back_with_the_router(page: Page, own: RunningRouter) -> None:
    explain(page, "guest", "com.example.a")
    page.wait_for(".answer .asked", "com.example.a")
    own.kill()
    page.wait(lambda: page.run("return document.body.classList.contains('stale')"))
    own.start()
    page.click("#retry")
    page.wait(lambda: not page.run("return document.body.classList.contains('stale')"))
    knock(own, "sue", "wrong").close()
    page.wait_for(".feed li", "sue")
    assert "com.example.a" in page.find(".answer .asked").text  # what was asked stays
