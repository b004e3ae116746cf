"""Calls that wait because every callee of their registration works at as many calls as it takes.

`REGISTER.Options.concurrency` is Crossbar's, as is the queue. A queued call is as good as any other: it can be
canceled, it runs out of time, and it goes when its caller goes.
"""

from collections.abc import Callable

from realms.asking import Asking
from realms.calls import Waiting
from wamp.errors import CANCELED, NO_AVAILABLE_CALLEE, TIMEOUT, WampError
from wamp.options import CancelMode


class CallQueue:
    """The calls that wait for one registration, in the order in which they came."""

    __slots__ = ("_calls", "_most")

    def __init__(self, most: int) -> None:
        self._calls: dict[QueuedCall, None] = {}
        self._most = most

    def __len__(self) -> int:
        """How many calls wait."""
        return len(self._calls)

    def add(self, asking: Asking) -> None:
        """Let a call wait; raises WampError if too many do."""
        if len(self._calls) >= self._most:
            reason = f"all callees are busy, and {self._most} calls wait for them already"
            raise WampError(NO_AVAILABLE_CALLEE, reason)
        asking.payload = asking.payload.copy()
        queued = QueuedCall(asking.caller, asking.request, asking, self)
        self._calls[queued] = None
        asking.caller.calls[asking.request] = queued

    def remove(self, queued: "QueuedCall") -> None:
        """It waits no longer."""
        del self._calls[queued]

    def advance(self, connect: Callable[["QueuedCall"], bool]) -> None:
        """Offer the calls that wait to `connect`, oldest first, until it can take none of them."""
        while any(map(connect, self._calls)):
            pass


class QueuedCall(Waiting, eq=False):
    """A call that waits for a callee."""

    asking: Asking
    queue: CallQueue

    def cancel(self, mode: CancelMode) -> None:
        """See `Waiting.cancel`: there is no callee yet, so all modes do the same."""
        self.fail(WampError(CANCELED, "the caller canceled the call"))

    def abandon(self) -> None:
        """See `Waiting.abandon`."""
        self.queue.remove(self)
        self.asking.end()

    def expire(self) -> None:
        """See `Waiting.expire`."""
        self.fail(WampError(TIMEOUT, "no callee was free in time"))

    def fail(self, error: WampError) -> None:
        """Answer the caller with an ERROR of the dealer."""
        self.queue.remove(self)
        self.asking.fail(error)
