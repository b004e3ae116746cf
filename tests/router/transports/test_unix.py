"""Unix sockets: their files, and that everything is spoken over them."""

import asyncio
import os
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from router.transports.flusher import Flusher
from router.transports.keepalive import Keepalive
from router.transports.listener import listen_on, listen_unix
from router.transports.proxies import Proxies
from router.transports.terms import Terms
from router.transports.unix import UnixSocket
from tests.router.transports.fakes import LoopClock, Peer, Sessions, masked, request, run, until

HELLO = b'[1,"com.example",{"roles":{"caller":{}}}]'


@asynccontextmanager
async def listening(path: Path, **more: Any) -> AsyncIterator[Sessions]:
    """A listener there, and the sessions that it makes."""
    loop = asyncio.get_running_loop()
    sessions = Sessions()
    clock: Any = LoopClock()
    given: Any = {"accept": sessions, "clock": clock, "flusher": Flusher(loop.call_soon), **more}
    listener = await listen_unix(loop, Terms(**given), path, 0o600)
    try:
        yield sessions
    finally:
        listener.close()
        for connection in list(listener.terms.connections):
            connection.transport.abort()
        await until(lambda: not listener.terms.connections)


async def connect(path: Path) -> Peer:
    return Peer(*await asyncio.open_unix_connection(str(path)))


def left_behind(path: Path) -> None:
    """The socket file of a process that is gone."""
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))


def test_rawsocket_websocket_and_http_work_over_a_unix_socket(tmp_path: Path) -> None:
    """B18"""
    path = tmp_path / "socket"

    async def main() -> None:
        clock: Any = LoopClock()
        async with listening(path, keepalive=Keepalive(clock, 20, 10)) as sessions:
            raw = await connect(path)
            raw.write(b"\x7f\xf1\0\0" + b"\0\0\0\x29" + HELLO)
            assert await raw.reader.readexactly(4) == b"\x7f\xb1\0\0"
            await until(lambda: sessions and sessions[0].received)
            assert sessions[0].transport.details == {"protocol": "rawsocket", "peer": "unix", "secure": False}
            assert sessions[0].transport.evidence().address == ""

            web = await connect(path)
            web.write(
                request("Origin: http://router.example") + masked(1, b'[1,"com.example",{"roles":{"caller":{}}}]')
            )
            assert (await web.head()).startswith(b"HTTP/1.1 101 ")
            await until(lambda: len(sessions) == 2 and sessions[1].received)
            assert sessions[1].transport.details["peer"] == "unix"
            web.write(masked(8, b"\x03\xe8"))
            assert (await web.frame())[0] == 8

            other = await connect(path)
            other.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert (await other.rest()).startswith(b"HTTP/1.1 404 ")

    run(main())
    assert not path.exists()


def test_the_clients_of_a_proxy_on_a_unix_socket_are_known_if_it_is_trusted(tmp_path: Path) -> None:
    """B18, J2"""

    async def main() -> None:
        for trusted, peer_name in ((["unix"], "192.0.2.7"), ([], "unix")):
            path = tmp_path / peer_name
            async with listening(path, proxies=Proxies(trusted)) as sessions:
                peer = await connect(path)
                peer.write(request("X-Forwarded-For: 192.0.2.7"))
                await peer.head()
                assert sessions[0].transport.details["peer"] == peer_name

    run(main())


def test_the_file_has_the_mode_that_was_asked_for_whatever_the_umask(tmp_path: Path) -> None:
    """B18"""
    before = os.umask(0o077)
    try:
        for mode in (0o600, 0o660, 0o666):
            opened = UnixSocket(tmp_path / "socket", mode)
            assert stat.S_IMODE(opened.path.stat().st_mode) == mode
            opened.remove()
            opened.socket.close()
    finally:
        os.umask(before)


def test_the_file_of_a_router_that_died_is_replaced(tmp_path: Path) -> None:
    """B18"""
    path = tmp_path / "socket"
    left_behind(path)
    opened = UnixSocket(path, 0o600)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
    opened.remove()
    opened.remove()
    opened.socket.close()
    assert not path.exists()


def test_the_file_of_somebody_who_listens_is_left_alone_even_if_it_is_too_busy_to_answer(tmp_path: Path) -> None:
    """B18"""
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as busy:
        busy.bind(str(path))
        busy.listen(0)
        clients = [socket.socket(socket.AF_UNIX) for _ in range(3)]
        for client in clients:
            client.setblocking(False)
            with pytest.raises(OSError, match="Address already in use"):
                UnixSocket(path, 0o600)
            client.connect_ex(str(path))
        for client in clients:
            client.close()
    assert path.is_socket()


def test_what_is_no_socket_is_never_removed(tmp_path: Path) -> None:
    """B18"""
    path = tmp_path / "precious"
    path.write_text("data")
    with pytest.raises(FileExistsError):
        UnixSocket(path, 0o600)
    link = tmp_path / "link"
    link.symlink_to(path)
    with pytest.raises(FileExistsError):
        UnixSocket(link, 0o600)
    assert path.read_text() == "data"


def test_a_file_that_is_another_routers_by_now_is_not_removed(tmp_path: Path) -> None:
    """B18"""
    path = tmp_path / "socket"
    first = UnixSocket(path, 0o600)
    path.unlink()
    second = UnixSocket(path, 0o600)
    first.remove()
    assert path.is_socket()
    second.remove()
    assert not path.exists()
    first.socket.close()
    second.socket.close()


def test_sockets_that_somebody_else_opened_are_listened_on_and_their_files_stay(tmp_path: Path) -> None:
    """B18"""
    path = tmp_path / "socket"

    async def main() -> None:
        loop = asyncio.get_running_loop()
        sessions = Sessions()
        clock: Any = LoopClock()
        terms = Terms(accept=sessions, clock=clock, flusher=Flusher(loop.call_soon))  # type: ignore[arg-type]
        unix, tcp, dual = (socket.socket(family) for family in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6))
        dual.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        unix.bind(str(path))
        tcp.bind(("127.0.0.1", 0))
        dual.bind(("::", 0))
        names = [one.getsockname() for one in (tcp, dual)]
        listener = await listen_on(loop, terms, [unix, tcp, dual])
        peers = [await connect(path), *[await Peer.connect(name[1]) for name in names]]
        for count, peer in enumerate(peers, 1):
            peer.write(request())
            assert (await peer.head()).startswith(b"HTTP/1.1 101 ")
            await until(lambda count=count: len(sessions) == count)
        details = [session.transport.details["peer"].partition(":")[0] for session in sessions]
        assert details == ["unix", "127.0.0.1", "127.0.0.1"], "IPv4 on a socket of both families is IPv4"
        listener.close()
        for connection in list(terms.connections):
            connection.transport.abort()
        await until(lambda: not terms.connections)

    run(main())
    assert path.is_socket()
