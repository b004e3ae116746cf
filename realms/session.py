"""One WAMP session, from HELLO to its end: the state machine, and what the realm keeps about the session.

Rules of this file. Everything that affects the state lives here, and the state is `Session.state` alone. `ACTS` at the
end is the machine: what a peer may send in which state, and what happens then. A message type that is absent is a
protocol violation, and there is no other place that decides so. What needs no state is elsewhere: `joining` reads HELLO
and writes WELCOME, `requests` checks what an established session asks for.

    CLOSED --HELLO--> ESTABLISHING --accepted--> ESTABLISHED --GOODBYE sent--> SHUTTING_DOWN --GOODBYE--> ENDED
                       |        ^                     |
                   challenged   AUTHENTICATE          +--GOODBYE received, ABORT, violation, transport lost--> ENDED
                       v        |
                     CHALLENGING

ESTABLISHING means that an authenticator is at work. It may take its time; what the peer sends meanwhile waits in the
inbox and is then acted upon in the order of arrival, by the state it finds. Most authenticators answer at once, so most
sessions pass through ESTABLISHING without ever being seen in it. ENDED ignores everything: octets of a session that
failed may still be on their way in.

Section "Sessions" of the basic profile, with its state chart.
"""

from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, get_args

from msgspec import UNSET
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from realms import endings, joining, requests
from realms.authentication import Accepted, Answer, Applicant, Challenged, Outcome
from realms.clock import Timer
from realms.publication import heard_by
from realms.roles import Role
from realms.transport import Transport
from wamp.errors import (
    AUTHENTICATION_FAILED,
    CLOSE_GOODBYE_AND_OUT,
    INVALID_ARGUMENT,
    PAYLOAD_SIZE_EXCEEDED,
    PROTOCOL_VIOLATION,
    ProtocolViolation,
    Untranscodable,
    WampError,
)
from wamp.messages import (
    CODES,
    Abort,
    Authenticate,
    Call,
    Cancel,
    Challenge,
    ClientMessage,
    Error,
    EventReceived,
    EventReceivedToo,
    Goodbye,
    Hello,
    Message,
    Publish,
    Register,
    Subscribe,
    Unregister,
    Unsubscribe,
    Welcome,
    Yield,
)
from wamp.options import ClientRoles, CloseDetails, ErrorDetails, Features, WelcomeDetails
from wamp.payloads import Payload

if TYPE_CHECKING:
    from realms.broker import Subscription
    from realms.calls import PendingCall, Waiting
    from realms.realm import Realm
    from realms.realms import Realms
    from realms.registrations import Registration

INBOX_LIMIT = 8
"""Messages that wait for an authenticator before the transport stops reading; one read may add what it had read."""

GOODBYE_DEADLINE = 5.0
"""Seconds that a peer has to confirm a GOODBYE."""

NO_DETAILS = ErrorDetails()

log = Logger(namespace="session")


class State(Enum):
    """Where a session is in its life; see the chart above."""

    CLOSED = "closed"
    ESTABLISHING = "establishing"
    CHALLENGING = "challenging"
    ESTABLISHED = "established"
    SHUTTING_DOWN = "shutting down"
    ENDED = "ended"


class Session:
    """A session on a transport. It is created before HELLO comes and is useless after its end."""

    __slots__ = (
        "_acts",
        "_deadline",
        "_inbox",
        "_judge",
        "_realms",
        "_state",
        "authid",
        "authmethod",
        "authprovider",
        "authrole",
        "callee",
        "caller",
        "calls",
        "can_cancel",
        "can_progress",
        "hears",
        "id",
        "invocations",
        "last_invocation",
        "last_request",
        "publisher",
        "realm",
        "registrations",
        "role",
        "roles",
        "streams",
        "subscriber",
        "subscriptions",
        "transport",
    )

    realm: "Realm"  # from HELLO on
    id: int  # from HELLO on
    roles: ClientRoles  # this and what follows from it, from HELLO on: what the peer announced
    publisher: Features
    subscriber: Features
    caller: Features
    callee: Features
    hears: int  # as subscriber: bits of `realms.publication`
    can_cancel: bool  # as callee
    can_progress: bool
    authid: str  # this and all below: while the session is established
    authrole: str
    authmethod: str
    authprovider: str
    role: Role
    last_request: int  # of the peer's requests, which share one sequence
    last_invocation: int  # of the router's, one sequence per callee
    subscriptions: dict[int, "Subscription"]
    registrations: dict[int, "Registration"]
    calls: dict[int, "Waiting"]  # as caller, by CALL.Request
    streams: dict[int, str]  # progressive calls that chunks may be late for, see `streams`
    invocations: dict[int, "PendingCall"]  # as callee, by INVOCATION.Request

    def __init__(self, realms: "Realms", transport: Transport) -> None:
        self.transport = transport
        self._realms = realms
        self._inbox: list[ClientMessage] = []
        self._judge: Callable[[Authenticate], Answer] | None = None  # while CHALLENGING
        self._enter(State.CLOSED)
        self._deadline: Timer | None = realms.clock.callLater(realms.deadlines.hello, self._late)

    @property
    def state(self) -> State:
        """Where the session is in its life."""
        return self._state

    def _enter(self, state: State) -> None:
        self._state = state
        self._acts = ACTS[state]

    # --- what the transport calls ---

    def receive(self, message: ClientMessage) -> None:
        """Act upon one message. Raises nothing but our own mistakes."""
        act = self._acts.get(type(message))
        try:
            if act is None:
                raise ProtocolViolation(self._out_of_place(message))
            act(self, message)
        except WampError as error:
            self._refuse(message, error)
        except ProtocolViolation as violation:
            self.violate(str(violation))

    def _out_of_place(self, message: ClientMessage) -> str:
        name = type(message).__name__.upper()
        if self._state is State.ESTABLISHED and type(message) in ROLE_OF:
            return f"{name} without the role {ROLE_OF[type(message)]}, which was not announced"
        return f"{name} in a session that is {self._state.value}"

    def violate(self, reason: str) -> None:
        """The peer broke the protocol: ABORT, drop everything of the session at once, process nothing more of it."""
        if self._state is State.ENDED:
            return
        log.info("protocol violation by {peer}: {reason}", peer=self.transport.details.get("peer", "?"), reason=reason)
        self._abort(PROTOCOL_VIOLATION, reason, endings.VIOLATION)

    def detach(self) -> None:
        """The transport is gone. Idempotent."""
        self._end()

    # --- what broker, dealer and realm call ---

    def send(self, message: Message) -> None:
        """Send a message that has no payload."""
        self.transport.send(self.transport.wire.encode(message))

    def frame(self, head: tuple[Any, ...], payload: Payload) -> bytes:
        """Encode `(code, ...)` with a payload for this session; raises WampError if the peer could not take it."""
        transport = self.transport
        try:
            frame = transport.wire.encode_with(head, payload)
        except Untranscodable as reason:
            raise WampError(INVALID_ARGUMENT, f"the peer's serializer cannot express the payload: {reason}") from None
        if len(frame) > transport.max_outgoing:
            limit = transport.max_outgoing
            raise WampError(PAYLOAD_SIZE_EXCEEDED, f"the message has {len(frame)} octets, the peer takes {limit}")
        return frame

    def send_error(self, request_type: int, request: int, error: WampError) -> None:
        """Send `[8, request_type, request, {}, error, arguments]`; a peer that takes no more gets no arguments."""
        wire = self.transport.wire
        arguments = wire.codec.dump(list(error.arguments)) if error.arguments else UNSET
        frame = wire.encode(Error(request_type, request, NO_DETAILS, error.uri, arguments))
        if len(frame) > self.transport.max_outgoing:
            frame = wire.encode(Error(request_type, request, NO_DETAILS, error.uri))
        self.transport.send(frame)

    def _refuse(self, message: ClientMessage, error: WampError) -> None:
        """Answer a request with ERROR; a PUBLISH that did not ask to be acknowledged is dropped in silence."""
        if isinstance(message, Publish) and not message.options.acknowledge:
            return
        if isinstance(message, Hello | Authenticate):
            self._abort(error.uri, str(error.arguments[0]), endings.REFUSED)
        elif isinstance(message, Publish | Subscribe | Unsubscribe | Call | Register | Unregister):
            self.send_error(CODES[type(message)], message.request, error)
        else:
            raise error  # nothing else can be refused: our mistake

    # --- joining ---

    def _hello(self, message: Hello) -> None:
        roles = joining.announced(message.details)
        realm = joining.find_realm(self._realms, message)
        method = joining.choose_method(realm, message)
        self.realm = realm
        self.id = self._realms.new_session_id()
        self._note(roles)
        self._enter(State.ESTABLISHING)
        applicant = Applicant(self.id, realm.name, message.details, self.transport.details)
        self._await(lambda: method.begin(applicant))

    def _note(self, roles: ClientRoles) -> None:
        """Keep what the peer announced: it decides what the router may send."""
        self.roles = roles
        self.publisher, self.subscriber = joining.features_of(roles.publisher), joining.features_of(roles.subscriber)
        self.caller, self.callee = joining.features_of(roles.caller), joining.features_of(roles.callee)
        self.hears = heard_by(self.subscriber)
        self.can_cancel = self.callee.can_cancel
        self.can_progress = self.callee.progressive_call_results and self.can_cancel

    def _authenticate(self, message: Authenticate) -> None:
        judge, self._judge = self._judge, None
        assert judge is not None  # noqa: S101 - CHALLENGING is entered with a judge only
        self._enter(State.ESTABLISHING)
        self._await(lambda: judge(message))

    def _await(self, step: Callable[[], Answer]) -> None:
        """Ask the authenticator, and act upon its answer; if that takes time, there is a deadline for it."""
        try:
            answer = step()
            if not isinstance(answer, Deferred):
                self._decided(answer)
                return
        except Exception:
            self._broke(Failure())
            return
        answer.addCallback(self._decided).addErrback(self._broke)
        if self._state is State.ESTABLISHING:
            self._set_deadline(self._realms.deadlines.authenticate)

    def _decided(self, outcome: Outcome) -> None:
        if self._state is not State.ESTABLISHING:
            return  # the peer left, or a deadline passed, while the authenticator was at work
        if isinstance(outcome, Accepted):
            self._welcome(outcome)
        elif isinstance(outcome, Challenged):
            self._judge = outcome.judge
            self._enter(State.CHALLENGING)
            self._set_deadline(self._realms.deadlines.authenticate)
            self.send(Challenge(outcome.authmethod, outcome.extra))
        else:
            self._abort(outcome.reason, outcome.message, endings.REFUSED)
        self._empty_inbox()

    def _broke(self, failure: Failure) -> None:
        """The authenticator failed, or we did acting upon its answer. The peer learns no more than that."""
        log.failure("authentication for realm {realm} failed", failure=failure, realm=self.realm.name)
        if self._state is State.ESTABLISHING:
            self._abort(AUTHENTICATION_FAILED, "the authenticator failed", endings.REFUSED)
        else:
            self._end()
            self.transport.close(endings.INTERNAL)

    def _welcome(self, identity: Accepted) -> None:
        """Check, open the session, then tell."""
        try:
            realm = joining.assigned_realm(self._realms, self.realm, identity)
        except WampError as error:
            self._abort(error.uri, str(error.arguments[0]), endings.REFUSED)
            return
        role = realm.roles.get(identity.authrole)
        if role is None:
            raise LookupError(f"realm '{realm.name}' has no role '{identity.authrole}'")
        self._set_deadline(None)
        self.realm = self._realms.admit(realm)
        self.authid, self.authrole, self.role = identity.authid, identity.authrole, role
        self.authmethod, self.authprovider = identity.authmethod, identity.authprovider
        self.last_request = self.last_invocation = 0
        self.subscriptions, self.registrations, self.calls, self.invocations = {}, {}, {}, {}
        self.streams = {}
        self._enter(State.ESTABLISHED)
        if self.realm.strict_roles:
            self._acts = acts_of(self.roles)
        self.realm.join(self)
        self._say_welcome(joining.welcome_details(self._realms, self.realm, identity))
        self.realm.events.joined(self)

    def _say_welcome(self, details: WelcomeDetails) -> None:
        """Send WELCOME; a peer that takes no more is not told the features."""
        frame = self.transport.wire.encode(Welcome(self.id, details))
        if len(frame) > self.transport.max_outgoing:
            frame = self.transport.wire.encode(Welcome(self.id, joining.without_features(details)))
        self.transport.send(frame)

    def _wait(self, message: ClientMessage) -> None:
        self._inbox.append(message)
        if len(self._inbox) == INBOX_LIMIT:
            self.transport.pause()

    def _empty_inbox(self) -> None:
        inbox, self._inbox = self._inbox, []
        for message in inbox:
            self.receive(message)
        if len(inbox) >= INBOX_LIMIT > len(self._inbox):
            self.transport.resume()

    # --- leaving ---

    def leave(self, reason: str, message: str | None = None) -> None:
        """Ask an established session to leave: GOODBYE, and until its answer nothing else is listened to."""
        if self._state is not State.ESTABLISHED:
            return
        self.realm.leave(self)
        self._enter(State.SHUTTING_DOWN)
        self._set_deadline(GOODBYE_DEADLINE)
        self.send(Goodbye(CloseDetails(message=UNSET if message is None else message), reason))

    def _goodbye(self, message: Goodbye) -> None:
        """The peer leaves: confirm. The transport may carry a new session afterwards."""
        self._end()
        self.send(Goodbye(CloseDetails(), CLOSE_GOODBYE_AND_OUT))
        self.transport.renew()

    def _parted(self, message: Goodbye) -> None:
        """The peer confirms our GOODBYE."""
        self._end()
        self.transport.close(endings.NORMAL)

    def _aborted(self, message: Abort) -> None:
        """The peer leaves at once; ABORT is never answered."""
        self._end()
        self.transport.close(endings.NORMAL)

    def _late(self) -> None:
        """A deadline passed: for HELLO, for AUTHENTICATE, or for the answer to GOODBYE."""
        self._deadline = None
        if self._state is State.CLOSED:
            self._end()
            self.transport.close(endings.LATE)
        elif self._state is State.SHUTTING_DOWN:
            self._end()
            self.transport.close(endings.NORMAL)
        else:
            self._abort(AUTHENTICATION_FAILED, "authentication took too long", endings.LATE)

    def _abort(self, reason: str, message: str, ending: endings.Ending) -> None:
        self._end()
        self.send(Abort(CloseDetails(message=message), reason))
        self.transport.close(ending)

    def _end(self) -> None:
        """The one place where a session ends: it is in no index any more, and listens to nothing."""
        state = self._state
        if state is State.ENDED:
            return
        self._enter(State.ENDED)
        self._inbox.clear()
        self._judge = None
        self._set_deadline(None)
        if state is State.ESTABLISHED:
            self.realm.leave(self)

    def _set_deadline(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self._realms.clock.callLater(seconds, self._late)

    def _ignore(self, message: ClientMessage) -> None:
        """Too late: the session is over, or its GOODBYE is on the way. Or of no consequence."""


Act = Callable[[Session, Any], None]

EVERY_MESSAGE: tuple[type[ClientMessage], ...] = get_args(ClientMessage)

ACTS: dict[State, dict[type[ClientMessage], Act]] = {
    State.CLOSED: {
        Hello: Session._hello,
        Abort: Session._aborted,
    },
    State.ESTABLISHING: dict.fromkeys(EVERY_MESSAGE, Session._wait),
    State.CHALLENGING: {
        Authenticate: Session._authenticate,
        Abort: Session._aborted,
    },
    State.ESTABLISHED: {
        Publish: requests.publish,
        Subscribe: requests.subscribe,
        Unsubscribe: requests.unsubscribe,
        EventReceived: requests.event_received,
        EventReceivedToo: requests.event_received,
        Call: requests.call,
        Cancel: requests.cancel,
        Register: requests.register,
        Unregister: requests.unregister,
        Yield: requests.yields,
        Error: requests.error,
        Goodbye: Session._goodbye,
        Abort: Session._aborted,
    },
    State.SHUTTING_DOWN: dict.fromkeys(EVERY_MESSAGE, Session._ignore)
    | {Goodbye: Session._parted, Abort: Session._aborted},
    State.ENDED: dict.fromkeys(EVERY_MESSAGE, Session._ignore),
}

ROLE_OF: dict[type[ClientMessage], str] = {
    Publish: "publisher",
    Subscribe: "subscriber",
    Unsubscribe: "subscriber",
    EventReceived: "subscriber",
    EventReceivedToo: "subscriber",
    Call: "caller",
    Cancel: "caller",
    Register: "callee",
    Unregister: "callee",
    Yield: "callee",
    Error: "callee",
}
"""The role in which a client sends each message; a realm with strict roles takes it from nobody else."""


@lru_cache(joining.MAX_KNOWN)
def acts_of(roles: ClientRoles) -> dict[type[ClientMessage], Act]:
    """What a session may send, once established, if it is held to the roles that it announced."""
    acts = ACTS[State.ESTABLISHED]
    return {
        kind: act for kind, act in acts.items() if kind not in ROLE_OF or getattr(roles, ROLE_OF[kind]) is not UNSET
    }
