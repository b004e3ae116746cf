"""A call that goes to several callees at once: `CALL.Options.runon` is `all`, or `partition` for those of one shard.

With runmode `gather`, the default, the caller gets one RESULT. Its one argument is the list of what the callees
yielded, in the order of their registration: a YIELD of one argument stands there as that argument, one of none as null,
and any other as `{"args": [...], "kwargs": {...}}`. With `progressive` every YIELD is passed on as a progressive RESULT
when it comes, and an empty RESULT ends the call.

The first ERROR of a callee ends the whole call: the caller gets that ERROR, the others are interrupted and what they
send is dropped. It is the one of the two ways in the draft that is written down to its end; whoever prefers to have
what succeeded has the callees yield their failures. Draft "Partitioned Registrations" of the spec.
"""

from typing import TYPE_CHECKING, Any

from realms import passthru
from realms.asking import Asking
from realms.calls import NO_RESULT_DETAILS, RESULT, PendingCall, Waiting
from realms.registrations import Offer
from wamp.errors import CANCELED, INVALID_ARGUMENT, TIMEOUT, Untranscodable, WampError
from wamp.options import CancelMode, ResultDetails, YieldOptions
from wamp.payloads import NO_PAYLOAD, Payload, payload_with

if TYPE_CHECKING:
    from realms.exchange import Exchange
    from realms.session import Session


class ParallelCall(Waiting, eq=False):
    """A call that several callees work at."""

    asking: Asking
    results: list[Any]
    """With gather: one place for each callee."""

    parts: dict["Part", None] = {}
    """Who has not answered yet."""

    def yielded(self, part: "Part", options: YieldOptions, payload: Payload) -> None:
        """A callee answered."""
        part.finish()
        limit = self.asking.limit
        try:
            part.check_passthru(options, payload)
            if self.asking.options.runmode != "progressive":
                self.results[part.place] = value_of(payload)
            else:
                details = ResultDetails(progress=True, **passthru.carried(options))
                frame = self.caller.frame((RESULT, self.request, details), payload)
                self.caller.transport.send(frame)
                if limit is not None:
                    limit.restart()
            if not self.parts:
                self._complete()
        except WampError as error:
            self.fail(error)
        except Untranscodable as reason:
            self.fail(WampError(INVALID_ARGUMENT, f"a result cannot be gathered: {reason}"))

    def _complete(self) -> None:
        gathered = self.asking.options.runmode != "progressive"
        payload = payload_with([self.results]) if gathered else NO_PAYLOAD
        frame = self.caller.frame((RESULT, self.request, NO_RESULT_DETAILS), payload)
        self.asking.end()
        self.caller.transport.send(frame)

    def cancel(self, mode: CancelMode) -> None:
        """See `Waiting.cancel`. `kill` waits only if every callee can be interrupted."""
        if mode == "kill" and all(part.callee.can_cancel for part in self.parts):
            for part in list(self.parts):
                part.interrupt(mode, CANCELED)
            return
        self.fail(WampError(CANCELED, "the caller canceled the call"), interrupt=mode != "skip")

    def abandon(self) -> None:
        """See `Waiting.abandon`."""
        self.asking.end()
        self.stop(CANCELED, spare=self.caller)

    def expire(self) -> None:
        """See `Waiting.expire`."""
        limit = self.asking.limit
        self.fail(WampError(TIMEOUT, f"not all callees answered within {limit.seconds if limit else 0:g} s"))

    def fail(self, error: WampError, *, interrupt: bool = True) -> None:
        """Answer the caller with an ERROR of the dealer, and stop all callees."""
        self.asking.fail(error)
        self.stop(error.uri, interrupt=interrupt)

    def stop(self, reason: str, *, interrupt: bool = True, spare: "Session | None" = None) -> None:
        """End what the callees have not answered: it is dropped when it comes. `spare` is not interrupted."""
        while self.parts:
            part = next(iter(self.parts))
            if interrupt and part.callee is not spare:
                part.interrupt("killnowait", reason)
            part.finish()


class Part(PendingCall, eq=False, kw_only=True):
    """What one callee does for a parallel call."""

    whole: ParallelCall
    place: int
    offer: Offer
    exchange: "Exchange"

    def answer(self, options: YieldOptions, payload: Payload) -> None:
        """See `PendingCall.answer`. Callees were not asked for progressive results."""
        if not options.progress:
            self.whole.yielded(self, options, payload)

    def forward(self, frame: bytes, reason: str) -> None:
        """See `PendingCall.forward`: the ERROR of one callee ends the call."""
        self.finish()
        self.whole.asking.end()
        self.whole.stop(reason)
        self.caller.transport.send(frame)

    def fail(self, error: WampError) -> None:
        """See `PendingCall.fail`."""
        self.finish()
        self.whole.fail(error)

    def finish(self) -> None:
        """See `PendingCall.finish`: this part of it."""
        del self.callee.invocations[self.invocation]
        del self.whole.parts[self]
        self.exchange.freed(self.offer, self.whole.asking.registration)


def value_of(payload: Payload) -> Any:
    """What stands for a YIELD among the gathered results; raises Untranscodable."""
    values = payload.load()
    args = values[0] if values else []
    kwargs = values[1] if len(values) > 1 else {}
    if kwargs or not isinstance(args, list) or len(args) > 1:
        return {"args": args, "kwargs": kwargs}
    return args[0] if args else None
