"""The dashboard of a router of one's own, with peers in it that the test knows."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome

from tests.peers import Peer
from tests.routers import RunningRouter
from tests.web.conftest import Page
from tests.web.contrast import CONTRAST

CONFIG = """
realms:
  - name: realm1
    authentication: {anonymous: {role: anonymous}, ticket: {}}
    principals: %s
    roles:
      - name: anonymous
        permissions:
          - {uri: "", match: prefix, allow: [call, register, publish, subscribe]}
          - {uri: wamp., match: prefix, allow: [call, subscribe]}
          - {uri: wamplex., match: prefix, allow: [call, subscribe]}
      - {name: backend, permissions: [{uri: "", match: prefix, allow: [call, register, publish, subscribe]}]}
    history: {topics: [{uri: com.chat., match: prefix, limit: 10}]}
  - name: other
    authentication: {anonymous: {role: visitor}}
    roles: [{name: visitor, permissions: [{uri: "", match: prefix, allow: [call, register, publish, subscribe]}]}]
dashboard: {path: /dashboard}
"""

TICKET = "open sesame"

ROLES: dict[str, Any] = {
    "publisher": {},
    "caller": {},
    "subscriber": {"features": {"subscription_revocation": True}},
    "callee": {"features": {"registration_revocation": True}},
}

FIT = "return document.documentElement.scrollWidth <= innerWidth"

TOO_SMALL = """
const shown = [...document.querySelectorAll('a, button, select, input')].filter((one) => one.checkVisibility());
return shown.filter((one) => {
  const { width, height } = one.getBoundingClientRect();
  return width < 24 || height < 24;
}).map((one) => one.outerHTML.slice(0, 100))
"""


@contextmanager
def watched_router(folder: Path, *authids: str) -> Iterator[RunningRouter]:
    """A router with a dashboard and two realms, and these principals in the first one."""
    verifier = f"$sha256${sha256(TICKET.encode()).hexdigest()}"
    principals = [{"authid": authid, "role": "backend", "ticket": verifier} for authid in authids]
    running = RunningRouter(folder, CONFIG % json.dumps(principals)).start()
    yield running
    running.close()


def joined(router: RunningRouter, authid: str, transport: str = "websocket", serializer: str = "json") -> Peer:
    """One of the principals, in session."""
    peer = Peer(router.port, transport, serializer)
    peer.send(1, "realm1", {"roles": ROLES, "authmethods": ["ticket"], "authid": authid})
    peer.receives(4, "ticket")
    peer.send(5, TICKET, {})
    peer.session = peer.receives(2)[1]
    return peer


@contextmanager
def watching(browser: Chrome, router: RunningRouter) -> Iterator[Page]:
    """A page with the dashboard."""
    first = browser.current_window_handle
    browser.get_log("browser")  # read away what earlier tests left
    page = Page(browser, f"{router.url}/dashboard/")
    try:
        yield page.wait_connected()
    finally:
        page.show()
        browser.close()
        browser.switch_to.window(first)


def go(page: Page, path: str) -> None:
    """Open a view, `sessions`, or one thing in it, `sessions/123`."""
    page.run("location.hash = arguments[0]", path)
    page.wait(lambda: page.texts(f"#view[data-view='{path.split('/')[0]}'] > *"))


def check_looks(page: Page, picture: str) -> None:
    """Whether it can be read in light and dark and fits a phone; keeps a picture of each."""
    page.wait(lambda: page.run(CONTRAST) == [])
    page.picture(picture)
    page.screen(1280, 900, dark=True)
    page.wait(lambda: page.run(CONTRAST) == [])
    page.picture(f"{picture}-dark")
    page.screen(320, 640, phone=True)
    page.wait(lambda: page.run(FIT))
    assert page.run(TOO_SMALL) == []
    page.picture(f"{picture}-phone")
    page.screen(1280, 900)
    assert page.complaints() == []


def stays_text(page: Page) -> bool:
    """Whether nothing of `tests.web.markup` became markup."""
    injected: int = page.run("return document.querySelectorAll('.injected, img[src=x]').length")
    return injected == 0 and page.run("return document.title") != "broken"
