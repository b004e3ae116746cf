"""Passwords, as commands get them, and what is kept of them. None is ever an argument: the process list shows those."""

import argparse
import sys
from getpass import getpass
from typing import Final

from realms.authentication.verifiers import (
    CRA_ITERATIONS,
    Kdf,
    cra_secret,
    cra_verifier,
    digest_verifier,
    random_ticket,
    scram_secret,
    scram_verifier,
    ticket_verifier,
)
from router.commands.configuration import Refused, say

LONGEST: Final = 1000
"""Characters; the ticket method takes more, and nobody types that much."""

SHORT: Final = 8
"""Characters; NIST SP 800-63B has no password shorter than that."""

METHODS: Final = ("ticket", "wampcra", "scram")


def add_ways(parser: argparse.ArgumentParser, *, typing: str | None = None) -> None:
    """Let the command line say where the password comes from; `typing` is the flag for the terminal, if any."""
    ways = parser.add_mutually_exclusive_group()
    if typing is not None:
        ways.add_argument(typing, action="store_true", help="ask for a password on the terminal")
    ways.add_argument(
        "--password-stdin", action="store_true", help="read the password from the first line of the input"
    )
    ways.add_argument("--generate", action="store_true", help="draw a password at random and print it, this once")


def password(asked: argparse.Namespace) -> str:
    """Get the password in the way that was asked for; raises Refused."""
    if asked.generate:
        return random_ticket()
    if asked.password_stdin:
        return read_password()
    if not sys.stdin.isatty():
        raise Refused("there is no terminal to type the password at; use --password-stdin or --generate")
    return type_password()


def type_password() -> str:
    """Ask for a password on the terminal, twice; raises Refused."""
    typed = getpass("Password: ")
    if getpass("Again: ") != typed:
        raise Refused("these were two different passwords")
    return _usable(typed)


def read_password() -> str:
    """Read the first line of the input; raises Refused."""
    line = sys.stdin.buffer.readline(4 * LONGEST + 2)
    try:
        return _usable(line.decode().removesuffix("\n").removesuffix("\r"))
    except UnicodeDecodeError:
        raise Refused("the password is not UTF-8") from None


def verifiers(
    password: str,
    methods: tuple[str, ...] = METHODS,
    *,
    drawn: bool = False,
    kdf: Kdf = "argon2id13",
    iterations: int = CRA_ITERATIONS,
) -> dict[str, str]:
    """What is kept of a password, by method; of one that was `drawn` at random a quick hash will do for tickets.

    `kdf` is that of SCRAM, `iterations` those of WAMP-CRA. Raises Refused.
    """
    made = {}
    if "ticket" in methods:
        made["ticket"] = digest_verifier(password) if drawn else ticket_verifier(password)
    if "wampcra" in methods:
        made["wampcra"] = cra_verifier(cra_secret(password, iterations))
    if "scram" in methods:
        try:
            made["scram"] = scram_verifier(scram_secret(password, kdf))
        except ValueError as reason:
            raise Refused(f"SCRAM cannot use this password: {reason}") from None
    return made


def _usable(password: str) -> str:
    if not password:
        raise Refused("an empty password protects nothing")
    if len(password) > LONGEST:
        raise Refused(f"a password has at most {LONGEST} characters")
    if len(password) < SHORT:
        say(f"warning: a password of less than {SHORT} characters is soon guessed")
    return password
