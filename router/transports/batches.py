"""Several WAMP messages in one: how they are put together and taken apart. No I/O.

    JSON                 each message is followed by an octet 0x1E
    MessagePack, CBOR    each message is preceded by its length, a uint32 in big-endian order

A batch is never empty, and nothing follows its last message. autobahn-python separates JSON by 0x18, as it reads the
"\\30" of the specification as octal; that is taken as well, for neither octet can stand in JSON.

Advanced profile, section "Batched WebSocket Transport"; it does not say how CBOR is framed.
"""

from collections.abc import Callable
from typing import Final

from wamp.codecs import Codec
from wamp.errors import InvalidMessage

BATCHED: Final = ".batched"
"""The end of the names of such subprotocols."""

END_OF_JSON: Final = b"\x1e"
AUTOBAHNS_END: Final = b"\x18"
_LENGTH: Final = 4


def batching(codec: Codec) -> tuple[Callable[[bytes], bytes], Callable[[bytes], list[bytes]]]:
    """How a message of this codec stands in a batch, and how a batch is taken apart; that raises InvalidMessage."""
    return (frame_octets, split_octets) if codec.is_binary else (frame_text, split_texts)


def frame_text(message: bytes) -> bytes:
    """A JSON message in a batch."""
    return message + END_OF_JSON


def split_texts(batch: bytes) -> list[bytes]:
    """The JSON messages of a batch; raises InvalidMessage."""
    messages = batch.replace(AUTOBAHNS_END, END_OF_JSON).split(END_OF_JSON)
    if messages.pop() or not messages:
        raise InvalidMessage("a batch of JSON messages ends with 0x1E")
    return messages


def frame_octets(message: bytes) -> bytes:
    """A binary message in a batch."""
    return len(message).to_bytes(_LENGTH, "big") + message


def split_octets(batch: bytes) -> list[bytes]:
    """The binary messages of a batch; raises InvalidMessage."""
    messages, at = [], 0
    while at < len(batch):
        start = at + _LENGTH
        end = start + int.from_bytes(batch[at:start], "big")
        if end > len(batch):
            raise InvalidMessage("a batch ends within a message")
        messages.append(batch[start:end])
        at = end
    if not messages:
        raise InvalidMessage("a batch without messages")
    return messages
