"""A call between its CALL and its answer: what a caller waits for, and what a callee works at.

Every CALL that was accepted is answered exactly once: by the callee's RESULT or ERROR, or by an ERROR of the dealer
when the call is canceled, runs out of time, or loses its callee. `finish` is the one place where a call ends; an
answer that comes after it is dropped.

This file has the plain call, one INVOCATION and one answer. What asks for more is an `exchange` matter: `SpecialCall`
in `special_calls`, `ParallelCall` in `parallel`, `QueuedCall` in `call_queue`. `Waiting` is what they have in common.
"""

from typing import TYPE_CHECKING

from msgspec import UNSET, Struct

from realms import passthru
from wamp.errors import CANCELED, INVALID_URI, ProtocolViolation, WampError
from wamp.messages import CODES, Call, Error, Interrupt, Invocation, Result, Yield
from wamp.options import CancelMode, ErrorDetails, InterruptOptions, ResultDetails, YieldOptions
from wamp.payloads import Payload
from wamp.uris import is_uri

if TYPE_CHECKING:
    from realms.session import Session

CALL, ERROR, INVOCATION, RESULT, YIELD = CODES[Call], CODES[Error], CODES[Invocation], CODES[Result], CODES[Yield]
NO_RESULT_DETAILS, NO_ERROR_DETAILS = ResultDetails(), ErrorDetails()


class Waiting(Struct, eq=False):
    """What a caller waits for; known to it by `request`."""

    caller: "Session"
    request: int

    def cancel(self, mode: CancelMode) -> None:
        """The caller sent CANCEL: `skip` frees it, `kill` asks the callee and waits, `killnowait` does both."""
        raise NotImplementedError

    def abandon(self) -> None:
        """The caller left: nobody is to be answered, the work is to stop."""
        raise NotImplementedError

    def expire(self) -> None:
        """Its time is up; plain calls may take forever."""
        raise NotImplementedError

    def proceed(self, message: Call) -> None:
        """Another CALL came under the same id: that is for a progressive call only."""
        raise ProtocolViolation(f"CALL {message.request} is still under way")


class PendingCall(Waiting, eq=False):
    """A call that one callee works at; known to that callee by `invocation`."""

    callee: "Session"
    invocation: int

    interrupted: bool = False
    """A callee gets one INTERRUPT at most; a second one breaks some clients."""

    # --- how the callee ends it ---

    def answer(self, options: YieldOptions, payload: Payload) -> None:
        """The callee sent YIELD: the caller gets RESULT."""
        if options.progress:
            self.progress(options, payload)
            return
        try:
            if options.ppt_scheme is UNSET and options.enc_algo is UNSET and options.forward_for is UNSET:
                frame = self.caller.frame((RESULT, self.request, NO_RESULT_DETAILS), payload)
            else:
                frame = self.result(options, payload)
        except WampError as error:  # the caller cannot take this result, and must get an answer nonetheless
            self.fail(error)
            return
        self.finish()
        self.caller.transport.send(frame)

    def progress(self, options: YieldOptions, payload: Payload) -> None:
        """Drop a progressive result: the callee was not asked for any, and the caller would not know what to do."""

    def result(self, options: YieldOptions, payload: Payload) -> bytes:
        """Encode RESULT; raises WampError if the caller cannot take it."""
        self.check_passthru(options, payload)
        details = ResultDetails(progress=options.progress, **passthru.carried(options))
        return self.caller.frame((RESULT, self.request, details), payload)

    def check_passthru(self, options: YieldOptions, payload: Payload) -> None:
        """Tell a callee whose passthru payload the caller cannot take; raises WampError, for the caller."""
        try:
            passthru.check_receiver(self.caller.caller, options, payload)
        except WampError as error:
            self.callee.send_error(YIELD, self.invocation, error)
            raise

    def error(self, message: Error, payload: Payload) -> None:
        """The callee sent ERROR: the caller gets it as it is."""
        if not is_uri(message.error):  # the caller's library might choke on it
            self.fail(WampError(INVALID_URI, "the callee answered with an error that is no valid URI"))
            return
        details = message.details
        try:
            if details != NO_ERROR_DETAILS:
                details = ErrorDetails(**passthru.carried(details))
                payload = passthru.legible(self.caller.caller, payload)
            frame = self.caller.frame((ERROR, CALL, self.request, details, message.error), payload)
        except WampError as error:
            self.fail(error)
            return
        self.caller.realm.errors += 1
        self.forward(frame, message.error)

    def forward(self, frame: bytes, reason: str) -> None:
        """Send the caller the ERROR of the callee."""
        self.finish()
        self.caller.transport.send(frame)

    def orphan(self) -> None:
        """The callee left."""
        self.fail(WampError(CANCELED, "the callee left before it answered"))

    # --- how it ends otherwise ---

    def cancel(self, mode: CancelMode) -> None:
        """See `Waiting.cancel`. A callee that cannot be interrupted is skipped."""
        if mode == "kill" and self.callee.can_cancel:
            self.interrupt(mode, CANCELED)
            return
        if mode != "skip":
            self.interrupt(mode, CANCELED)
        self.fail(WampError(CANCELED, "the caller canceled the call"))

    def abandon(self) -> None:
        """See `Waiting.abandon`; section "Caller Leaving During an RPC Invocation"."""
        if self.callee is not self.caller:
            self.interrupt("killnowait", CANCELED)
        self.finish()

    def interrupt(self, mode: CancelMode, reason: str) -> None:
        """Send INTERRUPT to a callee that announced call canceling."""
        if self.callee.can_cancel and not self.interrupted:
            self.interrupted = True
            self.callee.send(Interrupt(self.invocation, InterruptOptions(mode=mode, reason=reason)))

    def fail(self, error: WampError) -> None:
        """Answer the caller with an ERROR of the dealer."""
        self.finish()
        self.caller.send_error(CALL, self.request, error)

    def finish(self) -> None:
        """The one place where a call ends: whatever comes for it later is dropped."""
        del self.caller.calls[self.request]
        del self.callee.invocations[self.invocation]
