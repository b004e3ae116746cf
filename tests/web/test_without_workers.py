"""The demos of a router whose workers are not there, or come and go: what do the pages say?"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.web.stage import Stage, opened


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, browser: Chrome) -> Iterator[Stage]:
    with opened(tmp_path_factory.mktemp("fireflies"), browser, "fireflies") as stage:
        yield stage


@pytest.fixture
def stage(running: Stage) -> Iterator[Stage]:
    yield running
    running.clear()


def test_a_job_without_worker_says_which_one_to_start(stage: Stage) -> None:
    page = stage.open("demos/progress/")
    page.click("#job [type=submit]")
    page.wait_for("#jobs .job-words", "There is no worker: run python -m clients primes.")


def test_an_upload_without_worker_says_which_one_to_start(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "large.bin"
    file.write_bytes(bytes(3_000_000))
    page = stage.open("demos/upload/")
    page.find("#choice").send_keys(str(file))
    page.wait_for("#files .job-words", "There is no worker: run python -m clients upload.")


def test_a_ticker_without_worker_draws_no_axes(stage: Stage) -> None:
    page = stage.open("demos/ticker/")
    page.wait_for("#chosen-symbol", "No price yet")
    assert not page.find("#chart").is_displayed()


def test_who_stands_still_is_on_the_meadow_again_when_the_referee_is(stage: Stage) -> None:
    page = stage.open("demos/fireflies/")
    page.wait(lambda: page.run("return document.querySelector('#enter [name=name]').value"))  # that of the other demos
    page.fill("#enter [name=name]", "Ann")
    page.click("#enter button")
    page.wait(lambda: page.texts("#leaders .who") == ["Ann"])
    stage.end_workers()
    page.wait(lambda: page.find("#silence").is_displayed())
    stage.start_workers()
    page.wait(lambda: not page.find("#silence").is_displayed())
    page.wait(lambda: page.texts("#leaders .who") == ["Ann"])
    assert not page.find("#enter").is_displayed()
    assert page.complaints() == []
