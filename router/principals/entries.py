"""A principal as the database keeps it, and as methods know it."""

from base64 import b64encode
from collections.abc import Callable
from typing import Any, Final, Literal, NamedTuple

from twisted.logger import Logger

from realms.authentication.principals import Principal
from realms.authentication.verifiers import (
    KEY_LENGTH,
    RECOMMENDED,
    SALT_LENGTH,
    check_ticket_verifier,
    decoy_like,
    parse_cra,
    parse_scram,
    parse_totp,
)
from router.principals.database_file import CannotUse

log = Logger(namespace="principals")

Kind = Literal["cryptosign", "tls"]
"""The method that a key is for; there, its SHA-256 fingerprint stands for a certificate."""


class Entry(NamedTuple):
    """A principal as it is kept."""

    authid: str
    role: str
    enabled: bool
    ticket: str | None
    wampcra: str | None
    scram: str | None
    totp: str | None
    keys: tuple[tuple[Kind, str], ...]

    def __repr__(self) -> str:
        return f"Entry({self.authid!r}, {self.role!r}, ...)"

    @property
    def proofs(self) -> list[str]:
        """By what the principal may prove who it is."""
        named = [name for name in ("ticket", "wampcra", "scram", "totp") if getattr(self, name) is not None]
        return named + sorted({kind for kind, _ in self.keys})


_KEY: Final = b64encode(bytes(KEY_LENGTH)).decode()
_SALT: Final = b64encode(bytes(SALT_LENGTH)).decode()

NOBODY: Final = Entry(
    "",
    "",
    enabled=False,
    ticket=decoy_like(RECOMMENDED),
    wampcra=f"$pbkdf2$i=10000,l={KEY_LENGTH}${bytes(SALT_LENGTH).hex()}${_KEY}",
    scram=f"$scram$argon2id13$t=2,m=19456${_SALT}" + 4 * f"${_KEY}",
    totp=None,
    keys=(),
)
"""What a password leaves behind, of nobody."""


def principal_of(entry: Entry) -> Principal:
    """Make the principal of an entry. A proof that cannot be read, as somebody has edited the file, is left out."""

    def read(column: str, parse: Callable[[str], Any]) -> Any:
        text = getattr(entry, column)
        try:
            return None if text is None else parse(text)
        except ValueError as reason:
            log.error(
                "{column} of {authid} is no good: {reason}", column=column, authid=entry.authid, reason=str(reason)
            )
            if column == "totp":  # which must not be skipped
                raise CannotUse(f"the second factor of {entry.authid} cannot be read") from None
            return None

    return Principal(
        entry.authid,
        entry.role,
        provider="database",
        ticket=read("ticket", check_ticket_verifier),
        cra=read("wampcra", parse_cra),
        scram=read("scram", parse_scram),
        keys=frozenset(bytes.fromhex(key) for kind, key in entry.keys if kind == "cryptosign"),
        certificates=frozenset(key for kind, key in entry.keys if kind == "tls"),
        totp=read("totp", parse_totp),
    )


def entry_of(row: tuple[Any, ...]) -> Entry:
    """Make an entry of a row of the database: its columns, and the keys with their kinds in one text."""
    authid, role, enabled, ticket, wampcra, scram, totp, keys = row
    pairs: Any = tuple(tuple(pair.split(" ")) for pair in keys.split(",")) if keys else ()
    return Entry(authid, role, bool(enabled), ticket, wampcra, scram, totp, pairs)
