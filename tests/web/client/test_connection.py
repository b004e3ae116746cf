"""A connection is never given up, and what lasts is made again in each session."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.cable import Cable
from tests.peers import Peer
from tests.routers import OPEN_TO_ALL, RunningRouter
from tests.web.client.programs import Program

Programs = Callable[..., Program]

SERVE = """
here.registration = connection.register("com.example.double", ([number]) => 2 * number);
connection.subscribe("com.example.news", ([text]) => say("event", text));
await here.registration.ready;
"""


@pytest.fixture
def peer(router: RunningRouter, peers: Callable[..., Peer]) -> Peer:
    return peers(router.port).join()


@pytest.mark.parametrize("ended", ["killed", "stopped"])
def test_subscriptions_and_registrations_are_made_again(
    program: Programs, router_with: Callable[[str], RunningRouter], peers: Callable[..., Peer], ended: str
) -> None:
    own = router_with(OPEN_TO_ALL)
    client = program(own.ws_url, autobahn="autobahn22" if ended == "killed" else "autobahn").open()
    client.run(SERVE)
    if ended == "killed":
        own.kill()
    else:
        own.stop()
    waiting = client.wait_until("waiting", refused=False)
    assert waiting["until"] > 0
    own.start()
    client.run("connection.retryNow()")
    client.wait_until("joined")
    client.run("await connection.call('com.example.double', [1])")  # it is registered again
    peer = peers(own.port).join()
    assert peer.request(48, {}, "com.example.double", [21])[3] == [42]
    peer.publish("com.example.news", ["again"])
    client.wait_for("event")
    client.run("here.registration.cancel()")
    client.run("await connection.publish('com.example.other', [])")  # the router has read what went before
    assert peer.request(48, {}, "com.example.double", [21])[4] == "wamp.error.no_such_procedure"


def test_a_procedure_that_a_dead_session_holds_is_asked_for_until_it_is_free(
    program: Programs, router: RunningRouter, peer: Peer
) -> None:
    with Cable(router.port) as cable:
        client = program(cable.ws_url, heartbeat=300).open()
        client.run(SERVE)
        cable.pull()
        client.wait_until("waiting")
        cable.plug_in()
        client.wait_until("joined")
        assert client.run("return (await here.registration.ready).procedure") == "com.example.double"
        for _ in range(100):
            answer = peer.request(48, {}, "com.example.double", [21])
            if answer[0] == 50:
                break
            peer.receives_nothing(0.05)
        assert answer[3] == [42]


def test_a_procedure_that_somebody_else_has_is_refused_and_told(
    program: Programs, router: RunningRouter, peer: Peer
) -> None:
    peer.register("com.example.double")
    client = program(router.ws_url).open()
    client.run("here.error = await connection.register('com.example.double', () => 1).ready.catch((error) => error)")
    assert client.run("return here.error.error") == "wamp.error.procedure_already_exists"
    assert client.heard("problem") == [["register", "com.example.double", "wamp.error.procedure_already_exists"]]


def test_a_subscription_that_the_router_refuses_is_told_and_the_others_work(
    program: Programs, router: RunningRouter, peer: Peer
) -> None:
    client = program(router.ws_url).open()
    client.run("here.error = await connection.subscribe('not a uri', () => {}).ready.catch((error) => error)")
    assert client.run("return here.error.error") == "wamp.error.invalid_uri"
    client.run("await connection.subscribe('com.example.news', ([text]) => say('event', text)).ready")
    peer.publish("com.example.news", ["heard"])
    assert client.wait_for("event") == ["heard"]
    assert client.heard("problem") == [["subscribe", "not a uri", "wamp.error.invalid_uri"]]


def test_cancelling_one_of_two_subscriptions_leaves_the_other(
    program: Programs, router: RunningRouter, peer: Peer
) -> None:
    client = program(router.ws_url).open()
    client.run("""
      here.one = connection.subscribe("com.example.news", ([text]) => say("one", text));
      await here.one.ready;
      here.two = connection.subscribe("com.example.news", ([text]) => say("two", text));
      here.one.cancel(); // its UNSUBSCRIBE must not overtake the answer to the SUBSCRIBE of the other
      await here.two.ready;
    """)
    for text in ("first", "second"):
        peer.publish("com.example.news", [text])
    assert client.wait_for("two", 2) == ["first", "second"]
    assert client.heard("one") == []


def test_retained_events_come_once_to_who_asked_for_them(program: Programs, router: RunningRouter, peer: Peer) -> None:
    peer.publish("com.example.lamp", ["on"], retain=True)
    client = program(router.ws_url).open()
    for who, retained in (("first", "true"), ("second", "false"), ("third", "true")):
        client.run(f"""
          const hear = ([state]) => say("{who}", state);
          await connection.subscribe("com.example.lamp", hear, {{ get_retained: {retained} }}).ready;
        """)
    peer.publish("com.example.lamp", ["off"])
    assert client.wait_for("third", 2) == ["on", "off"]
    assert (client.heard("first"), client.heard("second")) == (["on", "off"], ["off"])


def test_closing_says_goodbye_and_opening_goes_on(program: Programs, router: RunningRouter, peer: Peer) -> None:
    left = peer.subscribe("wamp.session.on_leave")
    client = program(router.ws_url).open()
    client.run("connection.close(); connection.close()")
    assert peer.receives(36, left)[4][0] == client.heard("state")[1]["session"]
    assert client.heard("state")[-1] == {"name": "closed"}
    client.run("connection.open(); connection.open()")
    client.wait_until("joined")


@pytest.fixture
def dropping() -> Iterator[tuple[str, list[float]]]:
    """A server that accepts and drops at once, and counts."""
    listening = socket.create_server(("127.0.0.1", 0))
    accepted: list[float] = []

    def accept() -> None:
        while True:
            try:
                one, _ = listening.accept()
            except OSError:
                return
            accepted.append(1)
            one.close()

    threading.Thread(target=accept, daemon=True).start()
    yield f"ws://127.0.0.1:{listening.getsockname()[1]}/ws", accepted
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()


def test_waits_grow_while_a_server_accepts_and_drops(program: Programs, dropping: tuple[str, list[float]]) -> None:
    client = program(dropping[0])
    client.run("""
      Math.random = () => 0.75; // half as much more or less: a quarter more
      connection.addEventListener("state", () => {
        if (connection.state.name !== "waiting") return;
        say("wait", connection.state.until - Date.now());
        setTimeout(() => connection.retryNow()); // time is short
      });
      connection.open();
    """)
    waits = [round(wait / 1250, 1) for wait in client.wait_for("wait", 10)]
    assert waits[:10] == pytest.approx([1, 1.6, 2.6, 4.1, 6.6, 10.5, 16.8, 26.8, 30, 30], abs=0.1)


def test_waits_differ_from_browser_to_browser_and_refusals_wait_long(program: Programs, router: RunningRouter) -> None:
    client = program(router.ws_url)
    pauses = client.run("return [0, 0.5, 1].map((random) => new here.Retry({ random: () => random }).next())")
    assert pauses == [500, 1000, 1500]
    refused = """
      const retry = new here.Retry({{ random: () => 0.5 }});
      return [1, 2, 3, 4, 5, 6, 7].map(() => retry.next({{ refused: true, renews: {} }}));
    """
    assert client.run(refused.format("false"))[:5] == [30_000, 60_000, 120_000, 240_000, 300_000]
    assert client.run(refused.format("true"))[:3] == [1000, 30_000, 60_000]


def test_a_router_that_falls_silent_before_it_answers_is_given_up(program: Programs, router: RunningRouter) -> None:
    with Cable(router.port) as cable:
        client = program(cable.ws_url, heartbeat=300).open()
        client.run("connection.call('com.example.slow').catch((error) => say('error', [error.name, error.message]))")
        client.wait_for("error")
        client.run("here.registration = connection.register('com.example.slow', () => new Promise(() => {}))")
        client.run("await here.registration.ready")
        client.run("connection.call('com.example.slow').catch((error) => say('error', [error.name, error.message]))")
        cable.pull()
        assert client.wait_for("error", 2)[1] == ["NotConnected", "connection lost"]
        client.wait_until("waiting", reason="The router has fallen silent")
