"""The dashboard's API of subscriptions, beyond the tree: who has one, and how it is taken away."""

import pytest

from realms.audit import Entry
from realms.history import History, Rule
from router.dashboard.subscriptions import Subscriptions
from tests.realms.fakes import ANY, Peer, Scene
from tests.router.dashboard.asking import asks, watched

LIST, TREE, GET, REMOVE = (f"wamplex.subscription.{name}" for name in ("list", "tree", "get", "remove_subscriber"))


@pytest.fixture
def scene() -> Scene:
    return watched(Subscriptions)


@pytest.fixture
def operator(scene: Scene) -> Peer:
    return scene.join("root", "operator")


def test_a_subscription_is_shown_with_a_part_of_its_subscribers(scene: Scene, operator: Peer) -> None:
    ann, bob = scene.join("ann", "visitor"), scene.join("bob", "visitor")
    id = ann.subscribes("com.news", match="prefix")
    bob.subscribes("com.news", match="prefix", nkey="b")
    shown = asks(operator, GET, "realm1", id, limit=1, offset=1)
    assert shown == {
        "id": id,
        "uri": "com.news",
        "match": "prefix",
        "created": "2026-09-21T14:13:20.000Z",
        "creator": {"session": ann.id, "authid": "ann"},
        "sessions": 2,
        "recorded": False,
        "subscribers": [
            {"session": bob.id, "authid": "bob", "authrole": "visitor", "peer": "nobody", "node": "b"},
        ],
    }


def test_what_the_router_keeps_for_its_history_is_marked(operator: Peer) -> None:
    scene = watched(Subscriptions, history=History([Rule("prefix", "com.chat.", 10)]))
    operator = scene.join("root", "operator")
    (entry,) = asks(operator, LIST, "realm1")["subscriptions"]
    assert (entry["uri"], entry["recorded"], entry["sessions"], entry["creator"]) == ("com.chat.", True, 0, None)


def test_who_listens_to_the_router_is_shown(scene: Scene, operator: Peer) -> None:
    scene.join("ann", "visitor").subscribes("wamp.session.on_join")
    assert [child["component"] for child in asks(operator, TREE, "realm1")["children"]] == ["wamp"]


def test_popular_subscriptions_come_first_when_asked_for(scene: Scene, operator: Peer) -> None:
    ann, bob = scene.join("ann", "visitor"), scene.join("bob", "visitor")
    ann.subscribes("com.a")
    for peer in (ann, bob):
        peer.subscribes("com.b")
    rows = asks(operator, LIST, "realm1", sort="sessions", descending=True)["subscriptions"]
    assert [(row["uri"], row["sessions"]) for row in rows] == [("com.b", 2), ("com.a", 1)]


def test_a_subscriber_is_removed_in_any_realm_and_on_record(scene: Scene, operator: Peer) -> None:
    roles = {"subscriber": {"features": {"subscription_revocation": True}}}
    far = scene.join("far", "visitor", realm="realm2", roles=roles)
    id = far.subscribes("com.news")
    entries: list[Entry] = []
    scene.realms.by_name["realm2"].record = entries.append
    assert asks(operator, REMOVE, "realm2", id, far.id, reason="com.example.enough") is None
    far.receives(35, 0, {"subscription": id, "reason": "com.example.enough"})
    assert asks(operator, LIST, "realm2")["total"] == 0
    (entry,) = entries
    assert (entry.event, entry.realm, entry.session, entry.object) == ("removal", "realm1", operator.id, "com.news")
    assert (entry.object_realm, entry.reason) == ("realm2", "com.example.enough")


def test_only_who_has_a_subscription_loses_it(scene: Scene, operator: Peer) -> None:
    ann, bob = scene.join("ann", "visitor"), scene.join("bob", "visitor")
    id = ann.subscribes("com.news")
    assert asks(operator, REMOVE, "realm1", id, bob.id) == "wamp.error.no_such_session"
    assert asks(operator, REMOVE, "realm1", id + 1, ann.id) == "wamp.error.no_such_subscription"
    assert asks(operator, REMOVE, "nowhere", id, ann.id) == "wamp.error.no_such_realm"
    assert asks(operator, REMOVE, "realm1", id, ann.id, reason="no uri") == "wamp.error.invalid_uri"
    assert asks(operator, REMOVE, "realm1", id, "ann") == "wamp.error.invalid_argument"
    assert asks(bob, REMOVE, "realm1", id, ann.id) == "wamp.error.not_authorized"
    bob.publishes("com.news", ["still"])
    ann.receives(36, id, ANY, {}, ["still"])
