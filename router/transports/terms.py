"""What all connections of one listener share: the terms on which the listener takes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from router.transports.admission import Admission
from router.transports.flusher import Flusher
from router.transports.forwarded import Fields
from router.transports.keepalive import Keepalive
from router.transports.limits import Limits
from router.transports.origins import Origins
from router.transports.proxies import NO_PROXIES, Proxies
from router.transports.whereabouts import Whereabouts

if TYPE_CHECKING:
    import asyncio

    from realms.clock import Clock
    from realms.session import Session
    from realms.transport import Transport
    from router.transports.arrival import Arrival
    from router.transports.connection import Connection
    from router.transports.deflate import Compression
    from router.transports.door import Door
    from router.transports.introduction import Introduction


@dataclass(slots=True)
class Overruns:
    """What became of peers that sent faster than their roles may: numbers that only grow."""

    slowed: int = 0
    """Times that reading paused."""

    ended: int = 0
    """Connections that ended."""


@dataclass(slots=True, kw_only=True, eq=False)
class Terms:
    """The terms of one listener. Only `connections`, `doors` and the counts change while it runs."""

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

    batched: bool = True
    """Whether several messages may travel in one WebSocket message."""

    compression: Compression | None = None
    """How WebSocket messages are compressed; None does not."""

    websocket_paths: frozenset[str] = frozenset({"/ws"})
    rawsocket: bool = True

    authmethods: frozenset[str] | None = None
    """The methods by which clients may join here; None for all that the realm has."""

    cookie: str | None = None
    """The name of the cookie by which browsers may join; no other is kept."""

    http: Callable[[asyncio.Transport, bytes], None] | None = None
    """Takes over a transport on which an HTTP request arrived, with the octets that were read; None answers 404."""

    origins: Origins = field(default_factory=Origins)
    """From which pages WebSockets may come."""

    proxies: Proxies = NO_PROXIES
    """Who is believed when it says for whom it speaks."""

    proxy_protocol: bool = False
    """Whether every connection begins with a header of the PROXY protocol, from one of `proxies`."""

    admission: Admission = field(default_factory=Admission)
    """Knows how many connections there are, and how many there may be."""

    connections: set[Connection] = field(default_factory=set)
    """All that are open or closing."""

    doors: set[Door | Arrival | Introduction] = field(default_factory=set)
    """All that have not yet shown what they speak."""

    dropped: int = 0
    """Events that were dropped because a peer was too slow, or takes no frames of that size."""

    overruns: Overruns = field(default_factory=Overruns)

    def locate(self, transport: asyncio.BaseTransport, fields: Fields) -> Whereabouts:
        """Where the sender of a request is, that has these fields; see `proxies`."""
        return self.proxies.believe(self.admission.whereabouts(transport), fields)
