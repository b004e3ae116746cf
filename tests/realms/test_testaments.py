"""Testaments: what a session wants published when it is gone."""

from typing import Any

import pytest

from realms.roles import Role
from realms.testaments import MAX_OCTETS, MAX_TESTAMENTS
from tests.realms.fakes import ANY, EVERYTHING, Peer, Scene, rule


def adds(peer: Peer, *args: Any, **kwargs: Any) -> None:
    request = peer.calls("wamp.session.add_testament", list(args), kwargs)
    peer.receives(50, request, {})


def refuses(peer: Peer, uri: str, *args: Any, **kwargs: Any) -> None:
    request = peer.calls("wamp.session.add_testament", list(args), kwargs)
    peer.receives_error(48, request, uri)


def says_goodbye(peer: Peer) -> None:
    peer.sends(6, {}, "wamp.close.close_realm")


@pytest.mark.parametrize("leaves", [Peer.vanishes, says_goodbye])
def test_testaments_are_published_detached_first_each_in_order(realm: Scene, leaves: Any) -> None:
    alice, bob = realm.join(), realm.join()
    subscription = bob.subscribes("com.topic")
    adds(alice, "com.topic", ["d1"], {})
    adds(alice, "com.topic", ["t1"], {"k": 1}, scope="detached")
    adds(alice, "com.topic", ["d2"], {}, scope="destroyed")
    adds(alice, "com.topic", ["t2"], {}, scope="detached")
    bob.receives_nothing()
    leaves(alice)
    bob.receives(36, subscription, ANY, {}, ["t1"], {"k": 1})
    for word in ("t2", "d1", "d2"):
        bob.receives(36, subscription, ANY, {}, [word])
    bob.receives_nothing()
    assert len(realm.realms.by_name["realm1"].testaments) == 0


def test_a_flushed_bucket_is_not_published_and_the_other_is(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    bob.subscribes("com.topic")
    adds(alice, "com.topic", ["destroyed"], {})
    adds(alice, "com.topic", ["detached"], {}, scope="detached")
    alice.receives(50, alice.calls("wamp.session.flush_testaments"), {})
    alice.vanishes()
    assert [event[4] for event in bob.inbox()] == [["detached"]]


def test_publish_options_hold_and_the_leaving_session_is_the_publisher(realm: Scene) -> None:
    alice = realm.join("alice")
    bob = realm.join("bob", roles={"subscriber": {"features": {"publisher_identification": True}}})
    carol = realm.join("carol")
    for peer in (alice, bob, carol):
        peer.subscribes("com.topic")
    adds(
        alice,
        "com.topic",
        [],
        {},
        publish_options={"disclose_me": True, "exclude_authid": ["carol"], "retain": True, "exclude_me": False},
    )
    alice.vanishes()
    identity = {"publisher": alice.id, "publisher_authid": "alice", "publisher_authrole": "anyone"}
    bob.receives(36, ANY, ANY, identity)
    carol.receives_nothing()
    bob.subscribes("com.topic", get_retained=True)
    bob.receives(36, ANY, ANY, identity | {"retained": True})


def test_what_may_not_be_published_is_refused_when_it_is_added() -> None:
    rules = [rule("prefix", "", *EVERYTHING), rule("prefix", "com.secret", "call")]
    scene = Scene(roles=[Role("anyone", rules, disclosure="refuse")])
    alice = scene.join()
    refuses(alice, "wamp.error.not_authorized", "com.secret.x", [], {})
    refuses(alice, "wamp.error.invalid_uri", "wamp.session.on_join", [], {})
    refuses(alice, "wamp.error.invalid_uri", "no uri", [], {})
    refuses(alice, "wamp.error.invalid_argument", "com.topic", [], {}, scope="later")
    refuses(alice, "wamp.error.invalid_argument", "com.topic", [], {}, publish_options={"exclude": "me"})
    options = {"disclose_me": True}
    refuses(alice, "wamp.error.option_disallowed.disclose_me", "com.topic", [], {}, publish_options=options)
    request = alice.calls("wamp.session.flush_testaments", [], {"scope": "later"})
    alice.receives_error(48, request, "wamp.error.invalid_argument")


def test_testaments_are_bounded(realm: Scene) -> None:
    alice = realm.join()
    for _ in range(MAX_TESTAMENTS):
        adds(alice, "com.topic", [], {})
    refuses(alice, "wamp.error.not_authorized", "com.topic", [], {}, scope="detached")


def test_testaments_of_a_violating_session_are_published(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    bob.subscribes("com.topic")
    adds(alice, "com.topic", ["gone"], {})
    alice.sends(2, 1, {})
    assert [event[4] for event in bob.inbox()] == [["gone"]]


def test_testaments_of_a_killed_session_are_published_but_not_when_all_are_killed() -> None:
    everything = Role("anyone", [rule("prefix", "", *EVERYTHING), rule("prefix", "wamp.", "call")])
    scene = Scene(roles=[everything])
    alice, bob, carol = scene.join(), scene.join(), scene.join()
    carol.subscribes("com.topic")
    adds(alice, "com.topic", ["alice"], {})
    adds(bob, "com.topic", ["bob"], {})
    carol.calls("wamp.session.kill", [alice.id])
    carol.receives(36, ANY, ANY, {}, ["alice"])
    assert carol.inbox()[0][0] == 50
    carol.calls("wamp.session.kill_all")
    bob.vanishes()
    assert [message[0] for message in carol.inbox()] == [50]


def test_the_testaments_of_a_session_are_bounded_in_octets(realm: Scene) -> None:
    alice = realm.join()
    adds(alice, "com.topic", ["x" * (MAX_OCTETS // 2)], {})
    refuses(alice, "wamp.error.payload_size_exceeded", "com.topic", ["x" * (MAX_OCTETS // 2)], {}, scope="detached")
    adds(alice, "com.topic", ["small"], {})
