"""The routers of the comparison: installed, started on free ports in a temporary folder, and surely ended again."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import venv
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from string import Template
from types import TracebackType

import uvloop

from bench.codecs import CODECS
from bench.connections import LostError, RefusedError
from bench.processes import CORES, pin, process_tree
from bench.workloads import Target

__all__ = ["ROUTERS", "Crossbar", "NotStartedError", "Router", "Wamplex"]

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent

START_TIMEOUT = 60.0  # seconds until the first session can be opened; Crossbar needs 5
STOP_TIMEOUT = 10.0  # seconds from SIGTERM to SIGKILL

REALM = "realm1"


class NotStartedError(Exception):
    """A router that does not run; the message has the end of what it said."""


class Router:
    """A router process: running between `start()` and `stop()`, or for the length of a `with` block."""

    name: str
    template: Path  # its configuration, with $websocket_port and $rawsocket_port

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.folder = Path()
        self.websocket_port = 0
        self.rawsocket_port = 0

    # What each router knows about itself:

    def install(self) -> None:
        """Bring it onto this machine if it is not there."""
        raise NotImplementedError

    def version(self) -> str:
        raise NotImplementedError

    def command(self, config: Path) -> list[str]:
        raise NotImplementedError

    # The same for all:

    @property
    def pid(self) -> int:
        assert self.process is not None, f"{self.name} is not running"  # noqa: S101
        return self.process.pid

    def target(self, transport: str, codec: str) -> Target:
        """Where to connect for "websocket" or "rawsocket"."""
        address = f"rs://127.0.0.1:{self.rawsocket_port}"
        if transport == "websocket":
            address = f"ws://127.0.0.1:{self.websocket_port}/ws"
        return Target(address, REALM, CODECS[codec])

    def start(self) -> None:
        """Start on the router's core and return when a session can be opened."""
        self.folder = Path(tempfile.mkdtemp(prefix=f"bench-{self.name.lower()}-"))
        self.websocket_port, self.rawsocket_port = self.ports()
        config = self.folder / self.template.name.removesuffix(".in")
        text = Template(self.template.read_text())
        config.write_text(
            text.substitute(websocket_port=self.websocket_port, rawsocket_port=self.rawsocket_port), "utf-8"
        )
        if CORES:
            pin(CORES[0])
        try:
            with (self.folder / "output.log").open("wb") as output:
                self.process = subprocess.Popen(
                    self.command(config),
                    cwd=ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # a Ctrl-C is for us, and we stop the router
                )
        finally:
            if CORES:
                pin(CORES[1])
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the router and everything that it started."""
        if self.process is not None:
            pids = process_tree(self.process.pid)
            self.process.terminate()
            try:
                self.process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                print(f"{self.name} does not stop; killing it", file=sys.stderr)
            finally:  # also on a second, impatient Ctrl-C
                self.process.kill()
                self.process.wait()
                _end_session(self.process.pid, pids[1:])
                self.process = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def ports(self) -> tuple[int, int]:
        """Free ports for WebSocket and RawSocket."""
        return free_port(), free_port()

    def __enter__(self) -> "Router":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline and self.process is not None and self.process.poll() is None:
            try:
                for transport in ("websocket", "rawsocket"):
                    uvloop.run(_try(self.target(transport, "json")))
            except (OSError, TimeoutError, LostError, RefusedError):
                time.sleep(0.1)
            else:
                return
        output = (self.folder / "output.log").read_text("utf-8", "replace")
        raise NotStartedError(f"{self.name} did not start:\n{output[-2000:]}")


class Wamplex(Router):
    """The router of this source tree, on the interpreter that runs the benchmark."""

    name = "Wamplex"
    template = HERE / "wamplex.yaml.in"

    def install(self) -> None:
        """It is here."""

    def version(self) -> str:
        try:
            return version("wamplex")
        except PackageNotFoundError:
            return "from source"

    def command(self, config: Path) -> list[str]:
        return [sys.executable, "-m", "router", "start", "--config", str(config)]

    def ports(self) -> tuple[int, int]:
        """It speaks both on one."""
        port = free_port()
        return port, port


class Crossbar(Router):
    """Crossbar from PyPI, in .bench/crossbar."""

    name = "Crossbar"
    template = HERE / "crossbar.json.in"
    environment = ROOT / ".bench" / "crossbar"

    def install(self) -> None:
        if (self.environment / "bin" / "crossbar").exists():
            return
        print(f"installing Crossbar into {self.environment.relative_to(ROOT)} (once, two minutes)", file=sys.stderr)
        venv.create(self.environment, with_pip=True, symlinks=True, clear=True)
        pip = [str(self.environment / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--requirement", str(HERE / "crossbar-requirements.txt")], check=True)

    def version(self) -> str:
        ask = "from importlib.metadata import version; print(version('crossbar'))"
        python = self.environment / "bin" / "python"
        return subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True).stdout.strip()

    def command(self, config: Path) -> list[str]:
        crossbar = str(self.environment / "bin" / "crossbar")
        return [crossbar, "start", "--cbdir", str(self.folder), "--config", str(config), "--loglevel", "warn"]


ROUTERS: dict[str, type[Router]] = {"crossbar": Crossbar, "wamplex": Wamplex}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _try(target: Target) -> None:
    connection = await target.join()
    connection.close()


def _end_session(session: int, pids: list[int]) -> None:
    """Kill those of `pids` that outlived their router; the session id makes sure that they are still the same."""
    for pid in pids:
        try:
            if os.getsid(pid) == session:
                os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
