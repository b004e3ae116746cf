"""Topics and procedures as a tree by URI component: the same for subscriptions and registrations."""

from typing import Any

import pytest

from router.dashboard import slices
from router.dashboard.registrations import Registrations
from router.dashboard.subscriptions import Subscriptions
from tests.realms.fakes import ANY, Peer
from tests.router.dashboard.asking import asks, watched

KINDS = {"subscription": (Subscriptions, Peer.subscribes), "registration": (Registrations, Peer.registers)}


class Forest:
    """An operator who looks at one of the trees, and a visitor who makes what is in it."""

    def __init__(self, kind: str) -> None:
        part, self._make = KINDS[kind]
        self.kind = kind
        self.scene = watched(part)
        self.operator = self.scene.join("root", "operator")
        self.ann = self.scene.join("ann", "visitor")

    def has(self, *uris: str, match: str = "exact") -> None:
        for uri in uris:
            self._make(self.ann, uri, match=match)

    def at(self, path: str = "", **kwargs: Any) -> dict[str, Any]:
        """`{component: (path, how many are below, the policies of what is there)}`."""
        told = asks(self.operator, f"wamplex.{self.kind}.tree", "realm1", path=path, **kwargs)
        assert told["path"] == path
        return {
            child["component"]: (child["path"], child["below"], [entry["match"] for entry in child["entries"]])
            for child in told["children"]
        }

    def uris(self, **kwargs: Any) -> list[str]:
        told = asks(self.operator, f"wamplex.{self.kind}.list", "realm1", **kwargs)
        return [entry["uri"] for entry in told[f"{self.kind}s"]]


@pytest.fixture(params=list(KINDS))
def forest(request: pytest.FixtureRequest) -> Forest:
    return Forest(request.param)


def test_a_tree_shows_one_component_at_a_time(forest: Forest) -> None:
    forest.has("com.app.add", "com.app.sub", "com.app", "org.x")
    assert forest.at() == {"com": ("com.", 3, []), "org": ("org.", 1, [])}
    assert forest.at("com.") == {"app": ("com.app.", 2, ["exact"])}
    assert forest.at("com.app.") == {"add": ("com.app.add.", 0, ["exact"]), "sub": ("com.app.sub.", 0, ["exact"])}
    assert forest.at("com.app.add.") == {}
    assert forest.at("net.") == {}


def test_patterns_stand_beside_what_they_match(forest: Forest) -> None:
    forest.has("com.app")
    forest.has("com.app", "com.app.", match="prefix")
    forest.has("com..log", "..", match="wildcard")
    forest.has("", match="prefix")
    assert forest.at() == {"": (".", 1, ["prefix"]), "com": ("com.", 4, [])}
    assert forest.at(".") == {"": ("..", 1, [])}
    assert forest.at("..") == {"": ("...", 0, ["wildcard"])}
    assert forest.at("com.") == {"": ("com..", 1, []), "app": ("com.app.", 1, ["exact", "prefix"])}
    assert forest.at("com.app.") == {"": ("com.app..", 0, ["prefix"])}
    assert forest.at("com..") == {"log": ("com..log.", 0, ["wildcard"])}


def test_a_path_is_made_of_whole_components(forest: Forest) -> None:
    forest.has("com.app.x", "com.apple.x")
    assert forest.at("com.app.") == {"x": ("com.app.x.", 0, ["exact"])}


def test_a_broad_level_comes_in_parts(forest: Forest) -> None:
    forest.has(*(f"com.user.u{number:03}" for number in range(130)))
    told = asks(forest.operator, f"wamplex.{forest.kind}.tree", "realm1", path="com.user.")
    assert (told["total"], len(told["children"])) == (130, 50)
    assert list(forest.at("com.user.", offset=128, limit=10)) == ["u128", "u129"]
    assert list(forest.at("com.user.", limit=2)) == ["u000", "u001"]


def test_uris_are_found_by_text_and_sorted(forest: Forest) -> None:
    forest.has("com.B", "com.a", "org.ab")
    assert forest.uris() == ["com.B", "com.a", "org.ab"]
    assert forest.uris(text="B") == ["com.B", "org.ab"]
    assert forest.uris(sort="uri", descending=True, limit=1) == ["org.ab"]
    assert forest.uris(text="COM", offset=1) == ["com.a"]
    assert forest.uris(sort="created") == ["com.B", "com.a", "org.ab"]
    assert forest.uris(text="<b>") == []


def test_those_of_one_session_can_be_listed(forest: Forest) -> None:
    forest.has("com.a", "com.b")
    assert forest.uris(session=forest.ann.id, text="a") == ["com.a"]
    assert forest.uris(session=forest.operator.id) == []
    told = asks(forest.operator, f"wamplex.{forest.kind}.list", "realm1", session=1)
    assert told == "wamp.error.no_such_session"


def test_uris_that_look_like_markup_stay_what_they_are(forest: Forest) -> None:
    forest.has("com.<img/src=x>")
    assert list(forest.at("com.")) == ["<img/src=x>"]


def test_it_is_known_when_and_by_whom_something_was_made(forest: Forest) -> None:
    forest.has("com.a")
    forest.ann.vanishes()
    assert forest.uris() == []
    bob = forest.scene.join("bob", "visitor")
    KINDS[forest.kind][1](bob, "com.a")
    (child,) = asks(forest.operator, f"wamplex.{forest.kind}.tree", "realm1", path="com.")["children"]
    (entry,) = child["entries"]
    assert entry["created"] == "2026-09-21T14:13:20.000Z"
    assert entry["creator"] == {"session": bob.id, "authid": "bob"}


def test_a_large_tree_holds_nobody_up(forest: Forest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "AT_ONCE", 2)
    forest.has("com.a", "com.b", "com.c")
    request = forest.operator.calls(f"wamplex.{forest.kind}.tree", ["realm1"])
    forest.operator.receives_nothing()
    forest.scene.clock.advance(0)
    told = forest.operator.receives(50, request, {}, ANY)[3][0]
    assert [child["below"] for child in told["children"]] == [3]


@pytest.mark.parametrize(
    ("procedure", "args", "kwargs"),
    [
        ("tree", [], {}),
        ("tree", ["realm1", "com."], {}),
        ("tree", ["realm1"], {"path": 1}),
        ("tree", ["realm1"], {"path": "x" * 1026}),
        ("tree", ["realm1"], {"limit": 501}),
        ("tree", ["realm1"], {"offset": -1}),
        ("list", ["realm1"], {"sort": "octets"}),
        ("list", ["realm1"], {"session": "1"}),
        ("list", ["realm1"], {"text": ["x"]}),
        ("get", ["realm1"], {}),
        ("get", ["realm1", "1"], {}),
        ("get", ["realm1", 1], {"limit": None, "offset": 1.5}),
    ],
)
def test_odd_arguments_are_refused(forest: Forest, procedure: str, args: list[Any], kwargs: dict[str, Any]) -> None:
    uri = f"wamplex.{forest.kind}.{procedure}"
    assert asks(forest.operator, uri, *args, **kwargs) == "wamp.error.invalid_argument"


def test_what_does_not_exist_is_named(forest: Forest) -> None:
    for procedure, *more in (("tree",), ("list",), ("get", 1)):
        uri = f"wamplex.{forest.kind}.{procedure}"
        assert asks(forest.operator, uri, "nowhere", *more) == "wamp.error.no_such_realm"
    for id in (1, 0, -1, 2**60):
        told = asks(forest.operator, f"wamplex.{forest.kind}.get", "realm1", id)
        assert told == f"wamp.error.no_such_{forest.kind}"


def test_a_rule_for_everything_does_not_let_visitors_look(forest: Forest) -> None:
    for procedure in ("tree", "list", "get"):
        assert asks(forest.ann, f"wamplex.{forest.kind}.{procedure}", "realm1", 1) == "wamp.error.not_authorized"
