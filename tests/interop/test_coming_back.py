"""Clients come back by themselves when the router was stopped or died, and work with one another as before."""

import time
from collections.abc import Callable, Iterator

import pytest

from tests.interop.conftest import Play, Running
from tests.interop.scenario import CLIENTS, CONFIG
from tests.peers import Peer
from tests.routers import RunningRouter

BACK_WITHIN = 15.0
"""Seconds; the clients are told to retry after a fraction of one, but some wait a little longer."""

COMING_BACK = [
    (client, transport, {"websocket": "cbor", "rawsocket": "msgpack", "longpoll": "json"}[transport])
    for client in CLIENTS
    for transport in ("websocket", "rawsocket", "longpoll")
    if client.comes_back and transport in dict(client.ways)
]
NAMES = [f"{client.name}-{transport}" for client, transport, _ in COMING_BACK]
PLACES = [
    (client.serves_in, f"com.example.{client.name.replace('-', '_')}.{transport}.{serializer}")
    for client, transport, serializer in COMING_BACK
]
each_client = pytest.mark.parametrize(("realm", "prefix"), PLACES, ids=NAMES)


def wait_until_all_serve(clients: dict[str, Running], times: int) -> None:
    """Wait until each client has said `times` that it serves."""
    deadline = time.monotonic() + BACK_WITHIN
    late = dict(clients)
    while late and time.monotonic() < deadline:
        time.sleep(0.05)
        late = {name: client for name, client in late.items() if client.saw.count(("serving", True)) < times}
    assert not late, "\n".join(f"{name} is not back:\n{client.complaints}" for name, client in late.items())


@pytest.fixture(scope="module", params=["stopped", "killed"])
def restarted(
    request: pytest.FixtureRequest, play: Play, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningRouter]:
    """A router that was away for a moment, and to which all clients came back."""
    router = RunningRouter(tmp_path_factory.mktemp("restarted"), CONFIG).start()
    serving = {
        name: play(client, ((transport, serializer),), "serve", router)
        for name, (client, transport, serializer) in zip(NAMES, COMING_BACK, strict=True)
    }
    try:
        wait_until_all_serve(serving, 1)
        if request.param == "stopped":
            router.stop()
        else:
            router.kill()
        router.start()
        wait_until_all_serve(serving, 2)
        yield router
    finally:
        for running in serving.values():
            running.end()
        router.close()


@pytest.fixture
def peer(restarted: RunningRouter, peers: Callable[..., Peer], realm: str) -> Peer:
    """A session in the client's realm on the router that was away."""
    return peers(restarted.port).join(realm)


@each_client
def test_its_procedures_are_there_again(peer: Peer, prefix: str) -> None:
    request = peer.call(f"{prefix}.echo", [1, "zwei", {"drei": [3.5, None]}])
    peer.receives(50, request, {}, [[1, "zwei", {"drei": [3.5, None]}]])


@each_client
def test_its_subscription_is_there_again(peer: Peer, prefix: str) -> None:
    peer.publish(f"{prefix}.inbox", ["news"])
    request = peer.call(f"{prefix}.seen")
    peer.receives(50, request, {}, [["news"]])


@each_client
def test_it_publishes_to_others(peer: Peer, prefix: str) -> None:
    subscription = peer.subscribe(f"{prefix}.outbox")
    request = peer.call(f"{prefix}.publish", [f"{prefix}.outbox", "news"])
    peer.receives(36, subscription, ..., {}, ["news"])
    peer.receives(50, request, {}, [True])


@each_client
def test_it_calls_every_client_of_its_realm(peer: Peer, realm: str, prefix: str) -> None:
    for other in [place for its_realm, place in PLACES if its_realm == realm]:
        request = peer.call(f"{prefix}.relay", [f"{other}.echo", "Grüße", 2**40])
        peer.receives(50, request, {}, [["Grüße", 2**40]])


@each_client
def test_it_gets_progressive_results(
    restarted: RunningRouter, peer: Peer, peers: Callable[..., Peer], realm: str, prefix: str
) -> None:
    callee = peers(restarted.port, "rawsocket", "msgpack").join(realm)
    registration = callee.register("com.example.progressive")
    request = peer.call(f"{prefix}.progress", ["com.example.progressive"])
    _, invocation, *_ = callee.receives(68, ..., registration, {"receive_progress": True})
    for number in range(3):
        callee.send(70, invocation, {"progress": True}, [number])
    callee.send(70, invocation, {}, ["done"])
    peer.receives(50, request, {}, [[[0, 1, 2], "done"]])
