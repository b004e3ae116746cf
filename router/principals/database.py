"""Principals in a SQLite file, which `wamplex user` changes while the router runs.

The router only reads: a look-up is one indexed read, some 50 microseconds with what is made of it, and the write-ahead
log keeps writers from ever making it wait. Once a second it asks whether another process has changed the file.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from twisted.logger import Logger

from realms.authentication.principals import Found, Inquiry
from realms.authentication.verifiers import Cost, cost_of
from router.principals.database_file import CannotUse, cannot_use, open_database
from router.principals.entries import NOBODY, Entry, Kind, entry_of, principal_of

log = Logger(namespace="principals")

COLUMNS: Final = """
SELECT authid, role, enabled, ticket, wampcra, scram, totp,
    (SELECT group_concat(kind || ' ' || key) FROM keys
    WHERE keys.realm = principals.realm AND keys.authid = principals.authid)
FROM principals WHERE realm = ?1
"""
BY_AUTHID: Final = """
SELECT ?2, role, enabled, ticket, wampcra, scram, totp,
    (SELECT group_concat(kind || ' ' || key) FROM keys WHERE realm = ?1 AND authid = ?2)
FROM (SELECT 1) LEFT JOIN principals ON realm = ?1 AND authid = ?2
"""
"""A row in any case, as nobody should be found sooner than somebody; without a role it is nobody's."""

OWNER: Final = "(SELECT authid FROM keys WHERE realm = ?1 AND kind = ?2 AND key = ?3)"
BY_KEY: Final = COLUMNS + f"AND authid = {OWNER}"


class Database:
    """The principals of one realm, in a file that other realms may use as well.

    It is a `realms.authentication.principals.Principals`. Its own methods raise CannotUse.
    """

    def __init__(self, file: Path, realm: str, *, wait: float = 0.25, make: bool = True) -> None:
        """Open the file, or `make` it; raises CannotUse. `wait` is for how long another writer may hold the file."""
        self.file = file
        self._realm = realm
        self._wait = wait
        self._db = open_database(file, wait, make=make)
        self._seen = self._state()
        self._failed = False

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    # --- looking up -------------------------------------------------------------------------------------------

    def find(self, inquiry: Inquiry) -> Found:
        """Look up; raises CannotUse if the file cannot be read."""
        if inquiry.key is not None:
            return self._found(BY_KEY, "cryptosign", inquiry.key.hex())
        if inquiry.certificate is not None:
            return self._found(BY_KEY, "tls", inquiry.certificate)
        return None if inquiry.authid is None else self.find_now(inquiry.authid)

    def find_now(self, authid: str) -> Found:
        """Who this is; None if there is nobody of the name, or it is disabled."""
        return self._found(BY_AUTHID, authid)

    def role_now(self, authid: str) -> str | None:
        """The role of who may join under this name; None as above."""
        entry = self._read(BY_AUTHID, authid)
        return None if entry is None or not entry.enabled else entry.role

    def _found(self, question: str, *about: str) -> Found:
        entry = self._read(question, *about)
        principal = principal_of(NOBODY if entry is None else entry)  # as much work for a name that nobody has
        return None if entry is None or not entry.enabled else principal

    def entry(self, authid: str) -> Entry | None:
        """What is kept of somebody, enabled or not."""
        return self._read(BY_AUTHID, authid)

    def entries(self) -> list[Entry]:
        """All that is kept, in the order of the names."""
        with self._told():
            return [entry_of(row) for row in self._db.execute(f"{COLUMNS} ORDER BY authid", (self._realm,))]

    def cost(self) -> Cost | None:
        """What comparing with a password costs here; None if there is no password."""
        question = "SELECT ticket FROM principals WHERE realm = ? AND ticket LIKE '$argon2id$%' LIMIT 1"
        with self._told(), suppress(ValueError):
            row = self._db.execute(question, (self._realm,)).fetchone()
            return None if row is None else cost_of(row[0])
        return None

    def _read(self, question: str, *about: str) -> Entry | None:
        with self._told():
            row = self._db.execute(question, (self._realm, *about)).fetchone()
        entry = None if row is None else entry_of(row)
        return None if entry is None or entry.role is None else entry

    # --- changing ---------------------------------------------------------------------------------------------

    def add(self, authid: str, role: str) -> None:
        """Add somebody without any proof; raises CannotUse if the name is taken."""
        with self._told():
            try:
                self._db.execute(
                    "INSERT INTO principals (realm, authid, role) VALUES (?, ?, ?)", (self._realm, authid, role)
                )
            except sqlite3.IntegrityError:
                raise CannotUse(f"there is a principal {authid} in {self._realm} already") from None

    def change(self, authid: str, **values: str | int | None) -> None:
        """Change columns; raises CannotUse if there is nobody of the name."""
        assignments = ", ".join(f"{column} = ?" for column in values)  # from the names of arguments only
        self._change(
            authid,
            f"UPDATE principals SET {assignments} WHERE realm = ? AND authid = ?",  # noqa: S608
            *values.values(),
            self._realm,
            authid,
        )

    def remove(self, authid: str) -> None:
        """Forget somebody, with all keys; raises CannotUse if there is nobody of the name."""
        self._change(authid, "DELETE FROM principals WHERE realm = ? AND authid = ?", self._realm, authid)

    def add_key(self, authid: str, kind: Kind, key: str) -> None:
        """Add a public key or fingerprint; raises CannotUse if somebody has it already."""
        with self._told():
            try:
                self._db.execute("INSERT INTO keys VALUES (?, ?, ?, ?)", (self._realm, kind, key, authid))
            except sqlite3.IntegrityError:
                owner = self._read(BY_KEY, kind, key)
                why = f"belongs to {owner.authid} already" if owner else f"needs a principal; there is no {authid}"
                raise CannotUse(f"{key[:16]}... {why}") from None

    def remove_key(self, authid: str, kind: Kind, key: str) -> None:
        """Take a public key or fingerprint away; raises CannotUse if the principal does not have it."""
        with self._told():
            question = "DELETE FROM keys WHERE realm = ? AND kind = ? AND key = ? AND authid = ?"
            if not self._db.execute(question, (self._realm, kind, key, authid)).rowcount:
                raise CannotUse(f"{authid} has no such key")

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Make all changes within, or none of them."""
        with self._told():
            self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        with self._told():
            self._db.execute("COMMIT")

    def _change(self, authid: str, statement: str, *values: Any) -> None:
        with self._told():
            if not self._db.execute(statement, values).rowcount:
                raise CannotUse(f"there is no principal {authid} in {self._realm}")

    # --- noticing changes -------------------------------------------------------------------------------------

    def has_changed(self) -> bool:
        """Whether another process has changed the file since this was asked last. A new file is opened."""
        try:
            state = self._state()
            if state[0] != self._seen[0]:
                db, self._db = self._db, open_database(self.file, self._wait, make=False)
                db.close()
                state = self._state()
        except CannotUse as reason:
            if not self._failed:
                log.error("{reason}", reason=str(reason))
            self._failed = True
            return False
        self._failed = False
        changed, self._seen = state != self._seen, state
        return changed

    def _state(self) -> tuple[tuple[int, int], int]:
        """Which file it is, and a number that is another one after every change."""
        with self._told():
            return self._identity(), self._db.execute("PRAGMA data_version").fetchone()[0]

    def _identity(self) -> tuple[int, int]:
        try:
            status = os.stat(self.file)
        except OSError:
            return 0, 0
        return status.st_dev, status.st_ino

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell what SQLite says in a line for the operator."""
        try:
            yield
        except sqlite3.Error as error:
            raise cannot_use(self.file, str(error)) from None
