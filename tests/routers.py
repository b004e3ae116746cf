"""Real routers for tests: `wamplex start` as a process of its own, on free ports of 127.0.0.1."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

READY_WITHIN = 60.0
"""Seconds; a router is up in less than one, but a test machine may be busy."""

OPEN_TO_ALL = """
realms:
  - name: realm1
    authentication:
      anonymous: {role: anonymous}
    roles:
      - name: anonymous
        permissions:
          - {uri: "", match: prefix, allow: [call, register, publish, subscribe]}
          - {uri: wamp., match: prefix, allow: [call, subscribe]}
"""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class RunningRouter:
    """A router that can be stopped, killed and started again on the same port."""

    def __init__(self, folder: Path, config: str = OPEN_TO_ALL, listener: str = "") -> None:
        """`config` is config.yaml without its listeners; `listener` is more of the one that there is: `key: value`."""
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}/ws"
        self.rs_url = f"rs://127.0.0.1:{self.port}"
        self.lp_url = f"{self.url}/lp"
        self.folder = folder
        self.log_file = folder / "router.log"
        self.config_file = folder / "config.yaml"
        self.config_file.write_text(f"{config}\nlisteners:\n  - {{host: 127.0.0.1, port: {self.port}, {listener}}}\n")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What the router has logged so far."""
        return self.log_file.read_text()

    @property
    def pid(self) -> int:
        """The process id of the running router."""
        assert self.process is not None
        return self.process.pid

    def start(self) -> "RunningRouter":
        """Start the router and wait until it accepts connections."""
        command = [sys.executable, "-m", "router", "start", "--config", str(self.config_file)]
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=Path(__file__).parent.parent)
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return self
        raise AssertionError(f"the router did not start:\n{self.log}")

    def stop(self) -> int:
        """Ask the router to stop; returns its exit status. Not with SIGINT: under `cmd &` it would be ignored."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(10)

    def kill(self) -> None:
        """Let the router die without a word."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def restart(self) -> None:
        """Stop the router and start it again on the same port."""
        self.stop()
        self.start()

    def freeze(self) -> None:
        """Stop the process in its tracks, without closing anything."""
        os.kill(self.pid, signal.SIGSTOP)

    def close(self) -> None:
        """End the process if it still runs."""
        if self.process is not None and self.process.poll() is None:
            self.kill()
