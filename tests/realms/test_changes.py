"""What happens to live sessions when the rules change: F6, C29, D18."""

from dataclasses import replace
from typing import Any

from realms.audit import Entry
from realms.changes import change_rules, end_if
from realms.roles import Role, Rule
from tests.realms.fakes import ANY, EVERYTHING, PLAIN, Peer, Scene, rule

REVOCABLE: dict[str, Any] = PLAIN | {
    "subscriber": {"features": {"subscription_revocation": True}},
    "callee": {"features": {"registration_revocation": True}},
}


def change(scene: Scene, *rules: Rule) -> None:
    realm = scene.realms.by_name["realm1"]
    change_rules(realm, {"anyone": Role("anyone", rules)}, realm.methods)


def test_subscriptions_that_are_no_longer_allowed_are_revoked_and_others_stay(realm: Scene) -> None:
    """F6, D18"""
    alice, bob = realm.join(roles=REVOCABLE), realm.join()
    kept, lost = alice.subscribes("com.a.x"), alice.subscribes("com.b.x")
    wide = alice.subscribes("com.", match="prefix")
    change(realm, rule("prefix", "com.a.", *EVERYTHING))
    for gone in (lost, wide):
        alice.receives(35, 0, {"subscription": gone, "reason": "wamp.error.not_authorized"})
    alice.receives_nothing()
    bob.publishes("com.a.x")
    alice.receives(36, kept, ANY, {})
    request = bob.requests(16, {"acknowledge": True}, "com.b.x")
    bob.receives_error(16, request, "wamp.error.not_authorized")


def test_registrations_that_are_no_longer_allowed_are_revoked(realm: Scene) -> None:
    """F6, C29"""
    callee, caller = realm.join(roles=REVOCABLE), realm.join()
    registration = callee.registers("com.proc")
    change(realm, rule("prefix", "com.", "call"))
    callee.receives(67, 0, {"registration": registration, "reason": "wamp.error.not_authorized"})
    request = caller.calls("com.proc")
    caller.receives_error(48, request, "wamp.error.no_such_procedure")


def test_what_is_newly_allowed_works_at_once(realm: Scene) -> None:
    """F6"""
    alice = realm.join()
    change(realm)
    alice.sends(32, 1, {}, "com.topic")
    alice.receives_error(32, 1, "wamp.error.not_authorized")
    change(realm, rule("exact", "com.topic", "subscribe"))
    alice.sends(32, 2, {}, "com.topic")
    alice.receives(33, 2, ANY)


def test_a_session_whose_role_is_gone_ends(realm: Scene) -> None:
    """F6"""
    alice: Peer = realm.join()
    home = realm.realms.by_name["realm1"]
    change_rules(home, {"other": Role("other", ())}, home.methods)
    alice.receives(6, {"message": ANY}, "wamp.close.killed")
    assert not home.sessions


def test_sessions_of_a_removed_principal_end_and_that_is_on_record(realm: Scene) -> None:
    """F5, F6"""
    alice, bob = realm.join("alice"), realm.join("bob")
    home = realm.realms.by_name["realm1"]
    entries: list[Entry] = []
    home.record = entries.append
    end_if(home, lambda session: session.authid == "alice")
    alice.receives(6, {"message": ANY}, "wamp.close.killed")
    bob.receives_nothing()
    assert [(entry.event, entry.authid) for entry in entries] == [("revocation", "alice")]


def test_denials_and_kills_are_on_record(realm: Scene) -> None:
    """F5"""
    entries: list[Entry] = []
    home = realm.realms.by_name["realm1"]
    alice, bob = realm.join("alice"), realm.join("bob")
    home.record = entries.append
    alice.calls("wamp.session.kill", [bob.id])
    change(realm)
    alice.calls("com.secret")
    told = [(entry.event, entry.outcome, entry.authid, entry.action, entry.object) for entry in entries]
    assert told == [
        ("kill", "success", "alice", None, bob.id),
        ("denial", "failure", "alice", "call", "com.secret"),
    ]


def test_testaments_that_are_no_longer_allowed_are_not_published(realm: Scene) -> None:
    """F6"""
    alice, bob = realm.join(), realm.join()
    bob.subscribes("com.", match="prefix")
    for topic in ("com.a.x", "com.b.x"):
        alice.receives(50, alice.calls("wamp.session.add_testament", [topic, [topic], {}]), {})
    change(realm, rule("prefix", "", "subscribe"), rule("prefix", "com.a.", *EVERYTHING))
    alice.vanishes()
    assert [event[4] for event in bob.inbox()] == [["com.a.x"]]


def test_a_role_that_is_gone_leaves_no_testaments(realm: Scene) -> None:
    """F6"""
    home = realm.realms.by_name["realm1"]
    bob = realm.join("bob")
    bob.subscribes("com.topic")
    home.roles = {**home.roles, "leaver": Role("leaver", [rule("prefix", "", *EVERYTHING)])}
    alice = realm.join("alice")
    alice.transport.session.authrole = "leaver"
    alice.receives(50, alice.calls("wamp.session.add_testament", ["com.topic", [], {}]), {})
    change(realm, rule("prefix", "", *EVERYTHING))
    alice.receives(6, {"message": ANY}, "wamp.close.killed")
    bob.receives_nothing()


def test_who_is_removed_between_the_challenge_and_the_answer_does_not_get_in() -> None:
    """F6"""
    scene = Scene()
    home = scene.realms.by_name["realm1"]
    peer: Peer = scene.connects()
    peer.sends(1, "realm1", {"roles": PLAIN, "authmethods": ["ticket"], "authid": "ann"})
    peer.receives(4, "ticket", {})
    methods = replace(home.methods, is_gone=lambda identity: identity.authid == "ann")
    change_rules(home, home.roles, methods)
    peer.sends(5, "sesame", {})
    peer.receives(3, {"message": "the credentials were not accepted"}, "wamp.error.authentication_denied")
    assert not home.sessions
