"""HTTP connections: how requests arrive, how answers leave, how it all ends. Over real sockets."""

import hashlib
import os
import socket
import ssl
import time
from contextlib import suppress
from http.client import HTTPSConnection

import pytest

from tests.certificates import write_certificate

BIG = 50 * 1024 * 1024
UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: wamp.2.json\r\nSec-WebSocket-Protocol: wamp.2.cbor\r\n\r\n"
)


def get(path: str = "/note.txt", *headers: str) -> bytes:
    return "\r\n".join((f"GET {path} HTTP/1.1", "Host: x", *headers, "", "")).encode()


def test_a_request_may_arrive_one_octet_at_a_time(listener):
    with listener.connect() as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in get():
            client.sendall(bytes((octet,)))
        head, body = listener.read_answer(client)
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert body == b"0123456789"


def test_two_requests_in_one_read_are_answered_in_order(listener):
    with listener.connect() as client:
        client.sendall(get("/app.js") + get("/note.txt"))
        assert listener.read_answer(client)[1] == b"export const one = 1;"
        assert listener.read_answer(client)[1] == b"0123456789"


def test_a_thousand_requests_in_one_go_are_all_answered(listener):
    received = listener.exchange(get() * 999 + get("/note.txt", "Connection: close"))
    assert received.count(b"HTTP/1.1 200 OK\r\n") == received.count(b"0123456789") == 1000


def test_a_request_behind_a_slow_answer_waits_for_it(listener):
    received = listener.exchange(get("/deep/down/later") + get("/note.txt", "Connection: close"))
    assert received.index(b"later") < received.index(b"0123456789")


def test_a_connection_is_kept_and_closed_when_the_client_wants(listener):
    with listener.connect() as client:
        for _ in range(3):
            client.sendall(get())
            assert listener.read_answer(client)[1] == b"0123456789"
        client.sendall(get("/note.txt", "Connection: close"))
        assert b"connection: close" in listener.read_answer(client)[0].lower()
        assert client.recv(1) == b""


def test_http_1_0_is_answered_and_closed(listener):
    assert listener.exchange(b"GET /note.txt HTTP/1.0\r\n\r\n").endswith(b"\r\n\r\n0123456789")


def test_a_request_may_name_the_host_in_its_path(listener):
    received = listener.exchange(get("http://example.com/note.txt", "Connection: close"))
    assert received.endswith(b"0123456789")


@pytest.mark.parametrize("path", ["/note.txt", "/deep/down/later", "/big.txt"])
def test_a_client_that_sends_no_more_still_gets_its_answers(listener, path):
    with listener.connect() as client:
        client.sendall(get(path) + get("/app.js"))
        client.shutdown(socket.SHUT_WR)
        received = listener.read_all(client)
    assert received.endswith(b"export const one = 1;")
    assert path != "/big.txt" or len(received) > BIG


def test_a_client_that_stops_amid_a_request_is_closed_at_once(listener):
    with listener.connect() as client:
        client.sendall(b"GET / HT")
        client.shutdown(socket.SHUT_WR)
        assert listener.read_all(client) == b""


HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (b"GET\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (b"GET nowhere HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /\xc3\xa4 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nBad Name: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        # who is meant
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x/y\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400),
        # where the body ends
        (HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (HEAD + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na", 400),
        (HEAD + b"Content-Length: 1, 1\r\n\r\na", 400),
        (HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n", 400),
        (HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", 400),
        (HEAD + b"Transfer-Encoding: identity\r\n\r\n", 400),
        (HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
        (HEAD + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", 400),
        (HEAD.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (HEAD + b"Content-Length: -1\r\n\r\n", 400),
        (HEAD + b"Content-Length: +1\r\n\r\na", 400),
        (HEAD + b"Content-Length: 0x1\r\n\r\na", 400),
        (CHUNKED + b"nonsense\r\n\r\n", 400),
        (CHUNKED + b"0x1\r\na\r\n0\r\n\r\n", 400),
        (CHUNKED + b"-1\r\n\r\n", 400),
        (CHUNKED + b"1\na\r\n0\r\n\r\n", 400),
        (CHUNKED + b"1;a=b\nX\r\na\r\n0\r\n\r\n", 400),
        (CHUNKED + b"1\r\nab\r\n0\r\n\r\n", 400),
        # where a line ends
        (b"GET / HTTP/1.1\nHost: x\n\n", 400),
        (HEAD + b"X: y\n\r\n", 400),
        (HEAD + b"X: y\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (HEAD + b"X: y\r\n folded\r\n\r\n", 400),
        (HEAD + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 400),
        (HEAD + b"X: y\rZ: z\r\n\r\n", 400),
        (HEAD + b"X: a\0b\r\n\r\n", 400),
        # too much
        (b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"a" * 20000, 414),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 600 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 20000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + (b"X: " + b"y" * 4000 + b"\r\n") * 5 + b"\r\n", 431),
    ],
)
def test_a_malformed_request_gets_one_refusal_and_the_end(listener, octets, status):
    received = listener.exchange(octets + get())
    assert received.startswith(b"HTTP/1.1 %d " % status)
    assert received.count(b"HTTP/1.1") == 1
    assert b"X-Content-Type-Options: nosniff\r\n" in received


@pytest.mark.parametrize(
    "body", [b"1;a=b\r\nx\r\n0\r\n\r\n", b"1\r\nx\r\n0\r\nX: y\r\n\r\n", b"0001\r\nx\r\n0\r\n\r\n"]
)
def test_extensions_and_trailers_of_chunks_are_read_and_ignored(listener, body):
    received = listener.exchange(CHUNKED + body + get("/note.txt", "Connection: close"))
    assert received.startswith(b"HTTP/1.1 405 ")
    assert received.endswith(b"0123456789")


def test_a_small_body_is_read_and_ignored(listener):
    with listener.connect() as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n" + b"x" * 65536 + get())
        assert listener.read_answer(client)[0].startswith(b"HTTP/1.1 405 ")
        assert listener.read_answer(client)[1] == b"0123456789"


@pytest.mark.parametrize(
    "octets",
    [
        b"Content-Length: 1000000\r\n\r\n" + b"x" * 1000000,
        b"Content-Length: 1000000\r\nExpect: 100-continue\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n" + b"1000\r\n" + b"x" * 4096 + b"\r\n" + b"10000\r\n" + b"x" * 65536,
    ],
)
def test_a_big_body_is_refused_with_413_that_the_client_gets_to_see(listener, octets):
    received = listener.exchange(b"POST / HTTP/1.1\r\nHost: x\r\n" + octets)
    assert received.startswith(b"HTTP/1.1 413 ")
    assert received.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("path", ["/", "/missing", "/ws", "/faulty"])
def test_every_answer_carries_the_security_headers(listener, path):
    response, _ = listener.ask(path)
    assert response.headers["Server"] == "Wamplex"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in response.headers["Permissions-Policy"]
    policy = response.headers["Content-Security-Policy"].split("; ")
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "connect-src 'self' ws: wss:" in policy


def test_our_mistakes_are_logged_whole_and_hidden_from_the_client(listener):
    response, body = listener.ask("/faulty")
    assert response.status == 500
    assert body == b"Something went wrong here. It is in the router's log.\n"
    assert "KeyError: 'a secret of ours'" in listener.log()
    assert "Traceback" in listener.log()


# --- WebSocket on a kept-alive connection -------------------------------------------------------------------------


def test_a_plain_get_of_the_websocket_path_is_told_to_upgrade(listener):
    response, body = listener.ask("/ws")
    assert (response.status, response.reason) == (426, "Upgrade Required")
    assert (response.getheader("Upgrade"), response.getheader("Connection")) == ("websocket", "Upgrade")
    assert b"WAMP client" in body


@pytest.mark.parametrize("before", [b"", get(), get() + get("/app.js"), get("/deep/down/later"), get("/big.txt")])
@pytest.mark.parametrize("early", [b"", b"early" * 2000])
def test_an_upgrade_on_a_kept_alive_connection_leaves_http(listener, before, early):
    with listener.connect() as client:
        client.sendall(before + UPGRADE + early)
        for _ in range(before.count(b"GET ")):
            if b"/later" in before:
                while not client.recv(1, socket.MSG_PEEK) or b"0\r\n\r\n" not in received_until(client, b"0\r\n\r\n"):
                    pass
            else:
                listener.read_answer(client)
        head = received_until(client, b"\r\n\r\n")
        assert head.startswith(b"UPGRADED GET /ws HTTP/1.1\r\n")
        assert head.lower().count(b"\r\nsec-websocket-protocol: wamp.2.") == 2
        assert b"\r\nsec-websocket-key: dghlihnhbxbszsbub25jzq==\r\n" in head.lower()
        received = b""
        while len(received) < len(early):
            received += client.recv(65536)
        assert received == early
        client.sendall(get())
        assert received_until(client, b"\r\n\r\n") == get()


@pytest.mark.parametrize(
    "octets",
    [
        UPGRADE.replace(b"Upgrade: WebSocket", b"Upgrade: h2c"),
        UPGRADE.replace(b", Upgrade", b""),
        UPGRADE.replace(b"HTTP/1.1", b"HTTP/1.0"),
        UPGRADE.replace(b"\r\n\r\n", b"\r\nContent-Length: 4\r\n\r\nbody"),
    ],
)
def test_what_is_no_proper_upgrade_stays_http(listener, octets):
    with listener.connect() as client:
        client.sendall(octets)
        assert listener.read_answer(client)[0].split(b" ", 1)[1].startswith(b"426 ")


def test_an_upgrade_elsewhere_is_answered_as_a_page(listener):
    with listener.connect() as client:
        client.sendall(UPGRADE.replace(b"/ws", b"/note.txt"))
        assert listener.read_answer(client)[1] == b"0123456789"


def received_until(client: socket.socket, end: bytes) -> bytes:
    received = b""
    while not received.endswith(end):
        octet = client.recv(1)
        assert octet, received
        received += octet
    return received


# --- clients that do not read -------------------------------------------------------------------------------------


def test_a_big_file_arrives_whole(listener, pages):
    body = listener.ask("/big.txt")[1]
    assert len(body) == BIG
    assert hashlib.sha256(body).digest() == hashlib.sha256((pages / "big.txt").read_bytes()).digest()


@pytest.mark.parametrize("requests", [get("/big.txt"), get("/big.txt") * 100, get("/app.js") * 200000])
def test_a_client_that_does_not_read_costs_no_memory_and_nobody_else_waits(start, pages, requests):
    listener = start(directory=str(pages))
    listener.ask("/note.txt")
    before = listener.resident()
    clients = [listener.connect(receive_buffer=4096) for _ in range(5)]
    for client in clients:
        client.settimeout(0.5)
        try:
            client.sendall(requests)
        except TimeoutError:
            assert len(requests) > 1000000  # it does not read what we ask, either
    for _ in range(20):
        began = time.monotonic()
        assert listener.ask("/note.txt")[1] == b"0123456789"
        assert time.monotonic() - began < 10  # those that do not read would be waited for much longer
    assert listener.resident() - before < 32 * 1024 * 1024
    for client in clients:
        client.close()
    assert listener.ask("/note.txt")[1] == b"0123456789"


def test_a_client_that_reads_slowly_gets_everything(listener):
    with listener.connect(receive_buffer=4096) as client:
        client.sendall(get("/big.txt", "Range: bytes=0-3000000") + get("/note.txt", "Connection: close"))
        received = b""
        while data := client.recv(1000):
            received += data
    assert received.endswith(b"0123456789")
    assert len(received) > 3000000


def test_a_client_that_stalls_for_good_is_dropped(start, pages):
    listener = start(directory=str(pages), timeout=0.5)
    with listener.connect(receive_buffer=4096) as client:
        client.sendall(get("/big.txt"))
        assert wait_until(lambda: not open_files(listener, "big.txt"), after=lambda: open_files(listener, "big.txt"))
        with suppress(ConnectionResetError):
            assert len(listener.read_all(client)) < BIG


def test_an_idle_connection_and_a_request_in_drops_are_ended(start, pages):
    listener = start(directory=str(pages), timeout=0.5)
    with listener.connect() as idle, listener.connect() as dripping:
        idle.sendall(get())
        listener.read_answer(idle)
        dripping.settimeout(0.1)
        for octet in get() * 10:
            dripping.sendall(bytes((octet,)))
            try:
                assert dripping.recv(1) == b""
                break
            except TimeoutError:
                pass
        else:
            pytest.fail("it was never ended")
        assert idle.recv(1) == b""


def open_files(listener, name: str) -> bool:
    """Whether the listener has the file open."""
    directory = f"/proc/{listener.process.pid}/fd"
    links = []
    for fd in os.listdir(directory):
        try:
            links.append(os.readlink(f"{directory}/{fd}"))
        except OSError:
            continue
    return any(link.endswith(name) for link in links)


def wait_until(condition, after) -> bool:
    """Whether `condition` comes true within 10 s, `after` having been true first."""
    end = time.monotonic() + 10
    while not after() and time.monotonic() < end:
        time.sleep(0.01)
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def test_a_client_that_goes_away_amid_a_download_leaves_no_file_open(start, pages):
    listener = start(directory=str(pages))
    with listener.connect(receive_buffer=4096) as client:
        client.sendall(get("/big.txt"))
        client.recv(1000)
        assert open_files(listener, "big.txt")
    assert wait_until(lambda: not open_files(listener, "big.txt"), after=lambda: True)
    assert "Traceback" not in listener.log()


# --- TLS and Unix sockets -----------------------------------------------------------------------------------------


@pytest.fixture
def secure(start, pages, tmp_path):
    """A listener with TLS, and a context that trusts it."""
    write_certificate(tmp_path)
    listener = start(directory=str(pages), certificate=str(tmp_path / "cert.pem"), key=str(tmp_path / "key.pem"))
    context = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    return listener, context


def test_tls_serves_the_same_and_requests_know_it(secure):
    listener, context = secure
    connection = HTTPSConnection("127.0.0.1", listener.port, context=context, timeout=20)
    for _ in range(2):
        connection.request("GET", "/note.txt")
        assert connection.getresponse().read() == b"0123456789"
    connection.request("GET", "/secure")
    assert connection.getresponse().read().startswith(b"True IPv4Address(type='TCP', host='127.0.0.1'")
    connection.request("GET", "/big.txt")
    assert len(connection.getresponse().read()) == BIG
    connection.close()


def test_tls_closes_after_the_answer_and_hands_upgrades_over(secure):
    listener, context = secure
    with context.wrap_socket(listener.connect(), server_hostname="127.0.0.1") as client:
        client.sendall(b"nonsense\r\n\r\n")
        assert listener.read_all(client).startswith(b"HTTP/1.1 400 ")
    with context.wrap_socket(listener.connect(), server_hostname="127.0.0.1") as client:
        client.sendall(get() + UPGRADE)
        assert listener.read_answer(client)[1] == b"0123456789"
        assert received_until(client, b"\r\n\r\n").startswith(b"UPGRADED GET /ws ")


def test_a_plain_connection_is_not_secure(listener):
    assert listener.ask("/secure")[1].startswith(b"False IPv4Address(")


def test_a_unix_socket_serves_the_same(start, pages, tmp_path):
    listener = start(directory=str(pages), unix=str(tmp_path / "socket"))
    received = listener.exchange(get() + get("/secure", "Connection: close"))
    assert b"0123456789" in received
    assert b"UNIXAddress(" in received
