"""The dashboard's API of registrations, beyond the tree: who has one, and how it is taken away."""

import pytest

from realms.audit import Entry
from router.dashboard.registrations import Registrations
from tests.realms.fakes import RPC_PEER, Peer, Scene
from tests.router.dashboard.asking import asks, watched

LIST, GET, REMOVE = (f"wamplex.registration.{name}" for name in ("list", "get", "remove_callee"))


@pytest.fixture
def scene() -> Scene:
    return watched(Registrations)


@pytest.fixture
def operator(scene: Scene) -> Peer:
    return scene.join("root", "operator")


def test_a_registration_is_shown_with_a_part_of_its_callees(scene: Scene, operator: Peer) -> None:
    ann, bob = scene.join("ann", "visitor"), scene.join("bob", "visitor")
    id = ann.registers("com.work", invoke="roundrobin", concurrency=1)
    bob.registers("com.work", invoke="roundrobin", nkey="b", concurrency=1)
    for _ in range(5):
        bob.calls("com.work")
    shown = asks(operator, GET, "realm1", id, offset=1)
    assert shown == {
        "id": id,
        "uri": "com.work",
        "match": "exact",
        "invoke": "roundrobin",
        "created": "2026-09-21T14:13:20.000Z",
        "creator": {"session": ann.id, "authid": "ann"},
        "callees": 2,
        "queued": 3,
        "offers": [
            {
                "session": bob.id,
                "authid": "bob",
                "authrole": "visitor",
                "peer": "nobody",
                "node": "b",
                "concurrency": 1,
                "calls": 1,
            },
        ],
    }


def test_registrations_are_sorted_by_how_many_share_them(scene: Scene, operator: Peer) -> None:
    ann, bob = scene.join("ann", "visitor"), scene.join("bob", "visitor")
    ann.registers("com.alone")
    for peer in (ann, bob):
        peer.registers("com.shared", invoke="random")
    rows = asks(operator, LIST, "realm1", sort="callees", descending=True)["registrations"]
    assert [(row["uri"], row["callees"], row["invoke"]) for row in rows] == [
        ("com.shared", 2, "random"),
        ("com.alone", 1, "single"),
    ]


def test_a_callee_is_removed_in_any_realm_and_on_record(scene: Scene, operator: Peer) -> None:
    far = scene.join("far", "visitor", realm="realm2", roles=RPC_PEER)
    id = far.registers("com.work")
    entries: list[Entry] = []
    scene.realms.by_name["realm2"].record = entries.append
    assert asks(operator, REMOVE, "realm2", id, far.id, reason="com.example.enough") is None
    far.receives(67, 0, {"registration": id, "reason": "com.example.enough"})
    assert asks(operator, LIST, "realm2")["total"] == 0
    (entry,) = entries
    assert (entry.event, entry.realm, entry.session, entry.object) == ("removal", "realm1", operator.id, "com.work")
    assert (entry.object_realm, entry.reason) == ("realm2", "com.example.enough")


def test_only_who_has_a_registration_loses_it(scene: Scene, operator: Peer) -> None:
    ann, bob = scene.join("ann", "visitor"), scene.join("bob", "visitor")
    id = ann.registers("com.work")
    assert asks(operator, REMOVE, "realm1", id, bob.id) == "wamp.error.no_such_session"
    assert asks(operator, REMOVE, "realm1", 1, ann.id) == "wamp.error.no_such_registration"
    assert asks(operator, REMOVE, "nowhere", id, ann.id) == "wamp.error.no_such_realm"
    assert asks(operator, REMOVE, "realm1", id, ann.id, reason="no uri") == "wamp.error.invalid_uri"
    assert asks(operator, REMOVE, "realm1", id, "ann") == "wamp.error.invalid_argument"
    assert asks(bob, REMOVE, "realm1", id, ann.id) == "wamp.error.not_authorized"
    assert asks(operator, LIST, "realm1")["total"] == 1
