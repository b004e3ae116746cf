"""Hostile octets: whatever arrives, the framing raises what it says it raises, and keeps no more than it may."""

from asyncio import wait_for
from contextlib import suppress
from random import Random
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as some
from twisted.logger import globalLogPublisher

from router.transports.fragments import Fragments, Malformed
from router.transports.limits import Limits
from router.transports.rawsocket_framing import (
    FrameReader,
    Handshake,
    MalformedFrame,
    RefusedHandshake,
    frame_message,
    frame_ping,
    frame_pong,
    parse_handshake,
)
from tests.router.transports.fakes import Peer, listening, masked, run, until, websocket

LIMIT = 64
HEADER = 4

frames = some.binary(max_size=LIMIT).flatmap(
    lambda payload: some.sampled_from([frame_message(payload), frame_ping(payload), frame_pong(payload)])
)
changes = some.lists(some.tuples(some.integers(0, 400), some.integers(0, 255)), max_size=3)


def changed(octets: bytes, where: list[tuple[int, int]]) -> bytes:
    """The same octets with some of them replaced."""
    mutable = bytearray(octets)
    for place, value in where:
        if mutable:
            mutable[place % len(mutable)] = value
    return bytes(mutable)


def reads(pieces: list[bytes]) -> None:
    """Feed a reader until it has enough of it."""
    reader = FrameReader(LIMIT)
    try:
        for piece in pieces:
            for kind, payload in reader.feed(piece):
                assert kind in (0, 1, 2)
                assert len(payload) <= LIMIT
            assert len(reader.buffer) <= LIMIT + HEADER
    except MalformedFrame:
        pass


@given(some.lists(some.binary(max_size=100), max_size=8))
def test_any_octets_are_rawsocket_frames_or_malformed(pieces: list[bytes]) -> None:
    """B11, J2"""
    reads(pieces)


@given(some.lists(frames, max_size=8), changes, some.integers(1, 100))
def test_frames_with_changed_octets_are_rawsocket_frames_or_malformed(
    sent: list[bytes], where: list[tuple[int, int]], size: int
) -> None:
    """B11, J2"""
    stream = changed(b"".join(sent), where)
    reads([stream[start : start + size] for start in range(0, len(stream), size)])


@given(some.binary(min_size=3, max_size=3))
def test_any_handshake_is_taken_or_refused_with_a_code(octets: bytes) -> None:
    """B10"""
    try:
        handshake = parse_handshake(b"\x7f" + octets)
    except RefusedHandshake as reason:
        answer = reason.response()
    else:
        assert isinstance(handshake, Handshake)
        assert 512 <= handshake.max_length <= 2**24
        return
    assert answer[0] == 0x7F
    assert answer[1] in (0x10, 0x20, 0x30, 0x40)


@given(some.lists(some.tuples(some.sampled_from([0, 1, 2]), some.booleans(), some.binary(max_size=40)), max_size=10))
def test_any_fragments_are_messages_or_malformed(pieces: list[tuple[int, bool, bytes]]) -> None:
    """B1, J2"""
    fragments = Fragments(LIMIT)
    for opcode, is_last, payload in pieces:
        try:
            message = fragments.add(opcode, is_last, payload)
        except Malformed as reason:
            code = reason.ending.code
            break
        assert message is None or len(message[1]) <= LIMIT
        assert len(fragments.octets) <= LIMIT
    else:
        return
    assert code in (1002, 1007, 1009)


def hostile(dice: Random) -> bytes:
    """Frames of a WebSocket client, with octets changed, cut, repeated or put in between."""
    hello = msgspec.json.encode([1, "realm1", {"roles": {"caller": {}}}])
    opcodes = (0, 1, 1, 1, 2, 8, 9, 10, dice.randrange(16))
    sent = [masked(dice.choice(opcodes), dice.choice((hello, b"", dice.randbytes(130)))) for _ in range(4)]
    octets = changed(b"".join(sent), [(dice.randrange(400), dice.randrange(256)) for _ in range(dice.randrange(4))])
    place = dice.randrange(len(octets))
    return dice.choice((octets, octets[:place], octets[:place] + dice.randbytes(20) + octets[place:], octets * 2))


def survives(streams: list[bytes], *, upgraded: bool) -> None:
    """Send each stream over its own connection; after that a good client is served, and nothing was our mistake."""
    failures: list[Any] = []

    def observe(event: dict[str, Any]) -> None:
        if "log_failure" in event:
            failures.append(event)

    async def main() -> None:
        async with listening(limits=Limits(max_message_size=1024)) as (listener, sessions):
            for stream in streams:
                peer = await (websocket(listener.port) if upgraded else Peer.connect(listener.port))
                peer.write(stream)
                peer.writer.write_eof()
                with suppress(ConnectionError, TimeoutError):
                    await wait_for(peer.rest(), 1)
                peer.close()
            peer = await websocket(listener.port)
            await until(lambda: all(session.detached for session in sessions[:-1]))
            peer.write(masked(1, msgspec.json.encode([1, "realm1", {"roles": {"caller": {}}}])))
            await until(lambda: sessions[-1].received)
            peer.close()

    globalLogPublisher.addObserver(observe)
    try:
        run(main())
    finally:
        globalLogPublisher.removeObserver(observe)
    assert not failures


def test_hostile_websocket_frames_cost_their_sender_alone() -> None:
    """B1, J2"""
    dice = Random(1)
    survives([hostile(dice) for _ in range(150)], upgraded=True)


def test_hostile_first_octets_cost_their_sender_alone() -> None:
    """B10, B17, J2"""
    dice = Random(2)
    begins = (
        b"\x7f\xf1\0\0",
        b"\x7f",
        b"GET / HTTP/1.1\r\n",
        b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n",
        b"",
        b"\x16\x03",
    )
    survives([dice.choice(begins) + dice.randbytes(dice.randrange(60)) for _ in range(100)], upgraded=False)
