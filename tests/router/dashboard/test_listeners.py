"""The listeners as the dashboard tells of them: addresses, protocols, certificates and who was turned away."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet.task import Clock

from router.certificates import Certificates
from router.config.listeners import Compression, Listener, WebSocket
from router.config.tls import ClientCertificates, OtherCertificate, Tls
from router.dashboard.listeners import Listeners
from router.transports.terms import Terms
from tests.certificates import DAY, Authority, write_certificate
from tests.peers import Peer
from tests.routers import RunningRouter, free_port

NOW = datetime.now(UTC)

RULES = """
dashboard: {{path: null}}
realms:
  - name: realm1
    authentication: {{anonymous: {{role: guest}}, ticket: true}}
    roles: [{{name: guest, permissions: [{{uri: wamplex., match: prefix, allow: [call]}}]}}]
listeners:
  - {{host: 127.0.0.1, port: {port}, max_connections: 2}}
  - host: 127.0.0.1
    port: {secure}
    tls: {{certificate: cert.pem, key: key.pem}}
  - {{unix: socket, http: false, longpoll: false, websocket: false, authmethods: [ticket], trusted_proxies: [unix]}}
"""


class Secure(RunningRouter):
    """A router with a certificate, and a plain way in."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        write_certificate(folder, names=["wamplex.example.com"], life=(-300 * DAY, 20 * DAY))
        self.secure = free_port()
        self.config_file.write_text(RULES.format(port=self.port, secure=self.secure))


@pytest.fixture(scope="module")
def router(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    running = Secure(tmp_path_factory.mktemp("listeners"))
    yield running.start()
    running.close()


def listeners(peer: Peer) -> list[dict[str, Any]]:
    peer.call("wamplex.listener.list")
    (answer,) = peer.receive()[3]
    found: list[dict[str, Any]] = answer
    return found


def wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def peer(router: Secure) -> Iterator[Peer]:
    joined = Peer(router.port).join()
    yield joined
    joined.close()


def test_each_says_where_it_is_and_what_it_speaks(router: Secure, peer: Peer) -> None:
    plain, secure, unix = listeners(peer)
    assert plain["address"] == f"127.0.0.1 port {router.port}"
    assert plain["urls"] == [router.url + "/", router.ws_url, router.rs_url]
    assert [(one["protocol"], one["path"]) for one in plain["protocols"]] == [
        ("websocket", "/ws"),
        ("rawsocket", None),
        ("longpoll", "/lp"),
        ("http", "/"),
    ]
    assert (plain["trusted_proxies"], plain["allowed_origins"]) == ([], ["same-origin"])
    assert secure["urls"][1] == f"wss://127.0.0.1:{router.secure}/ws"
    assert unix["address"] == f"the Unix socket {router.folder / 'socket'}"
    assert [one["protocol"] for one in unix["protocols"]] == ["rawsocket"]
    assert (unix["trusted_proxies"], unix["authmethods"]) == (["unix"], ["ticket"])


def test_each_counts_its_connections_and_those_that_it_turned_away(router: Secure, peer: Peer) -> None:
    plain = listeners(peer)[0]
    assert (plain["connections"], plain["wamp_connections"], plain["max_connections"]) == (1, 1, 2)
    before = plain["refused"]["full"]
    with socket.create_connection(("127.0.0.1", router.port)):
        wait_until(lambda: listeners(peer)[0]["connections"] == 2)
        with socket.create_connection(("127.0.0.1", router.port)):
            wait_until(lambda: listeners(peer)[0]["refused"]["full"] == before + 1)
    wait_until(lambda: listeners(peer)[0]["connections"] == 1)


def test_a_certificate_is_told_with_its_names_and_the_days_that_are_left(router: Secure, peer: Peer) -> None:
    plain, secure, _ = listeners(peer)
    assert plain["tls"] is None
    (certificate,) = secure["tls"]["certificates"]
    assert certificate["names"] == ["wamplex.example.com", "127.0.0.1"]
    assert certificate["file"] == str(router.folder / "cert.pem")
    assert (certificate["days"], certificate["state"]) == (19, "soon")
    assert certificate["not_after"].endswith("Z")


def test_a_certificate_that_was_renewed_is_told_after_a_reload(router: Secure, peer: Peer) -> None:
    write_certificate(router.folder, names=["new.example.com"], life=(-DAY, 300 * DAY))
    os.kill(router.pid, signal.SIGHUP)

    def names() -> Any:
        return listeners(peer)[1]["tls"]["certificates"][0]["names"]

    wait_until(lambda: names() == ["new.example.com", "127.0.0.1"])
    assert listeners(peer)[1]["tls"]["certificates"][0]["state"] == "good"


# --- without a router ----------------------------------------------------------------------------------------------


def told(section: Listener, now: datetime = NOW) -> Any:
    certificates = None if section.tls is None else Certificates(section.tls, Clock())
    terms: Any = Terms(accept=lambda _: None, clock=Clock(), flusher=None)  # type: ignore[arg-type, return-value]
    port: Any = SimpleNamespace(section=section, urls=[], certificates=certificates, terms=terms)
    (row,) = Listeners([port], lambda: now).list(None, None).args[0]  # type: ignore[arg-type, index]
    return row


@pytest.mark.parametrize(
    ("life", "days", "state"),
    [
        ((-300, 90.5), 90, "good"),
        ((-300, 30.5), 30, "good"),
        ((-300, 29.5), 29, "soon"),
        ((-300, 7.5), 7, "soon"),
        ((-300, 6.5), 6, "urgent"),
        ((-300, 0.5), 0, "urgent"),
        ((-300, -0.5), -1, "expired"),
        ((1, 300.5), 300, "early"),
        ((-2, 4.5), 4, "good"),  # renewed every few days
        ((-4, 1.5), 1, "soon"),
        ((-5.5, 0.5), 0, "urgent"),
    ],
)
def test_the_nearer_its_end_the_louder_a_certificate_is(
    tmp_path: Path, life: tuple[float, float], days: int, state: str
) -> None:
    write_certificate(tmp_path, life=(life[0] * DAY, life[1] * DAY))
    tls = Tls(certificate=tmp_path / "cert.pem", key=tmp_path / "key.pem")
    (certificate,) = told(Listener(tls=tls), datetime.now(UTC) + timedelta(seconds=1))["tls"]["certificates"]
    assert (certificate["days"], certificate["state"]) == (days, state)


def test_every_certificate_is_told_and_what_is_asked_of_clients(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    write_certificate(tmp_path)
    write_certificate(other, names=["*.shop.example.com"])
    authority = Authority(tmp_path, "clients")
    row = told(
        Listener(
            tls=Tls(
                certificate=tmp_path / "cert.pem",
                key=tmp_path / "key.pem",
                others=(OtherCertificate(certificate=other / "cert.pem", key=other / "key.pem"),),
                hsts=60,
                client_certificates=ClientCertificates(authorities=authority.file, required=True),
            )
        )
    )["tls"]
    assert [one["names"] for one in row["certificates"]][1] == ["*.shop.example.com", "127.0.0.1"]
    assert (row["minimum_version"], row["hsts"]) == ("1.2", 60)
    assert row["clients"] == {"authorities": str(authority.file), "required": True}


def test_what_is_special_about_a_protocol_is_said() -> None:
    row = told(Listener(websocket=WebSocket(batched=False, compression=Compression())))
    assert row["protocols"][0]["options"] == ["permessage-deflate, level 3"]
    assert row["authmethods"] is None
    assert told(Listener(authmethods=frozenset({"ticket", "jwt"})))["authmethods"] == ["jwt", "ticket"]
