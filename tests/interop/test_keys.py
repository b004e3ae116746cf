"""Joining by keys and certificates, end to end: autobahn-python and autobahn.js, over WebSocket, RawSocket and TLS.

The clients make all their attempts in one process each; each test looks at the outcome of its own.
"""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from OpenSSL import SSL

from tests.certificates import Authority, Client, write_certificate
from tests.interop.conftest import NODE, SCRIPTS
from tests.routers import RunningRouter, free_port

KEYS = {"ann": "11" * 32, "zoe": "22" * 32}
ROUTER_KEY = "33" * 32
WITHIN = 30.0

CONFIG = """
realms:
  - name: realm1
    authentication:
      cryptosign: {{router_key: {{file: router.key}}}}
      tls: true
    principals:
      - {{authid: ann, role: user, cryptosign: [{ann}]}}
      - {{authid: machine, role: user, tls: ["{machine}"]}}
    roles:
      - name: user
        permissions: []
listeners:
  - {{host: 127.0.0.1, port: {port}}}
  - host: 127.0.0.1
    port: {tls}
    tls: {{certificate: cert.pem, key: key.pem, client_certificates: {{authorities: authority.pem}}}}
  - host: 127.0.0.1
    port: {strict}
    tls:
      certificate: cert.pem
      key: key.pem
      client_certificates: {{authorities: authority.pem, required: true}}
"""


def public(key: str) -> str:
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key)).public_key().public_bytes_raw().hex()


class Ports(RunningRouter):
    """A router with three listeners: in clear, with TLS, and with TLS for clients with certificates only."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        write_certificate(folder)
        authority = Authority(folder, "authority")
        self.machine, self.other = authority.issue("machine"), authority.issue("other")
        self.stranger = Authority(folder, "stranger").issue("machine-too")
        (folder / "router.key").write_text(ROUTER_KEY)
        self.tls, self.strict = free_port(), free_port()
        text = CONFIG.format(
            ann=public(KEYS["ann"]),
            machine=self.machine.fingerprint,
            port=self.port,
            tls=self.tls,
            strict=self.strict,
        )
        self.config_file.write_text(text)

    def attempt(self, port: int, transport: str = "websocket", version: str = "1.3", **more: Any) -> dict[str, Any]:
        """An attempt of a client: on a port, over TLS unless that is in clear."""
        scheme = {"websocket": "ws", "rawsocket": "rs"}[transport]
        path = "/ws" if transport == "websocket" else ""
        if port == self.port:
            return {"url": f"{scheme}://127.0.0.1:{port}{path}", "transport": transport, **more}
        tls = {"authority": str(self.folder / "cert.pem"), "max": version}
        certificate: Client | None = more.pop("certificate", None)
        if certificate is not None:
            tls["certificate"] = str(certificate.file)
        return {"url": f"{scheme}s://localhost:{port}{path}", "transport": transport, "tls": tls, **more}


@pytest.fixture(scope="module")
def router(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    running = Ports(tmp_path_factory.mktemp("keys"))
    running.start()
    yield running
    running.close()


def attempts(router: Ports) -> dict[str, dict[str, Any]]:
    """All that autobahn-python tries, by the name under which tests ask for the outcome."""

    def sign(*of: Any, name: str = "ann", binding: str | None = None, **more: Any) -> dict[str, Any]:
        extra = {} if binding is None else {"authextra": {"channel_binding": binding}}
        return router.attempt(*of, method="cryptosign", key=KEYS[name], **extra, **more)

    def show(*of: Any, certificate: Client | None = None) -> dict[str, Any]:
        return router.attempt(*of, method="tls", certificate=certificate)

    both = ("websocket", "rawsocket")
    return (
        {f"key, {kind}": sign(router.port, kind) for kind in both}
        | {f"key and name, {kind}": sign(router.port, kind, authid="ann") for kind in both}
        | {f"bound key, {kind}": sign(router.tls, kind, "1.2", binding="tls-unique") for kind in both}
        | {f"bound key, TLS 1.3, {kind}": sign(router.tls, kind, "1.3", binding="tls-unique") for kind in both}
        | {"key of nobody": sign(router.port, name="zoe"), "another's name": sign(router.port, authid="machine")}
        | {
            f"certificate, {which}, {kind}, {version}": show(port, kind, version, certificate=router.machine)
            for which, port in (("asked for", router.tls), ("required", router.strict))
            for kind in both
            for version in ("1.2", "1.3")
        }
        | {f"certificate of nobody, {kind}": show(router.tls, kind, certificate=router.other) for kind in both}
        | {"forged certificate": show(router.tls, certificate=router.stranger)}
        | {"no certificate": show(router.tls), "no certificate where one is required": show(router.strict)}
    )


@pytest.fixture(scope="module")
def outcomes(router: Ports) -> dict[str, dict[str, Any]]:
    """What became of the attempts of autobahn-python."""
    wanted = attempts(router)
    command = [sys.executable, str(SCRIPTS / "keys_python.py"), json.dumps(list(wanted.values()))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert len(lines) == len(wanted), done.stderr
    return dict(zip(wanted, lines, strict=True))


# --- autobahn-python ---


@pytest.mark.parametrize("kind", ["websocket", "rawsocket"])
@pytest.mark.parametrize("how", ["key", "key and name", "bound key"])
def test_autobahn_python_joins_with_its_key(outcomes: dict[str, Any], how: str, kind: str) -> None:
    """E11, E12"""
    assert outcomes[f"{how}, {kind}"] == {"authid": "ann", "authmethod": "cryptosign", "authrole": "user"}


@pytest.mark.parametrize("how", ["key of nobody", "another's name"])
def test_autobahn_python_is_refused_without_the_right_key(outcomes: dict[str, Any], how: str) -> None:
    """E11, E20"""
    assert outcomes[how] == {"refused": "wamp.error.authentication_denied"}


@pytest.mark.parametrize("kind", ["websocket", "rawsocket"])
def test_a_client_that_binds_by_tls_unique_on_tls_13_is_refused(outcomes: dict[str, Any], kind: str) -> None:
    """E12: CHALLENGE says that there is no binding, and autobahn does not look"""
    assert outcomes[f"bound key, TLS 1.3, {kind}"] == {"refused": "wamp.error.authentication_denied"}


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("kind", ["websocket", "rawsocket"])
@pytest.mark.parametrize("which", ["asked for", "required"])
def test_a_client_joins_with_its_certificate(outcomes: dict[str, Any], which: str, kind: str, version: str) -> None:
    """E17, J1"""
    outcome = outcomes[f"certificate, {which}, {kind}, {version}"]
    assert outcome == {"authid": "machine", "authmethod": "tls", "authrole": "user"}


@pytest.mark.parametrize(
    "how", ["certificate of nobody, websocket", "certificate of nobody, rawsocket", "no certificate"]
)
def test_a_certificate_that_is_nobodys_and_none_at_all_are_refused(outcomes: dict[str, Any], how: str) -> None:
    """E17, E20"""
    assert outcomes[how] == {"refused": "wamp.error.authentication_denied"}


@pytest.mark.parametrize("how", ["forged certificate", "no certificate where one is required"])
def test_tls_itself_turns_away_who_has_no_good_certificate(outcomes: dict[str, Any], how: str) -> None:
    """E17, J1"""
    assert list(outcomes[how]) == ["failed"]


# --- autobahn.js ---


def test_autobahn_js_joins_with_its_key(router: Ports, node_modules: Path) -> None:
    """E11"""
    tries = [{"key": KEYS["ann"]}, {"key": KEYS["ann"], "authid": "ann"}, {"key": KEYS["zoe"], "authid": "ann"}]
    command = [str(NODE), str(SCRIPTS / "keys_node.cjs"), json.dumps([{"url": router.ws_url, **one} for one in tries])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN, env={"NODE_PATH": str(node_modules)})
    joined = {"authid": "ann", "authmethod": "cryptosign", "authrole": "user"}
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert lines == [joined, joined, {"refused": "wamp.error.authentication_denied"}], done.stderr


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
def wire(router: Ports) -> Iterator[Callable[[], Wire]]:
    made: list[Wire] = []

    def connect() -> Wire:
        made.append(Wire(router.tls))
        return made[-1]

    yield connect
    for one in made:
        one.connection.close()


def challenged(wire: Wire) -> dict[str, Any]:
    """Say HELLO with a channel binding and a challenge for the router; returns CHALLENGE.Extra."""
    extra = {"pubkey": public(KEYS["ann"]), "channel_binding": "tls-exporter", "challenge": "44" * 32}
    wire.sends(1, "realm1", {"roles": {"caller": {}}, "authmethods": ["cryptosign"], "authextra": extra})
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
