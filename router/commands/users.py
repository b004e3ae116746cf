"""`wamplex user`: the principals that the router keeps in a database. A running router notices within a second."""

import argparse
import re
import secrets
import sys
from base64 import b32encode
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote, urlencode

from router.commands.configuration import Commands, Refused, say
from router.commands.passwords import add_ways, password, verifiers
from router.commands.user_store import Store, add_options, opened
from router.principals.entries import Entry, Kind

TOTP_SIZE: Final = 20
"""Octets of the key of a second factor: as many as SHA-1 has, which RFC 4226 recommends."""

LONGEST_NAME: Final = 256

Work = Callable[[Store, argparse.Namespace], None]
KINDS: Final[Mapping[str, Kind]] = {"key": "cryptosign", "certificate": "tls"}
_KEY: Final = re.compile(r"[0-9a-f]{64}")


def add_to(commands: Commands) -> None:
    """Describe the commands."""
    about = "manage the principals of a database"
    parser = commands.add_parser("user", help=about, description=about.capitalize() + ".")
    verbs = parser.add_subparsers(dest="verb", metavar="COMMAND", required=True)
    adding = _verb(verbs, "add", "add somebody who may join", _add)
    adding.add_argument("--role", required=True, help="the role; one of the realm's")
    add_ways(adding, typing="--password")
    adding.add_argument("--key", action="append", default=[], metavar="HEX", help="an Ed25519 public key")
    adding.add_argument(
        "--certificate", action="append", default=[], metavar="HEX", help="the SHA-256 fingerprint of a certificate"
    )
    adding.add_argument("--totp", action="store_true", help="ask for a second factor, and print its key, this once")
    _verb(verbs, "list", "list all of the realm", _list, named=False)
    _verb(verbs, "disable", "keep somebody out for now; a running router ends the sessions", _disable)
    _verb(verbs, "enable", "let somebody in again", _enable)
    _verb(verbs, "remove", "forget somebody; a running router ends the sessions", _remove)
    _verb(verbs, "role", "give another role", _role).add_argument("role", metavar="ROLE")
    add_ways(_verb(verbs, "password", "set another password, by default typed on the terminal", _password))
    totp = _verb(verbs, "totp", "ask for a second factor, and print its key, this once", _totp)
    totp.add_argument("--off", action="store_true", help="ask for none any more")
    for kind, what in (("key", "an Ed25519 public key"), ("certificate", "the SHA-256 fingerprint of a certificate")):
        ways = verbs.add_parser(kind, help=f"add or remove {what}").add_subparsers(metavar="COMMAND", required=True)
        for verb, work in (("add", _add_key), ("remove", _remove_key)):
            changing = _verb(ways, verb, f"{verb} {what}", work)
            changing.add_argument("key", metavar="HEX", help="64 hexadecimal digits")
            changing.set_defaults(kind=kind)


def _verb(verbs: Commands, name: str, about: str, work: Work, *, named: bool = True) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.")
    if named:
        parser.add_argument("name", metavar="NAME", help="the authid")
    add_options(parser)
    parser.set_defaults(run=lambda asked: _run(work, asked))
    return parser


def _run(work: Work, asked: argparse.Namespace) -> int:
    with opened(asked) as store:
        work(store, asked)
    return 0


# --- the commands ---------------------------------------------------------------------------------------------


def _add(store: Store, asked: argparse.Namespace) -> None:
    database, name = store.database, _valid(asked.name)
    store.refuse_unknown_role(asked.role)
    keys = [("key", _hexadecimal(key)) for key in asked.key]
    keys += [("certificate", _hexadecimal(key)) for key in asked.certificate]
    has_password = asked.password or asked.password_stdin or asked.generate
    if not has_password and not keys:
        raise Refused(f"by what is {name} to prove who it is? Give --password, --generate, --key or --certificate")
    if database.entry(name) is not None:  # before a password is typed in vain
        raise Refused(f"there is a principal {name} in {store.realm} already")
    secret = password(asked) if has_password else None
    proofs = {} if secret is None else verifiers(secret, drawn=asked.generate)
    totp = _new_totp() if asked.totp else None
    with database.at_once():
        database.add(name, asked.role)
        database.change(name, **proofs, totp=totp)
        for kind, key in keys:
            database.add_key(name, KINDS[kind], key)
    if name in store.listed:
        say(f"warning: the configuration lists {name} as well, and that comes first")
    _show(store, name, secret if asked.generate else None, totp)
    _tell(f"{name} may join {store.realm} as {asked.role}")


def _list(store: Store, asked: argparse.Namespace) -> None:
    entries = store.database.entries()
    if not entries:
        say(f"nobody in {store.realm} yet")
        return
    rows = [("NAME", "ROLE", "STATE", "PROOFS"), *map(_row, entries)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        padded = [text.ljust(width) for text, width in zip(row, widths, strict=False)]
        _tell("  ".join([*padded, row[3]]))


def _row(entry: Entry) -> tuple[str, str, str, str]:
    return entry.authid, entry.role, "enabled" if entry.enabled else "disabled", ", ".join(entry.proofs)


def _disable(store: Store, asked: argparse.Namespace) -> None:
    store.database.change(asked.name, enabled=0)
    _tell(f"{asked.name} may not join {store.realm}")


def _enable(store: Store, asked: argparse.Namespace) -> None:
    store.database.change(asked.name, enabled=1)
    _tell(f"{asked.name} may join {store.realm}")


def _remove(store: Store, asked: argparse.Namespace) -> None:
    store.database.remove(asked.name)
    _tell(f"{asked.name} is removed from {store.realm}")


def _role(store: Store, asked: argparse.Namespace) -> None:
    store.refuse_unknown_role(asked.role)
    store.database.change(asked.name, role=asked.role)
    _tell(f"{asked.name} has the role {asked.role}")


def _password(store: Store, asked: argparse.Namespace) -> None:
    _refuse_unknown(store, asked.name)
    secret = password(asked)
    store.database.change(asked.name, **verifiers(secret, drawn=asked.generate))
    _show(store, asked.name, secret if asked.generate else None, None)
    _tell(f"{asked.name} has another password")


def _totp(store: Store, asked: argparse.Namespace) -> None:
    _refuse_unknown(store, asked.name)
    totp = None if asked.off else _new_totp()
    store.database.change(asked.name, totp=totp)
    _show(store, asked.name, None, totp)
    _tell(f"{asked.name} is asked for {'no' if asked.off else 'a'} second factor")


def _add_key(store: Store, asked: argparse.Namespace) -> None:
    _refuse_unknown(store, asked.name)
    store.database.add_key(asked.name, KINDS[asked.kind], _hexadecimal(asked.key))
    _tell(f"{asked.name} has one more {asked.kind}")


def _remove_key(store: Store, asked: argparse.Namespace) -> None:
    store.database.remove_key(asked.name, KINDS[asked.kind], _hexadecimal(asked.key))
    _tell(f"{asked.name} has one {asked.kind} less")


# --- what they are made of ------------------------------------------------------------------------------------


def _valid(name: str) -> str:
    if not name or len(name) > LONGEST_NAME or not name.isprintable() or name != name.strip():
        raise Refused(f"a name has 1 to {LONGEST_NAME} characters, none of them a control character or space around it")
    return name


def _hexadecimal(key: str) -> str:
    digits = key.replace(":", "").lower()
    if not _KEY.fullmatch(digits):
        raise Refused(f"`{key}` is not 64 hexadecimal digits")
    return digits


def _refuse_unknown(store: Store, name: str) -> None:
    if store.database.entry(name) is None:
        raise Refused(f"there is no principal {name} in {store.realm}")


def _new_totp() -> str:
    return b32encode(secrets.token_bytes(TOTP_SIZE)).decode()


def _show(store: Store, name: str, drawn: str | None, totp: str | None) -> None:
    """Print what nobody will be able to look up later."""
    if drawn is not None:
        _tell(f"password: {drawn}")
    if totp is not None:
        label = quote(f"{store.realm}:{name}")
        _tell(f"totp: {totp}")
        _tell(f"otpauth://totp/{label}?{urlencode({'secret': totp, 'issuer': store.realm})}")
    if drawn is not None or totp is not None:
        say("This is shown only now.")


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
