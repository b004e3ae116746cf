"""What a reader does in the dashboard, in one step."""

from tests.web.conftest import Page
from tests.web.contrast import CONTRAST
from tests.web.test_dashboard import FIT, TOO_SMALL


def go(page: Page, path: str) -> Page:
    page.run("location.hash = arguments[0]", path)
    name = path.split("/")[0]
    page.wait(lambda: page.texts(f"#view[data-view='{name}'] > *"))
    return page


def keep_pictures(page: Page, name: str) -> None:
    page.picture(f"dashboard-{name}")
    page.screen(1280, 900, dark=True)
    page.picture(f"dashboard-{name}-dark")
    assert page.run(CONTRAST) == []
    page.screen(320, 640, phone=True)
    assert page.run(FIT)
    assert page.run(TOO_SMALL) == []
    page.picture(f"dashboard-{name}-phone")
    page.screen(1280, 900)
    assert page.run(CONTRAST) == []
    assert page.complaints() == []


def choose(page: Page, selector: str, value: str) -> None:
    page.fill(selector, value)
    page.run("document.querySelector(arguments[0]).dispatchEvent(new Event('change'))", selector)


def search(page: Page, text: str) -> None:
    field = page.find(".filter input")
    field.clear()
    field.send_keys(text)


def no_markup(page: Page) -> bool:
    """Whether nothing that people typed became markup or ran."""
    script = "return document.querySelectorAll('.injected, img[src=x], main script').length"
    return page.run(script) == 0 and page.run("return document.title").endswith("Wamplex")
