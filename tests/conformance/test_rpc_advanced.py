"""Remote procedure calls of the advanced profile, end to end; the numbers are those of the feature inventory."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from tests.peers import Peer
from tests.realms.fakes import RPC_PEER

CANCELED = "wamp.error.canceled"
UNAVAILABLE = "wamp.error.unavailable"

numbers = count()


@pytest.fixture
def procedure() -> str:
    """A procedure that no other test uses."""
    return f"com.example.advanced{next(numbers)}"


@pytest.fixture
def enter(join: Callable[..., Peer]) -> Callable[[], Peer]:
    """Makes peers that announce all that there is."""
    return lambda: join(roles=RPC_PEER)


Enter = Callable[[], Peer]


def test_what_works_is_announced(connect: Callable[[], Peer]) -> None:
    """A3"""
    peer = connect()
    peer.send(1, "realm1", {"roles": RPC_PEER})
    features = peer.receives(2)[2]["roles"]["dealer"]["features"]
    assert set(RPC_PEER["callee"]["features"]) <= {name for name, there in features.items() if there is True}


def test_a_call_in_pieces_is_one_invocation_id(enter: Enter, procedure: str) -> None:
    """C11, C13"""
    caller, callee = enter(), enter()
    callee.register(procedure)
    request = caller.call(procedure, [1], progress=True)
    caller.send(48, request, {"progress": True, "disclose_me": True}, procedure, [2])
    caller.send(48, request, {}, procedure, [3])
    invocation = callee.receives(68, ..., ..., {"progress": True}, [1])[1]
    callee.receives(68, invocation, ..., {"progress": True}, [2])
    callee.receives(68, invocation, ..., {}, [3])
    callee.send(70, invocation, {}, ["stored"])
    caller.receives(50, request, {}, ["stored"])


def test_a_callee_without_the_feature_gets_no_pieces(enter: Enter, join: Callable[..., Peer], procedure: str) -> None:
    """C11"""
    caller, callee = enter(), join()
    callee.register(procedure)
    request = caller.call(procedure, progress=True)
    caller.receives(8, 48, request, {}, "wamp.error.feature_not_supported")


def test_pieces_of_a_call_that_is_over_are_dropped(enter: Enter, procedure: str) -> None:
    """C14"""
    caller, callee = enter(), enter()
    callee.register(procedure)
    request = caller.call(procedure, progress=True)
    callee.send(8, 68, callee.receives(68)[1], {}, "com.example.error.full")
    caller.receives(8, 48, request, {}, "com.example.error.full")
    caller.send(48, request, {}, procedure)
    assert caller.request(48, {}, "com.example.nothing")[4] == "wamp.error.no_such_procedure"


@pytest.mark.parametrize("gap", ["repeated", "gap"])
def test_an_id_that_continues_nothing_is_a_violation(enter: Enter, procedure: str, gap: str) -> None:
    """C12"""
    caller, callee = enter(), enter()
    callee.register(procedure)
    request = caller.call(procedure)
    caller.send(48, request if gap == "repeated" else request + 2, {}, procedure)
    caller.receives(3, ..., "wamp.error.protocol_violation")


def test_progress_restarts_the_timeout(enter: Enter, procedure: str) -> None:
    """C15"""
    caller, callee = enter(), enter()
    callee.register(procedure)
    request = caller.call(procedure, timeout=200, receive_progress=True)
    invocation = callee.receives(68)[1]
    callee.send(70, invocation, {"progress": True}, [1])
    caller.receives(50, request, {"progress": True}, [1])
    caller.receives(8, 48, request, {}, "wamp.error.timeout")
    callee.receives(69, invocation)


def test_a_callee_may_keep_the_time(enter: Enter, procedure: str) -> None:
    """C16"""
    caller, callee = enter(), enter()
    callee.register(procedure, forward_timeout=True)
    caller.call(procedure, timeout=250)
    callee.receives(68, ..., ..., {"timeout": 250})


def test_a_callee_that_is_unavailable_makes_room_for_the_next(enter: Enter, procedure: str) -> None:
    """C18"""
    caller, callees = enter(), [enter(), enter()]
    for callee in callees:
        callee.register(procedure, invoke="first")
    request = caller.call(procedure, ["task"])
    for callee in callees:
        callee.send(8, 68, callee.receives(68, ..., ..., {}, ["task"])[1], {}, UNAVAILABLE)
    caller.receives(8, 48, request, {}, "wamp.error.no_available_callee")


def test_the_caller_is_disclosed_if_one_side_asks(enter: Enter, procedure: str) -> None:
    """C19"""
    caller, callee = enter(), enter()
    callee.register(procedure)
    caller.call(procedure, disclose_me=True)
    details = callee.receives(68)[3]
    assert set(details) == {"caller", "caller_authid", "caller_authrole"}
    callee.register(f"{procedure}.asks", disclose_caller=True)
    caller.call(f"{procedure}.asks")
    assert callee.receives(68)[3] == details


def test_a_key_always_reaches_the_same_callee(enter: Enter, procedure: str) -> None:
    """C27"""
    caller, callees = enter(), [enter(), enter()]
    for node, callee in zip("ab", callees, strict=True):
        callee.register(procedure, invoke="roundrobin", nkey=node)
    assert caller.request(48, {"runmode": "partition"}, procedure)[4] == "wamp.error.invalid_argument"
    keys = [f"user{number}" for number in range(16)] * 2
    for key in keys:
        caller.call(procedure, [key], runmode="partition", rkey=key)
    caller.call(procedure, ["end"], runon="all")
    seen = []
    for callee in callees:
        got: list[str] = []
        while not got or got[-1] != "end":
            got.append(callee.receives(68)[4][0])
        seen.append(set(got[:-1]))
    assert not seen[0] & seen[1]
    assert seen[0] | seen[1] == set(keys)


def test_all_callees_are_called_and_their_results_gathered(enter: Enter, procedure: str) -> None:
    """C28"""
    caller, callees = enter(), [enter(), enter()]
    for callee in callees:
        callee.register(procedure, invoke="random")
    request = caller.call(procedure, runon="all")
    for number, callee in enumerate(callees):
        callee.send(70, callee.receives(68)[1], {}, [number])
    caller.receives(50, request, {}, [[0, 1]])


def test_results_of_all_callees_may_come_one_by_one(enter: Enter, procedure: str) -> None:
    """C28"""
    caller, callees = enter(), [enter(), enter()]
    for callee in callees:
        callee.register(procedure, invoke="random")
    request = caller.call(procedure, runon="all", runmode="progressive")
    for number, callee in enumerate(callees):
        callee.send(70, callee.receives(68)[1], {}, [number])
        caller.receives(50, request, {"progress": True}, [number])
    caller.receives(50, request, {})


def test_a_callee_that_comes_back_takes_the_place_of_its_former_self(enter: Enter, procedure: str) -> None:
    """C29"""
    old, new = enter(), enter()
    registration = old.register(procedure)
    new.register(procedure, force_reregister=True)
    old.receives(67, 0, {"registration": registration, "reason": "wamp.error.unregistered"})


def test_calls_beyond_what_a_callee_takes_wait(enter: Enter, procedure: str) -> None:
    """C30"""
    caller, callee = enter(), enter()
    callee.register(procedure, concurrency=1)
    requests = [caller.call(procedure, [number]) for number in range(3)]
    for number, request in enumerate(requests):
        invocation: Any = callee.receives(68, ..., ..., {}, [number])
        callee.send(70, invocation[1], {})
        caller.receives(50, request, {})
