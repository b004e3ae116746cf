"""The commands `wamplex user` and `wamplex hash`: what they do, print and refuse."""

import io
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from realms.authentication.principals import Principal
from realms.authentication.verifiers import fits, parse_cra, parse_scram, parse_totp, scram_secret
from router.cli import main
from router.commands import passwords, users
from router.commands.configuration import Refused
from router.config import load
from router.principals.database import Database
from router.principals.listed import principal_of

KEY = "ab" * 32
ROOT = Path(__file__).parents[2]
CONFIG = """
realms:
  - name: realm1
    authentication: {ticket: true}
    principals_database: users.db
    roles: [{name: backend}, {name: admin}]
"""
SECOND = CONFIG.replace("realms:\n", "").replace("realm1", "realm2")


class Said:
    """What a command said, and its exit status."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err


Command = Callable[..., Said]


@pytest.fixture
def wamplex(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command in the folder of a config.yaml, with a password on the standard input."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(CONFIG)

    def run(*arguments: str, typed: str | bytes = "") -> Said:
        octets = typed.encode() if isinstance(typed, str) else typed
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(octets)))
        status = main(arguments)
        captured = capsys.readouterr()
        return Said(status, captured.out, captured.err)

    return run


def kept(authid: str, folder: Path = Path(), realm: str = "realm1") -> Principal | None:
    database = Database(folder / "users.db", realm, make=False)
    try:
        return database.find_now(authid)
    finally:
        database.close()


# --- wamplex user ---


def test_a_password_is_good_for_every_method_that_knows_passwords(wamplex: Command) -> None:
    """E3, E5, E8"""
    said = wamplex("user", "add", "joe", "--role", "backend", "--password-stdin", typed="open sesame\nsecond line")
    assert (said.status, said.out, said.err) == (0, "joe may join realm1 as backend\n", "")
    joe = kept("joe")
    assert joe is not None
    assert joe.ticket is not None
    assert joe.cra is not None
    assert joe.scram is not None
    assert fits(joe.ticket, "open sesame")
    assert joe.ticket.startswith("$argon2id$")
    assert joe.cra.salt is not None
    assert joe.scram == scram_secret("open sesame", salt=joe.scram.salt)
    assert b"sesame" not in Path("users.db").read_bytes()


def test_a_drawn_password_is_shown_once(wamplex: Command) -> None:
    said = wamplex("user", "add", "joe", "--role", "backend", "--generate")
    found = re.match(r"password: ([\w-]{43})\njoe may join", said.out)
    assert found
    assert said.err == "This is shown only now.\n"
    joe = kept("joe")
    assert joe is not None
    assert joe.ticket is not None
    assert fits(joe.ticket, found[1])
    assert found[1] not in wamplex("user", "list").out


def test_a_second_factor_is_shown_once_and_as_apps_read_it(wamplex: Command) -> None:
    """E18"""
    said = wamplex("user", "add", "joe doe", "--role", "backend", "--generate", "--totp")
    secret, address = said.out.splitlines()[1:3]
    url = urlsplit(address)
    assert (url.scheme, url.netloc, url.path) == ("otpauth", "totp", "/realm1%3Ajoe%20doe")
    assert parse_qs(url.query) == {"secret": [secret.removeprefix("totp: ")], "issuer": ["realm1"]}
    joe = kept("joe doe")
    assert joe is not None
    assert joe.totp == parse_totp(secret.removeprefix("totp: "))
    assert wamplex("user", "totp", "joe doe", "--off").out == "joe doe is asked for no second factor\n"
    joe = kept("joe doe")
    assert joe is not None
    assert joe.totp is None
    assert wamplex("user", "totp", "joe doe").out.startswith("totp: ")


def test_principals_are_listed_with_their_proofs_and_without_secrets(wamplex: Command) -> None:
    """J3"""
    wamplex("user", "add", "joe", "--role", "backend", "--password-stdin", typed="open sesame")
    wamplex("user", "add", "a-service", "--role", "admin", "--key", KEY, "--certificate", ":".join(["0F"] * 32))
    wamplex("user", "disable", "joe")
    assert wamplex("user", "list").out == (
        "NAME       ROLE     STATE     PROOFS\n"
        "a-service  admin    enabled   cryptosign, tls\n"
        "joe        backend  disabled  ticket, wampcra, scram\n"
    )


def test_a_principal_can_be_changed_in_every_respect(wamplex: Command) -> None:
    wamplex("user", "add", "joe", "--role", "backend", "--key", KEY)
    assert wamplex("user", "role", "joe", "admin").out == "joe has the role admin\n"
    assert wamplex("user", "password", "joe", "--password-stdin", typed="öffne dich\r\n").status == 0
    assert wamplex("user", "key", "add", "joe", KEY.replace("a", "C")).out == "joe has one more key\n"
    assert wamplex("user", "key", "remove", "joe", KEY.upper()).out == "joe has one key less\n"
    assert wamplex("user", "certificate", "add", "joe", "0f" * 32).out == "joe has one more certificate\n"
    joe = kept("joe")
    assert joe is not None
    assert (joe.role, joe.keys, joe.certificates) == ("admin", {bytes.fromhex("cb" * 32)}, {"0f" * 32})
    assert joe.ticket is not None
    assert fits(joe.ticket, "öffne dich")
    assert wamplex("user", "disable", "joe").out == "joe may not join realm1\n"
    assert kept("joe") is None
    assert wamplex("user", "enable", "joe").out == "joe may join realm1\n"
    assert kept("joe") is not None
    assert wamplex("user", "remove", "joe").out == "joe is removed from realm1\n"
    assert wamplex("user", "list").err == "nobody in realm1 yet\n"


def test_whatever_cannot_be_done_is_one_clear_line_and_status_1(wamplex: Command) -> None:
    wamplex("user", "add", "joe", "--role", "backend", "--key", KEY)
    refused = {
        ("add", "joe", "--role", "backend", "--generate"): "there is a principal joe in realm1 already",
        ("add", "ann", "--role", "bakend", "--generate"): "realm1 has no role bakend; did you mean `backend`?",
        ("add", "ann", "--role", "x", "--generate"): "realm1 has no role x; the roles are backend, admin",
        ("add", "ann", "--role", "admin"): (
            "by what is ann to prove who it is? Give --password, --generate, --key or --certificate"
        ),
        ("add", "ann", "--role", "admin", "--key", KEY): f"{KEY[:16]}... belongs to joe already",
        ("add", "ann", "--role", "admin", "--key", "ab"): "`ab` is not 64 hexadecimal digits",
        ("add", " ann", "--role", "admin", "--generate"): (
            "a name has 1 to 256 characters, none of them a control character or space around it"
        ),
        ("add", "ann", "--role", "admin", "--password"): (
            "there is no terminal to type the password at; use --password-stdin or --generate"
        ),
        ("password", "joe"): "there is no terminal to type the password at; use --password-stdin or --generate",
        ("role", "joe", "emperor"): "realm1 has no role emperor; the roles are backend, admin",
        ("key", "remove", "joe", "cd" * 32): "joe has no such key",
        **{
            (*command, "zoe", *more): "there is no principal zoe in realm1"
            for command, more in (
                (("disable",), ()),
                (("enable",), ()),
                (("remove",), ()),
                (("role",), ("admin",)),
                (("password",), ("--generate",)),
                (("totp",), ()),
                (("key", "add"), (KEY,)),
            )
        },
    }
    for arguments, expected in refused.items():
        said = wamplex("user", *arguments)
        assert (said.status, said.out, said.err) == (1, "", f"{expected}\n"), arguments
    assert kept("ann") is None


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (b"", "an empty password protects nothing"),
        (b"\n", "an empty password protects nothing"),
        (b"x" * 1001, "a password has at most 1000 characters"),
        (b"\xff\n", "the password is not UTF-8"),
        (
            b"belling\x07\n",
            "SCRAM cannot use this password: a control character, or one that is not in use, may not occur",
        ),
    ],
)
def test_a_password_that_will_not_do_is_refused(wamplex: Command, typed: bytes, expected: str) -> None:
    said = wamplex("user", "add", "joe", "--role", "backend", "--password-stdin", typed=typed)
    assert said.status == 1
    assert said.err.splitlines()[-1] == expected


def test_a_short_password_is_warned_of(wamplex: Command) -> None:
    said = wamplex("user", "add", "joe", "--role", "backend", "--password-stdin", typed="sesame")
    assert (said.status, said.err) == (0, "warning: a password of less than 8 characters is soon guessed\n")


def test_no_command_takes_a_password_as_an_argument(wamplex: Command) -> None:
    """J3: the process list would show it."""
    with pytest.raises(SystemExit):
        wamplex("user", "add", "joe", "--role", "backend", "--password", "hunter2")
    with pytest.raises(SystemExit):
        wamplex("hash", "hunter2")


# --- which database and realm ---


def test_database_and_realm_may_be_given_without_a_configuration(wamplex: Command, tmp_path: Path) -> None:
    Path("config.yaml").unlink()
    arguments = ("--database", "users.db", "--realm", "anything")
    assert wamplex("user", "add", "joe", "--role", "any", "--generate", *arguments).status == 0
    assert kept("joe", tmp_path, "anything") is not None


def test_a_configuration_with_mistakes_elsewhere_will_do(wamplex: Command) -> None:
    """A command may run where the secrets of the router are out of reach."""
    Path("config.yaml").write_text(
        CONFIG + "    principals: [{authid: eve, role: backend, ticket: {env: NOT_SET}}]\nlimits: {x: 1}\n"
    )
    assert wamplex("user", "add", "joe", "--role", "backend", "--generate").status == 0


def test_of_several_realms_one_must_be_named(wamplex: Command, tmp_path: Path) -> None:
    Path("config.yaml").write_text(CONFIG + SECOND)
    said = wamplex("user", "add", "joe", "--role", "backend", "--generate")
    assert said.err == "config.yaml: which realm? Give --realm with one of realm1, realm2\n"
    assert wamplex("user", "add", "joe", "--role", "backend", "--generate", "--realm", "realm2").status == 0
    assert kept("joe", tmp_path, "realm2") is not None
    assert kept("joe") is None
    said = wamplex("user", "list", "--realm", "realm3")
    assert (said.status, said.err) == (1, "config.yaml: there is no realm realm3; the realms are realm1, realm2\n")


def test_without_a_database_the_key_is_named_that_sets_one(wamplex: Command) -> None:
    Path("config.yaml").write_text(CONFIG.replace("    principals_database: users.db\n", ""))
    assert wamplex("user", "list").err == (
        "config.yaml: no realm has a database of principals; set the key `principals_database` of a realm, "
        "or give --database FILE and --realm NAME\n"
    )
    assert wamplex("user", "list", "--realm", "realm1").err == (
        "config.yaml: realm1 has no database of principals; set the key `principals_database` of the realm, "
        "or give --database FILE\n"
    )


def test_only_adding_makes_a_database(wamplex: Command, tmp_path: Path) -> None:
    said = wamplex("user", "list")
    assert (said.status, said.err) == (1, f"cannot use {tmp_path}/users.db for principals: No such file or directory\n")
    assert not Path("users.db").exists()


def test_a_database_that_others_may_read_is_warned_of(wamplex: Command, tmp_path: Path) -> None:
    wamplex("user", "add", "joe", "--role", "backend", "--generate")
    Path("users.db").chmod(0o644)
    file = tmp_path / "users.db"
    assert (
        wamplex("user", "disable", "joe").err == f"warning: others may read {file}; `chmod 600 {file}` keeps them out\n"
    )


def test_who_is_listed_in_the_configuration_is_warned_of(wamplex: Command) -> None:
    Path("config.yaml").write_text(CONFIG + "    principals: [{authid: joe, role: admin, cryptosign: [" + KEY + "]}]\n")
    said = wamplex("user", "add", "joe", "--role", "backend", "--generate")
    assert "warning: the configuration lists joe as well, and that comes first\n" in said.err


# --- wamplex hash ---


def test_hash_prints_lines_that_config_yaml_takes(wamplex: Command, tmp_path: Path) -> None:
    """E3, E5, E8"""
    said = wamplex("hash", typed="open sesame\n")
    assert said.status == 0
    proofs = "".join(f"        {line}\n" for line in said.out.splitlines())
    Path("config.yaml").write_text(f"{CONFIG}    principals:\n      - authid: joe\n        role: admin\n{proofs}")
    joe = principal_of(load(Path("config.yaml")).realms[0].principals[0])
    assert joe.ticket is not None
    assert fits(joe.ticket, "open sesame")
    assert joe.cra is not None
    assert joe.scram == scram_secret("open sesame", salt=joe.scram.salt if joe.scram else b"")


def test_hash_makes_what_is_asked_for(wamplex: Command) -> None:
    """E5, E8"""
    (scram,) = wamplex("hash", "--method", "scram", "--kdf", "pbkdf2", typed="open sesame").out.splitlines()
    assert parse_scram(scram.removeprefix("scram: ")).kdf == "pbkdf2"
    said = wamplex("hash", "--method", "wampcra", "--iterations", "1000", typed="open sesame")
    assert parse_cra(said.out.strip().removeprefix("wampcra: ")).iterations == 1000
    (ticket,) = wamplex("hash", "--method", "ticket", typed="open sesame").out.splitlines()
    assert fits(ticket.removeprefix("ticket: "), "open sesame")
    with pytest.raises(SystemExit):
        wamplex("hash", "--iterations", "10", typed="open sesame")


def test_hash_can_draw_a_ticket_and_shows_it_once(wamplex: Command) -> None:
    """E3"""
    ticket, line = wamplex("hash", "--generate").out.splitlines()
    assert line.startswith("ticket: $sha256$")
    assert fits(line.removeprefix("ticket: "), ticket)


def test_on_a_terminal_the_password_is_asked_for_twice_and_not_shown(tmp_path: Path) -> None:
    """J3"""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "router", "hash", "--method", "ticket"],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    os.close(theirs)
    shown = b""
    for prompt in (b"Password: ", b"Again: "):
        while prompt not in shown:
            shown += os.read(ours, 1000)
        os.write(ours, b"open sesame\n")
    out = process.communicate(timeout=20)[0].decode()
    os.close(ours)
    assert b"sesame" not in shown
    assert fits(out.strip().removeprefix("ticket: "), "open sesame")


def test_two_different_passwords_on_the_terminal_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter(["open sesame", "open sesam"])
    monkeypatch.setattr(passwords, "getpass", lambda prompt: next(typed))
    with pytest.raises(Refused, match="two different"):
        passwords.type_password()


def test_who_gives_up_at_the_prompt_gets_no_traceback(wamplex: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(users, "password", interrupted)
    said = wamplex("user", "add", "joe", "--role", "backend", "--generate")
    assert (said.status, said.out) == (130, "")
    assert kept("joe") is None
