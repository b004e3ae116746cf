"""CBOR on the wire (RFC 8949): where a data item ends, and how small ones are written.

`skip` proves a data item well-formed without making a value of it. So no tag is acted upon, no reference followed, no
key hashed, and a length that promises more than the message holds costs nothing. In Python it takes 0.2 us an item,
which for the few items of a small message is less than setting up cbor2's decoder (1.3 us).
"""

from struct import Struct
from typing import Any, Final

import cbor2

from wamp.errors import InvalidMessage

MAX_DEPTH: Final = 256
"""Of containers and tags within each other; cbor2 stops at 400, others' decoders recurse."""

UNSIGNED: Final = 0
BYTES: Final = 2
TEXT: Final = 3
ARRAY: Final = 4
MAP: Final = 5
TAG: Final = 6
SIMPLE: Final = 7

ENDLESS: Final = -1
"""The argument of an item of indefinite length, which ends with `BREAK`."""

BREAK: Final = 0xFF


def item_head(data: bytes, at: int) -> tuple[int, int, int]:
    """Read the head of the data item at `at`: its major type, its argument, and the place after the head.

    Raises `InvalidMessage`, or `IndexError` past the end. Section 3 of RFC 8949.
    """
    initial = data[at]
    if initial & 0x1F < 24:
        return initial >> 5, initial & 0x1F, at + 1
    argument, at = long_argument(data, at)
    return initial >> 5, argument, at


def long_argument(data: bytes, at: int) -> tuple[int, int]:
    """Read an argument that the initial octet at `at` does not hold itself, and give the place after it."""
    initial = data[at]
    info = initial & 0x1F
    if info == 24:
        argument = data[at + 1]
        if argument < 32 and initial >> 5 == SIMPLE:
            raise InvalidMessage("no CBOR simple value")
        return argument, at + 2
    if info < 28:
        end = at + 1 + (1 << (info - 24))
        if end > len(data):
            raise InvalidMessage("CBOR ends within a data item")
        return int.from_bytes(data[at + 1 : end], "big"), end
    if info == 31 and BYTES <= initial >> 5 <= MAP:
        return ENDLESS, at + 1
    raise InvalidMessage("no CBOR data item")


def skip(data: bytes, at: int) -> int:
    """Give the place after the data item at `at`, which lies past the end if the last string is cut off.

    Raises `InvalidMessage`, `UnicodeDecodeError`, or `IndexError` past the end.

    Keys that are containers or tags are refused: Python hashes tuples without a secret, so a peer could choose keys
    that all collide, and reading 300 kB of them as a dictionary takes 6 seconds.
    """
    outer: list[tuple[bool, int]] = []
    # `left` is what the innermost container still lacks. In one of indefinite length it counts down from -1. So in a
    # map a key is due while `left` is even, or odd if negative.
    in_map, left = False, 1
    while True:
        initial = data[at]
        if left < 0 and initial == BREAK:
            if in_map and not left & 1:
                raise InvalidMessage("a CBOR key without a value")
            at += 1
            left = 0
        else:
            left -= 1
            argument = initial & 0x1F
            if argument < 24:
                at += 1
            else:
                argument, at = long_argument(data, at)
            major = initial >> 5
            if major < BYTES or major == SIMPLE:
                pass
            elif major <= TEXT:
                at = _skip_string(data, at, major, argument)
            elif in_map and (left & 1) == (left >= 0):
                raise InvalidMessage("a CBOR key is a container or tagged")
            elif len(outer) == MAX_DEPTH:
                raise InvalidMessage("nested too deeply")
            else:
                outer.append((in_map, left))
                in_map = major == MAP
                left = 1 if major == TAG else argument * 2 if in_map and argument > 0 else argument
        while not left:
            if not outer:
                return at
            in_map, left = outer.pop()


def _skip_string(data: bytes, at: int, major: int, length: int) -> int:
    if length == ENDLESS:  # chunks of definite length, each of them valid by itself
        while data[at] != BREAK:
            chunk, length, at = item_head(data, at)
            if chunk != major or length == ENDLESS:
                raise InvalidMessage("no chunk of a CBOR string")
            at = _skip_string(data, at, major, length)
        return at + 1
    end = at + length
    if major == TEXT:
        data[at:end].decode()
    return end


_HEADS: Final = [bytes((octet,)) for octet in range(256)]
_write_1: Final = Struct(">BB").pack
_write_2: Final = Struct(">BH").pack
_write_4: Final = Struct(">BI").pack
_write_8: Final = Struct(">BQ").pack


def write_head(major: int, argument: int) -> bytes:
    """Write the head of a data item, in the fewest octets."""
    initial = major << 5
    if argument < 24:
        return _HEADS[initial | argument]
    if argument < 1 << 8:
        return _write_1(initial | 24, argument)
    if argument < 1 << 16:
        return _write_2(initial | 25, argument)
    if argument < 1 << 32:
        return _write_4(initial | 26, argument)
    return _write_8(initial | 27, argument)


def write(value: Any) -> bytes:
    """Write what heads are made of by hand, which takes a third of cbor2's time; the rest is left to it."""
    kind = type(value)
    if kind is int and 0 <= value < 2**64:
        return write_head(0, value)
    if kind is str:
        text: bytes = value.encode()
        return write_head(TEXT, len(text)) + text
    if kind is bool:
        return b"\xf5" if value else b"\xf4"
    if kind is dict:
        return write_head(MAP, len(value)) + b"".join([write(key) + write(value[key]) for key in value])
    octets: bytes = cbor2.dumps(value)
    return octets
