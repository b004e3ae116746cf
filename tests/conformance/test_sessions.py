"""Sessions, end to end: sections A1 to A13 of what a router must do."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from tests.peers import ROLES, Closed, Peer

Connect = Callable[[], Peer]
Join = Callable[..., Peer]

VIOLATION = "wamp.error.protocol_violation"


def test_welcome_tells_who_the_session_is_and_what_the_router_can(connect: Connect) -> None:
    """A2, A3, A4, E2"""
    peer = connect()
    peer.send(1, "realm1", {"roles": ROLES})
    _, session, details = peer.receives(2)
    assert 1 <= session <= 2**53
    assert details["realm"] == "realm1"
    assert details["authrole"] == "anonymous"
    assert details["authmethod"] == "anonymous"
    assert details["authid"]
    assert details["roles"]["broker"]["features"]["subscriber_blackwhite_listing"] is True
    assert details["roles"]["dealer"]["features"]["progressive_call_results"] is True


def test_an_unknown_realm_is_refused(connect: Connect) -> None:
    """A1, A6, A24"""
    peer = connect()
    peer.send(1, "nowhere", {"roles": ROLES})
    peer.receives(3, ..., "wamp.error.no_such_realm")
    assert peer.closed() in (1000, None)


@pytest.mark.parametrize("roles", [{}, {"dancer": {}}])
def test_a_client_without_a_role_is_refused(connect: Connect, roles: dict[str, object]) -> None:
    """A2, A13"""
    peer = connect()
    peer.send(1, "realm1", {"roles": roles})
    peer.receives(3, ..., VIOLATION)


def test_a_request_before_hello_is_a_violation(connect: Connect) -> None:
    """A8, A13"""
    peer = connect()
    peer.send(32, 1, {}, "com.example.topic")
    peer.receives(3, ..., VIOLATION)
    assert peer.closed() in (1002, None)


@pytest.mark.parametrize(
    "message",
    [
        [1, "realm1", {"roles": ROLES}],
        [2, 1, {}],
        [5, "signature", {}],
        [8, 48, 1, {}, "com.example.error"],
        [16, 1, {"acknowledge": 1}, "com.example.topic"],
        [16, 1000, {}, "com.example.topic"],  # long-poll waits for what may have been overtaken by 2
        [16, 1, {}, "com.example.topic", {}],
        [16, 1, {}, "com.example.topic", [], []],
        [16, 1, {}, "com.example.topic", [], {}, "surplus"],
        [32, 1, {"match": "regex"}, "com.example.topic"],
        [36, 1, 1, {}],
        [48, 0, {}, "com.example.add2"],
        [48, 1, {}],
        [48, True, {}, "com.example.add2"],
        [70, 1, {}],
        [1000],
        [],
    ],
    ids=str,
)
def test_a_violation_ends_the_session_and_nothing_later_is_heard(join: Join, message: list[object]) -> None:
    """A13, A15, A16, A17, A23, K2"""
    witness, culprit = join(), join()
    witness.subscribe("com.example.last_words")
    culprit.send(*message)
    with suppress(Closed):
        culprit.send(16, 1, {}, "com.example.last_words")
    culprit.receives(3, ..., VIOLATION)
    assert culprit.closed() in (1002, None)
    witness.send(16, next(witness.requests), {"exclude_me": False}, "com.example.last_words", ["mine"])
    witness.receives(36, ..., ..., {}, ["mine"])


def test_goodbye_is_answered_and_the_connection_carries_another_session(join: Join) -> None:
    """A7, A9"""
    peer = join()
    first = peer.session
    peer.send(6, {}, "wamp.close.normal")
    peer.receives(6, {}, "wamp.close.goodbye_and_out")
    peer.join()
    assert peer.session != first
    peer.publish("com.example.topic")


def test_what_a_session_had_is_gone_after_goodbye(join: Join) -> None:
    """A29"""
    leaving, staying = join(), join()
    leaving.subscribe("com.example.topic")
    leaving.register("com.example.mine")
    leaving.send(6, {}, "wamp.close.normal")
    leaving.receives(6)
    leaving.join()
    staying.publish("com.example.topic")
    staying.register("com.example.mine")
    leaving.publish("com.example.topic")  # the answer to this is the first that it gets


def test_ids_of_sessions_and_publications_are_spread_over_the_whole_range(join: Join) -> None:
    """A4, A22"""
    ids = [join().session for _ in range(5)] + [join().publish("com.example.topic") for _ in range(5)]
    assert len(set(ids)) == 10
    assert max(ids) > 2**45
