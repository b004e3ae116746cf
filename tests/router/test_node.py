"""The router as a process: how it starts, stops, and keeps its peers apart."""

import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPSConnection
from pathlib import Path

import pytest
from websockets.sync.client import connect

from tests.certificates import write_certificate
from tests.peers import ROLES, Closed, Peer
from tests.routers import OPEN_TO_ALL, RunningRouter

Start = Callable[[str], RunningRouter]
Peers = Callable[..., Peer]

QUICK_PINGS = OPEN_TO_ALL + "limits: {ping_interval: 0.4, ping_timeout: 0.2, ping_rawsocket: true}\n"
SMALL_OUTBOX = OPEN_TO_ALL + "limits: {max_message_size: 64 KiB, outbox_size: 256 KiB, slow_consumer: %s}\n"


def start_in_vain(config: Path) -> str:
    """Start a router that cannot start; returns what it says."""
    command = [sys.executable, "-m", "router", "start", "--config", str(config)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    return ended.stderr


def test_a_port_in_use_is_one_clear_line(router: RunningRouter) -> None:
    said = start_in_vain(router.config_file)
    assert said.endswith(f"cannot listen on 127.0.0.1 port {router.port}: Address already in use\n")
    assert said.count("\n") == 1


def test_a_configuration_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    assert start_in_vain(tmp_path / "none.yaml") == f"{tmp_path}/none.yaml: no such file\n"


def test_it_stops_with_status_0_and_closes_without_goodbye(own_router: Start, peers: Peers) -> None:
    running = own_router(OPEN_TO_ALL)
    browser, backend = peers(running.port).join(), peers(running.port, "rawsocket", "cbor").join()
    assert running.process is not None
    running.process.terminate()
    with pytest.raises(Closed) as closed:
        browser.receive()
    assert closed.value.code == 1001
    assert backend.closed() is None
    backend.close()  # who does not is waited for, see below
    assert running.process.wait(10) == 0
    assert "Traceback" not in running.log


def test_a_second_signal_while_stopping_does_no_harm(own_router: Start, peers: Peers) -> None:
    running = own_router(OPEN_TO_ALL)
    peers(running.port, "rawsocket").join()  # it does not read, so stopping takes a moment
    assert running.process is not None
    running.process.terminate()
    running.process.terminate()
    assert running.process.wait(10) == 0
    assert "Traceback" not in running.log


def test_a_callee_that_vanishes_without_a_word_is_noticed_and_its_caller_answered(
    router_with: Start, peers: Peers
) -> None:
    running = router_with(QUICK_PINGS)
    callee, caller = peers(running.port, "rawsocket").join(), peers(running.port).join()
    callee.register("com.example.sleeping")
    request = caller.call("com.example.sleeping")  # from here on the callee neither reads nor answers pings
    caller.receives(8, 48, request, {}, "wamp.error.canceled")
    assert caller.request(48, {}, "com.example.sleeping")[4] == "wamp.error.no_such_procedure"


@pytest.mark.parametrize("transport", ["websocket", "rawsocket"])
def test_a_peer_that_answers_pings_stays(router_with: Start, peers: Peers, transport: str) -> None:
    running = router_with(QUICK_PINGS)
    quiet = peers(running.port, transport).join()
    quiet.receives_nothing(1.5)
    quiet.publish("com.example.still.here")


def test_rawsocket_peers_get_no_ping_by_default_for_autobahn_cannot_take_it(own_router: Start, peers: Peers) -> None:
    running = own_router(QUICK_PINGS.replace("ping_rawsocket: true", "ping_rawsocket: false"))
    peer = peers(running.port, "rawsocket").join()
    peer.link.socket.settimeout(1.5)
    with pytest.raises(TimeoutError):
        peer.link.socket.recv(1)
    peer.publish("com.example.still.here")


def test_a_subscriber_that_does_not_read_is_cut_and_others_get_everything(own_router: Start, peers: Peers) -> None:
    running = own_router(SMALL_OUTBOX % "disconnect")
    slow, reader, publisher = (peers(running.port, "rawsocket").join() for _ in range(3))
    slow.subscribe("com.example.flood")
    reader.subscribe("com.example.flood")
    for number in range(600):
        publisher.publish("com.example.flood", [number, "x" * 20_000])
        assert reader.receive()[4][0] == number
    assert "the peer reads too slowly" in running.log
    assert slow.closed() is None


def test_a_slow_subscriber_may_miss_events_but_no_reply(own_router: Start, peers: Peers) -> None:
    running = own_router(SMALL_OUTBOX % "drop")
    slow, publisher = (peers(running.port, "rawsocket").join() for _ in range(2))
    slow.subscribe("com.example.flood")
    for number in range(600):
        publisher.publish("com.example.flood", [number, "x" * 20_000])
    slow.send(32, next(slow.requests), {}, "com.example.other")
    received = [slow.receive()]
    while received[-1][0] != 33:
        received.append(slow.receive())
    numbers = [message[4][0] for message in received[:-1]]
    assert numbers == sorted(numbers)
    assert 0 < len(numbers) < 600


def test_an_oversized_message_costs_only_its_sender(router: RunningRouter, peers: Peers) -> None:
    witness = peers(router.port).join()
    for transport, code in (("websocket", 1009), ("rawsocket", None)):
        sender = peers(router.port, transport).join()
        with suppress(Closed):  # the router may close while the message is still on its way
            sender.send(16, 1, {}, "com.example.large", ["x" * 2**21])
        assert sender.closed() in (code, None)
    witness.publish("com.example.fine")


def test_a_rawsocket_peer_that_keeps_to_what_was_announced_is_taken(own_router: Start, peers: Peers) -> None:
    """B10"""
    running = own_router(OPEN_TO_ALL + "limits: {max_message_size: 100000}\n")
    with socket.create_connection(("127.0.0.1", running.port), timeout=5) as stranger:
        stranger.sendall(b"\x7f\xf1\x00\x00")
        announced = 2 ** (9 + (stranger.recv(4)[1] >> 4))
    assert announced == 65536
    for size, welcome in ((announced, True), (announced + 1, False)):
        peer = peers(running.port, "rawsocket").join()
        message = b'[16, 1, {"acknowledge": true}, "com.example.topic", [""]]'
        peer.link.send(message.replace(b'""', b'"' + b"x" * (size - len(message)) + b'"'))
        if welcome:
            peer.receives(17, 1)
        else:
            assert peer.closed() is None


def test_a_deeply_nested_message_is_a_violation_and_quickly_so(router: RunningRouter, peers: Peers) -> None:
    sender = peers(router.port).join()
    sender.link.send(b'[16, 1, {}, "com.example.deep", ' + b"[" * 100_000 + b"]" * 100_000 + b"]")
    sender.receives(3, ..., "wamp.error.protocol_violation")


@pytest.mark.parametrize("garbage", [b"\x00" * 64, b"GET /ws HTTP/1.1\r\n\r\n", b"\x7f\x00\x00\x00", b"EHLO there\r\n"])
def test_garbage_at_the_door_is_refused_and_nobody_else_notices(
    router: RunningRouter, peers: Peers, garbage: bytes
) -> None:
    witness = peers(router.port).join()
    with socket.create_connection(("127.0.0.1", router.port), timeout=5) as stranger:
        stranger.sendall(garbage)
        stranger.shutdown(socket.SHUT_WR)
        while stranger.recv(4096):
            pass
    witness.publish("com.example.fine")


TICKETS = """
realms:
  - name: realm1
    authentication:
      ticket: true
    principals:
      - authid: joe
        role: backend
        ticket: $sha256$41ef4bb0b23661e66301aac36066912dac037827b4ae63a7b1165a5aa93ed4eb  # open sesame
    roles:
      - name: backend
        permissions:
          - {uri: com.example., match: prefix, allow: [publish, subscribe]}
"""


def test_who_shows_the_right_ticket_gets_in_with_its_role(router_with: Start, peers: Peers) -> None:
    running = router_with(TICKETS)
    joe = peers(running.port)
    joe.send(1, "realm1", {"roles": ROLES, "authmethods": ["ticket"], "authid": "joe"})
    joe.receives(4, "ticket", {})
    joe.send(5, "open sesame", {})
    _, _, details = joe.receives(2)
    assert (details["authid"], details["authrole"], details["authmethod"]) == ("joe", "backend", "ticket")
    joe.publish("com.example.topic")
    assert joe.request(64, {}, "com.example.procedure")[4] == "wamp.error.not_authorized"
    assert joe.request(32, {}, "org.other")[4] == "wamp.error.not_authorized"


def test_who_shows_a_wrong_ticket_learns_nothing(router_with: Start, peers: Peers) -> None:
    running = router_with(TICKETS)
    refusals = []
    for authid in ("joe", "nobody"):
        peer = peers(running.port)
        peer.send(1, "realm1", {"roles": ROLES, "authmethods": ["ticket"], "authid": authid})
        peer.receives(4, "ticket", {})
        peer.send(5, "guess", {})
        refusals.append(peer.receive())
    assert refusals[0] == refusals[1]
    assert refusals[0][2] == "wamp.error.authentication_denied"
    assert "open sesame" not in running.log


def test_who_offers_no_method_that_the_realm_has_is_told_which_there_are(router_with: Start, peers: Peers) -> None:
    peer = peers(router_with(TICKETS).port)
    peer.send(1, "realm1", {"roles": ROLES})
    assert "ticket" in peer.receives(3, ..., "wamp.error.authentication_required")[1]["message"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a self-signed certificate for 127.0.0.1: cert.pem and key.pem."""
    folder = tmp_path_factory.mktemp("tls")
    write_certificate(folder)
    return folder


def test_one_port_speaks_everything_over_tls(tmp_path: Path, certificate: Path) -> None:
    running = RunningRouter(tmp_path)
    tls = f"tls: {{certificate: {certificate}/cert.pem, key: {certificate}/key.pem}}"
    running.config_file.write_text(
        running.config_file.read_text().replace(f"port: {running.port}", f"port: {running.port}, {tls}")
    )
    context = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
    running.start()
    try:
        with connect(
            f"wss://localhost:{running.port}/ws", ssl=context, subprotocols=["wamp.2.json"], compression=None
        ) as websocket:
            websocket.send('[1, "realm1", {"roles": {"publisher": {}}}]')
            assert str(websocket.recv(5)).startswith("[2,")
        plain = socket.create_connection(("localhost", running.port), timeout=5)
        with context.wrap_socket(plain, server_hostname="localhost") as rawsocket:
            rawsocket.sendall(b"\x7f\xf1\x00\x00")
            assert rawsocket.recv(4)[:1] == b"\x7f"
        web = HTTPSConnection("localhost", running.port, context=context, timeout=5)
        web.request("GET", "/")
        assert web.getresponse().status == 200
    finally:
        running.close()


def test_a_listener_speaks_only_what_it_is_told_to(tmp_path: Path) -> None:
    running = RunningRouter(tmp_path)
    text = running.config_file.read_text()
    running.config_file.write_text(text.replace("host: 127.0.0.1,", "host: 127.0.0.1, rawsocket: false, http: false,"))
    running.start()
    try:
        Peer(running.port).join().close()
        for asked in (b"\x7f\xf1\x00\x00", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", running.port), timeout=5) as stranger:
                stranger.sendall(asked)
                assert stranger.recv(4096)[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 404")
    finally:
        running.close()


def test_idle_sessions_cost_little_memory(own_router: Start, peers: Peers) -> None:
    running = own_router(OPEN_TO_ALL)

    def resident() -> int:
        return int(Path(f"/proc/{running.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    for _ in range(100):  # what the first sessions warm up is there once
        peers(running.port, "rawsocket").join()
    before = resident()
    for _ in range(500):
        peers(running.port, "rawsocket").join()
    assert (resident() - before) / 500 < 20 * 1024  # half of that is usual; this finds what grows without reason
