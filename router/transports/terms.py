"""What all connections of one listener share: the terms on which the listener takes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from router.transports.flusher import Flusher
from router.transports.keepalive import Keepalive
from router.transports.limits import Limits

if TYPE_CHECKING:
    import asyncio

    from realms.clock import Clock
    from realms.session import Session
    from realms.transport import Transport
    from router.transports.connection import Connection
    from router.transports.door import Door


def anyone() -> bool:
    """Admit every connection."""
    return True


@dataclass(slots=True, kw_only=True, eq=False)
class Terms:
    """The terms of one listener. Only `connections`, `doors` and `dropped` change while it runs."""

    accept: Callable[[Transport], Session]
    """Gives a new connection its session."""

    clock: Clock
    flusher: Flusher
    keepalive: Keepalive | None = None
    ping_rawsocket: bool = False
    limits: Limits = field(default_factory=Limits)

    codecs: tuple[str, ...] = ("json", "msgpack", "cbor")
    """The serializers that may be negotiated."""

    default_codec: str | None = None
    """The serializer of a WebSocket client that offers no subprotocol at all; None refuses it."""

    websocket_paths: frozenset[str] = frozenset({"/ws"})
    rawsocket: bool = True

    http: Callable[[asyncio.Transport, bytes], None] | None = None
    """Takes over a transport on which an HTTP request arrived, with the octets that were read; None answers 404."""

    admit: Callable[[], bool] = anyone
    """Asked before a handshake is granted: False means that the limit of connections is reached."""

    connections: set[Connection] = field(default_factory=set)
    """All that are open or closing."""

    doors: set[Door] = field(default_factory=set)
    """All that have not yet shown what they speak."""

    dropped: int = 0
    """Events that were dropped because a peer was too slow, or takes no frames of that size."""
