"""The door: one port that speaks RawSocket, WebSocket and HTTP."""

import asyncio
from typing import Any

import pytest
from twisted.internet.task import Clock

from router.transports.door import Door
from router.transports.http_head import END_OF_HEAD
from router.transports.limits import MAX_HEAD, Limits
from router.transports.upgrade import upgrade
from tests.router.transports.fakes import Peer, listening, masked, request, run, until

HELLO = b'[1,"com.example",{"roles":{"caller":{}}}]'
RAWSOCKET = b"\x7f\xf1\0\0" + len(HELLO).to_bytes(4, "big") + HELLO


def test_a_websocket_opens_octet_by_octet() -> None:
    """B17"""

    async def main() -> None:
        async with listening() as (listener, sessions):
            peer = await Peer.connect(listener.port)
            await peer.trickle(request() + masked(1, HELLO))
            assert (await peer.head()).startswith(b"HTTP/1.1 101 ")
            await until(lambda: sessions[0].received)
            assert sessions[0].received[0].realm == "com.example"
            assert sessions[0].transport.details["protocol"] == "websocket"
            peer.close()
            await until(lambda: sessions[0].detached)

    run(main())


def test_a_websocket_opens_with_its_first_messages_in_the_same_read() -> None:
    async def main() -> None:
        async with listening() as (listener, sessions):
            peer = await Peer.connect(listener.port)
            # Larger than the buffer that a WebSocket starts with, in request and in frames.
            big = b'[1,"com.example",{"roles":{"caller":{}},"agent":"' + b"x" * 9000 + b'"}]'
            peer.write(request("Cookie: " + "c" * 6000) + masked(1, big) + masked(1, HELLO))
            await until(lambda: sessions and len(sessions[0].received) == 2)
            peer.close()

    run(main())


def test_a_rawsocket_opens_octet_by_octet_and_in_one_read() -> None:
    """B10, B17"""

    async def main() -> None:
        async with listening() as (listener, sessions):
            slow, fast = await Peer.connect(listener.port), await Peer.connect(listener.port)
            await slow.trickle(RAWSOCKET)
            fast.write(RAWSOCKET)
            for peer in (slow, fast):
                assert await peer.reader.readexactly(4) == b"\x7f\xb1\0\0"
            await until(lambda: len(sessions) == 2 and all(session.received for session in sessions))
            assert sessions[0].transport.details["protocol"] == "rawsocket"
            slow.close()
            fast.close()

    run(main())


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (b"\x16\x03\x01\x02\x00", b"400"),  # TLS where there is none
        (b"EHLO example.org\r\n", b"400"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"400"),
        (b"\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nno header\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nfolded: a\r\n b\r\n\r\n", b"400"),
        (b"GET /" + b"x" * MAX_HEAD + b" HTTP/1.1\r\n\r\n", b"414"),
        (b"GET / HTTP/1.1\r\na: " + b"x" * MAX_HEAD, b"431"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"404"),
        (request(path="/other"), b"404"),
        (b"GET /ws HTTP/1.1\r\nHost: a\r\n\r\n", b"404"),
    ],
)
def test_what_is_not_understood_is_refused_clearly(octets: bytes, status: bytes) -> None:
    async def main() -> None:
        async with listening() as (listener, sessions):
            peer = await Peer.connect(listener.port)
            peer.write(octets)
            head, _, body = (await peer.rest()).partition(END_OF_HEAD)
            assert head.startswith(b"HTTP/1.1 " + status)
            assert body.endswith(b"\n")
            assert b"Connection: close" in head
            assert not sessions
            peer.close()

    run(main())


def test_other_http_goes_to_the_hook_with_all_that_was_read() -> None:
    """B17"""
    taken: list[bytes] = []

    def http(transport: asyncio.Transport, octets: bytes) -> None:
        taken.append(octets)
        transport.close()

    async def main() -> None:
        async with listening(http=http) as (listener, _):
            peer = await Peer.connect(listener.port)
            peer.write(b"POST /lp/open HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello")
            assert await peer.rest() == b""
            peer.close()

    run(main())
    assert taken == [b"POST /lp/open HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"]


def test_the_http_side_can_upgrade_a_connection_that_was_kept_alive() -> None:
    class Web(asyncio.Protocol):
        """Answers the first request, and upgrades with the second."""

        def __init__(self, transport: asyncio.Transport, terms: Any) -> None:
            self.transport, self.terms = transport, terms
            transport.set_protocol(self)
            transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        def data_received(self, data: bytes) -> None:
            upgrade(self.transport, data, self.terms)

    async def main() -> None:
        async with listening() as (listener, sessions):
            listener.terms.http = lambda transport, octets: Web(transport, listener.terms) and None
            peer = await Peer.connect(listener.port)
            peer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert (await peer.head()).startswith(b"HTTP/1.1 200 ")
            peer.write(request() + masked(1, HELLO))
            assert (await peer.head()).startswith(b"HTTP/1.1 101 ")
            await until(lambda: sessions and sessions[0].received)
            peer.close()

    run(main())


class Pipe(asyncio.Transport):
    """A transport that remembers."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.end = ""

    def write(self, data: Any) -> None:
        self.written += data

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.end = "half"

    def close(self) -> None:
        self.end = "closed"

    def abort(self) -> None:
        self.end = "aborted"


@pytest.mark.parametrize("octets", [b"", b"\x7f\xf1\0"])
def test_a_silent_connection_is_dropped_at_the_deadline(octets: bytes) -> None:
    """A30, J2"""
    door, pipe, clock = knock()
    if octets:
        door.data_received(octets)
    clock.advance(Limits().opening_deadline - 0.1)
    assert pipe.end == ""
    clock.advance(0.2)
    assert pipe.end == "aborted"
    door.connection_lost(None)
    assert not door.terms.doors


def test_a_request_that_stalls_is_told_so_and_dropped_even_if_it_trickles_on() -> None:
    """A30, J2"""
    door, pipe, clock = knock()
    for octet in b"GET /ws HTTP/1.1":
        door.data_received(bytes((octet,)))
        clock.advance(0.9)
        if pipe.end:
            break
    assert pipe.written.startswith(b"HTTP/1.1 408 ")
    clock.advance(5)
    assert pipe.end == "aborted"


def knock() -> tuple[Door, Pipe, Clock]:
    from router.transports.flusher import Flusher
    from router.transports.terms import Terms

    clock = Clock()
    terms = Terms(accept=lambda transport: None, clock=clock, flusher=Flusher(lambda call: None))  # type: ignore
    door, pipe = Door(terms), Pipe()
    door.connection_made(pipe)
    return door, pipe, clock
