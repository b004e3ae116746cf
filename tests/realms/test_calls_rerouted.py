"""Call re-routing: a callee says that it is unavailable, and another one is asked."""

import pytest
from twisted.internet.task import Clock

from tests.realms.fakes import ANY, CAPABLE, RPC_PEER, Peer, Scene
from wamp.codecs import CBOR

UNAVAILABLE = "wamp.error.unavailable"
NOBODY = "wamp.error.no_available_callee"


@pytest.fixture
def alice(realm: Scene) -> Peer:
    """A caller."""
    return realm.join("alice", roles=RPC_PEER)


def callees(realm: Scene, invoke: str, count: int = 3) -> list[Peer]:
    peers = [realm.join(roles=RPC_PEER) for _ in range(count)]
    for peer in peers:
        peer.registers("com.work", invoke=invoke)
    return peers


def declines(callee: Peer) -> None:
    """Check that an INVOCATION comes next, and answer that somebody else should do it."""
    invocation = callee.receives(68, ANY, ANY, {}, ["task"])[1]
    callee.sends(8, 68, invocation, {}, UNAVAILABLE, ["busy"])


@pytest.mark.parametrize(("invoke", "order"), [("roundrobin", [0, 1, 2]), ("first", [0, 1, 2]), ("last", [2, 1, 0])])
def test_the_policy_says_who_is_next(realm: Scene, alice: Peer, invoke: str, order: list[int]) -> None:
    peers = callees(realm, invoke)
    call = alice.calls("com.work", ["task"])
    declines(peers[order[0]])
    declines(peers[order[1]])
    alice.receives_nothing()
    peers[order[2]].sends(70, peers[order[2]].receives(68, 1, ANY, {}, ["task"])[1], {}, ["done"])
    alice.receives(50, call, {}, ["done"])
    alice.receives_nothing()


def test_random_asks_each_of_the_others_once(realm: Scene, alice: Peer) -> None:
    peers = callees(realm, "random", 5)
    call = alice.calls("com.work", ["task"])
    for _ in range(5):
        (asked,) = [peer for peer in peers if len(peer.transport.frames) == 3]  # WELCOME, REGISTERED, INVOCATION
        declines(asked)
        peers.remove(asked)
    alice.receives_error(48, call, NOBODY)


@pytest.mark.parametrize("invoke", ["single", "roundrobin", "random", "first", "last"])
def test_when_all_decline_nobody_is_available(realm: Scene, alice: Peer, invoke: str) -> None:
    peers = callees(realm, invoke, 1 if invoke == "single" else 3)
    call = alice.calls("com.work", ["task"])
    for _ in peers:
        for peer in peers:
            for message in peer.inbox():
                peer.sends(8, 68, message[1], {}, UNAVAILABLE)
    alice.receives_error(48, call, NOBODY)
    alice.receives_nothing()


def test_roundrobin_goes_on_after_the_callee_that_took_the_call(realm: Scene, alice: Peer) -> None:
    peers = callees(realm, "roundrobin")
    alice.calls("com.work", ["task"])
    declines(peers[0])
    assert peers[1].inbox()
    alice.calls("com.work", ["task"])
    assert peers[2].inbox()


def test_a_callee_that_did_not_announce_it_has_its_error_passed_on(realm: Scene, alice: Peer) -> None:
    old, new = realm.join(roles=CAPABLE), realm.join(roles=RPC_PEER)
    old.registers("com.work", invoke="first")
    new.registers("com.work", invoke="first")
    call = alice.calls("com.work", ["task"])
    old.sends(8, 68, 1, {}, UNAVAILABLE, ["busy"])
    alice.receives(8, 48, call, {}, UNAVAILABLE, ["busy"])
    new.receives_nothing()


def test_other_errors_are_answers(realm: Scene, alice: Peer) -> None:
    peers = callees(realm, "first")
    call = alice.calls("com.work")
    peers[0].sends(8, 68, 1, {}, "com.error.broken")
    alice.receives(8, 48, call, {}, "com.error.broken")
    peers[1].receives_nothing()


def test_once_there_was_progress_the_call_stays_where_it_is(realm: Scene, alice: Peer) -> None:
    peers = callees(realm, "first")
    call = alice.calls("com.work", receive_progress=True)
    peers[0].sends(70, 1, {"progress": True}, [1])
    peers[0].sends(8, 68, 1, {}, UNAVAILABLE)
    alice.receives(50, call, {"progress": True}, [1])
    alice.receives(8, 48, call, {}, UNAVAILABLE)
    peers[1].receives_nothing()


def test_a_call_that_is_being_canceled_goes_nowhere_else(realm: Scene, alice: Peer) -> None:
    peers = callees(realm, "first")
    call = alice.calls("com.work")
    alice.sends(49, call, {"mode": "kill"})
    peers[0].sends(8, 68, 1, {}, UNAVAILABLE)
    alice.receives(8, 48, call, {}, UNAVAILABLE)
    peers[1].receives_nothing()


def test_the_time_runs_on(realm: Scene, alice: Peer, clock: Clock) -> None:
    peers = callees(realm, "first")
    call = alice.calls("com.work", ["task"], timeout=1000)
    clock.advance(0.8)
    declines(peers[0])
    clock.advance(0.3)
    alice.receives_error(48, call, "wamp.error.timeout")
    peers[0].receives_nothing()
    assert [message[0] for message in peers[1].inbox()] == [68, 69]
    assert clock.getDelayedCalls() == []


def test_it_can_be_canceled_where_it_is_now(realm: Scene, alice: Peer) -> None:
    peers = callees(realm, "first")
    call = alice.calls("com.work", ["task"])
    declines(peers[0])
    peers[0].sends(70, 1, {}, ["too late"])
    alice.sends(49, call, {})
    alice.receives_error(48, call, "wamp.error.canceled")
    peers[0].receives_nothing()
    assert [message[0] for message in peers[1].inbox()] == [68, 69]


def test_the_next_callee_gets_the_same_in_its_own_serializer(realm: Scene, alice: Peer) -> None:
    one, other = realm.join(roles=RPC_PEER), realm.join(roles=RPC_PEER, codec=CBOR)
    for peer in (one, other):
        peer.registers("com.", match="prefix", invoke="first")
    alice.calls("com.work", [1, "two"], {"k": None}, disclose_me=True)
    one.inbox()
    one.sends(8, 68, 1, {}, UNAVAILABLE)
    details = {"procedure": "com.work", "caller": alice.id, "caller_authid": "alice", "caller_authrole": "anyone"}
    other.receives(68, 1, ANY, details, [1, "two"], {"k": None})


def test_what_the_next_callee_cannot_take_is_answered(realm: Scene, alice: Peer) -> None:
    peers = callees(realm, "first", 2)
    peers[1].transport.max_outgoing = 100
    call = alice.calls("com.work", ["x" * 200])
    peers[0].sends(8, 68, 1, {}, UNAVAILABLE)
    alice.receives_error(48, call, "wamp.error.payload_size_exceeded")
    peers[1].receives_nothing()


def test_a_piece_of_a_progressive_call_cannot_be_sent_again(realm: Scene, alice: Peer) -> None:
    peers = callees(realm, "first")
    alice.sends(48, 1, {"progress": True}, "com.work", [1])
    peers[0].sends(8, 68, 1, {}, UNAVAILABLE)
    peers[1].receives(68, 1, ANY, {"progress": True}, [1])
    alice.sends(48, 1, {"progress": True}, "com.work", [2])
    peers[1].sends(8, 68, 1, {}, UNAVAILABLE)
    alice.receives(8, 48, 1, {}, UNAVAILABLE)
    peers[2].receives_nothing()
