"""Calls of one shard, of any callee, and of all callees at once."""

from typing import Any

import pytest
from twisted.internet.task import Clock

from tests.realms.fakes import ANY, CAPABLE, PLAIN, RPC_PEER, Peer, Scene
from wamp.codecs import CBOR, JSON, MESSAGEPACK

INVALID = "wamp.error.invalid_argument"
CANCELED = "wamp.error.canceled"


@pytest.fixture
def alice(realm: Scene) -> Peer:
    """A caller."""
    return realm.join("alice", roles=RPC_PEER)


def callees(realm: Scene, count: int = 3, invoke: str = "roundrobin", roles: Any = RPC_PEER) -> list[Peer]:
    codecs = [JSON, MESSAGEPACK, CBOR]
    peers = [realm.join(roles=roles, codec=codecs[number % 3]) for number in range(count)]
    for peer in peers:
        peer.registers("com.work", invoke=invoke)
    return peers


def asked(peers: list[Peer]) -> list[int]:
    """Who of them got an INVOCATION; all are looked at."""
    return [place for place, peer in enumerate(peers) if [message for message in peer.inbox() if message[0] == 68]]


# --- shards ---


def test_one_key_always_reaches_the_same_callee(realm: Scene, alice: Peer) -> None:
    peers = callees(realm, 4)
    shards = {}
    for key in [f"user{number}" for number in range(40)] * 2:
        alice.calls("com.work", runmode="partition", rkey=key)
        (shard,) = asked(peers)
        assert shards.setdefault(key, shard) == shard
    assert set(shards.values()) == {0, 1, 2, 3}


def test_only_the_keys_of_a_callee_that_leaves_move(realm: Scene, alice: Peer) -> None:
    peers = callees(realm, 4)
    keys = [f"user{number}" for number in range(40)]

    def shards() -> dict[str, int]:
        found = {}
        for key in keys:
            alice.calls("com.work", runmode="partition", rkey=key)
            (found[key],) = asked(peers)
        return found

    before = shards()
    peers[2].vanishes()
    after = shards()
    assert {key for key in keys if before[key] != after[key]} == {key for key in keys if before[key] == 2}


def test_a_node_key_names_the_shard_whoever_has_it(realm: Scene, alice: Peer) -> None:
    keys = [f"user{number}" for number in range(20)]
    runs = []
    for order in ("abc", "cab"):
        peers = {node: realm.join(roles=RPC_PEER) for node in order}
        for node, peer in peers.items():
            peer.registers("com.sharded", invoke="random", nkey=node)
        for peer in peers.values():
            peer.inbox()
        found = []
        for key in keys:
            alice.calls("com.sharded", runmode="partition", rkey=key)
            found.append([node for node, peer in peers.items() if peer.inbox()])
        runs.append(found)
        for peer in peers.values():
            peer.vanishes()
    assert runs[0] == runs[1]


@pytest.mark.parametrize("options", [{"runmode": "partition"}, {"runon": "partition"}])
def test_a_shard_without_a_key_is_an_invalid_argument(realm: Scene, alice: Peer, options: dict[str, str]) -> None:
    peers = callees(realm)
    alice.receives_error(48, alice.calls("com.work", **options), INVALID)
    assert asked(peers) == []


def test_all_callees_of_one_shard_can_be_called(realm: Scene, alice: Peer) -> None:
    replicas = [realm.join(roles=RPC_PEER) for _ in range(2)]
    for peer in replicas:
        peer.registers("com.work", invoke="random", nkey="a")
    call = alice.calls("com.work", runon="partition", rkey="user1")
    for number, peer in enumerate(replicas):
        peer.sends(70, peer.receives(68, ANY, ANY, {})[1], {}, [number])
    alice.receives(50, call, {}, [[0, 1]])


def test_any_takes_a_callee_at_random_whatever_the_policy(realm: Scene, alice: Peer) -> None:
    peers = callees(realm, invoke="first")
    seen = set()
    for _ in range(40):
        alice.calls("com.work", runon="any")
        (one,) = asked(peers)
        seen.add(one)
    assert seen == {0, 1, 2}


# --- all ---


def test_all_are_called_and_their_results_gathered_in_order_of_registration(realm: Scene, alice: Peer) -> None:
    peers = callees(realm)
    call = alice.calls("com.work", ["task"], runon="all")
    invocations = [peer.receives(68, 1, ANY, {}, ["task"])[1] for peer in peers]
    for place in (2, 0):
        peers[place].sends(70, invocations[place], {}, [place])
        alice.receives_nothing()
    peers[1].sends(70, invocations[1], {}, [1])
    alice.receives(50, call, {}, [[0, 1, 2]])
    alice.receives_nothing()


def test_results_that_are_not_one_argument_are_gathered_whole(realm: Scene, alice: Peer) -> None:
    peers = callees(realm)
    call = alice.calls("com.work", runon="all", runmode="gather")
    for peer, payload in zip(peers, ([], [[1, 2]], [["x"], {"k": b"\1"}]), strict=True):
        peer.sends(70, 1, {}, *payload)
    gathered = [None, {"args": [1, 2], "kwargs": {}}, {"args": ["x"], "kwargs": {"k": b"\1"}}]
    alice.receives(50, call, {}, [gathered])


def test_results_can_come_one_by_one(realm: Scene, alice: Peer) -> None:
    peers = callees(realm)
    call = alice.calls("com.work", runon="all", runmode="progressive")
    for place in (1, 2, 0):
        peers[place].sends(70, 1, {}, [place], {"k": place})
        alice.receives(50, call, {"progress": True}, [place], {"k": place})
    alice.receives(50, call, {})
    alice.receives_nothing()


def test_what_describes_an_opaque_result_comes_with_it(realm: Scene) -> None:
    passthru = {role: {"features": {"payload_passthru_mode": True}} for role in PLAIN}
    alice, bob = realm.join(roles=passthru), realm.join(roles=passthru)
    bob.registers("com.work")
    call = alice.calls("com.work", runon="all", runmode="progressive")
    bob.sends(70, 1, {"ppt_scheme": "x_mine"}, [b"\1"])
    alice.receives(50, call, {"progress": True, "ppt_scheme": "x_mine"}, [b"\1"])
    alice.receives(50, call, {})


@pytest.mark.parametrize("runmode", ["gather", "progressive"])
def test_an_opaque_result_is_not_for_a_caller_that_did_not_announce_it(realm: Scene, alice: Peer, runmode: str) -> None:
    peers = callees(realm, 2, roles={role: {"features": {"payload_passthru_mode": True}} for role in PLAIN})
    call = alice.calls("com.work", runon="all", runmode=runmode)
    assert asked(peers) == [0, 1]
    peers[0].sends(70, 1, {"ppt_scheme": "x_mine"}, [b"\1"])
    peers[0].receives_error(70, 1, "wamp.error.feature_not_supported")
    alice.receives_error(48, call, "wamp.error.feature_not_supported")
    peers[1].sends(70, 1, {}, ["too late"])
    alice.receives_nothing()


@pytest.mark.parametrize("runmode", ["gather", "progressive"])
def test_the_first_error_ends_it_for_all(realm: Scene, alice: Peer, runmode: str) -> None:
    peers = callees(realm)
    call = alice.calls("com.work", runon="all", runmode=runmode)
    asked(peers)
    peers[1].sends(8, 68, 1, {}, "com.error.broken", ["why"])
    alice.receives(8, 48, call, {}, "com.error.broken", ["why"])
    peers[1].receives_nothing()
    for peer in (peers[0], peers[2]):
        peer.receives(69, 1, {"mode": "killnowait", "reason": "com.error.broken"})
        peer.sends(70, 1, {}, ["too late"])
        peer.is_present()
    alice.receives_nothing()


def test_a_callee_that_leaves_ends_it_for_all(realm: Scene, alice: Peer) -> None:
    peers = callees(realm)
    call = alice.calls("com.work", runon="all")
    peers[0].vanishes()
    alice.receives_error(48, call, CANCELED)
    assert [message[0] for message in peers[1].inbox()] == [68, 69]


@pytest.mark.parametrize("mode", ["skip", "killnowait", {}])
def test_it_can_be_canceled(realm: Scene, alice: Peer, mode: Any) -> None:
    peers = callees(realm)
    call = alice.calls("com.work", runon="all")
    asked(peers)
    alice.sends(49, call, {"mode": mode} if mode else {})
    alice.receives_error(48, call, CANCELED)
    for peer in peers:
        assert [message[0] for message in peer.inbox()] == ([] if mode == "skip" else [69])
        peer.sends(70, 1, {})
        peer.is_present()
    alice.receives_nothing()


def test_kill_waits_for_what_they_say(realm: Scene, alice: Peer) -> None:
    peers = callees(realm)
    call = alice.calls("com.work", runon="all")
    asked(peers)
    alice.sends(49, call, {"mode": "kill"})
    for peer in peers:
        peer.receives(69, 1, {"mode": "kill", "reason": CANCELED})
        alice.receives_nothing()
        peer.sends(70, 1, {}, ["done"])
    alice.receives(50, call, {}, [["done", "done", "done"]])


def test_kill_does_not_wait_if_one_of_them_cannot_be_interrupted(realm: Scene, alice: Peer) -> None:
    peers = [*callees(realm, 2), stubborn := realm.join(roles=PLAIN)]
    stubborn.registers("com.work", invoke="roundrobin")
    call = alice.calls("com.work", runon="all")
    alice.sends(49, call, {"mode": "kill"})
    alice.receives_error(48, call, CANCELED)
    assert [[message[0] for message in peer.inbox()] for peer in peers] == [[68, 69], [68, 69], [68]]


def test_they_are_interrupted_before_they_get_a_call_that_waited(realm: Scene, alice: Peer) -> None:
    peers = [realm.join(roles=RPC_PEER) for _ in range(2)]
    for peer in peers:
        peer.registers("com.work", invoke="roundrobin", concurrency=1)
    alice.calls("com.work", runon="all")
    alice.calls("com.work")
    peers[1].vanishes()
    assert [message[0] for message in peers[0].inbox()] == [68, 69, 68]


def test_it_runs_out_of_time(realm: Scene, alice: Peer, clock: Clock) -> None:
    peers = callees(realm)
    call = alice.calls("com.work", runon="all", timeout=1000)
    peers[0].sends(70, 1, {})
    clock.advance(1.1)
    alice.receives_error(48, call, "wamp.error.timeout")
    assert [[message[0] for message in peer.inbox()] for peer in peers] == [[68], [68, 69], [68, 69]]
    assert clock.getDelayedCalls() == []


def test_its_caller_leaves(realm: Scene, alice: Peer) -> None:
    peers = callees(realm)
    alice.registers("com.work", invoke="roundrobin")
    alice.calls("com.work", runon="all")
    assert [message[0] for message in alice.inbox()] == [68]
    alice.vanishes()
    assert [[message[0] for message in peer.inbox()] for peer in peers] == [[68, 69]] * 3
    alice.receives_nothing()


def test_one_callee_is_gathered_as_a_list_too(realm: Scene, alice: Peer) -> None:
    (peer,) = callees(realm, 1, "single")
    call = alice.calls("com.work", runon="all")
    peer.sends(70, 1, {}, ["only"])
    alice.receives(50, call, {}, [["only"]])


def test_who_cannot_take_the_call_stops_it_before_anybody_gets_it(realm: Scene, alice: Peer) -> None:
    peers = callees(realm)
    peers[2].transport.max_outgoing = 100
    alice.receives_error(48, alice.calls("com.work", ["x" * 200], runon="all"), "wamp.error.payload_size_exceeded")
    assert asked(peers) == []


def test_a_gathered_result_that_the_caller_cannot_take_is_an_error(realm: Scene) -> None:
    alice, bob = realm.join(roles=CAPABLE, codec=JSON), realm.join(roles=RPC_PEER, codec=CBOR)
    bob.registers("com.work")
    call = alice.calls("com.work", runon="all")
    bob.sends(70, 1, {}, [float("nan")])
    alice.receives_error(48, call, INVALID)


def test_a_call_in_pieces_goes_to_one_callee_only(realm: Scene, alice: Peer) -> None:
    callees(realm)
    call = alice.calls("com.work", runon="all", progress=True)
    alice.receives_error(48, call, "wamp.error.option_not_allowed")
