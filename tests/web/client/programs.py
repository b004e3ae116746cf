"""A program on Node.js that uses the client, told by tests what to do."""

import json
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

from tests.npm import NODE

SCRIPT = Path(__file__).parent / "program.mjs"
PATIENCE = 20.0
"""Seconds until what should happen has to have happened."""


class Failed(Exception):  # noqa: N818
    """What a function body threw: the URI of an error of WAMP, or name and message."""


class Program:
    """The program; what it says is kept in the order in which it was said."""

    def __init__(self, modules: Path, options: dict[str, Any], login: str | None, autobahn: str) -> None:
        settings = json.dumps({"options": {"realm": "realm1", **options}, "login": login, "autobahn": autobahn})
        command = [str(NODE), str(SCRIPT), settings, str(modules / "x.js")]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        self.said: list[tuple[str, Any]] = []
        self.complaints: list[str] = []
        self._answers: dict[int, dict[str, Any]] = {}
        self._news = threading.Condition()
        self._asked = 0
        for read in (self._listen, self._complain):
            threading.Thread(target=read, daemon=True).start()

    def run(self, text: str) -> Any:
        """Run a function body, and give what it returns; raises Failed."""
        self._asked += 1
        asked = self._asked
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"id": asked, "text": text}) + "\n")
        self.process.stdin.flush()
        self._until(lambda: asked in self._answers, text)
        answer = self._answers.pop(asked)
        if "error" in answer:
            raise Failed(answer["error"])
        return answer["value"]

    def heard(self, what: str) -> list[Any]:
        """All that it has said of one kind."""
        return [value for kind, value in list(self.said) if kind == what]

    def wait_for(self, what: str, count: int = 1) -> list[Any]:
        """Wait until it has said so much of a kind."""
        self._until(lambda: len(self.heard(what)) >= count, f"{count} of {what}")
        return self.heard(what)

    def wait_for_complaint(self, words: str) -> None:
        """Wait until its standard error output has some words."""
        self._until(lambda: words in "".join(self.complaints), words)

    def wait_until(self, state: str, **details: Any) -> dict[str, Any]:
        """Wait until the connection is in a state."""

        def now() -> dict[str, Any]:
            states = self.heard("state")
            found: dict[str, Any] = states[-1] if states else {}
            return found if {"name": state, **details}.items() <= found.items() else {}

        self._until(lambda: bool(now()), f"{state} {details}")
        return now()

    def open(self) -> "Program":
        """Open the connection and wait until it has joined."""
        self.run("connection.open()")
        self.wait_until("joined")
        return self

    def end(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait(10)

    def _until(self, happened: Any, what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        with self._news:
            while not happened():
                left = deadline - time.monotonic()
                if left <= 0 or self.process.poll() is not None:
                    story = "\n".join([*map(str, self.said[-20:]), *self.complaints[-20:]])
                    raise AssertionError(f"it did not happen: {what}\n{story}")
                self._news.wait(min(left, 1.0))

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            told = json.loads(line)
            with self._news:
                if "what" in told:
                    self.said.append((told["what"], told["value"]))
                else:
                    self._answers[told["id"]] = told
                self._news.notify_all()

    def _complain(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._news:
                self.complaints.append(line)
                self._news.notify_all()
