"""Workers as processes of their own, whose lines can be waited for."""

import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).parent.parent.parent
PATIENCE = 45.0  # seconds


class Process:
    """A running `python -m <module>`, whose lines can be waited for."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", *arguments]
        self.popen = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=HERE)
        self.lines: queue.Queue[str] = queue.Queue()
        self.output = ""
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.popen.stdout is not None
        for line in self.popen.stdout:
            self.output += line
            self.lines.put(line)

    def wait_for(self, *words: str) -> str:
        """The next line that holds all the words."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                line = self.lines.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no line with {words} in:\n{self.output}") from None
            if all(word in line for word in words):
                return line

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.popen.send_signal(how)
        status = self.popen.wait(PATIENCE)
        self.reader.join(PATIENCE)
        return status
