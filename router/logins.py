"""The store of logins: in memory, and in a SQLite file as well if they are to outlast the router. See
`realms.authentication.logins`.

The file is written along with every login and logout, which are rare; it is read once, at the start.
"""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from secrets import token_urlsafe
from typing import Final

from twisted.logger import Logger

from realms.authentication import Accepted
from realms.authentication.logins import Login, digest_of
from router.history_store import CannotOpen

log = Logger(namespace="login")

MOST_LOGINS: Final = 100_000
"""Logins that are kept, half a KiB each; then the oldest makes room."""

MOST_OF_ONE: Final = 20
"""Logins of one principal, which may have as many browsers; then its oldest makes room."""

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS logins (
    digest TEXT PRIMARY KEY,  -- SHA-256 of the cookie
    realm TEXT NOT NULL,
    authid TEXT NOT NULL,
    role TEXT NOT NULL,
    provider TEXT NOT NULL,
    is_kept INTEGER NOT NULL,
    assigned TEXT,
    created REAL NOT NULL,
    expires REAL NOT NULL
) WITHOUT ROWID;
"""

VERSION: Final = 1
"""`PRAGMA user_version` of the file."""

INSERT: Final = "INSERT INTO logins VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
READ: Final = "SELECT * FROM logins WHERE expires > ? ORDER BY created"


class LoginStore:
    """The logins of the router; a `realms.authentication.logins.Logins`."""

    def __init__(self, now: Callable[[], float], file: Path | None = None) -> None:
        """`now` gives seconds since 1970. Opens the file, or makes it; raises CannotOpen."""
        self._now = now
        self._logins: dict[str, Login] = {}
        """By digest, the oldest first."""
        self._of_one: dict[tuple[str, str], list[str]] = {}
        """The digests of each principal, the oldest first."""
        self._db = None if file is None else _opened(file)
        if self._db is not None:
            for row in self._db.execute(READ, (now(),)):
                self._keep(Login(*row)._replace(is_kept=bool(row[5])))
            self._db.execute("DELETE FROM logins WHERE expires <= ?", (now(),))

    def find(self, digest: str) -> Login | None:
        """The login with this digest, unless it is over."""
        login = self._logins.get(digest)
        if login is not None and login.expires <= self._now():
            self.forget(digest)
            return None
        return login

    def add(self, realm: str, identity: Accepted, is_kept: bool, lifetime: float) -> tuple[str, Login]:
        """Note that somebody has logged in; gives the cookie, which nobody can have from us again."""
        self._make_room((realm, identity.authid))
        cookie = token_urlsafe(32)
        now = self._now()
        expires = now + lifetime
        login = Login(
            digest_of(cookie),
            realm,
            identity.authid,
            identity.authrole,
            identity.authprovider,
            is_kept,
            identity.realm,
            now,
            expires if identity.expires is None else min(expires, identity.expires),
        )
        self._keep(login)
        self._write(INSERT, login)
        return cookie, login

    def forget(self, digest: str) -> None:
        """The login is over. Idempotent."""
        login = self._logins.pop(digest, None)
        if login is None:
            return
        of_one = self._of_one[login.realm, login.authid]
        of_one.remove(digest)
        if not of_one:
            del self._of_one[login.realm, login.authid]
        self._write("DELETE FROM logins WHERE digest = ?", (digest,))

    def close(self) -> None:
        """Close the file. Idempotent."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def _make_room(self, principal: tuple[str, str]) -> None:
        of_one = self._of_one.get(principal, [])
        if len(of_one) >= MOST_OF_ONE:
            self.forget(of_one[0])
        now = self._now()
        while self._logins:
            oldest = next(iter(self._logins.values()))
            if oldest.expires > now and len(self._logins) < MOST_LOGINS:
                break
            self.forget(oldest.digest)

    def _keep(self, login: Login) -> None:
        self._logins[login.digest] = login
        self._of_one.setdefault((login.realm, login.authid), []).append(login.digest)

    def _write(self, statement: str, values: tuple[object, ...]) -> None:
        """If that fails the login holds until the router ends."""
        if self._db is None:
            return
        try:
            self._db.execute(statement, values)
        except sqlite3.Error:
            log.failure("the file of the logins cannot be written")


def _opened(file: Path) -> sqlite3.Connection:
    try:
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))  # who logged in when is nobody else's business
        db = sqlite3.connect(file, isolation_level=None, timeout=1)
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, VERSION):
            raise CannotOpen(f"the logins {file} were stored by a newer Wamplex")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.executescript(f"{SCHEMA} PRAGMA user_version = {VERSION}")
    except (OSError, sqlite3.Error) as error:
        raise CannotOpen(f"cannot use {file} for the logins: {error}") from None
    return db
