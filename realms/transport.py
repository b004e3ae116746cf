"""What a session needs of the connection that carries it.

The smallest thing that fulfils the contract is the fake of `tests/realms/fakes.py`: a few lists and a flag.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from realms.endings import Ending
from realms.limits import RoleLimits
from wamp.codecs import Codec
from wamp.messages import Message
from wamp.payloads import Payload

if TYPE_CHECKING:
    from realms.session import Session


class Wire:
    """How messages look on one kind of connection: a codec, and the framing around it.

    There is one instance per (codec, framing), shared by all its connections: octets that were made for a wire serve
    every session on it. That makes the wire the key under which a fan-out keeps its frames.
    """

    __slots__ = ("codec", "frame")

    def __init__(self, codec: Codec, frame: Callable[[bytes], bytes]) -> None:
        self.codec = codec
        self.frame = frame

    def encode(self, message: Message) -> bytes:
        """Encode a message that carries no payload, or one that is already in this wire's codec."""
        return self.frame(self.codec.encode(message))

    def encode_with(self, head: tuple[Any, ...], payload: Payload) -> bytes:
        """Encode `(code, ...)` and append the payload; raises Untranscodable if this codec cannot express it."""
        codec = self.codec
        parts = payload.parts if payload.codec is codec else payload.parts_for(codec)
        return self.frame(codec.encode_elements(head + parts))


class Traffic(NamedTuple):
    """What a connection has carried so far. PINGs and PONGs are no messages."""

    messages_received: int
    octets_received: int
    """Of the messages, without their framing."""

    messages_sent: int
    """With those that wait to be written."""

    octets_sent: int
    """As on the wire: with the framing, and all that the framing sends; with those that wait."""

    events_dropped: int
    octets_waiting: int
    """What was sent and the system has not taken yet."""


NO_TRAFFIC = Traffic(0, 0, 0, 0, 0, 0)


class Tallied:
    """A transport of which there are few."""

    def traffic(self) -> Traffic:
        """See `Transport`."""
        return NO_TRAFFIC

    def tally(self, sums: list[int]) -> None:
        """See `Transport`."""
        for place, count in enumerate(self.traffic()):
            sums[place] += count


def no_channel_id(binding: str) -> bytes | None:
    """A connection without TLS has none."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a connection proves about its peer. It is for authentication, and nobody else is told."""

    address: str = ""
    """The peer's IP address, without the port; empty for a Unix socket."""

    cookies: Mapping[str, str] = field(default_factory=dict)
    """Of the HTTP request that opened it."""

    certificate: bytes | None = None
    """The client's certificate, DER, which TLS has verified."""

    channel_id: Callable[[str], bytes | None] = no_channel_id
    """The octets that identify the TLS channel: by `tls-unique`, `tls-exporter` or `tls-server-end-point`; None if
    this connection has none of the kind."""

    authmethods: frozenset[str] | None = None
    """The methods that the listener admits; None for all of the realm's."""


NO_EVIDENCE = Evidence()


class Transport(Protocol):
    """A connection, as a session sees it. No method blocks, raises, or calls back into the session meanwhile."""

    @property
    def wire(self) -> Wire:
        """How messages look on this connection."""

    @property
    def details(self) -> dict[str, Any]:
        """`{"protocol": "websocket", "peer": "127.0.0.1:50312", ...}`: what may be told about the connection."""

    def evidence(self) -> Evidence:
        """What the connection proves about its peer."""

    @property
    def max_outgoing(self) -> int:
        """The largest frame that the peer takes, in octets."""

    def traffic(self) -> Traffic:
        """What was received and sent so far."""

    def tally(self, sums: list[int]) -> None:
        """Add `traffic` to sums in the same order: those of ten thousand connections, each second."""

    def send(self, frame: bytes) -> None:
        """Queue a frame that must not get lost. Ignored once the transport is closing."""

    def offer(self, frame: bytes) -> None:
        """Queue an EVENT: as `send`, but a slow peer's policy may drop it, and drops are counted."""

    def close(self, ending: Ending) -> None:
        """End the connection after what was sent; nothing that arrives later reaches the session. Idempotent."""

    def release(self) -> list[bytes] | None:
        """Part from the session, which goes on elsewhere: gives the frames that were queued and not written.

        None, and nothing happens, if the transport is closing: what it was to send since then is lost.
        """

    def carry(self, session: "Session") -> None:
        """Part from the session, which is over, and carry one that comes from elsewhere."""

    def established(self, limits: RoleLimits) -> None:
        """The session is: take messages of any size from now on, and no more in a second than the limits say."""

    def renew(self) -> None:
        """The session ended with GOODBYE: the connection may carry another; see "Transport and Session Lifetime"."""

    def pause(self) -> None:
        """Read no more for now."""

    def resume(self) -> None:
        """Read on."""
