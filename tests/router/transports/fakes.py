"""What the transports are tested with: sessions that only remember, and peers that are plain sockets."""

import asyncio
import base64
import os
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvloop

from realms.endings import VIOLATION
from realms.transport import Wire
from router.transports.flusher import Flusher
from router.transports.fragments import is_utf8
from router.transports.frames import TEXT, frame_binary, frame_text
from router.transports.http_head import END_OF_HEAD
from router.transports.listener import Listener, listen
from router.transports.terms import Terms
from router.transports.upgrade import upgrade
from router.transports.websocket import WebSocket
from wamp.codecs import Codec
from wamp.errors import InvalidMessage


class LoopClock:
    """The event loop's clock as Twisted would show it: in the router, this is the reactor."""

    class Timer:
        def __init__(self, delay: float, call: Callable[..., object], *args: Any) -> None:
            self.handle = asyncio.get_running_loop().call_later(delay, call, *args)

        def cancel(self) -> None:
            self.handle.cancel()

    callLater = Timer  # noqa: N815 - Twisted's name


class Recorder:
    """A session that remembers what happened to it, and may answer."""

    def __init__(self, transport: Any) -> None:
        self.transport = transport
        self.received: list[Any] = []
        self.violations: list[str] = []
        self.detached = 0
        self.answer: Callable[[Any], None] | None = None

    def receive(self, message: Any) -> None:
        self.received.append(message)
        if self.answer is not None:
            self.answer(message)

    def violate(self, reason: str) -> None:
        self.violations.append(reason)
        self.transport.close(VIOLATION)

    def detach(self) -> None:
        self.detached += 1


class Sessions(list[Recorder]):
    """All sessions that a listener made, the `accept` of its terms."""

    def __call__(self, transport: Any) -> Recorder:
        self.append(Recorder(transport))
        return self[-1]


class EchoCodec:
    """Octets are the message. "broken" and "invalid" are what their names say."""

    name = "json"
    is_binary = False

    def decode(self, data: bytes) -> bytes:
        if data == b"invalid" or not is_utf8(data):
            raise InvalidMessage("this is invalid")
        if data == b"broken":
            raise ZeroDivisionError
        return data


ECHO_CODEC: Codec = EchoCodec()  # type: ignore[assignment]
ECHO_WIRE = Wire(ECHO_CODEC, frame_text)


class Echo(WebSocket):
    """The router's framing, sending back what it gets, of either type."""

    def __init__(self, terms: Terms, transport: asyncio.Transport, wire: Wire, details: dict[str, Any]) -> None:
        super().__init__(terms, transport, ECHO_WIRE, details)
        self.decode, self.largest = ECHO_CODEC.decode, terms.limits.max_message_size  # it has no HELLO

    def take_message(self, opcode: int, payload: bytes) -> None:
        if opcode == TEXT:
            self.receive(payload)
        else:
            self.send(frame_binary(payload))


class EchoSession(Recorder):
    def receive(self, message: bytes) -> None:
        self.transport.send(ECHO_WIRE.frame(message))


class EchoDoor(asyncio.Protocol):
    """Takes every connection for a WebSocket."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.head = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.head += data
        if END_OF_HEAD in self.head:
            upgrade(self.transport, self.head, self.terms, Echo)


def run(main: Awaitable[Any]) -> Any:
    """Run on the router's event loop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_timed(main))


async def _timed(main: Awaitable[Any]) -> Any:
    return await asyncio.wait_for(main, 60)


@asynccontextmanager
async def listening(tls: ssl.SSLContext | None = None, **terms: Any) -> AsyncIterator[tuple[Listener, Sessions]]:
    """A listener on a free port, and the sessions that it makes."""
    loop = asyncio.get_running_loop()
    sessions = Sessions()
    given = {"accept": sessions, "clock": LoopClock(), "flusher": Flusher(loop.call_soon), **terms}
    listener = await listen(loop, Terms(**given), "127.0.0.1", 0, None if tls is None else lambda: tls)
    try:
        yield listener, sessions
    finally:
        listener.close()
        for connection in list(listener.terms.connections):
            connection.transport.abort()
        await until(lambda: not listener.terms.connections)


async def until(condition: Callable[[], Any]) -> None:
    """Wait for something that is bound to happen."""
    while not condition():
        await asyncio.sleep(0.002)


class Peer:
    """A client that speaks octets."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, port: int, limit: int = 2**26) -> "Peer":
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=limit))

    def write(self, octets: bytes) -> None:
        self.writer.write(octets)

    async def trickle(self, octets: bytes) -> None:
        """Write octet by octet, each in a segment of its own."""
        for octet in octets:
            self.writer.write(bytes((octet,)))
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    async def head(self) -> bytes:
        """The head of an HTTP response."""
        return await self.reader.readuntil(END_OF_HEAD)

    async def rest(self) -> bytes:
        """Everything until the router ends the connection."""
        return await self.reader.read()

    async def frame(self) -> tuple[int, bytes]:
        """A WebSocket frame: opcode and payload."""
        first, length = await self.reader.readexactly(2)
        if length == 126:
            (length,) = struct.unpack("!H", await self.reader.readexactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", await self.reader.readexactly(8))
        return first & 0x0F, await self.reader.readexactly(length)

    async def raw_frame(self) -> tuple[int, bytes]:
        """A RawSocket frame: type and payload."""
        header = await self.reader.readexactly(4)
        length = 2**24 if header[0] & 8 else int.from_bytes(header[1:], "big")
        return header[0] & 7, await self.reader.readexactly(length)

    def close(self) -> None:
        self.writer.transport.abort()


def request(*headers: str, path: str = "/ws", subprotocols: str | None = "wamp.2.json") -> bytes:
    """A WebSocket handshake as a browser would send it."""
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: router.example",
        "Connection: keep-alive, Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: " + base64.b64encode(bytes(16)).decode(),
        *headers,
    ]
    if subprotocols is not None:
        lines.append(f"Sec-WebSocket-Protocol: {subprotocols}")
    return "\r\n".join([*lines, "", ""]).encode()


def masked(opcode: int, payload: bytes = b"", is_last: bool = True, bits: int = 0) -> bytes:
    """A WebSocket frame from a client."""
    length = len(payload)
    if length < 126:
        size = bytes((0x80 | length,))
    elif length < 2**16:
        size = struct.pack("!BH", 0x80 | 126, length)
    else:
        size = struct.pack("!BQ", 0x80 | 127, length)
    mask = os.urandom(4)
    key = int.from_bytes((mask * (length // 4 + 1))[:length], "big")
    body = (int.from_bytes(payload, "big") ^ key).to_bytes(length, "big")
    return bytes((is_last << 7 | bits | opcode,)) + size + mask + body


async def websocket(port: int, subprotocols: str = "wamp.2.json") -> Peer:
    """A peer that is through with the handshake."""
    peer = await Peer.connect(port)
    peer.write(request(subprotocols=subprotocols))
    assert (await peer.head()).startswith(b"HTTP/1.1 101 ")
    return peer
