"""A WAMP peer for tests that sees the wire: it sends and receives plain lists, over every transport and serializer."""

import json
import socket
from collections.abc import Callable
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from itertools import count
from select import POLLIN, poll
from time import monotonic
from typing import Any

import cbor2
import msgpack
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

TIMEOUT = 5.0
"""Seconds to wait for an answer; a healthy router needs milliseconds."""

ROLES = {
    "publisher": {},
    "subscriber": {},
    "caller": {"features": {"progressive_call_results": True, "call_canceling": True}},
    "callee": {"features": {"progressive_call_results": True, "call_canceling": True}},
}

SERIALIZERS: dict[str, tuple[int, Callable[[Any], bytes], Callable[[bytes], Any]]] = {
    "json": (1, lambda value: json.dumps(value).encode(), json.loads),
    "msgpack": (2, msgpack.packb, msgpack.unpackb),
    "cbor": (3, cbor2.dumps, cbor2.loads),
}


class Closed(Exception):  # noqa: N818
    """The router ended the connection; `code` is the WebSocket close code, None for RawSocket."""

    def __init__(self, code: int | None) -> None:
        super().__init__(code)
        self.code = code


class WebSocketLink:
    """Messages over WebSocket."""

    def __init__(self, port: int, serializer: str, headers: dict[str, str] | None = None) -> None:
        self.text = serializer.startswith("json")
        self._connecting = connect(
            f"ws://127.0.0.1:{port}/ws",
            subprotocols=[f"wamp.2.{serializer}"],  # type: ignore[list-item]
            compression=None,
            additional_headers=headers,
            max_size=None,
        )
        self.socket: ClientConnection = self._connecting.__enter__()
        assert self.socket.subprotocol == f"wamp.2.{serializer}"

    def send(self, data: bytes) -> None:
        try:
            self.socket.send(data.decode() if self.text else data)
        except ConnectionClosed as closed:
            raise Closed(closed.rcvd.code if closed.rcvd else None) from None

    def receive(self, timeout: float) -> bytes:
        try:
            data = self.socket.recv(timeout)
        except ConnectionClosed as closed:
            raise Closed(closed.rcvd.code if closed.rcvd else None) from None
        assert isinstance(data, str) is self.text
        return data.encode() if isinstance(data, str) else data

    def vanish(self) -> None:
        self.socket.socket.close()

    def close(self) -> None:
        self.socket.close()


class BatchedLink(WebSocketLink):
    """Messages over WebSocket, several in one if they come so."""

    def __init__(self, port: int, serializer: str) -> None:
        super().__init__(port, f"{serializer}.batched")
        self.messages: list[bytes] = []

    def send(self, data: bytes) -> None:
        super().send(data + b"\x1e" if self.text else len(data).to_bytes(4, "big") + data)

    def receive(self, timeout: float) -> bytes:
        if not self.messages:
            self.messages = self._split(super().receive(timeout))
        return self.messages.pop(0)

    def _split(self, batch: bytes) -> list[bytes]:
        if self.text:
            return batch.split(b"\x1e")[:-1]
        messages = []
        while batch:
            end = 4 + int.from_bytes(batch[:4], "big")
            messages.append(batch[4:end])
            batch = batch[end:]
        return messages


class RawSocketLink:
    """Messages over RawSocket; PING is answered, as a peer must."""

    def __init__(self, port: int, serializer: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
        number = SERIALIZERS[serializer][0]
        self.socket.sendall(bytes((0x7F, 0xF0 | number, 0, 0)))
        answer = self._exactly(4)
        assert answer[0] == 0x7F
        assert answer[1] & 0x0F == number, f"refused: {answer.hex()}"

    def send(self, data: bytes) -> None:
        try:
            self.socket.sendall(len(data).to_bytes(4, "big") + data)
        except OSError:
            raise Closed(None) from None

    def receive(self, timeout: float) -> bytes:
        deadline = monotonic() + timeout
        while True:
            self.socket.settimeout(max(0.001, deadline - monotonic()))
            header = self._exactly(4)
            data = self._exactly(int.from_bytes(header[1:], "big"))
            if header[0] == 0:
                return data
            if header[0] == 1:
                self.socket.sendall(b"\x02" + header[1:] + data)

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            try:
                more = self.socket.recv(size - len(data))
            except ConnectionError:
                more = b""
            if not more:
                raise Closed(None)
            data += more
        return data

    def vanish(self) -> None:
        self.socket.close()

    close = vanish


class LongPollLink:
    """Messages over HTTP long-poll: one connection for what is sent, one for what is received."""

    def __init__(self, port: int, serializer: str, batched: str = "") -> None:
        """`batched` is "" or ".batched"; then `send` and `receive` take and give batches."""
        self.content_type = {"Content-Type": f"application/{serializer}"}
        self.sending, self.receiving = (HTTPConnection("127.0.0.1", port, timeout=TIMEOUT) for _ in range(2))
        opening = json.dumps({"protocols": [f"wamp.2.{serializer}{batched}"]})
        self.sending.request("POST", "/lp/open", opening, {"Content-Type": "application/json"})
        response = self.sending.getresponse()
        assert response.status == 200, response.read()
        self.path = f"/lp/{json.load(response)['transport']}"
        self.waits = False

    def send(self, data: bytes) -> None:
        self.sending.request("POST", f"{self.path}/send", data, self.content_type)
        response = self.sending.getresponse()
        response.read()
        if response.status not in (204, 400):  # after 400, ABORT is to be received
            raise Closed(None)

    def receive(self, timeout: float) -> bytes:
        deadline = monotonic() + timeout
        while True:
            if not self.waits:
                self.receiving.request("POST", f"{self.path}/receive")
                self.waits = True
            answered = poll()
            answered.register(self.receiving.sock, POLLIN)
            if not answered.poll(1000 * max(0, deadline - monotonic())):
                raise TimeoutError
            response = self.receiving.getresponse()
            body, self.waits = response.read(), False
            if response.status == 200:
                return body
            if response.status != 204:
                raise Closed(None)

    def close(self) -> None:
        with closing(self.sending), closing(self.receiving):
            self.sending.request("POST", f"{self.path}/close")
            self.sending.getresponse().read()

    def vanish(self) -> None:
        """There is no connection to break: who vanishes is noticed by the time that passes. So it closes."""
        with suppress(OSError, HTTPException):
            self.close()


TRANSPORTS = {"websocket": WebSocketLink, "rawsocket": RawSocketLink}
LINKS: dict[str, Callable[..., Any]] = TRANSPORTS | {"batched": BatchedLink, "longpoll": LongPollLink}


class Peer:
    """A client of a router, at the level of messages."""

    def __init__(self, port: int, transport: str = "websocket", serializer: str = "json", **more: Any) -> None:
        """`more` is for the transport: the `headers` of WebSocket."""
        self.link = LINKS[transport](port, serializer, **more)
        self.serializer = serializer
        _, self.encode, self.decode = SERIALIZERS[serializer]
        self.requests = count(1)
        self.session = 0

    def join(self, realm: str = "realm1", roles: dict[str, Any] = ROLES, **details: Any) -> "Peer":
        """Send HELLO and take WELCOME."""
        self.requests = count(1)
        self.send(1, realm, {"roles": roles, **details})
        code, self.session, self.welcome = self.receive()
        assert code == 2
        return self

    def send(self, *message: Any) -> None:
        """Send a message."""
        self.link.send(self.encode(list(message)))

    def receive(self, timeout: float = TIMEOUT) -> list[Any]:
        """The next message; raises TimeoutError or Closed."""
        message = self.decode(self.link.receive(timeout))
        assert isinstance(message, list)
        return message

    def receives(self, *expected: Any) -> list[Any]:
        """The next message, which must begin with what is expected; `...` stands for anything."""
        message = self.receive()
        assert len(message) >= len(expected), message
        for element, wanted in zip(message, expected, strict=False):
            assert wanted is ... or element == wanted, message
        return message

    def receives_nothing(self, within: float = 0.2) -> None:
        """Nothing arrives for a while. Prefer to provoke a later message and see that it comes first."""
        try:
            message = self.receive(within)
        except TimeoutError:
            return
        raise AssertionError(f"unexpected: {message}")

    def request(self, code: int, *rest: Any) -> list[Any]:
        """Send a request under the next id and take the next message."""
        self.send(code, next(self.requests), *rest)
        return self.receive()

    def subscribe(self, topic: str, **options: Any) -> int:
        """SUBSCRIBE; returns the subscription."""
        code, _, subscription = self.request(32, options, topic)
        assert code == 33
        return int(subscription)

    def register(self, procedure: str, **options: Any) -> int:
        """REGISTER; returns the registration."""
        code, _, registration = self.request(64, options, procedure)
        assert code == 65
        return int(registration)

    def publish(self, topic: str, *payload: Any, **options: Any) -> int:
        """PUBLISH with acknowledgement; returns the publication."""
        code, _, publication = self.request(16, {"acknowledge": True, **options}, topic, *payload)
        assert code == 17
        return int(publication)

    def call(self, procedure: str, *payload: Any, **options: Any) -> int:
        """Send CALL; returns its request id."""
        request = next(self.requests)
        self.send(48, request, options, procedure, *payload)
        return request

    def closed(self) -> int | None:
        """Wait until the router ends the connection; returns the close code."""
        while True:
            try:
                self.receive()
            except Closed as closed:
                return closed.code

    def vanish(self) -> None:
        """Break the connection without a word."""
        self.link.vanish()

    def close(self) -> None:
        """Close the connection properly."""
        self.link.close()
