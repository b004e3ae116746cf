"""Where principals are kept: the list of config.yaml, a file of their own, and a database that changes meanwhile."""

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec.structs import replace
from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, globalLogPublisher

from realms.authentication import Applicant
from realms.authentication.off_loop import TooBusy, at_once
from realms.authentication.principals import Inquiry, Principal
from realms.authentication.verifiers import Cost, cra_verifier, fits, scram_secret, scram_verifier, ticket_verifier
from realms.authentication.verifiers import cra_secret as derived
from router import assembly
from router.authentication import Means
from router.config import InvalidConfig, load, warnings
from router.principals.database import Database
from router.principals.database_file import APPLICATION, CannotUse, is_exposed
from router.principals.directory import POLL, Directory
from tests.realms.fakes import ANY, PLAIN, Peer
from wamp.codecs import JSON

KEY, OTHER_KEY = "ab" * 32, "cd" * 32
FINGERPRINT = ":".join(["0F"] * 32)
CHEAP = Cost(memory=1024, passes=1)
SESAME = f"$sha256${sha256(b'sesame').hexdigest()}"

CONFIG = """
realms:
  - name: realm1
    authentication: {anonymous: {role: user}, ticket: true, wampcra: true, scram: true, cryptosign: true}
    roles: [{name: user}, {name: admin}]
"""


def inquiry(**about: Any) -> Inquiry:
    applicant = Applicant(1, "realm1", None, {})  # type: ignore[arg-type]
    return Inquiry(applicant, "any", **about)


def written(folder: Path, more: str, **files: str) -> Path:
    """config.yaml with more keys for its realm, and files beside it."""
    for name, text in files.items():
        (folder / name).write_text(text)
    path = folder / "config.yaml"
    path.write_text(CONFIG + more)
    return path


def mistakes(folder: Path, more: str, environment: dict[str, str] | None = None, **files: str) -> list[str]:
    with pytest.raises(InvalidConfig) as invalid:
        load(written(folder, more, **files), environment or {})
    return [line.removeprefix(f"{folder}/") for line in str(invalid.value).splitlines()]


Opened = Callable[..., Directory]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def directory(tmp_path: Path, clock: Clock) -> Iterator[Opened]:
    """Opens the directory of a realm with these keys."""
    opened: list[Directory] = []

    def open_directory(more: str, environment: dict[str, str] | None = None, off_loop: Any = at_once) -> Directory:
        realm = load(written(tmp_path, more), environment or {}).realms[0]
        opened.append(Directory(realm, clock, off_loop))
        return opened[-1]

    yield open_directory
    for one in opened:
        one.stop()


@pytest.fixture
def logged() -> Iterator[list[dict[str, Any]]]:
    events: list[dict[str, Any]] = []
    observe = cast("ILogObserver", events.append)
    globalLogPublisher.addObserver(observe)
    yield events
    globalLogPublisher.removeObserver(observe)


def found(directory: Directory, authid: str = "joe") -> Principal:
    principal = directory.find(inquiry(authid=authid))
    assert principal is not None
    return principal


# --- the list of config.yaml ---


@pytest.mark.parametrize("given", [SESAME, "{env: SECRET}", "{file: secret}"])
def test_a_ticket_is_kept_as_a_verifier_wherever_it_comes_from(directory: Opened, tmp_path: Path, given: str) -> None:
    """E3, J3"""
    (tmp_path / "secret").write_text("sesame\n")
    listed = directory(f"    principals: [{{authid: joe, role: user, ticket: {given}}}]", {"SECRET": "sesame"})
    verifier = found(listed).ticket
    assert verifier is not None
    assert fits(verifier, "sesame")
    assert "sesame" not in verifier


def test_secrets_of_challenges_may_come_from_the_environment_as_they_are_or_derived(directory: Opened) -> None:
    """E4, E5, E8"""
    secret, scram = derived("sesame", 1000), scram_secret("sesame", iterations=1, memory=1024)
    environment = {"PLAIN": "sesame", "CRA": cra_verifier(secret), "SCRAM": scram_verifier(scram)}
    listed = directory(
        "    principals:\n"
        "      - {authid: joe, role: user, wampcra: {env: PLAIN}, scram: {env: SCRAM}}\n"
        "      - {authid: ann, role: user, wampcra: {env: CRA}, scram: {env: PLAIN}}\n",
        environment,
    )
    joe, ann = found(listed), found(listed, "ann")
    assert joe.cra is not None
    assert (joe.cra.key, joe.cra.salt) == (b"sesame", None)
    assert (joe.scram, ann.cra) == (scram, secret)
    assert ann.scram is not None
    again = scram_secret("sesame", salt=ann.scram.salt)
    assert ann.scram == again


def test_somebody_is_found_by_name_key_and_certificate(directory: Opened) -> None:
    """E11, E17"""
    listed = directory(
        f"    principals: [{{authid: joe, role: user, cryptosign: [{KEY.upper()}], tls: ['{FINGERPRINT}']}}]"
    )
    joe = found(listed)
    assert listed.find(inquiry(key=bytes.fromhex(KEY))) is joe
    assert listed.find(inquiry(certificate="0f" * 32)) is joe
    assert listed.find_now("joe") is joe
    assert (listed.role_now("joe"), listed.role_now("ann")) == ("user", None)
    for nobody in (inquiry(), inquiry(authid="ann"), inquiry(key=bytes(32)), inquiry(certificate="00" * 32)):
        assert listed.find(nobody) is None
    assert (joe.provider, joe.role) == ("static", "user")


@pytest.mark.parametrize("method", ["ticket", "wampcra", "scram"])
def test_a_secret_may_not_stand_in_config_yaml_as_it_is(tmp_path: Path, method: str) -> None:
    """J3"""
    (told,) = mistakes(tmp_path, f"    principals:\n      - authid: joe\n        role: user\n        {method}: hunter2")
    assert told == (
        "config.yaml:9:" + str(len(method) + 11) + ": no secret may stand here as it is: put the line that "
        f"`wamplex hash --method {method}` prints, or {{env: VARIABLE}} or {{file: PATH}}"
    )


@pytest.mark.parametrize(
    ("proof", "expected"),
    [
        (f"ticket: {SESAME[:-1]}", "expected a verifier that starts with `$argon2id$v=19$` or `$sha256$`"),
        (f"wampcra: {SESAME}", "expected a verifier like `$pbkdf2$i=10000,l=32$SALT$KEY`"),
        ("scram: {env: SCRAM}", "expected a verifier like `$scram$"),
        ("scram: {env: BELL}", "a control character"),
        ("totp: JBSWY3DPEHPK3PXP, ticket: {env: PLAIN}", "is a secret: give it as {env: VARIABLE} or {file: PATH}"),
        ("totp: {env: PLAIN}, ticket: {env: PLAIN}", "expected the key of the second factor in base32"),
        ("totp: {env: SHORT}, ticket: {env: PLAIN}", "needs 16 letters"),
        ("totp: {env: TOTP}", "`joe` could never prove who it is: one of ticket, wampcra,"),
        ("cryptosign: [], ticket: {env: PLAIN}, tls: [abc]", "32 octets in hexadecimal"),
    ],
)
def test_a_proof_that_is_no_good_is_a_mistake_with_its_place(tmp_path: Path, proof: str, expected: str) -> None:
    environment = {"PLAIN": "sesame!", "SCRAM": "$scram$x", "BELL": "\x07", "SHORT": "JBSWY3DP", "TOTP": "A" * 32}
    (told,) = mistakes(tmp_path, f"    principals: [{{authid: joe, role: user, {proof}}}]", environment)
    assert told.startswith("config.yaml:6:")
    assert expected in told
    assert "sesame" not in told


def test_a_key_is_of_one_principal(tmp_path: Path) -> None:
    """E11"""
    entries = (f"{{authid: {name}, role: user, cryptosign: [{key}]}}" for name, key in (("a", KEY), ("b", KEY.upper())))
    (told,) = mistakes(tmp_path, f"    principals: [{', '.join(entries)}]")
    assert told.endswith(f"`a` has `{KEY.upper()[:60]}...` already")


def test_a_key_of_a_second_factor_is_read_as_people_copy_it(directory: Opened) -> None:
    """E18"""
    environment = {"TOTP": "jbsw y3dp ehpk 3pxp", "PLAIN": "sesame"}
    listed = directory(
        "    principals: [{authid: joe, role: user, ticket: {env: PLAIN}, totp: {env: TOTP}}]", environment
    )
    assert found(listed).totp == b"Hello!\xde\xad\xbe\xef"


# --- the file ---

FILE = "    principals_file: users.yaml\n"
JOE = f"- {{authid: joe, role: user, ticket: {SESAME}}}\n"


def test_a_file_is_read_again_when_it_has_changed(directory: Opened, tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "users.yaml").write_text(JOE)
    users = directory(FILE)
    told: list[bool] = []
    users.on_change = lambda: told.append(users.find_now("joe") is None)
    assert found(users).role == "user"
    clock.advance(POLL)
    assert told == []
    (tmp_path / "users.yaml").write_text("# nobody\n[]")
    clock.advance(POLL)
    assert told == [True]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- {authid: joe, role: users", "users.yaml:1:"),
        ("- {authid: joe, role: usr, ticket: {file: secret}}", "users.yaml:1:23: the realm has no role `usr`"),
        ("- authid: joe\n  role: user\n  ticket: hunter2", "users.yaml:3:11: no secret may stand here"),
        (JOE + JOE, "users.yaml:2:12: a second principal `joe`; the first is in line 1"),
        ("joe: user", "users.yaml:1:1: expected a list, each entry after a `- `"),
    ],
)
def test_a_new_version_with_a_mistake_does_not_count_and_the_mistake_is_told_once(
    directory: Opened, tmp_path: Path, clock: Clock, logged: list[dict[str, Any]], text: str, expected: str
) -> None:
    (tmp_path / "secret").write_text("sesame")
    (tmp_path / "users.yaml").write_text(JOE)
    users = directory(FILE)
    (tmp_path / "users.yaml").write_text(text)
    clock.pump([POLL] * 3)
    assert users.find_now("joe") is not None
    (told,) = [event["mistakes"] for event in logged if "mistakes" in event]
    assert expected in told
    assert "hunter2" not in told


def test_a_file_that_is_away_for_a_moment_is_waited_for(directory: Opened, tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "users.yaml").write_text(JOE)
    users = directory(FILE)
    (tmp_path / "users.yaml").unlink()
    clock.advance(POLL)
    assert users.find_now("joe") is not None
    (tmp_path / "users.yaml").write_text(JOE.replace("joe", "ann"))
    clock.advance(POLL)
    assert users.find_now("joe") is None
    assert users.find_now("ann") is not None


def test_a_file_is_read_off_the_loop_and_later_if_there_is_no_room(
    directory: Opened, tmp_path: Path, clock: Clock
) -> None:
    jobs: list[Callable[[], Any]] = []

    def off_loop(job: Callable[[], Any]) -> Deferred[Any]:
        jobs.append(job)
        return fail(TooBusy()) if len(jobs) == 1 else at_once(job)

    (tmp_path / "users.yaml").write_text(JOE)
    users = directory(FILE, off_loop=off_loop)
    assert jobs == []
    (tmp_path / "users.yaml").write_text("[]")
    clock.advance(POLL)
    assert users.find_now("joe") is not None
    clock.advance(POLL)
    assert users.find_now("joe") is None


def test_check_finds_the_mistakes_of_the_file(tmp_path: Path) -> None:
    (told,) = mistakes(tmp_path, FILE, **{"users.yaml": "- {authid: joe, role: user}"})
    assert told == (
        f"config.yaml:6:22: {tmp_path}/users.yaml:1:3: `joe` could never prove who it is: "
        "one of ticket, wampcra, scram, cryptosign, tls is needed"
    )
    (told,) = mistakes(tmp_path, "    principals_file: none.yaml")
    assert told == f"config.yaml:6:22: {tmp_path}/none.yaml: no such file"


# --- the database ---

DATABASE = "    principals_database: users.db\n"


@pytest.fixture
def users(tmp_path: Path) -> Iterator[Database]:
    """The database, as a command in another process has it, with joe."""
    database = Database(tmp_path / "users.db", "realm1")
    database.add("joe", "user")
    database.change("joe", ticket=ticket_verifier("sesame", CHEAP), wampcra=cra_verifier(derived("sesame", 1000)))
    database.add_key("joe", "cryptosign", KEY)
    database.add_key("joe", "cryptosign", OTHER_KEY)
    database.add_key("joe", "tls", "0f" * 32)
    yield database
    database.close()


def test_what_a_database_keeps_is_found_by_name_key_and_certificate(directory: Opened, users: Database) -> None:
    """E3, E11, E17"""
    kept = directory(DATABASE)
    joe = found(kept)
    assert joe.ticket is not None
    assert fits(joe.ticket, "sesame")
    assert (joe.role, joe.provider, joe.keys) == ("user", "database", {bytes.fromhex(KEY), bytes.fromhex(OTHER_KEY)})
    assert kept.find(inquiry(key=bytes.fromhex(OTHER_KEY))) == joe
    assert kept.find(inquiry(certificate="0f" * 32)) == joe
    assert kept.find(inquiry(key=bytes(32))) is None
    assert kept.cost() == CHEAP


def test_a_change_counts_at_once_and_is_told_within_a_second(directory: Opened, users: Database, clock: Clock) -> None:
    """F6"""
    kept = directory(DATABASE)
    told: list[Principal | None] = []
    kept.on_change = lambda: told.append(kept.find_now("joe"))
    clock.advance(POLL)
    assert told == []
    users.change("joe", enabled=0)
    assert (
        kept.role_now("joe") is kept.find(inquiry(authid="joe")) is kept.find(inquiry(key=bytes.fromhex(KEY))) is None
    )
    clock.pump([POLL] * 3)
    assert told == [None]
    users.change("joe", enabled=1, role="admin")
    clock.advance(POLL)
    assert told[-1] is not None
    assert told[-1].role == kept.role_now("joe") == "admin"


def test_who_is_removed_takes_the_keys_along(directory: Opened, users: Database) -> None:
    users.remove("joe")
    users.add("ann", "user")
    users.add_key("ann", "cryptosign", KEY)
    assert found(directory(DATABASE), "ann").keys == {bytes.fromhex(KEY)}


def test_realms_that_share_a_database_see_nothing_of_each_other(users: Database, tmp_path: Path) -> None:
    """A1"""
    other = Database(tmp_path / "users.db", "realm2")
    assert other.find_now("joe") is None
    assert other.entries() == []
    other.add("joe", "admin")
    other.add_key("joe", "cryptosign", KEY)
    other.remove("joe")
    assert users.find_now("joe") is not None
    other.close()


def test_the_list_comes_before_the_file_and_the_file_before_the_database(
    directory: Opened, users: Database, tmp_path: Path
) -> None:
    users.add("ann", "user")
    users.add("zoe", "user")
    (tmp_path / "users.yaml").write_text(JOE.replace("user", "admin") + JOE.replace("joe", "ann"))
    kept = directory(f"{DATABASE}{FILE}    principals: [{{authid: joe, role: user, ticket: {SESAME}}}]")
    assert [found(kept, name).provider for name in ("joe", "ann", "zoe")] == ["static", "static", "database"]
    assert found(kept, "joe").role == "user"
    assert kept.find(inquiry(key=bytes.fromhex(KEY))) is None, "it is the key of another joe"


def test_a_new_file_in_the_place_of_the_database_is_noticed(
    directory: Opened, users: Database, tmp_path: Path, clock: Clock, logged: list[dict[str, Any]]
) -> None:
    kept = directory(DATABASE)
    told: list[bool] = []
    kept.on_change = lambda: told.append(True)
    for name in ("users.db", "users.db-wal", "users.db-shm"):
        (tmp_path / name).rename(tmp_path / f"old-{name}")
    clock.pump([POLL] * 3)
    assert kept.find_now("joe") is not None, "nobody is locked out while it is away"
    assert not (tmp_path / "users.db").exists()
    assert len([event for event in logged if "cannot use" in event.get("reason", "")]) == 1
    other = Database(tmp_path / "users.db", "realm1")
    other.add("ann", "user")
    other.close()
    clock.advance(POLL)
    assert told == [True]
    assert (kept.find_now("joe"), kept.find_now("ann") is None) == (None, False)


def test_nobody_else_may_read_a_new_database(tmp_path: Path) -> None:
    """J3"""
    mask = os.umask(0)
    try:
        database = Database(tmp_path / "users.db", "realm1")
        database.add("joe", "user")
        assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
        assert not is_exposed(tmp_path / "users.db")
        database.close()
    finally:
        os.umask(mask)


def test_a_verifier_that_somebody_broke_is_left_out_and_said_so(users: Database, logged: list[dict[str, Any]]) -> None:
    users.change("joe", ticket="$argon2id$hunter2")
    joe = users.find_now("joe")
    assert joe is not None
    assert (joe.ticket, joe.cra is None) == (None, False)
    assert [event["column"] for event in logged] == ["ticket"]
    assert "hunter2" not in str(logged)


def test_a_second_factor_that_cannot_be_read_is_not_skipped(users: Database) -> None:
    """E18"""
    users.change("joe", totp="?")
    with pytest.raises(CannotUse, match="second factor"):
        users.find_now("joe")


def test_what_is_done_at_once_is_done_whole_or_not_at_all(users: Database) -> None:
    def add_ann() -> None:
        with users.at_once():
            users.add("ann", "user")
            users.add_key("ann", "cryptosign", KEY)

    with pytest.raises(CannotUse, match="belongs to joe already"):
        add_ann()
    assert users.entry("ann") is None


def test_a_file_that_is_no_such_database_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE principals (name)")
    before = path.read_bytes()
    with pytest.raises(CannotUse, match="a database of something else"):
        Database(path, "realm1")
    assert path.read_bytes() == before
    path.write_text("no database at all, whatever its name may say " * 100)
    with pytest.raises(CannotUse, match="not a database"):
        Database(path, "realm1")
    with pytest.raises(CannotUse, match="Is a directory"):
        Database(tmp_path, "realm1")
    with sqlite3.connect(tmp_path / "new.db") as db:
        db.executescript(f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = 99")
    with pytest.raises(CannotUse, match="newer Wamplex"):
        Database(tmp_path / "new.db", "realm1")


def test_check_finds_a_database_that_cannot_be_used(tmp_path: Path) -> None:
    (told,) = mistakes(tmp_path, DATABASE, **{"users.db": "no database"})
    assert told == f"config.yaml:6:26: {tmp_path}/users.db: not a SQLite database"
    (told,) = mistakes(tmp_path, "    principals_database: none/users.db")
    assert told == f"config.yaml:6:26: {tmp_path}/none/users.db: there is no such folder"


# --- what is odd ---


def odd(folder: Path, more: str) -> list[str]:
    return list(warnings(load(written(folder, more), {"PLAIN": "sesame"})))


def test_a_method_that_nobody_could_use_is_odd(tmp_path: Path) -> None:
    joe = f"    principals: [{{authid: joe, role: user, ticket: {SESAME}, wampcra: {{env: PLAIN}}}}]"
    assert odd(tmp_path, joe) == [
        "nobody could use scram in realm1: no principal has what it needs",
        "nobody could use cryptosign in realm1: no principal has what it needs",
    ]
    assert odd(tmp_path, f"{joe}\n{DATABASE}") == []


def test_a_proof_whose_method_is_off_is_odd(tmp_path: Path) -> None:
    path = written(tmp_path, "    principals:\n")
    path.write_text(
        CONFIG.replace(", ticket: true, wampcra: true, scram: true, cryptosign: true", "")
        + "    principals:\n"
        + "".join(f"      - {{authid: joe{number}, role: user, ticket: {{env: PLAIN}}}}\n" for number in range(7))
    )
    assert list(warnings(load(path, {"PLAIN": "x"}))) == [
        "joe0, joe1, joe2, joe3, joe4 and 2 more of realm1 could use ticket, which is off in its `authentication`"
    ]


def test_a_password_that_is_hashed_too_quickly_is_odd(tmp_path: Path, users: Database) -> None:
    weak = ticket_verifier("sesame", CHEAP)
    told = odd(tmp_path, f"{DATABASE}    principals: [{{authid: ann, role: user, ticket: '{weak}'}}]")
    assert told == ["the argon2id verifiers of ann in realm1 take less work than is recommended"]


def test_a_role_of_the_database_that_the_realm_does_not_have_is_odd(tmp_path: Path, users: Database) -> None:
    users.add("eve", "emperor")
    assert odd(tmp_path, DATABASE) == [f"eve of {tmp_path}/users.db cannot join: realm1 does not have their roles"]


def test_who_is_removed_while_an_answer_is_due_does_not_get_in(tmp_path: Path) -> None:
    """F6: a challenge is good for half a minute."""
    joe = f"- {{authid: joe, role: user, ticket: {SESAME}}}"
    path = written(tmp_path, "    principals_file: people.yaml", **{"people.yaml": joe})
    config, clock = load(path, {}), Clock()
    means = Means(clock, at_once)
    realms = assembly.realms_of(config, assembly.directories_of(config, means), means, "wamplex")
    early, late = Peer(realms, JSON), Peer(realms, JSON)
    for peer in (early, late):
        peer.sends(1, "realm1", {"roles": PLAIN, "authmethods": ["ticket"], "authid": "joe"})
        peer.receives(4, "ticket", {})
    early.sends(5, "sesame", {})
    early.receives(2, ANY, ANY)
    (tmp_path / "people.yaml").write_text("[]")
    clock.advance(POLL)
    late.sends(5, "sesame", {})
    late.receives(3, {"message": "the credentials were not accepted"}, "wamp.error.authentication_denied")


def test_what_was_opened_for_other_realms_is_closed_when_one_cannot_be(tmp_path: Path) -> None:
    path = written(tmp_path, "    principals_file: people.yaml", **{"people.yaml": "[]"})
    config, clock = load(path, {}), Clock()
    (tmp_path / "broken.db").write_text("no database " * 100)
    broken = replace(config.realms[0], name="realm2", principals_database=tmp_path / "broken.db")
    with pytest.raises(CannotUse):
        assembly.directories_of(replace(config, realms=(*config.realms, broken)), Means(clock, at_once))
    assert clock.getDelayedCalls() == []
