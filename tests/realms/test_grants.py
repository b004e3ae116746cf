"""On what terms something is allowed: disclosure, retaining and history by rule. F4."""

from typing import Any

from realms.grants import Disclosure, Grant
from realms.roles import Role, Rule
from tests.realms.fakes import ANY, EVERYTHING, RPC_PEER, Scene

CURIOUS: dict[str, Any] = RPC_PEER | {"subscriber": {"features": {"publisher_identification": True}}}
DISALLOWED = "wamp.error.option_disallowed.disclose_me"
NOT_AUTHORIZED = "wamp.error.not_authorized"


def scene(grant: Grant, disclosure: Disclosure = "allow") -> Scene:
    """Everything is allowed, and `com.terms.` on the terms of `grant`."""
    rules = [Rule("prefix", "", EVERYTHING), Rule("prefix", "com.terms.", EVERYTHING, grant)]
    return Scene(roles=[Role("anyone", rules, disclosure=disclosure)])


def test_a_rule_may_refuse_disclosure_where_the_realm_allows_it() -> None:
    """F4, C19, D8"""
    realm = scene(Grant("refuse"))
    alice, bob = realm.join("alice"), realm.join(roles=CURIOUS)
    bob.subscribes("com.terms.topic")
    bob.sends(64, 2, {"disclose_caller": True}, "com.terms.proc")
    bob.receives_error(64, 2, DISALLOWED)
    alice.sends(16, 1, {"acknowledge": True, "disclose_me": True}, "com.terms.topic")
    alice.receives_error(16, 1, DISALLOWED)
    alice.sends(48, 2, {"disclose_me": True}, "com.terms.proc")
    alice.receives_error(48, 2, DISALLOWED)
    bob.receives_nothing()


def test_a_caller_whose_rule_refuses_is_not_disclosed_to_a_pattern_that_asks_for_it() -> None:
    """F4, C19"""
    rules = [Rule("prefix", "", EVERYTHING), Rule("prefix", "com.terms.", EVERYTHING, Grant("refuse"))]
    realm = Scene(roles=[Role("anyone", rules), Role("service", [Rule("prefix", "", EVERYTHING)])])
    bob = realm.join("bob", "service", roles=RPC_PEER)
    bob.registers("com.", match="prefix", disclose_caller=True)
    alice = realm.join("alice")
    alice.calls("com.terms.proc")
    assert "caller" not in bob.receives(68, ANY, ANY, ANY)[3]
    alice.calls("com.other")
    assert bob.receives(68, ANY, ANY, ANY)[3]["caller"] == alice.id


def test_a_rule_may_always_disclose() -> None:
    """F4, C19, D8"""
    realm = scene(Grant("always"), disclosure="refuse")
    alice, bob = realm.join("alice"), realm.join(roles=CURIOUS)
    bob.subscribes("com.terms.topic")
    bob.registers("com.terms.proc")
    alice.publishes("com.terms.topic")
    assert bob.receives(36, ANY, ANY, ANY)[3]["publisher_authid"] == "alice"
    alice.calls("com.terms.proc")
    assert bob.receives(68, ANY, ANY, ANY)[3]["caller_authid"] == "alice"


def test_a_rule_may_forbid_to_retain() -> None:
    """F4, D17"""
    realm = scene(Grant(None, retain=False))
    alice = realm.join()
    alice.sends(16, 1, {"acknowledge": True, "retain": True}, "com.terms.topic")
    alice.receives_error(16, 1, NOT_AUTHORIZED)
    alice.sends(16, 2, {"acknowledge": True, "retain": True}, "com.topic")
    alice.receives(17, 2, ANY)


def test_a_rule_may_forbid_to_ask_for_what_was() -> None:
    """F4, D15, D17"""
    realm = scene(Grant(None, history=False))
    alice = realm.join()
    for match, uri in (("exact", "com.terms.topic"), ("prefix", "com.terms."), ("prefix", "com.")):
        request = alice.requests(32, {"match": match, "get_retained": True}, uri)
        alice.receives_error(32, request, NOT_AUTHORIZED)
    subscription = alice.subscribes("com.terms.topic")
    request = alice.calls("wamp.subscription.get_events", [subscription])
    alice.receives_error(48, request, NOT_AUTHORIZED)
