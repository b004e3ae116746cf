"""Verifiers: texts on one line that can check a secret, or be one side of a proof, without being the secret.

    $argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>              a password shown as ticket; argon2's own encoding
    $sha256$<64 hexadecimal digits>                           a ticket that was drawn at random
    $pbkdf2$i=10000,l=32$<salt>$<base64 key>                  a password for WAMP-CRA
    $scram$argon2id13$t=2,m=19456$<salt>$<stored>$<server>    a password for SCRAM; salt and keys in base64
    $scram$pbkdf2$i=100000$<salt>$<stored>$<server>

A SCRAM verifier may end with two more keys, `$<stored>$<server>`: autobahn's `scram` takes the *text* of argon2's hash,
base64 without padding, where the specification takes its octets, so its keys differ.

The text is parsed strictly, because a verifier that nothing can match would lock somebody out without a word, and one
with huge parameters would stop the router. Making and checking the costly ones takes a processor for some 50 ms.
"""

import hashlib
import re
import secrets
from base64 import b32decode, b64decode, b64encode
from binascii import Error
from hmac import compare_digest, digest
from typing import Final, Literal, NamedTuple

from argon2 import Type
from argon2.exceptions import VerificationError
from argon2.low_level import hash_secret, hash_secret_raw, verify_secret

from realms.authentication.principals import CraSecret, ScramSecret
from realms.authentication.saslprep import saslprep

Kdf = Literal["argon2id13", "pbkdf2"]
KDFS: Final[tuple[Kdf, ...]] = ("argon2id13", "pbkdf2")

SHORTEST_TOTP: Final = 10
"""Octets: what autobahn and most sites make; RFC 4226 wants 16."""

KEY_LENGTH: Final = 32
SALT_LENGTH: Final = 16


class Cost(NamedTuple):
    """What argon2id takes: time grows with memory times passes, and lanes share it."""

    memory: int = 19_456
    """KiB."""

    passes: int = 2
    lanes: int = 1

    @property
    def work(self) -> int:
        """In KiB times passes."""
        return self.memory * self.passes


RECOMMENDED: Final = Cost()
"""OWASP's first choice, some 50 ms: more would let fewer clients join at a time, and hardly helps a good password."""

LEAST: Final = Cost(memory=1024, passes=1)
MOST: Final = Cost(memory=2**20, passes=10_000, lanes=16)
MOST_WORK: Final = 4 * 2**20
"""KiB times passes: some five seconds of a processor, which whoever knows a name can ask for."""

CRA_ITERATIONS: Final = 10_000
"""What stock autobahn.js, whose PBKDF2 is written in JavaScript, does in 0.2 s, holding up the page meanwhile."""

SCRAM_ITERATIONS: Final = 100_000
FEWEST_ITERATIONS: Final = 1000
"""The default of autobahn's WAMP-CRA."""

MOST_ITERATIONS: Final = 10_000_000

_BASE64: Final = "[A-Za-z0-9+/]+={0,2}"
_ARGON2: Final = re.compile(
    r"\$argon2id\$v=19\$m=([1-9][0-9]{0,7}),t=([1-9][0-9]{0,4}),p=([1-9][0-9]?)"
    r"\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})"
)
_SHA256: Final = re.compile(r"\$sha256\$([0-9a-fA-F]{64})")
_PBKDF2: Final = re.compile(rf"\$pbkdf2\$i=([1-9][0-9]{{0,7}}),l=([1-9][0-9]?)\$([!-#%-~]{{1,64}})\$({_BASE64})")
_SCRAM: Final = re.compile(
    r"\$scram\$(?:argon2id13\$t=([1-9][0-9]{0,4}),m=([1-9][0-9]{0,7})|pbkdf2\$i=([1-9][0-9]{0,7}))"
    rf"\$({_BASE64})\$({_BASE64})\$({_BASE64})(?:\$({_BASE64})\$({_BASE64}))?"
)
_MARKS: Final = ("$argon2id$", "$sha256$", "$pbkdf2$", "$scram$")


def is_meant(text: str) -> bool:
    """Whether a text is meant to be a verifier, right or wrong, rather than a secret itself."""
    return text.startswith(_MARKS)


# --- tickets --------------------------------------------------------------------------------------------------


def ticket_verifier(password: str, cost: Cost = RECOMMENDED) -> str:
    """`$argon2id$...` for a password that somebody has chosen."""
    salt = secrets.token_bytes(SALT_LENGTH)
    encoded = hash_secret(password.encode(), salt, cost.passes, cost.memory, cost.lanes, KEY_LENGTH, Type.ID)
    return encoded.decode()


def random_ticket() -> str:
    """A ticket of 32 random octets, in letters that need no quotes anywhere."""
    return secrets.token_urlsafe(32)


def digest_verifier(ticket: str) -> str:
    """`$sha256$...`: nobody guesses a ticket that was drawn at random, so it needs no costly hash."""
    return f"$sha256${hashlib.sha256(ticket.encode()).hexdigest()}"


def check_ticket_verifier(text: str) -> str:
    """Give a verifier for tickets as it is compared with; raises ValueError for what is none."""
    if _SHA256.fullmatch(text):
        return text.lower()
    if cost_of(text) is None:
        raise ValueError("expected a verifier that starts with `$argon2id$v=19$` or `$sha256$`, whole and on one line")
    return text


def cost_of(text: str) -> Cost | None:
    """What it costs to compare a ticket with a verifier; None if that is next to nothing. Raises ValueError."""
    found = _ARGON2.fullmatch(text)
    if found is None:
        return None
    memory, passes, lanes = (int(number) for number in found.groups()[:3])
    if not LEAST.memory * lanes <= memory <= MOST.memory or not LEAST.passes <= passes or lanes > MOST.lanes:
        raise ValueError(
            f"argon2id with m={memory},t={passes},p={lanes}: m must be from {LEAST.memory} (for each of p) "
            f"to {MOST.memory}, and p at most {MOST.lanes}"
        )
    _refuse_work(memory, passes)
    salt, hashed = (_octets(part + "=" * (-len(part) % 4)) for part in found.groups()[3:])
    if len(salt) < 8 or len(hashed) < 16:
        raise ValueError("the salt must be of 8 octets or more, and the hash of 16, in base64")
    return Cost(memory, passes, lanes)


def decoy_like(cost: Cost) -> str:
    """A verifier that costs as much and that no ticket fits."""
    salt, nothing = (b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (SALT_LENGTH, KEY_LENGTH))
    return f"$argon2id$v=19$m={cost.memory},t={cost.passes},p={cost.lanes}${salt}${nothing}"


def fits(verifier: str, ticket: str) -> bool:
    """Whether a ticket is the one that a verifier was made of. The verifier has been checked before."""
    if verifier.startswith("$sha256$"):
        return compare_digest(digest_verifier(ticket), verifier)
    try:
        return verify_secret(verifier.encode(), ticket.encode(), Type.ID)
    except VerificationError:  # argon2's way to say no
        return False


# --- WAMP-CRA -------------------------------------------------------------------------------------------------


def cra_secret(password: str, iterations: int = CRA_ITERATIONS) -> CraSecret:
    """Derive a key from a password. It opens the door as the password does; it only does not tell the password."""
    salt = secrets.token_hex(SALT_LENGTH)
    key = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), iterations, KEY_LENGTH)
    return CraSecret(b64encode(key), salt, iterations, KEY_LENGTH)


def cra_verifier(secret: CraSecret) -> str:
    """`$pbkdf2$...` for a derived key."""
    return f"$pbkdf2$i={secret.iterations},l={secret.keylen}${secret.salt}${secret.key.decode()}"


def parse_cra(text: str) -> CraSecret:
    """Read a `$pbkdf2$...`; raises ValueError."""
    found = _PBKDF2.fullmatch(text)
    if found is None:
        raise ValueError("expected a verifier like `$pbkdf2$i=10000,l=32$SALT$KEY`, whole and on one line")
    iterations, length = int(found[1]), int(found[2])
    _check_iterations(iterations)
    if not 16 <= length <= 64 or len(_octets(found[4])) != length:
        raise ValueError(f"l={length} must be from 16 to 64, and the key as many octets in base64")
    return CraSecret(found[4].encode(), found[3], iterations, length)


# --- SCRAM ----------------------------------------------------------------------------------------------------


def scram_secret(
    password: str,
    kdf: Kdf = "argon2id13",
    *,
    salt: bytes | None = None,
    iterations: int | None = None,
    memory: int | None = None,
) -> ScramSecret:
    """Compute what is kept of a password (RFC 5802, section 3, and "WAMP-SCRAM"); raises ValueError by SASLprep.

    `iterations` and `memory` (KiB, for argon2id13) are the recommended ones unless given.
    """
    salt = secrets.token_bytes(SALT_LENGTH) if salt is None else salt
    prepared = saslprep(password)
    if kdf == "pbkdf2":
        iterations = iterations or SCRAM_ITERATIONS
        salted = hashlib.pbkdf2_hmac("sha256", prepared.encode(), salt, iterations, KEY_LENGTH)
        return ScramSecret(kdf, salt, iterations, None, *_scram_keys(salted))
    cost = Cost(memory or RECOMMENDED.memory, iterations or RECOMMENDED.passes)
    salted = _argon2(prepared, salt, cost)
    as_typed = salted if prepared == password else _argon2(password, salt, cost)  # autobahn does not prepare it
    as_text = b64encode(as_typed).rstrip(b"=")
    return ScramSecret(kdf, salt, cost.passes, cost.memory, *_scram_keys(salted), autobahn=_scram_keys(as_text))


def _argon2(password: str, salt: bytes, cost: Cost) -> bytes:
    return hash_secret_raw(password.encode(), salt, cost.passes, cost.memory, cost.lanes, KEY_LENGTH, Type.ID)


def _scram_keys(salted_password: bytes) -> tuple[bytes, bytes]:
    """StoredKey and ServerKey."""
    client_key = digest(salted_password, b"Client Key", "sha256")
    return hashlib.sha256(client_key).digest(), digest(salted_password, b"Server Key", "sha256")


def scram_verifier(secret: ScramSecret) -> str:
    """`$scram$...` for what is kept of a password."""
    numbers = f"i={secret.iterations}" if secret.kdf == "pbkdf2" else f"t={secret.iterations},m={secret.memory}"
    parts = (secret.salt, secret.stored_key, secret.server_key, *(secret.autobahn or ()))
    return "$".join(("", "scram", secret.kdf, numbers, *(b64encode(part).decode() for part in parts)))


def parse_scram(text: str) -> ScramSecret:
    """Read a `$scram$...`; raises ValueError."""
    found = _SCRAM.fullmatch(text)
    if found is None:
        raise ValueError(
            "expected a verifier like `$scram$argon2id13$t=2,m=19456$SALT$STORED$SERVER` "
            "or `$scram$pbkdf2$i=100000$SALT$STORED$SERVER`, whole and on one line"
        )
    passes, memory, iterations = (None if number is None else int(number) for number in found.groups()[:3])
    salt, *keys = (_octets(part) for part in found.groups()[3:] if part is not None)
    if len(salt) < 8 or len(salt) > 64 or any(len(key) != KEY_LENGTH for key in keys):
        raise ValueError(f"the salt must be of 8 to 64 octets and each key of {KEY_LENGTH}, in base64")
    autobahn = (keys[2], keys[3]) if len(keys) > 2 else None
    if iterations is not None:
        _check_iterations(iterations)
        return ScramSecret("pbkdf2", salt, iterations, None, keys[0], keys[1], autobahn)
    if passes is None or memory is None:
        raise AssertionError("the pattern has one of the two")
    if not LEAST.memory <= memory <= MOST.memory:
        raise ValueError(f"m={memory} must be from {LEAST.memory} to {MOST.memory}")
    _refuse_work(memory, passes)
    return ScramSecret("argon2id13", salt, passes, memory, keys[0], keys[1], autobahn)


# --- second factors -------------------------------------------------------------------------------------------


def parse_totp(text: str) -> bytes:
    """Read base32 as people copy it: in any case, with spaces, without padding."""
    letters = re.sub(r"[\s=-]", "", text).upper()
    try:
        key = b32decode(letters + "=" * (-len(letters) % 8))
    except Error:
        raise ValueError("expected the key of the second factor in base32: letters and the digits 2 to 7") from None
    if len(key) < SHORTEST_TOTP:
        raise ValueError(f"the key of a second factor needs {SHORTEST_TOTP * 8 // 5} letters of base32 or more")
    return key


# --- bounds ---------------------------------------------------------------------------------------------------


def _refuse_work(memory: int, passes: int) -> None:
    if memory * passes > MOST_WORK:
        raise ValueError(f"m={memory},t={passes} takes too long: m times t must be at most {MOST_WORK}")


def _check_iterations(iterations: int) -> None:
    if not FEWEST_ITERATIONS <= iterations <= MOST_ITERATIONS:
        raise ValueError(f"i={iterations} must be from {FEWEST_ITERATIONS} to {MOST_ITERATIONS}")


def _octets(text: str) -> bytes:
    """Decode base64 that is written as it should be: one text for each content. Raises ValueError."""
    try:
        octets = b64decode(text, validate=True)
    except Error:
        octets = b""
    if b64encode(octets).decode() != text:
        raise ValueError("salt and keys must be base64 in its usual form")
    return octets
