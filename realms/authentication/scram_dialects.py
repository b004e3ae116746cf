"""SCRAM in the words of the specification, and in those of autobahn.

The exchange is the same; what differs is how nonces are joined, what things are called, and what is signed:

    the specification                                    autobahn
    AUTHMETHOD wamp-scram                                scram
    nonces     the base64 of one, then of the other      the base64 of both
    kdf        argon2id13                                argon2id-13
    memory     null with pbkdf2                          missing with pbkdf2
    signed     as RFC 5802 says, section 7               the name not escaped, and without channel binding
    answer     Extra repeats nonce and binding           Extra is empty
    WELCOME    authextra.verifier                        authextra.scram_server_signature
    argon2     its octets are the salted password        its text is

autobahn's dialect is that of an old draft, and Crossbar speaks it, too.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any, Final, NamedTuple, Protocol

from realms.authentication.principals import ScramSecret


class Opening(NamedTuple):
    """What HELLO says."""

    authid: str
    nonce: str
    """The client's, in base64."""

    binding: str | None = None
    """The type of channel binding."""

    channel_id: bytes = b""
    """What the router sees at its end of the channel; empty without a binding."""


class Dialect(Protocol):
    """How SCRAM is spoken."""

    @property
    def name(self) -> str:
        """The authentication method."""

    @property
    def verifier(self) -> str:
        """Where in `WELCOME.Details.authextra` the router's signature is."""

    @property
    def binds(self) -> bool:
        """Whether the exchange can be bound to a TLS channel."""

    def join(self, client_nonce: str, server_nonce: bytes) -> str:
        """`CHALLENGE.Extra.nonce`."""

    def parameters(self, secret: ScramSecret) -> dict[str, Any]:
        """The rest of `CHALLENGE.Extra`."""

    def keys(self, secret: ScramSecret) -> tuple[bytes, bytes] | None:
        """StoredKey and ServerKey; None if what is kept of the password does not serve here."""

    def signed(self, opening: Opening, challenge: Mapping[str, Any]) -> bytes:
        """The AuthMessage, which both sides sign."""

    def is_confirmed(self, opening: Opening, nonce: str, extra: Mapping[str, Any]) -> bool:
        """Whether `AUTHENTICATE.Extra` is about this exchange on this channel."""


class Specified:
    """As section "WAMP-SCRAM" has it."""

    name: Final = "wamp-scram"
    verifier: Final = "verifier"
    binds: Final = True

    def join(self, client_nonce: str, server_nonce: bytes) -> str:
        """One text after the other."""
        return client_nonce + b64encode(server_nonce).decode()

    def parameters(self, secret: ScramSecret) -> dict[str, Any]:
        """All of them."""
        return {
            "salt": b64encode(secret.salt).decode(),
            "kdf": secret.kdf,
            "iterations": secret.iterations,
            "memory": secret.memory,
        }

    def keys(self, secret: ScramSecret) -> tuple[bytes, bytes]:
        """Those of the password's octets."""
        return secret.stored_key, secret.server_key

    def signed(self, opening: Opening, challenge: Mapping[str, Any]) -> bytes:
        """`n=<name>,r=<client nonce>,r=<nonce>,s=<salt>,i=<iterations>,c=<channel binding>,r=<nonce>`."""
        name = opening.authid.replace("=", "=3D").replace(",", "=2C")
        flag = b"n,," if opening.binding is None else f"p={opening.binding},,".encode()
        return _auth_message(name, opening.nonce, challenge, b64encode(flag + opening.channel_id).decode())

    def is_confirmed(self, opening: Opening, nonce: str, extra: Mapping[str, Any]) -> bool:
        """It must repeat what was said; the channel, as the client sees it, must be ours."""
        if extra.get("nonce") != nonce or extra.get("channel_binding") != opening.binding:
            return False
        data = extra.get("cbind_data")
        if opening.binding is None:
            return data is None
        octets = canonical(data)
        return octets is not None and compare_digest(octets, opening.channel_id)


class Autobahn:
    """As autobahn and Crossbar have it."""

    name: Final = "scram"
    verifier: Final = "scram_server_signature"
    binds: Final = False

    def join(self, client_nonce: str, server_nonce: bytes) -> str:
        """Decoded, joined, and encoded as one."""
        return b64encode(b64decode(client_nonce) + server_nonce).decode()

    def parameters(self, secret: ScramSecret) -> dict[str, Any]:
        """Without what is null: autobahn makes a number of all that is there, and refuses what it does not know."""
        parameters: dict[str, Any] = {
            "salt": b64encode(secret.salt).decode(),
            "kdf": "argon2id-13" if secret.kdf == "argon2id13" else secret.kdf,
            "iterations": secret.iterations,
        }
        return parameters if secret.memory is None else parameters | {"memory": secret.memory}

    def keys(self, secret: ScramSecret) -> tuple[bytes, bytes] | None:
        """Those of argon2's text; with pbkdf2 there is no difference."""
        if secret.kdf == "pbkdf2":
            return secret.stored_key, secret.server_key
        return secret.autobahn

    def signed(self, opening: Opening, challenge: Mapping[str, Any]) -> bytes:
        """As RFC 5802 without its commas and equal signs."""
        return _auth_message(opening.authid, opening.nonce, challenge, "")

    def is_confirmed(self, opening: Opening, nonce: str, extra: Mapping[str, Any]) -> bool:
        """It says nothing; the proof is about all of it."""
        return True


def _auth_message(name: str, client_nonce: str, challenge: Mapping[str, Any], binding: str) -> bytes:
    nonce, salt, iterations = challenge["nonce"], challenge["salt"], challenge["iterations"]
    return f"n={name},r={client_nonce},r={nonce},s={salt},i={iterations},c={binding},r={nonce}".encode()


def canonical(text: object) -> bytes | None:
    """Decode base64 in the one way to write it (RFC 4648); None for all else."""
    if not isinstance(text, str):
        return None
    try:
        octets = b64decode(text, validate=True)
    except ValueError:
        return None
    return octets if b64encode(octets).decode() == text else None
