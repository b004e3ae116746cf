"""Calls from and to a program: progress, cancelling, pieces, errors."""

from collections.abc import Callable

import pytest

from tests.peers import ROLES, Peer
from tests.routers import RunningRouter
from tests.web.client.programs import Failed, Program

Programs = Callable[..., Program]

PIECES = ROLES | {
    "callee": {"features": {**ROLES["callee"]["features"], "progressive_call_invocations": True}},  # type: ignore[dict-item]
}


@pytest.fixture(params=["autobahn", "autobahn22"])
def client(request: pytest.FixtureRequest, program: Programs, router: RunningRouter) -> Program:
    return program(router.ws_url, autobahn=request.param).open()


@pytest.fixture
def peer(router: RunningRouter, peers: Callable[..., Peer]) -> Peer:
    return peers(router.port).join(roles=PIECES)


def call(client: Program, options: str, more: str = "") -> None:
    client.run(f"""
      here.call = connection.call("com.example.slow", [1], {{}}, {options});
      here.call.then((value) => say("result", value), (error) => say("error", error.error ?? error.name));
      {more}
    """)


def test_progress_comes_as_args_and_kwargs_before_the_result(client: Program, peer: Peer) -> None:
    peer.register("com.example.slow")
    call(client, "{ onprogress: (args, kwargs) => say('progress', [args, kwargs]) }")
    _, invocation, *_ = peer.receives(68, ..., ..., {"receive_progress": True}, [1])
    peer.send(70, invocation, {"progress": True}, [1, 2], {"of": 3})
    peer.send(70, invocation, {"progress": True})
    peer.send(70, invocation, {}, ["done"])
    assert client.wait_for("result") == ["done"]
    assert client.heard("progress") == [[[1, 2], {"of": 3}], [[], {}]]


@pytest.mark.parametrize("mode", ["kill", "killnowait", "skip"])
def test_a_call_is_cancelled_in_every_mode_and_the_session_survives(client: Program, peer: Peer, mode: str) -> None:
    peer.register("com.example.slow")
    call(client, "{}")
    _, invocation, *_ = peer.receives(68)
    client.run(f"here.call.cancel('{mode}')")
    if mode != "skip":
        peer.receives(69, invocation)
    peer.send(8, 68, invocation, {}, "wamp.error.canceled")
    assert client.wait_for("error") == ["wamp.error.canceled"]
    client.run("here.call.cancel(); await connection.publish('com.example.alive')")
    assert [state["name"] for state in client.heard("state")] == ["connecting", "joined"]


def test_an_abort_signal_rejects_at_once_and_interrupts_the_callee(client: Program, peer: Peer) -> None:
    peer.register("com.example.slow")
    call(client, "{ signal: (here.abort = new AbortController()).signal }")
    _, invocation, *_ = peer.receives(68)
    client.run("here.abort.abort()")
    assert client.wait_for("error") == ["AbortError"]
    peer.receives(69, invocation)
    with pytest.raises(Failed, match="AbortError"):
        client.run("await connection.call('com.example.slow', [], {}, { signal: here.abort.signal })")


def test_the_router_ends_a_call_whose_timeout_is_over(client: Program, peer: Peer) -> None:
    peer.register("com.example.slow")
    call(client, "{ timeout: 50 }")
    peer.receives(68)
    assert client.wait_for("error") in (["wamp.error.timeout"], ["wamp.error.canceled"])


def test_a_call_in_pieces_is_one_invocation(client: Program, peer: Peer) -> None:
    peer.register("com.example.upload")
    client.run("""
      here.stream = connection.stream("com.example.upload", { onprogress: ([octets]) => say("progress", octets) });
      for (const piece of ["one", "two"]) here.stream.send([piece]);
      here.stream.finish(["three"], { name: "a.txt" }).then((value) => say("result", value));
    """)
    seen = [peer.receives(68) for _ in "123"]
    assert len({invocation for _, invocation, *_ in seen}) == 1
    assert [message[3].get("progress", False) for message in seen] == [True, True, False]
    assert [message[4] for message in seen] == [["one"], ["two"], ["three"]]
    assert seen[-1][5] == {"name": "a.txt"}
    peer.send(70, seen[0][1], {"progress": True}, [11])
    peer.send(70, seen[0][1], {}, ["stored"])
    assert client.wait_for("result") == ["stored"]
    assert client.heard("progress") == [11]
    with pytest.raises(Failed, match="the call is over"):
        client.run("here.stream.send(['four'])")


def test_a_callee_that_refuses_in_the_middle_ends_the_pieces(client: Program, peer: Peer) -> None:
    peer.register("com.example.upload")
    client.run("""
      here.stream = connection.stream("com.example.upload");
      here.stream.result.catch((error) => say("error", error.error));
      here.stream.send(["one"]);
    """)
    _, invocation, *_ = peer.receives(68)
    peer.send(8, 68, invocation, {}, "com.example.error.full")
    assert client.wait_for("error") == ["com.example.error.full"]
    with pytest.raises(Failed, match="the call is over"):
        client.run("here.stream.send(['two'])")
    client.run("await connection.publish('com.example.alive')")


def test_a_call_in_pieces_can_be_cancelled(client: Program, peer: Peer) -> None:
    peer.register("com.example.upload")
    client.run("""
      here.stream = connection.stream("com.example.upload");
      here.stream.result.catch((error) => say("error", error.error));
      here.stream.send(["one"]);
    """)
    _, invocation, *_ = peer.receives(68)
    client.run("here.stream.cancel()")
    peer.receives(69, invocation)
    peer.send(8, 68, invocation, {}, "wamp.error.canceled")
    assert client.wait_for("error") == ["wamp.error.canceled"]


def test_an_endpoint_sends_progress_and_stops_when_its_caller_cancels(client: Program, peer: Peer) -> None:
    client.run("""
      await connection.register("com.example.count", async ([to], kwargs, { progress, signal }) => {
        progress([1], { of: to });
        await new Promise((stop) => signal.addEventListener("abort", stop));
        say("stopped", progress([2]));
      }).ready;
    """)
    request = peer.call("com.example.count", [3], receive_progress=True)
    peer.receives(50, request, {"progress": True}, [1], {"of": 3})
    peer.send(49, request, {"mode": "kill"})
    peer.receives(8, 48, request, {}, "wamp.error.canceled")
    client.wait_for("stopped")
    client.run("await connection.publish('com.example.alive')")


def test_what_an_endpoint_throws_reaches_its_caller_with_a_message(client: Program, peer: Peer) -> None:
    client.run("""
      await connection.register("com.example.fail", async ([how]) => {
        if (how === "named") throw new autobahn.Error("com.example.error.named", [1], { two: 3 });
        throw new TypeError("not like that");
      }).ready;
    """)
    request = peer.call("com.example.fail", ["named"])
    peer.receives(8, 48, request, {}, "com.example.error.named", [1], {"two": 3})
    request = peer.call("com.example.fail", ["badly"])
    peer.receives(8, 48, request, {}, "wamp.error.runtime_error", ["not like that"])
    client.wait_for_complaint("not like that")


def test_without_a_session_everything_is_refused_at_once(program: Programs, router: RunningRouter) -> None:
    client = program(router.ws_url)
    for text in ("connection.call('a.b')", "connection.publish('a.b')", "connection.stream('a.b').finish()"):
        with pytest.raises(Failed, match="NotConnected: not connected"):
            client.run(f"await {text}")
