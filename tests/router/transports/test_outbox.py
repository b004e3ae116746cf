"""Slow readers: what waits for them is bounded, and nobody else notices."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from realms.endings import GOING_AWAY
from router.transports.frames import frame_text
from router.transports.limits import REPLY_HEADROOM, Limits
from tests.router.transports.fakes import Peer, Recorder, listening, request, run, until

BUDGET = 200_000
EVENT = frame_text(b"x" * 10_000)
REPLY = frame_text(b"y" * 10_000)
SOCKET_BUFFERS = 8 * 2**20
"""More than the kernel keeps for a loopback connection."""


@asynccontextmanager
async def deaf_peer(**limits: Any) -> AsyncIterator[tuple[socket.socket, Recorder]]:
    """A peer that is through with the handshake, and does not read on its own."""
    async with listening(limits=Limits(outbox=BUDGET, **limits)) as (listener, sessions):
        loop = asyncio.get_running_loop()
        peer = socket.socket()
        peer.setblocking(False)
        await loop.sock_connect(peer, ("127.0.0.1", listener.port))
        await loop.sock_sendall(peer, request())
        assert (await loop.sock_recv(peer, 4096)).startswith(b"HTTP/1.1 101 ")
        await until(lambda: sessions)
        yield peer, sessions[0]
        peer.close()
        await until(lambda: sessions[0].detached)
        assert sessions[0].detached == 1


async def stuff(session: Recorder) -> None:
    """Send events until the kernel takes no more and the outbox is full, or the connection is closed."""
    transport = session.transport
    for _ in range(SOCKET_BUFFERS // len(EVENT)):
        transport.offer(EVENT)
        if transport.dropped or transport.closing:
            return
        await asyncio.sleep(0)
    raise AssertionError("the outbox has no bound")


def waiting(session: Recorder) -> int:
    return sum(map(len, session.transport.out)) + session.transport.transport.get_write_buffer_size()


def test_a_peer_that_does_not_read_is_disconnected() -> None:
    """D21, J2"""

    async def main() -> None:
        async with deaf_peer() as (_, session):
            await stuff(session)
            assert session.transport.closing
            assert session.detached == 0  # not from within offer: a fan-out is under way
            await until(lambda: session.detached)

    run(main())


def test_with_drop_events_are_dropped_and_counted_and_replies_are_not() -> None:
    """D21"""

    async def main() -> None:
        async with deaf_peer(slow="drop") as (peer, session):
            await stuff(session)
            transport = session.transport
            assert not transport.closing
            assert waiting(session) <= BUDGET + len(EVENT)
            for _ in range(5):
                transport.offer(EVENT)
                transport.send(REPLY)
            assert transport.dropped == transport.terms.dropped == 6
            received = b""
            while not received.endswith(REPLY * 5):
                received += await asyncio.get_running_loop().sock_recv(peer, 2**20)
            # It reads again: events reach it again.
            await until(lambda: waiting(session) == 0)
            transport.offer(EVENT)
            assert transport.dropped == 6

    run(main())


def test_traffic_tells_what_was_sent_and_what_of_it_waits() -> None:
    """G9"""

    async def main() -> None:
        async with deaf_peer(slow="drop") as (_, session):
            transport = session.transport
            assert transport.traffic() == (0, 0, 0, 0, 0, 0)
            transport.offer(EVENT)
            assert transport.traffic() == (0, 0, 1, len(EVENT), 0, len(EVENT))
            await until(lambda: waiting(session) == 0)
            assert transport.traffic() == (0, 0, 1, len(EVENT), 0, 0)
            await stuff(session)
            traffic = transport.traffic()
            assert traffic.events_dropped == 1
            assert traffic.octets_sent == traffic.messages_sent * len(EVENT)
            assert traffic.octets_waiting == waiting(session)

    run(main())


def test_a_tally_of_connections_is_the_sum_of_their_traffic() -> None:
    def tallied(transport: Any) -> list[int]:
        sums = [1] * 6
        transport.tally(sums)
        return [count - 1 for count in sums]

    async def main() -> None:
        async with deaf_peer(slow="drop") as (_, session):
            transport = session.transport
            transport.offer(EVENT)
            transport.ping()
            assert tallied(transport) == list(transport.traffic())
            await until(lambda: waiting(session) == 0)
            assert tallied(transport) == list(transport.traffic()) == [0, 0, 1, len(EVENT) + 2, 0, 0]
            await stuff(session)
            assert transport.dropped
            assert tallied(transport) == list(transport.traffic())

    run(main())


def test_pings_are_no_messages() -> None:
    """G9"""

    async def main() -> None:
        async with deaf_peer() as (_, session):
            transport = session.transport
            transport.ping()
            assert transport.traffic() == (0, 0, 0, 2, 0, 2)
            await until(lambda: waiting(session) == 0)
            assert transport.traffic() == (0, 0, 0, 2, 0, 0)

    run(main())


def test_with_drop_a_peer_that_does_not_even_read_its_replies_is_disconnected() -> None:
    async def main() -> None:
        async with deaf_peer(slow="drop") as (_, session):
            await stuff(session)
            most = 0
            while not session.transport.closing:
                session.transport.send(REPLY)
                most = max(most, waiting(session))
            assert BUDGET < most <= BUDGET * REPLY_HEADROOM + len(REPLY)
            await until(lambda: session.detached)

    run(main())


def test_a_message_larger_than_the_budget_reaches_a_peer_that_reads() -> None:
    async def main() -> None:
        async with listening(limits=Limits(outbox=BUDGET)) as (listener, sessions):
            peer = await Peer.connect(listener.port)
            peer.write(request())
            await peer.head()
            big = b"z" * SOCKET_BUFFERS
            sessions[0].transport.send(frame_text(big))
            assert await peer.frame() == (1, big)
            peer.close()

    run(main())


def test_a_burst_within_one_turn_is_judged_after_what_can_be_written_was_written() -> None:
    async def main() -> None:
        async with listening(limits=Limits(outbox=BUDGET)) as (listener, sessions):
            peer = await Peer.connect(listener.port)
            peer.write(request())
            await peer.head()
            for _ in range(2 * BUDGET // len(EVENT)):
                sessions[0].transport.offer(EVENT)
            assert not sessions[0].transport.closing
            peer.close()

    run(main())


def test_a_peer_that_does_not_read_does_not_keep_its_connection_after_close(monkeypatch: pytest.MonkeyPatch) -> None:
    from router.transports import connection

    monkeypatch.setattr(connection, "CLOSE_DEADLINE", 0.05)

    async def main() -> None:
        async with deaf_peer(slow="drop") as (_, session):
            await stuff(session)
            session.transport.close(GOING_AWAY)
            await until(lambda: session.detached)

    run(main())


def test_a_slow_reader_is_not_called_silent_while_it_reads() -> None:
    async def main() -> None:
        async with deaf_peer(slow="drop") as (peer, session):
            await stuff(session)
            connection = session.transport
            connection.ping()
            await asyncio.sleep(0)
            assert connection.is_silent()
            for _ in range(100):
                await asyncio.get_running_loop().sock_recv(peer, 2**16)
                connection.offer(EVENT)
            await until(lambda: not connection.is_silent())

    run(main())
