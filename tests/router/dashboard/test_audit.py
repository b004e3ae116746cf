"""Decisions as they happen: whoever watches sees each, a storm as a count, and itself not at all."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock

from realms.audit import Entry, record_in, record_nothing
from router.dashboard.audit import MAX_PER_SECOND, Audit
from router.dashboard.ring import MAX_ROWS
from tests.peers import Peer
from tests.routers import RunningRouter

TICKET = "open sesame, please"
NOON = 1_790_000_000.25
REFUSED = Entry(event="login", outcome="failure", realm="realm1", authid="joe", address="192.0.2.1:5000")
DENIED = Entry(event="denial", outcome="failure", realm="realm1", authid="ann", authrole="guest", object="com.a")


class Watched:
    """An Audit on a clock that is moved by hand, and what it told."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.events: list[dict[str, Any]] = []
        self.audit = Audit(self.clock, lambda: NOON + self.clock.seconds())
        self.audit.start(lambda topic, args: self.events.append({"topic": topic, **args[0]}))

    def record(self, *entries: Entry) -> None:
        for entry in entries:
            self.audit.record(entry)

    def passes(self, seconds: float) -> None:
        self.clock.pump([0.05] * round(seconds / 0.05))

    def answer(self, **asked: Any) -> dict[str, Any]:
        result = self.audit.procedures[0](None, None, [], asked)  # type: ignore[arg-type]
        answer: dict[str, Any] = result.args[0]  # type: ignore[union-attr, index]
        return answer

    def entries(self, *keys: str, **asked: Any) -> list[Any]:
        return [tuple(entry.get(key) for key in keys) for entry in self.answer(**asked)["entries"]]


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_an_entry_is_listed_with_a_number_and_the_time(watched: Watched) -> None:
    watched.record(REFUSED)
    assert watched.answer() == {
        "total": 1,
        "entries": [
            {
                "number": 1, "time": "2026-09-21T14:13:20.250Z", "event": "login", "outcome": "failure",
                "realm": "realm1", "authid": "joe", "address": "192.0.2.1:5000",
            }
        ],
    }  # fmt: skip


def test_an_entry_is_told_a_moment_later_and_once(watched: Watched) -> None:
    watched.record(REFUSED)
    assert watched.events == []  # it may happen in the midst of a change
    watched.passes(0.2)
    assert [(event["topic"], event["number"], event["authid"]) for event in watched.events] == [
        ("wamplex.audit.on_entry", 1, "joe")
    ]
    watched.passes(5)
    assert len(watched.events) == 1


def test_the_newest_entry_comes_first_and_older_ones_are_asked_for_by_number(watched: Watched) -> None:
    for number in range(7):
        watched.record(Entry(event="login", outcome="success", realm="realm1", authid=f"user{number}"))
        watched.passes(1)
    assert watched.entries("number", limit=3) == [(7,), (6,), (5,)]
    assert watched.entries("number", before=5, limit=3) == [(4,), (3,), (2,)]
    assert watched.entries("number", before=2) == [(1,)]
    assert watched.answer(before=5)["total"] == 7


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"text": "JO"}, ["joe"]),
        ({"text": "192.0.2"}, ["joe"]),
        ({"text": "com.a"}, ["ann"]),
        ({"text": "nobody"}, []),
        ({"event": "denial"}, ["ann"]),
        ({"outcome": "success"}, ["eve"]),
        ({"outcome": "failure", "event": "login"}, ["joe"]),
        ({"realm": "realm2"}, ["eve"]),
        ({"text": None, "event": None}, ["eve", "ann", "joe"]),
    ],
)
def test_entries_are_found_by_text_event_outcome_and_realm(
    watched: Watched, asked: dict[str, Any], found: list[str]
) -> None:
    watched.record(REFUSED, DENIED, Entry(event="login", outcome="success", realm="realm2", authid="eve"))
    assert watched.entries("authid", **asked) == [(one,) for one in found]
    assert watched.answer(**asked)["total"] == len(found)


def test_a_storm_is_told_as_a_count(watched: Watched) -> None:
    watched.record(*[DENIED] * 10_000)
    watched.passes(1.5)
    assert len(watched.events) == MAX_PER_SECOND + 1
    count = watched.events[-1]
    assert (count["event"], count["outcome"], count["authrole"]) == ("denial", "failure", "guest")
    assert count["omitted"] == 10_000 - MAX_PER_SECOND
    assert watched.entries("omitted", realm="realm1", limit=1) == [(10_000 - MAX_PER_SECOND,)]  # of whatever realm
    watched.record(DENIED)  # the next second is like the first
    watched.passes(0.5)
    assert "omitted" not in watched.events[-1]


def test_a_storm_hides_nothing_of_another_kind(watched: Watched) -> None:
    kill = Entry(event="kill", outcome="success", realm="realm1", authid="eve", authrole="admin", object=17)
    watched.record(kill)
    for _ in range(2 * MAX_ROWS // MAX_PER_SECOND):
        watched.record(*[DENIED] * 2 * MAX_PER_SECOND, REFUSED)
        watched.passes(1.05)
    assert watched.answer()["total"] == MAX_ROWS
    assert watched.entries("number", "authid", event="kill") == [(1, "eve")]
    assert watched.answer(text="joe")["total"] == 2 * MAX_ROWS // MAX_PER_SECOND


def test_of_one_kind_the_oldest_makes_room(watched: Watched) -> None:
    for number in range(MAX_ROWS + 3):
        watched.record(Entry(event="login", outcome="success", realm="realm1", object=number))
        if number % MAX_PER_SECOND == 0:
            watched.passes(1.05)
    newest = MAX_ROWS + 3
    assert watched.answer()["total"] == MAX_ROWS
    assert watched.entries("number", "object", limit=1) == [(newest, newest - 1)]
    assert watched.entries("number", before=10) == [(number,) for number in range(9, 3, -1)]


def test_a_client_cannot_make_an_entry_as_long_as_a_message(watched: Watched) -> None:
    watched.record(Entry(event="login", outcome="failure", realm="realm1", authid="x" * 60_000))
    assert len(watched.answer()["entries"][0]["authid"]) < 1100


def test_nothing_is_told_after_the_end(watched: Watched) -> None:
    watched.record(*[DENIED] * 100)
    watched.audit.close()
    watched.passes(5)
    assert watched.events == []


def test_entries_go_to_every_place_that_wants_them() -> None:
    first: list[Entry] = []
    second: list[Entry] = []
    record_in(first.append, second.append)(DENIED)
    assert (first, second) == ([DENIED], [DENIED])
    assert record_in() is record_nothing


RULES = """
realms:
  - name: realm1
    authentication:
      anonymous: {role: guest}
      ticket: true
    principals: [{authid: ann, role: operator, ticket: $sha256$%s}]
    roles:
      - name: guest
        permissions:
          - {uri: com., match: prefix, allow: [call, subscribe]}
      - name: operator
        permissions:
          - {uri: "", match: prefix, allow: [call, subscribe]}
          - {uri: wamplex., match: prefix, allow: [call, subscribe]}
dashboard: true
"""


@pytest.fixture
def router(tmp_path: Path) -> Iterator[RunningRouter]:
    running = RunningRouter(tmp_path, RULES % sha256(TICKET.encode()).hexdigest())
    yield running.start()
    running.close()


def operator(router: RunningRouter) -> Peer:
    peer = Peer(router.port)
    peer.send(1, "realm1", {"roles": {"caller": {}, "subscriber": {}}, "authmethods": ["ticket"], "authid": "ann"})
    peer.receives(4)
    peer.send(5, TICKET, {})
    peer.receives(2)
    return peer


def test_without_an_audit_trail_an_operator_sees_a_refused_login_and_a_denial(router: RunningRouter) -> None:
    ann, guest, stranger = operator(router), Peer(router.port).join(), Peer(router.port)
    ann.subscribe("wamplex.audit.on_entry")
    guest.subscribe("com.a")
    stranger.send(1, "realm1", {"roles": {"caller": {}}, "authmethods": ["ticket"], "authid": "joe"})
    stranger.receives(4)
    stranger.send(5, "wrong", {})
    stranger.receives(3)
    guest.call("org.b")
    guest.receives(8)
    told = []
    while len(told) < 2:
        told += [event for event in ann.receives(36)[4] if event["outcome"] == "failure"]
    assert {(event["event"], event["authid"] == "joe", event.get("object")) for event in told} == {
        ("login", True, None),
        ("denial", False, "org.b"),
    }
    for peer in (ann, guest, stranger):
        peer.close()


def test_who_watches_sees_nothing_of_that(router: RunningRouter) -> None:
    ann = operator(router)
    ann.subscribe("wamplex.audit.on_entry")
    ann.subscribe("", match="prefix")

    def newest() -> int:
        ann.call("wamplex.audit.list", [], {"limit": 1})
        while (message := ann.receive())[0] != 50:
            assert message[0] == 36
        return int(message[3][0]["entries"][0]["number"])

    Peer(router.port).join().close()
    first = newest()
    for _ in range(20):
        assert newest() == first
    ann.close()


def test_a_role_without_a_rule_for_it_neither_lists_nor_hears_entries(router: RunningRouter) -> None:
    guest = Peer(router.port).join()
    guest.call("wamplex.audit.list")
    assert guest.receives(8)[4] == "wamp.error.not_authorized"
    assert guest.request(32, {}, "wamplex.audit.on_entry")[4] == "wamp.error.not_authorized"
    guest.close()
