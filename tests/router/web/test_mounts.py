"""What config.yaml mounts: a real Flask application, folders, redirects, other servers, on one port with the router."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection, HTTPResponse, IncompleteRead
from http.cookies import SimpleCookie
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from tests.routers import RunningRouter, free_port

CONFIG = """
realms:
  - name: realm1
    authentication:
      anonymous: {role: anonymous}
      ticket: true
      cookie: true
    principals:
      - {authid: ann, role: anonymous, ticket: {file: ticket}}
    roles:
      - name: anonymous
        permissions:
          - {uri: "", match: prefix, allow: [call, register, publish, subscribe]}
web:
  path: /console
  login: {realm: realm1}
  mounts:
    - {path: /, wsgi: "shop:app", max_body: 300 kB}
    - {path: /busy, wsgi: "shop:app", threads: 1, max_requests: 2}
    - {path: /shop/bad, wsgi: "shop:bad"}
    - {path: /files, directory: files, fallback: app.html, cache: 31536000,
       headers: [{name: content-security-policy, value: "default-src *"}, {name: Referrer-Policy, value: null}]}
    - {path: /files/old, redirect: /files}
    - {path: /home, redirect: /, permanent: false}
    - {path: /away, redirect: "https://shop.example.com/to?x=1", keep_path: false}
    - {path: /origin, proxy: "http://127.0.0.1:ORIGIN/app", timeout: 0.3}
    - {path: /nobody, proxy: "http://127.0.0.1:NOBODY"}
"""


class Origin:
    """A server of HTTP that answers what it was told to, and keeps what it was asked."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.answer: bytes | None = None
        self.asked = b""
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self._speak, args=(client, self.answer), daemon=True).start()

    def _speak(self, client: socket.socket, answer: bytes | None) -> None:
        with client:
            self.asked = client.recv(65536)
            while b"\r\n\r\nbody" not in self.asked and b"Content-Length" in self.asked:
                self.asked += client.recv(65536)
            if answer is None:
                with suppress(ConnectionResetError):
                    client.recv(1)  # says nothing, until the other side has enough
            else:
                client.sendall(answer)


@pytest.fixture(scope="module")
def origin() -> Iterator[Origin]:
    running = Origin()
    yield running
    running.server.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, origin: Origin) -> Iterator[RunningRouter]:
    folder = tmp_path_factory.mktemp("site")
    copy(Path(__file__).with_name("shop.py"), folder)
    for name, content in {
        "ticket": "a-long-password",
        "static/style.css": "body {}",
        "files/app.html": "<p>the app",
        "files/data.json": '{"a": 1}',
        "files/photo.jpg": "jpg",
        "files/secret.py": "secret",
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content)
    config = CONFIG.replace("ORIGIN", str(origin.port)).replace("NOBODY", str(free_port()))
    running = RunningRouter(folder, config).start()
    yield running
    running.close()


@pytest.fixture
def ask(site: RunningRouter) -> Callable[..., tuple[HTTPResponse, bytes]]:
    """One request on a connection of its own."""

    def ask(path: str, body: Any = None, method: str = "", **headers: str) -> tuple[HTTPResponse, bytes]:
        connection = HTTPConnection("127.0.0.1", site.port, timeout=20)
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method or ("GET" if body is None else "POST"), path, body, fields)
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()

    return ask


def cookie_of(response: HTTPResponse) -> str:
    ((name, morsel),) = SimpleCookie(response.getheader("Set-Cookie")).items()
    return f"{name}={morsel.value}"


# --- Flask --------------------------------------------------------------------------------------------------------

FORM = "application/x-www-form-urlencoded"


def test_a_form_of_flask_sets_its_session_cookie_and_the_next_page_knows_it(ask) -> None:
    assert ask("/")[1] == b"Hello stranger"
    response, _ = ask("/name", "name=Ann", Content_Type=FORM)
    assert (response.status, response.getheader("Location")) == (303, "..")
    assert ask("/", Cookie=cookie_of(response))[1] == b"Hello Ann"


def test_the_router_s_own_addresses_are_beside_the_application(ask, site: RunningRouter, peers) -> None:
    peers(site.port).join()
    credentials = '{"authid": "ann", "password": "a-long-password"}'
    response, body = ask("/auth/login", credentials, Content_Type="application/json")
    assert (response.status, json.loads(body)["role"]) == (200, "anonymous")
    assert ask("/auth/whoami", Cookie=cookie_of(response))[0].status == 200
    assert b"<title>" in ask("/console/")[1]
    assert ask("/static/style.css")[1] == b"body {}"
    assert ask("/auth/other")[0].status == ask("/consoles")[0].status == 404
    assert ask("/ws")[0].status == 426


def test_the_application_is_told_what_the_router_knows_and_not_what_clients_claim(ask, site: RunningRouter) -> None:
    claims = {
        "X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "https", "Forwarded": "for=6.6.6.6", "Proxy": "http://evil",
        "X_Real_Ip": "6.6.6.6", "X-Real-IP": "6.6.6.6",
    }  # fmt: skip
    told = json.loads(ask("/busy/environ?a=%20b", **claims, X_Mine="yes")[1])
    assert (told["SCRIPT_NAME"], told["PATH_INFO"], told["QUERY_STRING"]) == ("/busy", "/environ", "a=%20b")
    assert (told["REMOTE_ADDR"], told["wsgi.url_scheme"]) == ("127.0.0.1", "http")
    assert (told["SERVER_NAME"], told["HTTP_HOST"]) == ("127.0.0.1", f"127.0.0.1:{site.port}")
    assert told["HTTP_X_MINE"] == "yes"
    assert "6.6.6.6" not in told.values()
    assert "HTTP_PROXY" not in told


def test_a_name_with_an_underscore_does_not_pass_for_another(site: RunningRouter) -> None:
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as client:
        client.sendall(b"GET /environ HTTP/1.1\r\nHost: x\r\nX_User: root\r\nX-User: ann\r\nConnection: close\r\n\r\n")
        received = b"".join(iter(lambda: client.recv(65536), b""))
    assert b'"HTTP_X_USER":"ann"' in received


def test_a_body_in_chunks_is_a_body_with_a_length(ask) -> None:
    told = json.loads(ask("/environ", iter([b"chunk", b"ed"]), "POST", Content_Type="text/plain")[1])
    assert (told["CONTENT_LENGTH"], told["body"]) == ("7", "chunked")
    assert "HTTP_TRANSFER_ENCODING" not in told


def test_uploads_arrive_whole_up_to_what_the_mount_takes(ask) -> None:
    assert ask("/size", b"x" * 300_000)[1] == b"300000"
    assert ask("/%73ize", iter([b"x" * 10_000] * 29), "POST")[1] == b"290000"
    assert ask("/size", b"x" * 300_001)[0].status == 413


def test_an_application_answers_head_and_other_methods_itself(ask) -> None:
    response, body = ask("/", method="HEAD")
    assert (response.status, response.getheader("Content-Length"), body) == (200, "14", b"")
    assert "POST" in ask("/size", method="DELETE")[0].getheader("Allow", "")


def test_an_answer_may_be_streamed_and_its_headers_are_the_application_s(ask) -> None:
    response, body = ask("/stream")
    assert body == b"".join(b"%07d\n" % number * 1000 for number in range(1000))
    assert response.getheader("Transfer-Encoding") == "chunked"
    assert response.getheader("Content-Security-Policy") is None
    assert response.getheader("Server") == "Wamplex"


def test_an_application_hears_that_its_client_has_gone(ask, site: RunningRouter) -> None:
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as client:
        client.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(1000)
    assert ask("/closed")[1] == b"True"


def test_a_client_that_does_not_read_holds_the_application_back(ask, site: RunningRouter) -> None:
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as client:
        client.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(1000)
        written = []
        while len(written) < 50 or written[-1] != written[-50]:  # until it writes no more
            written.append(int(ask("/written")[1]))
            assert written[-1] < 64 * 2**20


def test_a_slow_application_keeps_nobody_waiting_and_too_many_are_sent_away(ask, site: RunningRouter, peers) -> None:
    def together(path: str) -> tuple[int, str | None]:
        response, _ = ask(path)
        return response.status, response.getheader("Retry-After")

    with ThreadPoolExecutor(5) as crowd:
        held = [crowd.submit(together, "/busy/hold") for _ in range(5)]
        refused = [(503, "5")] * 3
        while sum(one.done() for one in held) < 3:
            assert b"<title>" in ask("/console/")[1]
        peers(site.port).join()
        assert ask("/release")[1] == b"released"
        assert sorted(one.result(20) for one in held) == sorted([*refused, (200, None), (200, None)], key=str)
    assert ask("/busy/")[0].status == 200


# --- applications that go wrong -----------------------------------------------------------------------------------


def test_an_exception_of_flask_is_in_the_log_and_not_in_the_answer(ask, site: RunningRouter) -> None:
    response, body = ask("/fail")
    assert response.status == 500
    assert b"secret" not in body
    assert "ValueError: a secret of {ours}" in site.log


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("early", "ValueError: a secret of ours"),
        ("silent", "TypeError: the application has written before it called start_response"),
        ("status", "ValueError: '0' is no status such as `200 OK`"),
        ("longer", "ValueError: the body is longer than its Content-Length"),
    ],
)
def test_what_goes_wrong_before_the_answer_is_500(ask, site: RunningRouter, wrong: str, said: str) -> None:
    response, body = ask(f"/shop/bad/{wrong}")
    assert (response.status, body) == (500, b"Something went wrong here. It is in the router's log.\n")
    assert said in site.log
    assert f"GET /shop/bad/{wrong} failed" in site.log


@pytest.mark.parametrize("wrong", ["amid", "shorter"])
def test_what_goes_wrong_amid_the_answer_leaves_it_visibly_unfinished(ask, wrong: str) -> None:
    with pytest.raises(IncompleteRead):
        ask(f"/shop/bad/{wrong}")


def test_an_application_can_neither_split_the_answer_nor_speak_for_the_connection(ask) -> None:
    response, body = ask("/shop/bad/nothing")
    assert (response.status, body) == (200, b"begun")
    assert response.getheader("X-Evil") is None
    assert response.getheader("Connection") is None


# --- folders and redirects ----------------------------------------------------------------------------------------


def test_a_folder_has_its_own_rules(ask) -> None:
    response, body = ask("/files/data.json")
    assert (response.getheader("Content-Type"), body) == ("application/json", b'{"a": 1}')
    assert response.getheader("Cache-Control") == "public, max-age=31536000, immutable"
    assert response.headers.get_all("Content-Security-Policy") == ["default-src *"]
    assert response.getheader("Referrer-Policy") is None
    assert response.getheader("X-Content-Type-Options") == "nosniff"
    assert ask("/files/photo.jpg")[0].getheader("Content-Type") == "image/jpeg"
    assert ask("/files/secret.py")[0].status == 404


def test_the_pages_of_a_single_page_application_are_its_one_file_and_missing_files_are_404(ask) -> None:
    for path in ("/files/", "/files/settings", "/files/users/7"):
        response, body = ask(path)
        assert (response.status, response.getheader("Content-Type"), body) == (
            200,
            "text/html; charset=utf-8",
            b"<p>the app",
        )
    assert ask("/files/missing.js")[0].status == 404
    assert ask("/files/settings", "{}")[0].status == 405


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [
        ("/files/old", 308, "/files"),
        ("/files/old/a%20b?x=%2F", 308, "/files/a%20b?x=%2F"),
        ("/files/old?x", 308, "/files?x"),
        ("/home/", 307, "/"),
        ("/home//evil.example", 307, "/evil.example"),
        ("/home/%5cevil.example", 307, "/%5cevil.example"),
        ("/home/\\evil.example", 307, "/evil.example"),
        ("/away/anything?y", 308, "https://shop.example.com/to?x=1"),
    ],
)
def test_a_redirect_keeps_the_path_and_never_leads_to_another_site(ask, path: str, status: int, location: str) -> None:
    response, _ = ask(path)
    assert (response.status, response.getheader("Location")) == (status, location)
    response, nothing = ask(path, method="HEAD")
    assert (response.status, nothing) == (status, b"")


# --- other servers ------------------------------------------------------------------------------------------------

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\nKeep-Alive: timeout=5\r\nX-Theirs: yes\r\n\r\n"


def test_a_request_is_passed_on_with_the_truth_about_its_sender(ask, origin: Origin, site: RunningRouter) -> None:
    origin.answer = OK + b"hello"
    headers = {
        "X-Forwarded-For": "6.6.6.6", "Forwarded": "for=6.6.6.6", "X-Mine": "yes", "TE": "trailers", "X-Hop": "secret",
        "Connection": "keep-alive, X-Hop", "X_Forwarded_For": "6.6.6.6", "Expect": "100-continue",
    }  # fmt: skip
    response, body = ask("/origin/a%2Fb?c=d", b"body", **headers)
    assert (response.status, body) == (200, b"hello")
    assert (response.getheader("X-Theirs"), response.getheader("Keep-Alive")) == ("yes", None)
    head, _, sent = origin.asked.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert (lines[0], sent) == ("POST /app/a%2Fb?c=d HTTP/1.1", b"body")
    host = f"127.0.0.1:{site.port}"
    assert {
        f"Host: {host}", f"X-Forwarded-Host: {host}", "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: http",
        "X-Forwarded-Prefix: /origin", "X-Mine: yes", "Content-Length: 4",
    } <= set(lines)  # fmt: skip
    assert b"6.6.6.6" not in head
    assert b"secret" not in head
    assert b"100-continue" not in head


@pytest.mark.parametrize(
    ("path", "asked"), [("/origin", "/app"), ("/origin/", "/app/"), ("/origin//x", "/app//x"), ("/origin?q", "/app?q")]
)
def test_the_path_of_the_server_stands_in_the_place_of_ours(ask, origin: Origin, path: str, asked: str) -> None:
    origin.answer = OK + b"hello"
    assert ask(path)[1] == b"hello"
    assert origin.asked.startswith(f"GET {asked} HTTP/1.1\r\n".encode())


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\nhello",
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK + b"hello",
    ],
)
def test_every_way_to_frame_an_answer_is_understood(ask, origin: Origin, answer: bytes) -> None:
    origin.answer = answer
    response, body = ask("/origin/")
    assert (response.status, body) == (200, b"hello")


def test_answers_without_a_body_have_none(ask, origin: Origin) -> None:
    origin.answer = b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n'
    response, body = ask("/origin/")
    assert (response.status, response.getheader("ETag"), body) == (304, '"x"', b"")
    origin.answer = OK
    assert ask("/origin/", method="HEAD")[0].status == 200


@pytest.mark.parametrize(
    ("answer", "status"), [(b"nonsense\r\n\r\n", 502), (b"", 502), (b"HTTP/1.1 200 OK\r\nX: half", 502), (None, 504)]
)
def test_a_server_that_does_not_answer_is_502_and_a_silent_one_504(
    ask, origin: Origin, answer: Any, status: int
) -> None:
    origin.answer = answer
    response, body = ask("/origin/")
    assert (response.status, body) == (status, b"The server behind this address does not answer.\n")


def test_a_server_that_is_not_there_is_502_and_told_once_in_the_log(ask, site: RunningRouter) -> None:
    assert [ask("/nobody/")[0].status for _ in range(3)] == [502, 502, 502]
    assert site.log.count("does not answer as it should: Connection was refused") == 1


def test_half_an_answer_is_visibly_half_an_answer(ask, origin: Origin) -> None:
    for answer in (OK + b"hel", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"):
        origin.answer = answer
        with pytest.raises((IncompleteRead, ConnectionResetError)):
            ask("/origin/")


@pytest.mark.parametrize(
    "path",
    [
        "/origin/../console/",
        "/origin/%2e%2e/x",
        "/origin/a/%2E/b",
        "/origin/..%2fx",
        "/origin/a%5C..%5cx",
        "/origin/..;/x",
    ],
)
def test_no_path_climbs_out_of_what_is_passed_on(ask, path: str) -> None:
    assert ask(f"/origin/{path}")[0].status == 400


def test_a_websocket_is_not_passed_on_and_told_so(ask) -> None:
    assert ask("/origin/socket", Upgrade="websocket", Connection="Upgrade")[0].status == 501


def test_nothing_that_went_wrong_here_was_our_mistake(site: RunningRouter) -> None:
    assert "Unhandled" not in site.log
    assert "Producer was not unregistered" not in site.log
