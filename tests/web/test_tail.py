"""Tail a log in the browser."""

from collections.abc import Callable
from pathlib import Path

from tests.web.conftest import Page


def test_log_lines_appear_and_a_page_that_opens_late_shows_them_too(
    open_page: Callable[..., Page], log_file: Path
) -> None:
    page = open_page("demos/tail/").wait_connected()
    page.wait(lambda: "Log" in page.find("#log-title").text)
    with log_file.open("a") as log:
        log.write("a line for everybody\n")
    page.wait_for("#log-lines li", "a line for everybody")
    late = open_page("demos/tail/").wait_connected()
    late.wait_for("#log-lines li", "a line for everybody")
    assert late.texts("#log-lines li").count("a line for everybody") == 1


def test_a_log_that_is_paused_waits_and_follows_again(open_page: Callable[..., Page], log_file: Path) -> None:
    page = open_page("demos/tail/").wait_connected()
    with log_file.open("a") as log:
        log.writelines(f"filling line {i}\n" for i in range(100))
    page.wait_for("#log-lines li", "filling line 99")
    page.run("document.getElementById('log').scrollTop = 0")  # scrolling back pauses
    page.wait_for("#log-follow", "Follow")
    with log_file.open("a") as log:
        log.write("while paused\n")
    page.wait_for("#log-follow", "Follow (1 new)")
    assert "while paused" not in page.texts("#log-lines li")
    page.click("#log-follow")
    page.wait_for("#log-lines li", "while paused")
    assert page.find("#log-follow").text == "Pause"
