"""A router with TLS as its clients meet it: which certificate they see, and what becomes of those that misbehave."""

import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPSConnection
from pathlib import Path
from time import monotonic

import pytest

from tests.router.secure import Backend, SecureRouter, shown


@pytest.fixture(scope="module")
def router(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureRouter]:
    running = SecureRouter(tmp_path_factory.mktemp("secure"))
    running.start()
    yield running
    running.close()
    assert "Traceback" not in running.log


def test_openssl_is_shown_the_certificate_of_the_name_that_it_asks_for(router: SecureRouter) -> None:
    """B19"""
    said = {}
    for name in ("localhost", "www.shop.example.com", "nobody.example.org"):
        command = ["openssl", "s_client", "-connect", f"127.0.0.1:{router.port}", "-servername", name, "-brief"]
        said[name] = subprocess.run(command, input="", capture_output=True, text=True, timeout=10, check=False).stderr
        assert "Protocol version: TLSv1.3" in said[name]
    assert shown(router.port) == shown(router.port, "nobody.example.org") == ["localhost"]
    assert shown(router.port, "www.shop.example.com") == ["*.shop.example.com"]


def test_autobahn_joins_over_wss_and_rss_and_trusts_the_certificate_of_the_command(router: SecureRouter) -> None:
    """B19, J1"""
    script = str(Path(__file__).with_name("joining_over_tls.py"))
    urls = [f"wss://localhost:{router.port}/ws", f"rss://localhost:{router.port}"]
    command = [sys.executable, script, "joe", "bob", *urls]
    trusting = os.environ | {"SSL_CERT_FILE": str(router.trust)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, env=trusting, check=False)
    assert sorted(done.stdout.splitlines()) == [
        f"{transport} joined joe user" for transport in ("rawsocket", "websocket")
    ], done.stderr


def test_answers_over_tls_tell_browsers_to_come_by_https_only(router: SecureRouter) -> None:
    context = ssl.create_default_context(cafile=router.trust)
    for target, status in (("/", 200), ("/none", 404), ("/ws", 426)):
        connection = HTTPSConnection("localhost", router.port, timeout=5, context=context)
        connection.request("GET", target)
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("Strict-Transport-Security")) == (status, "max-age=86400")
        connection.close()


# --- abuse --------------------------------------------------------------------------------------------------------


def test_plain_http_on_the_port_of_tls_is_told_so_in_clear(router: SecureRouter) -> None:
    """J1"""
    with socket.create_connection(("127.0.0.1", router.port), 5) as peer:
        peer.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = b"".join(iter(lambda: peer.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert answer.endswith(b"\r\n\r\nthis port speaks TLS: connect by https, wss or RawSocket over TLS\n")


def client_hello() -> bytes:
    """A good one, as Python's `ssl` sends it."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
    return outgoing.read()


@pytest.mark.parametrize(
    "octets",
    [
        b"\x7f\xf1\0\0",  # RawSocket in clear
        b"\0" * 100,
        b"\x80\x2e\x01\0\x02\0\x15\0\0\0\x10",  # SSL 2
        b"\x15\x03\x01\0\x02\x02\x28",  # an alert
        b"\x16\x03\x01\xff\xff" + b"\0" * 100,  # a record that is too long
        b"\x16\x03\x01\0\x04\x01\xff\xff\xff",  # a ClientHello that is too long
        b"\x16\x03\x01\0\x05\x02\0\0\x01\0",  # a ServerHello
    ],
)
def test_what_is_no_client_hello_ends_at_once_and_others_notice_nothing(router: SecureRouter, octets: bytes) -> None:
    """J1"""
    backend = Backend(router)
    with socket.create_connection(("127.0.0.1", router.port), 5) as peer:
        peer.sendall(octets)
        try:
            answer = peer.recv(100)
        except ConnectionResetError:
            answer = b""
    assert answer == b"" or (answer[0] == 0x15 and len(answer) == 7)  # nothing, or an alert
    assert backend.is_served()


def test_half_handshakes_end_by_the_deadline(router: SecureRouter) -> None:
    """J1"""
    hello = client_hello()
    begun = monotonic()
    halves = [b"", b"\x16", hello[:60], hello]
    peers = [socket.create_connection(("127.0.0.1", router.port), 10) for _ in halves]
    for peer, half in zip(peers, halves, strict=True):
        peer.sendall(half)
    for peer in peers:
        try:
            while peer.recv(4096):
                pass
        except ConnectionResetError:
            pass
        peer.close()
    assert 1 < monotonic() - begun < 5


def test_a_client_hello_may_come_octet_by_octet(router: SecureRouter) -> None:
    context = ssl.create_default_context(cafile=router.trust)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    connection = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with socket.create_connection(("127.0.0.1", router.port), 5) as peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            try:
                connection.do_handshake()
                break
            except ssl.SSLWantReadError:
                for octet in outgoing.read():
                    peer.send(bytes((octet,)))
                incoming.write(peer.recv(65536))
        connection.write(b"\x7f\xf1\0\0")
        peer.sendall(outgoing.read())
        answer = b""
        while not answer:
            incoming.write(peer.recv(65536))
            try:
                answer = connection.read(4)
            except ssl.SSLWantReadError:
                continue
    assert answer[0] == 0x7F


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_old_versions_are_refused_by_an_alert(router: SecureRouter, version: str) -> None:
    """J1"""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{router.port}", version, "-cipher", "ALL:@SECLEVEL=0"]
    said = subprocess.run(command, input="", capture_output=True, text=True, timeout=10, check=False)
    assert "alert protocol version" in said.stderr


def test_nobody_renegotiates(router: SecureRouter) -> None:
    """J1"""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{router.port}", "-tls1_2"]
    said = subprocess.run(command, input="R\n", capture_output=True, text=True, timeout=10, check=False)
    assert "RENEGOTIATING" in said.stdout + said.stderr
    assert "no renegotiation" in said.stderr
