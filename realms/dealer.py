"""The dealer: registrations, and the way of a call to a callee and of the answer back.

Chapter "Remote Procedure Calls" of the basic profile; "Progressive Call Results", "Call Timeout", "Call Canceling",
"Pattern-based Registration" and "Shared Registration" of the advanced profile.

Every CALL that was accepted is answered exactly once: by the callee's RESULT or ERROR, or by an ERROR of the dealer
when the call is canceled, runs out of time, or loses its callee. `_finish` is the one place where a call ends; an
answer that comes after it is dropped.
"""

from random import Random
from typing import Any

from msgspec import Struct

from realms.clock import Clock, Timer
from realms.patterns import PatternIndex
from realms.registrations import Registration
from realms.session import Session
from wamp.errors import (
    CANCELED,
    INVALID_URI,
    NO_SUCH_PROCEDURE,
    NO_SUCH_REGISTRATION,
    PROCEDURE_ALREADY_EXISTS,
    TIMEOUT,
    ProtocolViolation,
    WampError,
)
from wamp.ids import following, random_id
from wamp.messages import (
    CODES,
    Call,
    Cancel,
    Error,
    Interrupt,
    Invocation,
    Register,
    Registered,
    Result,
    Unregister,
    Unregistered,
    Yield,
)
from wamp.options import (
    CancelMode,
    Features,
    InterruptOptions,
    InvocationDetails,
    ResultDetails,
)
from wamp.payloads import Payload, payload_of
from wamp.uris import is_reserved, is_uri

FEATURES = Features(
    progressive_call_results=True,
    call_canceling=True,
    call_timeout=True,
    pattern_based_registration=True,
    shared_registration=True,
)

CALL, ERROR, INVOCATION, RESULT = CODES[Call], CODES[Error], CODES[Invocation], CODES[Result]
NO_INVOCATION_DETAILS, NO_RESULT_DETAILS, PROGRESS = InvocationDetails(), ResultDetails(), ResultDetails(progress=True)


class PendingCall(Struct, eq=False):
    """A call between its INVOCATION and its answer; known to the caller by `request`, to the callee by `invocation`."""

    caller: Session
    request: int
    callee: Session
    invocation: int
    progressive: bool
    """The callee was told that it may send progressive results."""

    interrupted: bool = False
    """A callee gets one INTERRUPT at most; a second one breaks some clients."""

    timeout: float = 0.0
    """Seconds until the first result and between results; 0 for none."""

    timer: Timer | None = None


class Dealer:
    """The dealer of one realm."""

    def __init__(self, clock: Clock, random: Random) -> None:
        self._clock = clock
        self._random = random
        self._index: PatternIndex[Registration] = PatternIndex()
        self._by_id: dict[int, Registration] = {}

    def __len__(self) -> int:
        """How many registrations there are."""
        return len(self._by_id)

    # --- registrations ---

    def register(self, session: Session, message: Register) -> None:
        """Answer REGISTER with REGISTERED; a shared registration takes further callees under the same policy."""
        match, uri, invoke = message.options.match, message.procedure, message.options.invoke
        registration = self._index.get(match, uri)
        if registration is not None:
            self._check_shareable(registration, session, message)
        else:
            registration = Registration(self._registration_id(), match, uri, invoke)
            self._index.add(match, uri, registration)
            self._by_id[registration.id] = registration
        registration.add(session)
        session.registrations[registration.id] = registration
        session.send(Registered(message.request, registration.id))

    def unregister(self, session: Session, message: Unregister) -> None:
        """Answer UNREGISTER with UNREGISTERED; invocations under way may still be answered."""
        registration = session.registrations.get(message.registration)
        if registration is None:
            raise WampError(NO_SUCH_REGISTRATION, f"this session has no registration {message.registration}")
        self._remove(session, registration)
        session.send(Unregistered(message.request))

    def _check_shareable(self, registration: Registration, session: Session, message: Register) -> None:
        uri, invoke = message.procedure, message.options.invoke
        if session in registration.callees:
            raise WampError(PROCEDURE_ALREADY_EXISTS, f"this session has already registered '{uri}'")
        if registration.invoke != invoke:
            reason = f"'{uri}' is registered with invocation policy '{registration.invoke}', not '{invoke}'"
            raise WampError(PROCEDURE_ALREADY_EXISTS, reason)
        if invoke == "single":
            raise WampError(PROCEDURE_ALREADY_EXISTS, f"'{uri}' is already registered")

    def _remove(self, session: Session, registration: Registration) -> None:
        del session.registrations[registration.id]
        registration.remove(session)
        if not registration.callees:
            self._index.remove(registration.match, registration.uri)
            del self._by_id[registration.id]

    def _registration_id(self) -> int:
        while (id := random_id(self._random)) in self._by_id:
            pass
        return id

    # --- the way of a call ---

    def call(self, session: Session, message: Call) -> None:
        """Send INVOCATION to the callee that the best registration and its policy name.

        A pattern never captures the router's own procedures, `wamp.*`.
        """
        options = message.options
        if message.request in session.calls:
            raise ProtocolViolation(f"CALL {message.request} is still under way")
        registration = self._index.best(message.procedure)
        if registration is None or (registration.match != "exact" and is_reserved(message.procedure)):
            raise WampError(NO_SUCH_PROCEDURE, f"no callee registered for procedure '{message.procedure}'")
        callee = registration.next_callee(self._random)
        progressive = options.receive_progress and callee.can_progress
        if registration.match == "exact" and not progressive:
            details = NO_INVOCATION_DETAILS
        elif registration.match == "exact":
            details = InvocationDetails(receive_progress=True)
        else:
            details = InvocationDetails(procedure=message.procedure, receive_progress=progressive)
        invocation = following(callee.last_invocation)
        head = (INVOCATION, invocation, registration.id, details)
        frame = callee.frame(head, payload_of(session.transport.wire.codec, message))

        callee.last_invocation = invocation
        call = PendingCall(session, message.request, callee, invocation, progressive)
        session.calls[message.request] = call
        callee.invocations[invocation] = call
        if options.timeout:
            call.timeout = options.timeout / 1000
            call.timer = self._clock.callLater(call.timeout, self._timed_out, call)
        callee.transport.send(frame)

    def answer(self, session: Session, message: Yield) -> None:
        """Send RESULT for a callee's YIELD; drop it if the caller has had its answer."""
        call = self._pending(session, message.request, "YIELD")
        if call is None:
            return
        progress = message.options.progress
        if progress and not call.progressive:
            return  # the callee was not asked for progress: the caller would not know what to do with it
        details = PROGRESS if progress else NO_RESULT_DETAILS
        head = (RESULT, call.request, details)
        try:
            frame = call.caller.frame(head, payload_of(session.transport.wire.codec, message))
        except WampError as error:  # the caller cannot take this result, and must get an answer nonetheless
            if progress:
                self._interrupt(call, "killnowait", error.uri)
            self._fail(call, error)
            return
        if not progress:
            self._finish(call)
        elif call.timer is not None:
            call.timer.reset(call.timeout)
        call.caller.transport.send(frame)

    def fail(self, session: Session, message: Error) -> None:
        """Send ERROR for a callee's ERROR; drop it if the caller has had its answer."""
        if message.request_type != INVOCATION:
            raise ProtocolViolation(f"ERROR for a request of type {message.request_type} is not for a client to send")
        call = self._pending(session, message.request, "ERROR")
        if call is None:
            return
        if not is_uri(message.error):  # the caller's library might choke on it
            self._fail(call, WampError(INVALID_URI, "the callee answered with an error that is no valid URI"))
            return
        payload = payload_of(session.transport.wire.codec, message)
        self._finish(call)
        self._send_error(call, message.error, payload)

    def _pending(self, callee: Session, invocation: int, name: str) -> PendingCall | None:
        """The call that this callee answers; None if it is answered already, which is a race and no fault."""
        call = callee.invocations.get(invocation)
        if call is None and invocation > callee.last_invocation:
            raise ProtocolViolation(f"{name} for invocation {invocation}, which was never sent")
        return call

    # --- calls that end in another way ---

    def cancel(self, session: Session, message: Cancel) -> None:
        """End a call early: `skip` frees the caller, `kill` asks the callee and waits for it, `killnowait` does both.

        A callee that cannot be interrupted is skipped. A call that is answered already is left alone: that is a race.
        """
        call = session.calls.get(message.request)
        if call is None:
            return
        mode = message.options.mode
        if mode == "kill" and call.callee.can_cancel:
            self._interrupt(call, mode, CANCELED)
            return
        if mode != "skip":
            self._interrupt(call, mode, CANCELED)
        self._fail(call, WampError(CANCELED, "the caller canceled the call"))

    def detach(self, session: Session) -> None:
        """Forget a session that leaves: its callees are interrupted, its callers answered, its registrations go."""
        for call in list(session.calls.values()):
            self._finish(call)
            if call.callee is not session:
                self._interrupt(call, "killnowait", CANCELED)
        for call in list(session.invocations.values()):
            self._fail(call, WampError(CANCELED, "the callee left before it answered"))
        for registration in list(session.registrations.values()):
            self._remove(session, registration)

    def _timed_out(self, call: PendingCall) -> None:
        call.timer = None
        self._interrupt(call, "killnowait", TIMEOUT)
        self._fail(call, WampError(TIMEOUT, f"no answer within {call.timeout:g} s"))

    def _interrupt(self, call: PendingCall, mode: CancelMode, reason: str) -> None:
        if call.callee.can_cancel and not call.interrupted:
            call.interrupted = True
            call.callee.send(Interrupt(call.invocation, InterruptOptions(mode=mode, reason=reason)))

    def _fail(self, call: PendingCall, error: WampError) -> None:
        self._finish(call)
        call.caller.send_error(CALL, call.request, error)

    def _finish(self, call: PendingCall) -> None:
        """The one place where a call ends: whatever comes for it later is dropped."""
        del call.caller.calls[call.request]
        del call.callee.invocations[call.invocation]
        if call.timer is not None:
            call.timer.cancel()
            call.timer = None

    def _send_error(self, call: PendingCall, uri: str, payload: Payload) -> None:
        head: tuple[Any, ...] = (ERROR, CALL, call.request, {}, uri)
        try:
            call.caller.transport.send(call.caller.frame(head, payload))
        except WampError as error:
            call.caller.send_error(CALL, call.request, error)
