"""An asyncio transport, seen from Twisted's HTTP channel.

    asyncio transport  --data_received, pause_writing-->  Bridge  --dataReceived, pauseProducing-->  Channel
    asyncio transport  <--write, pause_reading----------  Bridge  <--write, pauseProducing---------  Channel

What Twisted's own transports leave open is closed here, so that a client can cost no more than a fixed amount:

- Nothing is read from a client that does not read: writing paused means reading paused, and no request begins.
- Octets go to the channel in slices, one for each turn of the reactor: a client that sends a thousand requests in one
  go waits for its own answers and nobody else does. (Twisted's line parser would also copy them for every line.)
- A client that takes nothing for `patience` seconds is dropped, and so is one that keeps a closed connection open.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final, Protocol

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IConsumer, IPushProducer, ISSLTransport, ITransport
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer  # type: ignore[import-untyped]

from router.web.clock import Clock, Timer

Address = IPv4Address | IPv6Address | UNIXAddress

SLICE: Final = 1024
"""Octets for the channel in one turn: most browsers' request heads, and no more than thirty of the shortest ones."""


PIECE: Final = 64 * 1024
"""Octets for the channel in one turn that belong to one body. A large one would take as many turns as it has KiB."""


class Channel(Protocol):
    """What the bridge needs of the HTTP channel that it carries."""

    @property
    def appetite(self) -> int: ...
    def makeConnection(self, transport: Any) -> None: ...  # noqa: N802
    def dataReceived(self, data: bytes) -> None: ...  # noqa: N802
    def connectionLost(self, reason: Failure) -> None: ...  # noqa: N802


class Producer(Protocol):
    """A Twisted IPushProducer: whoever writes and can be asked to wait."""

    def pauseProducing(self) -> None: ...  # noqa: N802
    def resumeProducing(self) -> None: ...  # noqa: N802
    def stopProducing(self) -> None: ...  # noqa: N802


@implementer(ITransport, IPushProducer, IConsumer)
class Bridge(asyncio.Protocol):
    """Carries one HTTP channel over one asyncio transport, until the connection ends or is handed over.

    Closing: no more is written; what was written is flushed and followed by a FIN; what still arrives is thrown
    away, for closing a socket with unread octets would reset it and the client might never see the answer; the
    client's FIN, or `patience`, ends it.
    """

    log = Logger()

    def __init__(self, transport: asyncio.Transport, clock: Clock, patience: float) -> None:
        """`patience`, in seconds: how long a client may take nothing, or keep a connection that we closed."""
        self.disconnecting = False  # Twisted's line parser asks for this attribute
        self.on_end: Callable[[Bridge], None] = lambda bridge: None
        self.on_lost: Callable[[asyncio.Transport], None] = lambda transport: None
        self.on_half_closed: Callable[[], None] = _nothing_more
        """Called when the client sends no more while it waits for an answer: it may have gone away."""

        self._transport = transport
        self._clock = clock
        self._patience = patience
        self._channel: Channel | None = None
        self._producer: Producer | None = None
        self._deadline: Timer | None = None
        self._held: Callable[[], None] | None = None
        self._input = bytearray()
        self._next: Timer | None = None
        self._is_write_paused = False
        self._is_read_paused = False
        self._is_half_closed = False
        self._is_answering = False
        self._is_last = False

    def carry(self, channel: Channel, received: bytes) -> None:
        """Take the transport over, for `channel`; `received` was read from it already."""
        self._channel = channel
        self._transport.set_protocol(self)
        channel.makeConnection(self)
        self.data_received(received)

    def detach(self) -> tuple[asyncio.Transport, bytes]:
        """Let the transport go, with what was read and not given to the channel; the channel is mute from now on."""
        unread = bytes(self._input)
        self._input.clear()
        self._channel = self._producer = None
        self.disconnecting = True
        self._patience_ends()
        self._feed_no_more()
        self._turn_reading()
        self.on_end(self)
        return self._transport, unread

    @property
    def carried(self) -> asyncio.Transport:
        """The transport below."""
        return self._transport

    def finish(self) -> None:
        """Close when the request that is being answered is answered; a connection that idles closes at once."""
        if self._is_answering:
            self._is_last = True
        else:
            self.loseConnection()

    def asked(self, answer: Callable[[], None]) -> None:
        """A request is complete. Call `answer` when the client has room: now, or when it has read what it got."""
        self._is_answering = True
        if self._is_write_paused:
            self._held = answer
        else:
            answer()

    @property
    def is_answering(self) -> bool:
        """Whether a request has come that is not answered yet."""
        return self._is_answering and self._channel is not None

    def answered(self) -> None:
        """The answer to the request is written, or waits to be."""
        self._is_answering = False
        self.on_half_closed = _nothing_more
        if self._is_last:
            self.loseConnection()

    # --- asyncio.Protocol -----------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Octets of the client; those that come after closing are thrown away."""
        if not self.disconnecting:
            self._input += data
            if self._next is None:
                self._feed()

    def eof_received(self) -> bool:
        """The client sends no more. What it asked for, it still gets (not over TLS, which knows no half-close)."""
        self._is_half_closed = True
        self.on_half_closed()
        if self.disconnecting or not (self._is_answering or self._input):
            return False
        return self._transport.can_write_eof()

    def pause_writing(self) -> None:
        """The client reads slower than we write."""
        self._is_write_paused = True
        self._wait_patiently()
        if self._producer is not None:
            self._producer.pauseProducing()
        self._turn_reading()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._is_write_paused = False
        if not self.disconnecting:
            self._patience_ends()
        self._turn_reading()
        held, self._held = self._held, None
        if held is not None:
            held()
        if self._producer is not None and not self._is_write_paused:
            self._producer.resumeProducing()
        self._feed_later()

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is gone: whoever produces stops, the channel hears why."""
        self.on_lost(self._transport)
        self._patience_ends()
        self._feed_no_more()
        self._held = None
        self._input.clear()
        self.disconnecting = True
        producer, self._producer = self._producer, None
        channel, self._channel = self._channel, None
        if producer is not None:
            producer.stopProducing()
        if channel is not None:
            reason = ConnectionDone() if exc is None else ConnectionLost(str(exc))
            channel.connectionLost(Failure(reason))
            self.on_end(self)

    # --- ITransport -----------------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Queue octets; ignored once closing. A producer that goes on writing while paused is told again."""
        if self.disconnecting:
            return
        self._transport.write(data)
        if self._is_write_paused and self._producer is not None:
            self._producer.pauseProducing()

    def writeSequence(self, iovec: list[bytes]) -> None:  # noqa: N802
        """Queue octets."""
        self.write(b"".join(iovec))

    def loseConnection(self) -> None:  # noqa: N802
        """Close after what was written; see the class."""
        if self.disconnecting:
            return
        self.disconnecting = True
        self._input.clear()
        self._wait_patiently()
        if self._is_half_closed or not self._transport.can_write_eof():
            self._transport.close()
            return
        self._turn_reading()
        try:
            self._transport.write_eof()
        except OSError:  # the client was faster and has reset the connection
            self._transport.abort()

    def abortConnection(self) -> None:  # noqa: N802
        """Close at once; what waits to be written is lost."""
        self.disconnecting = True
        self._transport.abort()

    def getPeer(self) -> Address:  # noqa: N802
        """The client's address."""
        return address_of(self._transport.get_extra_info("peername"))

    def getHost(self) -> Address:  # noqa: N802
        """Our own address, as the client reached it."""
        return address_of(self._transport.get_extra_info("sockname"))

    # --- IConsumer, for what the channel writes -------------------------------------------------------------------

    def registerProducer(self, producer: Producer, streaming: bool) -> None:  # noqa: N802
        """The channel registers itself when it is connected; `streaming` is always true for it."""
        self._producer = producer
        if self._is_write_paused:
            producer.pauseProducing()

    def unregisterProducer(self) -> None:  # noqa: N802
        """The channel closes the connection."""
        self._producer = None

    # --- IPushProducer, for what the client sends -----------------------------------------------------------------

    def pauseProducing(self) -> None:  # noqa: N802
        """The channel has enough to do."""
        self._is_read_paused = True
        self._turn_reading()

    def resumeProducing(self) -> None:  # noqa: N802
        """The channel can take more; it is amid its own work, so what waits here comes with the next turn."""
        self._is_read_paused = False
        self._turn_reading()
        if self._input or self._is_half_closed:
            self._feed_later()

    def stopProducing(self) -> None:  # noqa: N802
        """The channel wants no more."""
        self.loseConnection()

    # --- inside ---------------------------------------------------------------------------------------------------

    def _feed(self) -> None:
        """Give the channel a slice of what was received, if it takes it; the next slice has to wait a turn."""
        self._next = None
        if self._input and self._channel is not None and not (self._is_write_paused or self._is_read_paused):
            size = self._channel.appetite
            data = bytes(self._input[:size])
            del self._input[:size]
            try:
                self._channel.dataReceived(data)
            except Exception:
                self.log.failure("HTTP of {peer} failed", peer=self.getPeer())
                self.abortConnection()
        if self._channel is None:
            return
        if self._input:
            self._feed_later()
        elif self._is_half_closed and not self._is_answering:
            self.loseConnection()
        self._turn_reading()

    def _feed_later(self) -> None:
        """Feed with the next turn of the reactor, unless there is a reason to wait that will call us itself."""
        if self._next is None and not (self.disconnecting or self._is_write_paused or self._is_read_paused):
            self._next = self._clock.callLater(0, self._feed)

    def _feed_no_more(self) -> None:
        timer, self._next = self._next, None
        if timer is not None:
            timer.cancel()

    def _turn_reading(self) -> None:
        """Read when both sides have room. After a FIN there is nothing to read, and asking again would end it all."""
        if self._is_half_closed:
            return
        if not self.disconnecting and (self._input or self._is_write_paused or self._is_read_paused):
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _wait_patiently(self) -> None:
        if self._deadline is None:
            self._deadline = self._clock.callLater(self._patience, self._patience_is_over)

    def _patience_ends(self) -> None:
        deadline, self._deadline = self._deadline, None
        if deadline is not None:
            deadline.cancel()

    def _patience_is_over(self) -> None:
        self._deadline = None
        self.log.debug("HTTP: {peer} took nothing for {patience} s", peer=self.getPeer(), patience=self._patience)
        self.abortConnection()


@implementer(ISSLTransport)
class TLSBridge(Bridge):
    """The same over TLS; its interface is how `Request.isSecure` knows."""

    def getPeerCertificate(self) -> Any:  # noqa: N802
        """The client's certificate, as `ssl.SSLSocket.getpeercert` gives it."""
        return self._transport.get_extra_info("peercert")

    def setTcpNoDelay(self, enabled: bool) -> None:  # noqa: N802
        """asyncio has set it already."""

    def getTcpNoDelay(self) -> bool:  # noqa: N802
        """Always."""
        return True

    def setTcpKeepAlive(self, enabled: bool) -> None:  # noqa: N802
        """The listener decides this."""

    def getTcpKeepAlive(self) -> bool:  # noqa: N802
        """Unknown here; nobody asks."""
        return False

    def loseWriteConnection(self) -> None:  # noqa: N802
        """TLS knows no half-close."""
        self.loseConnection()


def _nothing_more() -> None:
    """A client that closes its side still gets its answer."""


def bridge_over(transport: asyncio.Transport, clock: Clock, patience: float) -> Bridge:
    """The bridge that fits `transport`."""
    is_secure = transport.get_extra_info("sslcontext") is not None or transport.get_extra_info("ssl_object") is not None
    return (TLSBridge if is_secure else Bridge)(transport, clock, patience)


def address_of(name: object) -> Address:
    """A socket's name in Twisted's terms: IPv4 is a pair, IPv6 a quadruple, a Unix socket's name a path or nothing."""
    match name:
        case (str(host), int(port)):
            return IPv4Address("TCP", host, port)
        case (str(host), int(port), int(flow), int(scope)):
            return IPv6Address("TCP", host, port, flow, scope)
        case str() | bytes() if name:
            return UNIXAddress(name)
        case _:
            return UNIXAddress(None)
