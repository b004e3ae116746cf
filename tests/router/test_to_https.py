"""A listener of plain HTTP that sends everybody on to https."""

import socket
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest

from tests.router.secure import SecureRouter


@pytest.fixture(scope="module")
def router(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureRouter]:
    running = SecureRouter(tmp_path_factory.mktemp("secure"))
    running.start()
    yield running
    running.close()
    assert "Traceback" not in running.log


def ask(router: SecureRouter, method: str, target: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = HTTPConnection("127.0.0.1", router.plain, timeout=5)
    connection.request(method, target, headers={"Host": f"www.example.com:{router.plain}", **headers})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "OPTIONS"])
def test_every_request_is_sent_on_to_the_same_address_of_https(router: SecureRouter, method: str) -> None:
    status, headers, _ = ask(router, method, "/a/b%20c?d=e&f", **({"Content-Length": "0"} if method == "POST" else {}))
    assert status == 308
    assert headers["location"] == f"https://www.example.com:{router.port}/a/b%20c?d=e&f"
    assert "strict-transport-security" not in headers


HOSTS = ["", "a b", "user@evil.example", "evil.example/path", "[::1", "a,b", "evil.example:80:90", "x\\y"]


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_that_is_none_is_sent_nowhere(router: SecureRouter, host: str) -> None:
    status, headers, _ = ask(router, "GET", "/", Host=host)
    assert status == 400
    assert "location" not in headers


@pytest.mark.parametrize(
    ("request_line", "host", "expected"),
    [
        (b"GET / HTTP/1.0", b"Host: old.example", b"HTTP/1.0 301 "),
        (b"GET / HTTP/1.0", b"X: y", b"HTTP/1.0 400 "),
        (b"GET / HTTP/1.1", b"Host: a.example\r\nHost: b.example", b"HTTP/1.1 400 "),
        (b"GET //evil.example/ HTTP/1.1", b"Host: a.example", b"HTTP/1.1 308 "),
        (b"GET http://a.example/x HTTP/1.1", b"Host: a.example", b"HTTP/1.1 308 "),
    ],
)
def test_old_and_odd_requests_get_a_clear_answer(
    router: SecureRouter, request_line: bytes, host: bytes, expected: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", router.plain), 5) as peer:
        peer.sendall(request_line + b"\r\n" + host + b"\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: peer.recv(4096), b""))
    assert answer.startswith(expected)
    assert b"Location: https://evil" not in answer


def test_websocket_and_rawsocket_are_not_spoken_where_everybody_is_sent_on(router: SecureRouter) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    status, headers, body = ask(router, "GET", "/ws", **upgrade, **{"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="})
    assert (status, headers["upgrade"]) == (426, "TLS/1.2, HTTP/1.1")
    assert body == b"WebSocket is spoken over TLS only: connect by wss.\n"
    with socket.create_connection(("127.0.0.1", router.plain), 5) as peer:
        peer.sendall(b"\x7f\xf1\0\0")
        assert peer.recv(100).startswith(b"HTTP/1.1 400 ")


def test_who_issues_certificates_finds_the_answers_to_its_challenges_in_clear(router: SecureRouter) -> None:
    challenges = router.folder / "web" / ".well-known" / "acme-challenge"
    (challenges / "token-1_A").write_text("token-1_A.thumbprint")
    (challenges / "leads-out").symlink_to(router.folder / "tls" / "key.pem")
    status, headers, body = ask(router, "GET", "/.well-known/acme-challenge/token-1_A")
    assert (status, body) == (200, b"token-1_A.thumbprint")
    assert headers["content-type"] == "application/octet-stream"
    for path in ("", "none", "leads-out", "a/b", "..%2f..%2findex.html", "%2e%2e/%2e%2e/index.html", "x%00y"):
        assert ask(router, "GET", f"/.well-known/acme-challenge/{path}")[0] == 404
