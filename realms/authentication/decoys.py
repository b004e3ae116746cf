"""Principals that do not exist, and what challenges tell about them.

A challenge of WAMP-CRA or SCRAM shows what is kept of a principal: a role, a salt, how the password was hashed. For a
name that nobody has there must be a challenge as well, or it would tell who exists. A stranger may compare it with

- the challenges of others: a decoy looks like one of the principals that were met, as far as it shows;
- an earlier one for the same name: everything about a decoy follows from its name and a secret of the router.

With another secret all decoys change, and real principals do not; so the secret should outlive the process.
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable, Iterable
from hmac import digest
from typing import Final, Literal, NamedTuple, TypeVar

from realms.authentication.principals import CraSecret, Principal, ScramSecret

MAX_SHAPES: Final = 32
"""Different shapes that decoys have. Choosing one takes 1 us for each; there are few roles and fewer ways to hash."""

KEY_SIZE: Final = 32
HEXADECIMAL: Final = re.compile("[0-9a-f]+")


class CraShape(NamedTuple):
    """What a challenge of WAMP-CRA shows of a principal, but for the name and the salt."""

    role: str
    provider: str = "static"
    iterations: int = 0
    keylen: int = 0
    salt_length: int | None = None
    """Characters; None if the secret is not salted, and then nothing else shows."""

    salt_form: Literal["hexadecimal", "base64"] = "base64"
    padding: int = 0
    """How many `=` the salt ends with."""


class ScramShape(NamedTuple):
    """What a challenge of SCRAM shows of a principal, but for the name and the salt."""

    kdf: Literal["pbkdf2", "argon2id13"] = "pbkdf2"
    iterations: int = 100_000
    memory: int | None = None
    salt_size: int = 16


Shape = TypeVar("Shape", CraShape, ScramShape)
Draw = Callable[[bytes, int], bytes]


class Decoys:
    """Makes decoys for the names that nobody has."""

    def __init__(self, secret: bytes, presumed: Iterable[Principal] = ()) -> None:
        """Decoys look like `presumed` until a real principal is met."""
        self._secret = secret
        self._cra: dict[CraShape, bytes] = {}  # with a text for each
        self._scram: dict[ScramShape, bytes] = {}
        for principal in presumed:
            self.note(principal)
        self._presumed_cra, self._cra = self._cra, {}
        self._presumed_scram, self._scram = self._scram, {}

    def note(self, principal: Principal) -> None:
        """Note what a principal looks like who exists."""
        if principal.cra is not None:
            self.note_cra(principal, principal.cra)
        if principal.scram is not None:
            self.note_scram(principal.scram)

    def note_cra(self, principal: Principal, secret: CraSecret, *, is_real: bool = True) -> None:
        """The same, of one secret. It takes as long for a decoy, which leaves nothing behind."""
        shape = _cra_shape(principal, secret)
        if shape not in self._cra and is_real:
            _note(self._cra, shape)

    def note_scram(self, secret: ScramSecret, *, is_real: bool = True) -> None:
        """The same, for SCRAM."""
        shape = ScramShape(secret.kdf, secret.iterations, secret.memory, len(secret.salt))
        if shape not in self._scram and is_real:
            _note(self._scram, shape)

    def cra(self, authid: str) -> tuple[Principal, CraSecret]:
        """Somebody who does not exist, and a secret that nobody has."""
        draw = self._drawing(authid)
        shape = _choose(self._cra or self._presumed_cra, draw) or CraShape("user")
        secret = CraSecret(b64encode(draw(b"key", KEY_SIZE)), _salt(shape, draw), shape.iterations, shape.keylen)
        return Principal(authid, shape.role, provider=shape.provider), secret

    def scram(self, authid: str) -> ScramSecret:
        """What would be kept of a password that nobody has."""
        draw = self._drawing(authid)
        shape = _choose(self._scram or self._presumed_scram, draw) or ScramShape()
        salt, stored, server = draw(b"salt", shape.salt_size), draw(b"stored", KEY_SIZE), draw(b"server", KEY_SIZE)
        return ScramSecret(shape.kdf, salt, shape.iterations, shape.memory, stored, server, (stored, server))

    def _drawing(self, authid: str) -> Draw:
        """A source of octets that is always the same for a name: `draw(purpose, size)`."""
        seed = digest(self._secret, authid.encode(), "sha256")
        return lambda purpose, size: hashlib.shake_256(seed + purpose).digest(size)


def _note(shapes: dict[Shape, bytes], shape: Shape) -> None:
    if len(shapes) < MAX_SHAPES:
        shapes[shape] = repr(shape).encode()


def _choose(shapes: dict[Shape, bytes], draw: Draw) -> Shape | None:
    """One and the same for a name: a further shape takes over some of the names, and the others keep theirs."""
    return max(shapes, key=lambda shape: draw(shapes[shape], 8), default=None)


def _salt(shape: CraShape, draw: Draw) -> str | None:
    length = shape.salt_length
    if length is None:
        return None
    octets = draw(b"salt", length)  # more than enough, in both forms
    if shape.salt_form == "hexadecimal":
        return octets.hex()[:length]
    if length % 4 == 0:  # whole: even the bits that padding leaves over are right
        return b64encode(octets[: length // 4 * 3 - shape.padding]).decode()
    return b64encode(octets).decode()[:length]


def _cra_shape(principal: Principal, secret: CraSecret) -> CraShape:
    salt = secret.salt
    if salt is None:
        return CraShape(principal.role, principal.provider)
    form: Literal["hexadecimal", "base64"] = "hexadecimal" if HEXADECIMAL.fullmatch(salt) else "base64"
    padding = min(len(salt) - len(salt.rstrip("=")), 2)
    return CraShape(
        principal.role, principal.provider, secret.iterations, secret.keylen, len(salt), form, padding
    )  # fmt: skip
