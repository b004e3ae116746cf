"""WAMP over RawSocket: messages with a length before each, advanced profile, section "RawSocket Transport"."""

from __future__ import annotations

import asyncio
from typing import Any

from twisted.logger import Logger

from realms.endings import NORMAL, VIOLATION, Ending
from realms.limits import RoleLimits
from realms.transport import Wire
from router.transports.connection import Connection
from router.transports.farewell import Farewell, half_close
from router.transports.keepalive import Keepalive
from router.transports.rawsocket_framing import (
    HANDSHAKE_SIZE,
    MESSAGE,
    PING,
    TOO_MANY_CONNECTIONS,
    UNSUPPORTED_SERIALIZER,
    FrameReader,
    MalformedFrame,
    RefusedHandshake,
    accept_handshake,
    announced_length,
    frame_message,
    frame_ping,
    frame_pong,
    parse_handshake,
)
from router.transports.terms import Terms
from router.transports.upgrade import describe
from wamp.codecs import CODECS

log = Logger()

WIRES = {name: Wire(codec, frame_message) for name, codec in CODECS.items()}
"""How each serializer looks in a RawSocket."""

_NAMES = {codec.rawsocket_id: name for name, codec in CODECS.items()}


def start_rawsocket(transport: asyncio.Transport, octets: bytes, terms: Terms) -> None:
    """Answer a handshake. `octets` are its four, and whatever was read after them: the first frames."""
    try:
        handshake = parse_handshake(octets[:HANDSHAKE_SIZE])
        name = _NAMES.get(handshake.serializer)
        if name not in terms.codecs:
            raise RefusedHandshake(UNSUPPORTED_SERIALIZER)
        if not terms.admission.grant():
            raise RefusedHandshake(TOO_MANY_CONNECTIONS)
    except RefusedHandshake as refused:
        refuse_rawsocket(transport, refused, terms)
        return
    transport.write(accept_handshake(handshake.serializer, terms.limits.max_message_size))
    details = describe(terms.admission.whereabouts(transport), "rawsocket")
    connection = RawSocket(terms, transport, WIRES[name], details, handshake.max_length)
    transport.set_protocol(connection)
    connection.opened()
    connection.data_received(octets[HANDSHAKE_SIZE:])


def refuse_rawsocket(transport: asyncio.Transport, refused: RefusedHandshake, terms: Terms) -> None:
    """Answer with an error, and end the connection."""
    transport.write(refused.response())
    Farewell(transport, terms)


class RawSocket(Connection, asyncio.Protocol):
    """A RawSocket connection after its handshake."""

    ping_frame = frame_ping()

    def __init__(
        self, terms: Terms, transport: asyncio.Transport, wire: Wire, details: dict[str, Any], max_length: int
    ) -> None:
        super().__init__(terms, transport, wire, details)
        self.max_outgoing = HANDSHAKE_SIZE + max_length
        self.reader = FrameReader(self._limit())

    def data_received(self, data: bytes) -> None:
        """Take what was read: frames, and parts of frames."""
        self.heard = True
        if not self.closing:
            self._take(data)

    def _take(self, data: bytes) -> None:
        try:
            for kind, payload in self.reader.feed(data):
                if self.closing:
                    return
                if kind == MESSAGE:
                    self.receive(payload)
                elif kind == PING:
                    self._answer_ping(payload)
        except MalformedFrame as malformed:
            self.fail(Ending(VIOLATION.code, str(malformed)))

    def eof_received(self) -> None:
        """The peer ended its side; what is queued may still leave, within the deadline, or waits for its return."""
        self.part(NORMAL)
        self.transport.close()

    def connection_lost(self, reason: Exception | None) -> None:
        """The socket is closed."""
        self.lost()

    def send(self, frame: bytes) -> None:
        """Queue a frame. The session never sends one beyond `max_outgoing`; if it did, a reply would be lost."""
        if len(frame) > self.max_outgoing:
            log.error("A frame for {peer} exceeds what it announced to take", peer=self.details["peer"])
            self.close(Ending(VIOLATION.code, "a reply is larger than the peer takes"))
            return
        super().send(frame)

    def offer(self, frame: bytes) -> None:
        """Queue an EVENT; the peer misses one that is larger than it announced to take."""
        if len(frame) > self.max_outgoing:
            self.drop()
            return
        super().offer(frame)

    @staticmethod
    def is_control(frame: bytes) -> bool:
        """The first octet holds the type."""
        return frame[0] & 7 != MESSAGE

    def take_leave(self, ending: Ending) -> None:
        """RawSocket has no farewell: just end our stream."""
        half_close(self.transport)

    def keep_alive(self, keepalive: Keepalive) -> None:
        """Leave it to TCP, unless the operator wants PINGs: autobahn-python drops the connection on one."""
        if self.terms.ping_rawsocket:
            super().keep_alive(keepalive)
        else:
            keepalive.leave_to_tcp(self.transport)

    def established(self, limits: RoleLimits) -> None:
        """Take frames as large as was announced."""
        super().established(limits)
        self.reader.limit = self._limit()

    def renew(self) -> None:
        """Start over."""
        super().renew()
        self.reader.limit = self._limit()

    def _limit(self) -> int:
        return min(self.largest, announced_length(self.terms.limits.max_message_size))

    def _answer_ping(self, payload: bytes) -> None:
        """Exactly one PONG, with the same payload; a peer that could not take it back is wrong to send it."""
        if HANDSHAKE_SIZE + len(payload) > self.max_outgoing:
            raise MalformedFrame("a PING is larger than its sender's own limit")
        self.send_control(frame_pong(payload))
