"""A router that has as many connections as it can take: it says so before the upgrade, and goes on."""

import json
import resource
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.interop.conftest import NODE
from tests.interop.conftest import node_modules as node_modules
from tests.peers import Peer
from tests.router.transports.fakes import request
from tests.routers import OPEN_TO_ALL, RunningRouter

SEATS = 4

CLIENT = """
const autobahn = require('autobahn');
console.warn = () => {};
const say = (...values) => console.log(JSON.stringify(values));
const connection = new autobahn.Connection({
  url: process.argv[2], realm: 'realm1', initial_retry_delay: 0.2, retry_delay_jitter: 0.01,
});
connection.onopen = (session) => { say('joined'); process.exit(0); };
connection.onclose = (reason, details) => { say(reason, details.retry_delay, details.will_retry); };
connection.open();
"""


class FullHouse(RunningRouter):
    """A router whose listener has few seats."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, OPEN_TO_ALL)
        text = self.config_file.read_text()
        self.config_file.write_text(text.replace("{host:", f"{{max_connections: {SEATS}, host:"))


@pytest.fixture(scope="module")
def full_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullHouse]:
    running = FullHouse(tmp_path_factory.mktemp("full"))
    running.start()
    yield running
    running.close()


@pytest.fixture
def everybody(full_house: FullHouse) -> Iterator[Callable[[], None]]:
    """Takes all seats; gives the function that frees them."""
    with ExitStack() as taken:
        for _ in range(SEATS):
            taken.enter_context(socket.create_connection(("127.0.0.1", full_house.port)))
        yield taken.close


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def test_autobahn_js_backs_off_when_the_router_is_full_and_comes_in_when_there_is_room(
    full_house: FullHouse, everybody: Callable[[], None], node_modules: Path, tmp_path: Path
) -> None:
    """J2"""
    script = tmp_path / "client.cjs"
    script.write_text(CLIENT)
    client = subprocess.Popen(
        [NODE, script, full_house.ws_url], stdout=subprocess.PIPE, text=True, env={"NODE_PATH": str(node_modules)}
    )
    assert client.stdout is not None
    delays = []
    for _ in range(3):
        reason, delay, will_retry = json.loads(client.stdout.readline())
        assert (reason, will_retry) == ("unreachable", True)
        delays.append(delay)
    assert delays[0] < delays[1] < delays[2]  # after ABORT it would not retry, after a close frame not wait longer
    everybody()
    assert client.stdout.readlines()[-1] == '["joined"]\n'
    assert client.wait(10) == 0
    assert "WARN" in full_house.log
    assert "connections: all seats are taken" in full_house.log


def test_a_router_without_descriptors_neither_spins_nor_dies(full_house: FullHouse, peers: Callable[..., Peer]) -> None:
    """J2"""
    inside = peers(full_house.port).join()
    used = len(list(Path(f"/proc/{full_house.pid}/fd").iterdir()))
    before = resource.prlimit(full_house.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(full_house.pid, resource.RLIMIT_NOFILE, (used + 2, before[1]))
    try:
        with ExitStack() as open_ones:
            for _ in range(20):
                open_ones.enter_context(socket.create_connection(("127.0.0.1", full_house.port)))
            spent = cpu_seconds(full_house.pid)
            time.sleep(0.5)
            assert cpu_seconds(full_house.pid) - spent < 0.2
            inside.request(48, {}, "com.example.nothing")
    finally:
        resource.prlimit(full_house.pid, resource.RLIMIT_NOFILE, before)
    deadline = time.monotonic() + 5
    while True:
        try:
            peers(full_house.port).join()
            break
        except Exception:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_page_of_another_site_is_refused_on_a_connection_that_was_used_for_http_before(full_house: FullHouse) -> None:
    """J2"""
    with socket.create_connection(("127.0.0.1", full_house.port), timeout=5) as client:
        answers = client.makefile("rb")
        client.sendall(b"GET /nothing HTTP/1.1\r\nHost: a.example\r\n\r\n")
        assert answers.readline().startswith(b"HTTP/1.1 404 ")
        headers = {}
        while line := answers.readline().strip():
            name, _, value = line.partition(b": ")
            headers[name.lower()] = value
        answers.read(int(headers[b"content-length"]))
        client.sendall(request("Origin: https://evil.example"))
        assert answers.readline().startswith(b"HTTP/1.1 403 ")
