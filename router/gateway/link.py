"""A link: a session of a realm whose transport ends in the router itself, where HTTP requests take the client's part.

To its session it is a connection that speaks JSON, so the arguments of a request and of its answer stay the octets
that they are. The session is seen in the realm, and is limited, killed and refused like any other.

    link.request(CALL, {}, "com.example.add2", args)  --CALL-->  session  -->  dealer
    Deferred of Answer                               <--RESULT--  send    <--
"""

from collections import deque
from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw
from twisted.internet.defer import Deferred, fail

from realms.authentication import Accepted, Applicant
from realms.clock import Clock
from realms.endings import Ending
from realms.limits import RoleLimits
from realms.realm import Realm
from realms.realms import Realms
from realms.session import Session
from realms.transport import Evidence, Tallied, Traffic, Wire
from realms.vouched import Vouched
from router.gateway.answers import Answer, Asked, Failed, Payload, TooFast
from router.transports.buckets import Bucket
from wamp.codecs import JSON
from wamp.errors import AUTHENTICATION_FAILED, CLOSE_GOODBYE_AND_OUT, UNAVAILABLE
from wamp.ids import following
from wamp.messages import (
    CODES,
    Abort,
    Call,
    Cancel,
    Error,
    Event,
    Goodbye,
    Interrupt,
    Invocation,
    Publish,
    Published,
    Register,
    Registered,
    Result,
    Subscribe,
    Subscribed,
    Unregistered,
    Unsubscribed,
)
from wamp.options import CancelOptions, ClientRoles, CloseDetails, Features, Role

ABORT, GOODBYE, ERROR, CALL, RESULT = (CODES[one] for one in (Abort, Goodbye, Error, Call, Result))
PUBLISH, SUBSCRIBE, REGISTER = (CODES[one] for one in (Publish, Subscribe, Register))
EVENT, INVOCATION, INTERRUPT = (CODES[one] for one in (Event, Invocation, Interrupt))

ANSWERS: Final = frozenset({RESULT, CODES[Published], CODES[Subscribed], CODES[Registered]})
HEARD: Final = frozenset({EVENT, INVOCATION, INTERRUPT, CODES[Unsubscribed], CODES[Unregistered]})

UNLIMITED: Final = 2**63
"""Octets of a frame: what is sent to us was bounded where it came in."""

ASKING: Final = ClientRoles(
    publisher=Role(Features(publisher_identification=True, subscriber_blackwhite_listing=True)),
    caller=Role(Features(caller_identification=True, call_timeout=True, call_canceling=True)),
)
"""What those can do whose HTTP requests publish and call."""

LISTENING: Final = ClientRoles(
    subscriber=Role(Features(publisher_identification=True, pattern_based_subscription=True)),
    callee=Role(Features(caller_identification=True, pattern_based_registration=True, call_canceling=True)),
)
"""What those can do to whose servers events and calls go."""

_WIRE: Final = Wire(JSON, bytes)
_AT_ONCE: Final = CancelOptions(mode="killnowait")
_EMPTY: Final = Raw(b"[]")
_elements: Final = msgspec.json.Decoder(list[Raw]).decode


def hear_nothing(code: int, elements: list[Raw]) -> None:
    """What a link is made with that only asks."""


class Link(Tallied):
    """See above. It is the `realms.transport.Transport` of its session."""

    wire = _WIRE
    max_outgoing = UNLIMITED

    def __init__(self, realms: Realms, clock: Clock, details: dict[str, Any], evidence: Evidence) -> None:
        self.details = details
        self.on_end: Callable[[Link], None] = lambda link: None
        self.hear: Callable[[int, list[Raw]], None] = hear_nothing
        """Gets EVENT, INVOCATION, INTERRUPT, and what tells that a subscription or registration was taken away."""

        self._clock = clock
        self._evidence = evidence
        self._waiting: dict[int, Deferred[Answer]] = {}
        self._arrived: list[bytes] = []
        self._unsent: deque[Any] = deque()
        self._last_request = 0
        self._is_paused = False
        self._is_open = True
        self._is_due = False
        self._messages: Bucket | None = None
        self._octets: Bucket | None = None
        self._received = self._received_octets = self._sent = self._sent_octets = 0
        self._reason = UNAVAILABLE
        self.session = Vouched(realms, self)

    # --- for who uses it ---

    @property
    def is_open(self) -> bool:
        """Whether its session is in the realm."""
        return self._is_open and self.session.is_there

    @property
    def is_busy(self) -> bool:
        """Whether somebody waits for an answer."""
        return bool(self._waiting)

    def join(self, realm: Realm, roles: ClientRoles, applicant: Applicant, identity: Accepted) -> None:
        """Join; raises Failed."""
        self.session.join(realm, roles, applicant, identity)
        if self.session.is_there:
            return
        uri, reason = AUTHENTICATION_FAILED, "the realm has no place for you"
        for code, *rest in map(_elements, self._arrived):
            if int(bytes(code)) == ABORT:
                details, uri = msgspec.json.decode(rest[0]), msgspec.json.decode(rest[1])
                reason = details.get("message", reason)
        self.end()
        raise Failed.saying(uri, reason)

    def request(self, code: int, options: Any, uri: str, args: Payload = UNSET, kwargs: Payload = UNSET) -> Asked:
        """Send PUBLISH, CALL, SUBSCRIBE or REGISTER; raises InvalidMessage or TooFast.

        The Deferred gives Answer or fails with Failed; to cancel it is to cancel the call.
        """
        if not self.is_open:
            return fail(Failed.saying(UNAVAILABLE, "the session has ended"))
        request = following(self._last_request)
        payload: tuple[Payload, ...] = ()
        if args is not UNSET or kwargs is not UNSET:
            payload = (_EMPTY if args is UNSET else args,)
        if kwargs is not UNSET:
            payload = (*payload, kwargs)
        frame = JSON.encode_elements((code, request, options, uri, *payload))
        message = JSON.decode(frame)
        self._pace(len(frame))
        self._last_request = request
        answer: Asked = Deferred(lambda _: self._cancel(request, code))
        self._waiting[request] = answer
        self.tell(message, len(frame))
        return answer

    def tell(self, message: Any, size: int = 0) -> None:
        """Send any message that needs no answer here, such as YIELD."""
        if not self._is_open:
            return
        self._received += 1
        self._received_octets += size
        if self._is_paused:
            self._unsent.append(message)  # as many as there are requests under way, which are bounded
        else:
            self.session.receive(message)

    def end(self) -> None:
        """End the session, now. Idempotent."""
        if self._is_open:
            self._is_open = False
            self.session.detach()
            for answer in self._unanswered():
                answer.errback(Failed.saying(self._reason, "the session has ended"))
            self.on_end(self)

    # --- realms.transport.Transport ---

    def evidence(self) -> Evidence:
        """What the first request proved."""
        return self._evidence

    def traffic(self) -> Traffic:
        """As messages would be on a wire."""
        return Traffic(self._received, self._received_octets, self._sent, self._sent_octets, 0, 0)

    def send(self, frame: bytes) -> None:
        """Take a frame of the session, but not now: the dealer may be in the middle of forgetting somebody."""
        if self._is_open:
            self._sent += 1
            self._sent_octets += len(frame)
            self._arrived.append(frame)
            self._soon()

    offer = send

    def close(self, ending: Ending) -> None:
        """The session is over; it learns of the end of its transport soon."""
        self._is_paused = False
        self._clock.callLater(0, self.end)

    def release(self) -> list[bytes] | None:
        """It is never left for another."""
        return None

    def carry(self, session: Session) -> None:
        """Nor does it ever carry another."""

    def established(self, limits: RoleLimits) -> None:
        """Keep to what the role may send in a second."""
        now = self._clock.seconds()
        self._messages = None if limits.message_rate is None else Bucket(limits.message_rate, now)
        self._octets = None if limits.octet_rate is None else Bucket(limits.octet_rate, now)

    def renew(self) -> None:
        """There is no second session."""
        self._clock.callLater(0, self.end)

    def pause(self) -> None:
        """Let what comes wait."""
        self._is_paused = True

    def resume(self) -> None:
        """What waits may come, with the next turn."""
        self._is_paused = False
        self._soon()

    # --- inside ---

    def _pace(self, size: int) -> None:
        now = self._clock.seconds()
        waits = [bucket.wait(now) for bucket in (self._messages, self._octets) if bucket is not None]
        if any(waits):
            raise TooFast(max(waits))
        if self._messages is not None:
            self._messages.spend(1)
        if self._octets is not None:
            self._octets.spend(size)

    def _cancel(self, request: int, code: int) -> None:
        self._waiting.pop(request, None)
        if code == CALL:
            self.tell(Cancel(request, _AT_ONCE))

    def _soon(self) -> None:
        if not self._is_due:
            self._is_due = True
            self._clock.callLater(0, self._turn)

    def _turn(self) -> None:
        """Take what the session sent, and send what had to wait."""
        self._is_due = False
        arrived, self._arrived = self._arrived, []
        for frame in arrived:
            self._receive(_elements(frame))
        while self._unsent and not self._is_paused and self._is_open:
            self.session.receive(self._unsent.popleft())

    def _receive(self, elements: list[Raw]) -> None:
        code = int(bytes(elements[0]))
        if code in ANSWERS:
            self._answered(code, elements)
        elif code == ERROR:
            answer = self._waiting.pop(int(bytes(elements[2])), None)
            if answer is not None:
                answer.errback(Failed(msgspec.json.decode(elements[4]), *elements[5:]))
        elif code in HEARD:
            self.hear(code, elements)
        elif code == GOODBYE:
            self._reason = msgspec.json.decode(elements[2])
            self.tell(Goodbye(CloseDetails(), CLOSE_GOODBYE_AND_OUT))

    def _answered(self, code: int, elements: list[Raw]) -> None:
        answer = self._waiting.pop(int(bytes(elements[1])), None)
        if answer is None:
            return  # it was canceled meanwhile
        if code == RESULT:
            answer.callback(Answer(0, *elements[3:]))
        else:
            answer.callback(Answer(int(bytes(elements[2]))))

    def _unanswered(self) -> list[Deferred[Answer]]:
        waiting, self._waiting = self._waiting, {}
        return list(waiting.values())
