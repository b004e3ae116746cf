"""A router with a bridge, a server that it forwards to, and a client that looks answers up in the OpenAPI document."""

import json
import queue
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema_rs
import pytest

from realms.authentication.verifiers import digest_verifier
from tests.routers import RunningRouter

SECRET = "a secret of thirty-two characters"

CONFIG = """
realms:
  - name: realm1
    disclosure: always
    authentication:
      ticket: true
      cookie: true
      anonymous: {role: guest}
      jwt: {secret: {file: secret}}
      lockout: {after: 5, first: 60}
    principals:
      - {authid: ann, role: user, ticket: "TICKET"}
    roles:
      - name: user
        permissions:
          - {uri: com., match: prefix, allow: [call, publish, subscribe, register]}
          - {uri: wamp., match: prefix, allow: [call, subscribe]}
      - name: guest
        permissions: [{uri: com.open, allow: [call, publish, subscribe]}]
      - name: slow
        limits: {message_rate: 2}
        permissions: [{uri: com., match: prefix, allow: [call, publish]}]
      - name: forward
        permissions: [{uri: com.out., match: prefix, allow: [subscribe, register]}]
web:
  login: {realm: realm1}
bridges:
  - realm: realm1
    bearer: true
    basic: true
    cookie: true
    anonymous: true
    allowed_origins: [same-origin, "https://shop.example.com"]
    max_body: 16 KiB
    timeout: 5
    keys:
      - {id: backend, secret: {file: secret}, role: user}
      - {id: hasty, secret: {file: secret}, role: slow}
      - {id: old, secret: {file: secret}, role: user, scheme: crossbar}
    hooks:
      - {name: github, signature: github, secret: {file: secret}, topic: com.hook, role: user}
      - {name: caller, signature: standard, secret: {file: secret}, procedure: com.hook.take, role: user}
    forwards:
      - {topic: com.out.events., match: prefix, url: "TARGET/events", secret: {file: secret}, role: forward}
      - {procedure: com.out.ask, url: "TARGET/calls", secret: {file: secret}, role: forward, timeout: 1}
"""


class Got(NamedTuple):
    """A request that the target got."""

    path: str
    headers: dict[str, str]
    body: bytes


class Target:
    """Somebody's server: it keeps what it gets, and answers what the test says."""

    def __init__(self) -> None:
        self.got: queue.Queue[Got] = queue.Queue()
        self.answers: queue.Queue[tuple[int, dict[str, str], bytes]] = queue.Queue()
        target = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                target.got.put(Got(self.path, headers, body))
                status, fields, answer = target.answers.get(timeout=10)
                self.send_response(status)
                for name, value in fields.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, status: int, value: Any = None, **fields: str) -> None:
        """What the next request is answered with."""
        body = b"" if value is None else json.dumps(value).encode()
        self.answers.put((status, fields, body))

    def next(self) -> Got:
        """The next request."""
        return self.got.get(timeout=10)


class Answer(NamedTuple):
    """What the bridge answered."""

    status: int
    headers: dict[str, str]
    body: Any


class Client:
    """An HTTP client of the bridge."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.document = json.loads(self.raw("GET", "/bridge/openapi.json")[2])

    def raw(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """One request on a connection of its own."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
        finally:
            connection.close()

    def post(self, path: str, value: Any, headers: dict[str, str] | None = None, **more: str) -> Answer:
        """POST of JSON, whose answer must be what the OpenAPI document says; `value` may be octets."""
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        fields = {"Content-Type": "application/json"} | {name.replace("_", "-"): one for name, one in more.items()}
        status, answered, octets = self.raw("POST", path, body, fields | (headers or {}))
        result = json.loads(octets)
        self.check(path.partition("?")[0], status, answered, result)
        return Answer(status, answered, result)

    def check(self, path: str, status: int, headers: dict[str, str], body: Any) -> None:
        """The answer must be one that the document has."""
        described = self.document["paths"][path]["post"]["responses"][str(status)]
        (kind,) = described["content"]
        assert headers["content-type"] == kind
        assert headers["cache-control"] == "no-store"
        schema = described["content"][kind]["schema"] | {"components": self.document["components"]}
        jsonschema_rs.validator_for(schema).validate(body)


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    target = Target()
    yield target
    target.server.shutdown()


@pytest.fixture(scope="module")
def router(tmp_path_factory: pytest.TempPathFactory, target: Target) -> Iterator[RunningRouter]:
    folder: Path = tmp_path_factory.mktemp("bridge")
    (folder / "secret").write_text(SECRET)
    config = CONFIG.replace("TARGET", target.url).replace("TICKET", digest_verifier("sesame"))
    router = RunningRouter(folder, config).start()
    yield router
    router.close()


@pytest.fixture(scope="module")
def client(router: RunningRouter) -> Client:
    return Client(router.port)


Post = Callable[..., Answer]
