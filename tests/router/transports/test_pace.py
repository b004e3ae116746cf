"""Sessions whose role may send only so much in a second, and strangers, who may send little."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from twisted.internet.task import Clock

from realms.endings import TOO_FAST
from realms.limits import NO_LIMITS, RoleLimits
from router.transports.limits import MAX_EARLY_MESSAGE
from router.transports.pace import LONGEST_DELAY
from router.transports.rawsocket_framing import PING, PONG, frame_message, frame_ping
from tests.router.transports.fakes import Peer, Recorder, listening, masked, run, until, websocket

TEXT, CLOSE = 1, 8
GOODBYE = b'[6,{},"wamp.close.normal"]'


def publish(number: int, octets: int = 0) -> bytes:
    return msgspec.json.encode([16, number, {}, "com.topic", ["x" * octets]])


async def rawsocket(port: int) -> Peer:
    peer = await Peer.connect(port)
    peer.write(b"\x7f\xf1\0\0")
    await peer.reader.readexactly(4)
    return peer


def play(framing: str, limits: RoleLimits, scene: Callable[..., Any]) -> Recorder:
    """Run a scene between a peer, the session that was established for it, and the clock."""

    async def main() -> Recorder:
        clock = Clock()
        async with listening(clock=clock) as (listener, sessions):
            peer = await (websocket if framing == "websocket" else rawsocket)(listener.port)
            await until(lambda: sessions)
            sessions[0].transport.established(limits)

            def sends(*messages: bytes) -> None:
                peer.write(b"".join(masked(TEXT, m) if framing == "websocket" else frame_message(m) for m in messages))

            await scene(peer, sends, sessions[0], clock)
            peer.close()
            await until(lambda: sessions[0].detached)
            return sessions[0]

    session: Recorder = run(main())
    return session


def numbers(session: Recorder) -> list[int]:
    return [message.request for message in session.received]


both = pytest.mark.parametrize("framing", ["websocket", "rawsocket"])


@both
def test_what_comes_too_fast_waits_and_keeps_its_order(framing: str) -> None:
    """J2"""

    async def scene(peer: Peer, sends: Any, session: Recorder, clock: Clock) -> None:
        connection = session.transport
        sends(*map(publish, range(1, 21)))
        await until(lambda: connection.received == 20)
        assert numbers(session) == list(range(1, 11))
        assert not connection.transport.is_reading()
        clock.advance(0.1)
        assert numbers(session) == list(range(1, 12))
        clock.pump([0.05] * 15)
        assert numbers(session)[-1] in (18, 19)
        assert not connection.transport.is_reading()
        clock.pump([0.05] * 5)
        assert numbers(session) == list(range(1, 21))
        assert connection.transport.is_reading()
        clock.advance(0.1)
        sends(publish(21))
        await until(lambda: len(session.received) == 21)
        assert connection.terms.overruns.slowed == 1

    play(framing, RoleLimits(message_rate=10), scene)


@both
def test_who_keeps_to_the_rate_never_waits(framing: str) -> None:
    async def scene(peer: Peer, sends: Any, session: Recorder, clock: Clock) -> None:
        for number in range(1, 60, 10):
            sends(*map(publish, range(number, number + 10)))
            await until(lambda upto=number + 9: session.transport.received == upto)  # type: ignore[misc]
            assert len(session.received) == number + 9
            clock.advance(1)
        assert session.transport.terms.overruns.slowed == 0

    play(framing, RoleLimits(message_rate=10, octet_rate=2000), scene)


@both
def test_octets_have_a_rate_and_a_message_that_exceeds_it_passes_and_is_paid_for(framing: str) -> None:
    """J2"""

    async def scene(peer: Peer, sends: Any, session: Recorder, clock: Clock) -> None:
        sends(publish(1, 5000), publish(2), publish(3))
        await until(lambda: session.transport.received == 3)
        assert numbers(session) == [1]
        clock.advance(3.9)
        assert numbers(session) == [1]
        clock.advance(0.3)
        assert numbers(session)[:2] == [1, 2]
        clock.advance(1)
        assert numbers(session) == [1, 2, 3]

    play(framing, RoleLimits(octet_rate=1000), scene)


@both
def test_a_flood_ends_the_connection(framing: str) -> None:
    """J2"""

    async def scene(peer: Peer, sends: Any, session: Recorder, clock: Clock) -> None:
        sends(publish(1, 0), *(publish(number) for number in range(2, int(LONGEST_DELAY) + 3)))
        if framing == "websocket":
            opcode, payload = await peer.frame()
            assert (opcode, payload[2:].decode()) == (CLOSE, TOO_FAST.reason)
        else:
            assert await peer.rest() == b""
        assert numbers(session) == [1]
        assert session.detached == 1
        assert session.transport.terms.overruns.ended == 1

    play(framing, RoleLimits(message_rate=1), scene)


def test_a_message_that_waits_is_forgotten_with_its_connection() -> None:
    async def scene(peer: Peer, sends: Any, session: Recorder, clock: Clock) -> None:
        sends(publish(1), publish(2))
        await until(lambda: session.transport.received == 2)
        session.transport.transport.abort()
        await until(lambda: session.detached)
        clock.advance(10)
        assert numbers(session) == [1]

    play("rawsocket", RoleLimits(message_rate=1), scene)


def test_the_session_and_its_pace_may_both_want_reading_to_pause() -> None:
    async def scene(peer: Peer, sends: Any, session: Recorder, clock: Clock) -> None:
        connection = session.transport
        sends(publish(1), publish(2))
        await until(lambda: connection.received == 2)
        connection.pause()
        clock.advance(1)
        assert numbers(session) == [1, 2]
        assert not connection.transport.is_reading()
        connection.resume()
        assert connection.transport.is_reading()
        sends(publish(3))
        await until(lambda: connection.received == 3)
        connection.pause()
        connection.resume()
        assert not connection.transport.is_reading()
        clock.advance(1)
        assert connection.transport.is_reading()

    play("websocket", RoleLimits(message_rate=1), scene)


def test_who_is_not_being_read_is_not_silent() -> None:
    """B12"""

    async def scene(peer: Peer, sends: Any, session: Recorder, clock: Clock) -> None:
        sends(publish(1), publish(2))
        await until(lambda: session.transport.received == 2)
        session.transport.ping()
        session.transport.flush()
        assert await peer.raw_frame() == (PING, b"")
        assert not session.transport.is_silent()
        clock.advance(1)
        session.transport.ping()
        assert session.transport.is_silent()

    play("rawsocket", RoleLimits(message_rate=1), scene)


def test_a_ping_that_was_read_with_too_many_messages_is_answered_at_once() -> None:
    async def scene(peer: Peer, sends: Any, session: Recorder, clock: Clock) -> None:
        peer.write(frame_message(publish(1)) + frame_message(publish(2)) + frame_ping(b"there?"))
        assert await peer.raw_frame() == (PONG, b"there?")
        assert numbers(session) == [1]
        clock.advance(1)

    play("rawsocket", RoleLimits(message_rate=1), scene)


def test_what_follows_goodbye_is_for_the_next_session() -> None:
    async def main() -> None:
        clock = Clock()
        async with listening(clock=clock) as (listener, sessions):
            peer = await websocket(listener.port)
            await until(lambda: sessions)
            first = sessions[0]
            first.answer = lambda message: first.transport.renew() if type(message).__name__ == "Goodbye" else None
            first.transport.established(RoleLimits(message_rate=1))
            hello = b'[1,"realm1",{"roles":{"caller":{}}}]'
            peer.write(b"".join(masked(TEXT, octets) for octets in (publish(1), GOODBYE, hello)))
            await until(lambda: first.transport.received == 3)
            assert len(first.received) == 1
            clock.advance(1)
            assert len(first.received) == 2
            assert sessions[1].received[0].realm == "realm1"
            assert first.transport.transport.is_reading()
            peer.close()

    run(main())


def test_limits_may_change_and_go() -> None:
    """F6"""

    async def scene(peer: Peer, sends: Any, session: Recorder, clock: Clock) -> None:
        sends(*map(publish, range(1, 5)))
        await until(lambda: session.transport.received == 4)
        assert numbers(session) == [1]
        session.transport.established(RoleLimits(message_rate=100))
        assert numbers(session) == [1, 2, 3, 4]
        session.transport.established(NO_LIMITS)
        assert session.transport.session is session
        sends(*map(publish, range(5, 500)))
        await until(lambda: len(session.received) == 499)

    play("websocket", RoleLimits(message_rate=1), scene)


def test_an_exception_of_ours_ends_the_connection_also_when_it_comes_late() -> None:
    async def scene(peer: Peer, sends: Any, session: Recorder, clock: Clock) -> None:
        sends(publish(1), publish(2))
        await until(lambda: session.transport.received == 2)
        session.answer = lambda message: 1 / 0  # type: ignore[assignment, return-value]
        clock.advance(1)
        opcode, payload = await peer.frame()
        assert (opcode, payload[:2]) == (CLOSE, b"\x03\xf3")

    play("websocket", RoleLimits(message_rate=1), scene)


@both
@pytest.mark.parametrize("is_fragmented", [False, True])
def test_a_stranger_may_send_only_so_much(framing: str, is_fragmented: bool) -> None:
    """J2"""

    def frames(message: bytes) -> bytes:
        if framing == "rawsocket":
            return frame_message(message)
        if not is_fragmented:
            return masked(TEXT, message)
        half = len(message) // 2
        return masked(TEXT, message[:half], is_last=False) + masked(0, message[half:])

    def hello(size: int) -> bytes:
        start = b'[1,"realm1",{"roles":{"caller":{}},"agent":"'
        return start + b"x" * (size - len(start) - 3) + b'"}]'

    async def main() -> None:
        async with listening() as (listener, sessions):
            for size, is_taken in ((MAX_EARLY_MESSAGE, True), (MAX_EARLY_MESSAGE + 1, False)):
                peer = await (websocket if framing == "websocket" else rawsocket)(listener.port)
                peer.write(frames(hello(size)))
                await until(
                    lambda: sessions and (sessions[-1].received or sessions[-1].violations or sessions[-1].detached)
                )
                assert bool(sessions[-1].received) == is_taken
                assert bool(sessions[-1].transport.closing) != is_taken
                if is_taken:
                    sessions[-1].transport.established(NO_LIMITS)
                    peer.write(frames(hello(size * 4)))
                    await until(lambda: len(sessions[-1].received) == 2)
                    sessions[-1].transport.renew()
                    peer.write(frames(hello(size * 4)))
                    await until(lambda: sessions[-1].violations or sessions[-1].detached)
                peer.close()
                await until(lambda: all(session.detached for session in sessions[-1:]))
                sessions.clear()

    run(main())
