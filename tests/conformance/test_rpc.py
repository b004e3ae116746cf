"""Remote procedure calls, end to end."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from tests.peers import Peer

Join = Callable[..., Peer]

numbers = count()


@pytest.fixture
def procedure() -> str:
    """A procedure that no other test uses."""
    return f"com.example.procedure{next(numbers)}"


@pytest.mark.parametrize("payload", [[], [[1, "two"]], [[], {"k": None}]], ids=["none", "args", "kwargs"])
def test_a_call_reaches_the_callee_and_the_result_comes_back(join: Join, procedure: str, payload: list[Any]) -> None:
    """A18, A19, C1, C3, C4"""
    caller, callee = join(), join()
    registration = callee.register(procedure)
    request = caller.call(procedure, *payload)
    invocation = callee.receives(68, 1, registration, {})
    assert invocation[4:] == payload
    callee.send(70, invocation[1], {}, *payload)
    assert caller.receives(50, request, {})[3:] == payload


def test_invocations_are_numbered_for_each_callee(join: Join, procedure: str) -> None:
    """A22, C3, C9"""
    caller, callee = join(), join()
    callee.register(procedure)
    for number in range(1, 4):
        caller.call(procedure)
        callee.receives(68, number)


def test_an_error_of_the_callee_reaches_the_caller_as_it_is(join: Join, procedure: str) -> None:
    """C5"""
    caller, callee = join(), join()
    callee.register(procedure)
    request = caller.call(procedure)
    invocation = callee.receive()[1]
    callee.send(8, 68, invocation, {}, "com.example.error.broken", ["why"], {"how": "badly"})
    caller.receives(8, 48, request, {}, "com.example.error.broken", ["why"], {"how": "badly"})


def test_a_call_of_nothing_is_an_error(join: Join) -> None:
    """A24, C6"""
    assert join().request(48, {}, "com.example.nothing")[4] == "wamp.error.no_such_procedure"


@pytest.mark.parametrize("uri", ["not a uri", "com..example", "wamp.mine"])
def test_an_invalid_procedure_is_not_registered(join: Join, uri: str) -> None:
    """A14, A20, A21"""
    assert join().request(64, {}, uri)[4] == "wamp.error.invalid_uri"


def test_a_procedure_is_registered_once(join: Join, procedure: str) -> None:
    """A14, C1"""
    one, other = join(), join()
    one.register(procedure)
    assert other.request(64, {}, procedure)[4] == "wamp.error.procedure_already_exists"


def test_the_best_registration_gets_the_call(join: Join, procedure: str) -> None:
    """C21, C22, C23, C24"""
    caller, callee = join(), join()
    wildcard = callee.register(f"com..{procedure.split('.')[2]}", match="wildcard")
    caller.call(procedure)
    callee.receives(68, ..., wildcard, {"procedure": procedure})
    prefix = callee.register(procedure[:-1], match="prefix")
    caller.call(procedure)
    callee.receives(68, ..., prefix, {"procedure": procedure})
    exact = callee.register(procedure)
    caller.call(procedure)
    callee.receives(68, ..., exact, {})


def test_the_turn_passes_to_a_callee_that_comes_late(join: Join, procedure: str) -> None:
    """C25"""
    caller, first, second = join(), join(), join()
    first.register(procedure, invoke="roundrobin")
    caller.call(procedure)
    first.receives(68, 1)
    second.register(procedure, invoke="roundrobin")
    for callee, invocation in ((second, 1), (first, 2), (second, 2)):
        caller.call(procedure)
        callee.receives(68, invocation)


@pytest.mark.parametrize(("invoke", "turns"), [("roundrobin", "abab"), ("first", "aaaa"), ("last", "bbbb")])
def test_callees_share_a_procedure_by_its_policy(join: Join, procedure: str, invoke: str, turns: str) -> None:
    """C25, C26"""
    caller, callees = join(), {"a": join(), "b": join()}
    for callee in callees.values():
        callee.register(procedure, invoke=invoke)
    for turn in turns:
        caller.call(procedure)
        callees[turn].receives(68)


def test_a_callee_that_leaves_answers_its_callers(join: Join, procedure: str) -> None:
    """A29, C8"""
    caller, callee = join(), join()
    callee.register(procedure)
    request = caller.call(procedure)
    callee.receives(68)
    callee.vanish()
    caller.receives(8, 48, request, {}, "wamp.error.canceled")
    assert caller.request(48, {}, procedure)[4] == "wamp.error.no_such_procedure"


def test_a_caller_that_leaves_interrupts_its_callees(join: Join, procedure: str) -> None:
    """A29, C7"""
    caller, callee = join(), join()
    callee.register(procedure)
    caller.call(procedure)
    invocation = callee.receive()[1]
    caller.vanish()
    assert callee.receives(69, invocation)[2]["mode"] == "killnowait"
    callee.send(70, invocation, {}, ["too late"])
    callee.publish("com.example.still_here")


def test_progressive_results_come_before_the_final_one(join: Join, procedure: str) -> None:
    """C10"""
    caller, callee = join(), join()
    callee.register(procedure)
    request = caller.call(procedure, receive_progress=True)
    invocation = callee.receives(68, ..., ..., {"receive_progress": True})[1]
    for percent in (10, 50):
        callee.send(70, invocation, {"progress": True}, [percent])
    callee.send(70, invocation, {}, ["done"])
    caller.receives(50, request, {"progress": True}, [10])
    caller.receives(50, request, {"progress": True}, [50])
    caller.receives(50, request, {}, ["done"])


def test_cancel_skip_frees_the_caller_and_leaves_the_callee_alone(join: Join, procedure: str) -> None:
    """A25, C17"""
    caller, callee = join(), join()
    callee.register(procedure)
    request = caller.call(procedure)
    invocation = callee.receive()[1]
    caller.send(49, request, {"mode": "skip"})
    caller.receives(8, 48, request, {}, "wamp.error.canceled")
    callee.send(70, invocation, {}, ["dropped"])
    callee.publish("com.example.not_interrupted")
    caller.publish("com.example.no_second_answer")


def test_cancel_kill_waits_for_what_the_callee_says(join: Join, procedure: str) -> None:
    """C17"""
    caller, callee = join(), join()
    callee.register(procedure)
    request = caller.call(procedure)
    invocation = callee.receive()[1]
    caller.send(49, request, {"mode": "kill"})
    assert callee.receives(69, invocation)[2]["mode"] == "kill"
    callee.send(8, 68, invocation, {}, "com.example.error.stopped", ["half way"])
    caller.receives(8, 48, request, {}, "com.example.error.stopped", ["half way"])


def test_cancel_killnowait_does_both_at_once(join: Join, procedure: str) -> None:
    """C17"""
    caller, callee = join(), join()
    callee.register(procedure)
    request = caller.call(procedure)
    invocation = callee.receive()[1]
    caller.send(49, request, {"mode": "killnowait"})
    caller.receives(8, 48, request, {}, "wamp.error.canceled")
    assert callee.receives(69, invocation)[2]["mode"] == "killnowait"


def test_a_timeout_is_in_milliseconds(join: Join, procedure: str) -> None:
    """A25, C15"""
    caller, callee = join(), join()
    callee.register(procedure)
    request = caller.call(procedure, timeout=30)
    caller.receives(8, 48, request, {}, "wamp.error.timeout")
    callee.receives(68)
    callee.receives(69)


def test_an_answer_to_an_invocation_that_was_never_sent_is_a_violation(join: Join, procedure: str) -> None:
    """A13, C4"""
    caller, callee = join(), join()
    callee.register(procedure)
    caller.call(procedure)
    invocation = callee.receive()[1]
    callee.send(70, invocation + 1, {}, [])
    callee.receives(3, ..., "wamp.error.protocol_violation")
    caller.receives(8, 48, ..., {}, "wamp.error.canceled")
