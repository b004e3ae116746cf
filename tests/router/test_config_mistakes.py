"""What is wrong with a config.yaml is told with line, column, and what would be right: the exact reports."""

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.config import InvalidConfig, load
from router.config.decoding import MAX_VALUES
from router.config.model import Config
from router.config.realms import Realm
from tests.certificates import new_key, pem_of, write_certificate

REALM = """\
realms:
  - name: realm1
    authentication:
      anonymous: {role: anonymous}
    roles:
      - name: anonymous
        permissions:
          - {uri: com.example.add, allow: [call]}
"""
"""Right, and 8 lines long: what a test adds starts in line 9."""

CONFIG_KEYS = ", ".join(Config.__struct_fields__)
REALM_KEYS = ", ".join(Realm.__struct_fields__)


def report(folder: Path, text: str | bytes, environment: dict[str, str] | None = None) -> str:
    """The report, with the folder of the file left out; empty when nothing is wrong."""
    path = folder / "config.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
    try:
        load(path, environment or {})
    except InvalidConfig as invalid:
        return str(invalid).replace(f"{folder}/", "")
    return ""


def in_realm(old: str, new: str) -> str:
    assert old in REALM
    return REALM.replace(old, new)


KEYS = [
    ("realm: []", "1:1: `realms` is missing\nconfig.yaml:1:1: unknown key `realm`; did you mean `realms`?"),
    (REALM + "listener: []", "9:1: unknown key `listener`; did you mean `listeners`?"),
    (REALM + "Limits: {}", "9:1: unknown key `Limits`; did you mean `limits`?"),
    (REALM + "port: 80", "9:1: unknown key `port`; known here: " + CONFIG_KEYS),
    (REALM + "limits: {ping_intervall: 3}", "9:10: unknown key `ping_intervall`; did you mean `ping_interval`?"),
    (REALM + "web: {}\nlimits: {}\nweb: {}", "11:1: `web` is there twice; the first is in line 9"),
    (REALM + "web: {path: /, path: /a}", "9:16: `path` is there twice; the first is in line 9"),
    (REALM + "weeb: 1\nweeb: 2", "9:1: unknown key `weeb`; did you mean `web`?\n"
     "config.yaml:10:1: `weeb` is there twice; the first is in line 9"),
    (REALM + "[a]: 1", "9:1: a key must be a word, found a list"),
    (REALM + "<<: {web: false}",
     "9:1: merge keys (`<<`) are not supported; repeat the keys, or whole values by an alias"),
    (REALM + '"a\\nb": 1', "9:1: unknown key `a\\nb`; known here: " + CONFIG_KEYS),
    (REALM + "listeners: [{tls: {}}]", "9:19: `certificate` is missing\nconfig.yaml:9:19: `key` is missing"),
    (REALM + "listeners: [{tls: true}]", "9:19: `certificate` is missing\nconfig.yaml:9:19: `key` is missing"),
]  # fmt: skip

TYPES = [
    ("- a", "1:1: expected the keys " + CONFIG_KEYS + ", found a list"),
    ("42", "1:1: expected the keys " + CONFIG_KEYS + ", found a number"),
    ("realms: realm1", "1:9: expected a list, each entry after a `- `, found a text"),
    ("realms: {name: realm1}", "1:9: expected a list, each entry after a `- `, found keys"),
    ("realms:", "1:8: at least one entry is needed here"),
    ("realms: []", "1:9: at least one entry is needed here"),
    ("realms: [realm1]",
     "1:10: expected the keys " + REALM_KEYS + ", found a text"),
    (in_realm("name: realm1", "name: 1.0"),
     "2:11: expected a text on one line, found the number `1.0`; put it in quotes"),
    (in_realm("name: realm1", "name: no"),
     "2:11: expected a text on one line, found the truth value `no`; put it in quotes"),
    (in_realm("name: realm1", "name: 2026-11-22"),
     "2:11: expected a text on one line, found the date `2026-11-22`; put it in quotes"),
    (in_realm("name: realm1", "name:"), "2:10: expected a text on one line, found nothing"),
    (in_realm("name: realm1", "name: ''"), "2:11: expected a text on one line, found an empty one"),
    (in_realm("name: realm1", 'name: "a\\nb"'), "2:11: expected a text on one line, found `a\\nb`"),
    (in_realm("name: realm1", "name: [a]"), "2:11: expected a text on one line, found a list"),
    (in_realm("name: realm1", "name: {a: b}"), "2:11: expected a text on one line, found keys"),
    (in_realm("name: realm1", "name: !secret a"),
     "2:11: tags (`!...`) have no meaning here; a text that starts with `!` needs quotes"),
    (in_realm("name: realm1", "name: !!python/name:os.system a"),
     "2:11: tags (`!...`) have no meaning here; a text that starts with `!` needs quotes"),
    (in_realm("allow: [call]", "allow: call"),
     "8:43: expected a list, such as `[call, publish, register, subscribe]`, found a text"),
    (in_realm("allow: [call]", "allow: [call, 7]"),
     "8:50: expected call, publish, register or subscribe, found the number `7`"),
    (in_realm("allow: [call]", "allow: [call, calls]"),
     "8:50: expected call, publish, register or subscribe, found `calls`; did you mean `call`?"),
    (in_realm("allow: [call]", "allow: [call, call]"), "8:50: `call` is there twice"),
    (in_realm("allow: [call]", "match: Prefix, allow: []"),
     "8:43: expected exact, prefix or wildcard, found `Prefix`; did you mean `prefix`?"),
    (in_realm("name: realm1", "name: realm1\n    uris: on"),
     "3:11: expected loose or strict, found the truth value `on`; YAML takes on, off, yes and no for truth values"),
    (in_realm("name: realm1", "name: realm1\n    request_ids: lax"),
     "3:18: expected lenient or strict, found `lax`"),
    (REALM + "listeners: [{port: 65536}]", "9:20: expected a whole number from 0 to 65535, found the number `65536`"),
    (REALM + "listeners: [{port: -1}]", "9:20: expected a whole number from 0 to 65535, found the number `-1`"),
    (REALM + "listeners: [{port: '80'}]",
     "9:20: expected a whole number from 0 to 65535, found `80`; write it without quotes"),
    (REALM + "listeners: [{port: 80.5}]", "9:20: expected a whole number from 0 to 65535, found the number `80.5`"),
    (REALM + "listeners: [{port: 0777}]", "9:20: expected a whole number from 0 to 65535, found the number `0777`"),
    (REALM + "listeners: [{port: 10:30}]", "9:20: expected a whole number from 0 to 65535, found the number `10:30`"),
    (REALM + "listeners: [{port: true}]",
     "9:20: expected a whole number from 0 to 65535, found the truth value `true`"),
    (REALM + "listeners: [{rawsocket: 1}]", "9:25: expected true or false, found the number `1`"),
    (REALM + "listeners: [{rawsocket: 'no'}]", "9:25: expected true or false, found `no`; write it without quotes"),
    (REALM + "listeners: [{websocket: /ws}]",
     "9:25: expected the keys path, batched, compression, or true or false, found a text"),
    (REALM + "listeners: [{websocket: {path: ws}}]",
     "9:32: expected a path that starts with `/`, without white space, `?` and `#`, found `ws`"),
    (REALM + "limits: false",
     "9:9: expected the keys max_message_size, outbox_size, slow_consumer, handshake_timeout, hello_timeout, "
     "authenticate_timeout, ping_interval, ping_timeout, ping_rawsocket, found a truth value"),
    (REALM + "limits: {max_message_size: 1 Mb}",
     "9:28: expected a size from 512 to 1 GiB, such as `1 MiB`, found `1 Mb`"),
    (REALM + "limits: {max_message_size: 100}",
     "9:28: expected a size from 512 to 1 GiB, such as `1 MiB`, found the number `100`"),
    (REALM + "limits: {hello_timeout: 10s}",
     "9:25: expected a number of seconds above 0 and up to 3600, found `10s`; write the number alone"),
    (REALM + "limits: {hello_timeout: '10'}",
     "9:25: expected a number of seconds above 0 and up to 3600, found `10`; write it without quotes"),
    (REALM + "limits: {hello_timeout: 0}",
     "9:25: expected a number of seconds above 0 and up to 3600, found the number `0`"),
    (REALM + "limits: {ping_interval: .inf}",
     "9:25: expected a number of seconds from 0 to 3600, found the number `.inf`"),
    (REALM + "limits: {ping_interval: off}",
     "9:25: expected a number of seconds from 0 to 3600, found the truth value `off`"),
    (REALM + "logging: {level: warning}",
     "9:18: expected debug, error, info or warn, found `warning`; did you mean `warn`?"),
    (REALM + "logging: {format: xml}", "9:19: expected json or text, found `xml`"),
    (REALM + "web: {directory: 7}", "9:18: expected the path of a file, found a number; put it in quotes"),
    (REALM + "web: {path: " + "x" * 100 + "}",
     "9:13: expected a path that starts with `/`, without white space, `?` and `#`, found `" + "x" * 60 + "...`"),
]  # fmt: skip

FITTING = [
    (in_realm("{role: anonymous}", "{role: anonymos}"),
     "4:25: the realm has no role `anonymos`; did you mean `anonymous`?"),
    (in_realm("{role: anonymous}", "{role: xyz}"), "4:25: the realm has no role `xyz`; known here: anonymous"),
    (in_realm("anonymous: {role: anonymous}", "anonymous: false"),
     "4:7: nobody could join: at least one method is needed"),
    (in_realm("      anonymous: {role: anonymous}\n", ""),
     "3:20: nobody could join: at least one method is needed"),
    (in_realm("    roles:", "    roles: []\nxroles:").split("xroles")[0], "5:12: at least one entry is needed here"),
    (in_realm("realm1", "wamp.realm"),
     "2:11: `wamp.realm`: names that start with `wamp.` are reserved for the protocol"),
    (in_realm("realm1", "my realm"), "2:11: `my realm` is no URI; a name such as `realm1` or `com.example.shop` is"),
    (REALM + REALM.removeprefix("realms:\n"), "9:11: a second realm `realm1`; the first is in line 2"),
    (REALM + "      - name: anonymous\n", "9:15: a second role `anonymous`; the first is in line 6"),
    (REALM + "          - {uri: com.example.add, allow: []}\n",
     "9:19: a second rule for `com.example.add`; the first is in line 8"),
    (REALM + "          - {uri: com.example.add, match: prefix, allow: []}\n", ""),
    (in_realm("uri: com.example.add", "uri: com.example."),
     "8:19: `com.example.` is no URI; is `match: prefix` meant?"),
    (in_realm("uri: com.example.add", "uri: ''"), "8:19: `` is no URI; is `match: prefix` meant?"),
    (in_realm("uri: com.example.add", "uri: com..add"), "8:19: `com..add` is no URI; is `match: wildcard` meant?"),
    (in_realm("uri: com.example.add", "uri: com..add, match: prefix"),
     "8:19: `com..add` is no prefix pattern; is `match: wildcard` meant?"),
    (in_realm("uri: com.example.add", "uri: 'com.a b'"), "8:19: `com.a b` is no URI"),
    (in_realm("uri: com.example.add", "uri: com.example.*, match: prefix"),
     "8:19: `com.example.*`: `*` stands for itself; leave the component empty with `match: wildcard`, "
     "or name how the URIs start with `match: prefix`"),
    (in_realm("name: realm1", "name: realm1\n    uris: strict").replace("example", "Example"),
     "9:19: `com.Example.add` is no URI by the strict rules (a-z, 0-9 and `_`) of this realm"),
    (REALM + "listeners: []", "9:12: at least one entry is needed here"),
    (REALM + "listeners: [{}, {}]", "9:17: a second listener on 127.0.0.1 port 8080; the first is in line 9"),
    (REALM + "listeners: [{port: 0}, {port: 0}]", ""),
    (REALM + "listeners: [{host: 127.0.0.1:80}]",
     "9:20: `127.0.0.1:80` is neither an IP address nor a host name; the port has a key of its own"),
    (REALM + "listeners: [{host: 127.0.0.256}]",
     "9:20: `127.0.0.256` is neither an IP address nor a host name; the port has a key of its own"),
    (REALM + "listeners: [{host: '::1'}, {host: localhost}, {host: my-host.example.com}]", ""),
    (REALM + "listeners: [{websocket: no, rawsocket: no, http: no}]",
     "9:13: nothing to speak: one of websocket, rawsocket and http must be on"),
    (REALM + "limits: {outbox_size: 1 KiB}",
     "9:23: `outbox_size` must hold the largest message, `max_message_size`"),
    (REALM + "limits: {max_message_size: 8 MiB}",
     "9:28: `outbox_size` must hold the largest message, `max_message_size`"),
    (REALM + "    resume: {buffer: 5 MiB}", "9:22: `buffer` must fit in an outbox, `limits.outbox_size`"),
    (REALM + "    resume: {buffer: 5 MiB, keep_for: 60}\nlimits: {outbox_size: 8 MiB}", ""),
    (REALM + "    resume: false", ""),
    (REALM + "limits: {ping_interval: 5}", "9:25: `ping_timeout` must not be longer than `ping_interval`"),
    (REALM + "limits: {ping_interval: 5, ping_timeout: 6}",
     "9:42: `ping_timeout` must not be longer than `ping_interval`"),
    (REALM + "default_realm: realm2", "9:16: there is no realm `realm2`; did you mean `realm1`?"),
    (REALM + "default_realm: realm1", ""),
    (REALM + "default_realm: null", ""),
    (REALM + "realm_template: {like: realm1, uri: com.example.}", ""),
    (REALM + "realm_template: {like: elsewhere, uri: com.example.}",
     "9:24: there is no realm `elsewhere`; the realms are realm1"),
    (REALM + "realm_template: {like: realm1, uri: com..shop}", "9:37: `com..shop` is no prefix pattern"),
    (REALM + "realm_template: {like: realm1, uri: com..shop, match: wildcard, max_realms: 3}", ""),
    (REALM + "    trust: [{level: 1}, {level: 2, role: anonymous}, {level: 0, uri: com..a, match: wildcard}]", ""),
    (REALM + "    trust: [{level: 1, role: anonymos}]",
     "9:30: there is no role `anonymos`; did you mean `anonymous`?"),
    (REALM + "    trust: [{level: 1, uri: com..a}]", "9:29: `com..a` is no prefix pattern"),
    (REALM + "    trust: [{level: 1}, {level: 2}]", "9:33: there are two levels for `` (prefix)"),
    (REALM + "    history: {topics: [{uri: com.}]}", "9:30: `com.` is no URI"),
    (REALM + "    history: {topics: [{uri: a}, {uri: a, match: prefix}, {uri: a}]}",
     "9:65: `a` (exact) is named twice"),
    (REALM + "web: {directory: nowhere}", "9:18: nowhere: no such file"),
    (REALM + "web: {directory: config.yaml}", "9:18: config.yaml: a file, not a folder"),
]  # fmt: skip

SYNTAX = [
    ("", "1:1: the file is empty; it needs `realms`"),
    ("# only a comment\n", "1:1: the file is empty; it needs `realms`"),
    ("---\n", "1:1: the file is empty; it needs `realms`"),
    ("realms:\n\t- name: a\n",
     "2:1: not valid YAML: found character '\\t' that cannot start any token; "
     "a tab; only spaces may indent"),
    ("a: b: c", "1:5: not valid YAML: mapping values are not allowed here; is the indentation right? "
     "A text that contains `: ` needs quotes"),
    ("a: *x", "1:4: not valid YAML: found undefined alias; a text that starts with `*` needs quotes"),
    ("a: @x",
     "1:4: not valid YAML: found character '@' that cannot start any token; a text that starts so needs quotes"),
    ("a: [1,\nb: 2", "2:5: not valid YAML: expected ',' or ']', but got '<stream end>' "
     "(while parsing a flow sequence in line 1)"),
    ("a: 'x\nb: 1", "2:5: not valid YAML: found unexpected end of stream (while scanning a quoted scalar in line 1)"),
    ("a: 1\n---\nb: 2", "2:1: not valid YAML: but found another document (expected a single document in the stream "
     "in line 1); `---` may stand at the top only"),
    ("a:\n    b: 1\n  c: 2",
     "3:3: not valid YAML: expected <block end>, but found '<block mapping start>' (while parsing a block mapping "
     "in line 1); the indentation does not fit the lines above"),
    ("a: \x01", "1:4: the control character U+0001 may not occur"),
    ("ä: b\nb: ü\x00", "2:5: the control character U+0000 may not occur"),
    ("ä: b: c", "1:5: not valid YAML: mapping values are not allowed here; is the indentation right? "
     "A text that contains `: ` needs quotes"),
    (b"a: b\nc: \xff", "2:4: not UTF-8 (octet 0xff); save the file as UTF-8"),
    (b"\xff\xfer\x00", "1:1: not UTF-8 (octet 0xff); save the file as UTF-8"),
    (b"\xef\xbb\xbf" + REALM.encode(), ""),
    (REALM.replace("\n", "\r\n"), ""),
    ("[" * 200_000, "1:65: nested more than 64 levels deep"),
    ("[" * 200_000 + "]" * 200_000, "1:65: nested more than 64 levels deep"),
    ("a: &a [*a]", "1:1: `realms` is missing\nconfig.yaml:1:1: unknown key `a`; "
     "known here: " + CONFIG_KEYS),
    ("realms: &a [*a]", "1:9: expected the keys " + REALM_KEYS + ", found a list"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), KEYS)
def test_a_wrong_key_is_named_with_the_nearest_known_one(tmp_path: Path, text: str, expected: str) -> None:
    assert report(tmp_path, text) == f"config.yaml:{expected}"


@pytest.mark.parametrize(("text", "expected"), TYPES)
def test_a_wrong_value_is_told_with_what_may_stand_there(tmp_path: Path, text: str, expected: str) -> None:
    assert report(tmp_path, text) == f"config.yaml:{expected}"


@pytest.mark.parametrize(("text", "expected"), FITTING)
def test_values_must_fit_together(tmp_path: Path, text: str, expected: str) -> None:
    assert report(tmp_path, text) == (f"config.yaml:{expected}" if expected else "")


@pytest.mark.parametrize(("text", "expected"), SYNTAX)
def test_what_is_no_yaml_is_told_with_line_and_column(tmp_path: Path, text: str | bytes, expected: str) -> None:
    assert report(tmp_path, text) == (f"config.yaml:{expected}" if expected else "")


def test_all_mistakes_are_told_at_once_from_top_to_bottom(tmp_path: Path) -> None:
    text = """\
realms:
  - name: realm1
    urls: strict
    authentication:
      anonymous: {role: anonymos}
    roles:
      - name: anonymous
        permissions:
          - {uri: com.example., allow: [cal]}
      - name: anonymous
listeners:
  - port: 99999
    tls: {certificate: cert.pem, key: key.pem}
limits:
  slow_consumer: kill
web: {path: page}
"""
    assert report(tmp_path, text).split("\n") == [
        "config.yaml:3:5: unknown key `urls`; did you mean `uris`?",
        "config.yaml:5:25: the realm has no role `anonymos`; did you mean `anonymous`?",
        "config.yaml:9:19: `com.example.` is no URI; is `match: prefix` meant?",
        "config.yaml:9:41: expected call, publish, register or subscribe, found `cal`; did you mean `call`?",
        "config.yaml:10:15: a second role `anonymous`; the first is in line 7",
        "config.yaml:12:11: expected a whole number from 0 to 65535, found the number `99999`",
        "config.yaml:13:24: cert.pem: no such file",
        "config.yaml:13:39: key.pem: no such file",
        "config.yaml:15:18: expected disconnect or drop, found `kill`",
        "config.yaml:16:13: expected a path that starts with `/`, without white space, `?` and `#`, found `page`",
    ]


def test_a_mistake_does_not_draw_others_after_it(tmp_path: Path) -> None:
    """The role that authentication names may be the one whose name is misspelt or unreadable."""
    assert report(tmp_path, in_realm("- name: anonymous", "- nam: anonymous")) == (
        "config.yaml:6:9: `name` is missing\nconfig.yaml:6:9: unknown key `nam`; did you mean `name`?"
    )
    assert report(tmp_path, REALM.partition("    roles:")[0]) == "config.yaml:2:5: `roles` is missing"


SHIPPED = (Path(__file__).parents[2] / "config.yaml").read_text("utf-8")
SNIPPETS = [*"{}[]|>'#%~ \n", '"', "- ", ": ", "*a", "&a ", "!x ", "\\ud800", "no", "<<: "]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_the_file_holds_it_is_right_or_reported(tmp_path: Path, data: st.DataObject) -> None:
    """The shipped file, its comments cut, with bits of YAML thrown in and pieces cut out."""
    text = "\n".join(line.partition("#")[0].rstrip() for line in SHIPPED.split("\n") if line.partition("#")[0].strip())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 12))
        text = text[:start] + data.draw(st.sampled_from(SNIPPETS) | st.text(max_size=5)) + text[start + cut :]
    for line in report(tmp_path, text).split("\n"):
        assert line == "" or line.startswith("config.yaml:")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60))
def test_any_octets_are_right_or_reported(tmp_path: Path, octets: bytes) -> None:
    assert report(tmp_path, octets).startswith("config.yaml:")


def test_aliases_that_multiply_are_refused(tmp_path: Path) -> None:
    text = REALM.partition("          - ")[0]
    text = text.replace("- name: anonymous", "- &role\n        name: anonymous")
    text += "          - &rule {uri: a, allow: [call]}\n" + "          - *rule\n" * 1000 + "      - *role\n" * 1000
    assert report(tmp_path, text).endswith(f": the aliases of this file multiply to more than {MAX_VALUES} values")


# --- secrets --------------------------------------------------------------------------------------------------

SECRETS = [
    ("{env: JOE}", {"JOE": "x"}, ""),
    ("{file: joe}", {}, ""),
    ("''", {}, "an empty secret protects nothing"),
    ("12345678", {}, "expected a text, {env: VARIABLE} or {file: PATH}, found a number; put it in quotes"),
    ("yes", {}, "expected a text, {env: VARIABLE} or {file: PATH}, found a truth value; put it in quotes"),
    ("[a]", {}, "expected a text, {env: VARIABLE} or {file: PATH}, found a list"),
    ("{}", {}, "expected a text, {env: VARIABLE} or {file: PATH}, found keys"),
    ("{env: A, file: b}", {}, "expected a text, {env: VARIABLE} or {file: PATH}, found keys"),
    ("{evn: JOE}", {}, "expected a text, {env: VARIABLE} or {file: PATH}, found keys"),
    ("{env: 7}", {}, "expected the name of an environment variable, found a number"),
    ("{env: JOE}", {}, "the environment variable JOE is not set"),
    ("{env: JOE}", {"JOE": ""}, "the environment variable JOE is empty"),
    ("{env: JOE}", {"JOE": "\udcff"}, "the secret is no valid Unicode text"),
    ("{file: nobody}", {}, "nobody: no such file"),
    ("{file: .}", {}, "a folder, not a file"),
    ("{file: empty}", {}, "empty: the file is empty"),
    ("{file: latin}", {}, "latin: not UTF-8"),
]


@pytest.mark.parametrize(("ticket", "environment", "expected"), SECRETS)
def test_a_secret_that_is_not_there_is_told_where_it_is_named(
    tmp_path: Path, ticket: str, environment: dict[str, str], expected: str
) -> None:
    (tmp_path / "joe").write_text("secret of joe\n")
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "latin").write_bytes(b"\xe4")
    principals = "    principals:\n      - authid: joe\n        role: anonymous\n        ticket: "
    text = in_realm("anonymous: {role: anonymous}", f"ticket: true\n{principals}{ticket}")
    told = report(tmp_path, text, environment)
    assert told.endswith(expected)
    assert told.startswith("config.yaml:8:") == bool(expected)
    assert told.count("\n") == 0


@pytest.mark.parametrize(
    "ticket",
    [
        "[{authid: joe, role: anonymous, ticket: hunter2}]",
        "[{authid: joe, role: anonymous, ticket: $argon2id$hunter2}]",
        "[{authid: joe, role: anonymous, ticket: [hunter2]}]",
        "[{authid: joe, role: anonymous, ticket: {hunter2}}]",
        "[{authid: joe, role: anonymous, ticket: *hunter2 }]",
        "[{authid: joe, role: anonymous, ticket: !hunter2 }]",
        "[hunter2]",
        "hunter2",
    ],
)
def test_a_secret_is_never_quoted_in_a_report(tmp_path: Path, ticket: str) -> None:
    """Not even one that lacks its quotes or stands in a wrong place."""
    told = report(tmp_path, in_realm("anonymous: {role: anonymous}", f"ticket: true\n    principals: {ticket}"))
    assert told
    assert "hunter2" not in told


def test_an_authid_is_unique(tmp_path: Path) -> None:
    joe = "{authid: joe, role: anonymous, ticket: {env: JOE}}"
    text = in_realm("anonymous: {role: anonymous}", f"ticket: true\n    principals: [{joe}, {joe}]")
    assert report(tmp_path, text, {"JOE": "x"}) == "config.yaml:5:79: a second principal `joe`; the first is in line 5"


# --- the file itself, and the files it names ------------------------------------------------------------------


def test_a_file_that_is_not_there_is_told_without_a_place(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig) as caught:
        load(tmp_path / "nothing.yaml")
    assert str(caught.value) == f"{tmp_path}/nothing.yaml: no such file"


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig) as caught:
        load(tmp_path)
    assert str(caught.value) == f"{tmp_path}: a folder, not a file"


def test_a_file_without_end_is_not_read_to_its_end() -> None:
    with pytest.raises(InvalidConfig) as caught:
        load(Path("/dev/zero"))
    assert str(caught.value) == "/dev/zero: larger than 16 MiB"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(REALM)
    (tmp_path / "config.yaml").chmod(0)
    with pytest.raises(InvalidConfig) as caught:
        load(tmp_path / "config.yaml")
    assert str(caught.value) == f"{tmp_path}/config.yaml: no permission to read it"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with cert.pem and its key.pem, another key, the key under a passphrase, and no certificate."""
    folder = tmp_path_factory.mktemp("tls")
    key = write_certificate(folder)
    locked = serialization.BestAvailableEncryption(b"passphrase")
    (folder / "other.pem").write_bytes(pem_of(new_key()))
    (folder / "locked.pem").write_bytes(pem_of(key, locked))
    (folder / "none.pem").write_text("nothing\n")
    return folder


@pytest.mark.parametrize(
    ("certificate", "key", "expected"),
    [
        ("cert.pem", "key.pem", ""),
        ("cert.pem", "other.pem", "9:60: other.pem: the key does not belong to the certificate"),
        ("cert.pem", "cert.pem", "9:60: cert.pem: not a private key in PEM"),
        ("cert.pem", "locked.pem", "9:60: locked.pem: the key is protected by a passphrase; remove it"),
        ("none.pem", "key.pem", "9:45: none.pem: not a certificate in PEM"),
        ("nil.pem", "nil.pem", "9:45: nil.pem: no such file\nconfig.yaml:9:59: nil.pem: no such file"),
    ],
)
def test_tls_files_are_loaded_to_see_that_they_fit(
    certificates: Path, certificate: str, key: str, expected: str
) -> None:
    """OpenSSL would ask for the passphrase on the terminal, and tell of a wrong key when the first client comes."""
    told = report(certificates, REALM + f"listeners: [{{port: 8443, tls: {{certificate: {certificate}, key: {key}}}}}]")
    assert told == (f"config.yaml:{expected}" if expected else "")
