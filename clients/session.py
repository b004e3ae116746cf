"""The session of a worker: autobahn's, but that no caller can end it.

autobahn calls an endpoint as `as_future(endpoint, *args, **kwargs)`. So an argument with the name of one of that
function's own parameters is a TypeError where autobahn expects none, and it closes the connection of a worker that has
done nothing wrong. Such a call is answered with an error here, and such an event is for nobody.
"""

from typing import Any, Final

from autobahn.twisted.wamp import Session
from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.message import Error, Event, Invocation

TAKEN: Final = frozenset({"self", "fun", "f"})
"""The parameters of txaio's `as_future`, and of Twisted's `maybeDeferred` below it."""


class WorkerSession(Session):  # type: ignore[misc]
    def onMessage(self, message: Any) -> None:  # noqa: N802
        """Take out what autobahn would stumble over."""
        if isinstance(message, Invocation | Event) and not TAKEN.isdisjoint(message.kwargs or {}):
            if isinstance(message, Invocation):
                sentence = f"no argument can be called {', '.join(sorted(TAKEN.intersection(message.kwargs)))}"
                invalid = ApplicationError.INVALID_ARGUMENT
                self._transport.send(Error(Invocation.MESSAGE_TYPE, message.request, invalid, args=[sentence]))
            return
        super().onMessage(message)
