"""Tail a log in the browser."""

import json
import os
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from tests.peers import Peer
from tests.routers import RunningRouter
from tests.web.conftest import Page
from tests.web.contrast import CONTRAST
from tests.web.markup import MARKUP

NUMBERS = count(1)
MOST_ELEMENTS = 120  # what a page may hold of a log, however long it is


@pytest.fixture
def write(log_file: Path) -> Callable[..., None]:
    def write(*lines: str) -> None:
        with log_file.open("a") as log:
            log.writelines(f"{line}\n" for line in lines)

    return write


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    return open_page("demos/tail/").wait_connected()


def some(words: str) -> str:
    """A line that no other test writes."""
    return f"{words} {next(NUMBERS)}"


def pick(page: Page, text: str, level: int = 0) -> None:
    """Filter the log."""
    page.fill("#log-filter [name=text]", text)
    page.fill("#log-filter [name=level]", str(level))
    page.run("document.getElementById('log-filter').dispatchEvent(new Event('input'))")


def scroll(page: Page, top: int) -> None:
    page.run("document.getElementById('log').scrollTop = arguments[0]", top)


def test_log_lines_appear_and_a_page_that_opens_late_shows_them_too(
    page: Page, open_page: Callable[..., Page], write: Callable[..., None]
) -> None:
    line = some("a line for everybody")
    write(line)
    page.wait_for("#log-lines li", line)
    late = open_page("demos/tail/").wait_connected()
    late.wait_for("#log-lines li", line)
    assert late.texts("#log-lines li").count(line) == 1


def test_the_readers_are_counted(page: Page, router: RunningRouter) -> None:
    page.wait_for("#log-readers", "1 reader")
    other = Peer(router.port).join()
    other.subscribe("com.example.log")
    page.wait_for("#log-readers", "2 readers")
    other.vanish()
    page.wait_for("#log-readers", "1 reader")


def test_a_log_that_is_paused_waits_and_follows_again(page: Page, write: Callable[..., None]) -> None:
    line, later = some("filling"), some("while paused")
    write(*(f"{line} of {i}" for i in range(100)))
    page.wait_for("#log-lines li", f"{line} of 99")
    scroll(page, 0)  # scrolling back pauses
    page.wait_for("#log-follow", "Follow")
    write(later)
    page.wait_for("#log-follow", "Follow (1 new)")
    assert later not in page.texts("#log-lines li")
    page.click("#log-follow")
    page.wait_for("#log-lines li", later)
    assert page.find("#log-follow").text == "Pause"
    page.click("#log-follow")
    assert page.wait_for("#log-follow", "Follow") == "Follow"
    write(some("more"))
    page.wait_for("#log-follow", "Follow (1 new)")


def test_scrolling_back_loads_all_that_the_worker_remembers_and_few_elements_show_it(
    page: Page, write: Callable[..., None]
) -> None:
    line = some("one of many")
    write(*(f"{line}: {i:04}" for i in range(4000)))
    page.wait_for("#log-lines li", f"{line}: 3999")
    late_number = int(page.run("return document.querySelector('#log-lines li:last-child').dataset.number"))
    page.browser.refresh()
    page.wait_connected().wait_for("#log-lines li", f"{line}: 3999")
    assert "500 of 500 lines, older ones" in page.find("#log-count").text
    seen: set[int] = set()
    elements = "return [...document.querySelectorAll('#log-lines li')].map((made) => Number(made.dataset.number))"
    while not {late_number, 1} <= seen:
        now = page.run(elements)
        assert now == list(range(now[0], now[0] + len(now)))  # no gap, none twice, in order
        assert len(now) < MOST_ELEMENTS
        seen |= set(now)
        scroll(page, 0)
        page.wait(lambda seen=now: page.run(elements) != seen or seen[0] == 1)  # type: ignore[misc]
    page.wait(lambda: page.find("#log-count").text.endswith("lines"))


def test_the_filter_finds_text_and_levels_in_lines_that_are_not_loaded_yet(
    page: Page, write: Callable[..., None]
) -> None:
    needle, other = some("a NEEDLE"), some("hay")
    write(f"ERROR {needle}", "  of a traceback", f"WARN {needle}", *(f"INFO {other}" for _ in range(700)))
    page.wait_for("#log-lines li", other)
    pick(page, needle.lower())
    page.wait(lambda: page.texts("#log-lines li") == [f"ERROR {needle}", f"WARN {needle}"])
    assert page.texts("#log-lines mark") == [needle, needle]
    pick(page, needle, level=3)
    page.wait(lambda: page.texts("#log-lines li") == [f"ERROR {needle}"])
    assert page.run("return document.querySelector('#log-lines li').dataset.level") == "error"
    pick(page, "there is no such line")
    page.wait_for("#log-empty", "No line passes the filter")
    pick(page, other)
    write(f"INFO {other} and more", "INFO something else")
    page.wait_for("#log-lines li", f"INFO {other} and more")
    assert "INFO something else" not in page.texts("#log-lines li")


def test_a_log_that_is_rotated_is_followed_on(page: Page, write: Callable[..., None], log_file: Path) -> None:
    before, after = some("before"), some("after")
    write(before)
    page.wait_for("#log-lines li", before)
    os.rename(log_file, log_file.with_suffix(".1"))
    write(after)
    page.wait_for("#log-lines li", after)
    assert [line for line in page.texts("#log-lines li") if line in (before, after)] == [before, after]


def test_markup_stays_text_in_lines_and_in_the_filter(page: Page, write: Callable[..., None]) -> None:
    line = f"ERROR {some('markup')} {MARKUP}"
    write(line)
    page.wait_for("#log-lines li", line)
    pick(page, MARKUP)
    page.wait_for("#log-lines mark", MARKUP)
    assert page.run("return document.title") == "Tail a log · Wamplex"
    assert page.run("return document.querySelectorAll('.injected, img[src=x], main script').length") == 0
    assert page.complaints() == []


@pytest.mark.parametrize("event", [[], [1], ["one", MARKUP, 7], [None, {"a": 1}], [10**9, ["x"], MARKUP]])
def test_an_event_that_the_worker_did_not_send_changes_nothing(
    page: Page, open_page: Callable[..., Page], write: Callable[..., None], event: list[object]
) -> None:
    line = some("genuine")
    write(line)
    page.wait_for("#log-lines li", line)
    console = open_page().wait_connected()
    console.publish("com.example.log", json.dumps(event))
    console.wait_for("#publish-note", "Published")
    page.show()
    write(later := some("genuine"))
    page.wait_for("#log-lines li", later)
    assert MARKUP not in page.texts("#log-lines li")
    assert page.complaints() == []


def test_the_log_is_legible_and_fits_every_screen(page: Page, write: Callable[..., None]) -> None:
    for i in range(12):
        write(
            f"2026-11-22 12:00:{i:02} INFO  shop.web  GET /orders/{i} 200 in 3.1 ms",
            f"2026-11-22 12:00:{i:02} DEBUG shop.cache  hit orders:{i}",
        )
    write("2026-11-22 12:00:12 WARN  shop.db  slow query: 812 ms " + "SELECT 1 " * 30, last := some("ERROR it broke"))
    page.wait_for("#log-lines li", last)
    for name, width, dark in (("tail", 1280, False), ("tail-dark", 1280, True), ("tail-phone", 390, False)):
        page.screen(width, 900, dark=dark, phone=width < 500)
        page.wait_for("#log-lines li", last)
        assert page.run(CONTRAST) == []
        page.picture(name)
    page.screen(320, 800, phone=True)
    assert page.run("return document.documentElement.scrollWidth") == 320
    assert page.complaints() == []
