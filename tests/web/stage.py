"""A router and workers of a test's own, for pages to play before: what may be killed, started again and cut off."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium.webdriver import Chrome

from tests.cable import Cable
from tests.clients.processes import Process
from tests.routers import RunningRouter
from tests.web.conftest import ROOT, Page

CHANGES = {
    # As in the shipped configuration, but a test need not wait for so long.
    "ping_interval: 5 ": "ping_interval: 0.5 ",
    "ping_timeout: 3 ": "ping_timeout: 0.5 ",
    # The cable has a port of its own.
    "allowed_origins: [same-origin]": "allowed_origins: [same-origin, 'http://127.0.0.1:*', 'http://localhost:*']",
}


class Stage:
    """The shipped configuration on a port of its own, with the workers that are named."""

    def __init__(self, folder: Path, browser: Chrome, *workers: str) -> None:
        self.browser = browser
        self.first = browser.current_window_handle
        self.pages: list[Page] = []
        self.router = RunningRouter(folder)
        config = (ROOT / "config.yaml").read_text().replace("port: 8080", f"port: {self.router.port}")
        for shipped, here in CHANGES.items():
            assert shipped in config
            config = config.replace(shipped, here)
        self.router.config_file.write_text(config)
        self.cable = Cable(self.router.port)
        self.names = workers
        self.workers: Process | None = None

    def start(self) -> None:
        self.router.start()
        self.start_workers()

    def open(self, path: str, *, other: bool = False, by_cable: bool = False) -> Page:
        """A page; of another person, whose browser has another storage; with a cable that can be pulled."""
        url = f"{self.router.url}/{path}"
        if by_cable:
            url += f"{'&' if '?' in path else '?'}url={self.cable.ws_url}"
        self.pages.append(Page(self.browser, url.replace("127.0.0.1", "localhost", 1) if other else url))
        return self.pages[-1].wait_connected()

    def close_page(self, page: Page) -> None:
        """Close the tab, as its user does."""
        page.show()
        self.browser.close()
        self.pages.remove(page)
        self.browser.switch_to.window(self.first)

    def clear(self) -> None:
        """Make room for the next test."""
        self.cable.plug_in()
        for page in list(self.pages):
            self.close_page(page)

    def end_workers(self) -> None:
        """Let them die without a word."""
        if self.workers is not None:
            self.workers.popen.kill()
            self.workers.popen.wait()

    def start_workers(self) -> None:
        self.workers = Process("clients", *self.names, "--url", self.router.ws_url, "--retry", "0.1")
        for _ in self.names:
            self.workers.wait_for("joined realm1")

    def close(self) -> None:
        self.cable.close()
        self.end_workers()
        self.router.close()


@contextmanager
def opened(folder: Path, browser: Chrome, *workers: str) -> Iterator[Stage]:
    """A stage with these workers, until the tests of a file are over."""
    stage = Stage(folder, browser, *workers)
    try:
        stage.start()
        yield stage
    finally:
        stage.close()
