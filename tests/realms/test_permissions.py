"""What a role may do: nothing, unless the most specific rule says so; and a pattern is judged as a pattern."""

import pytest

from realms.roles import MAX_GRANTED, Action, Role, Rule
from tests.realms.fakes import ANY, ANYONE, EVERYTHING, Peer, Scene, rule
from wamp.options import MatchPolicy


def scene(*rules: Rule, strict_uris: bool = False) -> tuple[Scene, Peer]:
    """A realm with a guest whose role has these rules."""
    realm = Scene(roles=[ANYONE, Role("guest", rules)], strict_uris=strict_uris)
    return realm, realm.join("gus", "guest")


def may(peer: Peer, action: Action, uri: str, match: MatchPolicy = "exact") -> bool:
    """Try it, and tell whether the router let it pass."""
    code = {"call": 48, "register": 64, "publish": 16, "subscribe": 32}[action]
    options: dict[str, object] = {"match": match} if action in ("register", "subscribe") else {}
    if action == "publish":
        options = {"acknowledge": True}
    request = peer.requests(code, options, uri)
    answers = peer.inbox()
    if answers[0][0] != 8:
        return True
    assert answers == [[8, code, request, {}, ANY, ANY]]
    if answers[0][4] == "wamp.error.no_such_procedure":
        return True
    assert answers[0][4] == "wamp.error.not_authorized"
    return False


ACTIONS: list[Action] = ["call", "register", "publish", "subscribe"]


@pytest.mark.parametrize("action", ACTIONS)
def test_what_no_rule_allows_is_denied(action: Action) -> None:
    """F1, F2"""
    _, guest = scene()
    assert not may(guest, action, "com.a")


@pytest.mark.parametrize("action", ACTIONS)
def test_a_rule_allows_the_actions_that_it_names_and_no_other(action: Action) -> None:
    _, guest = scene(rule("exact", "com.a", action))
    assert [other for other in ACTIONS if may(guest, other, "com.a")] == [action]


@pytest.mark.parametrize("action", ACTIONS)
def test_being_denied_is_no_reason_to_end_the_session(action: Action) -> None:
    _, guest = scene()
    assert not may(guest, action, "com.a")
    guest.is_present()


def test_a_publication_that_is_denied_reaches_nobody_and_is_answered_only_if_asked_for() -> None:
    """F2"""
    realm, guest = scene()
    witness = realm.join()
    witness.subscribes("com.a")
    guest.publishes("com.a")
    guest.receives_nothing()
    assert not may(guest, "publish", "com.a")
    witness.receives_nothing()


def test_the_exact_rule_decides_before_prefixes_and_the_longer_prefix_before_the_shorter() -> None:
    _, guest = scene(
        rule("prefix", "", "call"),
        rule("prefix", "com.a."),
        rule("prefix", "com.a.b.", "call"),
        rule("exact", "com.a.b.c"),
    )
    assert may(guest, "call", "org.x")
    assert not may(guest, "call", "com.a.x")
    assert may(guest, "call", "com.a.b.x")
    assert not may(guest, "call", "com.a.b.c")


def test_a_prefix_rule_decides_before_a_wildcard_rule() -> None:
    _, guest = scene(rule("prefix", "com.secret."), rule("wildcard", "com..read", "call"))
    assert may(guest, "call", "com.public.read")
    assert not may(guest, "call", "com.secret.read")


def test_the_wildcard_rule_with_the_first_literal_decides() -> None:
    _, guest = scene(rule("wildcard", "com.a."), rule("wildcard", "com..read", "call"))
    assert may(guest, "call", "com.b.read")
    assert not may(guest, "call", "com.a.read")


def test_asking_again_gives_the_same_answer() -> None:
    _, guest = scene(rule("prefix", "com.a.", "call"))
    assert [may(guest, "call", "com.a.x") for _ in range(3)] == [True] * 3
    assert [may(guest, "publish", "com.a.x") for _ in range(3)] == [False] * 3
    assert [may(guest, "call", "com.b.x") for _ in range(3)] == [False] * 3


def test_a_role_remembers_no_more_grants_than_its_limit() -> None:
    role = Role("guest", [rule("prefix", "", "call")])
    for number in range(MAX_GRANTED + 100):
        assert role.grant("call", f"com.a{number}") is not None
        assert len(role.granted) <= MAX_GRANTED


@pytest.mark.parametrize(
    ("rules", "match", "uri", "allowed"),
    [
        # allowed on the prefix com.a. is not allowed on what reaches beyond it
        ([rule("prefix", "com.a.", "subscribe")], "prefix", "com.a.", True),
        ([rule("prefix", "com.a.", "subscribe")], "prefix", "com.a.b", True),
        ([rule("prefix", "com.a.", "subscribe")], "prefix", "com.a", False),
        ([rule("prefix", "com.a.", "subscribe")], "prefix", "com.", False),
        ([rule("prefix", "com.a.", "subscribe")], "prefix", "", False),
        ([rule("prefix", "com.a.", "subscribe")], "wildcard", "com.a..x", True),
        ([rule("prefix", "com.a.", "subscribe")], "wildcard", "com..secret", False),
        ([rule("prefix", "com.a.", "subscribe")], "wildcard", ".a.b", False),
        ([rule("prefix", "com.a.", "subscribe")], "wildcard", "..", False),
        # an exact rule says nothing about patterns, whatever they look like
        ([rule("exact", "com.a", "subscribe")], "prefix", "com.a", False),
        # wildcard rules
        ([rule("wildcard", "com..read", "subscribe")], "wildcard", "com..read", True),
        ([rule("wildcard", "com..read", "subscribe")], "wildcard", "com.a.read", True),
        ([rule("wildcard", "com..read", "subscribe")], "wildcard", "com..", False),
        ([rule("wildcard", "com..read", "subscribe")], "wildcard", "..read", False),
        ([rule("wildcard", "com..read", "subscribe")], "prefix", "com.", False),
        ([rule("wildcard", "com..", "subscribe")], "prefix", "com.a.b", False),
        # a more specific rule that could deny a part denies the pattern
        ([rule("prefix", "com.", "subscribe"), rule("exact", "com.a.b")], "prefix", "com.a.", False),
        ([rule("prefix", "com.", "subscribe"), rule("exact", "com.a.b")], "prefix", "com.x.", True),
        ([rule("prefix", "com.", "subscribe"), rule("prefix", "com.a.")], "prefix", "com.", False),
        ([rule("prefix", "com.", "subscribe"), rule("prefix", "com.a.")], "prefix", "com.a", False),
        ([rule("prefix", "com.", "subscribe"), rule("prefix", "com.a.")], "prefix", "com.a.x", False),
        ([rule("prefix", "com.", "subscribe"), rule("prefix", "com.a.")], "wildcard", "com..x", False),
        ([rule("prefix", "com.", "subscribe"), rule("exact", "com.a.secret")], "wildcard", "com..secret", False),
        ([rule("prefix", "com.", "subscribe"), rule("exact", "com.a.secret")], "wildcard", "com..open", True),
        ([rule("wildcard", "com..", "subscribe"), rule("wildcard", "com.a.")], "wildcard", "com..x", False),
        ([rule("wildcard", "com..", "subscribe"), rule("wildcard", "com.a.")], "wildcard", "com.b.", True),
        # a less specific rule has no say
        ([rule("prefix", "com."), rule("prefix", "com.a.", "subscribe")], "prefix", "com.a.", True),
        ([rule("wildcard", "com.a."), rule("prefix", "com.", "subscribe")], "wildcard", "com.a.", True),
        # everything
        ([rule("prefix", "", "subscribe")], "prefix", "", True),
        ([rule("prefix", "", "subscribe")], "wildcard", "..", True),
    ],
)
def test_a_pattern_is_allowed_if_every_uri_that_it_matches_is(
    rules: list[Rule], match: MatchPolicy, uri: str, allowed: bool
) -> None:
    """F1"""
    _, guest = scene(*rules)
    assert may(guest, "subscribe", uri, match) is allowed


def test_registering_a_pattern_is_judged_the_same_way() -> None:
    """F1"""
    _, guest = scene(rule("prefix", "com.a.", "register"))
    assert may(guest, "register", "com.a.", "prefix")
    assert not may(guest, "register", "com..secret", "wildcard")


def test_being_allowed_to_subscribe_does_not_allow_to_publish_even_after_it_was_used() -> None:
    _, guest = scene(rule("exact", "com.a", "subscribe"))
    assert may(guest, "subscribe", "com.a")
    assert not may(guest, "publish", "com.a")


def test_two_roles_do_not_share_what_they_may() -> None:
    realm, guest = scene()
    assert may(realm.join(), "call", "com.a")
    assert not may(guest, "call", "com.a")


@pytest.mark.parametrize("uri", ["com.Upper", "com.a-b", "com.ä"])
def test_strict_uris_are_the_choice_of_a_realm(uri: str) -> None:
    _, loose = scene(Rule("prefix", "", EVERYTHING))
    _, strict = scene(Rule("prefix", "", EVERYTHING), strict_uris=True)
    for code, options in ((16, {"acknowledge": True}), (32, {}), (48, {}), (64, {})):
        strict.receives_error(code, strict.requests(code, options, uri), "wamp.error.invalid_uri")
    for action in ACTIONS:
        assert may(loose, action, uri)


@pytest.mark.parametrize(("uri", "match"), [("", "prefix"), ("w", "prefix"), ("..", "wildcard"), ("", "wildcard")])
@pytest.mark.parametrize("reserved", ["wamp.", "wamp.session."])
def test_rules_for_the_router_s_own_uris_keep_nobody_from_registering_a_pattern(
    uri: str, match: MatchPolicy, reserved: str
) -> None:
    """F1, A21: a pattern registration never gets a call of `wamp.` anything."""
    _, guest = scene(rule("prefix", "", *ACTIONS), rule("prefix", reserved, "call"))
    assert may(guest, "register", uri, match)
    assert not may(guest, "subscribe", uri, match)
    _, other = scene(rule("prefix", "", *ACTIONS), rule("prefix", "wamp", "call"))  # which is about `wampx`, too
    assert not may(other, "register", "", "prefix")
