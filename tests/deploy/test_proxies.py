"""Wamplex behind real proxies, with the very files of `deploy/`: nginx, HAProxy, Apache and Varnish, all at once."""

import json
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.certificates import write_certificate
from tests.deploy.proxies import (
    IDLE,
    Proxy,
    find,
    start_apache,
    start_haproxy,
    start_nginx,
    start_varnish,
    started,
)
from tests.peers import Peer
from tests.routers import OPEN_TO_ALL, RunningRouter, free_port

CLIENT = "127.0.0.7"
"""Where the client connects from: all of 127.0.0.0/8 is this machine, and the proxies are at 127.0.0.1."""

WITHIN = 15.0
"""Seconds in which everybody is back after a restart; it takes about two."""

SETTINGS = """
limits: {ping_interval: 0.8, ping_timeout: 0.8}
"""

SECURE = ("nginx", "haproxy", "apache")
WEBSOCKET = (*SECURE, "varnish")
WAMP: Any = ["wamp.2.json"]
ALL = (*WEBSOCKET, "haproxy-rawsocket")


class House:
    """The router, the proxies in front of it, and the client that stays connected through all of them."""

    def __init__(self, folder: Path) -> None:
        write_certificate(folder)
        (folder / "both.pem").write_bytes((folder / "cert.pem").read_bytes() + (folder / "key.pem").read_bytes())
        self.folder = folder
        self.ports = {name: free_port() for name in (*ALL, "nginx-plain", "haproxy-plain", "varnish-secure", "raw")}
        self.router = RunningRouter(folder, OPEN_TO_ALL + SETTINGS)
        listeners = [
            {"host": "127.0.0.1", "port": self.router.port, "trusted_proxies": ["127.0.0.1"]},
            {"host": "127.0.0.1", "port": self.ports["raw"], "websocket": False, "http": False, "proxy_protocol": True,
             "trusted_proxies": ["127.0.0.1"]},
        ]  # fmt: skip
        self.router.config_file.write_text(f"{OPEN_TO_ALL}{SETTINGS}listeners: {json.dumps(listeners)}\n")
        self.router.start()
        self.proxies: list[Proxy] = []
        self.client: subprocess.Popen[str] | None = None
        self.lines: Queue[dict[str, Any]] = Queue()

    def open(self) -> "House":
        """Start the proxies, then the client."""
        folder, ports, router = self.folder, self.ports, self.router.port
        self.proxies = started(
            partial(start_varnish, folder, ports["varnish"], router, ports["varnish-secure"]),
            partial(start_apache, folder, ports["apache"], router),
            partial(start_nginx, folder, ports["nginx"], router, ports["nginx-plain"]),
            partial(
                start_haproxy, folder, ports["haproxy"], router, ports["haproxy-plain"],
                ports["haproxy-rawsocket"], ports["raw"],
            ),
        )  # fmt: skip
        ways = [{"name": name, "port": ports[name], "tls": name in SECURE, "url": self.url(name)} for name in WEBSOCKET]
        ways.append({"name": ALL[-1], "port": ports[ALL[-1]], "tls": True, "url": f"rs://localhost:{ports[ALL[-1]]}"})
        settings = {"certificate": str(folder / "cert.pem"), "from": CLIENT, "ways": ways}
        command = [sys.executable, str(Path(__file__).parent / "client.py"), json.dumps(settings)]
        with (folder / "client.log").open("wb") as log:
            self.client = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        Thread(target=self._read, args=(self.client,), daemon=True).start()
        return self

    def joined(self) -> dict[str, dict[str, Any]]:
        """What the client says when it has joined by all ways, since it was last asked."""
        told: dict[str, dict[str, Any]] = {}
        deadline = time.monotonic() + WITHIN
        while set(told) != set(ALL):
            try:
                line = self.lines.get(timeout=max(0.01, deadline - time.monotonic()))
            except Empty:
                raise AssertionError(f"only {sorted(told)} joined:\n{self._logs()}") from None
            told[line["name"]] = line
        return told

    def alive(self) -> set[str]:
        """The ways by which the client answers calls."""
        answering = set()
        peer = Peer(self.router.port).join()
        for name in ALL:
            peer.call(f"alive.{name}")
            if peer.receive()[0] == 50:
                answering.add(name)
        peer.close()
        return answering

    def get(self, name: str, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """GET through a proxy: the status, header fields and body.

        A proxy says 503 until its next check sees the router that was restarted; then it is asked again.
        """
        deadline = time.monotonic() + WITHIN
        while (found := self._get(name, path, headers))[0] == HTTPStatus.SERVICE_UNAVAILABLE:
            assert time.monotonic() < deadline, f"{name} does not see the router"
            time.sleep(0.2)
        return found

    def _get(self, name: str, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        port = self.ports[name]
        trusting = self.trusting(name)
        if trusting is not None:
            connection: HTTPConnection = HTTPSConnection("localhost", port, timeout=5, context=trusting)
        else:
            connection = HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read() if answer.status != HTTPStatus.SWITCHING_PROTOCOLS else b""
        found = answer.status, {key.lower(): value for key, value in answer.getheaders()}, body
        connection.close()
        return found

    def close(self) -> None:
        """End everything."""
        if self.client is not None:
            self.client.kill()
            self.client.wait()
        for proxy in self.proxies:
            proxy.close()
        self.router.close()

    def trusting(self, name: str) -> ssl.SSLContext | None:
        """What a client of a proxy with TLS needs."""
        return ssl.create_default_context(cafile=str(self.folder / "cert.pem")) if name in SECURE else None

    def url(self, name: str) -> str:
        """Of the WebSocket."""
        return f"{'wss' if name in SECURE else 'ws'}://localhost:{self.ports[name]}/ws"

    def _read(self, client: "subprocess.Popen[str]") -> None:
        for line in client.stdout or ():
            self.lines.put(json.loads(line))

    def _logs(self) -> str:
        return "\n".join(f"--- {log.name}\n{log.read_text()[-2000:]}" for log in sorted(self.folder.glob("*.log")))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    for program, package in (("nginx", "nginx"), ("haproxy", "haproxy"), ("apache2", "apache2"),
                             ("varnishd", "varnish")):  # fmt: skip
        find(program, package)
    folder = tmp_path_factory.mktemp("proxies")
    folder.chmod(0o755)
    house = House(folder)
    try:
        yield house.open()
    finally:
        house.close()


def test_clients_behind_proxies_are_who_they_are_stay_when_idle_and_come_back_after_a_restart(house: House) -> None:
    """B1, B10, B17"""
    for name, told in house.joined().items():
        assert told["echoed"], name
        assert told["transport"]["peer"].partition(":")[0] == CLIENT, name
        assert told["transport"]["secure"] is (name != "varnish"), name
        assert told["transport"]["protocol"] == ("rawsocket" if "rawsocket" in name else "websocket"), name
    time.sleep(IDLE * 1.6)  # the one thing to wait for: that nothing happens
    assert house.alive() == set(ALL)
    assert house.lines.empty(), "somebody was disconnected"

    house.router.restart()
    for name, told in house.joined().items():
        assert told["transport"]["peer"].partition(":")[0] == CLIENT, name
    assert house.alive() == set(ALL)


@pytest.mark.parametrize("name", WEBSOCKET)
def test_files_come_through_a_proxy(house: House, name: str) -> None:
    status, headers, body = house.get(name, "/")
    assert (status, headers["content-type"].partition(";")[0]) == (200, "text/html")
    assert b"Wamplex" in body
    assert house.get(name, "/nothing")[0] == 404


@pytest.mark.parametrize("name", ["nginx", "haproxy"])
def test_plain_http_is_sent_on_to_https(house: House, name: str) -> None:
    status, headers, _ = house.get(f"{name}-plain", "/page")
    assert status in (301, 302)
    assert headers["location"].startswith("https://")


@pytest.mark.parametrize("name", WEBSOCKET)
def test_pages_of_the_same_origin_may_connect_through_a_proxy_and_others_may_not(house: House, name: str) -> None:
    """J2"""
    scheme, host = ("https", "localhost") if name in SECURE else ("http", "127.0.0.1")
    for origin, status in ((f"{scheme}://{host}:{house.ports[name]}", 101), ("https://evil.example", 403)):
        upgrade = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
            "Sec-WebSocket-Protocol": "wamp.2.json",
            "Origin": origin,
        }
        assert house.get(name, "/ws", **upgrade)[0] == status


@pytest.mark.parametrize("name", WEBSOCKET)
def test_what_a_client_says_of_itself_counts_for_nothing_behind_a_proxy(house: House, name: str) -> None:
    """J2"""
    lies = {
        "X-Forwarded-For": "192.0.2.66",
        "Forwarded": "for=192.0.2.66;proto=https",
        "X-Forwarded-Proto": "gopher",
        "X-Forwarded-Host": "evil.example",
    }
    link = socket.create_connection(("127.0.0.1", house.ports[name]), 5, (CLIENT, 0))
    asked: dict[str, Any] = {"additional_headers": lies, "ssl": house.trusting(name), "subprotocols": WAMP}
    with connect(house.url(name), sock=link, **asked) as client:
        client.send(json.dumps([1, "realm1", {"roles": {"caller": {}}}]))
        session = json.loads(client.recv(5))[1]
        client.send(json.dumps([48, 1, {}, "wamp.session.get", [session]]))
        transport = json.loads(client.recv(5))[3][0]["transport"]
    assert transport["peer"].partition(":")[0] == CLIENT
    assert transport["secure"] is (name in SECURE)
