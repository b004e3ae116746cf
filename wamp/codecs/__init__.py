"""Codecs: how messages look on the wire, one for each serializer.

Each has one instance. `json` and `msgpack` lean on msgspec, which knows the messages; `cbor` reads CBOR by hand.
What all three promise is in `codec`.
"""

from typing import Final

from wamp.codecs.cbor import Cbor
from wamp.codecs.codec import Codec
from wamp.codecs.json import Json
from wamp.codecs.msgpack import MessagePack

JSON: Final[Codec] = Json()
MESSAGEPACK: Final[Codec] = MessagePack()
CBOR: Final[Codec] = Cbor()

CODECS: Final = {codec.name: codec for codec in (JSON, MESSAGEPACK, CBOR)}
"""By name; the subprotocol on WebSocket is `wamp.2.<name>`."""

__all__ = ["CBOR", "CODECS", "JSON", "MESSAGEPACK", "Codec"]
