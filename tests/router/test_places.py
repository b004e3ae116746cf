"""A real router that listens in every way there is, with real clients."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect, unix_connect

from tests.routers import OPEN_TO_ALL, READY_WITHIN, RunningRouter, free_port

WAMP: Any = ["wamp.2.json"]
UNIX = OPEN_TO_ALL + "listeners:\n  - {unix: socket, mode: '0600'}\n"

AS_SYSTEMD = """
import os, sys
three, four = (os.dup(int(number)) for number in sys.argv[1:3])
for number, passed in ((3, three), (4, four)):
    os.dup2(passed, number)
    os.set_inheritable(number, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2", LISTEN_FDNAMES="wamp:wamp")
os.execv(sys.executable, [sys.executable, "-m", "router", "start", "--config", sys.argv[3]])
"""


class Everywhere(RunningRouter):
    """Its listeners: a Unix socket, IPv4 and IPv6 on one port, `reuse_port`, and two sockets by inheritance."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.shared = free_port()
        self.passed = [socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))]
        listeners: list[dict[str, Any]] = [
            {"host": "0.0.0.0", "port": self.port},  # noqa: S104 - for as long as the test takes
            {"host": "::", "port": self.port},
            {"unix": "socket", "mode": "0600", "trusted_proxies": ["unix"], "forwarded_header": "forwarded"},
            {"port": self.shared, "reuse_port": True},
            {"systemd": "wamp"},
        ]
        self.config_file.write_text(f"{OPEN_TO_ALL}listeners: {json.dumps(listeners)}\n")

    def start(self) -> "Everywhere":
        """Start it as systemd would: with the sockets as descriptors 3 and 4."""
        three, four = (one.fileno() for one in self.passed)
        command = [sys.executable, "-c", AS_SYSTEMD, str(three), str(four), str(self.config_file)]
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=Path(__file__).parent.parent.parent, pass_fds=(three, four)
            )
        wait_for(lambda: "is ready" in self.log or self.process is None or self.process.poll() is not None)
        assert "is ready" in self.log, self.log
        return self


def wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(scope="module")
def everywhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everywhere]:
    running = Everywhere(tmp_path_factory.mktemp("everywhere")).start()
    yield running
    running.close()
    for one in running.passed:
        one.close()


def start(folder: Path, config: str) -> subprocess.CompletedProcess[str]:
    """Start a router that does not get far; what it says."""
    file = folder / "second.yaml"
    file.write_text(config)
    command = [sys.executable, "-m", "router", "start", "--config", str(file)]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, cwd=Path(__file__).parent.parent.parent)


def transport_of(client: Any) -> dict[str, Any]:
    """What the router knows of a connection, asked over it."""
    with client:
        client.send(json.dumps([1, "realm1", {"roles": {"caller": {}}}]))
        session = json.loads(client.recv(5))[1]
        client.send(json.dumps([48, 1, {}, "wamp.session.get", [session]]))
        transport: dict[str, Any] = json.loads(client.recv(5))[3][0]["transport"]
        return transport


def test_ipv6_is_for_itself_so_both_families_can_have_a_listener_on_one_port(everywhere: Everywhere) -> None:
    """B17"""
    for host, peer in (("127.0.0.1", "127.0.0.1:"), ("[::1]", "[::1]:")):
        told = transport_of(connect(f"ws://{host}:{everywhere.port}/ws", subprotocols=WAMP))
        assert told["peer"].startswith(peer)


def test_a_unix_socket_carries_websocket_and_who_may_use_it_is_up_to_its_mode(everywhere: Everywhere) -> None:
    """B18"""
    file = everywhere.folder / "socket"
    assert file.stat().st_mode & 0o777 == 0o600
    told = transport_of(unix_connect(str(file), "ws://localhost/ws", subprotocols=WAMP))
    assert (told["peer"], told["secure"]) == ("unix", False)
    lie = {"Forwarded": 'for=192.0.2.66, for="192.0.2.7:4711";proto=https', "X-Forwarded-For": "192.0.2.67"}
    told = transport_of(unix_connect(str(file), "ws://localhost/ws", subprotocols=WAMP, additional_headers=lie))
    assert (told["peer"], told["secure"]) == ("192.0.2.7:4711", True)


def test_sockets_that_are_passed_are_listened_on(everywhere: Everywhere) -> None:
    """B17"""
    for one in everywhere.passed:
        port = one.getsockname()[1]
        assert transport_of(connect(f"ws://127.0.0.1:{port}/ws", subprotocols=WAMP))["peer"].startswith("127.0.0.1:")
        assert f"listening on ws://127.0.0.1:{port}/ws" in everywhere.log


def test_a_second_router_may_share_a_port_if_both_say_so(everywhere: Everywhere, tmp_path: Path) -> None:
    with socket.socket() as other, pytest.raises(OSError, match="Address already in use"):
        other.bind(("127.0.0.1", everywhere.shared))
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", everywhere.shared))


def test_a_router_does_not_take_the_socket_of_one_that_runs_and_says_what_is_missing(
    everywhere: Everywhere, tmp_path: Path
) -> None:
    """B18"""
    file = everywhere.folder / "socket"
    second = start(tmp_path, UNIX.replace("socket,", f"{file},"))
    assert second.returncode == 1
    assert f"cannot listen on the Unix socket {file}: Address already in use" in second.stderr
    assert transport_of(unix_connect(str(file), "ws://localhost/ws", subprotocols=WAMP))["peer"] == "unix"
    alone = start(tmp_path, UNIX.replace("- {unix: socket, mode: '0600'}", "- {systemd: wamp}"))
    assert alone.returncode == 1
    assert "systemd passes no socket named wamp" in alone.stderr


def start_whole(router: RunningRouter, times: int = 1) -> None:
    """Start it for the first or second time, and wait for all its listeners: the one with the port comes first."""
    router.start()
    deadline = time.monotonic() + READY_WITHIN
    while router.log.count("is ready") < times:
        assert time.monotonic() < deadline, router.log
        time.sleep(0.02)


def test_the_socket_of_a_router_that_was_killed_is_replaced_and_removed_by_one_that_stops(tmp_path: Path) -> None:
    """B18"""
    router = RunningRouter(tmp_path)
    router.config_file.write_text(
        OPEN_TO_ALL + f"listeners:\n  - {{port: {router.port}}}\n  - {{unix: socket, mode: '0600'}}\n"
    )
    file = tmp_path / "socket"
    start_whole(router)
    router.kill()
    assert file.is_socket()
    start_whole(router, times=2)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(file))
        client.sendall(b"\x7f\xf3\0\0")
        assert client.recv(4) == b"\x7f\xb3\0\0"
    assert router.stop() == 0
    assert not os.path.lexists(file)
    router.close()


LOGIN = """
realms:
  - name: realm1
    authentication: {ticket: true}
    principals: [{authid: ann, role: user, ticket: {file: secret}}]
    roles: [{name: user, permissions: []}]
web: {login: {realm: realm1}}
listeners: [{port: PORT, trusted_proxies: [127.0.0.1]}]
"""


def test_behind_a_proxy_with_tls_cookies_are_secure_and_pages_are_of_the_same_origin_as_the_browser_sees(
    tmp_path: Path,
) -> None:
    """E8, J2"""
    router = RunningRouter(tmp_path)
    router.config_file.write_text(LOGIN.replace("PORT", str(router.port)))
    (tmp_path / "secret").write_text("sesame-sesame")
    router.start()
    page = {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "localhost:8443", "Content-Type": "application/json"}
    for protocol, origin, status in (
        ("https", "https://localhost:8443", 200),
        ("http", "http://localhost:8443", 200),
        ("https", "http://localhost:8443", 403),
        ("https", f"http://127.0.0.1:{router.port}", 403),
    ):
        connection = HTTPConnection("127.0.0.1", router.port, timeout=5)
        fields = {**page, "X-Forwarded-Proto": protocol, "Origin": origin}
        connection.request("POST", "/auth/login", '{"authid": "ann", "password": "sesame-sesame"}', fields)
        answer = connection.getresponse()
        assert answer.status == status, answer.read()
        if status == 200:
            assert ("Secure" in answer.headers["Set-Cookie"].split("; ")) == (protocol == "https")
        connection.close()
    assert "ann has logged in from 127.0.0.1\n" in router.log, "as the proxy says, which names no port"
    router.close()
