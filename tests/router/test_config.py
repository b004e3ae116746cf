"""config.yaml as it is shipped, the model, and the schema that editors read."""

import json
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from router.config import InvalidConfig, load, warnings
from router.config.dashboard import Dashboard
from router.config.listeners import Listener
from router.config.model import Config, Limits, Logging, Section
from router.config.scalars import Secret, format_size, parse_size
from router.config.schema import json_schema
from router.config.web import Web
from tests.certificates import Authority, write_certificate

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "config.yaml"

MINIMAL = """
realms:
  - name: realm1
    authentication:
      anonymous: {role: anonymous}
    roles:
      - name: anonymous
"""


def load_text(folder: Path, text: str, environment: dict[str, str] | None = None) -> Config:
    path = folder / "config.yaml"
    path.write_text(text, "utf-8")
    return load(path, environment or {})


def sections() -> Iterator[type[Section]]:
    return iter(Section.__subclasses__())


# --- the shipped file -----------------------------------------------------------------------------------------


def test_the_shipped_file_lets_anonymous_do_everything_in_realm1_on_loopback() -> None:
    config = load(SHIPPED)
    (realm,) = config.realms
    (role,) = realm.roles
    rule, meta, dashboard = role.permissions
    assert (realm.name, role.name) == ("realm1", "anonymous")
    assert (rule.uri, rule.match, rule.allow) == ("", "prefix", {"call", "register", "publish", "subscribe"})
    assert (meta.uri, meta.match, meta.allow) == ("wamp.", "prefix", {"call", "subscribe"})
    assert (dashboard.uri, dashboard.match, dashboard.allow) == ("wamplex.", "prefix", {"call", "subscribe"})
    assert config.dashboard == Dashboard(path="/dashboard", realm="realm1")
    (listener,) = config.listeners
    assert (listener.host, listener.port) == ("127.0.0.1", 8080)
    assert list(warnings(config)) == []


def test_the_shipped_file_shows_the_defaults() -> None:
    config = load(SHIPPED)
    assert config.listeners == (Listener(),)
    assert config.limits == Limits(ping_interval=5, ping_timeout=3)  # for the demos, and the file says so
    assert config.logging == Logging()
    assert config.web == Web()
    realm = config.realms[0]
    assert (realm.uris, realm.request_ids, realm.announced_roles) == ("loose", "strict", "lenient")
    assert (config.realm_template, config.agent) == (None, True)


def test_the_shipped_file_keeps_what_is_said_in_the_chat_beside_itself() -> None:
    history = load(SHIPPED).realms[0].history
    assert history is not None
    assert history.file == ROOT / "history.sqlite"
    assert [(topic.uri, topic.match) for topic in history.topics] == [("com.example.chat.room.", "prefix")]


def test_the_shipped_file_finds_a_vanished_client_within_seconds() -> None:
    limits = load(SHIPPED).limits
    assert 0 < limits.ping_interval + limits.ping_timeout <= 8


def test_the_shipped_file_names_every_key_of_the_model() -> None:
    text = SHIPPED.read_text("utf-8")
    named = set(re.findall(r"[\s{,-]([a-z_]+):", text))
    keys = {field.encode_name for section in sections() for field in msgspec.structs.fields(section)}
    assert keys - named == set()


def test_the_shipped_file_explains_every_key_where_it_stands() -> None:
    """On its line, or a few lines above; some are explained together where their section begins."""
    lines = SHIPPED.read_text("utf-8").split("\n")
    plain = {"realms", "roles", "permissions", "uri", "match", "allow", "role", "host", "name", "authentication"}
    for number, line in enumerate(lines):
        found = re.match(r" *(?:- )?([a-z_]+):", line)
        if found is None or found.group(1) in plain:
            continue
        above = [one for one in lines[max(0, number - 9) : number] if one.strip().startswith("#")]
        assert "#" in line or above, f"line {number + 1}: {line}"


def uncommented(text: str, key: str) -> str:
    """The file with its example `# key:`, in the place of what stands there without it."""
    lines = text.split("\n")
    first = next(number for number, line in enumerate(lines) if re.match(rf" *# {key}:( |$)", line))
    indent = lines[first].partition("#")[0]
    last = first
    while lines[last + 1].startswith(f"{indent}# "):
        last += 1
    example = [line.replace("# ", "", 1) for line in lines[first : last + 1]]
    rest = "\n".join(lines[:first] + example + lines[last + 1 :])
    return re.sub(rf"^{indent}{key}: *(false|\[\]).*\n", "", rest, count=1, flags=re.M)


EXAMPLES = [
    "schemas", "trust", "scram", "cryptosign", "jwt", "dynamic", "principals", "authorizer",
    "realm_template", "tls", "audit", "login", "mounts", "bridges",
]  # fmt: skip


@pytest.mark.parametrize("key", EXAMPLES)
def test_what_is_commented_out_in_the_shipped_file_is_right(tmp_path: Path, key: str) -> None:
    for name, content in {
        "secrets/sensor-1": "s1\n", "secrets/ann.totp": "JBSWY3DPEHPK3PXP\n", "secrets/router.key": "11" * 32 + "\n",
        "schemas/a.yaml": "procedure: com.a\n", "assets/a.css": "",
        "operator_shop.py": "def app(environ, start_response): ...\n",
    }.items():  # fmt: skip
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    (tmp_path / "tls").mkdir()
    write_certificate(tmp_path / "tls")
    Authority(tmp_path / "tls", "clients")
    text = uncommented(SHIPPED.read_text("utf-8"), key).replace("role: backend", "role: anonymous")
    if key == "login":  # which needs somebody who can log in
        text = uncommented(text, "principals").replace("ticket: false", "ticket: true")
        text = text.replace("role: backend", "role: anonymous")
    secrets = {"TOKEN_SECRET": "t" * 32, "ANN_SECRET": "a1"}
    secrets |= dict.fromkeys(("BRIDGE_KEY", "GITHUB_SECRET", "FORWARD_SECRET"), "s" * 32)
    config = load_text(tmp_path, text, secrets)
    assert config != load_text(tmp_path, SHIPPED.read_text("utf-8"))


def test_the_roles_of_a_locked_realm_in_the_shipped_file_are_right(tmp_path: Path) -> None:
    text = SHIPPED.read_text("utf-8")
    before, _, development = text.partition("      - name: anonymous\n")
    _, _, rest = development.partition("      # - name: backend\n")
    locked, end, rest = rest.partition("\n# The realm of clients")
    text = before + "      - name: backend\n" + re.sub(r"^      # ?", "      ", locked, flags=re.M) + end + rest
    (realm,) = load_text(tmp_path, text).realms
    assert [role.name for role in realm.roles] == ["backend", "anonymous"]
    assert realm.roles[1].permissions[0].allow == {"call", "publish", "subscribe"}


# --- what may be written how ----------------------------------------------------------------------------------


def test_a_realm_with_a_role_is_enough(tmp_path: Path) -> None:
    config = load_text(tmp_path, MINIMAL)
    assert config.realms[0].roles[0].permissions == ()
    assert config == Config(realms=config.realms)


def test_a_section_whose_keys_are_all_commented_out_has_its_defaults(tmp_path: Path) -> None:
    config = load_text(tmp_path, MINIMAL + "limits:\n  # ping_interval: 3\nweb:\nlisteners:\n  - websocket:\n")
    assert (config.limits, config.web, config.listeners) == (Limits(), Web(), (Listener(),))


def test_false_switches_a_section_off_and_true_takes_its_defaults(tmp_path: Path) -> None:
    listeners = "listeners:\n  - {websocket: off, tls: no}\n  - {port: 1, websocket: on}\n"
    config = load_text(tmp_path, MINIMAL + "web: false\n" + listeners)
    assert config.web is None
    assert (config.listeners[0].websocket, config.listeners[0].tls) == (None, None)
    assert config.listeners[1].websocket == Listener().websocket


def test_yaml_aliases_repeat_values(tmp_path: Path) -> None:
    config = load_text(
        tmp_path,
        MINIMAL.replace("name: anonymous", "name: anonymous\n        permissions: &all [{uri: a, allow: [call]}]")
        + "      - name: backend\n        permissions: *all\n",
    )
    first, second = config.realms[0].roles
    assert first.permissions == second.permissions != ()


def test_relative_paths_start_from_the_folder_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "etc" / "site").mkdir(parents=True)
    (tmp_path / "etc" / "config.yaml").write_text(MINIMAL + "web: {directory: site}\n")
    monkeypatch.chdir(tmp_path)
    config = load(Path("etc/config.yaml"))
    assert config.web is not None
    assert config.web.directory == tmp_path / "etc" / "site"


@pytest.mark.parametrize(
    ("text", "octets"),
    [("1 MiB", 2**20), ("64KiB", 2**16), ("1.5 MB", 1_500_000), ("4 kB", 4000), ("700 B", 700), ("1 GiB", 2**30)],
)
def test_a_size_has_a_unit_or_is_a_plain_number(tmp_path: Path, text: str, octets: int) -> None:
    assert parse_size(text) == octets
    for written in (text, str(octets)):
        config = load_text(tmp_path, MINIMAL + f"limits: {{max_message_size: {written}, outbox_size: 4 GiB}}\n")
        assert config.limits.max_message_size == octets


@pytest.mark.parametrize("text", ["", "MiB", "1 mib", "-1 B", "1 MiB ", "1e3 B", "1,5 MB", "1 TiB", "9" * 400 + " GiB"])
def test_a_size_is_nothing_else(text: str) -> None:
    assert parse_size(text) is None


@pytest.mark.parametrize(("octets", "text"), [(2**20, "1 MiB"), (2**30, "1 GiB"), (1536, "1536"), (0, "0")])
def test_a_size_is_told_with_the_largest_exact_unit(octets: int, text: str) -> None:
    assert format_size(octets) == text


# --- secrets --------------------------------------------------------------------------------------------------


def test_a_secret_shows_nowhere(tmp_path: Path) -> None:
    secret = Secret("hunter2")
    assert secret.reveal() == "hunter2"
    for text in (repr(secret), str(secret), f"{secret}", "%s" % secret, repr([secret])):  # noqa: UP031
        assert "hunter2" not in text
    with pytest.raises(TypeError, match="a secret is not pickled"):
        pickle.dumps(secret)
    text = MINIMAL.replace(
        "anonymous: {role: anonymous}",
        "ticket: true\n    principals: [{authid: joe, role: anonymous, ticket: {env: JOE}}]",
    )
    config = load_text(tmp_path, text, {"JOE": "hunter2"})
    assert "hunter2" not in repr(config)
    with pytest.raises(TypeError):
        msgspec.json.encode(config)


# --- dangerous and legal --------------------------------------------------------------------------------------


def test_strangers_that_may_do_everything_are_warned_of_beyond_loopback(tmp_path: Path) -> None:
    text = SHIPPED.read_text("utf-8").replace("host: 127.0.0.1", "host: 0.0.0.0")
    with pytest.raises(InvalidConfig, match="anonymous clients could use the dashboard"):
        load_text(tmp_path, text)
    text = re.sub(r"^dashboard:\n(  .*\n)+", "", text, flags=re.M)
    assert list(warnings(load_text(tmp_path, text))) == [
        "whoever reaches 0.0.0.0 may do everything in realm1, without authentication"
    ]


def test_tickets_without_tls_are_warned_of_beyond_loopback(tmp_path: Path) -> None:
    text = MINIMAL.replace(
        "anonymous: {role: anonymous}",
        "ticket: true\n    principals: [{authid: joe, role: anonymous, ticket: {env: JOE}}]",
    )
    joe = {"JOE": "x"}
    assert list(warnings(load_text(tmp_path, text + "listeners: [{host: '::1'}, {host: '::'}]\n", joe))) == [
        "tickets for realm1 can be read on their way to ::, where tls is off"
    ]
    assert list(warnings(load_text(tmp_path, text + "listeners: [{host: '::1'}, {host: localhost}]\n", joe))) == []


# --- the schema -----------------------------------------------------------------------------------------------


def fits(value: Any, schema: dict[str, Any], definitions: dict[str, Any]) -> bool:
    """JSON Schema, as much of it as the schema of config.yaml uses."""
    if "$ref" in schema:
        return fits(value, definitions[schema["$ref"].removeprefix("#/$defs/")], definitions)
    if "anyOf" in schema:
        return any(fits(value, one, definitions) for one in schema["anyOf"])
    if "const" in schema:
        return value is schema["const"]
    if "enum" in schema:
        return value in schema["enum"]
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    names = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}
    name = "null" if value is None else names[type(value)]
    if name not in types and not (name == "integer" and "number" in types):
        return False
    if isinstance(value, dict):
        inner = schema["properties"]
        return set(schema.get("required", ())) <= set(value) <= set(inner) and all(
            fits(one, inner[key], definitions) for key, one in value.items()
        )
    if isinstance(value, list):
        return len(value) >= schema.get("minItems", 0) and all(fits(one, schema["items"], definitions) for one in value)
    if isinstance(value, str):
        return len(value) >= schema.get("minLength", 0) and re.search(schema.get("pattern", ""), value) is not None
    if name in ("boolean", "null"):
        return True
    bounded = schema.get("minimum", value) <= value <= schema.get("maximum", value)
    return bool(bounded and value != schema.get("exclusiveMinimum"))


def test_the_schema_in_docs_is_the_current_one() -> None:
    assert (ROOT / "docs" / "config.schema.json").read_text("utf-8") == json_schema()
    first = SHIPPED.read_text("utf-8").partition("\n")[0]
    assert first == "# yaml-language-server: $schema=docs/config.schema.json"


def test_the_schema_describes_every_section_and_key() -> None:
    definitions = json.loads(json_schema())["$defs"]
    assert set(definitions) == {section.__name__ for section in sections()}
    for definition in definitions.values():
        assert definition["description"].endswith(".")
        assert definition["additionalProperties"] is False
        for key, value in definition["properties"].items():
            assert value["description"].endswith("."), key


@pytest.mark.parametrize(
    ("more", "right"),
    [
        ("", True),
        ("web: false", True),
        ("web: {directory: null}", True),
        ("limits:", True),
        ("limits: {max_message_size: 1 MiB, ping_interval: 0}", True),
        ("limits: {max_message_size: 1 MB2}", False),
        ("limits: {hello_timeout: 0}", False),
        ("limits: false", False),
        ("webb: false", False),
        ("logging: {level: loud}", False),
        ("listeners: []", False),
        ("listeners: [{tls: true}]", False),
        ("listeners: [{tls: false, websocket: true}]", True),
        ("listeners: [{port: 65536}]", False),
    ],
)
def test_the_schema_takes_what_is_right_and_refuses_what_is_wrong(more: str, right: bool) -> None:
    schema = json.loads(json_schema())
    assert fits(yaml.safe_load(MINIMAL + more), schema, schema["$defs"]) is right


def test_the_schema_takes_the_shipped_file() -> None:
    schema = json.loads(json_schema())
    assert fits(yaml.safe_load(SHIPPED.read_text("utf-8")), schema, schema["$defs"])
