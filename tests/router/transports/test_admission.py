"""How many connections a listener takes, and what becomes of those that are too many."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock

from router.transports import admission
from router.transports.admission import Admission, Descriptors
from router.transports.buckets import Bucket
from router.transports.limits import Limits
from router.transports.listener import Listener
from tests.certificates import write_certificate
from tests.router.transports.fakes import Peer, listening, request, run, until, websocket

RAWSOCKET = b"\x7f\xf1\0\0"


class Knock:
    """A transport that has an address and can be cut."""

    def __init__(self, address: str | None = "192.0.2.1") -> None:
        self.address = address
        self.is_cut = False

    def get_extra_info(self, name: str) -> Any:
        return None if self.address is None or name != "peername" else (self.address, 50312)

    def abort(self) -> None:
        self.is_cut = True


def knocks(door: Admission, address: str | None = "192.0.2.1") -> tuple[bool, Any]:
    knock: Any = Knock(address)
    return door.enter(knock), knock


async def refused(listener: Listener) -> None:
    """Check that WebSocket, HTTP and RawSocket are told to come back later, each in its own words."""
    for octets in (request(), b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"):
        peer = await Peer.connect(listener.port)
        peer.write(octets)
        answer = await peer.rest()
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nRetry-After: 5\r\n" in answer
        peer.close()
    peer = await Peer.connect(listener.port)
    peer.write(RAWSOCKET)
    assert await peer.rest() == b"\x7f\x40\0\0"
    peer.close()


def test_connections_beyond_the_limit_are_asked_to_come_back_and_find_a_seat_when_one_is_free() -> None:
    """B10, J2"""

    async def main() -> None:
        async with listening(admission=Admission(max_connections=2)) as (listener, sessions):
            first, second = await websocket(listener.port), await websocket(listener.port)
            await refused(listener)
            assert len(sessions) == 2
            assert listener.terms.admission.totals == admission.Totals(accepted=2, full=3)
            second.close()
            await until(lambda: len(listener.terms.admission) == 1)
            third = await websocket(listener.port)
            await until(lambda: len(sessions) == 3)
            first.close()
            third.close()

    run(main())


def test_whoever_only_knocks_has_a_seat_as_well() -> None:
    """J2"""

    async def main() -> None:
        limits = Limits(opening_deadline=0.3)
        async with listening(admission=Admission(max_connections=3), limits=limits) as (listener, _):
            seats = listener.terms.admission
            slow = [await Peer.connect(listener.port) for _ in range(3)]
            slow[0].write(b"G")  # and no more for now
            slow[1].write(b"\x7f")
            await until(lambda: len(seats) == 3)
            await refused(listener)
            for peer in slow:
                await peer.rest()  # the deadline
                peer.close()
            await until(lambda: len(seats) == 0)
            (await websocket(listener.port)).close()

    run(main())


@pytest.mark.parametrize(
    "octets", [b"nonsense\r\n\r\n", request(path="/x"), request("Origin: http://x"), b"\x7f\xff\0\0"]
)
def test_a_refused_connection_gives_its_seat_back(octets: bytes) -> None:
    async def main() -> None:
        async with listening() as (listener, _):
            peer = await Peer.connect(listener.port)
            peer.write(octets)
            await peer.rest()
            assert len(listener.terms.admission) == 1
            peer.close()
            await until(lambda: len(listener.terms.admission) == 0)

    run(main())


def test_one_address_has_its_own_limit() -> None:
    """J2"""
    door = Admission(max_per_address=2)
    (in1, one), (in2, _), (in3, _) = (knocks(door) for _ in range(3))
    assert (in1, in2, in3) == (True, True, False)
    assert knocks(door, "192.0.2.2")[0]
    assert not knocks(door, "::ffff:192.0.2.1")[0]
    door.leave(one)
    door.leave(one)
    assert knocks(door)[0]
    assert not knocks(door)[0]
    assert door.totals.same_address == 3


def test_a_network_of_ipv6_counts_as_one_address() -> None:
    door = Admission(max_per_address=1)
    assert knocks(door, "2001:db8:1:2::1")[0]
    assert not knocks(door, "2001:db8:1:2:ffff::9")[0]
    assert not knocks(door, "2001:db8:1:2::1%eth0")[0]
    assert knocks(door, "2001:db8:1:3::1")[0]


def test_peers_on_a_unix_socket_have_no_address_and_no_limit_of_it() -> None:
    door = Admission(max_per_address=1)
    assert knocks(door, None)[0]
    assert knocks(door, None)[0]
    assert door.whereabouts(knocks(door, None)[1]).peer == "unix"


def test_few_are_told_that_they_get_no_seat_and_the_others_are_cut() -> None:
    """J2"""
    door = Admission(Descriptors(80), max_connections=0)
    turned_away = [knocks(door)[1] for _ in range(12)]
    assert [knock.is_cut for knock in turned_away] == [False] * 10 + [True] * 2
    assert door.totals == admission.Totals(full=12, cut=2)
    for knock in turned_away:
        door.leave(knock)
    assert not knocks(door)[1].is_cut


def test_listeners_share_the_descriptors_of_the_process() -> None:
    descriptors = Descriptors(16)
    web, backend = Admission(descriptors), Admission(descriptors)
    inside = [knocks(door)[1] for door in (web, backend) * 7]
    assert (len(web), len(backend)) == (7, 7)
    assert not knocks(web)[0]
    backend.leave(inside[1])
    assert knocks(web)[0]


def test_handshakes_have_a_rate() -> None:
    """J2"""
    clock = Clock()
    door = Admission(handshake_rate=10, now=clock.seconds)
    assert [door.grant() for _ in range(12)] == [True] * 10 + [False] * 2
    clock.advance(0.1)
    assert [door.grant() for _ in range(2)] == [True, False]
    clock.advance(3600)
    assert sum(door.grant() for _ in range(20)) == 10
    assert door.totals.too_fast == 13


def test_handshakes_beyond_the_rate_are_refused_before_the_upgrade() -> None:
    """J2"""

    async def main() -> None:
        async with listening(admission=Admission(handshake_rate=1, now=lambda: 0.0)) as (listener, sessions):
            first = await websocket(listener.port)
            for octets, answer in ((request(), b"HTTP/1.1 503 "), (RAWSOCKET, b"\x7f\x40\0\0")):
                peer = await Peer.connect(listener.port)
                peer.write(octets)
                assert (await peer.rest()).startswith(answer)
                peer.close()
            assert len(sessions) == 1
            page = await Peer.connect(listener.port)
            page.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert (await page.rest()).startswith(b"HTTP/1.1 404 ")  # no handshake, no rate
            page.close()
            first.close()

    run(main())


def test_a_connection_within_tls_has_its_seat_from_accept_on(tmp_path: Path) -> None:
    """J1, J2"""
    write_certificate(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    client = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))

    async def connect(port: int) -> Peer:
        return Peer(*await asyncio.open_connection("127.0.0.1", port, ssl=client, server_hostname="localhost"))

    async def main() -> None:
        limits = Limits(opening_deadline=0.5)
        async with listening(tls=server, admission=Admission(max_connections=2), limits=limits) as (listener, sessions):
            seats = listener.terms.admission
            silent, garbage = await Peer.connect(listener.port), await Peer.connect(listener.port)
            await until(lambda: len(seats) == 2)
            late = await connect(listener.port)
            late.write(request())
            assert (await late.head()).startswith(b"HTTP/1.1 503 ")
            late.close()
            garbage.write(b"no TLS")
            await garbage.rest()
            await until(lambda: len(seats) == 1)
            inside = await connect(listener.port)
            inside.write(request())
            assert (await inside.head()).startswith(b"HTTP/1.1 101 ")
            await silent.rest()  # the deadline for TLS is that of every handshake
            await until(lambda: len(seats) == 1)
            inside.close()
            await until(lambda: len(seats) == 0 and sessions[0].detached)
            for peer in (silent, garbage):
                peer.close()
            assert not listener.terms.doors

    run(main())


def test_a_bucket_may_be_overdrawn_and_is_paid_back() -> None:
    bucket = Bucket(10, now=0.0)
    assert bucket.wait(0.0) == 0
    bucket.spend(30)
    assert bucket.wait(0.0) == pytest.approx(2.1)
    assert bucket.wait(2.0) == pytest.approx(0.1)
    assert bucket.wait(2.1) == 0
    assert bucket.seconds_for(5) == 0.5
