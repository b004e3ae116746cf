"""A long job: progressive results, and a way to stop it."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.web.conftest import Page
from tests.web.contrast import CONTRAST
from tests.web.markup import MARKUP


@pytest.fixture
def jobs(open_page: Callable[..., Page]) -> Page:
    return open_page("demos/progress/").wait_connected()


def start(page: Page, limit: Any) -> None:
    page.fill("#job [name=limit]", str(limit))
    page.click("#job [type=submit]")


def test_the_bar_moves_and_the_result_is_right(jobs: Page) -> None:
    start(jobs, 60_000_000)
    share = "return Number(document.querySelector('#jobs progress').value)"
    few = jobs.wait(lambda: jobs.run(share))
    assert few < 1
    jobs.wait(lambda: few < jobs.run(share) < 1)
    assert "so far, about" in jobs.wait_for("#jobs .job-words", "so far")
    jobs.wait_for("#jobs [data-state=done] .job-words", "3,562,115 primes")
    assert jobs.texts("#jobs .percent") == ["100 %"]
    assert jobs.complaints() == []


def test_cancel_stops_the_worker_and_other_jobs_go_on(jobs: Page) -> None:
    start(jobs, 10_000_000_000)
    jobs.wait_for("#jobs .job-words", "so far")
    start(jobs, 3_000_000)
    jobs.click("#jobs li:last-child button")
    jobs.wait_for("#jobs [data-state=failed] .job-words", "Cancelled")
    jobs.wait_for("#jobs [data-state=done] .job-words", "216,816 primes")
    assert not jobs.texts("#jobs button")


@pytest.mark.parametrize(
    ("limit", "where", "sentence"),
    [
        (MARKUP, "#note", "A whole number is needed here."),
        ("1.5", "#note", "A whole number is needed here."),
        ("1", "#jobs .job-words", "limit must be a whole number from 2"),
        ("99999999999999", "#jobs .job-words", "limit must be a whole number from 2"),
    ],
)
def test_a_limit_that_makes_no_sense_is_told_so(jobs: Page, limit: str, where: str, sentence: str) -> None:
    start(jobs, limit)
    jobs.wait_for(where, sentence)
    assert jobs.run("return document.querySelectorAll('.injected').length") == 0


def test_the_page_is_legible_and_its_pictures_are_kept(jobs: Page) -> None:
    start(jobs, 2_000_000)
    jobs.wait_for("#jobs [data-state=done] .job-words", "primes")
    start(jobs, 1)
    start(jobs, 10_000_000_000)
    jobs.wait_for("#jobs .job-words", "so far")
    for name, width, dark in (("progress", 1280, False), ("progress-dark", 1280, True), ("progress-phone", 320, False)):
        jobs.screen(width, 700, dark=dark, phone=width < 500)
        assert jobs.run(CONTRAST) == []
        assert jobs.run("return document.documentElement.scrollWidth") <= width
        jobs.picture(name)
