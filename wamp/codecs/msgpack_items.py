"""MessagePack on the wire: what msgspec cannot be told to refuse, keys of maps that are not text.

- Many clients cannot read them (Python's refuses numbers, too): a subscriber would be disconnected by what another
  client published.
- A list as a key becomes a tuple, and Python hashes tuples without a secret. So a peer could choose keys that all
  collide: reading 300 kB of them takes 6 seconds, and four times that for twice as many.
"""

import re
from typing import Final

from msgpack import unpackb
from msgspec import Raw

from wamp.errors import InvalidMessage

_FIXED: Final[dict[int, int]] = {
    **dict.fromkeys((*range(0x80), *range(0xE0, 0x100), 0xC0, 0xC1, 0xC2, 0xC3), 1),
    **{octet: 1 + octet - 0xA0 for octet in range(0xA0, 0xC0)},  # text
    **dict(zip(range(0xCA, 0xD4), (5, 9, 2, 3, 5, 9, 2, 3, 5, 9), strict=True)),  # floats, unsigned, signed
    **dict(zip(range(0xD4, 0xD9), (3, 4, 6, 10, 18), strict=True)),  # extension types
}
"""How many octets an item takes, by its initial octet."""

# fmt: off
_SIZED: Final[dict[int, tuple[int, int]]] = {
    0xC4: (1, 0), 0xC5: (2, 0), 0xC6: (4, 0),  # octets
    0xC7: (1, 1), 0xC8: (2, 1), 0xC9: (4, 1),  # extension types
    0xD9: (1, 0), 0xDA: (2, 0), 0xDB: (4, 0),  # text
}
"""How many octets tell an item's length, and how many follow besides that length."""

_CONTAINERS: Final[dict[int, int]] = {
    **dict.fromkeys(range(0x80, 0xA0), 0),
    0xDC: 2, 0xDD: 4,  # lists
    0xDE: 2, 0xDF: 4,  # maps
}
"""How many octets tell how many elements follow; with none, the initial octet does."""

# fmt: on

_MAP: Final = re.compile(rb"[\x80-\x8f\xde\xdf]")

_HARMLESS: Final = 512
"""In octets: what fits in there compares its keys in microseconds."""


def has_few_options(data: bytes) -> bool:
    """Whether the options of a PUBLISH, CALL or YIELD have one key at most, as nearly all have; in doubt not."""
    return data[0] < 0xDC and data[2 + _FIXED.get(data[2], 0)] in (0x80, 0x81)


def entries_of_map(item: Raw) -> int:
    """How many entries a map has on the wire; 0 for what is no map."""
    octets = memoryview(item)
    if 0x80 <= octets[0] <= 0x8F:
        return octets[0] & 0x0F
    if octets[0] in (0xDE, 0xDF):
        return int.from_bytes(octets[1 : 1 + _CONTAINERS[octets[0]]], "big")
    return 0


def refuse_colliding_keys(data: bytes) -> None:
    """Raise `InvalidMessage` before a map with many containers as keys is read; `IndexError` if `data` is cut off.

    Only maps of 16 and more entries matter, and these open with 0xDE or 0xDF: a message without is passed at once.
    """
    if len(data) > _HARMLESS and (b"\xde" in data or b"\xdf" in data):
        _walk(data)


def refuse_odd_keys(item: bytes | Raw) -> None:
    """Raise `InvalidMessage` if a well-formed item holds a map with a key that is neither text nor octets.

    By the very reader that Python's clients have, in its default mode, and in C. Only an item that could hold a map
    pays for it.
    """
    if _MAP.search(item):
        try:
            unpackb(item)
        except ValueError:
            raise InvalidMessage("keys of MessagePack maps must be text") from None


def _walk(data: bytes) -> None:
    outer: list[tuple[bool, int]] = []
    in_map, left, at = False, 1, 0
    while True:
        initial = data[at]
        left -= 1
        if initial in _FIXED:
            at += _FIXED[initial]
        elif initial in _SIZED:
            size, besides = _SIZED[initial]
            start = at + 1 + size
            at = start + int.from_bytes(data[at + 1 : start], "big") + besides
        elif in_map and left & 1:
            raise InvalidMessage("a MessagePack key is a list or a map")
        else:
            outer.append((in_map, left))
            size = _CONTAINERS[initial]
            at += 1 + size
            left = int.from_bytes(data[at - size : at], "big") if size else initial & 0x0F
            in_map = initial < 0x90 or initial >= 0xDE
            if in_map:
                left *= 2
        while not left:
            if not outer:
                return
            in_map, left = outer.pop()
