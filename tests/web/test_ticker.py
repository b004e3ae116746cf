"""The ticker: many symbols, a large chart of the one that is chosen."""

from collections.abc import Callable

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from clients.ticker import START
from tests.peers import Peer
from tests.routers import RunningRouter
from tests.web.conftest import Page
from tests.web.contrast import CONTRAST
from tests.web.markup import MARKUP

DRAWN = """
    const canvas = document.querySelector(arguments[0]);
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    return pixels.reduce((sum, value, i) => i % 4 === 3 && value ? sum + 1 : sum, 0);
"""
"""How many pixels of a canvas are not empty."""


@pytest.fixture
def ticker(open_page: Callable[..., Page]) -> Page:
    page = open_page("demos/ticker/").wait_connected()
    page.wait(lambda: len(page.texts("#rows tr")) == len(START))
    page.wait(lambda: page.run(DRAWN, "#rows tr:last-child canvas") > 50)
    return page


def test_every_symbol_has_a_row_and_the_first_one_a_chart_of_the_last_minute(ticker: Page) -> None:
    assert ticker.texts("#rows th") == list(START)
    assert ticker.find("#chosen-symbol").text == "ALDR"
    assert ticker.run(DRAWN, "#chart canvas") > 5000
    # A page that opens begins with a whole minute.
    ticker.wait(lambda: ticker.texts("#chosen-first")[0][0].isdigit())
    assert ticker.complaints() == []


def test_prices_change_as_they_come(ticker: Page) -> None:
    before = ticker.texts("#rows .price")
    ticker.wait(lambda: all(old != new for old, new in zip(before, ticker.texts("#rows .price"), strict=True)))
    assert {text[0] for text in ticker.texts("#rows .change")} <= {"▲", "▼"}
    ticker.wait(lambda: int(ticker.find("#received").text) > len(START))


def test_symbols_are_chosen_with_arrow_keys_and_by_pressing_a_row(ticker: Page) -> None:
    ticker.find("#rows input").send_keys(Keys.ARROW_DOWN)
    assert ticker.find("#chosen-symbol").text == "AMBR"
    assert ticker.run("return document.activeElement.closest('tr').rowIndex") == 2
    ActionChains(ticker.browser).move_to_element(ticker.find("#rows tr:nth-child(4) canvas")).click().perform()
    assert ticker.find("#chosen-symbol").text == "CEDR"
    ticker.wait(lambda: ticker.texts("#chosen-price")[0] in ticker.texts("#rows tr:nth-child(4) .price"))


def test_prices_hurry_when_they_are_asked_to_and_the_page_keeps_up(ticker: Page) -> None:
    ticker.click("#hurry")
    ticker.wait_for("#hurry-note", "50 a second for 20 seconds")
    received = ticker.wait(lambda: (n := int(ticker.find("#received").text.replace(",", ""))) > 500 and n)
    frames = int(ticker.find("#frames").text)
    assert 3 < frames < received / 5  # many prices in each; even a busy machine without a GPU draws some


def test_who_wants_less_motion_gets_two_drawings_a_second(ticker: Page) -> None:
    reduced = {"name": "prefers-reduced-motion", "value": "reduce"}
    ticker.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [reduced]})
    ticker.wait(lambda: 1 <= int(ticker.find("#frames").text) <= 2)


def test_a_symbol_that_is_markup_stays_text_and_nonsense_is_left_out(ticker: Page, router: RunningRouter) -> None:
    peer = Peer(router.port).join()
    for nonsense in ([], [[1, 2]], [[], {"symbol": 7, "price": 1}], [[], {"symbol": "EVIL", "price": MARKUP}]):
        peer.publish("com.example.ticker.evil", *nonsense)
    peer.publish("com.example.ticker.evil", [], {"symbol": MARKUP, "price": 6.66})
    ticker.wait(lambda: len(ticker.texts("#rows tr")) == len(START) + 1)
    assert ticker.texts("#rows tr:last-child th") == [MARKUP[:12]]
    ticker.click("#rows tr:last-child input")
    assert ticker.find("#chosen-symbol").text == MARKUP[:12]
    assert ticker.run("return document.querySelectorAll('.injected, img[src=x], main script').length") == 0
    assert ticker.complaints() == []
    peer.close()


def test_the_ticker_is_legible_and_fits_every_screen(ticker: Page) -> None:
    for name, width, dark in (("ticker", 1280, False), ("ticker-dark", 1280, True), ("ticker-phone", 390, False)):
        ticker.screen(width, 900, dark=dark, phone=width < 500)
        assert ticker.run(CONTRAST) == []
        ticker.picture(name)
    ticker.screen(320, 800, phone=True)
    assert ticker.run("return document.documentElement.scrollWidth") == 320
    assert ticker.complaints() == []
