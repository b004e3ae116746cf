"""How messages look in the bodies of long-poll requests and of their answers: one, or a batch. No I/O.

    wamp.2.<serializer>           one message
    wamp.2.<serializer>.batched   one or more, see `batches`

Advanced profile, section "HTTP Longpoll Transport".
"""

from collections.abc import Callable
from typing import Final

from realms.transport import Wire
from router.transports.batches import BATCHED, batching
from wamp.codecs import CODECS, Codec

PROTOCOL: Final = "wamp.2."


class LongPollWire(Wire):
    """A codec, one message or many in a body, and how to take a body apart."""

    __slots__ = ("is_batched", "split")

    def __init__(
        self,
        codec: Codec,
        frame: Callable[[bytes], bytes],
        split: Callable[[bytes], list[bytes]],
        *,
        is_batched: bool,
    ) -> None:
        """`split` raises InvalidMessage."""
        super().__init__(codec, frame)
        self.split = split
        self.is_batched = is_batched


def _alone(message: bytes) -> bytes:
    return message


def _only(body: bytes) -> list[bytes]:
    return [body]


WIRES: Final = {
    PROTOCOL + codec.name: LongPollWire(codec, _alone, _only, is_batched=False) for codec in CODECS.values()
} | {
    PROTOCOL + codec.name + BATCHED: LongPollWire(codec, *batching(codec), is_batched=True) for codec in CODECS.values()
}
"""By the protocol's name."""
