"""What a publication may ask for beyond plain delivery, and what the router adds to it."""

from typing import Any

import pytest

from realms.policies import EventLimits, Policies, TrustLevels, TrustRule
from tests.realms.fakes import ANY, Peer, Scene, anyone
from wamp.codecs import CBOR, JSON, MESSAGEPACK

CURIOUS: dict[str, Any] = {
    "subscriber": {"features": {"publisher_identification": True, "publication_trustlevels": True}},
    "publisher": {},
}
"""A peer that announced that it knows who publishes, and how far to trust them."""

ACKNOWLEDGING: dict[str, Any] = {"subscriber": {"features": {"x_acknowledged_event_delivery": True}}, "publisher": {}}


def details(peer: Peer) -> list[dict[str, Any]]:
    """The details of the events that came."""
    return [message[3] for message in peer.inbox() if message[0] == 36]


# --- publisher identification ---


def test_a_publisher_is_disclosed_to_those_who_announced_that_they_know() -> None:
    scene = Scene()
    alice, bob, carol = scene.join("alice"), scene.join(roles=CURIOUS), scene.join()
    for peer in (bob, carol):
        peer.subscribes("com.topic")
    alice.publishes("com.topic", disclose_me=True)
    alice.publishes("com.topic")
    assert details(bob) == [{"publisher": alice.id, "publisher_authid": "alice", "publisher_authrole": "anyone"}, {}]
    assert details(carol) == [{}, {}]


@pytest.mark.parametrize("acknowledge", [True, False])
def test_a_realm_may_refuse_disclosure_and_then_nothing_is_published(acknowledge: bool) -> None:
    scene = Scene(roles=[anyone("refuse")])
    alice, bob = scene.join(), scene.join(roles=CURIOUS)
    bob.subscribes("com.topic")
    request = alice.publishes("com.topic", disclose_me=True, retain=True, acknowledge=acknowledge)
    if acknowledge:
        alice.receives_error(16, request, "wamp.error.option_disallowed.disclose_me")
    alice.receives_nothing()
    bob.subscribes("com.topic", get_retained=True)
    bob.receives_nothing()


def test_a_realm_may_disclose_every_publisher() -> None:
    scene = Scene(roles=[anyone("always")])
    alice, bob = scene.join("alice"), scene.join(roles=CURIOUS)
    bob.subscribes("com.topic")
    alice.publishes("com.topic")
    assert details(bob)[0]["publisher_authid"] == "alice"


# --- trust levels ---


def test_trust_levels_of_topic_and_role_go_to_those_who_announced_that_they_know() -> None:
    """D9"""
    rules = [
        TrustRule(2, "prefix", "com."),
        TrustRule(9, "exact", "com.vault"),
        TrustRule(0, "prefix", "com.", "guest"),
    ]
    scene = Scene(policies=Policies(trust=TrustLevels(rules)))
    alice, bob, carol = scene.join(), scene.join(roles=CURIOUS), scene.join()
    for peer in (bob, carol):
        for topic in ("com.vault", "com.other", "org.other"):
            peer.subscribes(topic)
    for topic in ("com.vault", "com.other", "org.other"):
        alice.publishes(topic)
    assert details(bob) == [{"trustlevel": 9}, {"trustlevel": 2}, {}]
    assert details(carol) == [{}, {}, {}]


# --- sharded subscriptions ---


def test_events_of_one_resource_go_to_one_node_and_all_resources_are_spread() -> None:
    scene = Scene()
    publisher, everybody = scene.join(), scene.join()
    nodes = [scene.join() for _ in range(4)]
    everybody.subscribes("com.sensor", match="prefix")
    for number, node in enumerate(nodes):
        node.subscribes("com.sensor", match="prefix", nkey=f"node{number}")
    for _ in range(2):
        for number in range(40):
            publisher.publishes(f"com.sensor.{number}", [number], rkey=f"sn{number}")
    seen = [[event[4][0] for event in node.inbox()] for node in nodes]
    assert len(everybody.inbox()) == 80
    assert sorted(number for part in seen for number in part) == sorted([*range(40), *range(40)])
    assert all(part[: len(part) // 2] == part[len(part) // 2 :] for part in seen)
    assert all(seen)


def test_without_a_resource_key_every_node_gets_the_event() -> None:
    scene = Scene()
    publisher, one, two = scene.join(), scene.join(), scene.join()
    for node in (one, two):
        node.subscribes("com.topic", nkey=str(node.id))
    publisher.publishes("com.topic")
    assert (len(one.inbox()), len(two.inbox())) == (1, 1)


def test_a_shard_moves_when_its_node_leaves_and_the_others_stay() -> None:
    scene = Scene()
    publisher = scene.join()
    nodes = {f"node{number}": scene.join() for number in range(3)}
    for nkey, node in nodes.items():
        node.subscribes("com.topic", nkey=nkey)

    def homes() -> dict[str, str]:
        found = {}
        for key in map(str, range(30)):
            publisher.publishes("com.topic", rkey=key)
            (found[key],) = [nkey for nkey, node in nodes.items() if node.inbox()]
        return found

    before = homes()
    nodes.pop("node1").vanishes()
    after = homes()
    assert {key: home for key, home in before.items() if home != "node1"}.items() <= after.items()


def test_only_subscribers_that_may_have_the_event_share_the_resources() -> None:
    scene = Scene()
    publisher, one, two = scene.join(), scene.join(), scene.join()
    for node in (one, two):
        node.subscribes("com.topic", nkey=str(node.id))
    for number in range(8):
        publisher.publishes("com.topic", rkey=str(number), exclude=[one.id])
    assert (len(one.inbox()), len(two.inbox())) == (0, 8)


# --- acknowledged delivery ---


def test_acknowledged_publications_ask_those_who_announced_it_for_event_received() -> None:
    scene = Scene()
    alice, bob, carol = scene.join(), scene.join(roles=ACKNOWLEDGING), scene.join()
    for peer in (bob, carol):
        peer.subscribes("com.topic")
    alice.publishes("com.topic", acknowledge=True)
    alice.publishes("com.topic")
    assert details(bob) == [{"x_acknowledged_delivery": True}, {}]
    assert details(carol) == [{}, {}]
    for code in (337, 37):
        bob.sends(code, 12345)
    bob.is_present()


# --- revocation ---


def test_a_revoked_subscriber_gets_no_more_events_and_is_told_if_it_announced_that_it_understands() -> None:
    """D18"""
    scene = Scene()
    alice = scene.join()
    bob = scene.join(roles={"subscriber": {"features": {"subscription_revocation": True}}})
    carol = scene.join()
    broker = scene.realms.by_name["realm1"].broker
    for peer in (bob, carol):
        id = peer.subscribes("com.topic")
    for peer in (bob, carol):
        subscription = broker.subscription(id)
        assert subscription is not None
        broker.revoke(subscription, peer.transport.session, "com.example.reason")
    bob.receives(35, 0, {"subscription": id, "reason": "com.example.reason"})
    alice.publishes("com.topic")
    bob.receives_nothing()
    carol.receives_nothing()
    carol.receives_error(34, carol.requests(34, id), "wamp.error.no_such_subscription")
    assert len(broker) == 0


# --- limits ---


def test_a_session_has_only_so_many_subscriptions() -> None:
    scene = Scene(policies=Policies(events=EventLimits(subscriptions=2)))
    bob = scene.join()
    first = bob.subscribes("com.a")
    bob.subscribes("com.b")
    bob.receives_error(32, bob.requests(32, {}, "com.c"), "wamp.error.not_authorized")
    assert bob.subscribes("com.a") == first
    bob.receives(35, bob.requests(34, first))
    bob.subscribes("com.c")


# --- what the router says itself ---


@pytest.mark.parametrize("codec", [JSON, MESSAGEPACK, CBOR])
def test_the_router_announces_to_every_kind_of_subscription_in_every_serializer(codec: Any) -> None:
    scene = Scene()
    bob = scene.join(codec=codec)
    broker = scene.realms.by_name["realm1"].broker
    assert not broker.anyone_listens("wamp.test.topic")
    broker.announce("wamp.test.topic", [1])
    exact, prefix = bob.subscribes("wamp.test.topic"), bob.subscribes("wamp.test", match="prefix")
    assert broker.anyone_listens("wamp.test.topic")
    broker.announce("wamp.test.topic", [{"a": 1}], {"k": None})
    bob.receives(36, exact, ANY, {}, [{"a": 1}], {"k": None})
    bob.receives(36, prefix, ANY, {"topic": "wamp.test.topic"}, [{"a": 1}], {"k": None})
    broker.announce("wamp.test.topic", [])
    bob.receives(36, exact, ANY, {})
