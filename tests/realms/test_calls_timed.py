"""Who keeps the time of a call: the router by default, the callee if it wants to, the operator in the end."""

from typing import Any

import pytest

from realms.policies import CallLimits, Policies
from tests.realms.fakes import ANY, CAPABLE, RPC_PEER, Peer, Scene

TIMEOUT = "wamp.error.timeout"


def scene(**limits: Any) -> Scene:
    return Scene(policies=Policies(calls=CallLimits(**limits)))


def pair(realm: Scene, roles: Any = RPC_PEER, **options: Any) -> tuple[Peer, Peer]:
    alice, bob = realm.join(), realm.join(roles=roles)
    bob.registers("com.work", **options)
    return alice, bob


def test_a_callee_that_wants_to_keeps_the_time(realm: Scene) -> None:
    alice, bob = pair(realm, forward_timeout=True)
    call = alice.calls("com.work", timeout=1000)
    bob.receives(68, 1, ANY, {"timeout": 1000})
    realm.clock.advance(5)
    alice.receives_nothing()
    bob.sends(8, 68, 1, {}, TIMEOUT, ["mine"])
    alice.receives(8, 48, call, {}, TIMEOUT, ["mine"])


def test_without_a_timeout_there_is_nothing_to_forward(realm: Scene) -> None:
    alice, bob = pair(realm, forward_timeout=True)
    alice.calls("com.work")
    bob.receives(68, 1, ANY, {})


def test_a_callee_that_did_not_announce_it_cannot(realm: Scene) -> None:
    alice, bob = pair(realm, roles=CAPABLE, forward_timeout=True)
    call = alice.calls("com.work", timeout=1000)
    bob.receives(68, 1, ANY, {})
    realm.clock.advance(1.1)
    alice.receives_error(48, call, TIMEOUT)


def test_a_callee_that_does_not_ask_is_not_told(realm: Scene) -> None:
    alice, bob = pair(realm)
    call = alice.calls("com.work", timeout=1000)
    bob.receives(68, 1, ANY, {})
    realm.clock.advance(1.1)
    alice.receives_error(48, call, TIMEOUT)


def test_the_operator_may_keep_all_time_on_the_router() -> None:
    realm = scene(forward_timeout=False)
    alice, bob = pair(realm, forward_timeout=True)
    call = alice.calls("com.work", timeout=1000)
    bob.receives(68, 1, ANY, {})
    realm.clock.advance(1.1)
    alice.receives_error(48, call, TIMEOUT)


@pytest.mark.parametrize(
    ("limits", "asked", "seconds"),
    [
        ({"default_timeout": 2000}, 0, 2),
        ({"default_timeout": 2000}, 5000, 5),
        ({"max_timeout": 3000}, 0, 3),
        ({"max_timeout": 3000}, 5000, 3),
        ({"max_timeout": 3000}, 1000, 1),
        ({"default_timeout": 2000, "max_timeout": 3000}, 0, 2),
        ({"default_timeout": 4000, "max_timeout": 3000}, 0, 3),
    ],
)
def test_the_operator_may_set_a_default_and_a_maximum(limits: dict[str, int], asked: int, seconds: int) -> None:
    realm = scene(**limits)
    alice, _ = pair(realm)
    call = alice.calls("com.work", **({"timeout": asked} if asked else {}))
    realm.clock.advance(seconds - 0.1)
    alice.receives_nothing()
    realm.clock.advance(0.2)
    alice.receives_error(48, call, TIMEOUT)
