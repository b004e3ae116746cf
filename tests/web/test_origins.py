"""Pages of other sites in a real browser: they cannot connect, and the own page can."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from selenium.webdriver import Chrome

from tests.routers import RunningRouter

CONNECT = """
const [url, done] = arguments;
const socket = new WebSocket(url, ["wamp.2.json"]);
socket.onopen = () => { socket.close(); done("open"); };
socket.onclose = (event) => done(event.code);
"""

SANDBOXED = """
const [url, done] = arguments;
window.onmessage = (event) => done(event.data);
const frame = document.createElement("iframe");
frame.sandbox = "allow-scripts";
frame.srcdoc = `<script>
  const socket = new WebSocket("${url}", ["wamp.2.json"]);
  socket.onopen = () => parent.postMessage("open", "*");
  socket.onclose = (event) => parent.postMessage(event.code, "*");
<` + "/script>";
document.body.append(frame);
"""

NOT_CONNECTED = 1006
"""What a browser tells a page of a handshake that failed, whatever the reason."""


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>elsewhere</title><body>")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[int]:
    """The port of another site."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def ask(browser: Chrome, page: str, script: str, url: str) -> Any:
    """Run a script in a page, in a tab of its own."""
    first = browser.current_window_handle
    browser.switch_to.new_window("tab")
    try:
        browser.get(page)
        return browser.execute_async_script(script, url)
    finally:
        browser.get_log("browser")  # the failed handshakes
        browser.close()
        browser.switch_to.window(first)


def test_the_page_of_another_site_cannot_connect(browser: Chrome, router: RunningRouter, elsewhere: int) -> None:
    """J2"""
    page = f"http://127.0.0.1:{elsewhere}/"
    assert ask(browser, page, CONNECT, router.ws_url) == NOT_CONNECTED
    assert f"may not connect from origin {page.rstrip('/')}\n" in router.log


def test_a_frame_without_an_origin_cannot_connect(browser: Chrome, router: RunningRouter, elsewhere: int) -> None:
    """J2"""
    assert ask(browser, f"http://127.0.0.1:{elsewhere}/", SANDBOXED, router.ws_url) == NOT_CONNECTED
    assert "may not connect from origin null\n" in router.log


def test_the_own_page_can_connect_by_any_name_of_the_router(browser: Chrome, router: RunningRouter) -> None:
    """J2"""
    assert ask(browser, router.url, CONNECT, router.ws_url) == "open"
    for name in ("localhost", "LOCALHOST"):
        url = f"{name}:{router.port}"
        assert ask(browser, f"http://{url}", CONNECT, f"ws://{url}/ws") == "open"
    assert ask(browser, router.url, CONNECT, f"ws://localhost:{router.port}/ws") == NOT_CONNECTED
