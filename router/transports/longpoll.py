"""WAMP over HTTP long-poll, for browsers whose network lets no WebSocket through.

    POST <path>/open          makes a transport
    POST <path>/<id>/send     a message of the client, or a batch
    POST <path>/<id>/receive  waits for a message to the client, or all that there are as a batch
    POST <path>/<id>/close

Here is what a transport is; the requests come by way of `router.web.longpoll`, each on whatever connection. So there is
no socket that would tell of the end: a client is there as long as a `receive` of it waits, or the next one comes soon.

A message is sent when a `receive` takes it. Whether the answer arrives nobody can tell: if the connection breaks
meanwhile the message is lost, as it would be in a socket's buffer.

Advanced profile, section "HTTP Longpoll Transport".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from realms.endings import GOING_AWAY, INTERNAL, NORMAL, Ending
from realms.limits import RoleLimits
from realms.transport import Evidence
from router.transports.connection import Connection
from router.transports.keepalive import Keepalive
from router.transports.longpoll_framing import LongPollWire
from router.transports.longpoll_order import Order
from router.transports.longpoll_requests import Post, Requests
from router.transports.terms import Terms
from wamp.errors import InvalidMessage
from wamp.ids import following

if TYPE_CHECKING:
    from realms.clock import Timer
    from realms.session import Session

OVERTAKEN: Final = 5.0
"""Seconds that a message waits for those before it: a new connection with TLS over a poor line takes half of that."""

OVER: Final = "this transport is over: "


class Patience(NamedTuple):
    """How long things may take, in seconds."""

    idle: float = 10.0
    """Until a `receive` that waits for nothing is answered so: autobahn.js and many proxies give up soon after."""

    silence: float = 30.0
    """From one `receive` to the next; then the client is gone."""


class LongPoll(Connection):
    """A long-poll transport."""

    wire: LongPollWire
    transport: Requests

    def __init__(
        self, terms: Terms, wire: LongPollWire, details: dict[str, Any], evidence: Evidence, patience: Patience
    ) -> None:
        """`details` and `evidence` are those of the request that opened it."""
        clock = terms.clock
        requests = Requests(lambda: clock.callLater(0, self._take_held), lambda: clock.callLater(0, self.lost))
        super().__init__(terms, requests, wire, details)
        self.on_lost: Callable[[], None] = lambda: None
        self._evidence = evidence
        self._patience = patience
        self._order = Order(terms.limits.outbox)
        self._overtaken: Timer | None = None
        self._receiving: Post | None = None
        self._timer: Timer | None = None  # of the `receive` that waits, or of the one that is to come
        self._held: deque[Post] = deque()
        self._ending: Ending | None = None
        self._is_lost = False

    # --- from the peer ----------------------------------------------------------------------------------------

    def opened(self) -> None:
        """Have a session, and see that somebody asks what it says."""
        self._wait(self._patience.silence, self.cut_silent)
        super().opened()

    def take_send(self, post: Post) -> None:
        """Messages of the client; while we do not read, they wait."""
        if self.closing:
            self._refuse_late(post)
        elif self.transport.is_reading() and not self._held:
            self._take(post)
        elif sum(len(held.body) for held in self._held) + len(post.body) > self.terms.limits.max_message_size:
            post.refuse(HTTPStatus.SERVICE_UNAVAILABLE, "too much is waiting to be read already")
        else:
            self._held.append(post)

    def take_receive(self, post: Post) -> None:
        """The client asks what there is for it. The newest counts: what asked before may hang on a dead connection."""
        if self._ending is not None and not self.out:
            self._refuse_late(post)
            self.transport.abort()
            return
        before, self._receiving = self._receiving, post
        if before is not None:
            before.refuse(HTTPStatus.CONFLICT, "another receive has taken the place of this one")
        self._wait(self._patience.idle, self._answer_nothing)
        self.flush()

    def take_close(self, post: Post) -> None:
        """The client has enough; a `receive` that waits is answered before."""
        self._answer_nothing()
        self.part(NORMAL)
        self.transport.abort()
        post.answer(None)

    def hung_up(self, post: Post) -> None:
        """The client does not wait for the answer to this request any more."""
        if post is self._receiving:
            self._receiving = None
            self._wait(self._patience.silence, self.cut_silent)

    def receive(self, data: bytes) -> None:
        """Hand one serialized message to the session, in its turn."""
        if self.closing:
            return
        self.received += 1
        self.octets_received += len(data)
        try:
            for message in self._order.put(self.decode(data), len(data)):
                self.session.receive(message)
        except InvalidMessage as violation:
            self.refuse(data, violation)
        except Exception:
            self.fail_internally()
        self._watch_order()

    def _take(self, post: Post) -> None:
        try:
            for message in self.wire.split(post.body):
                self.receive(message)
        except InvalidMessage as violation:
            self.session.violate(str(violation))
        ending = self._ending
        if ending is None or ending.code == NORMAL.code:  # such as ABORT to HELLO: that was no bad request
            post.answer(None)
        else:
            failed = ending.code == INTERNAL.code
            post.refuse(HTTPStatus.INTERNAL_SERVER_ERROR if failed else HTTPStatus.BAD_REQUEST, ending.reason)

    def _take_held(self) -> None:
        while self._held and self.transport.is_reading() and not self.closing:
            self._take(self._held.popleft())

    def _watch_order(self) -> None:
        if self._order and self._overtaken is None and not self.closing:
            self._overtaken = self.terms.clock.callLater(OVERTAKEN, self._wait_no_longer)
        elif not self._order and self._overtaken is not None:
            self._overtaken.cancel()
            self._overtaken = None

    def _wait_no_longer(self) -> None:
        self._overtaken = None
        try:
            for message in self._order.give_up():
                if not self.closing:
                    self.session.receive(message)
        except Exception:
            self.fail_internally()

    # --- to the peer ------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Answer the `receive` that waits, if there is anything to say."""
        post, out = self._receiving, self.out
        if post is None or not out:
            return
        if post.is_gone():
            self.hung_up(post)
            return
        count = len(out) if self.wire.is_batched else 1
        body = b"".join(out[:count])
        del out[:count]
        self.sent += count
        self.written += len(body)
        self.waiting -= len(body)
        self._receiving = None
        self._wait(self._patience.silence, self.cut_silent)
        post.answer(body)

    def take_leave(self, ending: Ending) -> None:
        """Tell the `receive` that waits; or else the next one, as long as there is one to be expected."""
        self._ending = ending
        self._order.start(1)
        self._watch_order()
        self._refuse_held()
        if self._receiving is not None and not self.out:
            post, self._receiving = self._receiving, None
            self._refuse_late(post)
            self.transport.abort()
        elif ending is GOING_AWAY:
            self.transport.abort()

    def lost(self) -> None:
        """It is over; in the turn after `abort`."""
        if self._is_lost:
            return
        self._is_lost = True
        self._wait_for_nothing()
        self._answer_nothing()
        self._refuse_held()
        self.on_lost()
        super().lost()

    @staticmethod
    def is_control(frame: bytes) -> bool:
        """There are only messages here."""
        return False

    def _answer_nothing(self) -> None:
        post, self._receiving = self._receiving, None
        if post is not None:
            post.answer(None)
            if not self._is_lost:
                self._wait(self._patience.silence, self.cut_silent)

    def _refuse_held(self) -> None:
        while self._held:
            self._refuse_late(self._held.popleft())

    def _refuse_late(self, post: Post) -> None:
        ending = self._ending or NORMAL
        status = HTTPStatus.SERVICE_UNAVAILABLE if ending is GOING_AWAY else HTTPStatus.GONE
        post.refuse(status, OVER + ending.reason)

    def _has_room(self, limit: int) -> bool:
        self.flush()
        return self.waiting <= limit

    # --- who it is, and whether it is still there -------------------------------------------------------------

    def evidence(self) -> Evidence:
        """What the opening request has proved about its peer."""
        return self._evidence

    def established(self, limits: RoleLimits) -> None:
        """The requests of a new session count from 1."""
        super().established(limits)
        self._order.start(1)

    def carry(self, session: Session) -> None:
        """Those of one from elsewhere go on counting."""
        super().carry(session)
        self._order.start(following(session.last_request))

    def keep_alive(self, keepalive: Keepalive) -> None:
        """There is nothing to ping: see `opened`."""

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        self._wait_for_nothing()
        self._timer = self.terms.clock.callLater(seconds, self._end_waiting, then)

    def _end_waiting(self, then: Callable[[], None]) -> None:
        self._timer = None
        then()

    def _wait_for_nothing(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
