"""Events that their publishers wanted kept, for those who subscribe later."""

from typing import Any

import pytest

from realms.policies import EventLimits, Policies
from tests.realms.fakes import ANY, Peer, Scene
from wamp.codecs import CBOR, JSON, MESSAGEPACK

RETAINED = {"retained": True}


def gets(peer: Peer, topic: str, **options: Any) -> list[Any]:
    """Subscribe, and return the arguments of the retained events that come."""
    peer.subscribes(topic, get_retained=True, **options)
    events = peer.inbox()
    assert all(event[0] == 36 and event[3]["retained"] is True for event in events)
    return [event[4] for event in events]


@pytest.mark.parametrize("codec", [JSON, MESSAGEPACK, CBOR])
def test_the_last_retained_event_comes_right_after_subscribed(realm: Scene, codec: Any) -> None:
    alice, bob = realm.join(), realm.join(codec=codec)
    alice.publishes("com.topic", [1], retain=True)
    request = alice.publishes("com.topic", [2], {"k": "v"}, retain=True, acknowledge=True)
    publication = alice.receives(17, request, ANY)[2]
    alice.publishes("com.topic", [3])
    subscription = bob.subscribes("com.topic", get_retained=True)
    bob.receives(36, subscription, publication, RETAINED, [2], {"k": "v"})
    bob.receives_nothing()


def test_who_does_not_ask_gets_none_and_who_subscribes_again_gets_it_again(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    alice.publishes("com.topic", [1], retain=True)
    bob.subscribes("com.topic")
    bob.receives_nothing()
    assert gets(bob, "com.topic") == [[1]]
    assert gets(bob, "com.topic") == [[1]]


def test_subscribers_get_a_retained_event_at_once_without_the_mark(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    subscription = bob.subscribes("com.topic")
    alice.publishes("com.topic", [1], retain=True)
    bob.receives(36, subscription, ANY, {}, [1])


def test_a_pattern_gets_one_event_of_each_topic_with_the_topic(realm: Scene) -> None:
    alice, bob, carol = realm.join(), realm.join(), realm.join()
    for topic in ("com.a.x", "com.b.x", "com.c.y", "org.a.x"):
        alice.publishes(topic, [topic], retain=True)
    subscription = bob.subscribes("com.", match="prefix", get_retained=True)
    for topic in ("com.a.x", "com.b.x", "com.c.y"):
        bob.receives(36, subscription, ANY, {"topic": topic, **RETAINED}, [topic])
    bob.receives_nothing()
    assert gets(carol, "com..x", match="wildcard") == [["com.a.x"], ["com.b.x"]]


def test_a_restricted_event_never_takes_the_place_of_the_general_one() -> None:
    scene = Scene()
    alice, bob, carol = scene.join("alice"), scene.join("bob"), scene.join("carol")
    alice.publishes("com.topic", ["all"], retain=True)
    alice.publishes("com.topic", ["bob"], retain=True, eligible_authid=["bob"])
    alice.publishes("com.topic", ["not carol"], retain=True, exclude_authid=["carol"], exclude_authrole=["x"])
    alice.publishes("com.topic", ["nobody"], retain=True, eligible=[])
    assert gets(bob, "com.topic") == [["not carol"]]
    assert gets(carol, "com.topic") == [["all"]]
    alice.publishes("com.topic", ["new"], retain=True)
    bob.inbox()
    assert gets(bob, "com.topic") == [["new"]]


def test_restricted_events_of_one_topic_are_bounded(realm: Scene) -> None:
    alice, bob, carol = realm.join("alice"), realm.join("bob"), realm.join("carol")
    alice.publishes("com.topic", ["all"], retain=True)
    alice.publishes("com.topic", ["bob"], retain=True, eligible_authid=["bob"])
    for number in range(100):
        alice.publishes("com.topic", [number], retain=True, eligible_authid=["carol", str(number)])
    assert gets(bob, "com.topic") == [["all"]]
    assert gets(carol, "com.topic") == [[99]]


def test_the_publisher_gets_its_own_retained_event_only_if_it_would_have_got_the_event(realm: Scene) -> None:
    alice = realm.join()
    alice.publishes("com.a", [1], retain=True)
    alice.publishes("com.b", [2], retain=True, exclude_me=False)
    assert (gets(alice, "com.a"), gets(alice, "com.b")) == ([], [[2]])


def test_the_publisher_stays_disclosed_as_it_was(realm: Scene) -> None:
    alice = realm.join("alice")
    curious = {"subscriber": {"features": {"publisher_identification": True}}}
    bob, carol = realm.join(roles=curious), realm.join()
    alice.publishes("com.topic", retain=True, disclose_me=True)
    alice.vanishes()
    bob.receives_nothing()
    subscription = bob.subscribes("com.topic", get_retained=True)
    identity = {"publisher": alice.id, "publisher_authid": "alice", "publisher_authrole": "anyone"}
    bob.receives(36, subscription, ANY, RETAINED | identity)
    carol.subscribes("com.topic", get_retained=True)
    carol.receives(36, subscription, ANY, RETAINED)


def test_only_so_many_topics_are_retained_and_the_stalest_goes_first() -> None:
    scene = Scene(policies=Policies(events=EventLimits(retained=2)))
    alice, bob = scene.join(), scene.join()
    for topic in ("com.a", "com.b", "com.a", "com.c"):
        alice.publishes(topic, [topic], retain=True)
    assert gets(bob, "com.", match="prefix") == [["com.a"], ["com.c"]]


def test_a_realm_may_retain_nothing() -> None:
    scene = Scene(policies=Policies(events=EventLimits(retained=0)))
    alice, bob = scene.join(), scene.join()
    alice.publishes("com.a", retain=True)
    assert gets(bob, "com.a") == []


def test_retained_events_have_only_so_much_memory(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    large = "x" * 2**20
    for number in range(70):
        alice.publishes(f"com.{number}", [large[number:]], retain=True)
        alice.publishes("com.same", [large], retain=True)
    assert 55 < len(gets(bob, "com.", match="prefix")) < 70
