"""JSON, with binary values as the advanced profile's "Binary conversion of JSON Strings" has it.

On the wire, octets are a string that starts with U+0000, followed by base64: `"\\u0000EOP/kFMHXFQ="`.
"""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import datetime
from math import isfinite
from typing import Any, ClassVar, Final, cast

import msgspec
from msgspec import UNSET, Raw

from wamp.codecs.codec import HEADER_LENGTH, REPEATED_KEY, WITH_PAYLOAD, Codec, refusal, takes_octets
from wamp.errors import InvalidMessage, Untranscodable
from wamp.messages import ClientMessage
from wamp.options import HelloDetails, WelcomeDetails

_OPEN_LIST: Final = ord("[")
_OPEN_DICT: Final = ord("{")
_CLOSE_DICT: Final = ord("}")
_QUOTE: Final = ord('"')
_NUL_ESCAPE: Final = b"\\u0000"

_FREE_FORM: Final = (dict, HelloDetails, WelcomeDetails)
"""Details that hold values of any type, hence maybe octets."""

# Options without a key or with one, as nearly all are: there is none to repeat.
_ONE_OPTION: Final = re.compile(rb'\{\s*(?:"[^"\\]*"\s*:\s*(?:true|false|\d+|"[^"\\]*"))?\s*\}')

# An escaped backslash is matched first, so that the "\\ud83d" of a backslash and five letters stays what it is.
_SURROGATE_ESCAPE: Final = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)


class Json(Codec):
    """`wamp.2.json`."""

    name: ClassVar[str] = "json"
    is_binary: ClassVar[bool] = False
    rawsocket_id: ClassVar[int] = 1

    def __init__(self) -> None:
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(ClientMessage).decode
        self._encode = self.encode_elements = msgspec.json.Encoder().encode

    def decode(self, data: bytes) -> ClientMessage:
        """See `Codec.decode`."""
        try:
            # msgspec passes over invalid UTF-8 in what it does not decode: in the payload
            if not data.isascii():
                str(data, "utf-8")
            try:
                message: Any = self._decode(data)
            except msgspec.DecodeError:
                repaired = _without_lone_surrogates(data)
                if repaired == data:
                    raise
                data = repaired
                message = self._decode(data)
            options = data.find(b"{")
            if data[options + 1] != _CLOSE_DICT and options > 0 and not _ONE_OPTION.match(data, options):
                _refuse_repeated_keys(message, data)
            if message.__class__ in WITH_PAYLOAD:
                _check_payload(message)
            if _NUL_ESCAPE in data:
                message = _with_octets(message, data)
        except Exception as error:
            raise refusal(error) from None
        return message  # type: ignore[no-any-return]

    def is_list(self, raw: Raw) -> bool:
        """See `Codec.is_list`."""
        return memoryview(raw)[0] == _OPEN_LIST

    def dump(self, value: Any) -> Raw:
        """See `Codec.dump`: octets and dates become text; NaN, infinities and keys that are not text do not fit."""
        try:
            return Raw(self._encode(_express(value)))
        except Untranscodable:
            raise
        except Exception as error:
            raise Untranscodable(f"JSON cannot express it: {type(error).__name__}") from None

    def load(self, raw: Raw) -> Any:
        """See `Codec.load`."""
        try:
            value = msgspec.json.decode(raw)
            return _restore(value) if _NUL_ESCAPE in bytes(raw) else value
        except Exception as error:
            raise Untranscodable(f"no readable JSON: {type(error).__name__}") from None

    def expressed(self, elements: tuple[Any, ...]) -> tuple[Any, ...]:
        """See `Codec.expressed`: octets in free-form details become text."""
        return tuple(
            self.dump(msgspec.to_builtins(element, builtin_types=(bytes, datetime)))
            if isinstance(element, _FREE_FORM)
            else element
            for element in elements
        )


_elements: Final[Callable[[bytes], list[Raw]]] = msgspec.json.Decoder(list[Raw]).decode


def _refuse_repeated_keys(message: Any, data: bytes) -> None:
    """Raise `InvalidMessage` if options or details have a key twice: msgspec takes the last one in silence."""
    for element in _elements(data)[: HEADER_LENGTH[type(message)]]:
        octets = bytes(element)
        if octets[0] == _OPEN_DICT:
            _read_pairs(octets.decode())


def _unique(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise InvalidMessage(REPEATED_KEY)


_read_pairs: Final = json.JSONDecoder(object_pairs_hook=_unique).decode


def _check_payload(message: Any) -> None:
    if message.args is UNSET:
        return
    first = memoryview(message.args)[0]
    if first != _OPEN_LIST and not (first == _QUOTE and takes_octets(message)):
        raise InvalidMessage("Arguments must be a list")
    if message.kwargs is not UNSET and memoryview(message.kwargs)[0] != _OPEN_DICT:
        raise InvalidMessage("ArgumentsKw must be a dictionary")


def _with_octets(message: Any, data: bytes) -> Any:
    """Give the message with octets in its options; raises `ValueError` if there is text in `data` that is no base64.

    A URI cannot be octets, so one that starts with U+0000 is refused here.
    """
    kind = type(message)
    elements = _restore(msgspec.json.decode(data))
    restored = msgspec.convert(elements[: HEADER_LENGTH[kind]], kind)
    if kind in WITH_PAYLOAD:
        return msgspec.structs.replace(restored, args=message.args, kwargs=message.kwargs)
    return restored


def _without_lone_surrogates(data: bytes) -> bytes:
    """Replace each half of a surrogate pair that stands alone by U+FFFD.

    JSON.stringify of older browsers writes one for a text that was cut in the middle of an emoji.
    """
    return _SURROGATE_ESCAPE.sub(lambda match: b"\\ufffd" if match[1] else match[0], data)


def _express(value: Any) -> Any:
    """Rewrite a value of the common space as one that JSON has."""
    match value:
        case str():
            if value.startswith("\0"):
                raise Untranscodable("JSON has no text that starts with U+0000")
            return value
        case bytes():
            return "\0" + b64encode(value).decode()
        case float() if not isfinite(value):
            raise Untranscodable("JSON has no NaN and no infinity")
        case None | bool() | int() | float():
            return value
        case list() | tuple():
            return [_express(element) for element in value]
        case dict():
            return {_express_key(key): _express(element) for key, element in value.items()}
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
    raise Untranscodable(f"JSON has no {type(value).__name__}")


def _express_key(key: Any) -> str:
    if not isinstance(key, str | bytes):
        raise Untranscodable(f"JSON has no keys of type {type(key).__name__}")
    return cast("str", _express(key))


def _restore(value: Any) -> Any:
    """Turn the text that stands for octets back into octets, at every depth; raises `ValueError`."""
    if type(value) is str:
        return b64decode(value[1:], validate=True) if value.startswith("\0") else value
    if type(value) is list:
        return [_restore(element) for element in value]
    if type(value) is dict:
        return {_restore(key): _restore(element) for key, element in value.items()}
    return value
