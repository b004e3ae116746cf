"""Where the audit trail goes: a file of its own, or the log; one JSON object a line.

    {"time": "2026-11-22T14:10:05.123Z", "event": "login", "outcome": "failure", "authid": "joe", ...}

The file is only ever appended to, so `logrotate` with `copytruncate` or a plain rename suits: it is opened again once
its name leads elsewhere. A client that provokes denials cannot flood it: beyond `MAX_PER_SECOND` lines a second of one
kind the rest is counted, and the count is a line. Other kinds go on: nobody hides what it did behind what it did not.
"""

import os
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import time
from typing import Final

import msgspec
from twisted.logger import Logger

from realms.audit import Entry

MAX_PER_SECOND: Final = 1000
"""Lines of one kind: an event with its outcome, of one role. A storm of that size is counted, not spelled out."""

MAX_TEXT: Final = 1024
"""Characters of a text, as in a URI; before a login a client may say anything."""

log = Logger(namespace="audit")


class CannotWrite(Exception):  # noqa: N818 - it reads as what it says
    """The file cannot be opened; the text is one line for the operator."""


class Trail:
    """The audit trail of a router; `record` takes the entries of all realms."""

    def __init__(self, path: Path | None, now: Callable[[], float] = time) -> None:
        """`path` is the file, None the log. Raises CannotWrite."""
        self._path = path
        self._now = now
        self._file = -1 if path is None else _open(path)
        self._second = 0
        self._lines: Counter[tuple[str, str, str | None]] = Counter()
        self._failing = False

    def record(self, entry: Entry) -> None:
        """Write an entry."""
        now = self._now()
        if int(now) != self._second:
            self._begin_second(now)
        kind = entry.event, entry.outcome, entry.authrole
        self._lines[kind] += 1
        if self._lines[kind] <= MAX_PER_SECOND:
            self._write({"time": _written(now), **told(entry)})

    def close(self) -> None:
        """The router stops."""
        self._begin_second(self._now())
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _begin_second(self, now: float) -> None:
        lines, self._lines, self._second = self._lines, Counter(), int(now)
        omitted = sum(max(0, count - MAX_PER_SECOND) for count in lines.values())
        if omitted > 0:
            self._write({"time": _written(now), "event": "omitted", "count": omitted})
        if self._path is not None and not self._is_current(self._path):
            self._reopen(self._path)

    def _is_current(self, path: Path) -> bool:
        """Whether the name still leads to the file that is open; rotation gives the name to another."""
        try:
            named, opened = path.stat(), os.fstat(self._file)
        except OSError:
            return False
        return (named.st_dev, named.st_ino) == (opened.st_dev, opened.st_ino)

    def _reopen(self, path: Path) -> None:
        try:
            file = _open(path)
        except CannotWrite as error:
            self._complain(str(error))
            return
        os.close(self._file)
        self._file = file

    def _write(self, line: dict[str, object]) -> None:
        if self._path is None:
            log.info("{audit}", audit=msgspec.json.encode(line).decode())
            return
        try:
            os.write(self._file, msgspec.json.encode(line) + b"\n")
        except OSError as error:
            self._complain(f"{self._path}: {os.strerror(error.errno or 0)}")
        else:
            self._failing = False

    def _complain(self, reason: str) -> None:
        """Say once that entries get lost, not for each."""
        if not self._failing:
            self._failing = True
            log.error("the audit trail cannot be written: {reason}", reason=reason)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CannotWrite(f"{path}: {os.strerror(error.errno or 0)}") from None


def told(entry: Entry) -> dict[str, object]:
    """What an entry says, by name; a text is no longer than `MAX_TEXT`."""
    return {key: _cut(value) for key, value in msgspec.to_builtins(entry).items()}


def _cut(value: object) -> object:
    return f"{value[:MAX_TEXT]}..." if isinstance(value, str) and len(value) > MAX_TEXT else value


def _written(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
