"""What a caller asked for in a CALL that is more than plain, kept until it is answered.

Such a call may wait in a queue, move on to another callee, go to several at once, or be made of many CALLs. What they
all share is here: the options of the first CALL, which count for the whole of it (section "Freezing of Options in
Progressive Call Invocations"), and the time limit.
"""

from typing import TYPE_CHECKING

from msgspec import Struct

from realms.calls import CALL
from realms.clock import Clock, Timer
from realms.registrations import Registration
from realms.streams import remember
from wamp.errors import WampError
from wamp.options import CallOptions
from wamp.payloads import Payload

if TYPE_CHECKING:
    from realms.session import Session


class TimeLimit:
    """How long a call may take: until the first result, and from one progressive result to the next."""

    __slots__ = ("_timer", "seconds")

    def __init__(self, clock: Clock, asking: "Asking", seconds: float) -> None:
        self.seconds = seconds
        self._timer: Timer | None = clock.callLater(seconds, self._expired, asking)

    def restart(self) -> None:
        """Start over."""
        if self._timer is not None:
            self._timer.reset(self.seconds)

    def stop(self) -> None:
        """The call is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expired(self, asking: "Asking") -> None:
        self._timer = None
        asking.expire()


class Asking(Struct, eq=False):
    """A CALL, without its octets."""

    caller: "Session"
    request: int
    procedure: str
    options: CallOptions
    registration: Registration
    payload: Payload
    """Kept as long as it may have to be sent again."""

    asked: list["Session"] = []
    """Callees that said that they are unavailable: none is asked twice."""

    limit: TimeLimit | None = None

    def expire(self) -> None:
        """Time is up."""
        call = self.caller.calls[self.request]
        call.expire()

    def fail(self, error: WampError) -> None:
        """Answer the caller with an ERROR of the dealer."""
        self.end()
        self.caller.send_error(CALL, self.request, error)

    def end(self) -> None:
        """The caller waits no longer."""
        del self.caller.calls[self.request]
        if self.limit is not None:
            self.limit.stop()
        if self.options.progress:
            remember(self.caller, self.request, self.procedure)
