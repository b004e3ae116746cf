"""Advanced publish and subscribe, end to end. The docstrings name the entries of the feature inventory."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.peers import ROLES, Peer

Join = Callable[..., Peer]


def knowing(**features: bool) -> dict[str, Any]:
    """`HELLO.Details.roles` of a subscriber that announces features."""
    return ROLES | {"subscriber": {"features": features}}


def test_what_the_broker_can_do_is_announced(join: Join) -> None:
    """D6-D20"""
    features = join().welcome["roles"]["broker"]["features"]
    announced = {
        "publisher_exclusion",
        "subscriber_blackwhite_listing",
        "publisher_identification",
        "publication_trustlevels",
        "pattern_based_subscription",
        "shareded_subscriptions",
        "sharded_subscriptions",
        "event_history",
        "event_retention",
        "subscription_revocation",
        "x_acknowledged_event_delivery",
    }
    assert {name for name in announced if features.get(name) is not True} == set()


def test_a_disclosed_publisher_is_named_to_those_who_announced_it(join: Join) -> None:
    """D8"""
    publisher = join()
    curious, plain = join(roles=knowing(publisher_identification=True)), join()
    for peer in (curious, plain):
        peer.subscribe("com.example.disclosed")
    publisher.publish("com.example.disclosed", disclose_me=True)
    publisher.publish("com.example.disclosed")
    identity = {
        "publisher": publisher.session,
        "publisher_authid": publisher.welcome["authid"],
        "publisher_authrole": "anonymous",
    }
    curious.receives(36, ..., ..., identity)
    for peer in (curious, plain, plain):
        peer.receives(36, ..., ..., {})


def test_a_resource_goes_to_one_of_the_sharded_subscribers(join: Join) -> None:
    """D13"""
    publisher, everybody, one, two = join(), join(), join(), join()
    everybody.subscribe("com.example.shard")
    one.subscribe("com.example.shard", nkey="one")
    two.subscribe("com.example.shard", nkey="two")
    for number in range(8):
        publisher.publish("com.example.shard", [number], rkey=f"sn{number}")
    publisher.publish("com.example.shard", ["end"])
    seen: list[Any] = []
    for peer in (one, two):
        while (argument := peer.receives(36)[4][0]) != "end":
            seen.append(argument)
    assert sorted(seen) == list(range(8))
    assert [everybody.receives(36)[4][0] for _ in range(9)] == [*range(8), "end"]


def test_a_retained_event_comes_right_after_subscribed(join: Join) -> None:
    """D17"""
    publisher, subscriber = join(), join()
    topic = f"com.example.retained.{publisher.session}"
    publication = publisher.publish(topic, [1], {"k": "ü"}, retain=True)
    publisher.publish(topic, [2], retain=True, eligible=[])
    subscription = subscriber.subscribe(topic, get_retained=True)
    assert subscriber.receives(36, subscription, publication, {"retained": True})[4:] == [[1], {"k": "ü"}]
    pattern = subscriber.subscribe(topic + "", match="prefix", get_retained=True)
    subscriber.receives(36, pattern, publication, {"retained": True, "topic": topic}, [1])
    assert subscriber.subscribe(topic, get_retained=True) == subscription
    subscriber.receives(36, subscription, publication, {"retained": True})


def test_testaments_are_published_when_their_session_is_gone(join: Join) -> None:
    """D19"""
    testator, heir = join(), join()
    topic = f"com.example.testament.{testator.session}"
    heir.subscribe(topic)
    for word, scope in (("destroyed", "destroyed"), ("detached", "detached")):
        testator.call("wamp.session.add_testament", [topic, [word], {}], {"scope": scope})
        assert testator.receives(50)[3:] == []
    testator.vanish()
    heir.receives(36, ..., ..., {}, ["detached"])
    heir.receives(36, ..., ..., {}, ["destroyed"])


def test_testaments_are_published_after_a_clean_goodbye_unless_they_were_flushed(join: Join) -> None:
    """D19"""
    testator, heir = join(), join()
    topic = f"com.example.goodbye.{testator.session}"
    heir.subscribe(topic)
    for word, scope in (("destroyed", "destroyed"), ("detached", "detached")):
        testator.call("wamp.session.add_testament", [topic, [word], {}], {"scope": scope})
        testator.receives(50)
    testator.call("wamp.session.flush_testaments")
    testator.receives(50)
    testator.send(6, {}, "wamp.close.close_realm")
    testator.receives(6)
    heir.receives(36, ..., ..., {}, ["detached"])
    heir.receives_nothing()


@pytest.mark.parametrize("code", [37, 337])
def test_event_received_is_taken_from_those_who_announced_it(join: Join, code: int) -> None:
    """D20"""
    publisher, subscriber = join(), join(roles=knowing(x_acknowledged_event_delivery=True))
    subscriber.subscribe("com.example.acknowledged")
    publication = publisher.publish("com.example.acknowledged")
    subscriber.receives(36, ..., publication, {"x_acknowledged_delivery": True})
    subscriber.send(code, publication)
    subscriber.subscribe("com.example.still-there")


def test_without_history_a_subscription_has_no_events(join: Join) -> None:
    """D15"""
    peer = join()
    peer.call("wamp.subscription.get_events", [peer.subscribe("com.example.forgotten")])
    assert peer.receives(50)[3:] == [[], {"recorded": False}]
    peer.call("wamp.subscription.get_events", [4711])
    assert peer.receives(8)[4] == "wamp.error.no_such_subscription"


def test_a_pattern_that_could_never_match_is_refused(join: Join) -> None:
    """D11"""
    assert join().request(32, {"match": "wildcard"}, "." * 600)[4] == "wamp.error.invalid_uri"
