"""Who learns who called, and how far the call is to be trusted."""

from typing import Any

import pytest

from realms.grants import Disclosure
from realms.policies import Policies, TrustLevels, TrustRule
from realms.roles import Role, Rule
from tests.realms.fakes import ANY, CAPABLE, EVERYTHING, RPC_PEER, Peer, Scene, anyone

DISALLOWED = "wamp.error.option_disallowed.disclose_me"


def scene(disclosure: Disclosure = "allow", *trust: TrustRule) -> Scene:
    return Scene(roles=[anyone(disclosure)], policies=Policies(trust=TrustLevels(trust)))


def identity(peer: Peer) -> dict[str, Any]:
    return {"caller": peer.id, "caller_authid": "alice", "caller_authrole": "anyone"}


@pytest.mark.parametrize("callee_asks", [False, True])
@pytest.mark.parametrize("caller_asks", [False, True])
def test_the_callee_learns_who_calls_if_one_of_them_asks_for_it(
    realm: Scene, caller_asks: bool, callee_asks: bool
) -> None:
    alice, bob = realm.join("alice", roles=RPC_PEER), realm.join(roles=RPC_PEER)
    bob.registers("com.work", disclose_caller=callee_asks)
    alice.calls("com.work", disclose_me=caller_asks)
    bob.receives(68, 1, ANY, identity(alice) if caller_asks or callee_asks else {})


def test_a_callee_that_did_not_announce_it_is_not_told(realm: Scene) -> None:
    alice, bob = realm.join("alice", roles=RPC_PEER), realm.join(roles=CAPABLE)
    bob.registers("com.work")
    alice.calls("com.work", disclose_me=True)
    bob.receives(68, 1, ANY, {})


def test_a_callee_that_asks_is_told_even_if_it_did_not_announce_it(realm: Scene) -> None:
    alice, bob = realm.join("alice", roles=RPC_PEER), realm.join(roles=CAPABLE)
    bob.registers("com.work", disclose_caller=True)
    alice.calls("com.work")
    bob.receives(68, 1, ANY, identity(alice))


def test_each_callee_of_a_shared_registration_asks_for_itself(realm: Scene) -> None:
    alice, bob, carol = (realm.join(name, roles=RPC_PEER) for name in ("alice", "bob", "carol"))
    bob.registers("com.work", invoke="roundrobin", disclose_caller=True)
    carol.registers("com.work", invoke="roundrobin")
    alice.calls("com.work")
    alice.calls("com.work")
    bob.receives(68, 1, ANY, identity(alice))
    carol.receives(68, 1, ANY, {})


def test_a_realm_that_refuses_discloses_nobody() -> None:
    realm = scene("refuse")
    alice, bob = realm.join("alice", roles=RPC_PEER), realm.join(roles=RPC_PEER)
    bob.receives_error(64, bob.requests(64, {"disclose_caller": True}, "com.work"), DISALLOWED)
    bob.registers("com.work")
    alice.receives_error(48, alice.calls("com.work", disclose_me=True), DISALLOWED)
    bob.receives_nothing()
    alice.calls("com.work")
    bob.receives(68, 1, ANY, {})


def test_a_realm_may_disclose_everybody() -> None:
    realm = scene("always")
    alice, bob = realm.join("alice", roles=RPC_PEER), realm.join(roles=RPC_PEER)
    bob.registers("com.work")
    alice.calls("com.work")
    bob.receives(68, 1, ANY, identity(alice))


@pytest.mark.parametrize(
    ("authrole", "procedure", "level"),
    [("anyone", "com.bank.pay", 1), ("anyone", "com.other", 0), ("staff", "com.bank.pay", 5), ("staff", "org.x", None)],
)
def test_the_callee_learns_how_far_to_trust_the_call(authrole: str, procedure: str, level: int | None) -> None:
    levels = TrustLevels(
        [TrustRule(0, "prefix", "com."), TrustRule(1, "prefix", "com.bank."), TrustRule(5, "prefix", "com.", "staff")]
    )
    roles = [Role(name, [Rule("prefix", "", EVERYTHING)]) for name in ("anyone", "staff")]
    realm = Scene(roles=roles, policies=Policies(trust=levels))
    bob = realm.join(roles=RPC_PEER)
    bob.registers(procedure)
    old = realm.join(roles=CAPABLE)
    old.registers("com.old")
    alice = realm.join("alice", authrole, roles=RPC_PEER)
    alice.calls(procedure)
    bob.receives(68, 1, ANY, {} if level is None else {"trustlevel": level})
    alice.calls("com.old")
    old.receives(68, 1, ANY, {})
