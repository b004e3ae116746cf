"""The worker that takes files piece by piece, called by a client that sends the pieces as WAMP has it."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.clients.processes import Process
from tests.peers import Peer
from tests.routers import RunningRouter

FEATURES = {"caller": {"features": {"progressive_call_invocations": True, "call_canceling": True}}}


@pytest.fixture(scope="module")
def worker(router: RunningRouter) -> Iterator[Process]:
    started = Process("clients", "--url", router.ws_url, "upload")
    started.wait_for("joined realm1")
    yield started
    assert "Traceback" not in started.output
    started.end()


@pytest.fixture
def caller(router: RunningRouter, worker: Process, peers: Callable[..., Peer]) -> Peer:
    joined = peers(router.port, "websocket", "cbor").join(roles={"subscriber": {}, **FEATURES})
    while joined.request(48, {}, "com.example.upload", ["ready", 0])[0] != 50:
        pass  # it registers a moment after it has joined
    return joined


def upload(caller: Peer, pieces: list[bytes], *arguments: Any, together: int = 1) -> list[Any]:
    """Send a file; returns the last answer."""
    options = {"progress": True, "receive_progress": True}
    request = caller.call("com.example.upload", list(arguments), **options)
    for number, piece in enumerate(pieces):
        more = {"progress": True} if number + 1 < len(pieces) else {}
        caller.send(48, request, more, "com.example.upload", [piece])
    while True:
        answer = caller.receive()
        if answer[0] in (8, 50) and not (answer[0] == 50 and answer[2].get("progress")):
            return answer


def test_a_file_in_pieces_arrives_intact(caller: Peer) -> None:
    octets = bytes(range(256)) * 100
    pieces = [octets[start : start + 1000] for start in range(0, len(octets), 1000)]
    answer = upload(caller, pieces, "a.bin", len(octets))
    assert answer[0] == 50
    assert answer[3][0]["sha256"] == hashlib.sha256(octets).hexdigest()


@pytest.mark.parametrize(
    ("pieces", "arguments", "sentence"),
    [
        ([b"12345"], ("a", 4), "more than the 4 octets"),
        (["text"], ("a", 4), "a piece must be one binary value"),
        ([b""], ("a", 4), "a piece must be one binary value"),
        ([b"1"], ("", 1), "name must be a text"),
        ([b"1"], ("a" * 256, 1), "name must be a text"),
        ([b"1"], ("a", -1), "size must be a whole number"),
        ([b"1"], ("a", 2**40), "size must be a whole number"),
        ([b"1"], ("a",), "missing a required argument"),
    ],
)
def test_what_makes_no_sense_is_refused_and_harms_nobody(
    caller: Peer, pieces: list[Any], arguments: tuple[Any, ...], sentence: str
) -> None:
    answer = upload(caller, pieces, *arguments)
    assert answer[4] == "wamp.error.invalid_argument"
    assert sentence in answer[5][0]
    assert upload(caller, [b"1234"], "next", 4)[0] == 50


def test_two_files_at_once_do_not_mix(caller: Peer) -> None:
    files = {name: [bytes([number]) * 500] * 4 for number, name in enumerate(("a", "b"))}
    requests = {caller.call("com.example.upload", [name, 2000], progress=True): name for name in files}
    for part in range(4):
        for request, name in requests.items():
            more = {"progress": True} if part < 3 else {}
            caller.send(48, request, more, "com.example.upload", [files[name][part]])
    answers = {}
    while len(answers) < 2:
        answer = caller.receive()
        if answer[0] == 50:
            answers[requests[answer[1]]] = answer[3][0]["sha256"]
    assert answers == {name: hashlib.sha256(b"".join(pieces)).hexdigest() for name, pieces in files.items()}


def test_a_procedure_that_does_not_ask_for_pieces_gets_the_first_only(caller: Peer) -> None:
    request = caller.call("com.example.upload", ["empty", 0], progress=True)
    caller.send(48, request, {}, "com.example.upload", [b"too late"])
    while (answer := caller.receive())[0] != 50:
        pass
    assert answer[3][0]["size"] == 0
