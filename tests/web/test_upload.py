"""Files in one call each, whose arguments come in pieces."""

import hashlib
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.web.conftest import Page
from tests.web.contrast import CONTRAST
from tests.web.markup import MARKUP


@pytest.fixture
def uploads(open_page: Callable[..., Page]) -> Page:
    return open_page("demos/upload/").wait_connected()


def file_of(folder: Path, name: str, size: int) -> tuple[Path, str]:
    """A file of noise, and its SHA-256."""
    octets = random.Random(size).randbytes(size)
    file = folder / name
    file.write_bytes(octets)
    return file, hashlib.sha256(octets).hexdigest()


def send(page: Page, *files: Path) -> None:
    page.find("#choice").send_keys("\n".join(map(str, files)))


def test_files_arrive_intact_and_everybody_hears_of_them(
    uploads: Page, open_page: Callable[..., Page], tmp_path: Path
) -> None:
    other = open_page("demos/upload/").wait_connected()
    files = [file_of(tmp_path, f"{size}.bin", size) for size in (0, 1, 65536, 65537, 3_000_000)]
    send(uploads.show(), *(file for file, _ in files))
    uploads.wait(lambda: len(uploads.texts("#files [data-state=done]")) == len(files))
    assert all("Arrived intact in" in words for words in uploads.texts("#files .job-words"))
    assert uploads.complaints() == []
    other.show().wait(lambda: len(other.texts("#arrived li")) == len(files))
    assert set(other.texts("#arrived code")) == {digest for _, digest in files}


def test_a_file_that_is_cancelled_on_its_way_stops_and_others_go_on(uploads: Page, tmp_path: Path) -> None:
    send(uploads, file_of(tmp_path, "large.bin", 200_000_000)[0])
    uploads.wait_for("#files .job-words", "/s")
    send(uploads, file_of(tmp_path, "small.bin", 1000)[0])
    uploads.wait_for("#files [data-state=done] .job-words", "Arrived intact")
    uploads.click("#files li:last-child button")
    uploads.wait_for("#files [data-state=failed] .job-words", "Cancelled")
    send(uploads, file_of(tmp_path, "next.bin", 70_000)[0])
    uploads.wait(lambda: len(uploads.texts("#files [data-state=done]")) == 2)


def test_a_name_that_looks_like_markup_stays_text(uploads: Page, tmp_path: Path) -> None:
    name = MARKUP.replace("/", "\\")[:80]
    send(uploads, file_of(tmp_path, name, 10)[0])
    uploads.wait_for("#files h3", "<img")
    uploads.wait_for("#arrived li", "<img")
    assert uploads.run("return document.querySelectorAll('.injected, img[src=x], main script').length") == 0
    assert uploads.complaints() == []


def test_the_page_is_legible_and_its_pictures_are_kept(uploads: Page, tmp_path: Path) -> None:
    for number, name in enumerate(("holiday.jpg", "a-rather-long-name-of-a-report-for-2026-final-final-2.pdf")):
        send(uploads, file_of(tmp_path, name, 2_000_000 + number)[0])
    uploads.wait(lambda: len(uploads.texts("#arrived li")) == 2)
    for name, width, dark in (("upload", 1280, False), ("upload-dark", 1280, True), ("upload-phone", 320, False)):
        uploads.screen(width, 700, dark=dark, phone=width < 500)
        assert uploads.run(CONTRAST) == []
        assert uploads.run("return document.documentElement.scrollWidth") <= width
        uploads.picture(name)
