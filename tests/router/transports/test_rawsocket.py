"""WAMP over RawSocket, as a peer sees it."""

from collections.abc import Awaitable, Callable
from typing import Any

import cbor2
import msgspec
import pytest

from realms.endings import GOING_AWAY
from realms.limits import NO_LIMITS
from router.transports.admission import Admission
from router.transports.limits import Limits
from router.transports.rawsocket_framing import MESSAGE, PING, PONG, frame_message, frame_ping, frame_pong
from tests.router.transports.fakes import Peer, Recorder, listening, run, until

HELLO: list[Any] = [1, "com.example", {"roles": {"caller": {}}}]
JSON_HELLO = msgspec.json.encode(HELLO)

Scene = Callable[[Peer, Recorder], Awaitable[None]]


def play(scene: Scene, handshake: bytes = b"\x7f\xf1\0\0", **terms: Any) -> Recorder:
    """Run a scene between a peer and its session, and return the session after both are gone."""

    async def main() -> Recorder:
        async with listening(**terms) as (listener, sessions):
            peer = await Peer.connect(listener.port)
            peer.write(handshake)
            assert (await peer.reader.readexactly(4))[0] == 0x7F
            await until(lambda: sessions)
            await scene(peer, sessions[0])
            peer.close()
            await until(lambda: sessions[0].detached)
            return sessions[0]

    session: Recorder = run(main())
    assert session.detached == 1
    return session


@pytest.mark.parametrize(
    ("octets", "answer"),
    [
        (b"\x7f\xf1\0\0", b"\x7f\xb1\0\0"),  # we take 1 MiB
        (b"\x7f\x02\0\0", b"\x7f\xb2\0\0"),
        (b"\x7f\xf3\0\0", b"\x7f\xb3\0\0"),
        (b"\x7f\xf0\0\0", b"\x7f\x10\0\0"),
        (b"\x7f\xf4\0\0", b"\x7f\x10\0\0"),
        (b"\x7f\xff\0\0", b"\x7f\x10\0\0"),
        (b"\x7f\xf1\x01\0", b"\x7f\x30\0\0"),
        (b"\x7f\xf1\0\x80", b"\x7f\x30\0\0"),
    ],
)
@pytest.mark.parametrize("split", [False, True])
def test_handshakes(octets: bytes, answer: bytes, split: bool) -> None:
    """B10"""

    async def main() -> None:
        async with listening() as (listener, sessions):
            peer = await Peer.connect(listener.port)
            if split:
                await peer.trickle(octets)
            else:
                peer.write(octets)
            assert await peer.reader.readexactly(4) == answer
            if answer[1] & 0x0F == 0:
                assert await peer.rest() == b""
                assert not sessions
            peer.close()

    run(main())


def test_a_full_router_answers_with_error_4() -> None:
    """B10, J2"""

    async def main() -> None:
        async with listening(admission=Admission(max_connections=0)) as (listener, _):
            peer = await Peer.connect(listener.port)
            peer.write(b"\x7f\xf1\0\0")
            assert await peer.rest() == b"\x7f\x40\0\0"
            peer.close()

    run(main())


@pytest.mark.parametrize(
    ("serializer", "hello"),
    [(1, JSON_HELLO), (2, msgspec.msgpack.encode(HELLO)), (3, cbor2.dumps(HELLO))],
)
def test_each_serializer_is_understood(serializer: int, hello: bytes) -> None:
    """B3, B5, B6, B10"""

    async def scene(peer: Peer, session: Recorder) -> None:
        peer.write(frame_message(hello))
        await until(lambda: session.received)

    session = play(scene, bytes((0x7F, 0xF0 | serializer, 0, 0)))
    assert session.received[0].realm == "com.example"
    assert session.transport.wire.codec.rawsocket_id == serializer


def test_each_ping_is_answered_with_one_pong_even_before_hello() -> None:
    """B12"""

    async def scene(peer: Peer, session: Recorder) -> None:
        peer.write(frame_ping(b"1") + frame_pong(b"unasked") + frame_ping(b"") + frame_message(JSON_HELLO))
        assert await peer.raw_frame() == (PONG, b"1")
        assert await peer.raw_frame() == (PONG, b"")
        await until(lambda: session.received)

    play(scene)


def test_an_empty_message_is_a_violation() -> None:
    """B11"""

    async def scene(peer: Peer, session: Recorder) -> None:
        peer.write(frame_message(b"") + frame_message(JSON_HELLO))
        assert await peer.rest() == b""

    session = play(scene)
    assert len(session.violations) == 1
    assert session.received == []


@pytest.mark.parametrize("octets", [b"\x10\0\0\x01x", b"\x03\0\0\0", b"\0\0\x03\xe9", b"\x08\0\0\0"])
def test_a_bad_frame_ends_the_connection_at_once_but_not_what_came_before(octets: bytes) -> None:
    """B11"""

    async def scene(peer: Peer, session: Recorder) -> None:
        peer.write(frame_message(JSON_HELLO) + octets + frame_message(JSON_HELLO))
        assert await peer.rest() == b""

    assert len(play(scene, limits=Limits(max_message_size=1000)).received) == 1


def test_close_comes_after_what_was_sent() -> None:
    async def scene(peer: Peer, session: Recorder) -> None:
        peer.write(frame_message(JSON_HELLO) * 100)  # unread octets must not destroy our last words
        session.transport.send(frame_message(b"last words"))
        session.transport.close(GOING_AWAY)
        session.transport.send(frame_message(b"too late"))
        assert await peer.rest() == frame_message(b"last words")

    assert play(scene).received == []


def test_a_peer_never_gets_a_frame_that_is_larger_than_it_announced() -> None:
    """B13, D21"""

    async def scene(peer: Peer, session: Recorder) -> None:
        transport = session.transport
        assert transport.max_outgoing == 4 + 512
        transport.offer(frame_message(b"x" * 513))
        transport.offer(frame_message(b"x" * 512))
        assert await peer.raw_frame() == (MESSAGE, b"x" * 512)
        assert transport.dropped == 1
        assert transport.terms.dropped == 1

    play(scene, b"\x7f\x01\0\0")


def test_a_large_message_arrives_whole() -> None:
    """B11"""

    async def scene(peer: Peer, session: Recorder) -> None:
        hello = msgspec.json.encode([1, "com.example", {"roles": {"caller": {}}, "agent": "x" * (2**24 - 100)}])
        hello += b" " * (2**24 - len(hello))
        session.transport.established(NO_LIMITS)
        peer.write(frame_message(hello) + frame_message(JSON_HELLO))
        await until(lambda: len(session.received) == 2)

    play(scene, limits=Limits(max_message_size=2**24))


def test_the_peer_leaving_detaches_the_session() -> None:
    async def scene(peer: Peer, session: Recorder) -> None:
        peer.writer.write_eof()
        assert await peer.rest() == b""
        await until(lambda: session.detached)

    play(scene)


def test_our_ping_is_a_rawsocket_ping() -> None:
    """B12"""

    async def scene(peer: Peer, session: Recorder) -> None:
        session.transport.ping()
        assert await peer.raw_frame() == (PING, b"")
        assert session.transport.is_silent()
        peer.write(frame_pong(b""))
        await until(lambda: not session.transport.is_silent())

    play(scene)
