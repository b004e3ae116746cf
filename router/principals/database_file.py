"""The SQLite file of principals: its tables, who may read it, and whether a file is one."""

import os
import sqlite3
from pathlib import Path
from typing import Final

MODE: Final = 0o600
"""Of the file: a verifier for WAMP-CRA is as good as the password, and any of them lets passwords be tried."""

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS principals (
    realm TEXT NOT NULL,
    authid TEXT NOT NULL,
    role TEXT NOT NULL,
    enabled INTEGER NOT NULL DEFAULT 1,
    ticket TEXT,  -- this and the next two are verifiers
    wampcra TEXT,
    scram TEXT,
    totp TEXT,  -- base32
    PRIMARY KEY (realm, authid)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS keys (
    realm TEXT NOT NULL,
    kind TEXT NOT NULL,  -- the method that it is for: cryptosign or tls
    key TEXT NOT NULL,  -- the public key, or the fingerprint of the certificate, in lower-case hexadecimal
    authid TEXT NOT NULL,
    PRIMARY KEY (realm, kind, key),
    FOREIGN KEY (realm, authid) REFERENCES principals ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS keys_of_principals ON keys (realm, authid);
"""

VERSION: Final = 1
"""`PRAGMA user_version` of the file."""

APPLICATION: Final = 0x57414D50
"""`PRAGMA application_id`, "WAMP": a database of something else is not written to."""


class CannotUse(Exception):  # noqa: N818 - it reads as what it says
    """The file cannot be used, or not so; the text is one line for the operator."""


def open_database(file: Path, wait: float, *, make: bool) -> sqlite3.Connection:
    """Open the file, or `make` it; raises CannotUse. `wait` is for how long another writer may hold the file."""
    try:
        if make:
            _make_private(file)
        os.close(os.open(file, os.O_RDWR | os.O_CLOEXEC))  # SQLite would not say what is wrong
    except OSError as error:
        raise cannot_use(file, os.strerror(error.errno or 0)) from None
    try:
        db = sqlite3.connect(file, isolation_level=None, timeout=wait)
        try:
            _prepare(db, file)
        except BaseException:
            db.close()
            raise
    except sqlite3.Error as error:
        raise cannot_use(file, str(error)) from None
    return db


def cannot_use(file: Path, why: str) -> CannotUse:
    """The exception that says why."""
    return CannotUse(f"cannot use {file} for principals: {why}")


def is_exposed(file: Path) -> bool:
    """Whether others than its owner may read the file."""
    try:
        return os.stat(file).st_mode & ~MODE & 0o777 != 0
    except OSError:
        return False


def why_unusable(file: Path) -> str | None:
    """Say why a file will not do, as far as that can be seen without opening it as a database; None if it may."""
    try:
        with file.open("rb") as opened:
            head = opened.read(100)
    except FileNotFoundError:
        return None if file.parent.is_dir() else "there is no such folder"
    except OSError as error:
        return os.strerror(error.errno or 0)
    return None if not head or head.startswith(b"SQLite format 3\0") else "not a SQLite database"


def _make_private(file: Path) -> None:
    """Make the file if it is not there: SQLite would let everybody read it; raises OSError.

    What root makes is for whom the folder belongs to, or the router could not read it.
    """
    try:
        made = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, MODE)
    except FileExistsError:
        return
    try:
        if os.geteuid() == 0:
            folder = file.absolute().parent.stat()
            os.fchown(made, folder.st_uid, folder.st_gid)
    finally:
        os.close(made)


def _prepare(db: sqlite3.Connection, file: Path) -> None:
    """Make the tables if the file is empty; raises CannotUse if it is something else."""
    version, application = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("user_version", "application_id"))
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and application != APPLICATION:
        raise cannot_use(file, "it is a database of something else")
    if version > VERSION:
        raise cannot_use(file, "it was made by a newer Wamplex")
    db.execute("PRAGMA foreign_keys = ON")
    if version == VERSION:
        return
    db.execute("PRAGMA journal_mode = WAL")
    db.executescript(
        f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; COMMIT"
    )
