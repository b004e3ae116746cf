"""MessagePack, version 5: text and octets are different types."""

from collections.abc import Callable
from typing import Any, ClassVar, Final

import msgspec
from msgspec import UNSET, Raw
from msgspec.msgpack import Ext

from wamp.codecs.codec import (
    HEADER_LENGTH,
    REPEATED_KEY,
    WITH_PAYLOAD,
    Codec,
    build,
    message_type,
    refusal,
    takes_octets,
)
from wamp.codecs.msgpack_items import entries_of_map, has_few_options, refuse_colliding_keys, refuse_odd_keys
from wamp.errors import InvalidMessage, Untranscodable
from wamp.messages import ClientMessage, Message

_UNDEFINED: Final = 0
"""The extension type that JavaScript's msgpack5 writes for `undefined`."""


class MessagePack(Codec):
    """`wamp.2.msgpack`."""

    name: ClassVar[str] = "msgpack"
    is_binary: ClassVar[bool] = True
    rawsocket_id: ClassVar[int] = 2

    def __init__(self) -> None:
        self._decode: Callable[[bytes], Any] = msgspec.msgpack.Decoder(ClientMessage).decode
        self._decode_elements = msgspec.msgpack.Decoder(list[Raw]).decode
        # The payload is decoded into the void: msgspec does not look into the text of a `Raw`.
        self._decode_args = msgspec.msgpack.Decoder(list[Any], ext_hook=_extension).decode
        self._decode_kwargs = msgspec.msgpack.Decoder(dict[str, Any], ext_hook=_extension).decode
        self._encode = self.encode_elements = msgspec.msgpack.Encoder().encode

    def decode(self, data: bytes) -> ClientMessage:
        """See `Codec.decode`."""
        try:
            refuse_colliding_keys(data)
            try:
                message: Any = self._decode(data)
            except msgspec.ValidationError:
                message = self._decode_forgivingly(data)
            if message.__class__ in WITH_PAYLOAD:
                if not has_few_options(data):
                    self._refuse_repeated_keys(message, data)
                self._check_payload(message)
            else:
                self._refuse_repeated_keys(message, data)
        except IndexError:
            raise InvalidMessage("octets are missing") from None
        except Exception as error:
            raise refusal(error) from None
        return message  # type: ignore[no-any-return]

    def is_list(self, raw: Raw) -> bool:
        """See `Codec.is_list`."""
        initial = memoryview(raw)[0]
        return 0x90 <= initial <= 0x9F or initial in (0xDC, 0xDD)

    def dump(self, value: Any) -> Raw:
        """See `Codec.dump`: integers beyond 64 bits, keys that are not text, and what only CBOR has do not fit."""
        try:
            octets = self._encode(value)
            refuse_odd_keys(octets)
            return Raw(octets)
        except InvalidMessage as odd:
            raise Untranscodable(str(odd)) from None
        except Exception as error:
            raise Untranscodable(f"MessagePack cannot express it: {type(error).__name__}") from None

    def load(self, raw: Raw) -> Any:
        """See `Codec.load`."""
        try:
            return msgspec.msgpack.decode(raw)
        except Exception as error:
            raise Untranscodable(f"no readable MessagePack: {type(error).__name__}") from None

    def _check_payload(self, message: Any) -> None:
        if message.args is not UNSET:
            try:
                self._decode_args(message.args)
            except msgspec.ValidationError:
                if not takes_octets(message) or type(msgspec.msgpack.decode(message.args)) not in (bytes, str):
                    raise
            refuse_odd_keys(message.args)
        if message.kwargs is not UNSET:
            self._decode_kwargs(message.kwargs)
            refuse_odd_keys(message.kwargs)

    def _refuse_repeated_keys(self, message: Any, data: bytes) -> None:
        """Raise `InvalidMessage` if options or details have a key twice: msgspec takes the last one in silence."""
        for element in self._decode_elements(data)[: HEADER_LENGTH[type(message)]]:
            entries = entries_of_map(element)
            if entries > 1 and len(msgspec.msgpack.decode(element)) != entries:
                raise InvalidMessage(REPEATED_KEY)

    def _decode_forgivingly(self, data: bytes) -> Message:
        """Read the header value by value, see `build`; slow, for the few messages that are not as they should be."""
        raws = self._decode_elements(data)
        message = message_type(msgspec.msgpack.decode(raws[0]) if raws else None)
        length = HEADER_LENGTH[message]
        return build([*map(msgspec.msgpack.decode, raws[:length]), *raws[length:]], _is_undefined)


def _extension(code: int, data: memoryview) -> None:
    """Refuse the extension types that MessagePack keeps for itself: Python's msgpack fails on them."""
    if code < 0:
        raise InvalidMessage("a reserved MessagePack extension type")


def _is_undefined(value: Any) -> bool:
    return type(value) is Ext and value.code == _UNDEFINED
