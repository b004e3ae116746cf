"""A call from the caller to the callee and back: every call that was accepted is answered exactly once."""

import pytest

from tests.realms.fakes import ANY, CAPABLE, PLAIN, Peer, Scene

CANCELED = "wamp.error.canceled"


@pytest.fixture
def alice(realm: Scene) -> Peer:
    """A caller."""
    return realm.join("alice")


@pytest.fixture
def bob(realm: Scene) -> Peer:
    """A callee of com.add2, the realm's only one; it can be interrupted."""
    peer = realm.join("bob")
    peer.registers("com.add2")
    return peer


def is_invoked(callee: Peer, *payload: object) -> int:
    """Check that an INVOCATION comes next, and give its id."""
    return int(callee.receives(68, ANY, ANY, {}, *payload)[1])


def test_a_call_is_answered_with_what_the_callee_yields(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    registration = bob.registers("com.add2")
    alice.sends(48, 1, {}, "com.add2", [1, 2], {"round": True})
    bob.receives(68, 1, registration, {}, [1, 2], {"round": True})
    bob.sends(70, 1, {}, [3], {"carry": 0})
    alice.receives(50, 1, {}, [3], {"carry": 0})
    alice.receives_nothing()
    bob.receives_nothing()


@pytest.mark.parametrize("payload", [(), ([],), ([None],), ([], {"a": 1}), ([1.5], {})])
def test_a_payload_has_the_same_elements_at_both_ends(alice: Peer, bob: Peer, payload: tuple[object, ...]) -> None:
    call = alice.calls("com.add2", *payload)
    invocation = is_invoked(bob, *payload)
    bob.sends(70, invocation, {}, *payload)
    alice.receives(50, call, {}, *payload)


def test_an_error_of_the_callee_reaches_the_caller_as_it_is(alice: Peer, bob: Peer) -> None:
    call = alice.calls("com.add2")
    bob.sends(8, 68, is_invoked(bob), {"trace": "private"}, "com.error.overflow", ["too large"], {"max": 5})
    alice.receives(8, 48, call, {}, "com.error.overflow", ["too large"], {"max": 5})
    alice.receives_nothing()


@pytest.mark.parametrize("uri", ["wamp.error.invalid_argument", "wamp.error.not_authorized", CANCELED])
def test_a_callee_may_use_the_error_uris_of_the_protocol(alice: Peer, bob: Peer, uri: str) -> None:
    call = alice.calls("com.add2")
    bob.sends(8, 68, is_invoked(bob), {}, uri)
    alice.receives(8, 48, call, {}, uri)


def test_an_error_without_a_valid_uri_reaches_the_caller_as_invalid_and_the_callee_stays(
    alice: Peer, bob: Peer
) -> None:
    call = alice.calls("com.add2")
    bob.sends(8, 68, is_invoked(bob), {}, "it broke!")
    alice.receives_error(48, call, "wamp.error.invalid_uri")
    bob.is_present()


def test_a_call_of_what_nobody_registered_fails_at_once(alice: Peer) -> None:
    alice.receives_error(48, alice.calls("com.nothing"), "wamp.error.no_such_procedure")
    alice.is_present()


def test_answers_may_come_in_any_order(alice: Peer, bob: Peer) -> None:
    calls = [alice.calls("com.add2", [number]) for number in range(3)]
    invocations = [is_invoked(bob, [number]) for number in range(3)]
    for place in (2, 0, 1):
        bob.sends(70, invocations[place], {}, [place])
        alice.receives(50, calls[place], {}, [place])


def test_two_callers_with_the_same_request_id_get_their_own_answers(realm: Scene, bob: Peer) -> None:
    callers = [realm.join() for _ in range(3)]
    for number, caller in enumerate(callers):
        caller.sends(48, 1, {}, "com.add2", [number])
    for _ in callers:
        _, invocation, _, _, args = bob.receives(68, ANY, ANY, {}, ANY)
        bob.sends(70, invocation, {}, args)
    for number, caller in enumerate(callers):
        caller.receives(50, 1, {}, [number])
        caller.receives_nothing()


def test_invocation_ids_count_from_1_for_each_callee(realm: Scene, alice: Peer, bob: Peer) -> None:
    carol = realm.join()
    bob.registers("com.sub2")
    carol.registers("com.mul2")
    for procedure in ("com.add2", "com.mul2", "com.sub2", "com.nothing", "com.add2", "com.mul2"):
        alice.calls(procedure)
    assert [message[1] for message in bob.inbox()] == [1, 2, 3]
    assert [message[1] for message in carol.inbox()] == [1, 2]


def test_invocations_come_in_the_order_of_the_calls_across_procedures(alice: Peer, bob: Peer) -> None:
    bob.registers("com.", match="prefix")
    for number in range(6):
        alice.calls("com.add2" if number % 2 else f"com.other{number}", [number])
    assert [message[4] for message in bob.inbox()] == [[number] for number in range(6)]


def test_a_session_may_call_itself(bob: Peer) -> None:
    call = bob.calls("com.add2", [1])
    bob.sends(70, is_invoked(bob, [1]), {}, [2])
    bob.receives(50, call, {}, [2])
    bob.receives_nothing()


def test_a_pattern_is_told_which_procedure_was_called(realm: Scene, alice: Peer) -> None:
    carol = realm.join()
    prefix = carol.registers("org.", match="prefix")
    wildcard = carol.registers("net..x", match="wildcard")
    alice.calls("org.a")
    alice.calls("net.b.x")
    carol.receives(68, 1, prefix, {"procedure": "org.a"})
    carol.receives(68, 2, wildcard, {"procedure": "net.b.x"})


# --- too late, or never asked ---


@pytest.mark.parametrize("first", [[70, 1, {}, ["result"]], [8, 68, 1, {}, "com.error", ["result"]]])
@pytest.mark.parametrize("second", [[70, 1, {}], [70, 1, {"progress": True}], [8, 68, 1, {}, "com.error"]])
def test_the_first_answer_counts_and_the_second_is_dropped(
    alice: Peer, bob: Peer, first: list[object], second: list[object]
) -> None:
    alice.calls("com.add2")
    bob.inbox()
    bob.sends(*first)
    bob.sends(*second)
    assert [message[-1] for message in alice.inbox()] == [["result"]]
    bob.is_present()


@pytest.mark.parametrize("answer", [[70, 2, {}], [70, 2**53, {}], [8, 68, 2, {}, "com.error"]])
def test_an_answer_to_an_invocation_that_was_never_sent_is_a_violation(
    alice: Peer, bob: Peer, answer: list[object]
) -> None:
    call = alice.calls("com.add2")
    bob.inbox()
    bob.sends(*answer)
    bob.is_expelled()
    alice.receives_error(48, call, CANCELED)


def test_nobody_can_answer_for_somebody_else(realm: Scene, alice: Peer, bob: Peer) -> None:
    mallory = realm.join()
    mallory.registers("com.evil")
    alice.calls("com.evil")
    mallory.sends(70, is_invoked(mallory), {})
    alice.receives(50, ANY, {})
    call = alice.calls("com.add2")
    invocation = is_invoked(bob)
    mallory.sends(70, invocation, {}, ["forged"])
    alice.receives_nothing()
    bob.sends(70, invocation, {}, ["true"])
    alice.receives(50, call, {}, ["true"])


def test_a_callee_may_unregister_and_answer_what_is_under_way(realm: Scene, alice: Peer) -> None:
    """C2"""
    bob = realm.join()
    registration = bob.registers("com.add2")
    call = alice.calls("com.add2")
    invocation = is_invoked(bob)
    bob.receives(67, bob.requests(66, registration))
    bob.sends(70, invocation, {}, ["still here"])
    alice.receives(50, call, {}, ["still here"])


# --- somebody leaves ---


@pytest.mark.parametrize("how", ["vanishes", "goodbye", "abort", "violation"])
def test_the_calls_of_a_callee_that_leaves_are_answered(alice: Peer, bob: Peer, how: str) -> None:
    calls = [alice.calls("com.add2") for _ in range(3)]
    leave(bob, how)
    for call in calls:
        alice.receives_error(48, call, CANCELED)
    alice.receives_nothing()


@pytest.mark.parametrize("how", ["vanishes", "goodbye", "abort", "violation"])
def test_a_callee_is_interrupted_when_its_caller_leaves(alice: Peer, bob: Peer, how: str) -> None:
    alice.calls("com.add2")
    invocation = is_invoked(bob)
    leave(alice, how)
    bob.receives(69, invocation, {"mode": "killnowait", "reason": CANCELED})
    alice.inbox()
    bob.sends(70, invocation, {})
    bob.receives_nothing()
    alice.receives_nothing()
    bob.is_present()


def leave(peer: Peer, how: str) -> None:
    last_words = {"goodbye": [6, {}, "wamp.close.normal"], "abort": [3, {}, "com.bye"], "violation": [2, 1, {}]}
    if how == "vanishes":
        peer.vanishes()
    else:
        peer.sends(*last_words[how])


def test_a_callee_that_cannot_be_interrupted_is_left_alone_when_its_caller_leaves(realm: Scene, alice: Peer) -> None:
    bob = realm.join(roles=PLAIN)
    bob.registers("com.add2")
    alice.calls("com.add2")
    invocation = is_invoked(bob)
    alice.vanishes()
    bob.sends(70, invocation, {})
    bob.receives_nothing()
    bob.is_present()


def test_a_session_that_calls_itself_leaves_without_a_word_to_itself(bob: Peer) -> None:
    bob.calls("com.add2")
    bob.inbox()
    bob.sends(6, {}, "wamp.close.normal")
    bob.receives(6, {}, "wamp.close.goodbye_and_out")
    bob.receives_nothing()


def test_two_that_call_each_other_can_leave_one_after_the_other(realm: Scene, alice: Peer, bob: Peer) -> None:
    alice.registers("com.sub2")
    calls = alice.calls("com.add2"), bob.calls("com.sub2")
    for peer in (alice, bob):
        peer.inbox()
    alice.vanishes()
    bob.receives(69, 1, ANY)
    bob.receives_error(48, calls[1], CANCELED)
    bob.receives_nothing()
    bob.vanishes()
    alice.receives_nothing()


# --- what a peer cannot take ---


@pytest.mark.parametrize("end", ["call", "result", "error"])
def test_what_is_larger_than_the_receiver_takes_is_answered_with_an_error(alice: Peer, bob: Peer, end: str) -> None:
    large = ["x" * 2000]
    if end == "call":
        bob.transport.max_outgoing = 1000
        call = alice.calls("com.add2", large)
        bob.receives_nothing()
    else:
        alice.transport.max_outgoing = 1000
        call = alice.calls("com.add2")
        invocation = is_invoked(bob)
        bob.sends(*([70, invocation, {}, large] if end == "result" else [8, 68, invocation, {}, "com.error", large]))
    alice.receives_error(48, call, "wamp.error.payload_size_exceeded")
    alice.receives_nothing()
    assert alice.is_connected()
    bob.is_present()


def test_an_invocation_that_was_too_large_takes_no_invocation_id(alice: Peer, bob: Peer) -> None:
    bob.transport.max_outgoing = 1000
    alice.calls("com.add2", ["x" * 2000])
    alice.calls("com.add2", ["x"])
    assert is_invoked(bob, ["x"]) == 1


def test_an_error_that_is_too_large_for_the_caller_comes_without_its_explanation(alice: Peer) -> None:
    alice.transport.max_outgoing = 512
    procedure = "com." + "a" * 600
    call = alice.calls(procedure)
    alice.receives(8, 48, call, {}, "wamp.error.no_such_procedure")


def test_progress_that_is_too_large_stops_the_work(alice: Peer, bob: Peer) -> None:
    alice.transport.max_outgoing = 1000
    call = alice.calls("com.add2", receive_progress=True)
    bob.receives(68, 1, ANY, {"receive_progress": True})
    bob.sends(70, 1, {"progress": True}, ["x" * 2000])
    alice.receives_error(48, call, "wamp.error.payload_size_exceeded")
    bob.receives(69, 1, {"mode": "killnowait", "reason": "wamp.error.payload_size_exceeded"})
    bob.sends(70, 1, {})
    alice.receives_nothing()


# --- progress ---


def test_progress_reaches_the_caller_until_the_final_answer(alice: Peer, bob: Peer) -> None:
    call = alice.calls("com.add2", receive_progress=True)
    bob.receives(68, 1, ANY, {"receive_progress": True})
    bob.sends(70, 1, {"progress": True}, [1])
    bob.sends(70, 1, {"progress": True})
    bob.sends(70, 1, {}, ["done"])
    bob.sends(70, 1, {"progress": True}, ["too late"])
    assert alice.inbox() == [
        [50, call, {"progress": True}, [1]],
        [50, call, {"progress": True}],
        [50, call, {}, ["done"]],
    ]


def test_progress_may_end_with_an_error(alice: Peer, bob: Peer) -> None:
    call = alice.calls("com.add2", receive_progress=True)
    bob.sends(70, 1, {"progress": True}, [1])
    bob.sends(8, 68, 1, {}, "com.error")
    bob.sends(70, 1, {"progress": True}, [2])
    assert alice.inbox() == [[50, call, {"progress": True}, [1]], [8, 48, call, {}, "com.error"]]


def test_progress_that_nobody_asked_for_is_dropped(alice: Peer, bob: Peer) -> None:
    call = alice.calls("com.add2")
    is_invoked(bob)
    bob.sends(70, 1, {"progress": True}, [1])
    alice.receives_nothing()
    bob.sends(70, 1, {}, ["done"])
    alice.receives(50, call, {}, ["done"])


@pytest.mark.parametrize(
    "features", [{}, {"progressive_call_results": True}, {"call_canceling": True}, {"call_cancelling": True}]
)
def test_a_callee_is_asked_for_progress_only_if_it_announced_all_that_it_takes(
    realm: Scene, alice: Peer, features: dict[str, bool]
) -> None:
    bob = realm.join(roles=PLAIN | {"callee": {"features": features}})
    bob.registers("com.add2")
    call = alice.calls("com.add2", receive_progress=True)
    is_invoked(bob)
    bob.sends(70, 1, {"progress": True}, [1])
    bob.sends(70, 1, {}, ["done"])
    assert alice.inbox() == [[50, call, {}, ["done"]]]


def test_a_pattern_is_asked_for_progress_too(realm: Scene, alice: Peer) -> None:
    bob = realm.join(roles=CAPABLE)
    bob.registers("org.", match="prefix")
    alice.calls("org.a", receive_progress=True)
    bob.receives(68, 1, ANY, {"procedure": "org.a", "receive_progress": True})


def test_progress_stops_when_the_caller_leaves(alice: Peer, bob: Peer) -> None:
    alice.calls("com.add2", receive_progress=True)
    bob.inbox()
    bob.sends(70, 1, {"progress": True})
    alice.vanishes()
    bob.receives(69, 1, {"mode": "killnowait", "reason": CANCELED})
    bob.sends(70, 1, {"progress": True})
    bob.receives_nothing()
    bob.is_present()
