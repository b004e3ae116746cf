"""SASLprep (RFC 4013): two ways to type one password or name give the same octets.

The tables of Unicode 3.2 come with Python. This is for stored strings: what Unicode 3.2 does not know is refused.
"""

import stringprep
import unicodedata
from collections.abc import Callable
from typing import Final

_PROHIBITED: Final[tuple[Callable[[str], bool], ...]] = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
    stringprep.in_table_a1,
)


def saslprep(text: str) -> str:
    """Map and normalise; raises ValueError, without quoting the text, for what may not occur in it."""
    if text.isascii() and text.isprintable():
        return text
    mapped = (
        " " if stringprep.in_table_c12(character) else character
        for character in text
        if not stringprep.in_table_b1(character)
    )
    prepared = unicodedata.ucd_3_2_0.normalize("NFKC", "".join(mapped))
    if any(prohibited(character) for character in prepared for prohibited in _PROHIBITED):
        raise ValueError("a control character, or one that is not in use, may not occur")
    _refuse_mixed_directions(prepared)
    return prepared


def _refuse_mixed_directions(text: str) -> None:
    """RFC 3454, section 6: text from right to left is so from its first character to its last."""
    if not any(map(stringprep.in_table_d1, text)):
        return
    if any(map(stringprep.in_table_d2, text)):
        raise ValueError("letters that run from right to left may not be mixed with others")
    if not stringprep.in_table_d1(text[0]) or not stringprep.in_table_d1(text[-1]):
        raise ValueError("what runs from right to left must begin and end with a letter that does")
