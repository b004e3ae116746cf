"""The page where no WebSocket comes through: it goes on by long-poll, by itself."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
from selenium.webdriver import Chrome

from tests.peers import Peer
from tests.routers import RunningRouter
from tests.web.conftest import PATIENCE, Page


class OldProxy:
    """A proxy that has not heard of WebSocket: it refuses upgrades, and passes everything else on."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.refused = 0
        self.loop = asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", 0))
        self.port: int = self.server.sockets[0].getsockname()[1]
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            if b"upgrade: websocket" in head.lower():
                self.refused += 1
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            else:
                from_router, to_router = await asyncio.open_connection("127.0.0.1", self.target)
                to_router.write(head)
                await asyncio.gather(pass_on(reader, to_router), pass_on(from_router, writer))
        writer.close()

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.fixture(scope="module")
def lone_router(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRouter]:
    """A router that is restarted here."""
    running = RunningRouter(tmp_path_factory.mktemp("lone")).start()
    yield running
    running.close()


@pytest.fixture(scope="module")
def proxy(lone_router: RunningRouter) -> Iterator[OldProxy]:
    running = OldProxy(lone_router.port)
    yield running
    running.close()


@pytest.fixture
def page(browser: Chrome, proxy: OldProxy) -> Iterator[Page]:
    """A page that came through the proxy."""
    first = browser.current_window_handle
    opened = Page(browser, f"http://127.0.0.1:{proxy.port}/")
    yield opened
    opened.show()
    browser.get_log("browser")  # the WebSockets that were refused
    browser.close()
    browser.switch_to.window(first)


def talk(page: Page, router: RunningRouter, number: int) -> None:
    """A call, and an event in either direction."""
    backend = Peer(router.port).join()
    backend.register("com.example.double")
    subscription = backend.subscribe("com.example.from_page")
    page.call("com.example.double", f"[{number}]")
    _, invocation, _, _, args = backend.receives(68)
    backend.send(70, invocation, {}, [2 * args[0]])
    page.wait_for("#call-outcome [data-kind=result]", str(2 * number))
    page.publish("com.example.from_page", f"[{number}]")
    assert backend.receives(36, subscription)[4] == [number]
    backend.publish("com.example.to_page", [f"number {number}"])
    page.wait_for("#events li", f"number {number}")
    backend.vanish()


def test_the_page_goes_on_by_long_poll_and_comes_back_by_it(
    page: Page, proxy: OldProxy, lone_router: RunningRouter
) -> None:
    """B14, B15"""
    page.wait_for("#status-text", ", by long-poll")
    assert proxy.refused == 1
    page.subscribe("com.example.to_page")
    talk(page, lone_router, 21)

    lone_router.stop()
    page.wait_for("#status-text", "Next try in")
    lone_router.start()
    page.wait_for("#status-text", ", by long-poll")
    talk(page, lone_router, 22)


STOCK = """
const [url, done] = arguments;
const connection = new autobahn.Connection({ transports: [{ type: "longpoll", url }], realm: "realm1" });
connection.onopen = async (session) => {
  const seen = [];
  await session.subscribe("com.example.race", ([number]) => seen.push(number));
  // autobahn.js sends all of them at once, over as many connections as the browser has.
  const all = [...Array(50).keys()];
  const args = (number) => [number, "x".repeat(number % 3 ? 1 : 30000)]; // what is larger arrives later
  const options = { acknowledge: true, exclude_me: false };
  await Promise.all(all.map((number) => session.publish("com.example.race", args(number), {}, options)));
  while (seen.length < all.length) await new Promise((wait) => setTimeout(wait, 10));
  connection.onclose = (reason, details) => done([seen, reason, details.reason]);
  connection.close();
};
connection.open();
"""


def test_stock_autobahn_js_by_long_poll_keeps_its_order_and_closes(page: Page, proxy: OldProxy) -> None:
    """B15"""
    page.wait_for("#status-text", ", by long-poll")
    page.browser.set_script_timeout(PATIENCE)
    url = f"http://127.0.0.1:{proxy.port}/lp"
    seen, reason, said = page.browser.execute_async_script(STOCK, url)
    assert seen == list(range(50))
    assert (reason, said) == ("closed", "wamp.close.goodbye_and_out")
