"""Connections that are lost: what was queued goes to the session, which may be paused, unless we closed them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from realms.endings import GOING_AWAY, MOVED, TOO_SLOW
from realms.roles import Role
from router.transports.connection import Connection
from router.transports.frames import CLOSE, frame_text
from router.transports.rawsocket_framing import frame_message
from tests.router.transports.fakes import Peer, Recorder, listening, masked, request, run, until

FRAMERS: dict[str, Callable[[bytes], bytes]] = {"websocket": frame_text, "rawsocket": frame_message}
BOTH = pytest.mark.parametrize("framing", list(FRAMERS))


class Keeper(Recorder):
    """A session that takes along what is queued, as one that is paused does."""

    kept: list[bytes] | None = None
    role = Role("anyone", [])

    def detach(self) -> None:
        super().detach()
        self.kept = self.transport.release()


@asynccontextmanager
async def connected(framing: str) -> AsyncIterator[tuple[Peer, Keeper, Connection]]:
    """A peer that is through with its handshake, its session, and its connection."""
    keepers: list[Keeper] = []

    def accept(transport: Any) -> Keeper:
        keepers.append(Keeper(transport))
        return keepers[-1]

    async with listening(accept=accept) as (listener, _):
        peer = await Peer.connect(listener.port)
        if framing == "websocket":
            peer.write(request())
            await peer.head()
        else:
            peer.write(bytes((0x7F, 0xF1, 0, 0)))
            await peer.reader.readexactly(4)
        await until(lambda: keepers)
        yield peer, keepers[0], keepers[0].transport
        peer.close()
        await until(lambda: keepers[0].detached or keepers[0].transport.session is not keepers[0])
        assert keepers[0].detached <= 1


@BOTH
def test_what_is_queued_when_the_peer_falls_silent_is_not_lost(framing: str) -> None:
    """A10"""
    one, two = (FRAMERS[framing](octets) for octets in (b"one", b"two"))

    async def main() -> None:
        async with connected(framing) as (_, session, connection):
            connection.send(one)
            connection.ping()
            connection.offer(two)
            connection.cut_silent()
            assert session.kept == [two]  # a ping writes what was queued before, and is no message itself
            connection.send(one)
            await until(lambda: connection not in connection.terms.connections)
            assert session.detached == 1

    run(main())


@BOTH
def test_what_is_queued_when_the_peer_goes_is_not_lost(framing: str) -> None:
    """A10"""
    one = FRAMERS[framing](b"one")

    async def main() -> None:
        async with connected(framing) as (peer, session, connection):
            release, queued = session.detach, []

            def detach() -> None:  # in the same turn as the loss
                connection.send(one)
                queued.append(connection.traffic().messages_sent)
                release()

            session.detach = detach  # type: ignore[method-assign]
            peer.close()
            await until(lambda: session.detached)
            assert queued == [1]
            assert session.kept == [one]

    run(main())


def test_a_close_frame_is_a_loss_and_is_answered() -> None:
    """A10"""

    async def main() -> None:
        async with connected("websocket") as (peer, session, connection):
            connection.send(frame_text(b"one"))
            peer.write(masked(CLOSE, (1000).to_bytes(2, "big")))
            await until(lambda: session.detached)
            assert session.kept is not None
            frames = [await peer.frame() for _ in range(2 - len(session.kept))]
            assert frames[-1][0] == CLOSE

    run(main())


@BOTH
@pytest.mark.parametrize("ending", [TOO_SLOW, GOING_AWAY])
def test_a_connection_that_we_close_gives_nothing_back(framing: str, ending: Any) -> None:
    """A10"""

    async def main() -> None:
        async with connected(framing) as (peer, session, connection):
            connection.close(ending)
            connection.send(FRAMERS[framing](b"lost"))
            assert connection.release() is None
            peer.close()
            await until(lambda: session.detached)
            assert session.kept is None

    run(main())


@BOTH
def test_a_broken_frame_is_no_loss(framing: str) -> None:
    """A10, A13"""

    async def main() -> None:
        async with connected(framing) as (peer, session, _):
            peer.write(b"\xff" * 20)
            await until(lambda: session.detached)
            assert session.kept is None

    run(main())


@BOTH
def test_a_session_moves_from_one_connection_to_another(framing: str) -> None:
    """A10"""

    async def main() -> None:
        async with connected(framing) as (gone, session, old), connected(framing) as (peer, _, new):
            old.send(FRAMERS[framing](b"queued"))
            kept = old.release()
            assert kept == [FRAMERS[framing](b"queued")]
            old.close(MOVED)
            new.carry(session)  # type: ignore[arg-type]
            for frame in kept:
                new.send(frame)
            _, octets = await (peer.frame() if framing == "websocket" else peer.raw_frame())
            assert octets == b"queued"
            hello = b'[1,"realm1",{}]'
            peer.write(masked(1, hello) if framing == "websocket" else frame_message(hello))
            await until(lambda: session.received)
            gone.close()
            await until(lambda: old not in old.terms.connections)
            assert session.detached == 0

    run(main())
