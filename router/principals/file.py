"""Principals in a file of their own. When it changes it is read again; a version with a mistake does not count."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from twisted.logger import Logger
from twisted.python.failure import Failure

from realms.authentication.off_loop import OffLoop, TooBusy
from realms.authentication.principals import Found, Inquiry, Listed
from router.config.mistakes import InvalidConfig
from router.config.principals_file import read_principals
from router.principals.listed import principal_of

log = Logger(namespace="principals")

Version = tuple[int, int, int]


class File:
    """A `realms.authentication.principals.Principals`."""

    def __init__(self, path: Path, roles: Sequence[str], off_loop: OffLoop, on_change: Callable[[], None]) -> None:
        """Read the file; raises InvalidConfig. Later versions are read off the event loop."""
        self._path = path
        self._roles = roles
        self._off_loop = off_loop
        self._on_change = on_change
        self._version = self._look_at()
        self._is_reading = False
        self.listed = self._read()

    def find(self, inquiry: Inquiry) -> Found:
        """Look up."""
        return self.listed.find(inquiry)

    def find_now(self, authid: str) -> Found:
        """Look up."""
        return self.listed.find_now(authid)

    def role_now(self, authid: str) -> str | None:
        """Look up."""
        return self.listed.role_now(authid)

    def look(self) -> None:
        """Read the file if it has changed."""
        version = self._look_at()
        if self._is_reading or version in (None, self._version):
            return  # a file that is away is about to be replaced
        self._is_reading = True
        self._off_loop(self._read).addCallbacks(self._take, self._keep, callbackArgs=(version,), errbackArgs=(version,))

    def _read(self) -> Listed:
        return Listed(principal_of(listing) for listing in read_principals(self._path, self._roles))

    def _take(self, listed: Listed, version: Version) -> None:
        self._is_reading, self._version, self.listed = False, version, listed
        log.info("{file} has changed: {count} principals", file=str(self._path), count=len(listed))
        self._on_change()

    def _keep(self, failure: Failure, version: Version) -> None:
        self._is_reading = False
        if failure.check(TooBusy):
            return  # until the next look
        self._version = version
        if failure.check(InvalidConfig):
            log.error("The new version does not count: {mistakes}", mistakes=failure.getErrorMessage())
        else:
            log.failure("{file} could not be read", failure=failure, file=str(self._path))

    def _look_at(self) -> Version | None:
        """What changes with the file; None if there is no file."""
        try:
            status = os.stat(self._path)
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size
