"""WebSocket frames from server to client: unmasked, so one EVENT in its frame serves every subscriber alike.

    0                   1
    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
    |F|R|R|R| opcode|M| length      |   length < 126: as is; 126: 2 octets follow; 127: 8 octets follow

RFC 6455, section 5.2.
"""

from struct import pack
from typing import Final

CONTINUATION: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA

RSV1: Final = 0x40
"""Beside the opcode: the message is compressed (RFC 7692, section 6)."""

_FIN = 0x80
_TEXT_HEADERS = [bytes((_FIN | TEXT, length)) for length in range(126)]
_BINARY_HEADERS = [bytes((_FIN | BINARY, length)) for length in range(126)]


def frame_text(payload: bytes) -> bytes:
    """One unfragmented text frame; `payload` is UTF-8."""
    length = len(payload)
    return (_TEXT_HEADERS[length] if length < 126 else _long_header(TEXT, length)) + payload


def frame_binary(payload: bytes) -> bytes:
    """One unfragmented binary frame."""
    length = len(payload)
    return (_BINARY_HEADERS[length] if length < 126 else _long_header(BINARY, length)) + payload


def frame_message(opcode: int, payload: bytes) -> bytes:
    """One unfragmented frame; `opcode` is TEXT or BINARY, maybe with RSV1."""
    length = len(payload)
    return (bytes((_FIN | opcode, length)) if length < 126 else _long_header(opcode, length)) + payload


def frame_ping(payload: bytes = b"") -> bytes:
    """A PING frame; the payload has at most 125 octets."""
    return bytes((_FIN | PING, len(payload))) + payload


def frame_pong(payload: bytes) -> bytes:
    """The answer to a PING: the same payload, at most 125 octets."""
    return bytes((_FIN | PONG, len(payload))) + payload


def is_valid_close_code(code: int) -> bool:
    """Whether a close frame may carry `code` (RFC 6455, section 7.4, and the registry it opened)."""
    return 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999


def _long_header(opcode: int, length: int) -> bytes:
    if length < 2**16:
        return pack("!BBH", _FIN | opcode, 126, length)
    return pack("!BBQ", _FIN | opcode, 127, length)
