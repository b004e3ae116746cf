"""Each method to join, by autobahn-python and autobahn.js, over WebSocket and RawSocket, plain and TLS.

`joining.py` has the methods, what is right and wrong, and what the clients can. All join one router. Each makes all its
attempts in one process; each test looks at the outcome of its own.
"""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from OpenSSL import SSL

from router.cli import main
from tests.interop.conftest import NODE, SCRIPTS, Running
from tests.interop.joining import (
    CLIENTS,
    KEYS,
    ROUTER_KEY,
    SESAME,
    Case,
    Client,
    House,
    Way,
    attempts_of,
    phone_of,
    public,
)

WITHIN = 60.0
"""Seconds; all attempts of a client take some."""

Outcomes = dict[str, list[str]]
ATTEMPTS = [(client, way, case) for client in CLIENTS for way, case in attempts_of(client)]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    running = House(tmp_path_factory.mktemp("house"))
    with pytest.MonkeyPatch.context() as patch, (running.folder / "password").open("w+") as file:
        file.write(f"{SESAME}\n")
        file.seek(0)
        patch.setattr(sys, "stdin", file)
        add = ["user", "add", "dora", "--role", "user", "--password-stdin", "--config", str(running.config_file)]
        assert main(add) == 0
    running.start()
    yield running
    running.close()


@pytest.fixture(scope="module")
def cookies(house: House) -> dict[str, str]:
    """Cookies of browsers, by what became of them."""

    def asks(path: str, body: dict[str, str], cookie: str = "") -> str:
        connection = HTTPConnection("127.0.0.1", house.port, timeout=5)
        fields = {"Content-Type": "application/json", "Cookie": cookie}
        connection.request("POST", path, json.dumps(body), fields)
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        return str(answer.headers["Set-Cookie"]).partition(";")[0]

    kept, over = (asks("/auth/login", {"authid": "tom", "password": SESAME}) for _ in range(2))
    asks("/auth/logout", {}, over)
    values = {"logged in": kept, "logged out": over}
    return {what: cookie.partition("=")[2] for what, cookie in values.items()} | {"made up": "a" * 43}


@pytest.fixture(scope="module")
def clients(
    house: House, cookies: dict[str, str], node_modules: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Running]]:
    """The clients at work. The one in Python is also the worker that decides about strangers, so it begins and ends."""
    started: dict[str, Running] = {}
    for client in CLIENTS:
        attempts = [house.attempt(client, way, case, cookies) for way, case in attempts_of(client)]
        config = {**client.settings, "attempts": attempts, "worker": [house.ws_url, "members", SESAME]}
        environment = {"NODE_PATH": str(node_modules), "NODE_EXTRA_CA_CERTS": str(house.folder / "cert.pem")}
        runs_on = NODE if client.script.endswith("js") else sys.executable
        command = [str(runs_on), str(SCRIPTS / client.script), json.dumps(config)]
        started[client.name] = Running(command, environment, tmp_path_factory.mktemp("client"), stdin=subprocess.PIPE)
        if client is CLIENTS[0]:
            wait_for(started[client.name], "serving")
    yield started
    for running in started.values():
        running.end()


def wait_for(running: Running, what: str) -> None:
    """Wait until a client has seen something, or has ended."""
    deadline = time.monotonic() + WITHIN
    while what not in dict(running.saw) and running.process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)


@pytest.fixture(scope="module")
def outcomes(clients: dict[str, Running]) -> dict[str, Outcomes]:
    """What became of all attempts, by client."""
    for client in CLIENTS:
        *_, (way, case) = attempts_of(client)
        wait_for(clients[client.name], case.name(way))
    return {name: dict(running.saw) for name, running in clients.items()}


@pytest.mark.parametrize(
    ("client", "way", "case"), ATTEMPTS, ids=[f"{client.name}-{case.name(way)}" for client, way, case in ATTEMPTS]
)
def test_who_proves_who_it_is_gets_in_and_nobody_else(
    outcomes: dict[str, Outcomes], clients: dict[str, Running], client: Client, way: Way, case: Case
) -> None:
    """E1, E3-E5, E7, E8, E11, E12, E16-E20, J1"""
    told = outcomes[client.name].get(case.name(way))
    assert told is not None, clients[client.name].complaints
    assert told[: len(case.told)] == [{"phone": phone_of(client, way)}.get(word, word) for word in case.told]


# --- what no client library does yet ---


class Wire:
    """RawSocket with JSON in TLS 1.3, by OpenSSL: it can export keying material."""

    def __init__(self, port: int) -> None:
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_min_proto_version(SSL.TLS1_3_VERSION)
        self.connection = SSL.Connection(context, socket.create_connection(("127.0.0.1", port)))
        self.connection.set_connect_state()
        self.connection.do_handshake()
        self.connection.sendall(bytes((0x7F, 0xF1, 0, 0)))
        assert self.exactly(4)[0] == 0x7F
        self.channel_id = self.connection.export_keying_material(b"EXPORTER-Channel-Binding", 32, b"")

    def exactly(self, size: int) -> bytes:
        octets = b""
        while len(octets) < size:
            octets += self.connection.recv(size - len(octets))
        return octets

    def sends(self, *message: Any) -> None:
        octets = json.dumps(message).encode()
        self.connection.sendall(len(octets).to_bytes(4, "big") + octets)

    def receives(self) -> Any:
        return json.loads(self.exactly(int.from_bytes(self.exactly(4), "big")))


@pytest.fixture
def wire(house: House) -> Iterator[Callable[[], Wire]]:
    made: list[Wire] = []

    def connect() -> Wire:
        made.append(Wire(house.ports["tls"]))
        return made[-1]

    yield connect
    for one in made:
        one.connection.close()


def challenged(wire: Wire) -> dict[str, Any]:
    """Say HELLO with a channel binding and a challenge for the router; returns CHALLENGE.Extra."""
    extra = {"pubkey": public(KEYS["ann"]), "channel_binding": "tls-exporter", "challenge": "44" * 32}
    wire.sends(1, "members", {"roles": {"caller": {}}, "authmethods": ["cryptosign"], "authextra": extra})
    code, method, answer = wire.receives()
    assert (code, method, answer["channel_binding"]) == (4, "cryptosign", "tls-exporter")
    return dict(answer)


def xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def answer(challenge: str, channel_id: bytes) -> str:
    message = xor(bytes.fromhex(challenge), channel_id)
    return (Ed25519PrivateKey.from_private_bytes(bytes.fromhex(KEYS["ann"])).sign(message) + message).hex()


def test_client_and_router_prove_themselves_on_a_channel_of_tls_13(wire: Callable[[], Wire]) -> None:
    """E12, E13"""
    here = wire()
    challenge = challenged(here)
    assert challenge["pubkey"] == public(ROUTER_KEY)
    proof = bytes.fromhex(challenge["signature"])
    assert proof[64:] == xor(b"\x44" * 32, here.channel_id)
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(challenge["pubkey"])).verify(proof[:64], proof[64:])
    here.sends(5, answer(challenge["challenge"], here.channel_id), {})
    code, _, details = here.receives()
    assert (code, details["authid"]) == (2, "ann")


def test_who_passes_messages_on_between_two_channels_gets_nowhere(wire: Callable[[], Wire]) -> None:
    """E12, E13"""
    victim, relay = wire(), wire()
    challenge = challenged(relay)
    proof = bytes.fromhex(challenge["signature"])
    assert proof[64:] != xor(b"\x44" * 32, victim.channel_id)
    relay.sends(5, answer(challenge["challenge"], victim.channel_id), {})
    assert relay.receives()[0::2] == [3, "wamp.error.authentication_denied"]
