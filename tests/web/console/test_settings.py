"""The configuration in force and the listeners, in the dashboard."""

import os
import signal

from tests.web.conftest import Page
from tests.web.console.conftest import Secure
from tests.web.console.steps import choose, go, keep_pictures, no_markup, search
from tests.web.contrast import CONTRAST
from tests.web.markup import MARKUP


def test_a_value_is_found_with_its_line(page: Page, own: Secure) -> None:
    go(page, "configuration").wait_for(".section", "realms[0]")
    search(page, "max_pending")
    row = ".values li[data-path='realms[0].calls.max_pending']"
    page.wait_for(row, "4096")
    assert page.texts(f"{row} .source") == ["config.yaml:8"]
    assert page.texts(".values li[data-path='realms[1].calls.max_pending'] .source") == ["default"]
    page.click(f"{row} button")
    page.wait_for(".explained", "How many calls one client may wait for")
    page.wait_for(".explained", "By default 16384")
    page.wait_for(".explained", "takes a restart")


def test_sections_fold_and_secrets_are_not_shown(page: Page) -> None:
    go(page, "configuration").wait_for(".section > summary", "realms[0]realm1")
    assert page.texts(".values li[data-path='realms[0].name']") == []
    page.click("[data-path='realms[0]'] > summary")
    page.wait_for(".values li[data-path='realms[0].name']", "realm1")
    keep_pictures(page, "configuration")
    page.run("document.querySelectorAll('.filter button')[0].click()")
    page.wait_for(".values li[data-path='realms[0].principals[0].ticket']", "(secret)")
    assert os.environ["HOME"] + "\n" not in page.find("body").text


def test_what_waits_for_a_restart_is_marked_after_a_reload(page: Page, own: Secure) -> None:
    go(page, "configuration").wait_for(".config-head", "Waiting for a restartnothing")
    before = own.config_file.read_text()
    try:
        own.config_file.write_text(before.replace("2 MiB", "3 MiB"))
        page.wait_for(".config-head", "another one since")
        os.kill(own.pid, signal.SIGHUP)
        page.wait_for(".config-head", "Waiting for a restart1")
        page.wait_for(".section > summary", "1 waiting")
        choose(page, "[name=which]", "waiting")
        page.wait_for(".values li.waiting", "max_message_size2 MiBafter a restart 3 MiB")
        page.picture("dashboard-configuration-waiting")
        assert page.run(CONTRAST) == []
    finally:
        own.config_file.write_text(before)
        os.kill(own.pid, signal.SIGHUP)
    page.wait_for(".config-head", "Waiting for a restartnothing")


def test_listeners_show_what_they_speak_and_when_their_certificates_expire(page: Page, own: Secure) -> None:
    go(page, "listeners").wait_for(".listener h2", f"127.0.0.1 port {own.secure}")
    page.wait_for(".listener:nth-child(1) h2", "not encrypted")
    page.wait_for(".listener:nth-child(2) tbody tr:nth-child(1)", "wamplex.example.com")
    assert page.texts(".listener:nth-child(2) [data-state=urgent]") == ["5 days"]
    assert page.texts(".listener:nth-child(2) [data-state=soon]") == ["20 days"]
    page.wait_for(".listener:nth-child(1) .figures", "of 100,000")
    page.wait_for(".listener:nth-child(2) .facts", "https://*.example.com")
    page.wait_for(".listener:nth-child(3) .facts", f"port {own.secure}")
    keep_pictures(page, "listeners")


def test_markup_stays_text_in_what_is_searched_for(page: Page) -> None:
    search(go(page, "configuration"), MARKUP)
    page.wait_for(".hint", "No such value")
    assert no_markup(page)
