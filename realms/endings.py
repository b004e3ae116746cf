"""Every way in which the router ends a transport: one catalogue, so that operators and peers can look it up.

A WebSocket peer sees the code and the reason in its close event (RFC 6455, section 7.4); RawSocket has no closing
message, its peer just sees the connection end.
"""

from typing import NamedTuple


class Ending(NamedTuple):
    """Why a transport ends."""

    code: int
    """The WebSocket close code."""

    reason: str
    """One line for people, at most 123 octets: the room that a close frame has."""


NORMAL = Ending(1000, "closed")
"""The peer asked for it. Clients need not come back."""

GOING_AWAY = Ending(1001, "the router is shutting down")
"""No GOODBYE goes before it: stock autobahn.js comes back after a close frame, and never after GOODBYE."""

VIOLATION = Ending(1002, "protocol violation")
"""ABORT `wamp.error.protocol_violation` went before it."""

REFUSED = Ending(1000, "not admitted")
"""ABORT went before it, with the reason why the peer may not join."""

TOO_SLOW = Ending(1008, "the peer reads too slowly: its outbox is full")
"""The peer's outbox would exceed `limits.outbox`. Reconnecting makes sense once it reads again."""

TOO_FAST = Ending(1008, "the peer sends much faster than its role may")
"""What it sent at once would have had to wait for longer than `router.transports.pace.LONGEST_DELAY`."""

SILENT = Ending(1001, "the peer has been silent for too long")
"""No octet came within the keepalive time-out: the peer, or the way to it, is gone."""

LATE = Ending(1008, "the peer took too long to join")
"""A deadline for the handshake, HELLO or AUTHENTICATE passed."""

MOVED = Ending(1000, "the session goes on over another connection")
"""The peer resumed its session before we noticed that this connection is of no use to it."""

INTERNAL = Ending(1011, "internal error")
"""Our mistake; the log has the whole of it."""
