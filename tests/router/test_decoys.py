"""What is made up for names that nobody has follows from the configuration: nothing of it tells who exists."""

from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock

from realms.authentication.decoys import Decoys
from realms.authentication.off_loop import at_once
from router.config import InvalidConfig, load
from router.decoys import decoys_of
from router.principals.directory import Directory

CONFIG = """\
realms:
  - name: realm1
    authentication: {wampcra: true, scram: {}, anonymous: {role: guest}, %s}
    principals:
%s
    roles: [{name: user}, {name: admin}, {name: guest}]
"""
ANN = "      - {authid: ann, role: user, wampcra: '$pbkdf2$i=2000,l=32$salt1$%s'}" % ("A" * 43 + "=")
SCRAM = "$scram$pbkdf2$i=5000$%s$%s$%s" % ("A" * 22 + "==", "A" * 43 + "=", "A" * 43 + "=")  # noqa: UP031
NAMES = [f"name{number}" for number in range(60)]


def loaded(folder: Path, authentication: str = "", principals: str = ANN, environment: Any = None) -> Any:
    path = folder / "config.yaml"
    path.write_text(CONFIG % (authentication, principals))
    return load(path, environment or {})


def decoys(config: Any, secret: bytes = b"drawn at start") -> Decoys:
    (realm,) = config.realms
    directory = Directory(realm, Clock(), at_once)
    made = decoys_of(realm, directory, secret)
    directory.stop()
    return made


def looks(made: Decoys) -> set[tuple[Any, ...]]:
    found = set()
    for name in NAMES:
        principal, secret = made.cra(name)
        found.add((principal.role, principal.provider, secret.iterations if secret.salt else None))
    return found


def test_decoys_look_like_the_principals_that_are_listed(tmp_path: Path) -> None:
    """E4, E10, J3"""
    listed = f"{ANN}\n      - {{authid: bob, role: admin, scram: '{SCRAM}'}}"
    made = decoys(loaded(tmp_path, principals=listed))
    assert looks(made) == {("user", "static", 2000)}
    assert {(made.scram(name).kdf, made.scram(name).iterations) for name in NAMES} == {("pbkdf2", 5000)}


def test_where_others_know_the_principals_decoys_have_any_role_but_that_of_anonymous(tmp_path: Path) -> None:
    """E4, E19, J3"""
    dynamic = "dynamic: {procedure: com.example.authenticate, methods: [wampcra]}"
    made = decoys(loaded(tmp_path, dynamic, "      []"))
    assert looks(made) == {("user", "dynamic", None), ("admin", "dynamic", None)}


def test_with_a_key_of_their_own_decoys_outlive_the_process(tmp_path: Path) -> None:
    """E4, E10, J3"""
    keyed = loaded(tmp_path, "decoy_key: {env: KEY}", environment={"KEY": "k" * 32})
    for config, same in ((keyed, True), (loaded(tmp_path), False)):
        before, after = decoys(config, b"one start"), decoys(config, b"another")
        assert [before.cra(name)[1].salt == after.cra(name)[1].salt for name in NAMES] == [same] * len(NAMES)


def test_realms_have_different_decoys(tmp_path: Path) -> None:
    """A1: or whoever has a salt in one and not in the other would exist"""
    one = loaded(tmp_path)
    path = tmp_path / "config.yaml"
    path.write_text(path.read_text().replace("realm1", "realm2"))
    assert decoys(one).scram("ann").salt != decoys(load(path, {})).scram("ann").salt


@pytest.mark.parametrize("key", ["{env: SHORT}", f"{'k' * 32}"])
def test_the_key_of_decoys_is_a_secret_of_some_length(tmp_path: Path, key: str) -> None:
    with pytest.raises(InvalidConfig, match=r":3:.*: expected 32 random letters or more, as \{env: VARIABLE\}"):
        loaded(tmp_path, f"decoy_key: {key}", environment={"SHORT": "k" * 31})


@pytest.mark.parametrize("authid", ["Ⅸ", "x" * 257])
def test_a_name_that_scram_does_not_take_is_told(tmp_path: Path, authid: str) -> None:
    """E7"""
    with pytest.raises(InvalidConfig, match=r":5:18: .* could never join by `scram`"):
        loaded(tmp_path, principals=f"      - {{authid: {authid}, role: user, scram: '{SCRAM}'}}")
    loaded(tmp_path, principals=ANN.replace("ann", authid))
