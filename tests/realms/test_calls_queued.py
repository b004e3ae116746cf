"""Callees that take only so many calls at a time, and the calls that wait for them."""

from typing import Any

import pytest
from twisted.internet.task import Clock

from realms.policies import CallLimits, Policies
from tests.realms.fakes import ANY, CAPABLE, RPC_PEER, Peer, Scene

NOBODY = "wamp.error.no_available_callee"


@pytest.fixture
def alice(realm: Scene) -> Peer:
    """A caller."""
    return realm.join("alice")


@pytest.fixture
def bob(realm: Scene) -> Peer:
    """A callee of com.work, two calls at a time."""
    peer = realm.join("bob", roles=RPC_PEER)
    peer.registers("com.work", invoke="roundrobin", concurrency=2)
    return peer


def given(callee: Peer) -> list[Any]:
    """The first arguments of the INVOCATIONs that came."""
    return [message[4][0] for message in callee.inbox() if message[0] == 68]


def test_calls_beyond_the_limit_wait_and_come_in_order(alice: Peer, bob: Peer) -> None:
    calls = [alice.calls("com.work", [number]) for number in range(5)]
    assert given(bob) == [0, 1]
    bob.sends(70, 2, {}, ["one"])
    alice.receives(50, calls[1], {}, ["one"])
    assert given(bob) == [2]
    bob.sends(8, 68, 1, {}, "com.error")
    assert given(bob) == [3]
    for invocation in (3, 4, 5):
        bob.sends(70, invocation, {})
    assert given(bob) == [4]
    assert sorted(message[1] for message in alice.inbox() if message[0] == 50) == calls[2:]


def test_other_callees_get_the_call_first(realm: Scene, alice: Peer, bob: Peer) -> None:
    carol = realm.join()
    carol.registers("com.work", invoke="roundrobin", concurrency=1)
    for number in range(4):
        alice.calls("com.work", [number])
    assert (given(bob), given(carol)) == ([0, 2], [1])
    carol.sends(70, 1, {})
    assert (given(bob), given(carol)) == ([], [3])


def test_a_callee_without_limit_takes_all(realm: Scene, alice: Peer, bob: Peer) -> None:
    carol = realm.join()
    carol.registers("com.work", invoke="roundrobin")
    for number in range(6):
        alice.calls("com.work", [number])
    assert (given(bob), given(carol)) == ([0, 2], [1, 3, 4, 5])


def test_a_callee_that_comes_takes_what_waits(realm: Scene, alice: Peer, bob: Peer) -> None:
    for number in range(4):
        alice.calls("com.work", [number])
    carol = realm.join()
    carol.registers("com.work", invoke="roundrobin", concurrency=1)
    assert given(carol) == [2]


def test_the_queue_has_a_bound() -> None:
    realm = Scene(policies=Policies(calls=CallLimits(queued=2)))
    alice, bob = realm.join(), realm.join()
    bob.registers("com.work", concurrency=1)
    calls = [alice.calls("com.work", [number]) for number in range(4)]
    alice.receives_error(48, calls[3], NOBODY)
    alice.receives_nothing()
    bob.sends(70, 1, {})
    assert given(bob) == [0, 1]


@pytest.mark.parametrize("mode", ["skip", "kill", "killnowait"])
def test_a_call_that_waits_can_be_canceled(alice: Peer, bob: Peer, mode: str) -> None:
    calls = [alice.calls("com.work", [number]) for number in range(4)]
    alice.sends(49, calls[2], {"mode": mode})
    alice.receives_error(48, calls[2], "wamp.error.canceled")
    bob.sends(70, 1, {})
    assert given(bob) == [0, 1, 3]


def test_a_call_that_waits_runs_out_of_time(alice: Peer, bob: Peer, clock: Clock) -> None:
    for number in range(2):
        alice.calls("com.work", [number])
    call = alice.calls("com.work", [2], timeout=1000)
    clock.advance(1.1)
    alice.receives_error(48, call, "wamp.error.timeout")
    bob.sends(70, 1, {})
    assert given(bob) == [0, 1]


def test_the_time_of_waiting_counts(alice: Peer, bob: Peer, clock: Clock) -> None:
    for number in range(2):
        alice.calls("com.work", [number])
    call = alice.calls("com.work", [2], timeout=1000)
    clock.advance(0.8)
    bob.sends(70, 1, {})
    alice.inbox()
    clock.advance(0.3)
    alice.receives_error(48, call, "wamp.error.timeout")
    assert [message[:2] for message in bob.inbox()][-2:] == [[68, 3], [69, 3]]


def test_the_calls_of_a_caller_that_leaves_wait_no_longer(realm: Scene, alice: Peer, bob: Peer) -> None:
    carol = realm.join()
    for number in range(4):
        alice.calls("com.work", [number])
    carol.calls("com.work", ["carol's"])
    alice.vanishes()
    assert given(bob) == [0, 1, "carol's"]


@pytest.mark.parametrize("how", ["leaves", "unregisters"])
def test_when_the_last_callee_goes_those_who_wait_are_answered(realm: Scene, alice: Peer, how: str) -> None:
    bob = realm.join()
    registration = bob.registers("com.work", concurrency=1)
    calls = [alice.calls("com.work", [number]) for number in range(3)]
    if how == "leaves":
        bob.vanishes()
        alice.receives_error(48, calls[0], "wamp.error.canceled")
    else:
        bob.requests(66, registration)
    alice.receives_error(48, calls[1], NOBODY)
    alice.receives_error(48, calls[2], NOBODY)
    if how == "unregisters":
        bob.sends(70, 1, {}, ["done all the same"])
        alice.receives(50, calls[0], {}, ["done all the same"])


def test_a_callee_that_waits_for_itself_leaves_without_a_word_to_itself(realm: Scene) -> None:
    bob = realm.join()
    bob.registers("com.work", concurrency=1)
    for number in range(3):
        bob.calls("com.work", [number])
    assert given(bob) == [0]
    bob.vanishes()
    bob.receives_nothing()
    home = realm.realms.by_name["realm1"]
    assert len(home.dealer) == 0


def test_a_canceled_call_makes_room(alice: Peer, bob: Peer) -> None:
    calls = [alice.calls("com.work", [number]) for number in range(3)]
    alice.sends(49, calls[0], {"mode": "killnowait"})
    assert given(bob) == [0, 1, 2]


def test_a_rerouted_call_waits_for_a_callee_that_is_busy(realm: Scene, alice: Peer) -> None:
    bob, carol = realm.join(roles=RPC_PEER), realm.join(roles=RPC_PEER)
    for peer in (bob, carol):
        peer.registers("com.work", invoke="roundrobin", concurrency=1)
    alice.calls("com.work", ["a"])
    call = alice.calls("com.work", ["b"])
    assert (given(bob), given(carol)) == (["a"], ["b"])
    carol.sends(8, 68, 1, {}, "wamp.error.unavailable")
    alice.receives_nothing()
    assert given(carol) == []
    bob.sends(70, 1, {})
    assert given(bob) == ["b"]
    bob.sends(8, 68, 2, {}, "wamp.error.unavailable")
    assert alice.inbox()[-1][:5] == [8, 48, call, {}, NOBODY]


def test_the_call_of_a_shard_waits_for_its_callee(realm: Scene, alice: Peer, bob: Peer) -> None:
    carol = realm.join()
    carol.registers("com.work", invoke="roundrobin", concurrency=2)
    for _ in range(3):
        alice.calls("com.work", ["a"], runmode="partition", rkey="user1")
    one, other = given(bob), given(carol)
    assert sorted([one, other]) == [[], ["a", "a"]]
    busy = bob if one else carol
    busy.sends(70, 1, {})
    assert given(busy) == ["a"]


def test_neither_a_call_in_pieces_nor_a_call_of_all_can_wait(realm: Scene, bob: Peer) -> None:
    alice = realm.join(roles=RPC_PEER)
    for number in range(2):
        alice.calls("com.work", [number])
    alice.receives_error(48, alice.calls("com.work", progress=True), NOBODY)
    alice.receives_error(48, alice.calls("com.work", runon="all"), NOBODY)


@pytest.mark.parametrize("concurrency", [0, -1, True, "2", 1.5])
def test_a_limit_is_a_positive_integer(realm: Scene, concurrency: Any) -> None:
    mallory = realm.join()
    mallory.requests(64, {"concurrency": concurrency}, "com.work")
    mallory.is_expelled()


def test_a_session_waits_for_so_many_calls_and_no_more() -> None:
    realm = Scene(policies=Policies(calls=CallLimits(pending=3)))
    alice, bob = realm.join(roles=CAPABLE), realm.join()
    bob.registers("com.work")
    for _ in range(3):
        alice.calls("com.work")
    alice.receives_error(48, alice.calls("com.work"), "wamp.error.unavailable")
    bob.sends(70, 1, {})
    alice.receives(50, 1, {})
    alice.calls("com.work")
    alice.receives_nothing()
    bob.receives(68, 1, ANY, {})
