"""The audit trail on file: F5."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from realms.audit import Entry
from router.audit import MAX_PER_SECOND, MAX_TEXT, CannotWrite, Trail

NOON = 1_790_000_000.25
FAILURE = Entry(event="login", outcome="failure", realm="realm1", authid="joe", address="192.0.2.1:5000")


class Now:
    """The time of day, moved by hand."""

    seconds = NOON

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def now() -> Now:
    return Now()


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_an_entry_is_a_line_with_what_applies_and_the_time(tmp_path: Path, now: Now) -> None:
    path = tmp_path / "audit.log"
    trail = Trail(path, now)
    trail.record(FAILURE)
    trail.close()
    assert lines(path) == [
        {
            "time": "2026-09-21T14:13:20.250Z", "event": "login", "outcome": "failure",
            "realm": "realm1", "authid": "joe", "address": "192.0.2.1:5000",
        }
    ]  # fmt: skip
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_was_there_is_kept(tmp_path: Path, now: Now) -> None:
    path = tmp_path / "audit.log"
    path.write_text('{"event": "earlier"}\n')
    trail = Trail(path, now)
    trail.record(FAILURE)
    assert [line["event"] for line in lines(path)] == ["earlier", "login"]


def test_after_rotation_the_new_file_is_used_within_a_second(tmp_path: Path, now: Now) -> None:
    path = tmp_path / "audit.log"
    trail = Trail(path, now)
    trail.record(FAILURE)
    path.rename(tmp_path / "audit.log.1")
    now.seconds += 1
    trail.record(FAILURE)
    assert (len(lines(tmp_path / "audit.log.1")), len(lines(path))) == (1, 1)


def test_a_flood_is_counted_instead_of_written(tmp_path: Path, now: Now) -> None:
    path = tmp_path / "audit.log"
    trail = Trail(path, now)
    for _ in range(MAX_PER_SECOND + 7):
        trail.record(FAILURE)
    now.seconds += 1
    trail.record(FAILURE)
    written = lines(path)
    assert len(written) == MAX_PER_SECOND + 2
    assert (written[-2]["event"], written[-2]["count"]) == ("omitted", 7)


def test_what_a_client_says_to_be_cannot_forge_a_line(tmp_path: Path, now: Now) -> None:
    path = tmp_path / "audit.log"
    trail = Trail(path, now)
    trail.record(Entry(event="login", outcome="failure", realm="realm1", authid='joe"}\n{"event": "login'))
    assert lines(path)[0]["authid"] == 'joe"}\n{"event": "login'


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path, now: Now) -> None:
    with pytest.raises(CannotWrite, match=r"nowhere/audit\.log: No such file or directory"):
        Trail(tmp_path / "nowhere" / "audit.log", now)


def test_a_flood_of_one_kind_hides_no_other(tmp_path: Path, now: Now) -> None:
    path = tmp_path / "audit.log"
    trail = Trail(path, now)
    for _ in range(MAX_PER_SECOND + 7):
        trail.record(FAILURE)
    trail.record(Entry(event="login", outcome="success", realm="realm1", authid="eve", authrole="admin"))
    assert lines(path)[-1]["authid"] == "eve"


def test_a_client_cannot_make_a_line_as_long_as_a_message(tmp_path: Path, now: Now) -> None:
    path = tmp_path / "audit.log"
    trail = Trail(path, now)
    trail.record(Entry(event="login", outcome="failure", realm="realm1", authid="x" * 60_000))
    assert lines(path)[0]["authid"] == "x" * MAX_TEXT + "..."
