"""Event history in a file."""

import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import Raw
from twisted.internet.task import Clock

from realms.eligibility import EVERYBODY, Audience
from realms.history import Span, StoredEvent
from router.history_store import BATCH, DELAY, CannotOpen, SqliteStore
from tests.peers import Peer
from tests.routers import OPEN_TO_ALL, RunningRouter
from wamp.codecs import CBOR, JSON
from wamp.options import EventDetails
from wamp.payloads import Payload, payload_with

HISTORY = """    history:
      file: history.sqlite
      topics:
        - {uri: com.example.kept, limit: 3}
        - {uri: com.example.kept., match: prefix, limit: 100}
"""


NOW = 1_790_000_000_000


def event(publication: int, payload: Payload | None = None, audience: Audience = EVERYBODY) -> StoredEvent:
    payload = payload or Payload(JSON, (Raw(b"[1]"),))
    return StoredEvent(publication, 1000 + publication, "com.topic", EventDetails(publisher=7), payload, audience)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite"


@pytest.fixture
def store(file: Path, clock: Clock) -> Iterator[SqliteStore]:
    """Where two subscriptions, 1 and 2, keep three events each."""
    opened = opened_at(file, clock)
    yield opened
    opened.close()


def opened_at(file: Path, clock: Clock, limit: int = 3, now: int = NOW) -> SqliteStore:
    store = SqliteStore(file, clock)
    store.keep(1, limit, now)
    store.keep(2, limit, now)
    return store


def publications(store: SqliteStore, subscription: int = 1, reverse: bool = False) -> list[int]:
    return [one.publication for one in store.read(subscription, Span(reverse=reverse))]


def in_file(file: Path) -> int:
    """How many events somebody else finds in the file."""
    with sqlite3.connect(file) as db:
        count: int = db.execute("SELECT count(*) FROM events").fetchone()[0]
        return count


def test_events_come_back_as_they_were_in_order_and_in_reverse(store: SqliteStore) -> None:
    audience = Audience(exclude_authid=frozenset({"joe"}), eligible_authrole=frozenset())
    stored = [event(5), event(3, audience=audience), event(4, payload_with([b"\0\xff"], {"a": 1.5}))]
    for one in stored:
        store.add(1, one)
    store.add(2, event(9, Payload(CBOR, ())))
    for one, was in zip(store.read(1, Span()), stored, strict=True):
        assert (one.publication, one.milliseconds, one.topic) == (was.publication, was.milliseconds, was.topic)
        assert (one.details, one.audience, one.payload.load()) == (was.details, was.audience, was.payload.load())
    assert publications(store, reverse=True) == [4, 3, 5]
    assert publications(store, 2) == [9]
    assert next(iter(store.read(1, Span()))).audience is EVERYBODY


def test_positions_bound_what_is_read(store: SqliteStore) -> None:
    for number in (5, 3, 4):
        store.add(1, event(number))
    second = store.position(1, 3)
    assert second is not None
    assert store.position(2, 3) is None
    assert [one.publication for one in store.read(1, Span(first=second))] == [3, 4]
    assert [one.publication for one in store.read(1, Span(last=second, reverse=True))] == [3, 5]


def test_time_and_topic_narrow_down_what_is_read(store: SqliteStore) -> None:
    for number in (1, 2, 3):
        store.add(1, event(number))
    assert [one.publication for one in store.read(1, Span(since=1002, until=1002, topic="com.topic"))] == [2]
    assert list(store.read(1, Span(topic="com.other"))) == []


def test_the_oldest_events_beyond_the_limit_are_forgotten(store: SqliteStore, file: Path) -> None:
    for number in range(1, 11):
        store.add(1, event(number))
    store.add(2, event(77))
    assert (publications(store), publications(store, 2)) == ([8, 9, 10], [77])
    assert in_file(file) == 4


def test_events_are_written_together_a_moment_later(store: SqliteStore, file: Path, clock: Clock) -> None:
    store.add(1, event(1))
    store.add(2, event(2))
    assert in_file(file) == 0
    clock.advance(DELAY)
    assert in_file(file) == 2
    assert clock.getDelayedCalls() == []


def test_many_events_are_written_without_waiting(file: Path, clock: Clock) -> None:
    store = opened_at(file, clock, limit=10_000)
    for number in range(1, BATCH + 1):
        store.add(1, event(number))
    assert in_file(file) == BATCH
    assert clock.getDelayedCalls() == []


def test_what_is_pending_is_written_when_the_store_is_closed(store: SqliteStore, file: Path, clock: Clock) -> None:
    store.add(1, event(1))
    store.close()
    store.close()
    assert clock.getDelayedCalls() == []
    again = opened_at(file, clock, limit=3)
    assert publications(again) == [1]


def test_the_epoch_lasts_as_long_as_the_file(store: SqliteStore, file: Path, clock: Clock) -> None:
    assert store.epoch(1) == NOW
    store.close()
    assert opened_at(file, clock, now=NOW + 5000).epoch(1) == NOW
    file.unlink()
    assert opened_at(file, clock, now=NOW + 9000).epoch(1) == NOW + 9000


def test_that_events_were_forgotten_lasts_as_long_as_the_file(store: SqliteStore, file: Path, clock: Clock) -> None:
    for number in (1, 2, 3):
        store.add(1, event(number))
        store.add(2, event(number))
    assert not store.has_forgotten(1)
    store.add(1, event(4))
    assert (store.has_forgotten(1), store.has_forgotten(2)) == (True, False)
    store.close()
    store = opened_at(file, clock, limit=10)
    assert (store.has_forgotten(1), store.has_forgotten(2)) == (True, False)
    store.close()
    store = opened_at(file, clock, limit=2)
    assert (store.has_forgotten(1), store.has_forgotten(2)) == (True, True)
    store.close()
    file.unlink()
    assert not opened_at(file, clock).has_forgotten(1)


def test_a_smaller_limit_holds_for_what_is_already_there(file: Path, clock: Clock) -> None:
    store = opened_at(file, clock)
    for number in (1, 2, 3):
        store.add(1, event(number))
    store.close()
    assert publications(opened_at(file, clock, limit=1)) == [3]


def test_a_value_that_no_format_has_costs_its_event_only(store: SqliteStore) -> None:
    store.add(1, event(1, payload_with([object()])))
    store.add(1, event(2))
    assert publications(store) == [2]


def test_events_that_cannot_be_written_do_not_stop_the_router(store: SqliteStore, file: Path, clock: Clock) -> None:
    with sqlite3.connect(file) as db:
        db.execute("ALTER TABLE events RENAME TO elsewhere")
    store.add(1, event(1))
    clock.advance(DELAY)
    with sqlite3.connect(file) as db:
        db.execute("ALTER TABLE elsewhere RENAME TO events")
    store.add(1, event(2))
    assert publications(store) == [2]


def test_a_file_that_is_no_history_is_refused_in_one_line(tmp_path: Path, clock: Clock) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no database, but long enough to be mistaken for one " * 20)
    for file in (text, tmp_path / "missing" / "history.sqlite"):
        with pytest.raises(CannotOpen, match=str(file)):
            SqliteStore(file, clock)


# --- a router that has one ---


def events_of(peer: Peer, topic: str, match: str = "exact") -> list[Any]:
    peer.call("wamp.subscription.lookup", [topic, {"match": match}])
    (id,) = peer.receives(50)[3]
    peer.call("wamp.subscription.get_events", [id])
    answer = peer.receives(50)
    return [one["args"] for one in (answer[3] if len(answer) > 3 else [])]


def test_history_on_file_survives_a_restart_and_a_crash(tmp_path: Path) -> None:
    """D14"""
    config = OPEN_TO_ALL.replace("    authentication:", HISTORY + "    authentication:")
    router = RunningRouter(tmp_path, config).start()
    try:
        peer = Peer(router.port).join()
        for number in range(5):
            peer.publish("com.example.kept", [number], {"ü": None})
        peer.publish("com.example.kept.x", ["x"])
        router.restart()
        assert "Traceback" not in router.log
        peer = Peer(router.port, "rawsocket", "cbor").join()
        assert events_of(peer, "com.example.kept") == [[2], [3], [4]]
        peer.publish("com.example.kept.y", ["y"])
        assert events_of(peer, "com.example.kept.", "prefix") == [["x"], ["y"]]
        router.kill()
        router.start()
        assert events_of(Peer(router.port).join(), "com.example.kept.", "prefix") == [["x"], ["y"]]
    finally:
        router.close()


def test_an_event_that_was_acknowledged_survives_a_crash_at_that_very_moment(tmp_path: Path) -> None:
    config = OPEN_TO_ALL.replace("    authentication:", HISTORY + "    authentication:")
    router = RunningRouter(tmp_path, config).start()
    try:
        for round in range(5):
            peer = Peer(router.port).join()
            peer.publish("com.example.kept.x", [round])
            router.kill()
            router.start()
        assert events_of(Peer(router.port).join(), "com.example.kept.", "prefix") == [[round] for round in range(5)]
    finally:
        router.close()


def test_a_router_whose_history_cannot_be_opened_says_so_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "history.sqlite").mkdir()
    config = OPEN_TO_ALL.replace("    authentication:", HISTORY + "    authentication:")
    router = RunningRouter(tmp_path, config)
    with pytest.raises(AssertionError, match=r"cannot use .*history\.sqlite for the event history"):
        router.start()
    assert "Traceback" not in router.log


def test_what_was_published_is_not_for_all_on_this_machine(store: SqliteStore, file: Path) -> None:
    store.add(1, event(1))
    store.flush()
    assert {stat.S_IMODE(one.stat().st_mode) for one in file.parent.iterdir()} == {0o600}
