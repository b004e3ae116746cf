"""The three serializations as a client of the benchmark needs them: Python lists to octets and back."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cbor2
import msgspec

__all__ = ["CODECS", "FIRST", "SECOND", "Codec"]


@dataclass(frozen=True)
class Codec:
    """A serialization; `name` makes the WebSocket subprotocol `wamp.2.<name>`."""

    name: str
    rawsocket_id: int
    is_binary: bool
    encode: Callable[[list[Any]], bytes]
    decode: Callable[[bytes], Any]

    def prebuilt(self, message: list[Any]) -> Callable[[int, int], bytes]:
        """A message that has `FIRST` and `SECOND` in it, as a function that puts two numbers below 2**64 there.

        This is several times cheaper than encoding the message anew.
        """
        text = self.encode(message)
        if not self.is_binary:
            text = text.replace(b"%", b"%%")
            text = text.replace(b"%d" % FIRST, b"%d").replace(b"%d" % SECOND, b"%d")
            return lambda first, second: text % (first, second)
        before, between, after = _around(text)
        pack = struct.Struct(f">{len(before)}sQ{len(between)}sQ{len(after)}s").pack
        return lambda first, second: pack(before, first, between, second, after)


# Numbers that take 64 bits in MessagePack and CBOR, as the ids of some routers do, and occur in no message by chance.
FIRST, SECOND = 0xFACEB00C_0FF1CE01, 0xFACEB00C_0FF1CE02


def _around(octets: bytes) -> tuple[bytes, bytes, bytes]:
    """What stands before, between and after the two places."""
    before, _, rest = octets.partition(FIRST.to_bytes(8, "big"))
    between, _, after = rest.partition(SECOND.to_bytes(8, "big"))
    return before, between, after


CODECS = {
    codec.name: codec
    for codec in (
        Codec("json", 1, False, msgspec.json.Encoder().encode, msgspec.json.Decoder().decode),
        Codec("msgpack", 2, True, msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder().decode),
        Codec("cbor", 3, True, cbor2.dumps, cbor2.loads),
    )
}
