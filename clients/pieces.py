"""Calls that arrive in pieces: progressive call invocations, which autobahn does not know yet.

A caller may send the arguments of one call piece by piece. For the callee that is one invocation: further INVOCATIONs
with the id of the first. autobahn takes those for a violation of the protocol; this session hands them to the endpoint:

    async def receive(self, name):           # called with the arguments of the first piece
        pieces = session.pieces()            # before anything is awaited
        args, kwargs = await pieces.get()    # of the next piece

Section "Progressive Call Invocations" of the advanced profile. Pieces wait for the endpoint without a bound of their
own: it should tell the caller, by progressive results, when it wants more.
"""

from copy import copy
from typing import Any

from autobahn.wamp.message import Invocation
from autobahn.wamp.role import DEFAULT_CLIENT_ROLES
from twisted.internet.defer import DeferredQueue

from clients.session import WorkerSession

CALLEE = copy(DEFAULT_CLIENT_ROLES["callee"])
CALLEE.progressive_call_invocations = True  # what is set on it is announced


class PieceSession(WorkerSession):
    def __init__(self, config: Any = None) -> None:
        super().__init__(config)
        self._session_roles = DEFAULT_CLIENT_ROLES | {"callee": CALLEE}
        self._pieces: dict[int, DeferredQueue[tuple[Any, Any]]] = {}
        self._latest = 0

    def onMessage(self, message: Any) -> None:  # noqa: N802
        """Take further pieces out of what autobahn sees."""
        if isinstance(message, Invocation):
            if message.request in self._invocations:
                if message.request in self._pieces:
                    self._pieces[message.request].put((message.args or [], message.kwargs or {}))
                return  # an endpoint that does not ask for them does not get them
            self._latest = message.request
        super().onMessage(message)
        for request in self._pieces.keys() - self._invocations.keys():
            del self._pieces[request]

    def pieces(self) -> DeferredQueue[tuple[Any, Any]]:
        """The further pieces of the call that has just come to an endpoint."""
        return self._pieces.setdefault(self._latest, DeferredQueue())
