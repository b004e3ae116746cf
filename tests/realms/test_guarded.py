"""What is the router's own and not for everybody: a rule for everything is none for the operator's procedures."""

from typing import Any

import pytest

from realms.meta.procedure import NOTHING, Procedure, Result
from realms.roles import Action, Role, Rule
from tests.realms.asking import Reach
from tests.realms.fakes import ANYONE, EVERYTHING, Peer, Scene, rule
from tests.realms.test_meta_sessions import asks
from tests.realms.test_permissions import may
from wamp.options import MatchPolicy

ALL = rule("prefix", "", *EVERYTHING)
STATS, ON_STATS = "wamplex.node.stats", "wamplex.node.on_stats"


def stats(realm: Any, caller: Any) -> Result:
    """Tells figures."""
    return NOTHING


def scene(*rules: Rule) -> tuple[Scene, Peer]:
    """A realm with something to guard, and a guest with these rules."""
    realm = Scene(roles=[ANYONE, Role("guest", rules)])
    inside = realm.realms.by_name["realm1"]
    inside.procedures = {**inside.procedures, STATS: Procedure(STATS, stats)}
    inside.topics = {**inside.topics, ON_STATS: "Figures."}
    return realm, realm.join("gus", "guest")


# --- exact URIs -------------------------------------------------------------------------------------------------

BLIND = [
    ("prefix", ""),
    ("prefix", "w"),
    ("prefix", "wamp"),
    ("prefix", "wamp."),
    ("wildcard", ".."),
    ("wildcard", ".node."),
]


@pytest.mark.parametrize(("match", "uri"), BLIND)
@pytest.mark.parametrize("action", ["call", "subscribe"])
def test_a_rule_that_was_not_written_for_it_does_not_reach_what_is_for_operators(
    action: Action, match: MatchPolicy, uri: str
) -> None:
    _, guest = scene(rule(match, uri, *EVERYTHING))
    assert not may(guest, action, STATS)
    assert not may(guest, action, "wamplex.anything.else")


@pytest.mark.parametrize(
    ("match", "uri"), [("exact", STATS), ("prefix", "wamplex."), ("prefix", "wamplex.node."), ("wildcard", "wamplex..")]
)
@pytest.mark.parametrize("action", ["call", "subscribe"])
def test_a_rule_for_it_does(action: Action, match: MatchPolicy, uri: str) -> None:
    _, guest = scene(rule(match, uri, action))
    assert may(guest, action, STATS)


def test_the_rule_that_decides_must_be_the_one_that_was_written_for_it() -> None:
    """A prefix decides before a wildcard, even if that means that nothing is allowed."""
    _, guest = scene(ALL, rule("wildcard", "wamplex..", "call"))
    assert not may(guest, "call", STATS)


def test_a_narrow_rule_takes_back_what_a_rule_for_operators_gives() -> None:
    _, guest = scene(rule("prefix", "wamplex.", "call"), rule("prefix", "wamplex.session."))
    assert may(guest, "call", STATS)
    assert not may(guest, "call", "wamplex.session.kill")


@pytest.mark.parametrize("action", ["register", "publish"])
def test_nobody_takes_the_routers_place(action: Action) -> None:
    _, guest = scene(ALL, rule("prefix", "wamplex.", *EVERYTHING))
    code = {"register": 64, "publish": 16}[action]
    request = guest.requests(code, {"acknowledge": True} if action == "publish" else {}, STATS)
    guest.receives_error(code, request, "wamp.error.invalid_uri")


def test_a_session_may_be_extended_by_a_rule_for_everything() -> None:
    _, guest = scene(ALL)
    assert asks(guest, "wamplex.session.extend") != "wamp.error.not_authorized"


# --- the history ------------------------------------------------------------------------------------------------

HISTORY = "wamplex.subscription.get_history"


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ((ALL,), False),
        ((ALL, rule("prefix", "wamp.", "call")), True),
        ((rule("exact", "wamp.subscription.get_events", "call"),), True),
        ((ALL, rule("prefix", "wamp.", "call"), rule("exact", "wamp.subscription.get_events")), False),
        ((ALL, rule("exact", HISTORY, "call")), True),
        ((ALL, rule("prefix", "wamplex.", "call")), True),
        ((ALL, rule("prefix", "wamp.", "call"), rule("prefix", "wamplex.")), False),
    ],
)
def test_who_may_ask_for_events_may_ask_what_there_is_of_them(rules: tuple[Rule, ...], expected: bool) -> None:
    _, guest = scene(*rules)
    assert (asks(guest, HISTORY, [4711]) != "wamp.error.not_authorized") is expected


# --- patterns ---------------------------------------------------------------------------------------------------

PATTERNS: list[tuple[MatchPolicy, str]] = [
    ("prefix", "wamplex."),
    ("prefix", "wamplex.node."),
    ("prefix", "wamplex.session.extend"),
    ("wildcard", "wamplex.."),
    ("wildcard", "wamplex..on_stats"),
]


@pytest.mark.parametrize(("match", "uri"), PATTERNS)
def test_a_pattern_of_operators_takes_a_rule_for_them(match: MatchPolicy, uri: str) -> None:
    _, guest = scene(ALL)
    assert not may(guest, "subscribe", uri, match)
    _, operator = scene(ALL, rule("prefix", "wamplex.", "subscribe"))
    assert may(operator, "subscribe", uri, match)


@pytest.mark.parametrize(("match", "uri"), [("prefix", ""), ("prefix", "wam"), ("wildcard", ".."), ("wildcard", "..b")])
def test_a_pattern_that_happens_to_cover_them_is_what_it_was(match: MatchPolicy, uri: str) -> None:
    _, guest = scene(ALL)
    assert may(guest, "subscribe", uri, match)


# --- authorizers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rules", [(), (rule("prefix", "com.", *EVERYTHING),)])
def test_an_authorizer_is_not_even_asked(rules: tuple[Rule, ...]) -> None:
    asked: list[Any] = []

    class Generous:
        def ask(self, *question: Any) -> bool:
            asked.append(question)
            return True

    reach = Reach()
    role = reach.role(Generous(), *rules)  # type: ignore[arg-type]
    realm = Scene(roles=[ANYONE, role], clock=reach.clock)
    guest = realm.join("gus", "guest")
    assert not may(guest, "call", STATS)
    assert not may(guest, "subscribe", ON_STATS)
    for match, uri in PATTERNS:
        assert not may(guest, "subscribe", uri, match)
    assert asked == []
    assert may(guest, "subscribe", "org.other")
    assert len(asked) == 1


# --- reflection -------------------------------------------------------------------------------------------------


def test_who_may_not_use_them_does_not_learn_of_them() -> None:
    _, guest = scene(ALL, rule("prefix", "wamp.", "call", "subscribe"))
    assert not any("wamplex.node" in uri for uri in asks(guest, "wamp.reflection.procedure.list")[0])
    assert not any("wamplex.node" in uri for uri in asks(guest, "wamp.reflection.topic.list")[0])
    assert asks(guest, "wamp.reflection.procedure.describe", [STATS]) == [None]
    assert asks(guest, "wamp.reflection.topic.describe", [ON_STATS]) == [None]
    assert asks(guest, "wamp.reflect.describe", [STATS]) == [None]


def test_who_may_use_them_finds_them_described() -> None:
    _, operator = scene(rule("prefix", "wamp.", "call"), rule("prefix", "wamplex.", "call", "subscribe"))
    assert STATS in asks(operator, "wamp.reflection.procedure.list")[0]
    assert ON_STATS in asks(operator, "wamp.reflection.topic.list")[0]
    (procedure,) = asks(operator, "wamp.reflection.procedure.describe", [STATS])
    assert (procedure["uri"], procedure["description"]) == (STATS, "Tells figures.")
    (topic,) = asks(operator, "wamp.reflection.topic.describe", [ON_STATS])
    assert topic == {"kind": "topic", "uri": ON_STATS, "match": "exact", "description": "Figures."}


def test_a_procedure_of_one_realm_is_no_procedure_of_another() -> None:
    realm, _ = scene()
    everyone = realm.realms.by_name["realm2"]
    assert STATS not in everyone.procedures
    other = Scene(roles=[Role("guest", [rule("prefix", "wamplex.", "call")])]).join("gus", "guest")
    other.receives_error(48, other.calls(STATS), "wamp.error.no_such_procedure")
