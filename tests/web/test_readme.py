"""The two programs of README.md work as pasted; only the router's port is another one here."""

import json
import re
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.peers import Peer
from tests.routers import RunningRouter
from tests.web.conftest import PATIENCE, ROOT, Page


def program(heading: str, port: int) -> str:
    """The indented block below a heading of the README."""
    text = (ROOT / "README.md").read_text()
    [block] = re.findall(rf"## {heading}\n\n((?:    .*\n|\n)+)", text)
    return textwrap.dedent(block).replace("127.0.0.1:8080", f"127.0.0.1:{port}")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder, and the address under which `python -m http.server` would show it: a page needs an origin."""
    folder = tmp_path_factory.mktemp("site")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def hospitable(site: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRouter]:
    """A router that lets that site's pages connect."""
    running = RunningRouter(tmp_path_factory.mktemp("hospitable"))
    config = running.config_file.read_text()
    running.config_file.write_text(config.replace("{host:", f"{{allowed_origins: [{site[1]}], host:"))
    running.start()
    yield running
    running.close()


@pytest.fixture
def callee(hospitable: RunningRouter, tmp_path: Path, peers: Callable[..., Peer]) -> Iterator[Peer]:
    """The README's callee at work; gives a peer that can call it."""
    script = tmp_path / "callee.py"
    script.write_text(program("Write a callee", hospitable.port))
    process = subprocess.Popen([sys.executable, str(script)])
    caller = peers(hospitable.port).join()
    caller.subscribe("com.example.ready")
    for _ in range(int(PATIENCE / 0.1)):
        if caller.request(48, {}, "com.example.greet", ["you"])[0] == 50 or process.poll() is not None:
            break
        caller.receives_nothing(0.1)
    yield caller
    process.terminate()
    process.wait(10)


def test_the_callee_greets(callee: Peer) -> None:
    assert callee.request(48, {}, "com.example.greet", ["you"])[3] == ["Hello, you!"]


def test_the_page_calls_and_subscribes(
    callee: Peer, browser: Chrome, hospitable: RunningRouter, open_page: Callable[..., Page], site: tuple[Path, str]
) -> None:
    folder, url = site
    page = open_page()
    html = folder / "page.html"
    logged = "<script>const lines = []; console.log = (...words) => lines.push(words);</script>"
    html.write_text(logged + program("Call it from a browser", hospitable.port))
    browser.get(f"{url}/{html.name}")
    page.wait(lambda: ["Hello, browser!"] in page.run("return lines"))
    callee.publish("com.example.ticker.README", [1, 2])
    page.wait(lambda: json.dumps(["com.example.ticker.README", [1, 2]]) in map(json.dumps, page.run("return lines")))
