"""Stock autobahn.js in a browser, without the page's own modules: what a web developer would write."""

from collections.abc import Callable, Iterator

import pytest
from selenium.webdriver import Chrome

from tests.peers import Peer
from tests.routers import RunningRouter
from tests.web.conftest import PATIENCE, Page

OPEN = """
const [url, serializer, done] = arguments;
const serializers = { json: "JSONSerializer", msgpack: "MsgpackSerializer", cbor: "CBORSerializer" };
window.seen = [];
window.connection = new autobahn.Connection({
  url, realm: "realm1", serializers: [new autobahn.serializer[serializers[serializer]]()],
});
connection.onopen = async (session) => {
  await session.register("com.example.browser.reverse", ([text]) => [...text].reverse().join(""));
  await session.register("com.example.browser.fail", () => {
    throw new autobahn.Error("com.example.error.browser", ["why"], { how: "badly" });
  });
  await session.subscribe("com.example.browser.topic", (args, kwargs) => seen.push([args, kwargs]));
  window.session = session;
  done(true);
};
connection.open();
"""


@pytest.fixture(params=["json", "msgpack", "cbor"])
def browser_peer(
    request: pytest.FixtureRequest, open_page: Callable[..., Page], browser: Chrome, router: RunningRouter
) -> Iterator[Page]:
    """A tab with an open autobahn.js connection of its own."""
    page = open_page()
    browser.set_script_timeout(PATIENCE)
    assert browser.execute_async_script(OPEN, router.ws_url, request.param)
    yield page
    page.run("connection.close()")


@pytest.fixture
def backend(router: RunningRouter, peers: Callable[..., Peer]) -> Peer:
    """A peer on the other side of the router."""
    return peers(router.port, "rawsocket", "cbor").join()


def test_a_procedure_in_the_browser_is_called_and_fails_as_it_says(browser_peer: Page, backend: Peer) -> None:
    request = backend.call("com.example.browser.reverse", ["WAMP ö"])
    backend.receives(50, request, {}, ["ö PMAW"])
    request = backend.call("com.example.browser.fail")
    backend.receives(8, 48, request, {}, "com.example.error.browser", ["why"], {"how": "badly"})


def test_the_browser_calls_gets_progress_and_errors(browser_peer: Page, backend: Peer, browser: Chrome) -> None:
    backend.register("com.example.backend.slow")
    browser_peer.run(
        """window.result = []; window.failure = [];
        session.call("com.example.backend.slow", [1], {}, { receive_progress: true })
          .then((value) => result.push(value), null, (progress) => result.push(progress));
        session.call("com.example.backend.nothing").catch((error) => failure.push(error.error));"""
    )
    invocation = backend.receives(68, ..., ..., {"receive_progress": True}, [1])[1]
    for percent in (10, 50):
        backend.send(70, invocation, {"progress": True}, [percent])
    backend.send(70, invocation, {}, ["done"])
    browser_peer.wait(lambda: browser_peer.run("return result") == [10, 50, "done"])
    browser_peer.wait(lambda: browser_peer.run("return failure") == ["wamp.error.no_such_procedure"])


def test_events_go_both_ways(browser_peer: Page, backend: Peer) -> None:
    subscription = backend.subscribe("com.example.browser.", match="prefix")
    backend.publish("com.example.browser.topic", [1, "zwei"], {"three": True})
    browser_peer.wait(lambda: browser_peer.run("return seen") == [[[1, "zwei"], {"three": True}]])
    browser_peer.run("session.publish('com.example.browser.news', ['hi'], {}, { acknowledge: true })")
    assert backend.receives(36, subscription, ..., {"topic": "com.example.browser.news"})[4] == ["hi"]
