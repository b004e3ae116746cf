"""A real Chromium on the page of a real router, with the demo workers behind it."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from clients.__main__ import WORKERS
from tests.clients.processes import Process
from tests.routers import RunningRouter

ROOT = Path(__file__).parent.parent.parent
ARTIFACTS = ROOT / "artifacts"
PATIENCE = 40.0  # seconds until what should show has to show
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


class Page:
    """The page in a tab of its own. Elements are named by CSS selectors."""

    def __init__(self, browser: Chrome, url: str) -> None:
        self.browser = browser
        browser.switch_to.new_window("tab")
        self.tab = browser.current_window_handle
        self.screen(1280, 900)
        browser.get(url)

    def show(self) -> "Page":
        """Bring this page to the front: where there are two, one is typed into at a time."""
        self.browser.switch_to.window(self.tab)
        return self

    def screen(self, width: int, height: int, *, dark: bool = False, phone: bool = False) -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 2 if phone else 1, "mobile": phone}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})

    def find(self, selector: str) -> WebElement:
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        script = "return [...document.querySelectorAll(arguments[0])].map((found) => found.textContent)"
        return self.run(script, selector)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.browser.execute_script(script, *arguments)

    def fill(self, selector: str, text: str) -> None:
        self.run("document.querySelector(arguments[0]).value = arguments[1]", selector, text)

    def change(self, selector: str, text: str) -> None:
        """Fill a field and leave it, as its user does."""
        self.fill(selector, text)
        events = "for (const kind of ['input', 'change']) found.dispatchEvent(new Event(kind, {bubbles: true}))"
        self.run(f"const found = document.querySelector(arguments[0]); {events}", selector)

    def click(self, selector: str) -> None:
        # By script: the tap may fall where a list just grew.
        self.run("document.querySelector(arguments[0]).click()", selector)

    def call(self, procedure: str, args: str = "", kwargs: str = "") -> None:
        self.fill("#call [name=procedure]", procedure)
        self.fill("#call [name=args]", args)
        self.fill("#call [name=kwargs]", kwargs)
        self.click("#call [type=submit]")

    def subscribe(self, topic: str, match: str = "exact") -> None:
        self.fill("#subscribe [name=topic]", topic)
        self.fill("#subscribe [name=match]", match)
        self.click("#subscribe [type=submit]")
        self.wait(lambda: topic in self.texts("#subscriptions code"))

    def publish(self, topic: str, args: str = "", kwargs: str = "") -> None:
        self.fill("#publish [name=topic]", topic)
        self.fill("#publish [name=args]", args)
        self.fill("#publish [name=kwargs]", kwargs)
        self.click("#publish [type=submit]")

    def wait(self, happened: Callable[[], Any], within: float = PATIENCE) -> Any:
        """Wait until `happened` is true, and return what it returned."""
        deadline = time.monotonic() + within
        while not (result := happened()):
            if time.monotonic() > deadline:
                self.picture("failed")
                raise AssertionError(f"it did not show; the page reads:\n{self.find('body').text}")
            time.sleep(0.05)
        return result

    def wait_for(self, selector: str, text: str) -> str:
        """Wait until an element shows the text; returns all its text."""
        return self.wait(lambda: next((found for found in self.texts(selector) if text in found), None))

    def wait_connected(self) -> "Page":
        self.wait_for("#status-text", "Connected to realm1")
        return self

    def picture(self, name: str) -> None:
        """Store the whole page as artifacts/<name>.png, for people to look at."""
        ARTIFACTS.mkdir(exist_ok=True)
        size = self.run("return [innerWidth, document.documentElement.scrollHeight, devicePixelRatio]")
        override = {"width": size[0], "height": size[1], "deviceScaleFactor": size[2], "mobile": size[2] > 1}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", override)
        self.run("return new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        self.browser.save_screenshot(str(ARTIFACTS / f"{name}.png"))

    def complaints(self) -> list[str]:
        """What the browser's console holds of errors: scripts that failed, what the CSP blocked, files not found."""
        return [entry["message"] for entry in self.browser.get_log("browser") if entry["level"] == "SEVERE"]


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if chromium is None or driver is None:
        if os.environ.get("CI"):
            pytest.fail("chromium and chromedriver are needed here")
        pytest.skip("chromium or chromedriver is not installed")
    options = ChromeOptions()
    options.binary_location = chromium
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    started = Chrome(options=options, service=Service(driver))  # with both paths given nothing is downloaded
    yield started
    started.quit()


@pytest.fixture(scope="session")
def router(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRouter]:
    """A router with the configuration that is shipped: it is what the pages come with."""
    running = RunningRouter(tmp_path_factory.mktemp("shipped"))
    running.config_file.write_text((ROOT / "config.yaml").read_text().replace("port: 8080", f"port: {running.port}"))
    yield running.start()
    running.close()


@pytest.fixture(scope="session")
def log_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the log worker follows."""
    return tmp_path_factory.mktemp("log") / "demo.log"


@pytest.fixture(scope="session")
def workers(router: RunningRouter, log_file: Path) -> Iterator[None]:
    started = Process("clients", "--url", router.ws_url, "--log-file", str(log_file))
    for _ in WORKERS:
        started.wait_for("joined realm1")
    yield
    started.end()


@pytest.fixture
def open_page(browser: Chrome, router: RunningRouter, workers: None) -> Iterator[Callable[..., Page]]:
    """Opens pages: `open_page("demos/chat/")`, `open_page("?realm=other")`."""
    first = browser.current_window_handle
    browser.get_log("browser")  # read away what earlier tests left
    pages: list[Page] = []

    def open_one(path: str = "") -> Page:
        pages.append(Page(browser, f"{router.url}/{path}"))
        return pages[-1]

    yield open_one
    for page in pages:
        page.show()
        browser.close()
    browser.switch_to.window(first)


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """A page that has joined the realm."""
    return open_page().wait_connected()
