"""WAMP over WebSocket: frames come from picows, messages, closing and everything that goes out are ours.

The one place that knows picows. It parses and unmasks frames, and on a frame that breaks RFC 6455 sends the close frame
itself; it tells of that only through its logger, so its logger is our ear. What it leaves to us: fragments, reserved
bits, UTF-8, close codes, pongs, and to ignore what arrives after the close.

Basic profile, section "WebSocket Transport"; RFC 6455, sections 5 to 7.
"""

from __future__ import annotations

import asyncio
from functools import cache
from typing import TYPE_CHECKING, Any

from picows import WSAutoPingStrategy, WSFrame, WSTransport, WSUpgradeRequest, WSUpgradeResponse
from picows.common import WSUpgradeResponseWithListener
from picows.picows import WSListener, WSProtocol  # type: ignore[attr-defined] # its stubs leave WSProtocol out

from realms.endings import NORMAL, VIOLATION, Ending
from realms.transport import Wire
from router.transports.connection import Connection
from router.transports.fragments import INVALID_TEXT, Fragments, Malformed, is_utf8
from router.transports.frames import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    frame_binary,
    frame_ping,
    frame_pong,
    frame_text,
    is_valid_close_code,
)
from router.transports.terms import Terms
from router.transports.unix import with_tcp_options
from wamp.codecs import CODECS
from wamp.errors import InvalidMessage

if TYPE_CHECKING:
    from router.transports.deflate import Inflater

WIRES = {name: Wire(codec, frame_binary if codec.is_binary else frame_text) for name, codec in CODECS.items()}
"""How each serializer looks in a WebSocket."""

READ_BUFFER = 2048
"""Octets of the buffer that a connection starts with; it grows with the messages. The least that picows allows."""

RESERVED_BITS = Ending(VIOLATION.code, "reserved bits are set, and no extension was negotiated")
BAD_CLOSE_CODE = Ending(VIOLATION.code, "a close frame carries no valid code")

_CANONICAL_REQUEST = (
    b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %b\r\n\r\n"
)


class WebSocket(Connection, WSListener):
    """A WebSocket connection. Its methods `on_ws_...` are picows' names."""

    ping_frame = frame_ping()

    def __init__(self, terms: Terms, transport: asyncio.Transport, wire: Wire, details: dict[str, Any]) -> None:
        super().__init__(terms, transport, wire, details)
        self.data_type = BINARY if wire.codec.is_binary else TEXT
        self.is_text = not wire.codec.is_binary
        self.fragments: Fragments | None = None
        self.inflater: Inflater | None = None  # if compression was agreed upon
        self.compressed: int | None = None  # the opcode of a compressed message that is arriving
        self.parser: WSTransport | None = None
        self.protocol: WSProtocol | None = None
        self.room = 0

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The response to the upgrade request was sent."""
        self.parser = transport
        # Nobody reads the canonical request again, and its headers are 1 KiB a connection.
        del transport.request.headers
        self.opened()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """The socket is closed."""
        self.lost()
        self.parser = self.protocol = None  # a cycle less for the garbage collector

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take one frame: the hot path is a whole message of the codec's type."""
        self.heard = True
        opcode: Any = frame.msg_type  # an IntEnum, although picows' stubs say Enum
        if (
            opcode == self.data_type
            and frame.fin
            and self.fragments is None
            and not (frame.rsv1 or frame.rsv2 or frame.rsv3)
        ):
            self.receive(frame.get_payload_as_bytes())
        else:
            self._take_rare(opcode, frame)

    def refuse(self, data: bytes, violation: InvalidMessage) -> None:
        """Text that is not UTF-8 breaks WebSocket rather than WAMP; the codec has noticed either."""
        if self.is_text and not is_utf8(data):
            self.fail(INVALID_TEXT)
        else:
            super().refuse(data, violation)

    def _take_rare(self, opcode: int, frame: WSFrame) -> None:
        if self.closing and opcode != CLOSE:
            return
        if frame.rsv2 or frame.rsv3 or (frame.rsv1 and (self.inflater is None or opcode not in (TEXT, BINARY))):
            self.fail(RESERVED_BITS)
        elif opcode == CLOSE:
            self._take_close(frame.get_payload_as_bytes())
        elif opcode == PING:
            self.send_control(frame_pong(frame.get_payload_as_bytes()))
        elif opcode != PONG:
            if frame.rsv1 and self.fragments is None:
                self.compressed, opcode = opcode, BINARY  # compressed text is no UTF-8
            self._take_fragment(opcode, bool(frame.fin), frame.get_payload_as_bytes())

    def _take_fragment(self, opcode: int, is_last: bool, payload: bytes) -> None:
        limit = min(self.largest, self.terms.limits.max_message_size)
        fragments = self.fragments or Fragments(limit)
        try:
            message = fragments.add(opcode, is_last, payload)
            if message is not None and self.compressed is not None and self.inflater is not None:
                message = self.compressed, self.inflater.inflate(message[1], limit)
        except Malformed as malformed:
            self.fail(malformed.ending)
            return
        self.fragments = fragments if message is None else None
        if message is not None:
            self.compressed = None
            self.take_message(*message)

    def take_message(self, opcode: int, payload: bytes) -> None:
        """Take a message that was fragmented, or is not of the codec's type."""
        if opcode == self.data_type:
            self.receive(payload)
        else:
            self.session.violate(f"{self.wire.codec.name} travels in {'text' if self.is_text else 'binary'} messages")

    def _take_close(self, payload: bytes) -> None:
        """The peer closes, or answers our close frame: in both cases we end the TCP connection (section 7.1.1)."""
        if not self.closing:
            code = int.from_bytes(payload[:2], "big") if payload else NORMAL.code
            if not is_valid_close_code(code):
                self.fail(BAD_CLOSE_CODE)
                return
            self.part(Ending(code, ""))
        self.transport.close()

    # --- to the peer ------------------------------------------------------------------------------------------

    @staticmethod
    def is_control(frame: bytes) -> bool:
        """The opcodes of control frames begin with a 1 (RFC 6455, section 5.5)."""
        return bool(frame[0] & 8)

    def take_leave(self, ending: Ending) -> None:
        """Send the close frame: through picows, which then knows that no second one may follow."""
        if self.parser is not None:
            self.parser.send_close(ending.code, ending.reason)  # type: ignore[arg-type]

    def ping(self) -> None:
        """Send a PING."""
        self.room = self._room()
        super().ping()

    def is_silent(self) -> bool:
        """Whether no octet arrived: a peer that uploads one large frame can send no PONG until it is through."""
        return super().is_silent() and self._room() == self.room

    def _room(self) -> int:
        """What is left of picows' read buffer; it changes with every octet of an unfinished frame."""
        return 0 if self.protocol is None else len(self.protocol.get_buffer(-1))

    def pause_writing(self) -> None:
        """The outbox has its own bound."""

    def resume_writing(self) -> None:
        """The outbox has its own bound."""


class Ear:
    """What picows takes for its logger: it hears of broken frames, and keeps quiet about everything else."""

    __slots__ = ("connection",)

    def __init__(self, connection: WebSocket) -> None:
        self.connection = connection

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - logging's name
        """No debugging."""
        return False

    def info(self, message: str, *args: object) -> None:
        """Connections come and go."""

    debug = warning = log = info

    def error(self, message: str, *args: object) -> None:
        """picows is about to send a close frame and to disconnect: what is queued goes before it, nothing after."""
        connection = self.connection
        if connection.closing:
            return
        parser = connection.parser
        handshake = parser.close_handshake if parser is not None else None
        if handshake is not None and handshake.recv is not None:
            # It looks one frame ahead: what is broken came after a close frame, and that one counts.
            code = handshake.recv.code.value
            connection.part(Ending(code if is_valid_close_code(code) else NORMAL.code, ""))
        else:
            connection.parser = None  # no close frame of ours
            connection.fail(VIOLATION)
            connection.parser = parser

    def exception(self, message: str, *args: object) -> None:
        """A callback of ours raised."""
        if not self.connection.closing:
            self.connection.fail_internally()


def start_websocket(
    connection: WebSocket, key: bytes, subprotocol: str | None, rest: bytes, extensions: str | None = None
) -> None:
    """Answer an upgrade request that was found valid, and have `connection` speak WebSocket from here on.

    picows is given a request of our own making with the client's `key`: it is shorter than a browser's, and picows
    refuses valid ones, such as Firefox's `Connection: keep-alive, Upgrade`. `rest` is what was read beyond the request.
    """
    response = _switching_protocols(subprotocol, extensions)

    def accept(request: WSUpgradeRequest) -> WSUpgradeResponseWithListener:
        return WSUpgradeResponseWithListener(response, connection)

    protocol = WSProtocol(
        None,
        None,
        False,  # is_client_side
        accept,
        Ear(connection),
        True,  # disconnect_on_exception
        None,  # websocket_handshake_timeout: the door has its own
        False,  # enable_auto_ping: it takes a Task per connection; ours is `keepalive`
        0,
        0,
        WSAutoPingStrategy.PING_WHEN_IDLE,
        False,  # enable_auto_pong: our pong keeps its place among the frames in the outbox
        connection.terms.limits.max_message_size,
        None,
        READ_BUFFER,
    )
    connection.protocol = protocol
    connection.transport.set_protocol(protocol)
    protocol.connection_made(with_tcp_options(connection.transport))
    _feed(protocol, _CANONICAL_REQUEST % key)
    _feed(protocol, rest)


@cache
def _switching_protocols(subprotocol: str | None, extensions: str | None) -> WSUpgradeResponse:
    """Return the response that all who speak `subprotocol` with these extensions share.

    picows keeps it as long as the connection lives, 600 octets each; it sets the one field that differs,
    Sec-WebSocket-Accept, right before it writes the response.
    """
    headers = {"Sec-WebSocket-Protocol": subprotocol, "Sec-WebSocket-Extensions": extensions}
    said = {name: value for name, value in headers.items() if value is not None}
    response: WSUpgradeResponse = WSUpgradeResponse.create_101_response(said)
    return response


def _feed(protocol: WSProtocol, octets: bytes) -> None:
    """Give picows what was read before its time, in pieces that fit its buffer."""
    rest = memoryview(octets)
    while rest:
        buffer = protocol.get_buffer(-1)
        size = min(len(buffer), len(rest))
        buffer[:size] = rest[:size]
        protocol.buffer_updated(size)
        rest = rest[size:]
