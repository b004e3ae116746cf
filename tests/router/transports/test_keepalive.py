"""Peers that are gone without a word are noticed in time."""

import asyncio

import pytest
from twisted.internet.task import Clock

from router.transports.keepalive import Keepalive
from tests.router.transports.fakes import LoopClock, Peer, listening, masked, run, until, websocket

INTERVAL, TIMEOUT = 25.0, 10.0


class Mortal:
    """A connection whose peer lives until it is told otherwise."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.heard = True
        self.lives = True
        self.pings: list[float] = []
        self.cut_at: float | None = None

    def ping(self) -> None:
        self.pings.append(self.clock.seconds())
        self.heard = self.lives

    def is_silent(self) -> bool:
        return not self.heard

    def cut_silent(self) -> None:
        if self.cut_at is None:
            self.cut_at = self.clock.seconds()


def populate(number: int) -> tuple[Clock, Keepalive, list[Mortal]]:
    clock = Clock()
    keepalive = Keepalive(clock, INTERVAL, TIMEOUT)  # type: ignore[arg-type]
    mortals = [Mortal(clock) for _ in range(number)]
    for mortal in mortals:
        keepalive.join(mortal)
    return clock, keepalive, mortals


def pass_time(clock: Clock, seconds: float) -> None:
    clock.pump([0.5] * round(seconds / 0.5))


def test_peers_that_answer_are_pinged_once_per_interval_and_never_cut() -> None:
    clock, _, mortals = populate(60)
    pass_time(clock, 10 * INTERVAL)
    assert {len(mortal.pings) for mortal in mortals} == {10}
    assert {mortal.cut_at for mortal in mortals} == {None}


def test_pings_are_spread_over_the_interval() -> None:
    clock, _, mortals = populate(100)
    pass_time(clock, INTERVAL)
    moments = [moment for mortal in mortals for moment in mortal.pings]
    assert max(moments.count(moment) for moment in moments) <= 100 / 25


@pytest.mark.parametrize("silent_since", [0, 3, 12.5, 24.5, 25, 60, 99.5])
def test_a_peer_that_falls_silent_is_cut_within_interval_and_timeout(silent_since: float) -> None:
    clock, _, mortals = populate(30)
    pass_time(clock, silent_since)
    for mortal in mortals:
        mortal.lives = mortal.heard = False
    pass_time(clock, INTERVAL + TIMEOUT + 1)
    for mortal in mortals:
        assert mortal.cut_at is not None
        assert mortal.cut_at - silent_since <= INTERVAL + TIMEOUT


def test_a_peer_has_the_whole_timeout_to_answer() -> None:
    clock, _, (mortal,) = populate(1)
    mortal.lives = False
    while not mortal.pings:
        pass_time(clock, 0.5)
    pass_time(clock, TIMEOUT - 0.5)
    assert mortal.cut_at is None
    mortal.heard = True
    pass_time(clock, 1)
    assert mortal.cut_at is None


def test_no_timer_runs_without_connections() -> None:
    clock, keepalive, mortals = populate(2)
    for mortal in mortals:
        keepalive.leave(mortal)
        keepalive.leave(mortal)
    assert clock.getDelayedCalls() == []
    keepalive.join(mortals[0])
    assert len(clock.getDelayedCalls()) == 1


def test_a_timeout_beyond_the_interval_makes_no_sense() -> None:
    with pytest.raises(ValueError, match="timeout"):
        Keepalive(Clock(), 5, 10)  # type: ignore[arg-type]


def test_a_half_open_connection_is_cut_and_its_session_detached() -> None:
    async def main() -> None:
        keepalive = Keepalive(LoopClock(), 0.2, 0.1)  # type: ignore[arg-type]
        async with listening(keepalive=keepalive) as (listener, sessions):
            alive, gone = await websocket(listener.port), await websocket(listener.port)
            await until(lambda: len(sessions) == 2)
            for _ in range(4):
                assert await alive.frame() == (9, b"")
                alive.write(masked(10))
            await until(lambda: sessions[1].detached)
            assert sessions[0].detached == 0
            assert (await gone.rest()).endswith(b"silent for too long")
            alive.close()

    run(main())


def test_a_peer_that_uploads_one_large_frame_slowly_is_alive() -> None:
    async def main() -> None:
        async with listening() as (listener, sessions):
            peer = await websocket(listener.port)
            await until(lambda: sessions)
            connection = sessions[0].transport
            frame = masked(1, b"x" * 100_000)
            for start in range(0, 50_000, 10_000):
                connection.ping()
                assert connection.is_silent()
                peer.write(frame[start : start + 10_000])
                await until(lambda: not connection.is_silent())
            peer.close()

    run(main())


def test_a_peer_that_we_do_not_listen_to_is_not_called_silent() -> None:
    async def main() -> None:
        async with listening() as (listener, sessions):
            peer = await Peer.connect(listener.port)
            peer.write(b"\x7f\xf1\0\0")
            await until(lambda: sessions)
            connection = sessions[0].transport
            connection.pause()
            connection.ping()
            await asyncio.sleep(0)
            assert not connection.is_silent()
            peer.close()

    run(main())
