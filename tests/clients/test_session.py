"""The session of a worker, which stays whatever a caller sends."""

from collections.abc import Callable

from tests.clients.processes import Process
from tests.peers import Peer
from tests.routers import RunningRouter


def test_no_name_of_an_argument_ends_the_session_of_a_worker(router: RunningRouter, peers: Callable[..., Peer]) -> None:
    worker = Process("clients", "--url", router.ws_url, "calculator")
    worker.wait_for("joined realm1")
    caller = peers(router.port).join()
    while caller.request(48, {}, "com.example.add2", [1, 2])[0] != 50:
        pass  # it registers a moment after it has joined
    for name in ("fun", "f", "self"):
        code, *_, error, args = caller.request(48, {}, "com.example.add2", [1, 2], {name: 1})
        assert (code, error) == (8, "wamp.error.invalid_argument")
        assert name in args[0]
        assert caller.request(48, {}, "com.example.add2", [1, 2])[3] == [3]
    worker.end()
    assert "Traceback" not in worker.output
