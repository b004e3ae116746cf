"""A listening port: RawSocket, WebSocket and HTTP, with or without TLS."""

from __future__ import annotations

import asyncio
import ssl
from functools import partial

from realms.endings import Ending
from router.transports.arrival import Arrival
from router.transports.door import Door
from router.transports.terms import Terms

BACKLOG = 1024
"""Connections that the kernel keeps until they are accepted: a fleet of clients that comes back after a restart."""


class Listener:
    """A port that is open."""

    def __init__(self, server: asyncio.AbstractServer, terms: Terms, port: int) -> None:
        self.server = server
        self.terms = terms
        self.port = port
        """The port in use, also where 0 was asked for."""

    def close(self) -> None:
        """Accept no more, and leave the connections alone; idempotent."""
        self.server.close()

    def close_connections(self, ending: Ending) -> None:
        """End all connections, and those that are only knocking; call `close` before."""
        for door in list(self.terms.doors):
            door.transport.abort()
        for connection in list(self.terms.connections):
            connection.close(ending)


async def listen(
    loop: asyncio.AbstractEventLoop, terms: Terms, host: str, port: int, tls: ssl.SSLContext | None = None
) -> Listener:
    """Open a port; 0 lets the system choose one. Raises OSError."""
    first = partial(Door, terms) if tls is None else partial(Arrival, loop, terms, tls)
    server = await loop.create_server(first, host, port, backlog=BACKLOG)
    return Listener(server, terms, server.sockets[0].getsockname()[1])
