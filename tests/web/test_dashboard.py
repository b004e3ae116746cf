"""The operator's dashboard: what is around its views, and the overview."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from selenium.webdriver import Chrome, Keys

from tests.peers import Peer
from tests.routers import OPEN_TO_ALL, RunningRouter
from tests.web.conftest import Page
from tests.web.contrast import CONTRAST
from tests.web.markup import MARKUP

SEEING_ALL = "\n          - {uri: wamplex., match: prefix, allow: [call, subscribe]}\n"
TWO_REALMS = f"""{OPEN_TO_ALL.rstrip()}{SEEING_ALL}
  - name: com.example.other
    authentication: {{anonymous: {{role: anonymous}}}}
    roles: [{{name: anonymous, permissions: [{{uri: "", match: prefix, allow: [call, register, publish, subscribe]}}]}}]
dashboard: {{path: /dashboard}}
"""
MANY = 300
"""Sessions; by hand it was tried with 10,000."""

NUMBER = """
const chart = [...document.querySelectorAll('.chart')].find((one) => one.getAttribute('aria-label') === arguments[0]);
const line = [...chart?.querySelectorAll('dt') ?? []].find((one) => one.textContent === arguments[1]);
const text = line?.nextSibling.textContent ?? '';
return /[0-9]/.test(text) ? Number(text.replace(/[^0-9.]/g, '')) : null;
"""
"""What a chart says now, by its title and the line's label; null if that is nothing yet."""

FIT = "return document.documentElement.scrollWidth <= innerWidth"

TOO_SMALL = """
const all = [...document.querySelectorAll('a, button, select, input')];
return all.filter((one) => one.checkVisibility()).filter((one) => {
  const { width, height } = (one.type === 'checkbox' ? one.closest('label') : one).getBoundingClientRect();
  return width < 24 || height < 24;
}).map((one) => one.outerHTML.slice(0, 100))
"""


@pytest.fixture
def dashboard(open_page: Callable[..., Page]) -> Page:
    """The dashboard of the router that is shipped, with the demos' workers behind it."""
    return at_the_overview(open_page("dashboard/"))


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRouter]:
    """A router with two realms, which may be killed if it is started again."""
    running = RunningRouter(tmp_path_factory.mktemp("dashboard"), TWO_REALMS).start()
    yield running
    running.close()


@pytest.fixture
def own_page(browser: Chrome, own: RunningRouter) -> Iterator[Page]:
    """Its dashboard."""
    first = browser.current_window_handle
    browser.get_log("browser")
    yield at_the_overview(Page(browser, f"{own.url}/dashboard/"))
    browser.close()
    browser.switch_to.window(first)


def at_the_overview(page: Page) -> Page:
    page.wait_connected().wait(lambda: number(page, "Sessions", "Sessions"))
    return page


def number(page: Page, chart: str, line: str) -> float | None:
    found: float | None = page.run(NUMBER, chart, line)
    return found


def views(page: Page) -> list[str]:
    names: list[str] = page.run(
        "return [...document.querySelectorAll('#navigation a')].map((one) => one.hash.slice(1))"
    )
    return names


def go(page: Page, name: str) -> Page:
    page.run("location.hash = arguments[0]", name)
    page.wait(lambda: page.texts(f"#view[data-view='{name}'] > *"))
    return page


def realm_numbers(page: Page, realm: str) -> dict[str, str]:
    script = """
    const cells = document.querySelectorAll(`tr[data-key='${arguments[0]}'] td`);
    return [...cells].map((one) => [one.dataset.title, one.textContent]);
    """
    return dict(page.run(script, realm))


def focused(page: Page) -> str:
    return str(page.run("return document.activeElement.id || document.activeElement.textContent"))


def press(page: Page, *keys: str) -> None:
    page.browser.switch_to.active_element.send_keys(*keys)


def test_the_overview_says_which_router_it_is_and_what_is_in_it(dashboard: Page, router: RunningRouter) -> None:
    dashboard.wait_for(".strip", f"Process{router.pid}")
    assert str(router.config_file) in dashboard.find(".strip").text
    assert int(realm_numbers(dashboard, "realm1")["Sessions"]) > 1
    assert dashboard.texts("#navigation [aria-current=page]") == ["Overview"]
    assert dashboard.run("return document.title") == "Overview · Wamplex"
    dashboard.wait(lambda: number(dashboard, "CPU", "Of one core") is not None)
    assert dashboard.complaints() == []


def test_numbers_move_with_the_traffic(own_page: Page, own: RunningRouter) -> None:
    before = own_page.wait(lambda: realm_numbers(own_page, "com.example.other"))
    assert (before["Sessions"], before["Subscriptions"]) == ("0", "0")
    with closing(Peer(own.port).join("com.example.other")) as peer:
        peer.subscribe("com.example.topic")
        peer.register("com.example.slow")
        call = peer.call("com.example.slow")
        peer.receives(68)

        def busy() -> bool:
            for _ in range(50):
                peer.publish("com.example.topic", ["x" * 100], exclude_me=True)
                assert peer.request(48, {}, "com.example.missing")[0] == 8
            read = (
                ("Messages per second", "In"),
                ("Messages per second", "Out"),
                ("Errors and drops per second", "Errors"),
            )
            moved = [number(own_page, *one) or 0 for one in read]
            return min(moved) > 10 and number(own_page, "Calls in flight", "Pending") == 1

        own_page.wait(busy)
        row = realm_numbers(own_page, "com.example.other")
        assert [row[name] for name in ("Sessions", "Subscriptions", "Registrations", "Calls")] == ["1", "1", "1", "1"]
        assert call
        own_page.picture("dashboard-overview")
        own_page.screen(1280, 900, dark=True)
        own_page.picture("dashboard-overview-dark")
        own_page.screen(320, 640, phone=True)
        own_page.picture("dashboard-overview-phone")
    own_page.wait(lambda: realm_numbers(own_page, "com.example.other")["Sessions"] == "0")
    own_page.wait(lambda: number(own_page, "Messages per second", "In") == 0)
    assert own_page.complaints() == []


def test_the_charts_go_on_while_another_view_is_looked_at(dashboard: Page) -> None:
    if len(views(dashboard)) == 1:
        pytest.skip("there is no other view")
    go(dashboard, views(dashboard)[1])
    go(dashboard, "overview")
    assert number(dashboard, "Sessions", "Sessions")


def test_the_dashboard_comes_back_when_the_router_does(own_page: Page, own: RunningRouter) -> None:
    with closing(Peer(own.port).join()) as peer:
        for _ in range(200):
            peer.publish("com.example.topic", ["before"])
        own_page.wait(lambda: (number(own_page, "Messages per second", "In") or 0) > 1)
        own.kill()
    own_page.wait(lambda: own_page.run("return document.body.classList.contains('stale')"))
    assert own_page.find("#retry").is_displayed()
    own.start()
    own_page.wait_for(".strip", f"Process{own.pid}")
    own_page.wait(lambda: not own_page.run("return document.body.classList.contains('stale')"))
    own_page.wait(lambda: number(own_page, "Messages per second", "In") is not None)
    lowest = (
        "return Math.min(...[...document.querySelectorAll('.legend dd')].map((one) => parseFloat(one.textContent)))"
    )
    assert own_page.run(lowest) >= 0
    own_page.wait(lambda: realm_numbers(own_page, "realm1")["Sessions"] == "1")


def test_a_realm_is_chosen_and_stays_chosen(own_page: Page) -> None:
    of_realms = [name for name in views(own_page) if name in ("sessions", "subscriptions", "registrations")]
    if not of_realms:
        pytest.skip("there is no view of a realm")
    go(own_page, of_realms[0])
    assert own_page.texts("#realm option") == ["realm1", "com.example.other"]
    choose = "const [realm] = arguments; const chooser = document.getElementById('realm'); chooser.value = realm;"
    own_page.run(f"{choose} chooser.dispatchEvent(new Event('change'))", "com.example.other")
    own_page.browser.refresh()
    own_page.wait_connected().wait(lambda: own_page.run("return document.getElementById('realm').value"))
    assert own_page.run("return document.getElementById('realm').value") == "com.example.other"
    assert own_page.run("return location.hash") == f"#{of_realms[0]}"


def test_an_address_that_names_no_view_shows_the_overview_and_stays_text(own_page: Page) -> None:
    own_page.run("location.hash = arguments[0]", MARKUP)
    own_page.wait(lambda: number(own_page, "Sessions", "Sessions"))
    assert own_page.texts("#view-title") == ["Overview"]
    assert own_page.run("return document.querySelectorAll('.injected, img[src=x]').length") == 0
    own_page.run("location.hash = '#overview/%E0%A4%A'")
    own_page.wait(lambda: number(own_page, "Sessions", "Sessions"))
    assert own_page.complaints() == []


def test_every_view_can_be_read_light_and_dark_and_fits_a_phone(dashboard: Page) -> None:
    for name in views(dashboard):
        dashboard.screen(1280, 900)
        go(dashboard, name)
        assert dashboard.run(CONTRAST) == [], name
        dashboard.screen(1280, 900, dark=True)
        assert dashboard.run(CONTRAST) == [], name
        dashboard.screen(320, 640, phone=True)
        assert dashboard.run(FIT), name
        assert dashboard.run(TOO_SMALL) == [], name
    assert dashboard.complaints() == []


def test_every_view_has_one_heading_of_the_first_level_and_names_for_what_can_be_pressed(dashboard: Page) -> None:
    nameless = """
    return [...document.querySelectorAll('button, a, input, select, textarea')].filter((one) => one.checkVisibility()
      && !one.textContent.trim() && !one.getAttribute('aria-label') && !one.closest('label')
      && !one.labels?.length && !one.getAttribute('aria-labelledby')).map((one) => one.outerHTML.slice(0, 100))
    """
    for name in views(dashboard):
        go(dashboard, name)
        assert dashboard.run("return document.querySelectorAll('h1').length") == 1, name
        assert dashboard.run(nameless) == [], name


def test_the_keyboard_gets_everywhere(dashboard: Page) -> None:
    dashboard.run("document.activeElement.blur()")
    dashboard.find("body").send_keys(Keys.TAB)
    assert focused(dashboard) == "Skip to the view"
    press(dashboard, Keys.ENTER)
    dashboard.wait(lambda: focused(dashboard) == "view")
    dashboard.find("#navigation a").send_keys("")
    titles = dashboard.texts("#navigation a")
    assert focused(dashboard) == titles[0]
    for title in titles[1:]:
        press(dashboard, Keys.ARROW_DOWN)
        assert focused(dashboard) == title
    press(dashboard, Keys.ARROW_UP)
    dashboard.find("button.sort").send_keys(Keys.ENTER)
    assert dashboard.find("th").get_attribute("aria-sort") == "descending"


def test_a_filter_is_focused_by_a_slash(dashboard: Page) -> None:
    for name in views(dashboard):
        go(dashboard, name)
        dashboard.run("document.activeElement.blur()")
        if dashboard.texts("#view .filter"):
            dashboard.find("body").send_keys("/")
            assert dashboard.run("return document.activeElement.closest('.filter') !== null"), name
            assert dashboard.run("return document.activeElement.value") == "", name


def test_the_menu_of_a_phone_opens_and_closes(dashboard: Page) -> None:
    dashboard.screen(320, 640, phone=True)
    assert not dashboard.find("#navigation").is_displayed()
    dashboard.click("#menu")
    assert dashboard.find("#navigation").is_displayed()
    dashboard.picture("dashboard-menu-phone")
    press(dashboard, Keys.ESCAPE)
    assert not dashboard.find("#navigation").is_displayed()
    assert dashboard.find("#menu").get_attribute("aria-expanded") == "false"


def test_it_stays_quick_with_many_sessions(own_page: Page, own: RunningRouter) -> None:
    peers = [Peer(own.port, "rawsocket").join() for _ in range(MANY)]
    own_page.wait(lambda: number(own_page, "Sessions", "Sessions") == MANY + 1)
    assert realm_numbers(own_page, "realm1")["Sessions"] == str(MANY + 1)
    for name in views(own_page):
        go(own_page, name)
        assert own_page.run("return document.querySelectorAll('#view *').length") < 5000, name
    go(own_page, "overview")
    assert (number(own_page, "Loop lag", "Lag") or 0) < 100
    for peer in peers:
        peer.close()
    own_page.wait(lambda: number(own_page, "Sessions", "Sessions") == 1)
