"""Event history in a SQLite file, so that it survives a restart. See `realms.history.Store`.

What is published must not wait for a disk. So events are gathered and written in one transaction: `DELAY` after the
first of them, or at once when there are many, or when the publisher asked for PUBLISHED; whoever reads has them written
first. The write-ahead log needs no waiting for the disk at the end of a transaction: the events of the last moments may
be lost when the machine, not just the process, goes down, and the file stays sound.
"""

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Raw
from twisted.logger import Logger

from realms.clock import Clock, Timer
from realms.eligibility import EVERYBODY, Audience
from realms.history import Span, StoredEvent
from wamp.codecs import CBOR, CODECS
from wamp.errors import UNAVAILABLE, Untranscodable, WampError
from wamp.options import EventDetails
from wamp.payloads import Payload

log = Logger(namespace="history")

DELAY: Final = 0.05
"""Seconds until an event is written: what a crash of the process may cost."""

BATCH: Final = 500
"""Events that are written at once without waiting any longer: a few milliseconds of work."""

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS events (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    subscription INTEGER NOT NULL,
    publication INTEGER NOT NULL,
    milliseconds INTEGER NOT NULL,
    topic TEXT NOT NULL,
    details BLOB NOT NULL,  -- JSON, as in EVENT
    audience BLOB NOT NULL,  -- JSON
    codec TEXT NOT NULL,  -- of the payload
    args BLOB,
    kwargs BLOB
);
CREATE TABLE IF NOT EXISTS kept (
    subscription INTEGER PRIMARY KEY,
    since INTEGER NOT NULL  -- milliseconds since 1970
);
CREATE TABLE IF NOT EXISTS forgotten (
    subscription INTEGER PRIMARY KEY  -- of which events were deleted
);
CREATE INDEX IF NOT EXISTS events_in_order ON events (subscription, position);
CREATE INDEX IF NOT EXISTS events_by_publication ON events (subscription, publication);
"""

VERSION: Final = 1
"""`PRAGMA user_version` of the file."""

INSERT: Final = """
INSERT INTO events (subscription, publication, milliseconds, topic, details, audience, codec, args, kwargs)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
TRIM: Final = """
DELETE FROM events WHERE position IN (SELECT position FROM events WHERE subscription = ? ORDER BY position LIMIT ?)
"""
READ: Final = """
SELECT publication, milliseconds, topic, details, audience, codec, args, kwargs FROM events
WHERE subscription = ?1 AND position BETWEEN ?2 AND ?3 AND milliseconds BETWEEN ?4 AND ?5 AND (?6 IS NULL OR topic = ?6)
ORDER BY position
"""


class CannotOpen(Exception):  # noqa: N818 - it reads as what it says
    """The file cannot be used; the text is one line for the operator."""


class SqliteStore:
    """A `realms.history.Store` in one file, which all realms may share: subscription ids differ between realms."""

    def __init__(self, file: Path, clock: Clock) -> None:
        """Open the file, or make it; raises CannotOpen."""
        self._clock = clock
        self._limits: dict[int, int] = {}
        self._epochs: dict[int, int] = {}
        self._stored: Counter[int] = Counter()
        self._forgotten: set[int] = set()
        self._pending: list[tuple[Any, ...]] = []
        self._timer: Timer | None = None
        self._is_closed = False
        try:
            os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))  # what was published is not for all on this machine
            self._db = sqlite3.connect(file, isolation_level=None, timeout=1)
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, VERSION):
                raise CannotOpen(f"the event history {file} was made by a newer Wamplex")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.executescript(f"{SCHEMA}; PRAGMA user_version = {VERSION}")
        except (OSError, sqlite3.Error) as error:
            raise CannotOpen(f"cannot use {file} for the event history: {error}") from None

    def keep(self, subscription: int, limit: int, now: int) -> None:
        """See `Store.keep`. The file may hold more from a time with a larger limit."""
        self._limits[subscription] = limit
        self._db.execute("INSERT OR IGNORE INTO kept VALUES (?, ?)", (subscription, now))
        since = "SELECT since FROM kept WHERE subscription = ?"
        self._epochs[subscription] = self._db.execute(since, (subscription,)).fetchone()[0]
        count = self._db.execute("SELECT count(*) FROM events WHERE subscription = ?", (subscription,)).fetchone()[0]
        self._stored[subscription] = count
        if self._db.execute("SELECT 1 FROM forgotten WHERE subscription = ?", (subscription,)).fetchone():
            self._forgotten.add(subscription)
        self._trim(subscription)

    def epoch(self, subscription: int) -> int:
        """See `Store.epoch`."""
        return self._epochs[subscription]

    def has_forgotten(self, subscription: int) -> bool:
        """See `Store.has_forgotten`."""
        self.flush()
        return subscription in self._forgotten

    def add(self, subscription: int, event: StoredEvent) -> None:
        """See `Store.add`."""
        try:
            self._pending.append(_row(subscription, event))
        except Untranscodable as reason:  # what the router said itself, or a testament, with a value that no format has
            log.warn("An event of {topic} is not stored: {reason}", topic=event.topic, reason=str(reason))
            return
        if len(self._pending) >= BATCH:
            self.flush()
        elif self._timer is None:
            self._timer = self._clock.callLater(DELAY, self._due)

    def position(self, subscription: int, publication: int) -> int | None:
        """See `Store.position`."""
        self.flush()
        question = "SELECT position FROM events WHERE subscription = ? AND publication = ?"
        try:
            found = self._db.execute(question, (subscription, publication)).fetchone()
        except sqlite3.Error:
            raise _unreadable() from None
        return None if found is None else int(found[0])

    def read(self, subscription: int, span: Span) -> Iterator[StoredEvent]:
        """See `Store.read`."""
        self.flush()
        try:
            for row in self._db.execute(READ + ("DESC" if span.reverse else "ASC"), (subscription, *span[:5])):
                yield _event(*row)
        except (sqlite3.Error, msgspec.DecodeError):
            raise _unreadable() from None

    def flush(self) -> None:
        """See `Store.flush`. If that fails these events are lost, and the router goes on."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        rows, self._pending = self._pending, []
        if not rows or self._is_closed:
            return
        try:
            self._db.execute("BEGIN")
            self._db.executemany(INSERT, rows)
            self._db.execute("COMMIT")
        except sqlite3.Error:
            log.failure("{count} events could not be stored", count=len(rows))
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            return
        added = Counter(row[0] for row in rows)
        self._stored.update(added)
        for subscription in added:
            self._trim(subscription)

    def close(self) -> None:
        """See `Store.close`."""
        self.flush()
        if not self._is_closed:
            self._is_closed = True
            self._db.close()

    def _due(self) -> None:
        self._timer = None
        self.flush()

    def _trim(self, subscription: int) -> None:
        surplus = self._stored[subscription] - self._limits[subscription]
        if surplus <= 0:
            return
        try:
            if subscription not in self._forgotten:  # noted first: a crash in between must not hide it
                self._db.execute("INSERT OR IGNORE INTO forgotten VALUES (?)", (subscription,))
                self._forgotten.add(subscription)
            self._db.execute(TRIM, (subscription, surplus))
        except sqlite3.Error:
            log.failure("old events could not be forgotten")
        else:
            self._stored[subscription] -= surplus


def _row(subscription: int, event: StoredEvent) -> tuple[Any, ...]:
    codec = event.payload.codec or CBOR
    parts = [bytes(part) for part in event.payload.parts_for(codec)]
    args, kwargs = [*parts, None, None][:2]
    details, audience = msgspec.json.encode(event.details), msgspec.json.encode(event.audience)
    return (
        subscription, event.publication, event.milliseconds, event.topic, details, audience, codec.name, args, kwargs
    )  # fmt: skip


def _event(
    publication: int,
    milliseconds: int,
    topic: str,
    details: bytes,
    audience: bytes,
    codec: str,
    args: bytes | None,
    kwargs: bytes | None,
) -> StoredEvent:
    admitted = msgspec.json.decode(audience, type=Audience)
    payload = Payload(CODECS[codec], tuple(Raw(part) for part in (args, kwargs) if part is not None))
    return StoredEvent(
        publication,
        milliseconds,
        topic,
        msgspec.json.decode(details, type=EventDetails),
        payload,
        EVERYBODY if admitted == EVERYBODY else admitted,
    )


def _unreadable() -> WampError:
    """Log why, and say no more than that."""
    log.failure("the event history cannot be read")
    return WampError(UNAVAILABLE, "the event history cannot be read")
