"""One WAMP session, from HELLO to its end: the state machine, and what the realm keeps about the session.

Rules of this file. Everything that affects the state lives here, and the state is `Session.state` alone. `ACTS` at the
end is the machine: what a peer may send in which state, and what happens then. A message type that is absent is a
protocol violation, and there is no other place that decides so.

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
from typing import TYPE_CHECKING, Any, get_args

from msgspec import UNSET
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from realms import endings
from realms.authentication import Accepted, Answer, Applicant, Challenged, Outcome
from realms.clock import Timer
from realms.roles import Role
from realms.transport import Transport
from wamp.errors import (
    AUTHENTICATION_FAILED,
    CLOSE_GOODBYE_AND_OUT,
    INVALID_ARGUMENT,
    INVALID_URI,
    NO_MATCHING_AUTH_METHOD,
    NO_SUCH_REALM,
    PAYLOAD_SIZE_EXCEEDED,
    PROTOCOL_VIOLATION,
    ProtocolViolation,
    Untranscodable,
    WampError,
)
from wamp.ids import following
from wamp.messages import (
    CODES,
    Abort,
    Authenticate,
    Call,
    Cancel,
    Challenge,
    ClientMessage,
    Error,
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
from wamp.options import ClientRoles, CloseDetails, Features, HelloDetails, WelcomeDetails
from wamp.options import Role as RoleFeatures
from wamp.payloads import Payload
from wamp.uris import is_uri

if TYPE_CHECKING:
    from realms.broker import Subscription
    from realms.dealer import PendingCall
    from realms.realm import Realm, Realms
    from realms.registrations import Registration

INBOX_LIMIT = 8
"""Messages that wait for an authenticator before the transport stops reading; one read may add what it had read."""

GOODBYE_DEADLINE = 5.0
"""Seconds that a peer has to confirm a GOODBYE."""

NO_PASSTHRU = "payload passthru mode was not announced"

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
        "authrole",
        "calls",
        "can_cancel",
        "can_progress",
        "id",
        "invocations",
        "last_invocation",
        "last_request",
        "realm",
        "registrations",
        "role",
        "subscriptions",
        "transport",
    )

    realm: "Realm"  # from HELLO on
    id: int  # from HELLO on
    authid: str  # this and all below: while the session is established
    authrole: str
    role: Role
    can_cancel: bool
    can_progress: bool
    last_request: int  # of the peer's requests, which share one sequence
    last_invocation: int  # of the router's, one sequence per callee
    subscriptions: dict[int, "Subscription"]
    registrations: dict[int, "Registration"]
    calls: dict[int, "PendingCall"]  # as caller, by CALL.Request
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
                raise ProtocolViolation(f"{type(message).__name__.upper()} in a session that is {self._state.value}")
            act(self, message)
        except WampError as error:
            self._refuse(message, error)
        except ProtocolViolation as violation:
            self.violate(str(violation))

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
        frame = wire.encode(Error(request_type, request, {}, error.uri, arguments))
        if len(frame) > self.transport.max_outgoing:
            frame = wire.encode(Error(request_type, request, {}, error.uri))
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
        roles = message.details.roles
        if not isinstance(roles, ClientRoles) or roles == ClientRoles():
            raise ProtocolViolation("HELLO.Details.roles names no role of publisher, subscriber, caller, callee")
        if message.realm is not None and not is_uri(message.realm):
            raise WampError(INVALID_URI, "the realm is no valid URI")
        realm = self._realms.by_name.get(message.realm) if message.realm is not None else None
        if realm is None:
            named = "default realm" if message.realm is None else f"realm '{message.realm}'"
            raise WampError(NO_SUCH_REALM, f"there is no {named}")
        method = realm.methods.choose(message.details)
        if method is None:
            offered = ", ".join(realm.methods.offered)
            raise WampError(NO_MATCHING_AUTH_METHOD, f"realm '{realm.name}' offers: {offered}")
        self.realm = realm
        self.id = self._realms.new_session_id()
        self._announced(message.details)
        self._enter(State.ESTABLISHING)
        applicant = Applicant(self.id, realm.name, message.details, self.transport.details)
        self._await(lambda: method.begin(applicant))

    def _announced(self, details: HelloDetails) -> None:
        """Note what the peer can receive: only the features that change what the router sends."""
        callee = details.roles.callee if isinstance(details.roles, ClientRoles) else UNSET
        features = callee.features if isinstance(callee, RoleFeatures) else Features()
        self.can_cancel = features.call_canceling or features.call_cancelling
        self.can_progress = features.progressive_call_results and self.can_cancel

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
        role = self.realm.roles.get(identity.authrole)
        if role is None:
            raise LookupError(f"realm '{self.realm.name}' has no role '{identity.authrole}'")
        self._set_deadline(None)
        self.authid, self.authrole, self.role = identity.authid, identity.authrole, role
        self.last_request = self.last_invocation = 0
        self.subscriptions, self.registrations, self.calls, self.invocations = {}, {}, {}, {}
        self._enter(State.ESTABLISHED)
        self.realm.join(self)
        self.send(Welcome(self.id, self._welcome_details(identity)))

    def _welcome_details(self, identity: Accepted) -> WelcomeDetails:
        return WelcomeDetails(
            roles=self._realms.roles,
            realm=self.realm.name,
            authid=identity.authid,
            authrole=identity.authrole,
            authmethod=identity.authmethod,
            authprovider=identity.authprovider,
            agent=self._realms.agent if self._realms.agent is not None else UNSET,
            authextra=identity.authextra if identity.authextra is not None else UNSET,
        )

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

    # --- in session ---

    def _next_request(self, request: int) -> None:
        """Check that request ids count 1, 2, 3 ...; section "Identifiers"."""
        if request != self.last_request + 1 and self.realm.strict_request_ids:
            due = following(self.last_request)
            if request != due:
                raise ProtocolViolation(f"request id {request} where {due} is due")
        self.last_request = request

    def _publish(self, message: Publish) -> None:
        self._next_request(message.request)
        if message.options.ppt_scheme is not UNSET:
            raise ProtocolViolation(NO_PASSTHRU)
        self.realm.permit(self, "publish", message.topic)
        self.realm.broker.publish(self, message)

    def _subscribe(self, message: Subscribe) -> None:
        self._next_request(message.request)
        self.realm.permit_pattern(self, "subscribe", message.options.match, message.topic)
        self.realm.broker.subscribe(self, message)

    def _unsubscribe(self, message: Unsubscribe) -> None:
        self._next_request(message.request)
        self.realm.broker.unsubscribe(self, message)

    def _call(self, message: Call) -> None:
        self._next_request(message.request)
        if message.options.ppt_scheme is not UNSET:
            raise ProtocolViolation(NO_PASSTHRU)
        if message.options.progress:
            raise ProtocolViolation("progressive call invocations were not announced")
        self.realm.permit(self, "call", message.procedure)
        self.realm.dealer.call(self, message)

    def _cancel(self, message: Cancel) -> None:
        self.realm.dealer.cancel(self, message)

    def _register(self, message: Register) -> None:
        self._next_request(message.request)
        self.realm.permit_pattern(self, "register", message.options.match, message.procedure)
        self.realm.dealer.register(self, message)

    def _unregister(self, message: Unregister) -> None:
        self._next_request(message.request)
        self.realm.dealer.unregister(self, message)

    def _yield(self, message: Yield) -> None:
        if message.options.ppt_scheme is not UNSET:
            raise ProtocolViolation(NO_PASSTHRU)
        self.realm.dealer.answer(self, message)

    def _error(self, message: Error) -> None:
        self.realm.dealer.fail(self, message)

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
        """Too late: the session is over, or its GOODBYE is on the way."""


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
        Publish: Session._publish,
        Subscribe: Session._subscribe,
        Unsubscribe: Session._unsubscribe,
        Call: Session._call,
        Cancel: Session._cancel,
        Register: Session._register,
        Unregister: Session._unregister,
        Yield: Session._yield,
        Error: Session._error,
        Goodbye: Session._goodbye,
        Abort: Session._aborted,
    },
    State.SHUTTING_DOWN: dict.fromkeys(EVERY_MESSAGE, Session._ignore)
    | {Goodbye: Session._parted, Abort: Session._aborted},
    State.ENDED: dict.fromkeys(EVERY_MESSAGE, Session._ignore),
}
