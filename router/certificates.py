"""The certificates of a listener while the router runs: they are read again when one of their files changes.

Programs that renew certificates write two files, one after the other, and not always at once. So a change counts when
two looks in a row see the same. What cannot be used is reported, and the certificates of before stay. New ones are for
new handshakes: nobody who is connected notices.
"""

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from twisted.logger import Logger

from realms.clock import Clock
from router.config.pem import names_of
from router.config.tls import Tls, pairs_of
from router.expiry import Expiry, now_in_utc
from router.tls import Shown, UnusableTls, load
from router.transports.server_context import ServerContext

LOOK_EVERY: Final = 2.0
"""Seconds between two looks at the files: a `stat` each."""

Version = tuple[tuple[int, ...] | None, ...]

log = Logger(namespace="tls")


class Certificates:
    """Those of one listener; `context` is for the handshakes that begin now, `shown` is what is in it."""

    def __init__(self, config: Tls, clock: Clock, now: Callable[[], datetime] = now_in_utc) -> None:
        """Read the files; raises UnusableTls."""
        self.config = config
        self._clock = clock
        self._expiry = Expiry(clock, now)
        self._seen = self._tried = _version_of(config)
        self.context: ServerContext
        self.shown: tuple[Shown, ...]
        self.context, self.shown = load(config)
        self._expiry.look(self.shown)
        self._timer = clock.callLater(LOOK_EVERY, self._look)

    def renew(self, config: Tls) -> str | None:
        """Read what this configuration names, now; returns why it cannot be used, then all stays as it was."""
        version = _version_of(config)
        try:
            context, shown = load(config)
        except UnusableTls as reason:
            if config == self.config:
                self._seen = self._tried = version
            return str(reason)
        self.config, self._seen, self._tried = config, version, version
        self._take(context, shown)
        return None

    def stop(self) -> None:
        """Look no more."""
        self._timer.cancel()

    def _look(self) -> None:
        self._timer = self._clock.callLater(LOOK_EVERY, self._look)
        version, before = _version_of(self.config), self._seen
        self._seen = version
        if version == before and version != self._tried:
            reason = self.renew(self.config)
            if reason is not None:
                log.error("{reason}; the certificates stay as they were", reason=reason)
        self._expiry.look(self.shown)

    def _take(self, context: ServerContext, shown: tuple[Shown, ...]) -> None:
        news = [each for each in shown if each not in self.shown]
        self.context, self.shown = context, shown
        for each in news:
            log.info(
                "new connections get the certificate {file} for {names}, valid until {last} UTC",
                file=str(each.file),
                names=", ".join(names_of(each.certificate)) or each.certificate.subject.rfc4514_string(),
                last=f"{each.certificate.not_valid_after_utc:%Y-%m-%d %H:%M}",
            )


def files_of(config: Tls) -> list[Path]:
    """All files that are read for it."""
    pairs = [path for pair in pairs_of(config) for path in (pair.certificate, pair.key)]
    return pairs if config.client_certificates is None else [*pairs, config.client_certificates.authorities]


def _version_of(config: Tls) -> Version:
    """What changes with any of the files, and with what links to it."""
    return tuple(_look_at(path) for path in files_of(config))


def _look_at(path: Path) -> tuple[int, ...] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size
