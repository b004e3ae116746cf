"""One WAMP session, from HELLO to its end: the state machine.

Rules of this file. Everything that affects the state lives here, and the state is `Session.state` alone. `ACTS` at the
end is the machine: what a peer may send in which state, and what happens then. A message type that is absent is a
protocol violation, and there is no other place that decides so. What needs no state is elsewhere: `participant` is what
the realm keeps about a session, `joining` reads HELLO and writes WELCOME, `requests` checks what an established session
asks for.

The states and the ways between them are charted in `states`.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, get_args

from msgspec import UNSET
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from realms import endings, joining, parking, requests
from realms.audit import entry_about, failed_login
from realms.authentication import Accepted, Answer, Applicant, Challenged, Outcome
from realms.authorization import Ruling, Undecided
from realms.clock import Timer
from realms.held import Held
from realms.inquiries import Unanswered
from realms.lease import Lease
from realms.participant import Participant
from realms.states import State
from realms.transport import Transport
from wamp.errors import (
    AUTHENTICATION_FAILED,
    CLOSE_GOODBYE_AND_OUT,
    PROTOCOL_VIOLATION,
    ProtocolViolation,
    WampError,
)
from wamp.messages import (
    CODES,
    ROLE_OF,
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
    Publish,
    Register,
    Subscribe,
    Unregister,
    Unsubscribe,
    Welcome,
    Yield,
)
from wamp.options import ClientRoles, CloseDetails, WelcomeDetails

if TYPE_CHECKING:
    from realms.realms import Realms

INBOX_LIMIT = 8
"""Messages that wait for an authenticator or authorizer before the transport stops reading; one read may add what it
had read."""

GOODBYE_DEADLINE = 5.0
"""Seconds that a peer has to confirm a GOODBYE."""

log = Logger(namespace="session")


class Session(Participant):
    """A session on a transport. It is created before HELLO comes and is useless after its end."""

    __slots__ = (
        "_acts",
        "_applicant",
        "_awaited",
        "_deadline",
        "_held",
        "_inbox",
        "_judge",
        "_realms",
        "_state",
    )

    def __init__(self, realms: "Realms", transport: Transport) -> None:
        super().__init__(transport)
        self._realms = realms
        self._inbox: list[ClientMessage] = []
        self._applicant: Applicant | None = None  # while ESTABLISHING or CHALLENGING
        self._awaited: Deferred[Any] | None = None  # while ESTABLISHING: the authenticator's answer
        self._held: Held | None = None  # while HELD
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
        except Undecided as undecided:
            self._hold(message, undecided)

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
        """The transport is gone: wait for the peer to come back if that was agreed upon. Idempotent."""
        if self._state in (State.ESTABLISHED, State.HELD) and self.ticket:
            self._pause()
        elif self._state is not State.PAUSED:
            self._end()

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
        asked = message.details.resume
        if asked is not None:
            parking.find_session(self._realms, message, asked, self.transport).resume(self.transport)
            self._end()
            return
        roles = joining.announced(message.details)
        realm = joining.find_realm(self._realms, message)
        id = self._realms.new_session_id()
        applicant = Applicant(id, realm.name, message.details, self.transport.details, self.transport.evidence())
        method = joining.choose_method(realm, applicant)
        self.realm = realm
        self.id = id
        self.authmethod = method.name
        self._applicant = applicant
        self.announce(roles)
        self.ticket = self._realms.new_ticket() if message.details.resumable else ""
        self._enter(State.ESTABLISHING)
        self._await(lambda: method.begin(applicant))

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
        self._awaited = answer
        answer.addCallback(self._decided).addErrback(self._broke)
        if self._state is State.ESTABLISHING:
            self._set_deadline(self._realms.deadlines.authenticate)

    def _decided(self, outcome: Outcome) -> None:
        if self._state is not State.ESTABLISHING:
            return  # the peer left, or a deadline passed, while the authenticator was at work
        self._awaited = None
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
        if self._state is State.ENDED and failure.check(CancelledError):
            return  # nobody waits for it any more
        if not failure.check(Unanswered):  # that has been logged, and is nobody's mistake
            log.failure("authentication for realm {realm} failed", failure=failure, realm=self.realm.name)
        if self._state is State.ESTABLISHING:
            self._turn_away(AUTHENTICATION_FAILED, "the authenticator failed", endings.REFUSED)
        else:
            self._end()
            self.transport.close(endings.INTERNAL)

    def _welcome(self, identity: Accepted) -> None:
        """Check, open the session, then tell."""
        try:
            realm = joining.assigned_realm(self._realms, self.realm, identity)
            role = joining.assigned_role(realm, identity)
        except WampError as error:
            self._turn_away(error.uri, str(error.arguments[0]), endings.REFUSED)
            return
        self._set_deadline(None)
        self.realm = self._realms.admit(realm)
        self.authid, self.authrole = identity.authid, identity.authrole
        self.assume(role)
        self.authmethod, self.authprovider = identity.authmethod, identity.authprovider
        self.credential = identity.credential
        if identity.expires is not None:
            self.lease = Lease(self, identity.expires)
        self.last_request = self.last_invocation = 0
        self.subscriptions, self.registrations, self.calls, self.invocations = {}, {}, {}, {}
        self.streams = {}
        if not self.realm.parking.is_open:
            self.ticket = ""
        self._establish()
        self._applicant = None
        self.realm.join(self)
        self.realm.record(entry_about(self, "login", "success"))
        self._say_welcome(joining.welcome_details(self._realms, self.realm, identity, self.ticket))
        self.realm.events.joined(self)

    def _establish(self) -> None:
        self._enter(State.ESTABLISHED)
        if self.realm.strict_roles:
            self._acts = acts_of(self.roles)

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
        """Act upon what waits, in order, until something has to wait again."""
        waited = len(self._inbox)
        while self._inbox and self._state not in (State.ESTABLISHING, State.HELD):
            self.receive(self._inbox.pop(0))
        if waited >= INBOX_LIMIT > len(self._inbox):
            self.transport.resume()

    # --- being held ---

    def _hold(self, message: Any, undecided: Undecided) -> None:
        """A request is for the authorizer to decide. A request may hold the session more than once."""
        held = self._held
        if held is None or held.message is not message:
            held = self._held = Held(message)
        self._enter(State.HELD)
        ruling = held.ask(self, undecided)
        if isinstance(ruling, Deferred):
            ruling.addCallback(self._released, held).addErrback(self._stumbled)
        else:
            self._ruled(ruling, held)

    def _released(self, ruling: Ruling, held: Held) -> None:
        if self._held is held:  # else the session is over, or will ask again
            self._ruled(ruling, held)
            self._empty_inbox()

    def _ruled(self, ruling: Ruling, held: Held) -> None:
        """Do the request from the start, by what was decided; or refuse it if nothing was."""
        self._establish()
        if isinstance(ruling, WampError):
            self._held = None
            self._refuse(held.message, ruling)
            return
        self.last_request = held.message.request - 1  # it was counted already
        with held.decided(ruling, self.role):
            self.receive(held.message)
        if self._state is not State.HELD:
            self._held = None

    def _put_back(self) -> None:
        """Forget that the authorizer is asked: the request is the first that is done when the peer is back."""
        held = self._let_go()
        if held is not None:
            self._inbox.insert(0, held.message)
            self.last_request = held.message.request - 1

    def _let_go(self) -> Held | None:
        held, self._held = self._held, None
        if held is not None:
            held.withdraw()
        return held

    def _cancel_held(self, message: Cancel) -> None:
        """A call that is under way can be canceled; one that waits has to be made before."""
        if message.request in self.calls:
            requests.cancel(self, message)
        else:
            self._wait(message)

    def _stumbled(self, failure: Failure) -> None:
        """We made a mistake acting upon what waited."""
        log.failure("a session of realm {realm} failed", failure=failure, realm=self.realm.name)
        self._end()
        self.transport.close(endings.INTERNAL)

    # --- pausing ---

    def _pause(self) -> None:
        """Wait for the peer on a transport that keeps what it is to be sent; end if there is no room for that."""
        parked = self.realm.parking.park(self.transport, self._end)
        if parked is None:
            self._end()
            return
        self._put_back()
        self.transport = parked
        self._enter(State.PAUSED)
        self.realm.testaments.publish(self, ("detached",))

    def resume(self, transport: Transport) -> None:
        """The peer is back on another transport: WELCOME, what was kept, and on; raises WampError if some is lost.

        It may be back before the loss of the old transport was noticed; others shall see no difference.
        """
        was_paused = self._state is State.PAUSED
        kept = parking.take_over(self, transport)
        self._put_back()
        self.transport = transport
        self.ticket = self._realms.new_ticket()
        self._establish()
        transport.carry(self)
        self.send(Welcome(self.id, WelcomeDetails(resumed=True, resumable=True, resume_ticket=self.ticket)))
        for frame in kept:
            transport.send(frame)
        if not was_paused:
            self.realm.testaments.publish(self, ("detached",))
        if len(self._inbox) >= INBOX_LIMIT:  # while the session was held, its lost connection was not read from
            transport.pause()
        self._empty_inbox()

    # --- leaving ---

    def leave(self, reason: str, message: str | None = None) -> None:
        """Ask an established session to leave: GOODBYE, and until its answer nothing else is listened to."""
        if self._state is State.PAUSED:
            self._end()
        if self._state not in (State.ESTABLISHED, State.HELD):
            return
        self._let_go()
        if len(self._inbox) >= INBOX_LIMIT:
            self.transport.resume()  # to hear its GOODBYE
        self._inbox.clear()
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
            self._turn_away(AUTHENTICATION_FAILED, "authentication took too long", endings.LATE)

    def _turn_away(self, reason: str, message: str, ending: endings.Ending) -> None:
        """Refuse somebody whom the method did not refuse, which is on record already."""
        assert self._applicant is not None  # noqa: S101 - there is one until it is admitted
        self.realm.record(failed_login(self._applicant, self.authmethod, message))
        self._abort(reason, message, ending)

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
        self._judge = self._applicant = None
        awaited, self._awaited = self._awaited, None
        if awaited is not None:
            awaited.cancel()
        self._let_go()
        self._set_deadline(None)
        if self.lease is not None:
            self.lease.cancel()
        if state is State.PAUSED:
            self.transport.close(endings.NORMAL)
        if state in (State.ESTABLISHED, State.HELD, State.PAUSED):
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
    State.HELD: dict.fromkeys(EVERY_MESSAGE, Session._wait)
    | {
        Yield: requests.yields,
        Error: requests.error,
        Cancel: Session._cancel_held,
        Abort: Session._aborted,
    },
    State.PAUSED: dict.fromkeys(EVERY_MESSAGE, Session._ignore),
    State.SHUTTING_DOWN: dict.fromkeys(EVERY_MESSAGE, Session._ignore)
    | {Goodbye: Session._parted, Abort: Session._aborted},
    State.ENDED: dict.fromkeys(EVERY_MESSAGE, Session._ignore),
}


@lru_cache(joining.MAX_KNOWN)
def acts_of(roles: ClientRoles) -> dict[type[ClientMessage], Act]:
    """What a session may send, once established, if it is held to the roles that it announced."""
    acts = ACTS[State.ESTABLISHED]
    return {
        kind: act for kind, act in acts.items() if kind not in ROLE_OF or getattr(roles, ROLE_OF[kind]) is not UNSET
    }
