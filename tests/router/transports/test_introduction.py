"""Connections that a proxy introduces: by the PROXY protocol, or by the fields of a request."""

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock

from router.transports.admission import Admission
from router.transports.limits import Limits
from router.transports.listener import Listener
from router.transports.origins import Origins
from router.transports.proxies import Proxies
from router.transports.whereabouts import Whereabouts
from tests.certificates import write_certificate
from tests.router.transports.fakes import Peer, Sessions, listening, request, run, until
from tests.router.transports.test_proxy_header import block, extension

HELLO = b"\x7f\xf1\0\0"
LINE = b"PROXY TCP4 192.0.2.7 10.0.0.9 4711 8080\r\n"
HERE = Proxies(["127.0.0.1"])
SAYS_SO: dict[str, Any] = {"proxies": HERE, "proxy_protocol": True}


async def connect(port: int, octets: bytes = b"", source: str = "127.0.0.1") -> Peer:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    peer = Peer(reader, writer)
    peer.write(octets)
    return peer


async def session_of(sessions: Sessions, count: int = 1) -> Any:
    """The transport of the session that is made last, when there are so many."""
    await until(lambda: len(sessions) == count)
    return sessions[-1].transport


def refused(listener: Listener) -> int:
    return listener.terms.admission.totals.no_proxy


@pytest.mark.parametrize("header", [LINE, block(extensions=extension(0x20, b"\x01\0\0\0\0"))])
@pytest.mark.parametrize("in_pieces", [False, True])
def test_whoever_is_introduced_is_known_by_the_address_that_the_proxy_names(header: bytes, in_pieces: bool) -> None:
    """B10, E17, J2"""

    async def main() -> None:
        async with listening(**SAYS_SO) as (listener, sessions):
            peer = await connect(listener.port)
            if in_pieces:
                await peer.trickle(header + HELLO)
            else:
                peer.write(header + HELLO + b"\0\0\0\x02[]")
            assert await peer.reader.readexactly(4) == b"\x7f\xb1\0\0"
            transport = await session_of(sessions)
            is_secure = header != LINE
            assert transport.details == {
                "protocol": "rawsocket", "peer": "192.0.2.7:4711", "secure": is_secure, "via": "127.0.0.1",
            }  # fmt: skip
            assert transport.evidence().address == "192.0.2.7"
            peer.close()
            await until(lambda: not len(listener.terms.admission))
            assert listener.terms.admission.whereabouts(transport.transport).address != "192.0.2.7"

    run(main())


def test_a_header_comes_before_tls_and_websocket(tmp_path: Path) -> None:
    """B1, B19, J1"""
    write_certificate(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    trusting = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))

    def handshake(port: int) -> bytes:
        plain = socket.create_connection(("127.0.0.1", port), 5)
        plain.sendall(LINE)
        with trusting.wrap_socket(plain, server_hostname="localhost") as link:
            link.sendall(request())
            return link.recv(4096)

    async def main() -> None:
        async with listening(server, **SAYS_SO) as (listener, sessions):
            answer = await asyncio.to_thread(handshake, listener.port)
            assert answer.startswith(b"HTTP/1.1 101 ")
            transport = await session_of(sessions)
            assert (transport.details["peer"], transport.details["secure"]) == ("192.0.2.7:4711", True)

    run(main())


@pytest.mark.parametrize(
    "octets",
    [HELLO, request(), b"\x16\x03\x01\x02\0", b"PROXY TCP4 junk\r\n", b"\r\n\r\nGET / HTTP/1.1\r\n\r\n", b"\0"],
)
def test_who_brings_no_header_is_cut_without_a_word_and_nobody_else_notices(octets: bytes) -> None:
    """J2"""

    async def main() -> None:
        async with listening(**SAYS_SO) as (listener, sessions):
            good = await connect(listener.port, LINE)
            bad = await connect(listener.port, octets)
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                assert await bad.reader.readexactly(1)
            await until(lambda: refused(listener) == 1)
            good.write(HELLO)
            assert await good.reader.readexactly(4)
            assert len(await session_of(sessions) and sessions) == 1
            good.close()
            bad.close()

    run(main())


def test_who_comes_past_the_proxy_is_cut_even_with_a_header() -> None:
    """J2"""

    async def main() -> None:
        async with listening(**SAYS_SO) as (listener, sessions):
            peer = await connect(listener.port, LINE + HELLO, source="127.0.0.2")
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await peer.reader.readexactly(1)
            assert (refused(listener), len(listener.terms.admission), len(sessions)) == (1, 0, 0)

    run(main())


def test_a_header_that_does_not_come_or_comes_too_slowly_costs_the_connection() -> None:
    """J2"""

    async def main() -> None:
        async with listening(limits=Limits(opening_deadline=0.2), **SAYS_SO) as (listener, _):
            for octets in (b"", LINE[:-1], block()[:-1]):
                peer = await connect(listener.port, octets)
                with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                    await peer.reader.readexactly(1)
            assert (refused(listener), len(listener.terms.admission), listener.terms.doors) == (3, 0, set())

    run(main())


def test_a_proxy_that_only_looks_whether_we_are_there_is_the_peer_itself() -> None:
    async def main() -> None:
        async with listening(**SAYS_SO) as (listener, sessions):
            peer = await connect(listener.port, block(0x20) + HELLO)
            assert (await session_of(sessions)).details["peer"].startswith("127.0.0.1:")
            assert "via" not in sessions[0].transport.details
            peer.close()
            peer = await connect(listener.port, b"PROXY UNKNOWN\r\n" + request("X-Forwarded-For: 192.0.2.66"))
            details = (await session_of(sessions, 2)).details
            assert details["peer"].startswith("127.0.0.1:"), "whom the proxy does not name cannot name itself"
            assert details["via"] == "127.0.0.1"
            peer.close()

    run(main())


def test_connections_are_counted_by_the_address_that_is_behind_the_proxy() -> None:
    """J2"""

    async def main() -> None:
        admission = Admission(max_per_address=2, proxies=HERE)
        async with listening(admission=admission, **SAYS_SO) as (listener, _):
            peers = [await connect(listener.port, LINE + HELLO) for _ in range(3)]
            answers = [await peer.reader.readexactly(4) for peer in peers]
            assert sorted(answers) == [b"\x7f\x40\0\0", b"\x7f\xb1\0\0", b"\x7f\xb1\0\0"]
            other = await connect(listener.port, LINE.replace(b"2.7", b"2.8") + HELLO)
            assert await other.reader.readexactly(4) == b"\x7f\xb1\0\0"
            for peer in (*peers, other):
                peer.close()
            await until(lambda: not len(admission))
            again = await connect(listener.port, LINE + HELLO)
            assert await again.reader.readexactly(4) == b"\x7f\xb1\0\0"
            again.close()

    run(main())


def test_a_websocket_counts_for_the_client_that_the_request_names_and_not_for_the_proxy() -> None:
    """B1, J2"""

    async def main() -> None:
        admission = Admission(max_per_address=1, proxies=HERE)
        async with listening(admission=admission, proxies=HERE) as (listener, sessions):
            named = request("X-Forwarded-For: 192.0.2.66, 2001:db8::7", "X-Forwarded-Proto: https")
            first = await connect(listener.port, named)
            assert (await first.head()).startswith(b"HTTP/1.1 101 ")
            transport = await session_of(sessions)
            assert transport.details["peer"] == "2001:db8::7"
            assert transport.details["secure"] is True
            assert transport.evidence().address == "2001:db8::7"
            second = await connect(listener.port, named.replace(b"::7", b"::8"))
            assert (await second.head()).startswith(b"HTTP/1.1 503 "), "the same network"
            third = await connect(listener.port, request("X-Forwarded-For: 192.0.2.7"))
            assert (await third.head()).startswith(b"HTTP/1.1 101 ")
            stranger = await connect(listener.port, named, source="127.0.0.2")
            assert (await stranger.head()).startswith(b"HTTP/1.1 101 ")
            assert (await session_of(sessions, 3)).details["peer"].startswith("127.0.0.2:"), "it is no proxy"
            for peer in (first, second, third, stranger):
                peer.close()
            await until(lambda: not len(admission))
            assert not admission._introduced

    run(main())


def test_seats_add_up_whatever_is_introduced_as_whom() -> None:
    clock: Any = Clock()
    admission = Admission(max_connections=3, max_per_address=1, proxies=HERE, now=clock.seconds)

    class Knock:
        def get_extra_info(self, name: str) -> Any:
            return ("127.0.0.1", 1) if name == "peername" else None

        def abort(self) -> None:
            """It is cut."""

    first, second, third, fourth = knocks = [Knock() for _ in range(4)]  # type: ignore[misc]
    assert [admission.enter(knock) for knock in knocks] == [True, True, True, False]  # type: ignore[arg-type]
    ann, bob = Whereabouts("192.0.2.1", 1, via="127.0.0.1"), Whereabouts("192.0.2.2", 1, via="127.0.0.1")
    assert admission.introduce(first, ann)
    assert admission.introduce(first, ann)
    assert not admission.introduce(second, ann)
    assert not admission.introduce(fourth, bob)
    assert admission.introduce(third, bob)
    assert admission.introduce(third, Whereabouts("192.0.2.3", 1))
    assert len(admission) == 2
    for knock in knocks:
        admission.leave(knock)  # type: ignore[arg-type]
        admission.leave(knock)  # type: ignore[arg-type]
    assert len(admission) == 0
    assert admission._addresses == {}
    assert admission._introduced == {}


@pytest.mark.parametrize(
    ("origin", "fields", "status"),
    [
        ("https://wamp.example", ("X-Forwarded-Proto: https", "X-Forwarded-Host: wamp.example"), 101),
        ("http://wamp.example", ("X-Forwarded-Proto: https", "X-Forwarded-Host: wamp.example"), 403),
        ("https://router.example", ("X-Forwarded-Proto: https", "X-Forwarded-Host: wamp.example"), 403),
        ("https://router.example", ("X-Forwarded-Proto: https",), 101),
        ("http://router.example", ("X-Forwarded-Proto: https",), 403),
        ("http://router.example", (), 101),
    ],
)
def test_a_page_has_the_same_origin_if_it_has_that_of_what_the_browser_asked_for(
    origin: str, fields: tuple[str, ...], status: int
) -> None:
    """J2"""

    async def main() -> None:
        async with listening(proxies=HERE, origins=Origins()) as (listener, _):
            peer = await connect(listener.port, request(f"Origin: {origin}", "X-Forwarded-For: 192.0.2.7", *fields))
            assert (await peer.head()).startswith(b"HTTP/1.1 %d " % status)
            peer.close()

    run(main())
