"""CBOR (RFC 8949).

The elements of a message are read one by one: those of the head as values, Arguments and ArgumentsKw as the slices
they are. Indefinite lengths and floats of all sizes are understood; what the router writes itself is of definite
length. Tags in a payload mean nothing to the router, be their content valid or not.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from typing import Any, ClassVar, Final, cast

import cbor2
import msgspec
from msgspec import Raw, Struct

from wamp.codecs.cbor_items import (
    ARRAY,
    BREAK,
    BYTES,
    ENDLESS,
    MAP,
    MAX_DEPTH,
    TEXT,
    UNSIGNED,
    item_head,
    long_argument,
    skip,
    write,
    write_head,
)
from wamp.codecs.codec import HEADER_LENGTH, REPEATED_KEY, WITH_PAYLOAD, Codec, build, message_type, present, refusal
from wamp.errors import InvalidMessage, Untranscodable
from wamp.messages import ClientMessage, Message

SMALL: Final = 512
"""In octets: up to here `skip` is quicker than setting up cbor2's decoder; beyond, C wins."""

_UNDEFINED_OCTET: Final = b"\xf7"
_UNDEFINED_TYPE: Final = type(cbor2.undefined)

# Tags, simple values and undefined: in details, where they would reach those who know nothing of CBOR, they are null.
_ODD_OCTET: Final = re.compile(rb"[\xc0-\xf3\xf7\xf8]")
_ODD_TYPES: Final = (_UNDEFINED_TYPE, cbor2.CBORTag, cbor2.CBORSimpleValue)

SemanticDecoders = dict[int, Callable[[Any, bool], Any]]


def _tag(number: int, value: Any, immutable: bool) -> cbor2.CBORTag:
    return cbor2.CBORTag(number, value)


# cbor2 would build dates, regular expressions, e-mails, cycles (28, 29) or string tables (25, 256) from these.
_KNOWN_TAGS: Final = (0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000, 55799)

_NEUTRAL: Final[SemanticDecoders] = {number: partial(_tag, number) for number in _KNOWN_TAGS}


def _date(number: int, value: Any, immutable: bool) -> Any:
    """Tag 0 is RFC 3339 text, tag 1 seconds since 1970. What is neither stays a tag."""
    try:
        date = datetime.fromisoformat(value) if number == 0 else datetime.fromtimestamp(value, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return cbor2.CBORTag(number, value)
    return date if date.tzinfo else cbor2.CBORTag(number, value)


def _bignum(number: int, value: Any, immutable: bool) -> Any:
    if type(value) is not bytes:
        return cbor2.CBORTag(number, value)
    magnitude = int.from_bytes(value, "big")
    return magnitude if number == 2 else -1 - magnitude


_MEANINGFUL: Final[SemanticDecoders] = {
    **_NEUTRAL,
    0: partial(_date, 0),
    1: partial(_date, 1),
    2: partial(_bignum, 2),
    3: partial(_bignum, 3),
}


class Cbor(Codec):
    """`wamp.2.cbor`."""

    name: ClassVar[str] = "cbor"
    is_binary: ClassVar[bool] = True
    rawsocket_id: ClassVar[int] = 3

    def __init__(self) -> None:
        self.encode_elements = _encode_elements

    def decode(self, data: bytes) -> ClientMessage:
        """See `Codec.decode`."""
        try:
            kind, elements = _elements(data)
            try:
                message = msgspec.convert(elements, kind)
            except msgspec.ValidationError:
                message = build(elements, _is_undefined)
        except IndexError:
            raise InvalidMessage("CBOR ends within a data item") from None
        except Exception as error:
            raise refusal(error) from None
        return cast("ClientMessage", message)

    def is_list(self, raw: Raw) -> bool:
        """See `Codec.is_list`."""
        return memoryview(raw)[0] >> 5 == ARRAY

    def dump(self, value: Any) -> Raw:
        """See `Codec.dump`: all that JSON has, and all of MessagePack but its extension types, fits."""
        try:
            _check_depth(value, MAX_DEPTH)
            return Raw(cbor2.dumps(value))
        except Exception as error:
            raise Untranscodable(f"CBOR cannot express it: {type(error).__name__}") from None

    def load(self, raw: Raw) -> Any:
        """See `Codec.load`."""
        try:
            octets = bytes(raw)
            value = _loads(octets, _MEANINGFUL)
            return _with_null(value) if _UNDEFINED_OCTET in octets else value
        except Exception as error:
            raise Untranscodable(f"no readable CBOR: {type(error).__name__}") from None


def _encode_elements(elements: tuple[Any, ...]) -> bytes:
    """See `Codec.encode_elements`."""
    octets: list[bytes | Raw] = [write_head(ARRAY, len(elements))]
    for element in elements:
        if type(element) is int:
            octets.append(write_head(UNSIGNED, element))
        elif type(element) is Raw:
            octets.append(element)
        elif isinstance(element, Struct):
            octets.append(_write_details(element))
        else:
            octets.append(write(element))
    return b"".join(octets)


def _check_depth(value: Any, depth: int) -> None:
    """Raise `ValueError` if containers nest deeper than `depth`: cbor2's encoder would overflow the C stack."""
    if type(value) in (list, dict):
        if not depth:
            raise ValueError
        for element in value.values() if type(value) is dict else value:
            _check_depth(element, depth - 1)


def _write_details(details: Struct) -> bytes:
    values = msgspec.to_builtins(details, builtin_types=(bytes, datetime))
    return write(values) if values else b"\xa0"


def _elements(data: bytes) -> tuple[type[Message], list[Any]]:
    """Take a message apart into the values of its head and the `Raw` parts of its payload; give its type, too."""
    major, length, at = item_head(data, 0)
    if major != ARRAY or not length:
        raise InvalidMessage("a message must be a list, and not empty")
    if length == ENDLESS:
        return _elements(_definite(data))
    code, at = _element(data, at)
    message = message_type(code)
    head_length = HEADER_LENGTH[message]
    if length > (head_length + 2 if message in WITH_PAYLOAD else head_length):
        raise InvalidMessage("too many elements")
    elements = [code]
    for _ in range(1, min(length, head_length)):
        value, at = _element(data, at)
        elements.append(value)
    if length > head_length:
        if data[at] >> 5 in (BYTES, TEXT) and length == head_length + 1 and _takes_octets(elements):
            end = skip(data, at)
        else:
            end = _skip_arguments(data, at)
        elements.append(Raw(data[at:end]))
        at = end
        if length > head_length + 1:
            end = _skip_keywords(data, at)
            elements.append(Raw(data[at:end]))
            at = end
    if at != len(data):  # a string that is cut off ends beyond `data`
        raise InvalidMessage("octets are missing or left over")
    return message, elements


def _definite(data: bytes) -> bytes:
    """Write a list of indefinite length as one of definite length."""
    at, length = 1, 0
    while data[at] != BREAK:
        at = skip(data, at)
        length += 1
    if at + 1 != len(data):
        raise InvalidMessage("octets are left over")
    return write_head(ARRAY, length) + data[1:at]


def _element(data: bytes, at: int) -> tuple[Any, int]:
    """Read an element of the head, and give the place after it.

    First by initial octet what nearly all heads are made of: small integers, no options, other integers, text.
    """
    initial = data[at]
    if initial < 0x18:
        return initial, at + 1
    if initial == 0xA0:
        return {}, at + 1
    if initial < 0x20:
        return long_argument(data, at)
    if 0x60 <= initial < 0x7C:
        length, start = (initial - 0x60, at + 1) if initial < 0x78 else long_argument(data, at)
        return data[start : start + length].decode(), start + length
    end = skip(data, at)
    octets = data[at:end]
    value = _loads(octets, _MEANINGFUL)
    if type(value) is dict and len(value) != _entries_of_map(octets):
        raise InvalidMessage(REPEATED_KEY)
    if _ODD_OCTET.search(octets) and type(value) is dict:
        value = _with_null(present(value, _is_undefined), _ODD_TYPES)
    return value, end


def _entries_of_map(octets: bytes) -> int:
    """How many entries a well-formed map has on the wire."""
    _, entries, at = item_head(octets, 0)
    if entries == ENDLESS:
        entries = 0
        while octets[at] != BREAK:
            at = skip(octets, skip(octets, at))
            entries += 1
    return entries


def _takes_octets(head: list[Any]) -> bool:
    """See `codec.takes_octets`; the options are not typed yet, they will be."""
    return any(type(element) is dict and element.get("enc_algo") is not None for element in head)


def _skip_arguments(data: bytes, at: int) -> int:
    if data[at] >> 5 != ARRAY:
        raise InvalidMessage("Arguments must be a list")
    if len(data) - at <= SMALL:
        return skip(data, at)
    try:
        return _read(data, at)[1]
    except cbor2.CBORError:  # cbor2 knows no integer keys if it is to refuse keys that collide
        return skip(data, at)


def _skip_keywords(data: bytes, at: int) -> int:
    major, left, entry = item_head(data, at)
    if major != MAP:
        raise InvalidMessage("ArgumentsKw must be a dictionary")
    if len(data) - at > SMALL:
        try:
            value, end = _read(data, at)
        except cbor2.CBORError:
            pass
        else:
            if all(type(key) is str for key in value):
                return end
            raise InvalidMessage("keys of ArgumentsKw must be text")
    while left and not (left < 0 and data[entry] == BREAK):
        if data[entry] >> 5 != TEXT:
            raise InvalidMessage("keys of ArgumentsKw must be text")
        entry = skip(data, skip(data, entry))
        left -= 1
    return entry if left == 0 else entry + 1


def _read(data: bytes, at: int) -> tuple[Any, int]:
    """Decode the data item at `at` into the void, in C; gives it and the place after it."""
    stream = BytesIO(data)
    stream.seek(at)
    decoder = cbor2.CBORDecoder(stream, semantic_decoders=_NEUTRAL, max_depth=MAX_DEPTH, strict_hashable_types=True)
    return decoder.decode(), stream.tell()


def _loads(octets: bytes, tags: SemanticDecoders) -> Any:
    return cbor2.loads(octets, semantic_decoders=tags, max_depth=MAX_DEPTH + 1)


def _with_null(value: Any, types: tuple[type, ...] = (_UNDEFINED_TYPE,)) -> Any:
    """Replace by null what no other format has: undefined, as section 6.1 of RFC 8949 has it for JSON."""
    if type(value) is list:
        return [_with_null(element, types) for element in value]
    if type(value) is dict:
        return {_with_null(key, types): _with_null(element, types) for key, element in value.items()}
    return None if isinstance(value, types) else value


def _is_undefined(value: Any) -> bool:
    return value is cbor2.undefined
