"""Peers with different serializers: each gets the payload in its own, made once for all that share it."""

from itertools import product
from math import nan

import pytest

from tests.realms.fakes import ANY, Scene
from wamp.codecs import CBOR, JSON, MESSAGEPACK, Codec

CODECS = [JSON, MESSAGEPACK, CBOR]
PAIRS = pytest.mark.parametrize(("ours", "theirs"), list(product(CODECS, CODECS)), ids=lambda codec: codec.name)

PAYLOAD = [[1, -5, 2.5, "värde", None, True, [1, [2]], {"a": {"b": 1}}], {"x": 1, "y": [None]}]


@PAIRS
def test_an_event_says_the_same_in_every_serializer(realm: Scene, ours: Codec, theirs: Codec) -> None:
    alice, bob = realm.join(codec=ours), realm.join(codec=theirs)
    subscription = bob.subscribes("com.", match="prefix")
    alice.publishes("com.topic", *PAYLOAD)
    bob.receives(36, subscription, ANY, {"topic": "com.topic"}, *PAYLOAD)


@PAIRS
def test_a_call_and_its_answer_say_the_same_in_every_serializer(realm: Scene, ours: Codec, theirs: Codec) -> None:
    alice, bob = realm.join(codec=ours), realm.join(codec=theirs)
    registration = bob.registers("com.add2")
    call = alice.calls("com.add2", *PAYLOAD)
    bob.receives(68, 1, registration, {}, *PAYLOAD)
    bob.sends(70, 1, {}, *PAYLOAD)
    alice.receives(50, call, {}, *PAYLOAD)
    call = alice.calls("com.add2")
    bob.receives(68, 2, registration, {})
    bob.sends(8, 68, 2, {}, "com.error", *PAYLOAD)
    alice.receives(8, 48, call, {}, "com.error", *PAYLOAD)


@PAIRS
def test_octets_are_octets_in_every_serializer(realm: Scene, ours: Codec, theirs: Codec) -> None:
    alice, bob = realm.join(codec=ours), realm.join(codec=theirs)
    bob.subscribes("com.topic")
    alice.publishes("com.topic", [b"\x00\xff", {"deep": [b""]}])
    bob.receives(36, ANY, ANY, {}, [b"\x00\xff", {"deep": [b""]}])


@PAIRS
def test_every_answer_of_the_router_is_understood_in_every_serializer(realm: Scene, ours: Codec, theirs: Codec) -> None:
    alice, bob = realm.join(codec=ours), realm.join(codec=theirs)
    bob.registers("com.work")
    alice.is_present()
    alice.receives_error(48, alice.calls("com.nothing"), "wamp.error.no_such_procedure")
    call = alice.calls("com.work", receive_progress=True)
    bob.receives(68, 1, ANY, {"receive_progress": True})
    bob.sends(70, 1, {"progress": True}, [1])
    alice.receives(50, call, {"progress": True}, [1])
    alice.sends(49, call, {"mode": "killnowait"})
    bob.receives(69, 1, {"mode": "killnowait", "reason": "wamp.error.canceled"})
    alice.receives_error(48, call, "wamp.error.canceled")
    alice.sends(6, {}, "wamp.close.normal")
    alice.receives(6, {}, "wamp.close.goodbye_and_out")
    bob.sends(2, 1, {})
    bob.is_expelled()


def test_a_publication_is_written_once_for_all_that_share_a_serializer(realm: Scene) -> None:
    alice = realm.join(codec=CBOR)
    subscribers = [realm.join(codec=codec) for codec in CODECS for _ in range(3)]
    for subscriber in subscribers:
        subscriber.subscribes("com.topic")
    alice.publishes("com.topic", [1])
    events = [subscriber.transport.frames[-1] for subscriber in subscribers]
    assert len({id(event) for event in events}) == 3


def test_a_payload_is_transcoded_once_for_all_subscriptions(realm: Scene) -> None:
    alice, bob = realm.join(codec=JSON), realm.join(codec=MESSAGEPACK)
    for pattern, match in (("com.topic", "exact"), ("com.", "prefix"), (".", "wildcard")):
        bob.subscribes(pattern, match=match)
    alice.publishes("com.topic", [1, 2, 3])
    assert [event[4] for event in bob.inbox()] == [[1, 2, 3]] * 3


def test_between_peers_of_one_serializer_a_payload_passes_octet_by_octet(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    bob.subscribes("com.topic")
    alice.sends_octets(b'[16, 1, {}, "com.topic", [1e2,  "\\u00e4", 1.0]]')
    assert b'[1e2,  "\\u00e4", 1.0]' in bob.transport.frames[-1]


def test_a_subscriber_whose_serializer_cannot_express_an_event_misses_it_and_nobody_else_does(realm: Scene) -> None:
    alice, bob, carol, dave = (realm.join(codec=codec) for codec in (CBOR, JSON, MESSAGEPACK, CBOR))
    for peer in (bob, carol, dave):
        peer.subscribes("com.topic")
    request = alice.publishes("com.topic", [nan], acknowledge=True)
    alice.receives(17, request, ANY)
    bob.receives_nothing()
    bob.is_present()
    assert [len(peer.inbox()) for peer in (carol, dave)] == [1, 1]


def test_a_call_that_the_callee_could_not_read_fails_and_leaves_no_trace(realm: Scene) -> None:
    alice, bob = realm.join(codec=CBOR), realm.join(codec=JSON)
    bob.registers("com.add2")
    alice.receives_error(48, alice.calls("com.add2", [nan]), "wamp.error.invalid_argument")
    bob.receives_nothing()
    alice.calls("com.add2", [1])
    bob.receives(68, 1, ANY, {}, [1])


@pytest.mark.parametrize(
    "answer", [[70, 1, {}, [nan]], [8, 68, 1, {}, "com.error", [nan]], [70, 1, {}, [], {"a": nan}]]
)
def test_an_answer_that_the_caller_could_not_read_becomes_an_error(realm: Scene, answer: list[object]) -> None:
    alice, bob = realm.join(codec=JSON), realm.join(codec=CBOR)
    bob.registers("com.add2")
    call = alice.calls("com.add2")
    bob.inbox()
    bob.sends(*answer)
    alice.receives_error(48, call, "wamp.error.invalid_argument")
    alice.receives_nothing()
    bob.is_present()


def test_integers_beyond_64_bits_reach_who_can_hold_them(realm: Scene) -> None:
    alice, bob, carol = (realm.join(codec=codec) for codec in (JSON, CBOR, MESSAGEPACK))
    for peer in (bob, carol):
        peer.subscribes("com.topic")
    alice.publishes("com.topic", [2**70])
    bob.receives(36, ANY, ANY, {}, [2**70])
    carol.receives_nothing()
