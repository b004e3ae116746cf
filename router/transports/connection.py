"""What RawSocket and WebSocket connections have in common: a session, a bounded outbox, and the ways to end.

A connection is open, then closing, then lost:

    open      messages reach the session; frames reach the peer, all of one turn in one write
    closing   `close` was called, or the peer said farewell: nothing reaches the session or joins the outbox any more;
              the peer has CLOSE_DEADLINE to end its side, then the transport is aborted
    lost      the transport is gone: the session is detached, once

A session may be paused (`realms.parking`) if its connection is lost while open: if it breaks, falls silent, or is
closed by the peer. Then it takes along what is queued. If we close the connection the session is over: what it was sent
since is lost.

How it ends, in this order: mark it as closing, write what is queued, take leave in the framing's own way, start the
deadline. The session is never called from within `close`; it learns of the end when the transport is gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from twisted.logger import Logger

from realms.endings import INTERNAL, SILENT, TOO_SLOW, Ending
from realms.transport import Evidence, Traffic, Wire
from router.transports.evidence import evidence_of
from router.transports.keepalive import Keepalive
from router.transports.limits import CLOSE_DEADLINE, MAX_EARLY_MESSAGE
from router.transports.pace import Pace
from router.transports.terms import Terms
from wamp.codecs import Codec
from wamp.errors import InvalidMessage
from wamp.messages import ClientMessage, Message

if TYPE_CHECKING:
    from realms.clock import Timer
    from realms.limits import RoleLimits
    from realms.session import Session

log = Logger()

UNLIMITED: Final = 2**63
"""`max_outgoing` of a framing whose peers announce no limit."""


class Nobody:
    """The session of a connection that has none: not yet, or no longer."""

    def receive(self, message: Message) -> None:
        """Ignore it."""

    def violate(self, reason: str) -> None:
        """Nobody to blame."""

    def detach(self) -> None:
        """Already done."""


NOBODY = Nobody()


@cache
def decode_early(codec: Codec) -> Callable[[bytes], ClientMessage]:
    """How messages are decoded before the session is established: strangers have little to say."""

    def decode(data: bytes) -> ClientMessage:
        if len(data) > MAX_EARLY_MESSAGE:
            raise InvalidMessage(
                f"{len(data)} octets in a message before WELCOME, where {MAX_EARLY_MESSAGE} are the most"
            )
        return codec.decode(data)

    return decode


class Connection:
    """The base of both framings; to the session it is the `realms.transport.Transport`."""

    max_outgoing: int = UNLIMITED
    ping_frame: bytes
    cookie: str = ""
    """The field of that name of the request that opened the connection."""

    def __init__(self, terms: Terms, transport: asyncio.Transport, wire: Wire, details: dict[str, Any]) -> None:
        self.terms = terms
        self.budget = terms.limits.outbox
        self.transport = transport
        self.wire = wire
        self.decode = decode_early(wire.codec)
        self.largest = MAX_EARLY_MESSAGE  # octets of a message that is taken now
        self.details = details
        self.session: Session | Pace | Nobody = NOBODY
        self.out: list[bytes] = []
        self.waiting = 0  # octets in `out`, and in the transport's buffer when we last looked
        self.backlog = 0  # octets in the transport's buffer when we last looked
        self.written = 0  # octets that the transport ever got
        self.sent = 0  # messages of these
        self.received = 0  # messages
        self.octets_received = 0  # of these
        self.taken: int | None = None
        self.closing = False
        self.paused = False  # the session's wish
        self.slowed = False  # that of its pace
        self.heard = True
        self.dropped = 0
        self.deadline: Timer | None = None

    # --- from the peer ----------------------------------------------------------------------------------------

    def opened(self) -> None:
        """The handshake is done: have a session."""
        self.terms.connections.add(self)
        if self.terms.keepalive is not None:
            self.keep_alive(self.terms.keepalive)
        try:
            self.session = self.terms.accept(self)
        except Exception:
            self.fail_internally()

    def receive(self, data: bytes) -> None:
        """Hand one serialized message to the session."""
        if self.closing:
            return
        self.received += 1
        self.octets_received += len(data)
        try:
            self.session.receive(self.decode(data))
        except InvalidMessage as violation:
            self.refuse(data, violation)
        except Exception:
            self.fail_internally()

    def refuse(self, data: bytes, violation: InvalidMessage) -> None:
        """What arrived is no message that a client may send."""
        self.session.violate(str(violation))

    def keep_alive(self, keepalive: Keepalive) -> None:
        """Have it noticed when the peer is gone."""
        keepalive.join(self)

    def fail_internally(self) -> None:
        """Our mistake: log the exception that is being handled, and show the peer nothing of it."""
        log.failure("A connection of {peer} failed", peer=self.details.get("peer"))
        self.fail(INTERNAL)

    def fail(self, ending: Ending) -> None:
        """Something is wrong with what arrived: close, and let the session leave without waiting for the peer."""
        self.close(ending)
        self.detach()

    def part(self, ending: Ending) -> None:
        """The peer is gone, or closed without a farewell: first let the session have what is queued, then close."""
        self.detach()
        self.close(ending)

    def detach(self) -> None:
        """Part from the session."""
        session, self.session = self.session, NOBODY
        session.detach()

    def lost(self) -> None:
        """The transport is gone."""
        self.terms.connections.discard(self)
        self.terms.admission.leave(self.transport)
        if self.terms.keepalive is not None:
            self.terms.keepalive.leave(self)
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None
        try:
            self.detach()  # while what is queued is still there
        finally:
            self.closing = True
            self.out.clear()

    # --- to the peer: realms.transport.Transport --------------------------------------------------------------

    def evidence(self) -> Evidence:
        """What the connection proves about its peer."""
        where = self.terms.admission.whereabouts(self.transport)
        return evidence_of(self.transport, where, self.cookie, self.terms.authmethods)

    def traffic(self) -> Traffic:
        """What was received and sent so far; what waits in `out` counts as sent."""
        queued = self.waiting - self.backlog
        backlog = self.backlog if self.closing else self.transport.get_write_buffer_size()
        return Traffic(
            self.received,
            self.octets_received,
            self.sent + len(self.out),
            self.written + queued,
            self.dropped,
            queued + backlog,
        )

    def tally(self, sums: list[int]) -> None:
        """The same as sums of many: asking ten thousand for `traffic` would take 13 ms, this takes 4."""
        sums[0] += self.received
        sums[1] += self.octets_received
        sums[2] += self.sent
        sums[3] += self.written
        sums[4] += self.dropped
        if self.waiting:  # else nothing was left in the transport's buffer when we last wrote
            traffic = self.traffic()
            sums[2] += traffic.messages_sent - self.sent
            sums[3] += traffic.octets_sent - self.written
            sums[5] += traffic.octets_waiting

    def send(self, frame: bytes) -> None:
        """Queue a frame; a reply is never dropped."""
        # A frame is judged by what waits before it: a message larger than the budget reaches a peer that reads.
        if self.closing:
            return
        if self.waiting > self.budget and not self._has_room(self.terms.limits.reply_limit):
            self.cut(TOO_SLOW)
            return
        if not self.out:
            self.terms.flusher.add(self)
        self.out.append(frame)
        self.waiting += len(frame)

    def offer(self, frame: bytes) -> None:
        """Queue an EVENT; the policy "drop" drops it when the peer is slow."""
        if self.closing:
            return
        if self.waiting > self.budget and not self._has_room(self.budget):
            if self.terms.limits.slow == "drop":
                self.drop()
            else:
                self.cut(TOO_SLOW)
            return
        if not self.out:
            self.terms.flusher.add(self)
        self.out.append(frame)
        self.waiting += len(frame)

    def send_control(self, frame: bytes) -> None:
        """Queue a PING or PONG, which is no message."""
        if not self.closing:
            self.sent -= 1  # `flush` counts frames
        self.send(frame)

    def drop(self) -> None:
        """Count an event that this peer misses."""
        self.dropped += 1
        self.terms.dropped += 1

    def flush(self) -> None:
        """Write what is queued, in one go, and see how much of it waits in the transport."""
        out = self.out
        if out:
            self.written += self.waiting - self.backlog
            self.sent += len(out)
            self.transport.write(out[0] if len(out) == 1 else b"".join(out))
            out.clear()
            self.waiting = self.backlog = self.transport.get_write_buffer_size()

    def close(self, ending: Ending) -> None:
        """End the connection after what was sent; idempotent."""
        if self.closing:
            return
        self.closing = True
        self.deadline = self.terms.clock.callLater(CLOSE_DEADLINE, self._expire)
        self.speed_up()
        self.flush()
        self.take_leave(ending)

    def release(self) -> list[bytes] | None:
        """Part from a session that goes on elsewhere: give what it is still to be sent; None if some is lost."""
        if self.closing:
            return None
        self.session = NOBODY
        out, self.out = self.out, []
        self.waiting = self.backlog
        return [frame for frame in out if not self.is_control(frame)]

    def carry(self, session: Session) -> None:
        """Carry a session that comes from elsewhere."""
        self.session = session
        self.established(session.role.limits)

    def established(self, limits: RoleLimits) -> None:
        """Take larger messages, and let them through to the session at its pace."""
        self.decode, self.largest = self.wire.codec.decode, self.terms.limits.max_message_size
        session = self.session.release() if isinstance(self.session, Pace) else self.session
        is_limited = limits.message_rate is not None or limits.octet_rate is not None
        self.session = Pace(self, session, limits) if is_limited and not isinstance(session, Nobody) else session

    def renew(self) -> None:
        """Have a new session in the place of one that ended."""
        if not self.closing:
            self.decode, self.largest = decode_early(self.wire.codec), MAX_EARLY_MESSAGE
            self.session = self.terms.accept(self)

    def pause(self) -> None:
        """Read no more; what was read already still arrives (at most one read's worth of messages)."""
        self.paused = True
        self.transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        self.paused = False
        self._read_on()

    def slow_down(self) -> None:
        """Read no more, for the sake of the session's pace."""
        self.slowed = True
        self.terms.overruns.slowed += 1
        self.transport.pause_reading()

    def speed_up(self) -> None:
        """Read on; idempotent."""
        if self.slowed:
            self.slowed = False
            self._read_on()

    def _read_on(self) -> None:
        if not self.paused and not self.slowed:
            self.heard = True
            self.transport.resume_reading()

    # --- the ends ---------------------------------------------------------------------------------------------

    def take_leave(self, ending: Ending) -> None:
        """Tell the peer, in the framing's way, that nothing more will come."""
        raise NotImplementedError

    @staticmethod
    def is_control(frame: bytes) -> bool:
        """Whether a frame is of the framing's own, such as PING, and no message."""
        raise NotImplementedError

    def cut(self, ending: Ending) -> None:
        """End the connection at once: the peer does not read, so there is no point in waiting for it."""
        if not self.closing:
            log.info("Cutting the connection of {peer}: {reason}", peer=self.details.get("peer"), reason=ending.reason)
            self.close(ending)
        self.transport.abort()

    def _expire(self) -> None:
        self.deadline = None
        self.transport.abort()

    def _has_room(self, limit: int) -> bool:
        """Make what room there is, and see whether no more than `limit` octets wait."""
        self.flush()
        self.waiting = self.backlog = self.transport.get_write_buffer_size()
        return self.waiting <= limit

    # --- keepalive.Mortal -------------------------------------------------------------------------------------

    def ping(self) -> None:
        """Ask the peer for a sign of life."""
        self.heard = False
        self.flush()
        self.taken = self._taken()
        self.send_control(self.ping_frame)

    def is_silent(self) -> bool:
        """Whether there was no sign of life since the last ping, although we were listening."""
        if self.heard or self.paused or self.slowed:
            return False
        # The ping of a peer on a poor line waits behind its outbox; that it takes octets is a sign of life, too.
        return self.taken is None or self._taken() == self.taken

    def _taken(self) -> int | None:
        """Octets that the peer took; None if nothing waits for it: what the kernel has room for, it takes unread."""
        backlog = self.transport.get_write_buffer_size()
        return self.written - backlog if backlog else None

    def cut_silent(self) -> None:
        """The peer is gone, or the way to it."""
        self.detach()  # while what is queued is still there
        self.cut(SILENT)
