"""The keys that verify tokens. Each key has one algorithm, by its type: what the token says selects among the keys, and
never decides how one is used. So `alg: none`, or HS256 with a public key as the secret, find no key.

RFC 7517 (JSON Web Key), RFC 8725 (best practices), sections 3.1 and 3.2.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, get_args

import jwt
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate
from twisted.internet.defer import Deferred

Algorithm = Literal["HS256", "RS256", "ES256", "EdDSA"]

ALGORITHMS: Final[tuple[Algorithm, ...]] = get_args(Algorithm)

SHORTEST_SECRET: Final = 32
"""Octets of an HS256 secret: RFC 7518, section 3.2, wants as many as the hash has."""

SHORTEST_RSA: Final = 2048
"""Bits: RFC 7518, section 3.3."""

MOST_KEYS: Final = 64
"""Keys of a set that are looked at; identity providers have two or three."""


class UnfitKey(ValueError):  # noqa: N818 - it reads as what it says
    """This cannot verify tokens; the text says why, and quotes nothing of the key."""


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """A key and its algorithm."""

    algorithm: Algorithm
    key: Any
    """Octets for HS256, a public key of `cryptography` for the others."""

    id: str | None = None
    """`kid`; None fits tokens with any."""

    def __repr__(self) -> str:
        return f"Key({self.algorithm}, id={self.id!r})"


Found = tuple[Key, ...]


class KeysUnavailable(Exception):  # noqa: N818 - it reads as what it says
    """There are no keys, and it is not the token's fault."""


class Keys(Protocol):
    """A source of keys."""

    def find(self, algorithm: Algorithm, id: str | None) -> Found | Deferred[Found]:
        """The keys of an algorithm that a token with this `kid` may be signed with; fails with KeysUnavailable."""


class FixedKeys:
    """Keys that are known by heart."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self._keys = tuple(keys)

    def find(self, algorithm: Algorithm, id: str | None) -> Found:
        """Those that fit."""
        return fitting(self._keys, algorithm, id)


class Several:
    """Several sources as one: all their keys."""

    def __init__(self, sources: Iterable[Keys], algorithms: frozenset[Algorithm] | None = None) -> None:
        """`algorithms` are those that are accepted; None for all that there are keys for."""
        self._sources = tuple(sources)
        self._algorithms = algorithms

    def find(self, algorithm: Algorithm, id: str | None) -> Found | Deferred[Found]:
        """The first source that has any decides: those that may have to ask others come last."""
        if self._algorithms is not None and algorithm not in self._algorithms:
            return ()
        found: Found | Deferred[Found] = ()
        for source in self._sources:
            found = source.find(algorithm, id)
            if found:
                break
        return found


def fitting(keys: Iterable[Key], algorithm: Algorithm, id: str | None) -> Found:
    """The keys that a token of that algorithm and `kid` may be signed with."""
    return tuple(key for key in keys if key.algorithm == algorithm and (key.id is None or id is None or key.id == id))


def secret_key(secret: bytes, id: str | None = None) -> Key:
    """Make a key for HS256; raises UnfitKey."""
    if len(secret) < SHORTEST_SECRET:
        raise UnfitKey(f"a secret for HS256 needs at least {SHORTEST_SECRET} octets, this one has {len(secret)}")
    if b"-----BEGIN" in secret or secret.startswith(b"ssh-"):
        raise UnfitKey("this is a key for another algorithm: whoever knows the public part could sign with it")
    return Key("HS256", secret, id)


def public_key(pem: bytes) -> Key:
    """Read the key of RS256, ES256 or EdDSA: a public key, or a certificate with one, in PEM; raises UnfitKey."""
    if b"PRIVATE KEY-----" in pem:
        raise UnfitKey("a private key: the router needs the public one only, so keep this one where tokens are signed")
    try:
        if b"-----BEGIN CERTIFICATE-----" in pem:
            return _verifier(load_pem_x509_certificate(pem).public_key())
        return _verifier(load_pem_public_key(pem))
    except UnfitKey:
        raise
    except (ValueError, UnsupportedAlgorithm):
        raise UnfitKey("not a public key in PEM") from None


def keys_of(document: bytes) -> Found:
    """Read a JSON Web Key Set; what is not for verifying tokens is passed over. Raises UnfitKey if nothing is left."""
    try:
        listed = msgspec.json.decode(document, type=_KeySet).keys
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise UnfitKey("not a JSON Web Key Set") from None
    keys = tuple(key for key in map(_key_of, listed[:MOST_KEYS]) if key is not None)
    if not keys:
        raise UnfitKey("no key for RS256, ES256 or EdDSA among the public keys")
    return keys


class _KeySet(msgspec.Struct):
    keys: list[dict[str, Any]]


def _key_of(entry: dict[str, Any]) -> Key | None:
    """None for a key of another kind or for another purpose. Secrets (`oct`) have no place in a set of public keys."""
    id, operations = entry.get("kid"), entry.get("key_ops")
    if entry.get("use", "sig") != "sig" or (isinstance(operations, list) and "verify" not in operations):
        return None
    if entry.get("kty") not in ("RSA", "EC", "OKP") or not (id is None or isinstance(id, str)):
        return None
    public = {name: value for name, value in entry.items() if name in ("kty", "crv", "n", "e", "x", "y")}
    try:
        key = _verifier(jwt.PyJWK(public).key, id)
    except (jwt.PyJWTError, UnfitKey, ValueError, TypeError):
        return None
    return key if entry.get("alg", key.algorithm) in (key.algorithm, _ALSO.get(key.algorithm)) else None


_ALSO: Final = {"EdDSA": "Ed25519"}  # RFC 9864's name


def _verifier(key: Any, id: str | None = None) -> Key:
    """The type of the key decides about the algorithm; raises UnfitKey."""
    if isinstance(key, RSAPublicKey):
        if key.key_size < SHORTEST_RSA:
            raise UnfitKey(f"an RSA key needs at least {SHORTEST_RSA} bits, this one has {key.key_size}")
        return Key("RS256", key, id)
    if isinstance(key, EllipticCurvePublicKey):
        if not isinstance(key.curve, SECP256R1):
            raise UnfitKey(f"an elliptic curve other than P-256: {key.curve.name}")
        return Key("ES256", key, id)
    if isinstance(key, Ed25519PublicKey):
        return Key("EdDSA", key, id)
    raise UnfitKey("neither an RSA, nor a P-256, nor an Ed25519 key")
