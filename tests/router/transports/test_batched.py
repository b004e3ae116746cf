"""Several WAMP messages in one WebSocket message."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realms.endings import GOING_AWAY
from router.transports.batches import batching, frame_octets, split_octets, split_texts
from router.transports.frames import BINARY, CLOSE, PING, PONG, TEXT
from router.transports.limits import Limits
from tests.router.transports.fakes import Peer, Recorder, listening, masked, request, run, until, websocket
from wamp.codecs import CBOR, CODECS, JSON, MESSAGEPACK, Codec
from wamp.errors import InvalidMessage

GOODBYE = [6, {}, "wamp.close.normal"]
BROKEN = [
    (split_texts, b"", "ends with 0x1E"),
    (split_texts, b"[1]", "ends with 0x1E"),
    (split_texts, b"[1]\x1e[2]", "ends with 0x1E"),
    (split_octets, b"", "without messages"),
    (split_octets, b"\0\0\0", "within a message"),
    (split_octets, b"\0\0\0\2a", "within a message"),
    (split_octets, b"\0\0\0\1a\0", "within a message"),
    (split_octets, b"\xff\xff\xff\xffa", "within a message"),
]


@given(st.sampled_from(list(CODECS.values())), st.lists(st.integers(0, 10**6), min_size=1))
def test_what_was_put_together_is_taken_apart(codec: Codec, numbers: list[int]) -> None:
    """B9"""
    frame, split = batching(codec)
    messages = [bytes(codec.dump([number])) for number in numbers]
    assert split(b"".join(map(frame, messages))) == messages


@pytest.mark.parametrize(("split", "batch", "reason"), BROKEN)
def test_what_is_no_batch_is_a_violation(split: Callable[[bytes], list[bytes]], batch: bytes, reason: str) -> None:
    """B9"""
    with pytest.raises(InvalidMessage, match=reason):
        split(batch)


@given(st.binary())
def test_any_octets_are_a_batch_or_a_violation(octets: bytes) -> None:
    """B9"""
    for split in (split_texts, split_octets):
        with suppress(InvalidMessage):
            assert sum(map(len, split(octets))) < len(octets)


def test_json_that_is_separated_as_autobahn_does_it_is_taken_as_well() -> None:
    """B9"""
    assert split_texts(b"[1]\x18[2]\x1e") == [b"[1]", b"[2]"]


@pytest.mark.parametrize("codec", [JSON, MESSAGEPACK, CBOR], ids=lambda codec: codec.name)
def test_messages_travel_in_batches_both_ways(codec: Codec) -> None:
    """B9: what is sent in one turn is one batch, also if it is one message."""
    frame, split = batching(codec)
    opcode = BINARY if codec.is_binary else TEXT

    async def main() -> None:
        async with listening() as (listener, sessions):
            peer = await websocket(listener.port, f"wamp.2.{codec.name}.batched")
            await until(lambda: sessions)
            session = sessions[0]
            peer.write(masked(opcode, frame(bytes(codec.dump(GOODBYE))) * 3))
            await until(lambda: len(session.received) == 3)
            for numbers in ([1], [1, 2, 3]):
                for number in numbers:
                    session.transport.send(session.transport.wire.frame(bytes(codec.dump([number]))))
                got, batch = await peer.frame()
                assert (got, split(batch)) == (opcode, [bytes(codec.dump([number])) for number in numbers])
            assert session.transport.traffic().messages_sent == 4

    run(main())


def test_a_broken_batch_ends_the_session_and_what_came_before_it_counts() -> None:
    """B9, A13"""

    async def main() -> None:
        async with listening() as (listener, sessions):
            peer = await websocket(listener.port, "wamp.2.msgpack.batched")
            await until(lambda: sessions)
            peer.write(masked(BINARY, frame_octets(bytes(MESSAGEPACK.dump(GOODBYE)))) + masked(BINARY, b"\0\0\0\7abc"))
            await until(lambda: sessions[0].violations)
            assert len(sessions[0].received) == 1
            assert (await peer.frame())[0] == CLOSE

    run(main())


def test_control_frames_are_no_part_of_a_batch() -> None:
    """B9"""

    async def main() -> None:
        async with listening() as (listener, sessions):
            peer = await websocket(listener.port, "wamp.2.json.batched")
            await until(lambda: sessions)
            transport = sessions[0].transport
            transport.send(b"[1]\x1e")
            transport.send_control(b"\x89\x00")
            transport.send(b"[2]\x1e")
            peer.write(masked(PING, b"hey"))
            frames = [await peer.frame() for _ in range(4)]
            assert frames[:2] == [(TEXT, b"[1]\x1e"), (PING, b"")]
            assert sorted(frames[2:]) == [(TEXT, b"[2]\x1e"), (PONG, b"hey")]
            transport.send(b"[3]\x1e")
            transport.close(GOING_AWAY)
            assert await peer.frame() == (TEXT, b"[3]\x1e")
            assert (await peer.frame())[0] == CLOSE

    run(main())


def test_pings_of_a_peer_that_does_not_read_cannot_fill_the_memory() -> None:
    """B9, J2"""

    async def main() -> None:
        async with listening(limits=Limits(outbox=10_000)) as (listener, sessions):
            peer = await Peer.connect(listener.port, limit=1)
            peer.write(request(subprotocols="wamp.2.json.batched"))
            await until(lambda: sessions)
            session: Recorder = sessions[0]
            peer.reader._transport.pause_reading()  # type: ignore[attr-defined]
            pings = masked(PING, b"x" * 125) * 1000
            for _ in range(400):
                peer.write(pings)
                await asyncio.sleep(0)
                if session.detached:
                    break
            await until(lambda: session.detached)

    run(main())


def test_who_separates_json_as_autobahn_does_it_is_answered_so() -> None:
    """B9: autobahn-python reads nothing else."""

    async def main() -> None:
        async with listening() as (listener, sessions):
            peer = await websocket(listener.port, "wamp.2.json.batched")
            peer.write(masked(TEXT, bytes(JSON.dump(GOODBYE)) + b"\x18"))
            await until(lambda: sessions and sessions[0].received)
            transport = sessions[0].transport
            transport.send(transport.wire.frame(b"[1]"))
            assert await peer.frame() == (TEXT, b"[1]\x18")

    run(main())


def test_a_listener_may_leave_batches_out() -> None:
    """B9"""

    async def main() -> None:
        async with listening(batched=False) as (listener, _):
            peer = await Peer.connect(listener.port)
            peer.write(request(subprotocols="wamp.2.json.batched, wamp.2.json"))
            assert b"Sec-WebSocket-Protocol: wamp.2.json\r\n" in await peer.head()

    run(main())
