"""Signed statements of Ethereum accounts, as far as WAMP's certificates need them: EIP-712 and EIP-55.

    hash(statement) = keccak256(0x1901, hash of the domain, hash of the structure)
    hash of a structure = keccak256(keccak256(its type, spelled out), each field in 32 octets)

A signature is `r`, `s` and `v` in hexadecimal, 65 octets, from which the public key follows that it was made with, and
from that the address of the account.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from coincurve import PublicKey
from Crypto.Hash import keccak

SIGNATURE_SIZE: Final = 65

Fields = Sequence[tuple[str, str]]
"""Names and types of the fields of a structure; of the types there are `uint...`, `address`, `bytes32` and `string`."""


def keccak256(octets: bytes) -> bytes:
    """Hash as Ethereum does: SHA-3 before it was changed into the standard."""
    return keccak.new(digest_bits=256, data=octets).digest()


def hash_structure(name: str, fields: Fields, values: Mapping[str, int | str]) -> bytes:
    """Hash a structure; raises ValueError or OverflowError if a value does not fit its type."""
    spelled = f"{name}({','.join(f'{kind} {field}' for field, kind in fields)})"
    octets = b"".join(_encode(kind, values[field]) for field, kind in fields)
    return keccak256(keccak256(spelled.encode()) + octets)


def _encode(kind: str, value: int | str) -> bytes:
    if isinstance(value, int):
        return value.to_bytes(32, "big")
    if kind == "string":
        return keccak256(value.encode())
    octets = bytes.fromhex(value.removeprefix("0x"))
    return octets.rjust(32, b"\0")


def signer_of(domain: bytes, structure: bytes, signature: str) -> str | None:
    """The address, in EIP-55, of who signed; None if this is no signature. `domain` and `structure` are hashes."""
    try:
        octets = bytes.fromhex(signature.removeprefix("0x"))
        if len(octets) != SIGNATURE_SIZE:
            return None
        recoverable = octets[:-1] + bytes((octets[-1] % 27,))  # 27 and 28 on the wire, 0 and 1 in the library
        digest = keccak256(b"\x19\x01" + domain + structure)
        key = PublicKey.from_signature_and_message(recoverable, digest, hasher=None)
    except Exception:  # the library's errors are of a bare kind
        return None
    return checksummed(keccak256(key.format(compressed=False)[1:])[12:].hex())


def checksummed(address: str) -> str:
    """Spell an address as EIP-55 does: capitals where the hash of the lower-case digits has large ones."""
    digits = address.removeprefix("0x").lower()
    marks = keccak256(digits.encode()).hex()
    return "0x" + "".join(digit.upper() if mark >= "8" else digit for digit, mark in zip(digits, marks, strict=False))
