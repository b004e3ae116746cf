"""The store of logins: what outlasts the router, and what its file tells a thief."""

import sqlite3
from pathlib import Path

import pytest

from realms.authentication import Accepted
from realms.authentication.logins import digest_of
from router.history_store import CannotOpen
from router.logins import LoginStore

ANN = Accepted("ann", "user", "ticket", "database")


def test_logins_outlast_the_router_and_logouts_too(tmp_path: Path) -> None:
    """E16"""
    file = tmp_path / "logins.sqlite"
    before = LoginStore(lambda: 100.0, file)
    stays, login = before.add("realm1", ANN, True, 50)
    out, _ = before.add("realm1", ANN, True, 50)
    short, _ = before.add("realm1", ANN, False, 5)
    before.forget(digest_of(out))
    before.close()
    after = LoginStore(lambda: 120.0, file)
    assert after.find(digest_of(stays)) == login
    assert after.find(digest_of(out)) is None
    assert after.find(digest_of(short)) is None
    after.close()


def test_the_file_of_the_logins_is_not_good_for_joining(tmp_path: Path) -> None:
    """E16, J3"""
    file = tmp_path / "logins.sqlite"
    store = LoginStore(lambda: 100.0, file)
    cookie, _ = store.add("realm1", ANN, True, 50)
    for path in tmp_path.iterdir():
        assert cookie.encode() not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0
    store.close()


def test_a_file_that_is_something_else_is_said_to_be(tmp_path: Path) -> None:
    file = tmp_path / "logins.sqlite"
    file.write_text("no database at all, but long enough to look like one might be" * 20)
    with pytest.raises(CannotOpen, match="cannot use"):
        LoginStore(lambda: 100.0, file)
    newer = tmp_path / "newer.sqlite"
    database = sqlite3.connect(newer)
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(CannotOpen, match="newer Wamplex"):
        LoginStore(lambda: 100.0, newer)
    with pytest.raises(CannotOpen, match="cannot use"):
        LoginStore(lambda: 100.0, tmp_path / "nowhere" / "logins.sqlite")
