"""Calls that are ended before their answer comes: canceled by the caller, or out of time."""

import pytest
from twisted.internet.task import Clock

from tests.realms.fakes import ANY, PLAIN, Peer, Scene

CANCELED = "wamp.error.canceled"
TIMEOUT = "wamp.error.timeout"


@pytest.fixture
def alice(realm: Scene) -> Peer:
    """A caller."""
    return realm.join("alice")


@pytest.fixture
def bob(realm: Scene) -> Peer:
    """A callee of com.work that can be interrupted."""
    peer = realm.join("bob")
    peer.registers("com.work")
    return peer


@pytest.fixture
def stubborn(realm: Scene) -> Peer:
    """A callee of com.work that cannot be interrupted."""
    peer = realm.join("stan", roles=PLAIN)
    peer.registers("com.work")
    return peer


def is_invoked(callee: Peer) -> int:
    return int(callee.receives(68, ANY, ANY, ANY)[1])


# --- canceled ---


def test_skip_frees_the_caller_and_leaves_the_callee_alone(alice: Peer, bob: Peer) -> None:
    call = alice.calls("com.work")
    invocation = is_invoked(bob)
    alice.sends(49, call, {"mode": "skip"})
    alice.receives_error(48, call, CANCELED)
    bob.receives_nothing()
    bob.sends(70, invocation, {}, ["too late"])
    alice.receives_nothing()
    bob.is_present()


@pytest.mark.parametrize("options", [{"mode": "killnowait"}, {}])
def test_killnowait_is_the_default_and_frees_the_caller_and_stops_the_callee(
    alice: Peer, bob: Peer, options: dict[str, str]
) -> None:
    call = alice.calls("com.work")
    invocation = is_invoked(bob)
    alice.sends(49, call, options)
    alice.receives_error(48, call, CANCELED)
    bob.receives(69, invocation, {"mode": "killnowait", "reason": CANCELED})
    bob.sends(8, 68, invocation, {}, CANCELED)
    alice.receives_nothing()
    bob.is_present()


@pytest.mark.parametrize(
    ("answer", "heard"),
    [
        ([70, 1, {}, ["done all the same"]], [50, 1, {}, ["done all the same"]]),
        ([8, 68, 1, {}, CANCELED, ["rolled back"]], [8, 48, 1, {}, CANCELED, ["rolled back"]]),
        ([8, 68, 1, {}, "com.error.halfway", [], {"at": 7}], [8, 48, 1, {}, "com.error.halfway", [], {"at": 7}]),
    ],
)
def test_kill_waits_for_what_the_callee_really_says(
    alice: Peer, bob: Peer, answer: list[object], heard: list[object]
) -> None:
    assert alice.calls("com.work") == 1
    assert is_invoked(bob) == 1
    alice.sends(49, 1, {"mode": "kill"})
    bob.receives(69, 1, {"mode": "kill", "reason": CANCELED})
    alice.receives_nothing()
    bob.sends(*answer)
    alice.receives(*heard)
    alice.receives_nothing()


@pytest.mark.parametrize("mode", ["skip", "kill", "killnowait"])
def test_a_callee_that_cannot_be_interrupted_is_skipped_in_every_mode(alice: Peer, stubborn: Peer, mode: str) -> None:
    call = alice.calls("com.work")
    invocation = is_invoked(stubborn)
    alice.sends(49, call, {"mode": mode})
    alice.receives_error(48, call, CANCELED)
    stubborn.sends(70, invocation, {})
    stubborn.receives_nothing()
    alice.receives_nothing()


def test_the_feature_may_be_spelled_with_two_l(realm: Scene, alice: Peer) -> None:
    bob = realm.join(roles=PLAIN | {"callee": {"features": {"call_cancelling": True}}})
    bob.registers("com.work")
    call = alice.calls("com.work")
    is_invoked(bob)
    alice.sends(49, call, {"mode": "kill"})
    bob.receives(69, 1, {"mode": "kill", "reason": CANCELED})


@pytest.mark.parametrize("stronger", ["skip", "killnowait"])
def test_who_does_not_want_to_wait_for_a_kill_any_more_may_cancel_again(alice: Peer, bob: Peer, stronger: str) -> None:
    call = alice.calls("com.work")
    invocation = is_invoked(bob)
    alice.sends(49, call, {"mode": "kill"})
    alice.sends(49, call, {"mode": "kill"})
    alice.receives_nothing()
    alice.sends(49, call, {"mode": stronger})
    alice.receives_error(48, call, CANCELED)
    assert [message[:2] for message in bob.inbox()] == [[69, invocation]]  # one INTERRUPT: a second breaks some clients


def test_a_kill_ends_when_the_callee_leaves(alice: Peer, bob: Peer) -> None:
    call = alice.calls("com.work")
    alice.sends(49, call, {"mode": "kill"})
    bob.vanishes()
    alice.receives_error(48, call, CANCELED)
    alice.receives_nothing()


def test_canceling_what_is_over_or_never_was_is_a_race_and_no_fault(alice: Peer, bob: Peer) -> None:
    call = alice.calls("com.work")
    bob.sends(70, is_invoked(bob), {})
    alice.receives(50, call, {})
    alice.sends(49, call, {})
    alice.sends(49, 77, {"mode": "kill"})
    alice.receives_nothing()
    bob.receives_nothing()
    alice.is_present()


def test_nobody_can_cancel_the_call_of_somebody_else(realm: Scene, alice: Peer, bob: Peer) -> None:
    mallory = realm.join()
    call = alice.calls("com.work")
    invocation = is_invoked(bob)
    mallory.sends(49, call, {"mode": "killnowait"})
    mallory.receives_nothing()
    bob.receives_nothing()
    bob.sends(70, invocation, {})
    alice.receives(50, call, {})


def test_cancel_is_not_counted_among_the_requests(alice: Peer, bob: Peer) -> None:
    call = alice.calls("com.work")
    alice.sends(49, call, {"mode": "skip"})
    alice.inbox()
    alice.is_present()


# --- out of time ---


def test_a_timeout_is_in_milliseconds(alice: Peer, bob: Peer, clock: Clock) -> None:
    call = alice.calls("com.work", timeout=1500)
    invocation = is_invoked(bob)
    clock.advance(1.4)
    alice.receives_nothing()
    bob.receives_nothing()
    clock.advance(0.2)
    alice.receives_error(48, call, TIMEOUT)
    bob.receives(69, invocation, {"mode": "killnowait", "reason": TIMEOUT})
    bob.sends(70, invocation, {}, ["too late"])
    alice.receives_nothing()
    bob.is_present()


def test_a_callee_that_cannot_be_interrupted_is_not_told_of_a_timeout(
    alice: Peer, stubborn: Peer, clock: Clock
) -> None:
    call = alice.calls("com.work", timeout=1000)
    is_invoked(stubborn)
    clock.advance(1.1)
    alice.receives_error(48, call, TIMEOUT)
    stubborn.receives_nothing()


@pytest.mark.parametrize("options", [{}, {"timeout": 0}])
def test_without_a_timeout_a_call_may_take_forever(
    alice: Peer, bob: Peer, clock: Clock, options: dict[str, int]
) -> None:
    call = alice.calls("com.work", **options)
    clock.advance(10**9)
    alice.receives_nothing()
    bob.sends(70, is_invoked(bob), {})
    alice.receives(50, call, {})


def test_each_progressive_result_starts_the_timeout_anew(alice: Peer, bob: Peer, clock: Clock) -> None:
    call = alice.calls("com.work", timeout=1000, receive_progress=True)
    invocation = is_invoked(bob)
    for number in range(5):
        clock.advance(0.9)
        bob.sends(70, invocation, {"progress": True}, [number])
        alice.receives(50, call, {"progress": True}, [number])
    clock.advance(1.1)
    alice.receives_error(48, call, TIMEOUT)


def test_progress_that_is_dropped_does_not_start_the_timeout_anew(alice: Peer, bob: Peer, clock: Clock) -> None:
    call = alice.calls("com.work", timeout=1000)
    invocation = is_invoked(bob)
    clock.advance(0.9)
    bob.sends(70, invocation, {"progress": True})
    clock.advance(0.2)
    alice.receives_error(48, call, TIMEOUT)


@pytest.mark.parametrize("how", ["answered", "failed", "canceled", "caller gone", "callee gone", "too large"])
def test_a_call_that_is_over_has_no_timeout_left(alice: Peer, bob: Peer, clock: Clock, how: str) -> None:
    call = alice.calls("com.work", timeout=1000)
    invocation = is_invoked(bob)
    if how == "answered":
        bob.sends(70, invocation, {})
    elif how == "failed":
        bob.sends(8, 68, invocation, {}, "com.error")
    elif how == "canceled":
        alice.sends(49, call, {})
    elif how == "caller gone":
        alice.vanishes()
    elif how == "callee gone":
        bob.vanishes()
    else:
        alice.transport.max_outgoing = 300
        bob.sends(70, invocation, {}, ["x" * 1000])
    alice.inbox()
    bob.inbox()
    assert clock.getDelayedCalls() == []
    clock.advance(2)
    alice.receives_nothing()
    bob.receives_nothing()


def test_a_kill_that_takes_too_long_runs_out_of_time(alice: Peer, bob: Peer, clock: Clock) -> None:
    call = alice.calls("com.work", timeout=1000)
    invocation = is_invoked(bob)
    alice.sends(49, call, {"mode": "kill"})
    clock.advance(1.1)
    alice.receives_error(48, call, TIMEOUT)
    assert [message[:2] for message in bob.inbox()] == [[69, invocation]]


def test_the_longest_timeout_there_is_is_none_in_effect(alice: Peer, bob: Peer, clock: Clock) -> None:
    alice.calls("com.work", timeout=2**53)
    clock.advance(10**9)
    alice.receives_nothing()
    bob.sends(70, is_invoked(bob), {})
    assert clock.getDelayedCalls() == []
