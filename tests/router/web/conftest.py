"""A real listener in a process of its own, and raw connections to it."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
BIG = 50 * 1024 * 1024


class Listener:
    """A started listener.py."""

    def __init__(self, log: Path, **options: Any) -> None:
        self._log = log
        self._options = options

    def __enter__(self) -> "Listener":
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("listener.py")), json.dumps(self._options)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
            )
        line = self.process.stdout.readline()
        assert line, self.log()
        self.port = int(line)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.process.stdin.close()
        self.process.stdout.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def log(self) -> str:
        return self._log.read_text()

    def connect(self, receive_buffer: int | None = None) -> socket.socket:
        if "unix" in self._options:
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(20)
            client.connect(self._options["unix"])
            return client
        client = socket.socket()
        client.settimeout(20)
        if receive_buffer is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.connect(("127.0.0.1", self.port))
        return client

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
        """One request on a connection of its own; `if_none_match="x"` is the header If-None-Match."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, headers={name.replace("_", "-"): headers[name] for name in headers})
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()

    def exchange(self, octets: bytes) -> bytes:
        """What comes back for `octets` until the listener closes."""
        with self.connect() as client:
            client.sendall(octets)
            return self.read_all(client)

    def resident(self) -> int:
        """The process's memory in octets."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")

    @staticmethod
    def read_all(client: socket.socket) -> bytes:
        received = bytearray()
        while data := client.recv(65536):
            received += data
        return bytes(received)

    @staticmethod
    def read_answer(client: socket.socket) -> tuple[bytes, bytes]:
        """One answer with Content-Length, as (head, body)."""
        received = b""
        while b"\r\n\r\n" not in received:
            data = client.recv(1)
            assert data, received
            received += data
        head = received
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        body = bytearray()
        while len(body) < length:
            data = client.recv(length - len(body))
            assert data, body
            body += data
        return head, bytes(body)


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory to serve, with what must not be served in and around it."""
    top = tmp_path_factory.mktemp("top")
    (top / "outside.html").write_text("outside")
    root = top / "pages"
    files = {
        "index.html": "<!doctype html><title>ä</title>",
        "app.js": "export const one = 1;",
        "module.mjs": "export {};",
        "style.css": "body {}",
        "picture.svg": "<svg/>",
        "note.txt": "0123456789",
        "empty.txt": "",
        "a b.txt": "blank",
        "package.json": "{}",
        "program.py": "secret",
        "plain": "no suffix",
        ".hidden.html": "hidden",
        ".git/config.txt": "hidden",
        "vendor/library.min.js": "library",
        "demo/index.html": "demo",
        "bare/file.txt": "in a directory without an index",
    }
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (root / "out.html").symlink_to(top / "outside.html")
    (root / "out").symlink_to(top)
    (root / "circle.html").symlink_to("circle.html")
    (root / "same.txt").symlink_to("note.txt")
    (root / "disguise.js").symlink_to("program.py")
    os.mkfifo(root / "fifo.txt")
    with (root / "big.txt").open("wb") as big:
        for number in range(BIG // 16):
            big.write(b"%015d\n" % number)
    return root


@pytest.fixture(scope="session")
def listener(pages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listener]:
    """One listener for all tests that leave it as it was."""
    with Listener(tmp_path_factory.mktemp("listener") / "log", directory=str(pages)) as running:
        yield running


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Listener]]:
    """Start a listener of one's own, with options."""
    started = []

    def start(**options: Any) -> Listener:
        started.append(Listener(tmp_path / f"log{len(started)}", **options))
        return started[-1].__enter__()

    yield start
    for listener in started:
        listener.__exit__()
