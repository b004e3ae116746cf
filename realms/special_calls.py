"""A call that one callee works at, and that is more than plain.

"Progressive Call Results", "Progressive Call Invocations", "Call Timeout" and "Call Re-Routing" of the advanced
profile, and the concurrency limit of a callee.
"""

from typing import TYPE_CHECKING

from msgspec import structs

from realms import passthru
from realms.asking import Asking
from realms.calls import INVOCATION, PendingCall
from realms.registrations import Offer
from wamp.errors import TIMEOUT, UNAVAILABLE, WampError
from wamp.messages import Call, Error
from wamp.options import InvocationDetails, YieldOptions
from wamp.payloads import NO_PAYLOAD, Payload, payload_of

if TYPE_CHECKING:
    from realms.exchange import Exchange


class SpecialCall(PendingCall, eq=False, kw_only=True):
    """See above. It stays the same call for the caller when it moves on to another callee."""

    asking: Asking
    exchange: "Exchange"
    offer: Offer

    details: InvocationDetails
    """Of the first INVOCATION; the others differ in `progress` alone."""

    incoming: bool
    """The caller has more to send."""

    movable: bool
    """No other callee could tell the difference: neither a second chunk nor a result has passed."""

    # --- what the callee sends ---

    def progress(self, options: YieldOptions, payload: Payload) -> None:
        """Send a progressive RESULT if the callee was asked for them."""
        if not self.details.receive_progress:
            return
        try:
            frame = self.result(options, payload)
        except WampError as error:
            self.interrupt("killnowait", error.uri)
            self.fail(error)
            return
        self._settle()
        if self.asking.limit is not None:
            self.asking.limit.restart()
        self.caller.transport.send(frame)

    def error(self, message: Error, payload: Payload) -> None:
        """A callee that is unavailable makes room for another, unless the call is canceled anyway."""
        if message.error == UNAVAILABLE and self.movable and self.callee.callee.call_reroute and not self.interrupted:
            self.asking.asked.append(self.callee)
            del self.callee.invocations[self.invocation]
            self.exchange.connect(self.asking)
            self.exchange.freed(self.offer, self.asking.registration)
        else:
            super().error(message, payload)

    # --- what the caller sends ---

    def proceed(self, message: Call) -> None:
        """Send one more INVOCATION under the same id to the same callee; section "Progressive Call Invocations"."""
        if not self.incoming or message.procedure != self.asking.procedure:
            super().proceed(message)
        self.incoming = message.options.progress
        if self.interrupted:
            return  # the callee was told to stop
        details = self.details if self.incoming else structs.replace(self.details, progress=False)
        head = (INVOCATION, self.invocation, self.asking.registration.id, details)
        payload = payload_of(self.caller.transport.wire.codec, message)
        try:
            passthru.check_chunk(self.asking.options, payload)
            frame = self.callee.frame(head, payload)
        except WampError as error:
            self.interrupt("killnowait", error.uri)
            self.fail(error)
            return
        self._settle()
        if self.asking.limit is not None:
            self.asking.limit.restart()
        self.callee.transport.send(frame)

    # --- how it ends ---

    def expire(self) -> None:
        """See `Waiting.expire`."""
        self.interrupt("killnowait", TIMEOUT)
        limit = self.asking.limit
        self.fail(WampError(TIMEOUT, f"no answer within {limit.seconds if limit else 0:g} s"))

    def finish(self) -> None:
        """See `PendingCall.finish`."""
        self.asking.end()
        del self.callee.invocations[self.invocation]
        self.exchange.freed(self.offer, self.asking.registration)

    def _settle(self) -> None:
        """From now on only this callee can answer."""
        self.movable = False
        self.asking.payload = NO_PAYLOAD
