"""Folders of schemas: what they say, what is wrong with them, and what a router does with them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from realms.schemas import Description, Kind
from router.config import load
from router.config.mistakes import InvalidConfig
from router.schemas import Folder, check_of, compiled
from tests.peers import Peer
from tests.routers import RunningRouter

EXAMPLES = Path(__file__).parents[2] / "docs" / "schemas"


@pytest.fixture
def reads(tmp_path: Path) -> Callable[..., Folder]:
    """Reads a folder with these files."""

    def read(**files: str) -> Folder:
        for name, text in files.items():
            (tmp_path / name.replace("_", ".")).write_text(text)
        return Folder(tmp_path)

    return read


def described(folder: Folder, kind: Kind, uri: str) -> Description:
    description = folder.schemas.of(kind, uri)
    assert description is not None
    return description


def test_the_examples_of_the_handbook_are_right() -> None:
    folder = Folder(EXAMPLES)
    assert folder.mistakes == []
    divide = described(folder, "procedure", "com.example.calculator.divide")
    assert divide.interface == "com.example.calculator"
    check = divide.given.args
    assert check is not None
    assert check([1, 2.5]) is None
    assert check([1]) == "do not fit: the value has less than 2 items"
    assert "[1]" in str(check([1, "two"]))
    assert "two" not in str(check([1, "two"]))
    joined = described(folder, "topic", "com.example.people.kitchen.joined")
    assert joined.types == {"com.example.person"}
    check = joined.given.kwargs
    assert check is not None
    assert check({"person": {"name": "Ann", "friends": [{"name": "Bob"}]}}) is None
    assert ".person.friends[0]" in str(check({"person": {"name": "Ann", "friends": [{"nom": "Bob"}]}}))


def test_the_handbook_shows_the_example_as_it_is() -> None:
    text = (EXAMPLES.parent / "schemas.md").read_text()
    example = (EXAMPLES / "divide.yaml").read_text().replace("kwargs:\n  type: object\n  maxProperties: 0\n", "")
    assert "".join(f"    {line}\n" for line in example.splitlines()) in text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("args: {}", "exactly one of"),
        ("procedure: com.a\ntopic: com.a", "exactly one of"),
        ("procedure: com..a", "no exact URI"),
        ("procedure: wamp.session.count", "no exact URI"),
        ("procedure: com.a\ncolor: red", "unknown field `color`"),
        ("procedure: 1", "Expected `str"),
        ("procedure: com.a\nmatch: fuzzy", "Invalid enum value"),
        ("error: com.a\nmatch: prefix", "no `match`"),
        ("procedure: com.a\nschema: {}", "belongs to a `type`"),
        ("type: com.a", "belongs to a `type`"),
        ("topic: com.a\nresult: {args: {}}", "belong to a `procedure`"),
        ("topic: com.a\nerrors: [com.e]", "belong to a `procedure`"),
        ("procedure: com.a\nerrors: ['no uri']", "no URI"),
        ("procedure: com.a\nargs: {type: arry}", "args: "),
        ("procedure: com.a\nargs: {pattern: '(a'}", "args: "),
        ("procedure: com.a\nresult: {kwargs: {$ref: 'type:com.nothing'}}", "result.kwargs: "),
        ("procedure: com.a\nargs: {$ref: 'http://127.0.0.1/x'}", "args: "),
        ("procedure: com.a\nargs: {$ref: 'file:///etc/passwd'}", "args: "),
        ("procedure: com.a\nargs: {const: 2020-01-01}", "args: "),
        ("type: com.a\nschema: {type: 5}", "schema: "),
        ("type: com.a\nschema: {$ref: 'type:com.b'}", "schema: "),
        ("procedure: [", "while parsing"),
        ("", "Expected `object`"),
    ],
)
def test_a_mistake_is_named_with_its_file(reads: Callable[..., Folder], text: str, reason: str) -> None:
    (mistake,) = reads(a_yaml=text).mistakes
    assert mistake.startswith("a.yaml: ")
    assert reason in mistake


def test_a_second_description_is_a_mistake(reads: Callable[..., Folder]) -> None:
    text = json.dumps({"procedure": "com.a"})
    assert reads(a_json=text, b_yaml="procedure: com.a").mistakes == [
        "b.yaml: procedure `com.a` is described in a.json already"
    ]


def test_values_that_json_has_not_are_checked_as_json_would_carry_them() -> None:
    check = check_of(compiled({"type": "array", "items": {"type": "string", "maxLength": 30}}, None))
    assert check([b"octets", datetime(2026, 1, 1, tzinfo=UTC)]) is None
    assert check([b"octets" * 10]) is not None
    assert check([1, b"octets"]) is not None
    assert check([{1: 2}]) is not None
    assert check([2**70]) is not None


def test_a_pattern_takes_linear_time() -> None:
    check = check_of(compiled({"items": {"pattern": "^(a+)+$"}}, None))
    assert check(["a" * 10_000 + "!"]) is not None


CONFIG = """
realms:
  - name: realm1
    schemas: {{directory: {directory}, validate: true}}
    authentication:
      anonymous: {{role: anonymous}}
    roles:
      - name: anonymous
        permissions:
          - {{uri: "", match: prefix, allow: [call, register, publish, subscribe]}}
"""


def test_mistakes_in_schemas_are_mistakes_in_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "a.yaml").write_text("procedure: com.a\nargs: {type: arry}")
    (tmp_path / "config.yaml").write_text(CONFIG.format(directory="schemas"))
    with pytest.raises(InvalidConfig, match=r"config.yaml:4:\d+: .*schemas: a.yaml: args: "):
        load(tmp_path / "config.yaml")
    (tmp_path / "config.yaml").write_text(CONFIG.format(directory="nowhere"))
    with pytest.raises(InvalidConfig, match="no such file"):
        load(tmp_path / "config.yaml")


@pytest.mark.parametrize("serializer", ["json", "msgpack", "cbor"])
def test_a_router_refuses_what_does_not_fit(
    router_with: Callable[[str], RunningRouter], peers: Callable[..., Peer], serializer: str
) -> None:
    """H3, H5"""
    router = router_with(CONFIG.format(directory=EXAMPLES))
    callee, caller = peers(router.port).join(), peers(router.port, "rawsocket", serializer).join()
    divide = "com.example.calculator.divide"
    callee.register(divide)
    refusal = caller.receives(8, 48, caller.call(divide, [1, "0"]), {}, "wamp.error.invalid_argument")
    assert refusal[5][0].startswith("the call's args do not fit the schema: [1]: ")
    request = caller.call(divide, [1, 4])
    callee.receives(68, 1)
    callee.send(70, 1, {}, [0.25])
    caller.receives(50, request, {}, [0.25])
    request = caller.call("wamp.interface.list")
    assert caller.receives(50, request)[3] == [["com.example.calculator", "com.example.people"]]
