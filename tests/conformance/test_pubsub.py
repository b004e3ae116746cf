"""Publish and subscribe, end to end."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.peers import Peer

Join = Callable[..., Peer]


@pytest.mark.parametrize(
    "payload",
    [[], [[]], [[1, "two", None, True, 2.5]], [[], {"key": [1, {"deep": "ä€😀"}]}], [[2**53, -(2**53)], {"k": "v"}]],
    ids=["none", "empty list", "list", "dictionary", "both"],
)
def test_an_event_carries_the_payload_of_the_publication(join: Join, payload: list[Any]) -> None:
    """A18, A19, D3, D4"""
    subscriber, publisher = join(), join()
    subscription = subscriber.subscribe("com.example.payload")
    publication = publisher.publish("com.example.payload", *payload)
    assert subscriber.receives(36, subscription, publication, {})[4:] == payload


def test_the_publisher_gets_its_event_only_if_it_asks(join: Join) -> None:
    """D6, K3"""
    peer = join()
    peer.subscribe("com.example.own")
    peer.publish("com.example.own", ["not for me"])
    peer.send(16, next(peer.requests), {"exclude_me": False}, "com.example.own", ["for me"])
    peer.receives(36, ..., ..., {}, ["for me"])


def test_a_publication_that_is_not_acknowledged_is_not_answered(join: Join) -> None:
    """A14, A21, D3"""
    peer = join()
    peer.send(16, next(peer.requests), {}, "com.example.quiet")
    peer.send(16, next(peer.requests), {}, "not a uri")
    peer.send(16, next(peer.requests), {}, "wamp.session.on_join")
    peer.subscribe("com.example.next")  # its answer comes first


@pytest.mark.parametrize("topic", ["not a uri", "com..example", "", "wamp.session.on_join", "com.example."])
def test_an_invalid_topic_is_refused(join: Join, topic: str) -> None:
    """A14, A20, A21, A24, A28"""
    assert join().request(16, {"acknowledge": True}, topic)[4] == "wamp.error.invalid_uri"


@pytest.mark.parametrize(
    ("match", "pattern", "hits", "misses"),
    [
        ("prefix", "com.example.pre", ["com.example.pre", "com.example.prefix.x"], ["com.example.p"]),
        (
            "wildcard",
            "com..wild",
            ["com.example.wild", "com.other.wild"],
            ["com.wild", "com.a.b.wild", "com.a.mild"],
        ),
    ],
)
def test_a_pattern_gets_what_it_matches_with_the_topic(
    join: Join, match: str, pattern: str, hits: list[str], misses: list[str]
) -> None:
    """D10, D11, D12"""
    subscriber, publisher = join(), join()
    subscription = subscriber.subscribe(pattern, match=match)
    for topic in misses + hits:
        publisher.publish(topic, [topic])
    for topic in hits:
        subscriber.receives(36, subscription, ..., {"topic": topic}, [topic])


def test_overlapping_subscriptions_each_get_the_event_exact_prefix_wildcard(join: Join) -> None:
    """D4, D10, D11"""
    subscriber, publisher = join(), join()
    wildcard = subscriber.subscribe("com..overlap", match="wildcard")
    prefix = subscriber.subscribe("com.example.ov", match="prefix")
    exact = subscriber.subscribe("com.example.overlap")
    publication = publisher.publish("com.example.overlap")
    for subscription in (exact, prefix, wildcard):
        subscriber.receives(36, subscription, publication)


def test_subscribing_twice_is_one_subscription(join: Join) -> None:
    """D1"""
    subscriber, publisher = join(), join()
    assert subscriber.subscribe("com.example.twice") == subscriber.subscribe("com.example.twice")
    publisher.publish("com.example.twice", [1])
    publisher.publish("com.example.twice", [2])
    subscriber.receives(36, ..., ..., {}, [1])
    subscriber.receives(36, ..., ..., {}, [2])


def test_after_unsubscribe_no_event_comes(join: Join) -> None:
    """D2"""
    subscriber, publisher = join(), join()
    subscription = subscriber.subscribe("com.example.off")
    assert subscriber.request(34, subscription)[0] == 35
    publisher.publish("com.example.off")
    assert subscriber.request(34, subscription)[4] == "wamp.error.no_such_subscription"


def test_black_and_whitelists_choose_the_receivers(join: Join) -> None:
    """D7"""
    publisher, anna, otto = join(), join(), join()
    for peer in (anna, otto):
        peer.subscribe("com.example.lists")
    publisher.publish("com.example.lists", ["not anna"], exclude=[anna.session])
    publisher.publish("com.example.lists", ["only anna"], eligible=[anna.session])
    publisher.publish("com.example.lists", ["nobody"], eligible=[])
    publisher.publish("com.example.lists", ["nobody"], exclude_authrole=["anonymous"])
    publisher.publish("com.example.lists", ["only otto"], eligible_authid=[otto.welcome["authid"]])
    publisher.publish("com.example.lists", ["all"])
    assert [anna.receive()[4] for _ in range(2)] == [["only anna"], ["all"]]
    assert [otto.receive()[4] for _ in range(3)] == [["not anna"], ["only otto"], ["all"]]


def test_events_keep_the_order_of_the_publisher_across_topics(join: Join) -> None:
    """A27, D5"""
    subscriber, publisher = join(), join()
    for topic in ("com.example.order.a", "com.example.order.b"):
        subscriber.subscribe(topic)
    for number in range(200):
        publisher.send(16, next(publisher.requests), {}, f"com.example.order.{'ab'[number % 2]}", [number])
    assert [subscriber.receive()[4][0] for _ in range(200)] == list(range(200))


def test_every_serializer_gets_the_event_in_its_own_form(join: Join, router: Any, peers: Callable[..., Peer]) -> None:
    """B22"""
    publisher = join()
    subscribers = [
        peers(router.port, transport, serializer).join()
        for transport in ("websocket", "rawsocket")
        for serializer in ("json", "msgpack", "cbor")
    ]
    for subscriber in subscribers:
        subscriber.subscribe("com.example.babel")
    publisher.publish("com.example.babel", [1, "zwei", 3.5, None], {"deep": [{"x": True}]})
    for subscriber in subscribers:
        assert subscriber.receives(36)[4:] == [[1, "zwei", 3.5, None], {"deep": [{"x": True}]}]
