"""The file in which a running router leaves its process id, for `kill -HUP $(cat FILE)` and for `wamplex reload`.

A lock on the file tells a router that runs from one that was killed and left its file behind: the lock ends with the
process. Beside it, in FILE.reload, stands what came of each time that the configuration was read again:

    {"process": 4711, "count": 2, "mistakes": ["config.yaml:12:5: ..."]}
"""

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

MODE: Final = 0o600
"""Who may read the files is who may signal the process; mistakes quote the configuration."""

LARGEST: Final = 64
"""Octets; more is in no pid file, so this is another file, and not to be written over."""


class CannotClaim(Exception):  # noqa: N818 - it reads as what it says
    """The pid file cannot be this router's; the text is one line for the operator."""


class Outcome(Struct, frozen=True):
    """What came of reading the configuration again."""

    process: int
    count: int
    """How often this process did so."""
    mistakes: tuple[str, ...] = ()
    """Why it was not taken; none if it was."""


class PidFile:
    """That of this process."""

    def __init__(self, path: Path) -> None:
        """Claim it, empty; raises CannotClaim."""
        self._path = path
        self._count = 0
        try:
            self._descriptor = _claim(path)
        except OSError as error:
            raise CannotClaim(f"cannot use the pid_file {path}: {error.strerror or error}") from None

    def write(self) -> None:
        """Say who we are: from here on SIGHUP is understood."""
        outcome_file(self._path).unlink(missing_ok=True)
        os.pwrite(self._descriptor, b"%d\n" % os.getpid(), 0)

    def answer(self, mistakes: Sequence[str]) -> None:
        """Say what came of reading the configuration again."""
        self._count += 1
        whole, half = outcome_file(self._path), self._path.with_name(f"{self._path.name}.new")
        half.unlink(missing_ok=True)
        octets = msgspec.json.encode(Outcome(os.getpid(), self._count, tuple(mistakes)))
        with open(os.open(half, os.O_CREAT | os.O_EXCL | os.O_WRONLY, MODE), "wb") as file:
            file.write(octets)
        half.replace(whole)

    def remove(self) -> None:
        """The router ends."""
        if _is_at(self._descriptor, self._path):  # somebody may have put another one there
            self._path.unlink(missing_ok=True)
            outcome_file(self._path).unlink(missing_ok=True)
        os.close(self._descriptor)


def outcome_file(path: Path) -> Path:
    """Where the outcomes stand."""
    return path.with_name(f"{path.name}.reload")


def outcome_at(path: Path) -> Outcome | None:
    """The last outcome that a router has left; None if there is none."""
    try:
        return msgspec.json.decode(outcome_file(path).read_bytes(), type=Outcome)
    except (OSError, msgspec.DecodeError):
        return None


def process_at(path: Path) -> int | None:
    """The router that the file speaks of; None if it has ended, or is still starting. Raises OSError.

    A process id alone says little: it may be somebody else's by now, or count in another container. The right one has
    this very file open.
    """
    with path.open("rb") as file:
        text = file.read(LARGEST).strip()
        if not text.isdigit():
            return None
        process, status = int(text), os.fstat(file.fileno())
    opened = Path(f"/proc/{process}/fd")
    try:
        names = sorted(os.listdir(opened), key=int)  # it was among the first; there may be a hundred thousand
    except (FileNotFoundError, ProcessLookupError):
        return None
    for name in names:
        try:
            if os.path.samestat(os.stat(opened / name), status):
                return process
        except OSError:  # closed meanwhile
            continue
    return None


def _claim(path: Path) -> int:
    """Open and lock the file; raises OSError or CannotClaim."""
    while True:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, MODE)
        try:
            _lock(descriptor, path)
            found = os.pread(descriptor, LARGEST + 1, 0)
            if found and (len(found) > LARGEST or not found.strip().isdigit()):
                raise CannotClaim(f"{path} is no pid file: it is left alone")
            if _is_at(descriptor, path):  # else the router before has just removed it
                os.fchmod(descriptor, MODE)
                os.ftruncate(descriptor, 0)
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _lock(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        process = os.pread(descriptor, LARGEST, 0).decode("ascii", "replace").strip() or "which is starting"
        raise CannotClaim(f"another router has the pid_file {path}: process {process}") from None


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False
