"""RawSocket on the wire: the handshake and the frames. No I/O.

    handshake, both ways   0x7F | LLLL SSSS | 0 | 0      L: takes messages up to 2**(9 + L) octets; S: serializer
    refusal                0x7F | EEEE 0000 | 0 | 0      E: error code
    frame                  RRRR XTTT | length, 24 bits   R: 0; T: 0 message, 1 PING, 2 PONG
                                                         X: 1 only for 2**24 octets, the length being 0 then

Advanced profile, section "RawSocket Transport".
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

MAGIC: Final = 0x7F
"""The first octet; HTTP never begins with it."""

HANDSHAKE_SIZE: Final = 4

MESSAGE: Final = 0
PING: Final = 1
PONG: Final = 2

MAX_LENGTH: Final = 2**24
"""Octets of the largest frame that the format can express."""

UNSUPPORTED_SERIALIZER: Final = 1
RESERVED_BITS: Final = 3
TOO_MANY_CONNECTIONS: Final = 4
# 2 would be "maximum message length unacceptable": there is no length that we could not live with.

_HEADER = 4
_X_BIT = 0x08


class RefusedHandshake(Exception):  # noqa: N818 - it names what happened
    """A handshake that is answered with an error code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code

    def response(self) -> bytes:
        """The answer, after which the connection is closed."""
        return bytes((MAGIC, self.code << 4, 0, 0))


class MalformedFrame(Exception):  # noqa: N818 - it names what the octets are
    """Octets that are no frame, or one that is larger than we announced to take."""


class Handshake(NamedTuple):
    """What the client's four octets say."""

    max_length: int
    """Octets that the client takes in one frame."""

    serializer: int


def parse_handshake(octets: bytes) -> Handshake:
    """Read the client's four octets, of which the first is MAGIC; raises RefusedHandshake."""
    if octets[2] or octets[3]:
        raise RefusedHandshake(RESERVED_BITS)
    return Handshake(2 ** (9 + (octets[1] >> 4)), octets[1] & 0x0F)


def accept_handshake(serializer: int, max_length: int) -> bytes:
    """Our four octets: `max_length` is rounded down to what the format can say, see `announced_length`."""
    return bytes((MAGIC, length_exponent(max_length) << 4 | serializer, 0, 0))


def length_exponent(max_length: int) -> int:
    """The largest L with `2**(9 + L) <= max_length`, from 0 to 15."""
    return min(max(max_length.bit_length() - 10, 0), 15)


def announced_length(max_length: int) -> int:
    """What a peer is told, and held to: no more than we take, so whoever keeps to it is never refused."""
    return 1 << (9 + length_exponent(max_length))


def frame_message(payload: bytes) -> bytes:
    """One message. A payload beyond 16 MiB has no form on this wire: no peer's `max_outgoing` lets it pass."""
    length = len(payload)
    if length >= MAX_LENGTH:
        return bytes((_X_BIT, 0, 0, 0)) + payload
    return length.to_bytes(_HEADER, "big") + payload


def frame_ping(payload: bytes = b"") -> bytes:
    """A PING."""
    return bytes((PING,)) + len(payload).to_bytes(3, "big") + payload


def frame_pong(payload: bytes) -> bytes:
    """The answer to a PING: the same payload."""
    if len(payload) == MAX_LENGTH:
        return bytes((_X_BIT | PONG, 0, 0, 0)) + payload
    return bytes((PONG,)) + len(payload).to_bytes(3, "big") + payload


class FrameReader:
    """Cuts the stream into frames."""

    __slots__ = ("buffer", "limit", "needed")

    def __init__(self, limit: int) -> None:
        """`limit` is the largest payload that is taken, in octets."""
        self.limit = limit
        self.buffer = bytearray()  # an unfinished frame
        self.needed = _HEADER  # octets that `buffer` must have before looking at it makes sense

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield `(MESSAGE, PING or PONG, payload)` for each frame that `data` completes; raises MalformedFrame.

        A frame that is too large is refused on its header, before any of it is kept.
        """
        if self.buffer:
            self.buffer += data
            if len(self.buffer) < self.needed:
                return
            data = bytes(self.buffer)
            self.buffer.clear()
        start, size = 0, len(data)
        self.needed = _HEADER
        while size - start >= _HEADER:
            header = int.from_bytes(data[start : start + _HEADER], "big")
            length = header if header <= self.limit else self._check(header)
            end = start + _HEADER + length
            if end > size:
                self.needed = _HEADER + length
                break
            kind = data[start] & 0x07
            payload = data[start + _HEADER : end]
            start = end
            yield kind, payload
        if start < size:
            self.buffer += data[start:] if start else data

    def _check(self, header: int) -> int:
        """Return the payload's length of a header that is not simply a short message's."""
        flags, length = header >> 24, header & 0xFFFFFF
        if flags & 0xF0:
            raise MalformedFrame("reserved bits of a frame are set")
        if flags & 0x07 not in (MESSAGE, PING, PONG):
            raise MalformedFrame("a frame of unknown type")
        if flags & _X_BIT:
            if length:
                raise MalformedFrame("the extra length bit is set, and so are others")
            length = MAX_LENGTH
        if length > self.limit:
            raise MalformedFrame("a frame is larger than announced, or than any before WELCOME may be")
        return length
