"""A router with TLS as its clients and its operator meet it: names, renewal, the way from http, abuse."""

import os
import socket
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from hashlib import sha256
from http.client import HTTPConnection, HTTPSConnection
from io import StringIO
from pathlib import Path
from time import monotonic

import pytest
from cryptography.x509 import load_der_x509_certificate

from router.cli import main
from router.config.pem import names_of
from tests.certificates import write_certificate
from tests.routers import RunningRouter, free_port

RULES = """
pid_file: wamplex.pid
realms:
  - name: realm1
    authentication: {{anonymous: {{role: user}}, ticket: true}}
    principals: [{{authid: joe, role: user, ticket: $sha256${ticket}}}]
    roles: [{{name: user, permissions: [{{uri: com., match: prefix, allow: [call, register, publish, subscribe]}}]}}]
web: {{directory: web}}
limits: {{handshake_timeout: 1.5}}
listeners:
  - port: {port}
    tls:
      certificate: tls/cert.pem
      key: tls/key.pem
      others: [{{certificate: shop/cert.pem, key: shop/key.pem}}]
      hsts: 86400
  - {{port: {plain}, redirect_to_https: {{port: {port}}}}}
"""


@dataclass
class Done:
    """What came of a command."""

    returncode: int | str | None
    stdout: str
    stderr: str


def wamplex(*arguments: str) -> Done:
    """Run a command, in this process: there are many of them."""
    with redirect_stdout(StringIO()) as said, redirect_stderr(StringIO()) as reported:
        try:
            status: int | str | None = main(arguments)
        except SystemExit as end:
            status = end.code
    return Done(status, said.getvalue(), reported.getvalue())


class SecureRouter(RunningRouter):
    """A router with a certificate by `wamplex certificate`, another one, and a listener that redirects."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.plain = free_port()
        made = wamplex("certificate", "--out", str(folder / "tls"))
        assert made.returncode == 0, made.stderr
        (folder / "shop").mkdir()
        write_certificate(folder / "shop", names=["*.shop.example.com"])
        (folder / "web" / ".well-known" / "acme-challenge").mkdir(parents=True)
        (folder / "web" / "index.html").write_text("hello")
        ticket = sha256(b"bob").hexdigest()
        self.config_file.write_text(RULES.format(port=self.port, plain=self.plain, ticket=ticket))
        self.trust = folder / "tls" / "cert.pem"

    def reload(self) -> Done:
        return wamplex("reload", "--config", str(self.config_file))


@pytest.fixture(scope="module")
def router(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureRouter]:
    running = SecureRouter(tmp_path_factory.mktemp("secure"))
    running.start()
    yield running
    running.close()
    assert "Traceback" not in running.log


def shown(port: int, name: str | None = None) -> list[str]:
    """The names of the certificate that a client is shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    plain = socket.create_connection(("127.0.0.1", port), 5)
    with context.wrap_socket(plain, server_hostname=name) as connection:
        octets = connection.getpeercert(True)
    assert octets is not None
    return names_of(load_der_x509_certificate(octets))


class Backend:
    """A RawSocket connection over TLS, which is up."""

    def __init__(self, router: SecureRouter) -> None:
        context = ssl.create_default_context(cafile=router.trust)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        plain = socket.create_connection(("127.0.0.1", router.port), 5)
        self.socket = context.wrap_socket(plain, server_hostname="localhost")
        self.socket.sendall(b"\x7f\xf1\0\0")
        assert self.socket.recv(4)[0] == 0x7F

    def is_served(self) -> bool:
        """A RawSocket PING is answered."""
        self.socket.sendall(b"\x01\0\0\x02hi")
        return self.socket.recv(6) == b"\x02\0\0\x02hi"


# --- names, and real clients --------------------------------------------------------------------------------------


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


# --- renewal, and wamplex reload ----------------------------------------------------------------------------------


def test_a_reload_takes_new_certificates_and_nobody_is_dropped(router: SecureRouter) -> None:
    """B19"""
    backend = Backend(router)
    write_certificate(router.folder / "shop", names=["*.shop.example.com", "new.example.com"])
    done = router.reload()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"Process {router.pid} has read {router.config_file} again\n"
    assert shown(router.port, "new.example.com") == ["*.shop.example.com", "new.example.com"]
    assert backend.is_served()
    assert "new connections get the certificate" in router.log


def test_a_reload_takes_certificates_that_config_yaml_names_only_now(router: SecureRouter) -> None:
    (router.folder / "third").mkdir()
    write_certificate(router.folder / "third", names=["third.example.com"])
    text = router.config_file.read_text()
    added = "others: [{certificate: third/cert.pem, key: third/key.pem}, "
    before = len(router.log)
    router.config_file.write_text(text.replace("others: [", added))
    assert router.reload().returncode == 0
    assert shown(router.port, "third.example.com") == ["third.example.com"]
    assert "takes effect after a restart" not in router.log[before:]
    router.config_file.write_text(text)
    assert router.reload().returncode == 0
    assert shown(router.port, "third.example.com") == ["localhost"]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("role: user", "role: usr", "6:"),
        ("key: shop/key.pem", "key: tls/key.pem", "15:50:"),  # the key of another certificate
        ("realms:", "realms: [", ""),
    ],
)
def test_a_mistake_is_told_with_its_line_and_the_router_goes_on_as_before(
    router: SecureRouter, old: str, new: str, line: str
) -> None:
    text = router.config_file.read_text()
    router.config_file.write_text(text.replace(old, new))
    try:
        done = router.reload()
    finally:
        router.config_file.write_text(text)
    assert done.returncode == 1
    assert f"{router.config_file}:{line}" in done.stderr
    assert done.stdout == ""
    assert "*.shop.example.com" in shown(router.port, "a.shop.example.com")
    assert router.reload().returncode == 0


def test_a_second_router_with_the_same_pid_file_does_not_start(router: SecureRouter) -> None:
    command = [sys.executable, "-m", "router", "start", "--config", str(router.config_file)]
    root = Path(__file__).parent.parent.parent
    said = subprocess.run(command, capture_output=True, text=True, timeout=20, cwd=root, check=False)
    assert said.returncode == 1
    assert said.stderr.endswith(f"another router has the pid_file {router.folder}/wamplex.pid: process {router.pid}\n")
    assert router.reload().returncode == 0


def test_without_a_router_a_reload_fails_and_signals_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = "realms: [{name: realm1, authentication: {anonymous: {role: user}}, roles: [{name: user}]}]\n"
    (tmp_path / "config.yaml").write_text(config)
    said = wamplex("reload")
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith("config.yaml has no `pid_file`")
    (tmp_path / "config.yaml").write_text(f"{config}pid_file: wamplex.pid\n")
    assert wamplex("reload").stderr == f"no router runs: there is no {tmp_path}/wamplex.pid\n"
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as other:
        (tmp_path / "wamplex.pid").write_text(f"{other.pid}\n")  # a router that was killed had that id
        said = wamplex("reload")
        assert other.poll() is None
        other.kill()
    assert (said.returncode, said.stderr.partition(",")[0]) == (1, "no router runs")


def test_a_router_that_ends_takes_its_pid_file_along(tmp_path: Path) -> None:
    running = SecureRouter(tmp_path)
    running.start()
    assert running.reload().returncode == 0
    assert running.stop() == 0
    assert not list(tmp_path.glob("wamplex.pid*"))
    assert "no router runs" in running.reload().stderr


# --- from http to https -------------------------------------------------------------------------------------------


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


# --- wamplex certificate ------------------------------------------------------------------------------------------


def test_the_certificate_of_the_command_is_for_its_names_and_the_key_is_for_its_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = ("--name", "dev.example.com", "--name", "*.dev.example.com", "--name", "::1")
    done = wamplex("certificate", *names, "--days", "30")
    assert (done.returncode, done.stderr) == (0, "")
    assert "      certificate: tls/cert.pem\n      key: tls/key.pem\n" in done.stdout
    assert "SSL_CERT_FILE=tls/cert.pem" in done.stdout
    assert stat.S_IMODE((tmp_path / "tls" / "key.pem").stat().st_mode) == 0o600
    octets = ssl.PEM_cert_to_DER_cert((tmp_path / "tls" / "cert.pem").read_text())
    certificate = load_der_x509_certificate(octets)
    assert names_of(certificate) == ["dev.example.com", "*.dev.example.com"]
    assert 29 < (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days < 31


def test_the_command_replaces_files_only_if_it_is_told_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert wamplex("certificate", "--out", "here").returncode == 0
    before = (tmp_path / "here" / "key.pem").read_bytes()
    said = wamplex("certificate", "--out", "here")
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr == "here/cert.pem is there already; --force replaces it\n"
    assert (tmp_path / "here" / "key.pem").read_bytes() == before
    (tmp_path / "here" / "key.pem").chmod(0o644)
    assert wamplex("certificate", "--out", "here", "--force").returncode == 0
    assert (tmp_path / "here" / "key.pem").read_bytes() != before
    assert stat.S_IMODE((tmp_path / "here" / "key.pem").stat().st_mode) == 0o600


@pytest.mark.parametrize("arguments", [("--name", "a b"), ("--name", ""), ("--days", "0"), ("--days", "9999")])
def test_the_command_makes_nothing_of_nonsense(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert wamplex("certificate", *arguments).returncode == 2
    assert list(tmp_path.iterdir()) == []
