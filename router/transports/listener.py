"""A listening port: RawSocket, WebSocket and HTTP, with or without TLS."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from realms.endings import Ending
from router.transports.arrival import Arrival, Contexts
from router.transports.door import Door
from router.transports.introduction import Introduction
from router.transports.terms import Terms
from router.transports.unix import UnixSocket

BACKLOG = 1024
"""Connections that the kernel keeps until they are accepted: a fleet of clients that comes back after a restart."""

_KEEP_FILE: Final[dict[str, Any]] = {"cleanup_socket": False} if sys.version_info >= (3, 13) else {}
"""Newer event loops would remove the file of a Unix socket, which may be systemd's. Ours is `UnixSocket`'s."""


class Listener:
    """A port that is open."""

    def __init__(self, servers: Sequence[asyncio.Server], terms: Terms, file: UnixSocket | None = None) -> None:
        self.servers = servers
        self.terms = terms
        self.file = file
        self.sockets: list[Any] = [one for server in servers for one in server.sockets]

    def close(self) -> None:
        """Accept no more, and leave the connections alone; idempotent."""
        for server in self.servers:
            server.close()
        if self.file is not None:
            self.file.remove()

    @property
    def port(self) -> int:
        """The port in use, also where 0 was asked for; 0 for a Unix socket."""
        name = self.sockets[0].getsockname()
        return name[1] if isinstance(name, tuple) else 0

    def close_connections(self, ending: Ending) -> None:
        """End all connections, and those that are only knocking; call `close` before."""
        for door in list(self.terms.doors):
            door.transport.abort()
        for connection in list(self.terms.connections):
            connection.close(ending)


async def listen(
    loop: asyncio.AbstractEventLoop,
    terms: Terms,
    host: str,
    port: int,
    tls: Contexts | None = None,
    *,
    reuse_port: bool = False,
) -> Listener:
    """Open a port; 0 lets the system choose one. Raises OSError.

    An IPv6 address, `::` as well, is for IPv6 alone (the event loop sets IPV6_V6ONLY), whatever the system's default:
    so one listener on `::` and one on `0.0.0.0` can have the same port.
    """
    first = _first(loop, terms, tls)
    # None and False are not the same to every event loop.
    server = await loop.create_server(first, host, port, backlog=BACKLOG, reuse_port=reuse_port or None)
    return Listener([server], terms)


async def listen_unix(
    loop: asyncio.AbstractEventLoop, terms: Terms, path: Path, mode: int, tls: Contexts | None = None
) -> Listener:
    """Open a Unix socket, and replace the file of one that nobody listens behind. Raises OSError."""
    file = UnixSocket(path, mode)
    first = _first(loop, terms, tls)
    server = await loop.create_unix_server(first, sock=file.socket, backlog=BACKLOG, **_KEEP_FILE)
    return Listener([server], terms, file)


async def listen_on(
    loop: asyncio.AbstractEventLoop, terms: Terms, sockets: list[socket.socket], tls: Contexts | None = None
) -> Listener:
    """Listen on sockets that somebody else has opened."""
    first = _first(loop, terms, tls)
    servers = []
    for one in sockets:
        if one.family == socket.AF_UNIX:
            servers.append(await loop.create_unix_server(first, sock=one, backlog=BACKLOG, **_KEEP_FILE))
        else:
            servers.append(await loop.create_server(first, sock=one, backlog=BACKLOG))
    return Listener(servers, terms)


def _first(
    loop: asyncio.AbstractEventLoop, terms: Terms, tls: Contexts | None
) -> Callable[[], Arrival | Door | Introduction]:
    """What a connection is met by."""
    first = partial(Door, terms) if tls is None else partial(Arrival, loop, terms, tls)
    return partial(Introduction, terms, first) if terms.proxy_protocol else first
