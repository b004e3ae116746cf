"""The game: what players see of each other, and how it feels."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.peers import Peer
from tests.routers import RunningRouter
from tests.web.conftest import Page
from tests.web.contrast import CONTRAST
from tests.web.fireflies import playing
from tests.web.markup import MARKUP

NAMES = [
    *("Ada", "Bo", "Cleo", "Dag", "Eve", "Finn", "Gus", "Hana", "Ivo"),
    *("Jo", "Kim", "Lea", "Max", "Noa", "Ole", "Pia", "Quin", "Ria"),
]
MEADOW = "com.example.fireflies.meadow"


def enter(page: Page, name: str) -> None:
    page.show().fill("#enter [name=name]", name)
    page.click("#enter button")
    page.wait(lambda: not page.find("#enter").is_displayed())


def snapshot(watcher: Peer) -> dict[str, list[Any]]:
    """Where the referee says that everybody is."""
    return {player[1]: player for player in watcher.receives(36)[4][1]}


@pytest.fixture
def watcher(router: RunningRouter) -> Iterator[Peer]:
    """A peer that sees the snapshots."""
    peer = Peer(router.port).join()
    peer.subscribe(MEADOW)
    yield peer
    peer.vanish()


@pytest.fixture
def game(open_page: Callable[..., Page]) -> Page:
    return open_page("demos/fireflies/").wait_connected()


def test_two_pages_and_eighteen_others_play_together(
    game: Page, open_page: Callable[..., Page], router: RunningRouter
) -> None:
    other = open_page("demos/fireflies/").wait_connected()
    with playing(router.port, NAMES):
        enter(game, "Left")
        enter(other, "Right")
        game.show().wait_for("#present", "20 players")
        game.wait(lambda: len(game.texts("#leaders .who")) >= 10)
        assert "Left" in game.texts("#leaders [aria-current] .who")
        game.wait(lambda: any(int(score) > 0 for score in game.texts("#leaders .score")))
        for name, width, dark in (
            ("fireflies", 1280, False),
            ("fireflies-dark", 1280, True),
            ("fireflies-phone", 390, False),
        ):
            game.screen(width, 900, dark=dark, phone=width < 500)
            assert game.run(CONTRAST) == []
            game.picture(name)
        game.screen(320, 800, phone=True)
        assert game.run("return document.documentElement.scrollWidth") == 320
    game.wait(lambda: sorted(game.texts("#leaders .who")) == ["Left", "Right"])
    assert game.complaints() == []


def test_a_player_flies_by_the_keys_and_where_the_pointer_presses(game: Page, watcher: Peer) -> None:
    enter(game, "Ann")
    assert game.run("return document.activeElement.id") == "meadow"
    before = game.wait(lambda: snapshot(watcher).get("Ann"))
    ActionChains(game.browser).key_down(Keys.ARROW_LEFT).perform()
    game.wait(lambda: snapshot(watcher)["Ann"][2] < max(before[2] - 60, 1))
    ActionChains(game.browser).key_up(Keys.ARROW_LEFT).perform()
    meadow = game.find("#meadow")
    ActionChains(game.browser).move_to_element_with_offset(meadow, meadow.size["width"] // 2 - 20, 0).click().perform()
    game.wait(lambda: snapshot(watcher)["Ann"][2] > 1450)
    assert abs(snapshot(watcher)["Ann"][3] - 500) < 100
    assert game.complaints() == []


def test_names_that_are_markup_stay_text(game: Page, router: RunningRouter) -> None:
    game.fill("#enter [name=name]", MARKUP)
    game.run("document.getElementById('enter').requestSubmit()")
    game.wait_for("#enter-note", "name must be a text of 1 to 16 characters")
    enter(game, "<b id=injected>x")
    game.wait_for("#leaders .who", "<b id=injected>x")
    forger = Peer(router.port).join()
    for forged in ([], [1], [None, None, None], [1, [[1, MARKUP, 5, 5, MARKUP]], [[5, 5, MARKUP]]]):
        forger.publish(MEADOW, forged)
    game.wait_for("#leaders .who", "<b id=injected>x")
    assert game.run("return document.querySelectorAll('#injected, .injected, img[src=x], main script').length") == 0
    assert game.run("return document.title") == "Fireflies · Wamplex"
    assert game.complaints() == []
    forger.close()


def test_who_loses_the_connection_flies_again_when_it_is_back(
    game: Page, router: RunningRouter, open_page: Callable[..., Page]
) -> None:
    enter(game, "Ann")
    game.wait_for("#leaders .who", "Ann")
    late = open_page("demos/tail/").wait_connected()  # in front: a game that is drawn takes time from the router
    router.kill()
    late.wait_for("#status-text", "Next try in")
    router.start()
    late.wait_connected()
    late.browser.get(f"{router.url}/demos/fireflies/")
    late.wait(lambda: late.texts("#leaders .who") == ["Ann"])
    assert not game.show().find("#enter").is_displayed()
