"""What a role may do and which rule says so: the answer is what a request would get, and names the line."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realms.authorization import AskingRole, Undecided
from realms.grants import Grant
from realms.patterns import matches
from realms.roles import Role, Rule
from realms.session import Session
from router.config import read
from router.config.lines import Lines
from router.dashboard.roles import ACTIONS, Roles
from tests.peers import Peer as Client
from tests.realms.fakes import Scene, rule
from tests.router.test_rulebook import reload
from tests.routers import RunningRouter
from wamp.errors import INVALID_URI, NO_SUCH_REALM, NO_SUCH_ROLE, NOT_AUTHORIZED, WampError
from wamp.options import MatchPolicy


class Explained:
    """A realm with one role, `guest`, and what is said about it."""

    def __init__(self, *rules: Rule, strict_uris: bool = False, role: Role | None = None) -> None:
        self.role = role or Role("guest", rules)
        self.scene = Scene(roles=[self.role], strict_uris=strict_uris)
        self.realm = self.scene.realms.by_name["realm1"]
        reading = SimpleNamespace(path=Path("config.yaml"), lines=Lines(()))
        config = SimpleNamespace(realms=(), realm_template=None)
        rulebook: Any = SimpleNamespace(realms=self.scene.realms, reading=reading, config=config)
        self.roles = Roles(rulebook)

    def actions(self, uri: str, match: MatchPolicy = "exact") -> dict[str, Any]:
        result = self.roles.explain(None, None, "realm1", "guest", uri, match=match)  # type: ignore[arg-type]
        actions: dict[str, Any] = result.args[0]["actions"]  # type: ignore[index]
        return actions

    def why(self, action: str, uri: str, match: MatchPolicy = "exact") -> tuple[str, str | None, list[str]]:
        """The reason, the URI of the deciding rule, and those of the rules for parts."""
        said = self.actions(uri, match)[action]
        return said["because"], said["rule"] and said["rule"]["uri"], [part["uri"] for part in said["parts"]]


# --- it is the code that decides ------------------------------------------------------------------------------

COMPONENTS = ("com", "a", "b", "wamp", "wamplex", "session", "kill")
MATCHES: tuple[MatchPolicy, ...] = ("exact", "prefix", "wildcard")


@st.composite
def pattern(draw: st.DrawFn) -> tuple[MatchPolicy, str]:
    match = draw(st.sampled_from(MATCHES))
    components = COMPONENTS if match == "exact" else (*COMPONENTS, "")
    uri = ".".join(draw(st.lists(st.sampled_from(components), min_size=1, max_size=3)))
    if match == "prefix":
        uri = uri.replace("..", ".")[: draw(st.integers(0, 12))].lstrip(".")
    return match, uri


grants = st.builds(Grant, st.sampled_from([None, "allow", "refuse", "always"]), st.booleans(), st.booleans())
rules = st.lists(st.tuples(pattern(), st.frozensets(st.sampled_from(ACTIONS)), grants), max_size=5).map(
    lambda found: [Rule(*where, allow, grant) for where, (allow, grant) in {one[0]: one[1:] for one in found}.items()]
)


def is_permitted(session: Session, action: Any, match: MatchPolicy, uri: str) -> bool:
    """What a request would be told."""
    try:
        if action in ("call", "publish"):
            session.realm.permit(session, action, uri)
        else:
            session.realm.permit_pattern(session, action, match, uri)
    except WampError as refused:
        if refused.uri not in (NOT_AUTHORIZED, INVALID_URI):
            raise
        return False
    return True


@settings(max_examples=300, deadline=None)
@given(rules, pattern(), st.booleans())
def test_explain_agrees_with_what_a_request_is_told(
    rules: list[Rule], asked: tuple[MatchPolicy, str], strict: bool
) -> None:
    match, uri = asked
    explained = Explained(*rules, strict_uris=strict)
    session = explained.scene.join("gus", "guest").transport.session
    for action, said in explained.actions(uri, match).items():
        if match == "exact" or action in ("register", "subscribe"):
            assert said["allowed"] == is_permitted(session, action, match, uri)
        accepted = explained.realm.accepts(action, match, uri)  # type: ignore[arg-type]
        granted = explained.role.would_grant(action, match, uri)  # type: ignore[arg-type]
        assert said["allowed"] == (accepted and granted is not None)
        assert (said["terms"] is not None) == said["allowed"]
        if granted is not None and said["allowed"] and "disclose" in said["terms"]:
            assert said["terms"]["disclose"] == granted.disclosure
        assert said["reason"].endswith(".")


@settings(max_examples=300, deadline=None)
@given(rules, pattern().filter(lambda asked: asked[0] == "exact"))
def test_the_rule_that_is_named_matches_and_no_more_specific_one_does(
    rules: list[Rule], asked: tuple[MatchPolicy, str]
) -> None:
    uri = asked[1]
    for said in Explained(*rules).actions(uri).values():
        named = said["rule"]
        if named is None:
            continue
        assert matches(named["match"], named["uri"], uri)
        others = [one for one in rules if matches(one.match, one.uri, uri)]
        order = [MATCHES.index(one.match) for one in others]
        assert MATCHES.index(named["match"]) == min(order)
        if named["match"] == "prefix":
            assert len(named["uri"]) == max(len(one.uri) for one in others if one.match == "prefix")
        if said["because"] == "rule" and said["allowed"]:
            assert said["terms"] is not None


# --- why ------------------------------------------------------------------------------------------------------


def test_the_most_specific_rule_decides_and_is_named() -> None:
    explained = Explained(rule("prefix", "com.", "call", "subscribe"), rule("exact", "com.a", "call"))
    assert explained.why("call", "com.a") == ("rule", "com.a", [])
    assert explained.why("subscribe", "com.a") == ("rule", "com.a", [])
    assert [explained.actions("com.a")[action]["allowed"] for action in ("call", "subscribe")] == [True, False]
    assert explained.why("subscribe", "com.b") == ("rule", "com.", [])


def test_what_no_rule_matches_is_denied_for_that_reason() -> None:
    assert Explained(rule("prefix", "com.", "call")).why("call", "org.a") == ("none", None, [])


def test_a_pattern_of_which_a_more_specific_rule_denies_a_part_names_both_rules() -> None:
    explained = Explained(
        rule("prefix", "com.", "subscribe"), rule("exact", "com.a.secret"), rule("exact", "com.b", "subscribe")
    )
    assert explained.why("subscribe", "com.", "prefix") == ("part", "com.", ["com.a.secret"])
    assert explained.why("subscribe", "com.a.", "prefix") == ("part", "com.", ["com.a.secret"])
    assert explained.why("subscribe", "com.b", "prefix") == ("rule", "com.", ["com.b"])
    assert explained.why("subscribe", "com.x.", "prefix") == ("rule", "com.", [])


def test_a_pattern_that_no_rule_covers_names_those_for_parts_of_it() -> None:
    explained = Explained(rule("prefix", "com.a.", "subscribe"), rule("exact", "com.b"))
    assert explained.why("subscribe", "com.a", "prefix") == ("none", None, ["com.a."])
    assert explained.why("subscribe", "com.", "prefix") == ("part", None, ["com.b"])


def test_a_guarded_procedure_takes_a_rule_that_is_meant_for_it() -> None:
    explained = Explained(rule("prefix", "", "call"))
    assert explained.why("call", "wamp.session.kill") == ("guarded", "", [])
    assert explained.why("call", "wamp.session.count") == ("rule", "", [])
    assert "`wamplex.`" in explained.actions("wamplex.node.get")["call"]["reason"]
    assert Explained().why("call", "wamp.session.kill") == ("guarded", None, [])
    assert Explained(rule("prefix", "wamp.", "call")).why("call", "wamp.session.kill") == ("rule", "wamp.", [])


def test_what_is_the_router_s_or_no_uri_is_for_nobody() -> None:
    explained = Explained(rule("prefix", "", *ACTIONS), rule("prefix", "wamp.", *ACTIONS), strict_uris=True)
    assert explained.why("publish", "wamp.session.on_join") == ("reserved", None, [])
    assert explained.why("subscribe", "wamp.session.on_join") == ("rule", "wamp.", [])
    assert explained.why("call", "com.Upper") == ("invalid", None, [])
    assert explained.why("subscribe", "com..a") == ("invalid", None, [])
    assert explained.why("subscribe", "com..a", "wildcard") == ("rule", "", [])


def test_where_an_authorizer_would_be_asked_that_is_the_reason() -> None:
    asked: list[Any] = []
    authorizer: Any = SimpleNamespace(ask=lambda *question: asked.append(question) or True)
    scene = Scene()
    role = AskingRole("guest", [rule("prefix", "com.", "call"), rule("exact", "org.b")], authorizer, scene.clock)
    explained = Explained(role=role)
    assert explained.why("call", "com.a") == ("rule", "com.", [])
    assert explained.why("publish", "com.a") == ("rule", "com.", [])
    assert explained.why("call", "org.a") == ("authorizer", None, [])
    assert explained.why("call", "wamp.session.kill") == ("guarded", None, [])
    assert explained.why("subscribe", "net.", "prefix") == ("authorizer", None, [])
    assert explained.why("subscribe", "org.", "prefix") == ("part", None, ["org.b"])
    assert asked == []
    with pytest.raises(Undecided):
        role.of("ann").grant("call", "org.a")
    assert role.of("ann").grant("call", "wamp.session.kill") is None


def test_the_terms_are_those_that_make_a_difference_to_the_action() -> None:
    terms = Grant("always", retain=False, history=False)
    explained = Explained(Rule("prefix", "com.", frozenset(ACTIONS), terms), Rule("exact", "com.a", frozenset(ACTIONS)))
    assert {action: said["terms"] for action, said in explained.actions("com.b").items()} == {
        "call": {"disclose": "always", "validate": False},  # this realm has no schemas
        "register": {"disclose": "always"},
        "publish": {"disclose": "always", "retain": False, "validate": False},
        "subscribe": {"history": False},
    }


def test_for_a_pattern_the_strictest_terms_of_its_rules_count() -> None:
    explained = Explained(
        rule("prefix", "com.", "subscribe"),
        Rule("exact", "com.a", frozenset({"subscribe"}), Grant(disclosure=None, history=False)),
    )
    assert explained.actions("com.", "prefix")["subscribe"]["terms"] == {"history": False}


# --- where it stands ------------------------------------------------------------------------------------------

CONFIG = """
realms:
  - name: realm1
    authentication: {anonymous: {role: operator}}
    roles:
      - name: operator
        permissions:
          - {uri: wamplex., match: prefix, allow: [call, subscribe]}
          - {uri: com., match: prefix, allow: [subscribe, call]}
          - uri: com.secret.
            match: prefix
            disclose: refuse
            allow: []
      - name: other
        authorizer: {procedure: com.example.decide}
  - name: realm2
    authentication: {anonymous: {role: anyone}}
    roles: [{name: anyone, permissions: [{uri: "", match: prefix, allow: [call]}]}]
realm_template: {like: realm2, uri: made.}
dashboard: {path: null}
"""


@pytest.fixture
def router(tmp_path: Path) -> Iterator[RunningRouter]:
    running = RunningRouter(tmp_path, CONFIG)
    yield running.start()
    running.close()


def result(client: Client, procedure: str, *args: Any, **kwargs: Any) -> Any:
    client.call(procedure, list(args), kwargs)
    return client.receives(50)[3][0]


def line(router: RunningRouter, text: str) -> int:
    return 1 + next(n for n, line in enumerate(router.config_file.read_text().split("\n")) if text in line)


def test_a_router_explains_with_the_line_and_goes_on_after_a_reload(router: RunningRouter) -> None:
    client = Client(router.port).join()

    def decided(uri: str, **asked: Any) -> Any:
        answer = result(client, "wamplex.role.explain", "realm1", "operator", uri, **asked)
        assert answer["file"] == "config.yaml"
        return answer["actions"]["subscribe"]

    said = decided("com.secret.a")
    assert (said["allowed"], said["because"]) == (False, "rule")
    assert said["rule"] == {
        "uri": "com.secret.", "match": "prefix", "allow": [], "line": line(router, "- uri: com.secret."),
    }  # fmt: skip
    said = decided("com.", match="prefix")
    assert (said["because"], said["rule"]["line"]) == ("part", line(router, "uri: com., "))
    assert [part["line"] for part in said["parts"]] == [line(router, "- uri: com.secret.")]
    reload(router, "            allow: []", "            allow: [subscribe]")
    assert decided("com.secret.a")["allowed"]
    client.close()


def test_roles_are_listed_with_their_rules_and_lines(router: RunningRouter) -> None:
    client = Client(router.port).join()
    answer = result(client, "wamplex.role.list", "realm1")
    operator, other = answer["roles"]
    assert (answer["total"], operator["name"], operator["sessions"]) == (2, "operator", 1)
    assert operator["line"] == line(router, "- name: operator")
    assert [one["uri"] for one in operator["rules"]] == ["wamplex.", "com.", "com.secret."]
    assert operator["rules"][1] == {
        "uri": "com.", "match": "prefix", "allow": ["call", "subscribe"], "line": line(router, "uri: com., "),
        "disclose": None, "retain": True, "history": True, "validate": True,
    }  # fmt: skip
    assert (other["authorizer"], other["rules"]) == ("com.example.decide", [])
    (found,) = result(client, "wamplex.role.list", "realm1", text="OTH")["roles"]
    assert found["name"] == "other"
    client.close()


def test_a_realm_that_was_made_for_its_clients_has_the_lines_of_the_one_it_is_like(router: RunningRouter) -> None:
    client, guest = Client(router.port).join(), Client(router.port).join("made.today")
    said = result(client, "wamplex.role.explain", "made.today", "anyone", "com.a")["actions"]["call"]
    assert said["rule"]["line"] == line(router, 'uri: "", match: prefix')
    client.close()
    guest.close()


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (["nowhere", "operator", "com.a"], NO_SUCH_REALM),
        (["realm1", "nobody", "com.a"], NO_SUCH_ROLE),
        (["realm1", "operator"], "wamp.error.invalid_argument"),
        (["realm1", "operator", "a" * 2000], "wamp.error.invalid_argument"),
    ],
)
def test_what_does_not_exist_is_refused_in_words(asked: list[str], error: str) -> None:
    _, explain = Explained().roles.procedures
    with pytest.raises(WampError) as refused:
        explain(None, None, asked, {})  # type: ignore[arg-type]
    assert refused.value.uri == error


def test_lines_are_kept_for_every_rule_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG)
    reading = read(path)
    rules = [one for realm in reading.config.realms for role in realm.roles for one in role.permissions]
    text = CONFIG.split("\n")
    assert all(rule.uri in text[(reading.lines.of(rule) or 0) - 1] for rule in rules)
