"""What a client announces in HELLO: it may act in other roles too, unless the realm is strict."""

import pytest

from tests.realms.fakes import ANY, Scene

OF_A_ROLE = [
    ("publisher", [16, 1, {}, "com.topic"]),
    ("subscriber", [32, 1, {}, "com.topic"]),
    ("subscriber", [34, 1, 7]),
    ("caller", [48, 1, {}, "com.procedure"]),
    ("caller", [49, 1, {}]),
    ("callee", [64, 1, {}, "com.procedure"]),
    ("callee", [66, 1, 7]),
]

ROLES = ("publisher", "subscriber", "caller", "callee")


@pytest.mark.parametrize(("role", "message"), OF_A_ROLE, ids=str)
def test_a_strict_realm_takes_from_a_client_only_what_belongs_to_its_roles(role, message):
    scene = Scene(strict_roles=True)
    holder, other = scene.join(roles={role: {}}), scene.join(roles={one: {} for one in ROLES if one != role})
    holder.sends(*message)
    assert holder.is_connected()
    other.sends(*message)
    other.is_expelled()


@pytest.mark.parametrize(("role", "message"), OF_A_ROLE, ids=str)
def test_other_realms_take_it_from_everybody(role, message):
    peer = Scene().join(roles={"caller" if role != "caller" else "callee": {}})
    peer.sends(*message)
    assert peer.is_connected()


def test_a_strict_realm_says_which_role_is_missing():
    peer = Scene(strict_roles=True).join(roles={"callee": {}})
    peer.sends(48, 1, {}, "com.procedure")
    peer.receives(3, {"message": "CALL without the role caller, which was not announced"}, ANY)


def test_leaving_takes_no_role():
    peer = Scene(strict_roles=True).join(roles={"callee": {}})
    peer.sends(6, {}, "wamp.close.normal")
    peer.receives(6, {}, "wamp.close.goodbye_and_out")


@pytest.mark.parametrize("code", [37, 337])
def test_acknowledgements_of_events_are_taken_under_both_codes(code):
    peer = Scene().join(roles={"subscriber": {"features": {"x_acknowledged_event_delivery": True}}})
    peer.sends(code, 2**53)
    peer.is_present()
