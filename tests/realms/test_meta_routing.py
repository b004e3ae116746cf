"""The meta API of registrations and subscriptions: what is there, what comes and goes, what is taken away."""

import re
from typing import Any

import pytest

from tests.realms.fakes import ANY, PLAIN, Peer, Scene
from tests.realms.test_meta_sessions import asks

REVOCABLE = PLAIN | {
    "callee": {"features": {"registration_revocation": True}},
    "subscriber": {"features": {"subscription_revocation": True}},
}


def topics(peer: Peer) -> list[tuple[str, Any]]:
    """The events of a listener to a pattern: topic and Arguments."""
    return [(event[3]["topic"].removeprefix("wamp."), event[4]) for event in peer.inbox() if event[0] == 36]


# --- registrations ----------------------------------------------------------------------------------------------


def test_registrations_are_listed_by_match_policy(realm: Scene) -> None:
    """G5"""
    ann = realm.join()
    ids = {match: [ann.registers(f"com.{match}", match=match)] for match in ("exact", "prefix", "wildcard")}
    assert asks(ann, "wamp.registration.list") == [ids]


def test_a_registration_is_described(realm: Scene) -> None:
    """G5"""
    ann, bob = realm.join(), realm.join()
    id = ann.registers("com.a..b", match="wildcard", invoke="roundrobin")
    bob.registers("com.a..b", match="wildcard", invoke="roundrobin")
    (about,) = asks(bob, "wamp.registration.get", [id])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", about.pop("created"))
    assert about == {"id": id, "uri": "com.a..b", "match": "wildcard", "invoke": "roundrobin"}
    assert asks(bob, "wamp.registration.list_callees", [id]) == [[ann.id, bob.id]]
    assert asks(bob, "wamp.registration.count_callees", [id]) == [2]


def test_a_registration_is_looked_up_by_its_pattern_and_matched_by_a_uri(realm: Scene) -> None:
    """G5"""
    ann = realm.join()
    exact, prefix = ann.registers("com.a.b"), ann.registers("com.a", match="prefix")
    assert asks(ann, "wamp.registration.lookup", ["com.a.b"]) == [exact]
    assert asks(ann, "wamp.registration.lookup", ["com.a"]) == [None]
    assert asks(ann, "wamp.registration.lookup", ["com.a", {"match": "prefix", "invoke": "single"}]) == [prefix]
    assert asks(ann, "wamp.registration.match", ["com.a.b"]) == [exact]
    assert asks(ann, "wamp.registration.match", ["com.a.c"]) == [prefix]
    assert asks(ann, "wamp.registration.match", ["org.a"]) == [None]
    assert asks(ann, "wamp.registration.match", ["wamp.session.count"]) == [None]


@pytest.mark.parametrize("what", ["registration", "subscription"])
@pytest.mark.parametrize("payload", [[], [1], ["com.a", "prefix"], ["com.a", {"match": "fuzzy"}], ["a", {}, 1]])
def test_a_lookup_is_given_a_uri_and_options(realm: Scene, what: str, payload: list[Any]) -> None:
    assert asks(realm.join(), f"wamp.{what}.lookup", payload) == "wamp.error.invalid_argument"


@pytest.mark.parametrize("procedure", ["get", "list_callees", "count_callees"])
def test_an_unknown_registration_is_none(realm: Scene, procedure: str) -> None:
    """G5"""
    ann = realm.join()
    assert asks(ann, f"wamp.registration.{procedure}", [123]) == "wamp.error.no_such_registration"
    assert asks(ann, f"wamp.registration.{procedure}", ["123"]) == "wamp.error.invalid_argument"
    assert asks(ann, f"wamp.registration.{procedure}") == "wamp.error.invalid_argument"


@pytest.mark.parametrize("vanishing", [False, True])
def test_registrations_come_and_go_in_order(realm: Scene, vanishing: bool) -> None:
    """G4"""
    watcher, ann, bob = realm.join(), realm.join(), realm.join()
    watcher.subscribes("wamp.registration.", match="prefix")
    id = ann.registers("com.p", invoke="random")
    bob.registers("com.p", invoke="random")
    (created, first, second) = topics(watcher)
    about = {"id": id, "created": ANY, "uri": "com.p", "match": "exact", "invoke": "random"}
    assert created == ("registration.on_create", [ann.id, about])
    assert (first, second) == (
        ("registration.on_register", [ann.id, id]),
        ("registration.on_register", [bob.id, id]),
    )
    for peer in (ann, bob):
        if vanishing:
            peer.vanishes()
        else:
            peer.requests(66, id)
    assert topics(watcher) == [
        ("registration.on_unregister", [ann.id, id]),
        ("registration.on_unregister", [bob.id, id]),
        ("registration.on_delete", [bob.id, id]),
    ]


def test_a_callee_is_removed_and_told(realm: Scene) -> None:
    """G9"""
    ann, bob = realm.join(roles=REVOCABLE), realm.join()
    id = ann.registers("com.p")
    assert asks(bob, "wamp.registration.remove_callee", [id, ann.id], {"reason": "com.enough"}) is None
    ann.receives(67, 0, {"registration": id, "reason": "com.enough"})
    assert asks(bob, "wamp.registration.match", ["com.p"]) == [None]
    assert asks(bob, "wamp.registration.remove_callee", [id, ann.id]) == "wamp.error.no_such_registration"


def test_only_a_callee_is_removed(realm: Scene) -> None:
    """G9"""
    ann, bob = realm.join(), realm.join()
    id = ann.registers("com.p")
    for other in (bob.id, 123):
        assert asks(bob, "wamp.registration.remove_callee", [id, other]) == "wamp.error.no_such_session"
    assert asks(bob, "wamp.registration.remove_callee", [id, ann.id, "a b"]) == "wamp.error.invalid_uri"
    assert asks(bob, "wamp.registration.count_callees", [id]) == [1]


# --- subscriptions ----------------------------------------------------------------------------------------------


def test_subscriptions_are_listed_by_match_policy(realm: Scene) -> None:
    """G7"""
    ann = realm.join()
    ids = {match: [ann.subscribes(f"com.{match}", match=match)] for match in ("exact", "prefix", "wildcard")}
    assert asks(ann, "wamp.subscription.list") == [ids]


def test_a_subscription_is_described(realm: Scene) -> None:
    """G7"""
    ann, bob = realm.join(), realm.join()
    id = ann.subscribes("com.a", match="prefix")
    bob.subscribes("com.a", match="prefix")
    assert asks(bob, "wamp.subscription.get", [id]) == [{"id": id, "created": ANY, "uri": "com.a", "match": "prefix"}]
    assert asks(bob, "wamp.subscription.list_subscribers", [id]) == [[ann.id, bob.id]]
    assert asks(bob, "wamp.subscription.count_subscribers", [id]) == [2]


def test_a_subscription_is_looked_up_by_its_pattern_and_matched_by_a_topic(realm: Scene) -> None:
    """G7"""
    ann = realm.join()
    exact, prefix = ann.subscribes("com.a.b"), ann.subscribes("com.a", match="prefix")
    assert asks(ann, "wamp.subscription.lookup", ["com.a.b"]) == [exact]
    assert asks(ann, "wamp.subscription.lookup", ["com.a"]) == [None]
    assert asks(ann, "wamp.subscription.lookup", ["com.a", {"match": "prefix"}]) == [prefix]
    assert asks(ann, "wamp.subscription.match", ["com.a.b"]) == [[exact, prefix]]
    assert asks(ann, "wamp.subscription.match", ["org.a"]) == [None]


@pytest.mark.parametrize("procedure", ["get", "list_subscribers", "count_subscribers", "get_events"])
def test_an_unknown_subscription_is_none(realm: Scene, procedure: str) -> None:
    """G7"""
    ann = realm.join()
    assert asks(ann, f"wamp.subscription.{procedure}", [123]) == "wamp.error.no_such_subscription"
    assert asks(ann, f"wamp.subscription.{procedure}", ["123"]) == "wamp.error.invalid_argument"


@pytest.mark.parametrize("vanishing", [False, True])
def test_subscriptions_come_and_go_in_order(realm: Scene, vanishing: bool) -> None:
    """G6"""
    watcher, ann, bob = realm.join(), realm.join(), realm.join()
    watcher.subscribes("wamp.subscription.", match="prefix")
    id = ann.subscribes("com.t")
    bob.subscribes("com.t")
    ann.subscribes("com.t")
    about = {"id": id, "created": ANY, "uri": "com.t", "match": "exact"}
    assert topics(watcher) == [
        ("subscription.on_create", [ann.id, about]),
        ("subscription.on_subscribe", [ann.id, id]),
        ("subscription.on_subscribe", [bob.id, id]),
    ]
    for peer in (ann, bob):
        if vanishing:
            peer.vanishes()
        else:
            peer.requests(34, id)
    assert topics(watcher) == [
        ("subscription.on_unsubscribe", [ann.id, id]),
        ("subscription.on_unsubscribe", [bob.id, id]),
        ("subscription.on_delete", [bob.id, id]),
    ]


def test_nobody_is_told_of_subscriptions_to_the_routers_topics(realm: Scene) -> None:
    """G1"""
    watcher, ann = realm.join(), realm.join()
    watcher.subscribes("wamp.", match="prefix")
    ann.subscribes("wamp.session.on_join")
    ann.subscribes("wamp..on_leave", match="wildcard")
    watcher.receives_nothing()


def test_a_session_hears_of_its_own_subscriptions_but_not_by_the_new_one(realm: Scene) -> None:
    """G1"""
    ann = realm.join()
    ann.subscribes("", match="prefix")
    ann.receives_nothing()
    id = ann.subscribes("com.t")
    assert [args for _, args in topics(ann)] == [[ann.id, ANY], [ann.id, id]]


def test_a_subscriber_is_removed_and_told(realm: Scene) -> None:
    """G9"""
    ann, bob, cid = realm.join(roles=REVOCABLE), realm.join(), realm.join(roles=PLAIN)
    id = ann.subscribes("com.t")
    cid.subscribes("com.t")
    assert asks(bob, "wamp.subscription.remove_subscriber", [id, ann.id], {"reason": "com.enough"}) is None
    ann.receives(35, 0, {"subscription": id, "reason": "com.enough"})
    assert asks(bob, "wamp.subscription.remove_subscriber", [id, ann.id]) == "wamp.error.no_such_session"
    assert asks(bob, "wamp.subscription.remove_subscriber", [id, cid.id]) is None
    cid.receives_nothing()
    assert asks(bob, "wamp.subscription.remove_subscriber", [id, ann.id]) == "wamp.error.no_such_subscription"


@pytest.mark.parametrize(
    "filters", [{"limit": 0}, {"limit": "1"}, {"reverse": 1}, {"from_time": "yesterday"}, {"realm": 1}]
)
def test_filters_of_the_history_are_checked(realm: Scene, filters: dict[str, Any]) -> None:
    """D15"""
    ann = realm.join()
    id = ann.subscribes("com.t")
    assert asks(ann, "wamp.subscription.get_events", [id], filters) == "wamp.error.invalid_argument"


def test_without_history_there_are_no_events(realm: Scene) -> None:
    """D15"""
    ann = realm.join()
    assert asks(ann, "wamp.subscription.get_events", [ann.subscribes("com.t")], {"limit": 5, "topic": None}) == []
