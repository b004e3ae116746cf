"""Compression of WebSocket messages: permessage-deflate, RFC 7692.

What we send is compressed message by message, without a context that would belong to one connection: so one compressed
EVENT serves all subscribers that agreed on the same window, as an uncompressed one does. What the peer sends may have a
context of its own if the operator allows it; that costs a window of memory for as long as the connection lives.

The limit for a message holds for what it inflates to: a bomb is stopped while it inflates.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

from websockets.exceptions import InvalidHeader, NegotiationError
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.headers import build_extension, parse_extension
from websockets.typing import ExtensionName

from realms.endings import Ending
from realms.transport import Wire
from router.transports.fragments import TOO_BIG, Malformed
from router.transports.frames import BINARY, RSV1, TEXT, frame_message
from wamp.codecs import CODECS

NAME: Final = ExtensionName("permessage-deflate")

TAIL: Final = b"\x00\x00\xff\xff"
"""What ends a flushed block, and is not sent (section 7.2.1)."""

LEAST_BITS: Final = 9
"""The RFC allows a window of 8 bits, but zlib makes none."""

INVALID_DATA = Ending(1007, "a message is not compressed as it says")


@dataclass(frozen=True, slots=True)
class Compression:
    """How a listener compresses."""

    level: int = 3
    """1 is the fastest, 9 the smallest."""

    window_bits: int = 12
    """9 to 15: the logarithm of the window, of 512 to 32,768 octets, in both directions."""

    threshold: int = 256
    """Octets below which a message is sent as it is."""

    context_takeover: bool = False
    """Whether what the peer sends may refer to its earlier messages."""

    def negotiate(self, offers: list[str]) -> "Agreement | None":
        """Accept the first offer that can be fulfilled, of the request's Sec-WebSocket-Extensions; None without one."""
        factory = ServerPerMessageDeflateFactory(
            server_no_context_takeover=True,
            client_no_context_takeover=not self.context_takeover,
            server_max_window_bits=self.window_bits,
            client_max_window_bits=self.window_bits,
        )
        try:
            offered = [offer for field in offers for offer in parse_extension(field)]
        except InvalidHeader:
            return None
        for name, parameters in offered:
            if name != NAME:
                continue
            try:
                accepted, agreed = factory.process_request_params(parameters, [])
            except NegotiationError:
                continue
            if agreed.local_max_window_bits < LEAST_BITS:
                continue
            return Agreement(
                build_extension([(NAME, list(accepted))]),
                _wires(agreed.local_max_window_bits, self.level, self.threshold),
                Inflater(agreed.remote_max_window_bits, keeps_context=not agreed.remote_no_context_takeover),
            )
        return None


class Agreement(NamedTuple):
    """What was agreed upon for one connection."""

    field: str
    """The response's Sec-WebSocket-Extensions."""

    wires: dict[str, Wire]
    """By serializer; shared by all connections with the same window."""

    inflater: "Inflater"


class Inflater:
    """What the peer of one connection compresses."""

    __slots__ = ("_bits", "_context", "_keeps_context")

    def __init__(self, bits: int, *, keeps_context: bool) -> None:
        self._bits = -bits  # raw, without zlib's header
        self._keeps_context = keeps_context
        self._context: zlib._Decompress | None = None

    def inflate(self, payload: bytes, limit: int) -> bytes:
        """Return the message; raises Malformed if it is none, or larger than `limit` octets."""
        context = self._context or zlib.decompressobj(self._bits)
        self._context = context if self._keeps_context else None
        try:
            message = context.decompress(payload + TAIL, limit + 1)
        except zlib.error:
            raise Malformed(INVALID_DATA) from None
        if len(message) > limit or context.unconsumed_tail:
            raise Malformed(TOO_BIG)
        if context.eof:
            self._context = None  # a final block ends the context, too (section 7.2.3.4)
        return message


@cache
def _wires(window_bits: int, level: int, threshold: int) -> dict[str, Wire]:
    return {
        name: Wire(codec, compressing(BINARY if codec.is_binary else TEXT, window_bits, level, threshold))
        for name, codec in CODECS.items()
    }


def compressing(opcode: int, window_bits: int, level: int, threshold: int) -> Callable[[bytes], bytes]:
    """Frame messages, compressed if they are large enough."""

    def frame(payload: bytes) -> bytes:
        if len(payload) < threshold:
            return frame_message(opcode, payload)
        deflater = zlib.compressobj(level, zlib.DEFLATED, -window_bits)
        compressed = deflater.compress(payload) + deflater.flush(zlib.Z_SYNC_FLUSH)
        return frame_message(opcode | RSV1, compressed.removesuffix(TAIL))

    return frame
