"""Request ids count 1, 2, 3 ... over all requests of a session; a realm may choose to be lenient."""

from typing import Any

import pytest

from tests.realms.fakes import ANY, Peer, Scene
from wamp.ids import MAX_ID

REQUESTS: dict[str, list[Any]] = {
    "PUBLISH": [16, {"acknowledge": True}, "com.topic"],
    "SUBSCRIBE": [32, {}, "com.topic"],
    "UNSUBSCRIBE": [34, 2**53],
    "CALL": [48, {}, "com.nothing"],
    "REGISTER": [64, {}, "com.add2"],
    "UNREGISTER": [66, 2**53],
}


def asks(peer: Peer, name: str, request: int) -> None:
    code, *rest = REQUESTS[name]
    peer.sends(code, request, *rest)


def test_one_count_serves_all_requests(realm: Scene) -> None:
    """A23"""
    peer = realm.join()
    for request, name in enumerate([*REQUESTS, *REQUESTS], 1):
        asks(peer, name, request)
        (answer,) = peer.inbox()
        assert answer[0] != 3
        assert answer[2 if answer[0] == 8 else 1] == request


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("first", [2, 123, MAX_ID])
def test_the_first_request_is_1(realm: Scene, name: str, first: int) -> None:
    peer = realm.join()
    asks(peer, name, first)
    peer.is_expelled()


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("next", [1, 2, 4, MAX_ID])
def test_a_gap_a_repetition_and_a_step_back_are_violations(realm: Scene, name: str, next: int) -> None:
    """A13, A23"""
    peer = realm.join()
    peer.subscribes("com.a")
    peer.subscribes("com.b")
    asks(peer, name, next)
    peer.is_expelled()


def test_a_request_that_is_refused_counts_and_so_does_a_publication_that_nobody_answers(realm: Scene) -> None:
    peer = realm.join()
    peer.receives_error(32, peer.requests(32, {}, "no uri"), "wamp.error.invalid_uri")
    peer.publishes("no uri")
    peer.is_present()


def test_the_id_is_checked_before_anything_else(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    bob.subscribes("com.topic")
    alice.sends(16, 2, {}, "com.topic")
    alice.is_expelled()
    bob.receives_nothing()


def test_after_the_largest_id_comes_1_again(realm: Scene) -> None:
    """A22, A23"""
    peer = realm.join()
    peer.transport.session.last_request = MAX_ID - 1  # no test can count that far
    for request in (MAX_ID, 1, 2):
        asks(peer, "UNSUBSCRIBE", request)
        peer.receives_error(34, request, "wamp.error.no_such_subscription")


def test_after_the_largest_id_2_is_a_violation(realm: Scene) -> None:
    peer = realm.join()
    peer.transport.session.last_request = MAX_ID
    asks(peer, "UNSUBSCRIBE", 2)
    peer.is_expelled()


def test_invocation_ids_wrap_too(realm: Scene) -> None:
    """A22"""
    peer = realm.join()
    peer.registers("com.add2")
    peer.transport.session.last_invocation = MAX_ID - 1
    for invocation in (MAX_ID, 1):
        call = peer.calls("com.add2")
        peer.receives(68, invocation, ANY, {})
        peer.sends(70, invocation, {})
        peer.receives(50, call, {})


def test_a_lenient_realm_takes_any_ids() -> None:
    """A23"""
    peer = Scene(strict_request_ids=False).join()
    for request, name in zip([123, 789, 5, 5, MAX_ID, 1], REQUESTS, strict=True):
        asks(peer, name, request)
        (answer,) = peer.inbox()
        assert answer[2 if answer[0] == 8 else 1] == request


def test_a_lenient_realm_does_not_take_the_id_of_a_call_that_is_under_way() -> None:
    realm = Scene(strict_request_ids=False)
    alice, bob = realm.join(), realm.join()
    bob.registers("com.add2")
    alice.sends(48, 7, {}, "com.add2")
    bob.sends(70, 1, {})
    alice.receives(50, 7, {})
    alice.sends(48, 7, {}, "com.add2")
    alice.sends(48, 7, {}, "com.add2")
    alice.is_expelled()
