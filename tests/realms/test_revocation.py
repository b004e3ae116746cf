"""Registrations that the router takes away, and callees that take each other's place."""

from realms.roles import Role, Rule
from tests.realms.fakes import CAPABLE, EVERYTHING, RPC_PEER, Peer, Scene


def revoke(realm: Scene, callee: Peer, registration: int, reason: str | None) -> None:
    """As an administrator does."""
    dealer = realm.realms.by_name["realm1"].dealer
    known = dealer.registration(registration)
    assert known is not None
    dealer.revoke(known, callee.transport.session, reason)


def test_a_callee_is_told_which_registration_it_lost_and_why(realm: Scene) -> None:
    bob = realm.join(roles=RPC_PEER)
    registration = bob.registers("com.work")
    revoke(realm, bob, registration, "com.reason")
    bob.receives(67, 0, {"registration": registration, "reason": "com.reason"})
    alice = realm.join()
    alice.receives_error(48, alice.calls("com.work"), "wamp.error.no_such_procedure")
    bob.receives_error(66, bob.requests(66, registration), "wamp.error.no_such_registration")


def test_a_callee_that_did_not_announce_it_is_not_told(realm: Scene) -> None:
    bob = realm.join(roles=CAPABLE)
    revoke(realm, bob, bob.registers("com.work"), "com.reason")
    bob.receives_nothing()
    bob.is_present()


def test_what_is_under_way_may_finish(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join(roles=RPC_PEER)
    registration = bob.registers("com.work")
    call = alice.calls("com.work")
    revoke(realm, bob, registration, "com.reason")
    bob.sends(70, 1, {}, ["done"])
    alice.receives(50, call, {}, ["done"])


def test_the_other_callees_keep_a_shared_registration(realm: Scene) -> None:
    alice, bob, carol = realm.join(), realm.join(roles=RPC_PEER), realm.join(roles=RPC_PEER)
    registration = bob.registers("com.work", invoke="first")
    carol.registers("com.work", invoke="first")
    revoke(realm, bob, registration, "com.reason")
    alice.calls("com.work")
    assert [message[0] for message in carol.inbox()] == [68]


def test_a_backend_that_comes_back_may_take_the_place_of_its_former_self(realm: Scene) -> None:
    alice, old, new = realm.join(), realm.join(roles=RPC_PEER), realm.join(roles=RPC_PEER)
    lost = old.registers("com.work")
    registration = new.registers("com.work", force_reregister=True)
    assert registration != lost
    old.receives(67, 0, {"registration": lost, "reason": "wamp.error.unregistered"})
    alice.calls("com.work")
    assert [message[2] for message in new.inbox()] == [registration]


def test_nobody_takes_the_place_of_another_role() -> None:
    realm = Scene(roles=[Role(name, [Rule("prefix", "", EVERYTHING)]) for name in ("anyone", "backend")])
    bob, mallory = realm.join("bob", "backend"), realm.join("mallory")
    bob.registers("com.work")
    request = mallory.requests(64, {"force_reregister": True}, "com.work")
    mallory.receives_error(64, request, "wamp.error.procedure_already_exists")
    bob.receives_nothing()


def test_who_takes_the_place_of_nobody_just_registers(realm: Scene) -> None:
    realm.join().registers("com.work", force_reregister=True)


def test_without_a_reason_it_is_that_of_a_session_that_is_killed(realm: Scene) -> None:
    """C29"""
    bob = realm.join(roles=RPC_PEER)
    registration = bob.registers("com.work")
    revoke(realm, bob, registration, None)
    bob.receives(67, 0, {"registration": registration, "reason": "wamp.close.killed"})
