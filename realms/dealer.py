"""The dealer: registrations, and the way of a call to a callee and of the answer back.

Chapter "Remote Procedure Calls" of the basic profile; "Pattern-based Registration", "Shared Registration" and
"Registration Revocation" of the advanced profile. Calls that ask for more than an INVOCATION there and a RESULT back go
by the `exchange`; how a call ends is in `calls`.
"""

from collections.abc import Callable, Iterable
from random import Random
from time import time

from realms.calls import INVOCATION, PendingCall
from realms.clock import Clock
from realms.exchange import Exchange
from realms.patterns import PatternIndex
from realms.policies import NO_POLICIES, Policies
from realms.registrations import Registration
from realms.session import Session
from wamp.errors import (
    CLOSE_KILLED,
    NO_SUCH_PROCEDURE,
    NO_SUCH_REGISTRATION,
    NOT_AUTHORIZED,
    PROCEDURE_ALREADY_EXISTS,
    UNAVAILABLE,
    ProtocolViolation,
    WampError,
)
from wamp.ids import following, random_id
from wamp.messages import Call, Cancel, Error, Register, Registered, Unregister, Unregistered, Yield
from wamp.options import Features, InvocationDetails, MatchPolicy, RevocationDetails
from wamp.payloads import payload_of
from wamp.uris import is_reserved

FEATURES = Features(
    progressive_call_results=True,
    progressive_call_invocations=True,
    call_timeout=True,
    call_canceling=True,
    call_cancelling=True,  # some look for the other spelling
    call_reroute=True,
    call_trustlevels=True,
    caller_identification=True,
    pattern_based_registration=True,
    shared_registration=True,
    sharded_registration=True,
    registration_revocation=True,
    partitioned_rpc=True,
    session_meta_api=True,
    registration_meta_api=True,
    testament_meta_api=True,
    payload_passthru_mode=True,
    payload_transparency=True,
    payload_encryption_cryptobox=True,
)

NO_INVOCATION_DETAILS = InvocationDetails()

REREGISTERED = "wamp.error.unregistered"
"""Why a callee lost its registration to another that came with `force_reregister`; Crossbar's word for it."""


def tell_nobody(what: str, session: Session, registration: Registration) -> None:
    """What a dealer is created with."""


def refuse(session: Session, message: Call) -> None:
    """What a dealer is created with."""
    raise WampError(NO_SUCH_PROCEDURE, f"the router has no procedure '{message.procedure}'")


class Dealer:
    """The dealer of one realm."""

    def __init__(
        self, clock: Clock, random: Random, now: Callable[[], float] = time, policies: Policies = NO_POLICIES
    ) -> None:
        self._random = random
        self._now = now
        self._policies = policies
        self._exchange = Exchange(clock, random, policies)
        self._plain = policies.are_plain_for_calls
        self.tell: Callable[[str, Session, Registration], None] = tell_nobody
        """Called as `tell("on_register", session, registration)`: for meta events."""

        self.call_router: Callable[[Session, Call], None] = refuse
        """Answers a CALL of a `wamp.` procedure."""

        self._index: PatternIndex[Registration] = PatternIndex()
        self._by_id: dict[int, Registration] = {}

    def __len__(self) -> int:
        """How many registrations there are."""
        return len(self._by_id)

    # --- registrations ---

    def register(self, session: Session, message: Register) -> None:
        """Answer REGISTER with REGISTERED; a shared registration takes further callees under the same policy."""
        options, uri = message.options, message.procedure
        limit = min(self._policies.calls.registrations, session.role.limits.registrations)
        if len(session.registrations) >= limit:
            session.role.overruns.registrations += 1
            raise WampError(NOT_AUTHORIZED, f"this session has {limit} registrations, which is the most there may be")
        registration = self._index.get(options.match, uri)
        if registration is not None and options.force_reregister:
            self._displace(registration, session)
            registration = None
        if registration is not None:
            self._check_shareable(registration, session, message)
        else:
            registration = Registration(self._registration_id(), options.match, uri, options.invoke)
            registration.created = self._now()
            registration.creator = session.id, session.authid
            self._index.add(options.match, uri, registration)
            self._by_id[registration.id] = registration
        registration.add(session, options)
        session.registrations[registration.id] = registration
        session.send(Registered(message.request, registration.id))
        if len(registration.callees) == 1:
            self.tell("on_create", session, registration)
        self.tell("on_register", session, registration)
        self._exchange.advance(registration)

    def unregister(self, session: Session, message: Unregister) -> None:
        """Answer UNREGISTER with UNREGISTERED; invocations under way may still be answered."""
        registration = session.registrations.get(message.registration)
        if registration is None:
            raise WampError(NO_SUCH_REGISTRATION, f"this session has no registration {message.registration}")
        self._remove(session, registration)
        session.send(Unregistered(message.request))

    def revoke(self, registration: Registration, session: Session, reason: str | None = None) -> None:
        """Take a registration away from one of its callees, which may still answer what is under way.

        A callee that announced registration_revocation gets `[67, 0, {registration, reason}]`, another nothing. Without
        a reason it is that of a session that is killed: somebody wanted it gone.
        """
        if session.callee.registration_revocation:
            details = RevocationDetails(registration=registration.id, reason=reason or CLOSE_KILLED)
            session.send(Unregistered(0, details))
        self._remove(session, registration)

    def _displace(self, registration: Registration, session: Session) -> None:
        """Make room for a callee that comes with `force_reregister`; raises WampError.

        It is how a backend gets its procedure back from its former self on a connection that hangs. Crossbar lets
        everybody displace everybody; here it takes the same role.
        """
        if any(callee.authrole != session.authrole for callee in registration.callees):
            raise WampError(PROCEDURE_ALREADY_EXISTS, f"'{registration.uri}' is registered by another role")
        for callee in list(registration.callees):
            self.revoke(registration, callee, REREGISTERED)

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
        self.tell("on_unregister", session, registration)
        if not registration.callees:
            self._index.remove(registration.match, registration.uri)
            del self._by_id[registration.id]
            self.tell("on_delete", session, registration)
        self._exchange.advance(registration)

    def _registration_id(self) -> int:
        while (id := random_id(self._random)) in self._by_id:
            pass
        return id

    # --- what is there ---

    def registrations(self) -> Iterable[Registration]:
        """Every registration."""
        return self._by_id.values()

    def registration(self, id: int) -> Registration | None:
        """The registration with an id."""
        return self._by_id.get(id)

    def registration_under(self, match: MatchPolicy, uri: str) -> Registration | None:
        """The registration under exactly this pattern."""
        return self._index.get(match, uri)

    def registration_for(self, procedure: str) -> Registration | None:
        """The registration that a call goes to; a pattern never captures the router's own procedures."""
        registration = self._index.best(procedure)
        if registration is not None and registration.match != "exact" and is_reserved(procedure):
            return None
        return registration

    # --- the way of a call ---

    def call(self, session: Session, message: Call, plain: bool) -> None:
        """Send INVOCATION to the callee that the best registration and its policy name.

        `plain` says that the CALL has no options.
        """
        if message.request in session.calls:  # where ids are lenient; where they are strict, that was noticed before
            session.calls[message.request].proceed(message)
            return
        registration = self._index.best(message.procedure)
        if registration is None or registration.match != "exact":
            if is_reserved(message.procedure):  # a pattern never captures the router's own procedures
                self.call_router(session, message)
                return
            if registration is None:
                raise WampError(NO_SUCH_PROCEDURE, f"no callee registered for procedure '{message.procedure}'")
            details = InvocationDetails(procedure=message.procedure)
        else:
            details = NO_INVOCATION_DETAILS
        if len(session.calls) >= session.most_calls:
            session.role.overruns.calls += 1
            raise WampError(UNAVAILABLE, f"this session waits for {len(session.calls)} calls already")
        if registration.special or not plain or not self._plain:
            self._exchange.call(session, message, registration)
            return
        callee = registration.next_callee(self._random)
        invocation = following(callee.last_invocation)
        head = (INVOCATION, invocation, registration.id, details)
        frame = callee.frame(head, payload_of(session.transport.wire.codec, message))

        callee.last_invocation = invocation
        call = PendingCall(session, message.request, callee, invocation)
        session.calls[message.request] = call
        callee.invocations[invocation] = call
        callee.transport.send(frame)

    def answer(self, session: Session, message: Yield) -> None:
        """Send RESULT for a callee's YIELD; drop it if the caller has had its answer."""
        call = session.invocations.get(message.request)
        if call is not None:
            call.answer(message.options, payload_of(session.transport.wire.codec, message))
        elif message.request > session.last_invocation:
            raise ProtocolViolation(f"YIELD for invocation {message.request}, which was never sent")

    def fail(self, session: Session, message: Error) -> None:
        """Send ERROR for a callee's ERROR; drop it if the caller has had its answer."""
        if message.request_type != INVOCATION:
            raise ProtocolViolation(f"ERROR for a request of type {message.request_type} is not for a client to send")
        call = session.invocations.get(message.request)
        if call is not None:
            call.error(message, payload_of(session.transport.wire.codec, message))
        elif message.request > session.last_invocation:
            raise ProtocolViolation(f"ERROR for invocation {message.request}, which was never sent")

    def cancel(self, session: Session, message: Cancel) -> None:
        """End a call early. A call that is answered already is left alone: that is a race."""
        call = session.calls.get(message.request)
        if call is not None:
            call.cancel(message.options.mode)

    def detach(self, session: Session) -> None:
        """Forget a session that leaves.

        No waiting call is to reach it any more; its callees are interrupted, the newest first, as those that wait
        would otherwise move up; its callers are answered; its registrations go.
        """
        for registration in session.registrations.values():
            registration.close(session)
        while session.calls:
            next(reversed(session.calls.values())).abandon()
        while session.invocations:
            next(iter(session.invocations.values())).orphan()
        for registration in list(session.registrations.values()):
            self._remove(session, registration)
