"""WebSocket connections that carry several WAMP messages in one: the subprotocols `wamp.2.<serializer>.batched`.

What leaves in one turn of the event loop leaves as one batch, so no message waits for others.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from realms.endings import TOO_SLOW
from realms.transport import Wire
from router.transports.batches import AUTOBAHNS_END, batching
from router.transports.terms import Terms
from router.transports.websocket import WebSocket
from wamp.codecs import CODECS, JSON
from wamp.errors import InvalidMessage

WIRES = {name: Wire(codec, batching(codec)[0]) for name, codec in CODECS.items()}
"""How messages of each serializer stand in a batch."""

AUTOBAHNS_WIRE = Wire(JSON, lambda message: message + AUTOBAHNS_END)
"""autobahn-python reads what it writes, and nothing else."""


class BatchedWebSocket(WebSocket):
    """A connection whose outbox holds messages, not frames: they are framed together when they leave."""

    pack: Callable[[bytes], bytes]
    """Frames a batch."""

    def __init__(self, terms: Terms, transport: asyncio.Transport, wire: Wire, details: dict[str, Any]) -> None:
        super().__init__(terms, transport, wire, details)
        self.split = batching(wire.codec)[1]

    def receive(self, data: bytes) -> None:
        """Take a batch; it shows who separates JSON in its own way."""
        if data.endswith(AUTOBAHNS_END) and self.is_text:
            self.wire = AUTOBAHNS_WIRE
        try:
            messages = self.split(data)
        except InvalidMessage as violation:
            self.refuse(data, violation)
            return
        for message in messages:
            super().receive(message)

    def flush(self) -> None:
        """Write what is queued as one message."""
        out = self.out
        if out:
            batch = self.pack(b"".join(out))
            self.written += len(batch)
            self.sent += len(out)
            self.transport.write(batch)
            out.clear()
            self.waiting = self.backlog = self.transport.get_write_buffer_size()

    def send_control(self, frame: bytes) -> None:
        """Write a control frame, which is no part of a batch, behind what is queued."""
        if self.closing:
            return
        if self.waiting > self.budget and not self._has_room(self.terms.limits.reply_limit):
            self.cut(TOO_SLOW)
            return
        self.flush()
        self.written += len(frame)
        self.transport.write(frame)
        self.waiting = self.backlog = self.transport.get_write_buffer_size()

    @staticmethod
    def is_control(frame: bytes) -> bool:
        """There are only messages in the outbox."""
        return False
