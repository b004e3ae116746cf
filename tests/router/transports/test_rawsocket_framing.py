"""RawSocket on the wire, octet by octet."""

from itertools import pairwise
from random import Random

import pytest

from router.transports.rawsocket_framing import (
    MAX_LENGTH,
    MESSAGE,
    PING,
    PONG,
    FrameReader,
    Handshake,
    MalformedFrame,
    RefusedHandshake,
    accept_handshake,
    frame_message,
    frame_ping,
    frame_pong,
    length_exponent,
    parse_handshake,
)

STREAM = frame_message(b"hello") + frame_ping(b"?") + frame_message(b"") + frame_message(b"x" * 300) + frame_pong(b"!")
FRAMES = [(MESSAGE, b"hello"), (PING, b"?"), (MESSAGE, b""), (MESSAGE, b"x" * 300), (PONG, b"!")]


def read(pieces: list[bytes], limit: int = 1000) -> list[tuple[int, bytes]]:
    reader = FrameReader(limit)
    return [frame for piece in pieces for frame in reader.feed(piece)]


def test_frames_are_the_same_in_one_read_and_octet_by_octet() -> None:
    """B11"""
    assert read([STREAM]) == FRAMES
    assert read([bytes((octet,)) for octet in STREAM]) == FRAMES


@pytest.mark.parametrize("seed", range(50))
def test_frames_are_the_same_however_the_stream_is_cut(seed: int) -> None:
    random = Random(seed)
    cuts = sorted({0, len(STREAM), *(random.randrange(len(STREAM)) for _ in range(random.randrange(12)))})
    assert read([STREAM[start:end] for start, end in pairwise(cuts)]) == FRAMES


@pytest.mark.parametrize(
    "header",
    [
        b"\x10\0\0\x01",
        b"\x80\0\0\x01",
        b"\x03\0\0\x01",
        b"\x07\0\0\x01",
        b"\x08\0\0\x01",  # the extra bit with a length
        b"\x08\0\0\0",  # 16 MiB, more than announced
        b"\0\0\x03\xe9",  # 1001 octets
        b"\x01\0\x03\xe9",
    ],
)
def test_a_malformed_or_oversized_frame_is_refused_on_its_header(header: bytes) -> None:
    """B11, J2"""
    reader = FrameReader(1000)
    frames = reader.feed(frame_message(b"before") + header)
    assert next(frames) == (MESSAGE, b"before")
    with pytest.raises(MalformedFrame):
        next(frames)


def test_a_frame_of_exactly_16_mib_uses_the_extra_bit() -> None:
    """B11"""
    payload = bytes(MAX_LENGTH)
    framed = frame_message(payload)
    assert framed[:4] == b"\x08\0\0\0"
    assert read([framed[:1000], framed[1000:]], MAX_LENGTH) == [(MESSAGE, payload)]
    assert frame_message(payload[1:])[:4] == b"\0\xff\xff\xff"
    assert frame_pong(payload)[:4] == b"\x0a\0\0\0"


def test_a_large_frame_in_many_reads_is_not_copied_over_and_over() -> None:
    framed = frame_message(bytes(MAX_LENGTH))
    pieces = [framed[start : start + 2048] for start in range(0, len(framed), 2048)]
    assert read(pieces, MAX_LENGTH)[0][1] == bytes(MAX_LENGTH)


@pytest.mark.parametrize(
    ("max_length", "exponent"),
    [(1, 0), (512, 0), (513, 0), (1024, 1), (1000_000, 10), (2**20, 11), (2**24, 15), (2**30, 15)],
)
def test_we_announce_the_largest_power_of_two_that_our_limit_covers(max_length: int, exponent: int) -> None:
    assert length_exponent(max_length) == exponent
    assert accept_handshake(2, max_length) == bytes((0x7F, exponent << 4 | 2, 0, 0))


def test_a_handshake_tells_what_the_client_takes() -> None:
    assert parse_handshake(b"\x7f\x01\0\0") == Handshake(512, 1)
    assert parse_handshake(b"\x7f\xf3\0\0") == Handshake(2**24, 3)


@pytest.mark.parametrize("octets", [b"\x7f\xf1\x01\0", b"\x7f\xf1\0\x01"])
def test_reserved_octets_of_a_handshake_are_refused(octets: bytes) -> None:
    """B10"""
    with pytest.raises(RefusedHandshake) as refused:
        parse_handshake(octets)
    assert refused.value.response() == b"\x7f\x30\0\0"
