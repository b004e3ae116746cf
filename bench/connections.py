"""Client connections that cost as little as Python allows, so that the router is what gets measured.

    url = "ws://127.0.0.1:8080/ws"    WebSocket, without extensions
    url = "rs://127.0.0.1:8080"       RawSocket

Both are plain asyncio protocols: what is sent during one turn of the loop leaves in one write, and cutting a read
into messages is a few slices. (Measured against picows as a client: as cheap per message, and joining costs less than
half.) They understand what a router sends to a well-behaved client and
treat the rest (fragments, reserved bits, RawSocket extensions) as an error; they are no WebSocket library.
"""

import asyncio
import base64
import struct
from collections.abc import Callable
from typing import Any
from urllib.parse import SplitResult, urlsplit

from bench.codecs import Codec

__all__ = ["Connection", "LostError", "RefusedError", "connect", "join"]

HELLO, WELCOME, ERROR = 1, 2, 8
ROLES: dict[str, Any] = {"caller": {}, "callee": {}, "publisher": {}, "subscriber": {}}

REPLY_TIMEOUT = 10.0  # seconds; a router on the same machine that needs longer has hung


class RefusedError(Exception):
    """The router answered a request, or the connection, with something else than a yes."""


class LostError(Exception):
    """The router closed a connection that should have lasted."""


class Connection(asyncio.Protocol):
    """One connection: frames go out through `send`, each message that comes in goes to `deliver`.

    `on_loss` is called when the connection ends, with the exception that ended it if there was one; never after
    `close()`.
    """

    transport: asyncio.Transport

    def __init__(self, url: SplitResult, codec: Codec) -> None:
        self.url = url
        self.codec = codec
        self.opened = asyncio.get_running_loop().create_future()
        self.is_open = False
        self.rest = b""
        self.frames: list[bytes] = []
        self.loop = asyncio.get_running_loop()
        self.deliver: Callable[[bytes], None] = self._reply
        self.on_loss: Callable[[Exception | None], None] = lambda reason: None
        self._replies: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._closing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self.transport.write(self.greeting())

    def data_received(self, data: bytes) -> None:
        if self.rest:
            data = self.rest + data
        if not self.is_open:
            taken = self.greeted(data)
            if not taken:
                self.rest = data
                return
            self.is_open = True
            self.opened.set_result(None)
            data = data[taken:]
        self.rest = self.split(data)

    def connection_lost(self, reason: Exception | None) -> None:
        if self._closing:
            return
        if not self.opened.done():
            self.opened.set_exception(RefusedError("the router closed the connection during the handshake"))
        self._replies.put_nowait(None)
        self.on_loss(reason)

    async def request(self, message: list[Any]) -> Any:
        """Send a request and return the answer; only while nothing else has taken over `deliver`."""
        self.send(self.codec.encode(message))
        payload = await asyncio.wait_for(self._replies.get(), REPLY_TIMEOUT)
        if payload is None:
            raise LostError(f"the router closed the connection instead of answering {message}")
        answer = self.codec.decode(payload)
        if answer[0] in (3, ERROR):
            raise RefusedError(f"{message} was answered with {answer}")
        return answer

    def queue(self, frame: bytes) -> None:
        """Send this frame together with all others of this turn of the event loop, in one write."""
        if not self.frames:
            self.loop.call_soon(self.flush)
        self.frames.append(frame)

    def flush(self) -> None:
        if self.frames and not self.transport.is_closing():
            self.transport.write(b"".join(self.frames))
        self.frames.clear()

    def close(self) -> None:
        self._closing = True
        self.flush()
        self.farewell()
        self.transport.close()

    def _reply(self, payload: bytes) -> None:
        self._replies.put_nowait(payload)

    # What differs between the two transports:

    def greeting(self) -> bytes:
        """What opens the transport."""
        raise NotImplementedError

    def greeted(self, data: bytes) -> int:
        """How many octets of `data` are the router's answer to the greeting; 0 while it is incomplete."""
        raise NotImplementedError

    def split(self, data: bytes) -> bytes:
        """Deliver the messages in `data` and return the incomplete rest."""
        raise NotImplementedError

    def send(self, payload: bytes) -> None:
        """Frame one serialized message and queue it."""
        raise NotImplementedError

    def farewell(self) -> None:
        """Say on the transport that it ends."""


class WebSocket(Connection):
    """RFC 6455 as a client; the mask key is zero, which is legal and saves masking in Python (the router unmasks all
    the same)."""

    KEY = base64.b64encode(b"a bench's nonce.")

    def __init__(self, url: SplitResult, codec: Codec) -> None:
        super().__init__(url, codec)
        self.first = 0x82 if codec.is_binary else 0x81
        self.headers = [bytes((self.first, 0x80 | size, 0, 0, 0, 0)) for size in range(126)]

    def greeting(self) -> bytes:
        return (
            b"GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: %s\r\nSec-WebSocket-Protocol: wamp.2.%s\r\n\r\n"
        ) % ((self.url.path or "/").encode(), self.url.netloc.encode(), self.KEY, self.codec.name.encode())

    def greeted(self, data: bytes) -> int:
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return 0
        if not data.startswith(b"HTTP/1.1 101"):
            self.opened.set_exception(RefusedError(data[: data.find(b"\r\n")].decode("latin-1")))
            self.close()
            return 0
        return end + 4

    def split(self, data: bytes) -> bytes:
        start, end = 0, len(data)
        while end - start >= 2:
            size, head = data[start + 1], 2
            if size == 126:
                size, head = int.from_bytes(data[start + 2 : start + 4], "big"), 4
            elif size == 127:
                size, head = int.from_bytes(data[start + 2 : start + 10], "big"), 10
            body = start + head
            if body + size > end:
                break
            if data[start] == self.first:
                self.deliver(data[body : body + size])
            else:
                self._control(data[start], data[body : body + size])
            start = body + size
        return data[start:]

    def send(self, payload: bytes) -> None:
        size = len(payload)
        if size < 126:
            self.queue(self.headers[size] + payload)
        elif size < 0x10000:
            self.queue(struct.pack(">BBHI", self.first, 0x80 | 126, size, 0) + payload)
        else:
            self.queue(struct.pack(">BBQI", self.first, 0x80 | 127, size, 0) + payload)

    def farewell(self) -> None:
        if self.is_open:
            self.transport.write(b"\x88\x82\0\0\0\0\x03\xe8")

    def _control(self, first: int, payload: bytes) -> None:
        if first == 0x89:
            self.transport.write(bytes((0x8A, 0x80 | len(payload), 0, 0, 0, 0)) + payload)
        elif first not in (0x88, 0x8A):
            raise LostError(f"a WebSocket frame that starts with {first:#x}")


class RawSocket(Connection):
    """RawSocket: four octets of handshake, then a type octet and 24 bits of length before each message."""

    def greeting(self) -> bytes:
        return bytes((0x7F, 0xF0 | self.codec.rawsocket_id, 0, 0))

    def greeted(self, data: bytes) -> int:
        if len(data) < 4:
            return 0
        if data[0] != 0x7F or data[1] & 0x0F != self.codec.rawsocket_id:
            self.opened.set_exception(RefusedError(f"RawSocket handshake answered with {data[:4].hex()}"))
            self.close()
            return 0
        return 4

    def split(self, data: bytes) -> bytes:
        start, end = 0, len(data)
        while end - start >= 4:
            body = start + 4
            size = int.from_bytes(data[start + 1 : body], "big")
            if body + size > end:
                break
            if data[start] == 0:
                self.deliver(data[body : body + size])
            elif data[start] == 1:
                self.transport.write(b"\x02" + data[start + 1 : body + size])
            start = body + size
        return data[start:]

    def send(self, payload: bytes) -> None:
        self.queue(len(payload).to_bytes(4, "big") + payload)


async def connect(url: str, codec: Codec) -> Connection:
    """Open a transport to the router."""
    parts = urlsplit(url)
    kind = {"ws": WebSocket, "rs": RawSocket}.get(parts.scheme)
    if kind is None or parts.hostname is None or parts.port is None:
        raise ValueError(f"{url}: the benchmark speaks ws://host:port/path and rs://host:port")
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(lambda: kind(parts, codec), parts.hostname, parts.port)
    await asyncio.wait_for(connection.opened, REPLY_TIMEOUT)
    return connection


async def join(url: str, realm: str, codec: Codec) -> Connection:
    """Open a transport and a session on it."""
    connection = await connect(url, codec)
    answer = await connection.request([HELLO, realm, {"roles": ROLES}])
    if answer[0] != WELCOME:
        raise RefusedError(f"HELLO was answered with {answer}")
    return connection
