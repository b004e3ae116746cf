"""The configuration in force: lines, what waits for a restart, and secrets that nobody sees."""

import json
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import inspect

from realms.authentication.off_loop import at_once
from router.config import Config, Reading, read
from router.config.lines import Lines
from router.config.scalars import Secret
from router.config.values import CONFIG, key_at
from router.dashboard.configuration import Configuration
from tests.peers import Peer
from tests.router.test_rulebook import reload
from tests.routers import RunningRouter

TEXT = """\
realms:
  - name: realm1
    calls:
      max_pending: 7
    authentication:
      anonymous: {role: guest}
      ticket: true
    principals:
      - authid: joe
        role: guest
        ticket: {env: TICKET}
    roles: [{name: guest}]
limits:
  max_message_size: 64 KiB
bridges:
  - realm: realm1
    anonymous: true
    forwards:
      - {url: "https://example.com/events?token=c0ffee", topic: com.a, role: guest, secret: {env: SIGNING}}
"""
ENVIRONMENT = {"TICKET": "open sesame, please", "SIGNING": "0123456789abcdef0123456789abcdef"}


class House:
    """A configuration file, and what the dashboard says of it."""

    def __init__(self, path: Path, text: str = TEXT) -> None:
        self.path = path
        path.write_text(text)
        self.rulebook: Any = SimpleNamespace()
        self.reload()
        self.subject = Configuration(self.rulebook, at_once)

    def reload(self, environment: dict[str, str] | None = None) -> None:
        self.rulebook.reading = read(self.path, ENVIRONMENT | (environment or {}))
        self.rulebook.config = self.rulebook.reading.config

    def change(self, old: str, new: str) -> None:
        text = self.path.read_text()
        assert old in text
        self.path.write_text(text.replace(old, new))

    def get(self, **asked: Any) -> dict[str, Any]:
        result = self.subject.get(None, None, **asked).result  # type: ignore[arg-type]
        answer: dict[str, Any] = json.loads(json.dumps(result.args[0]))
        return answer

    def row(self, path: str) -> dict[str, Any]:
        return next(row for row in self.get()["values"] if row["path"] == path)

    def describe(self, path: str) -> Any:
        return self.subject.describe(None, None, path).args[0]  # type: ignore[arg-type, index]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "config.yaml")


def test_every_value_comes_with_the_line_that_says_so(house: House) -> None:
    assert house.row("realms[0].calls.max_pending") == {
        "path": "realms[0].calls.max_pending",
        "value": 7,
        "line": 4,
        "waiting": False,
    }
    assert house.row("limits.max_message_size")["value"] == "64 KiB"
    assert house.row("limits.max_message_size")["line"] == 14
    assert house.row("realms[0].authentication.ticket") | {"line": 7, "value": True} == house.row(
        "realms[0].authentication.ticket"
    )


def test_a_default_has_no_line(house: House) -> None:
    assert (house.row("realms[0].calls.max_queued")["line"], house.row("listeners[0].port")["line"]) == (None, None)
    assert house.row("listeners[0].port")["value"] == 8080
    assert house.row("web.login")["value"] is False


def test_it_says_which_file_was_read_and_when_and_whether_it_is_another_one_since(house: House) -> None:
    answer = house.get()
    assert (answer["file"], answer["stale"], answer["waiting"]) == (str(house.path), False, 0)
    assert answer["read"].endswith("Z")
    house.change("64 KiB", "128 KiB")
    assert house.get()["stale"]
    assert house.row("limits.max_message_size")["value"] == "64 KiB"
    house.reload()
    assert not house.get()["stale"]


def test_the_whole_file_comes_in_parts_and_is_searched_by_path_and_value(house: House) -> None:
    whole = house.get()
    assert whole["total"] == len(whole["values"]) > 100
    parts = [row for offset in range(0, whole["total"], 50) for row in house.get(offset=offset, limit=50)["values"]]
    assert parts == whole["values"]
    assert [row["path"] for row in house.get(text="MAX_pending")["values"]] == ["realms[0].calls.max_pending"]
    assert [row["path"] for row in house.get(text="64 kib")["values"]] == ["limits.max_message_size"]
    assert house.get(text="nothing of that")["total"] == 0


def test_what_takes_a_restart_waits_and_what_is_live_does_not(house: House) -> None:
    house.change("max_pending: 7", "max_pending: 8")
    house.change("64 KiB", "128 KiB")
    house.change("roles: [{name: guest}]", "roles: [{name: guest, trusted: true}]")
    house.reload()
    answer = house.get(waiting=True)
    assert answer["values"] == [
        {"path": "realms[0].calls.max_pending", "line": 4, "waiting": True, "value": 7, "next": 8},
        {"path": "limits.max_message_size", "line": 14, "waiting": True, "value": "64 KiB", "next": "128 KiB"},
    ]
    assert answer["waiting"] == answer["total"] == 2
    assert house.row("realms[0].roles[0].trusted") | {"value": True, "waiting": False} == house.row(
        "realms[0].roles[0].trusted"
    )


def test_lines_are_those_of_the_file_as_it_is_now(house: House) -> None:
    house.path.write_text("# one more line\n" + TEXT)
    house.reload()
    assert house.row("realms[0].calls.max_pending")["line"] == 5
    assert house.get()["waiting"] == 0


def test_realms_are_known_by_name_wherever_they_stand(house: House) -> None:
    house.change("realms:\n", "realms:\n  - name: realm0\n    authentication: {ticket: true}\n    roles: [{name: a}]\n")
    house.reload()
    assert house.row("realms[1].calls.max_pending")["value"] == 7
    new = house.row("realms[0].name")
    assert (new["waiting"], new["next"], "value" in new) == (True, "realm0", False)
    assert {row["path"].partition(".")[0] for row in house.get(waiting=True)["values"]} == {"realms[0]"}


def test_what_is_gone_from_the_file_counts_until_the_restart(house: House) -> None:
    house.path.write_text(TEXT[: TEXT.index("bridges:")])
    house.reload()
    gone = house.row("bridges[0].realm")
    assert (gone["waiting"], gone["value"], gone["line"], "next" in gone) == (True, "realm1", None, False)


def test_a_section_that_is_switched_off_says_so(house: House) -> None:
    house.path.write_text(TEXT + "web: false\n")
    house.reload()
    switch = house.row("web")
    assert (switch["value"], switch["next"], switch["line"]) == (True, False, 20)


def test_a_key_says_what_it_is_for_and_when_a_change_of_it_counts(house: House) -> None:
    told = house.describe("realms[0].calls.max_pending")
    assert told["expected"] == "a whole number from 1 to 10000000"
    assert told["about"].startswith("How many calls one client may wait for")
    assert (told["default"], told["live"]) == (16384, False)
    assert house.describe("realms[0].roles[0].permissions[0].allow")["live"]
    assert house.describe("listeners[0].tls.certificate")["live"]
    assert house.describe("no.such[0].key") is None


def test_every_value_there_can_be_is_explained() -> None:
    def explained(kind: inspect.StructType, path: str) -> Iterator[str]:
        for field in kind.fields:
            told = key_at(path + field.encode_name)
            assert told is not None
            assert told.about
            assert told.expected
            yield path + field.encode_name
            inner = bare(field.type)
            inner = bare(inner.item_type) if isinstance(inner, inspect.VarTupleType) else inner
            if isinstance(inner, inspect.StructType):
                yield from explained(inner, f"{path}{field.encode_name}[0].")

    assert len(list(explained(CONFIG, ""))) > 250


def bare(kind: Any) -> Any:
    while isinstance(kind, inspect.Metadata | inspect.UnionType):
        kind = kind.types[0] if isinstance(kind, inspect.UnionType) else kind.type
    return kind


# --- secrets -------------------------------------------------------------------------------------------------------

tokens = (f"hush{number:08x}" for number in count(1))


def filled(kind: inspect.Type, secrets: list[str]) -> Any:
    """A value of any type of the model: all that can be switched on is on, and every secret is one of its own."""
    match kind:
        case inspect.Metadata():
            return filled(kind.type, secrets)
        case inspect.StructType():
            return kind.cls(**{field.name: filled(field.type, secrets) for field in kind.fields})
        case inspect.UnionType():
            return filled(kind.types[0], secrets)
        case inspect.VarTupleType():
            return (filled(kind.item_type, secrets), filled(kind.item_type, secrets))
        case inspect.FrozenSetType():
            return frozenset({filled(kind.item_type, secrets)})
        case inspect.LiteralType():
            return kind.values[0]
        case inspect.BoolType():
            return True
        case inspect.IntType() | inspect.FloatType():
            return 1
        case inspect.CustomType(cls=cls) if cls is Secret:
            secrets.append(next(tokens))
            return Secret(secrets[-1])
        case inspect.CustomType():
            return Path("/etc/wamplex/file")
        case inspect.StrType():
            secrets.append(next(tokens))
            return f"https://joe:{secrets[-1]}@example.com/{secrets[-1]}?token={secrets[-1]}"
    raise TypeError(kind)


def secret_fields(kind: inspect.Type, name: str = "") -> Iterator[str]:
    match kind:
        case inspect.Metadata():
            yield from secret_fields(kind.type, name)
        case inspect.StructType():
            for field in kind.fields:
                yield from secret_fields(field.type, f"{kind.cls.__name__}.{field.name}")
        case inspect.UnionType():
            yield from secret_fields(kind.types[0], name)
        case inspect.VarTupleType():
            yield from secret_fields(kind.item_type, name)
        case inspect.CustomType(cls=cls) if cls is Secret:
            yield name


def told_of(now: Config, file: Config) -> str:
    """All that the dashboard says of two configurations."""
    start: Any = SimpleNamespace(reading=SimpleNamespace(config=now), config=now)
    subject = Configuration(start, at_once)
    start.reading = Reading(config=file, path=Path("c.yaml"), lines=Lines(()), at=0.0, version=())
    answer: Any = subject.get(None, None, limit=100_000).result  # type: ignore[arg-type]
    rows = answer.args[0]["values"]
    keys = [subject.describe(None, None, row["path"]).args for row in rows]  # type: ignore[arg-type]
    return json.dumps([rows, keys, repr(answer)])


def test_no_secret_of_any_kind_is_ever_told() -> None:
    assert len(set(secret_fields(CONFIG))) >= 9
    secrets: list[str] = []
    one, other = filled(CONFIG, secrets), filled(CONFIG, secrets)
    assert len(secrets) > 200
    for now, file in ((one, one), (one, other)):
        told = told_of(now, file)
        assert [secret for secret in secrets if secret in told] == []
        assert told.count('"(secret)"') >= len(set(secret_fields(CONFIG)))


def test_secrets_of_a_file_are_not_told_wherever_they_come_from(house: House) -> None:
    (house.path.parent / "ticket").write_text("a ticket of its own\n")
    house.change("{env: TICKET}", "{file: ticket}")
    house.reload()
    told = json.dumps(house.get())
    assert not any(secret in told for secret in ("a ticket of its own", "c0ffee", *ENVIRONMENT.values()))
    assert house.row("realms[0].principals[0].ticket")["value"] == "(secret)"
    assert house.row("realms[0].principals[0].ticket")["line"] == 11
    assert house.row("bridges[0].forwards[0].url")["value"] == "https://example.com/(secret)"


@pytest.mark.parametrize("secret", ["sesame", "c0ffee", "0123456789"])
def test_secrets_cannot_be_searched_for(house: House, secret: str) -> None:
    assert house.get(text=secret)["total"] == 0


def test_a_secret_that_was_read_again_is_no_change_and_another_one_is(house: House) -> None:
    house.reload()
    assert house.get()["waiting"] == 0
    house.reload({"SIGNING": "f" * 32})
    (changed,) = house.get(waiting=True)["values"]
    assert changed["path"] == "bridges[0].forwards[0].secret"
    assert (changed["value"], changed["next"]) == ("(secret)", "(secret), another one")


# --- a router ------------------------------------------------------------------------------------------------------

RULES = """
dashboard: true
realms:
  - name: realm1
    authentication: {anonymous: {role: guest}}
    roles:
      - name: guest
        permissions:
          - {uri: wamplex., match: prefix, allow: [call]}
limits: {max_message_size: 64 KiB}
"""


def result(peer: Peer, *asked: Any) -> Any:
    peer.call(*asked)
    return peer.receive()[3]


@pytest.fixture
def router(tmp_path: Path) -> Iterator[RunningRouter]:
    running = RunningRouter(tmp_path, RULES)
    yield running.start()
    running.close()


def test_a_router_tells_it_and_goes_on_after_a_reload(router: RunningRouter) -> None:
    peer = Peer(router.port).join()
    asked = ("wamplex.config.get", [], {"text": "max_message_size"})
    (answer,) = result(peer, *asked)
    row = {"path": "limits.max_message_size", "line": 10, "waiting": False, "value": "64 KiB"}
    assert answer["values"] == [row]
    assert os.path.samefile(answer["file"], router.config_file)
    reload(router, "64 KiB", "128 KiB")
    (answer,) = result(peer, *asked)
    assert answer["values"] == [row | {"waiting": True, "next": "128 KiB"}]
    peer.close()
