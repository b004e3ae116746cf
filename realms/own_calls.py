"""Calls that the router itself makes: it asks a procedure of a realm, and gets a Deferred of the answer.

    realm.own_calls.call("com.example.authenticate", "realm1", "joe", {...})

To the dealer the router is one more caller, so whatever a callee may ask for (shared registrations, concurrency limits,
timeouts, any serializer) works for it as for others. It is no session of the realm, however: nobody can list, count or
kill it, no meta event tells of it, and no role's rules are asked what it may call. Its connection ends in this file.
"""

from random import Random
from typing import TYPE_CHECKING, Any, Final

from msgspec import Raw
from twisted.internet.defer import Deferred, fail

from realms.calls import RESULT
from realms.clock import Clock
from realms.endings import Ending
from realms.inquiries import CallFailed
from realms.limits import RoleLimits
from realms.roles import Role
from realms.session import Session
from realms.states import State
from realms.transport import NO_EVIDENCE, Evidence, Tallied, Wire
from wamp.codecs import CBOR
from wamp.errors import INVALID_ARGUMENT, WampError
from wamp.ids import MAX_ID, following, random_id
from wamp.messages import Call, Cancel
from wamp.options import CallOptions, CancelOptions, ClientRoles, Features
from wamp.options import Role as RoleFeatures

if TYPE_CHECKING:
    from collections.abc import Callable

    from realms.realm import Realm

ROUTER: Final = "wamplex"
"""The authid and authrole that callees are told who ask for their caller's."""

MAX_ANSWER: Final = 1024 * 1024
"""Octets. An answer is a role, a secret, a yes or no: what is larger is a mistake, and would be decoded at once."""

_PLAIN: Final = CallOptions()
_AT_ONCE: Final = CancelOptions(mode="killnowait")
_CALLER: Final = ClientRoles(caller=RoleFeatures(Features(call_canceling=True, caller_identification=True)))
_WIRE: Final = Wire(CBOR, bytes)
"""CBOR expresses all that the others do."""


class OwnCalls:
    """The calls that the router makes in one realm."""

    def __init__(self, realm: "Realm", clock: Clock, random: Random) -> None:
        self._realm = realm
        self._clock = clock
        self._session = _RouterSession(realm, random_id(random), self._deliver)
        self._waiting: dict[int, Deferred[Any]] = {}

    def call(self, procedure: str, *arguments: Any) -> Deferred[Any]:
        """Call a procedure. The Deferred gives the one value of the RESULT, None if it has none, or fails with
        CallFailed; to cancel it is to cancel the call.
        """
        session = self._session
        request = session.last_request = following(session.last_request)
        try:
            message = Call(request, _PLAIN, procedure, CBOR.dump(list(arguments)))
            self._realm.dealer.call(session, message, plain=True)
        except WampError as error:
            return fail(CallFailed(error.uri, *error.arguments))
        answer: Deferred[Any] = Deferred(lambda _: self._cancel(request))
        self._waiting[request] = answer
        return answer

    def _cancel(self, request: int) -> None:
        del self._waiting[request]
        self._realm.dealer.cancel(self._session, Cancel(request, _AT_ONCE))

    def _deliver(self, frame: bytes) -> None:
        """Take what the dealer sends, but not now: it may be in the middle of forgetting a session."""
        self._clock.callLater(0, self._receive, frame)

    def _receive(self, frame: bytes) -> None:
        code, *rest = CBOR.load(Raw(frame))
        if code == RESULT:
            request, _, *payload = rest
        else:
            _, request, _, uri, *payload = rest
        answer = self._waiting.pop(request, None)
        if answer is None:
            return  # it was canceled meanwhile
        arguments = payload[0] if payload else []
        if code != RESULT:
            answer.errback(CallFailed(uri, *arguments))
        elif len(arguments) > 1 or len(payload) > 1:
            answer.errback(CallFailed(INVALID_ARGUMENT, "the answer must be a single value"))
        else:
            answer.callback(arguments[0] if arguments else None)


class _RouterSession(Session):
    """What the dealer takes for a caller. It has never joined."""

    __slots__ = ()

    def __init__(self, realm: "Realm", id: int, deliver: "Callable[[bytes], None]") -> None:
        self.transport = _Inward(deliver)
        self.realm = realm
        self.id = id
        self.announce(_CALLER)
        self.authid = self.authrole = self.authmethod = self.authprovider = ROUTER
        self.assume(Role(ROUTER, ()))
        self.last_request = self.last_invocation = 0
        self.calls, self.streams = {}, {}
        self.most_calls = MAX_ID  # who asks has a bound of its own
        self.subscriptions, self.registrations, self.invocations = {}, {}, {}
        self._enter(State.ESTABLISHED)


class _Inward(Tallied):
    """The transport of that session: what is sent comes to us."""

    wire = _WIRE
    max_outgoing = MAX_ANSWER

    def __init__(self, deliver: "Callable[[bytes], None]") -> None:
        self.details: dict[str, Any] = {}
        self.send = self.offer = deliver

    def evidence(self) -> Evidence:
        """Nobody asks."""
        return NO_EVIDENCE

    def close(self, ending: Ending) -> None:
        """It has no end."""

    def release(self) -> list[bytes] | None:
        """Nor is it ever left for another."""
        return None

    def carry(self, session: Session) -> None:
        """It carries the one session."""

    def established(self, limits: RoleLimits) -> None:
        """It has no limits."""

    def renew(self) -> None:
        """And no other."""

    def pause(self) -> None:
        """Nothing is read from it."""

    def resume(self) -> None:
        """Still nothing."""
