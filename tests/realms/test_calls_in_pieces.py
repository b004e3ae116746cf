"""Progressive call invocations: a call that is made of several CALLs under one request id."""

from typing import Any

import pytest
from twisted.internet.task import Clock

from realms.streams import MAX_REMEMBERED
from tests.realms.fakes import ANY, CAPABLE, PLAIN, RPC_PEER, Peer, Scene

NOT_SUPPORTED = "wamp.error.feature_not_supported"
MORE = {"progress": True}


@pytest.fixture
def alice(realm: Scene) -> Peer:
    """A caller."""
    return realm.join("alice", roles=RPC_PEER)


@pytest.fixture
def bob(realm: Scene) -> Peer:
    """A callee of com.upload."""
    peer = realm.join("bob", roles=RPC_PEER)
    peer.registers("com.upload")
    return peer


def is_answered(caller: Peer, callee: Peer, request: int, invocation: int) -> None:
    callee.sends(70, invocation, {}, ["stored"])
    caller.receives(50, request, {}, ["stored"])
    caller.receives_nothing()


def test_every_piece_is_an_invocation_under_one_id_and_says_whether_more_comes(alice: Peer, bob: Peer) -> None:
    alice.sends(48, 1, MORE, "com.upload", [1])
    alice.sends(48, 1, MORE, "com.upload", [2], {"k": 2})
    alice.sends(48, 1, {"progress": False}, "com.upload")
    bob.receives(68, 1, ANY, {"progress": True}, [1])
    bob.receives(68, 1, ANY, {"progress": True}, [2], {"k": 2})
    bob.receives(68, 1, ANY, {})
    is_answered(alice, bob, 1, 1)


def test_the_next_call_has_the_next_id_and_the_next_invocation_too(alice: Peer, bob: Peer) -> None:
    alice.sends(48, 1, MORE, "com.upload", ["a"])
    alice.sends(48, 2, {}, "com.upload", ["b"])
    alice.sends(48, 1, {}, "com.upload", ["c"])
    alice.sends(32, 3, {}, "com.topic")
    assert [(message[1], message[4]) for message in bob.inbox()] == [(1, ["a"]), (2, ["b"]), (1, ["c"])]
    alice.receives(33, 3, ANY)


@pytest.mark.parametrize("invoke", ["roundrobin", "random", "first", "last"])
def test_the_policy_chooses_the_callee_once(realm: Scene, alice: Peer, invoke: str) -> None:
    callees = [realm.join(roles=RPC_PEER) for _ in range(3)]
    registrations = [callee.registers("com.upload", invoke=invoke) for callee in callees]
    alice.sends(48, 1, MORE, "com.upload", [0])
    (chosen,) = [callee for callee in callees if callee.inbox()]
    late = realm.join(roles=RPC_PEER)
    late.registers("com.upload", invoke=invoke)
    chosen.requests(66, registrations[0])
    chosen.inbox()
    for number in range(1, 5):
        alice.sends(48, 1, MORE, "com.upload", [number])
        chosen.receives(68, 1, registrations[0], {"progress": True}, [number])
    for other in (*callees, late):
        other.receives_nothing()


def test_the_options_of_the_first_call_count_for_all(alice: Peer, bob: Peer) -> None:
    disclosed = {"caller": alice.id, "caller_authid": "alice", "caller_authrole": "anyone"}
    alice.sends(48, 1, MORE | {"disclose_me": True, "receive_progress": True}, "com.upload")
    alice.sends(48, 1, MORE | {"disclose_me": False, "timeout": 1, "runmode": "partition"}, "com.upload")
    alice.sends(48, 1, {}, "com.upload")
    bob.receives(68, 1, ANY, {"progress": True, "receive_progress": True, **disclosed})
    bob.receives(68, 1, ANY, {"progress": True, "receive_progress": True, **disclosed})
    bob.receives(68, 1, ANY, {"receive_progress": True, **disclosed})


def test_results_may_come_before_the_last_piece(alice: Peer, bob: Peer) -> None:
    alice.sends(48, 1, MORE | {"receive_progress": True}, "com.upload", [1])
    bob.sends(70, 1, {"progress": True}, ["got 1"])
    alice.receives(50, 1, {"progress": True}, ["got 1"])
    alice.sends(48, 1, {}, "com.upload", [2])
    is_answered(alice, bob, 1, 1)


@pytest.mark.parametrize("answer", [[70, 1, {}], [8, 68, 1, {}, "com.error.full"]])
def test_what_comes_after_the_answer_is_dropped_in_silence(alice: Peer, bob: Peer, answer: list[Any]) -> None:
    alice.sends(48, 1, MORE, "com.upload", [1])
    bob.sends(*answer)
    alice.inbox()
    bob.inbox()
    alice.sends(48, 1, MORE, "com.upload", [2])
    alice.sends(48, 1, {}, "com.upload", [3])
    bob.receives_nothing()
    alice.receives_nothing()
    alice.is_present()


@pytest.mark.parametrize("how", ["callee leaves", "canceled", "time is up", "refused"])
def test_what_comes_after_any_other_end_is_dropped_too(
    realm: Scene, alice: Peer, bob: Peer, clock: Clock, how: str
) -> None:
    procedure = "com.nothing" if how == "refused" else "com.upload"
    alice.sends(48, 1, MORE | {"timeout": 1000}, procedure, [1])
    if how == "callee leaves":
        bob.vanishes()
    elif how == "canceled":
        alice.sends(49, 1, {"mode": "skip"})
    elif how == "time is up":
        clock.advance(1.1)
    assert [message[:3] for message in alice.inbox()] == [[8, 48, 1]]
    bob.inbox()
    alice.sends(48, 1, {}, procedure, [2])
    alice.receives_nothing()
    bob.receives_nothing()
    alice.is_present()


def test_the_memory_of_what_is_over_is_bounded(alice: Peer, bob: Peer) -> None:
    for request in range(1, MAX_REMEMBERED + 2):
        alice.sends(48, request, MORE, "com.upload")
        bob.sends(70, request, {})
    alice.inbox()
    alice.sends(48, 2, {}, "com.upload")
    alice.receives_nothing()
    alice.sends(48, 1, {}, "com.upload")
    alice.is_expelled()


# --- violations ---


@pytest.mark.parametrize("roles", [PLAIN, CAPABLE])
def test_a_caller_that_did_not_announce_it_is_expelled(realm: Scene, bob: Peer, roles: Any) -> None:
    mallory = realm.join(roles=roles)
    mallory.calls("com.upload", progress=True)
    mallory.is_expelled()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([48, 1, {}, "com.upload"], [48, 1, {}, "com.upload"]),
        ([48, 1, {}, "com.upload"], [48, 1, MORE, "com.upload"]),
        ([48, 1, MORE, "com.upload"], [48, 1, {}, "com.other"]),
        ([48, 1, MORE, "com.upload"], [48, 3, {}, "com.upload"]),
        ([32, 1, {}, "com.topic"], [48, 1, {}, "com.upload"]),
    ],
    ids=["not progressive", "progressive too late", "another procedure", "a gap", "not a call"],
)
def test_an_id_that_continues_nothing_is_a_violation(
    alice: Peer, bob: Peer, first: list[Any], second: list[Any]
) -> None:
    alice.sends(*first)
    alice.inbox()
    alice.sends(*second)
    alice.is_expelled()


def test_nothing_may_follow_the_last_piece(alice: Peer, bob: Peer) -> None:
    alice.sends(48, 1, MORE, "com.upload")
    alice.sends(48, 1, {}, "com.upload")
    alice.sends(48, 1, {}, "com.upload")
    alice.is_expelled()


def test_a_plain_call_that_is_over_cannot_be_continued(alice: Peer, bob: Peer) -> None:
    alice.sends(48, 1, {}, "com.upload")
    bob.sends(70, 1, {})
    alice.receives(50, 1, {})
    alice.sends(48, 1, {}, "com.upload")
    alice.is_expelled()


def test_a_lenient_realm_drops_what_is_too_late_as_well() -> None:
    realm = Scene(strict_request_ids=False)
    alice, bob = realm.join(roles=RPC_PEER), realm.join(roles=RPC_PEER)
    bob.registers("com.upload")
    alice.sends(48, 70, MORE, "com.upload")
    alice.sends(48, 70, MORE, "com.upload")
    assert len(bob.inbox()) == 2
    bob.sends(70, 1, {})
    alice.receives(50, 70, {})
    alice.sends(48, 70, {}, "com.upload")
    alice.receives_nothing()
    bob.receives_nothing()
    alice.is_present()


# --- the other peers ---


@pytest.mark.parametrize("missing", ["progressive_call_invocations", "call_canceling"])
def test_a_callee_that_lacks_what_it_takes_is_not_invoked(realm: Scene, alice: Peer, missing: str) -> None:
    features = {name: True for name in RPC_PEER["callee"]["features"] if name != missing}
    carl = realm.join(roles=PLAIN | {"callee": {"features": features}})
    carl.registers("com.upload")
    alice.receives_error(48, alice.calls("com.upload", progress=True), NOT_SUPPORTED)
    carl.receives_nothing()


def test_a_caller_that_leaves_interrupts_the_callee(alice: Peer, bob: Peer) -> None:
    alice.sends(48, 1, MORE, "com.upload")
    alice.vanishes()
    bob.receives(68, 1, ANY, ANY)
    bob.receives(69, 1, {"mode": "killnowait", "reason": "wamp.error.canceled"})
    bob.sends(70, 1, {})
    bob.is_present()


def test_a_piece_that_is_too_large_for_the_callee_ends_the_call(alice: Peer, bob: Peer) -> None:
    alice.sends(48, 1, MORE, "com.upload")
    bob.inbox()
    bob.transport.max_outgoing = 200
    alice.sends(48, 1, MORE, "com.upload", ["x" * 1000])
    alice.receives_error(48, 1, "wamp.error.payload_size_exceeded")
    bob.receives(69, 1, ANY)
    alice.sends(48, 1, {}, "com.upload")
    alice.receives_nothing()


def test_time_does_not_run_out_while_pieces_come(alice: Peer, bob: Peer, clock: Clock) -> None:
    alice.sends(48, 1, MORE | {"timeout": 1000}, "com.upload")
    for _ in range(3):
        clock.advance(0.9)
        alice.sends(48, 1, MORE, "com.upload")
    alice.receives_nothing()
    clock.advance(1.1)
    alice.receives_error(48, 1, "wamp.error.timeout")


def test_a_callee_that_was_told_to_stop_gets_no_more(alice: Peer, bob: Peer) -> None:
    alice.sends(48, 1, MORE, "com.upload")
    alice.sends(49, 1, {"mode": "kill"})
    alice.sends(48, 1, MORE, "com.upload")
    assert [message[0] for message in bob.inbox()] == [68, 69]
    bob.sends(8, 68, 1, {}, "wamp.error.canceled")
    alice.receives(8, 48, 1, {}, "wamp.error.canceled")


# --- what later pieces may not bring --------------------------------------------------------------------------


@pytest.mark.parametrize("transparent", [False, True])
def test_octets_do_not_follow_upon_arguments(realm: Scene, bob: Peer, transparent: bool) -> None:
    features = {"progressive_call_invocations": True, "payload_transparency": True}
    alice = realm.join(roles=PLAIN | {"caller": {"features": features}})
    callee = realm.join(roles=PLAIN | {"callee": {"features": {**features, "call_canceling": True}}})
    if transparent:
        callee.registers("com.transparent")
    procedure, taker = ("com.transparent", callee) if transparent else ("com.upload", bob)
    alice.sends(48, 1, MORE, procedure, ["list"])
    taker.receives(68, 1, ANY, {"progress": True}, ["list"])
    alice.sends(48, 1, MORE | {"enc_algo": "cryptobox"}, procedure, b"octets")
    alice.receives_error(48, 1, "wamp.error.invalid_argument")
    taker.receives(69, 1, ANY)
    alice.sends(48, 1, {}, procedure, ["too late"])
    taker.receives_nothing()
    alice.is_present()


def test_passthru_that_was_not_announced_is_a_violation_in_any_piece(alice: Peer, bob: Peer) -> None:
    alice.sends(48, 1, MORE, "com.upload")
    alice.sends(48, 1, MORE | {"ppt_scheme": "x_mine"}, "com.upload")
    alice.is_expelled()
    assert [message[0] for message in bob.inbox()] == [68, 69]
