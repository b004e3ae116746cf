"""The exchange: the way of calls that need more than an INVOCATION there and a RESULT back.

It is the dealer's back room. What comes here asked for something (progress, a time limit, a shard, several callees),
or goes to a callee that did (to know its callers, to get so many calls at a time, to be left out when unavailable), or
lives in a realm whose policies say more than nothing.
"""

from random import Random
from typing import TYPE_CHECKING

from msgspec import UNSET

from realms import passthru
from realms.asking import Asking, TimeLimit
from realms.call_queue import CallQueue, QueuedCall
from realms.calls import INVOCATION
from realms.clock import Clock
from realms.parallel import ParallelCall, Part
from realms.policies import Policies
from realms.registrations import Offer, Registration
from realms.rendezvous import node_for
from realms.special_calls import SpecialCall
from wamp.errors import (
    FEATURE_NOT_SUPPORTED,
    INVALID_ARGUMENT,
    NO_AVAILABLE_CALLEE,
    OPTION_NOT_ALLOWED,
    WampError,
)
from wamp.ids import following
from wamp.messages import Call
from wamp.options import InvocationDetails
from wamp.payloads import NO_PAYLOAD, payload_of

if TYPE_CHECKING:
    from realms.session import Session


class Exchange:
    """The exchange of one realm."""

    def __init__(self, clock: Clock, random: Random, policies: Policies) -> None:
        self._clock = clock
        self._random = random
        self._policies = policies

    # --- calls that come ---

    def call(self, caller: "Session", message: Call, registration: Registration) -> None:
        """Send what the CALL asks for to whom it is for; raises WampError if it cannot be."""
        options = message.options
        if "partition" in (options.runmode, options.runon) and options.rkey is UNSET:
            raise WampError(INVALID_ARGUMENT, "a call of one partition needs the option 'rkey'")
        payload = payload_of(caller.transport.wire.codec, message)
        asking = Asking(caller, message.request, message.procedure, options, registration, payload)
        if options.runon in ("all", "partition"):
            self._invoke_all(asking)
            return
        callee = self._choose(asking)
        if callee is None:
            self._queue(asking)
        else:
            self._invoke(asking, callee)

    def connect(self, asking: Asking) -> None:
        """Find another callee for a call that is under way; its caller is answered if there is none."""
        try:
            callee = self._choose(asking)
            if callee is None:
                self._queue(asking)
            else:
                self._invoke(asking, callee)
        except WampError as error:
            asking.fail(error)

    # --- callees that become free ---

    def freed(self, offer: Offer, registration: Registration) -> None:
        """A callee has done with a call."""
        offer.running -= 1
        if registration.queue:
            self.advance(registration)

    def advance(self, registration: Registration) -> None:
        """Connect the calls that wait, as callees became free, came or went."""
        if registration.queue:
            registration.queue.advance(self._connect_queued)

    def _connect_queued(self, queued: QueuedCall) -> bool:
        asking = queued.asking
        try:
            callee = self._choose(asking)
        except WampError as error:
            queued.fail(error)
            return True
        if callee is None:
            return False
        queued.queue.remove(queued)
        try:
            self._invoke(asking, callee)
        except WampError as error:
            asking.fail(error)
        return True

    def _queue(self, asking: Asking) -> None:
        if asking.options.progress:
            raise WampError(NO_AVAILABLE_CALLEE, "all callees are busy, and a progressive call cannot wait for them")
        registration = asking.registration
        if registration.queue is None:
            registration.queue = CallQueue(self._policies.calls.queued)
        registration.queue.add(asking)
        self._limit(asking)

    # --- whom a call is for ---

    def _candidates(self, asking: Asking) -> list["Session"]:
        """Who could answer, busy or not, in order of registration; raises WampError if nobody is left."""
        offers = [offer for offer in asking.registration.offers.values() if offer.callee not in asking.asked]
        if asking.asked and asking.options.progress:
            offers = [offer for offer in offers if can_stream(offer.callee)]
        if not offers:
            raise WampError(NO_AVAILABLE_CALLEE, f"no callee of '{asking.procedure}' is available")
        if "partition" in (asking.options.runmode, asking.options.runon):
            node = node_for(str(asking.options.rkey), {offer.node for offer in offers})
            offers = [offer for offer in offers if offer.node == node]
        return [offer.callee for offer in offers]

    def _choose(self, asking: Asking) -> "Session | None":
        """The callee whose turn it is; None if those who come into question are busy."""
        offers = asking.registration.offers
        free = [callee for callee in self._candidates(asking) if offers[callee].is_free]
        if not free:
            return None
        if asking.options.runon == "any":
            return self._random.choice(free)
        return asking.registration.pick(free, self._random)

    # --- what it gets ---

    def _invoke(self, asking: Asking, callee: "Session") -> None:
        """Send INVOCATION to one callee; raises WampError before anything happened."""
        options, registration = asking.options, asking.registration
        if options.progress and not can_stream(callee):
            raise WampError(FEATURE_NOT_SUPPORTED, "the callee does not support progressive call invocations")
        offer = registration.offers[callee]
        details, forwarded = self._details(asking, offer)
        invocation = following(callee.last_invocation)
        frame = self._frame(asking, offer, invocation, details)

        movable = callee.callee.call_reroute
        callee.last_invocation = invocation
        call = SpecialCall(
            asking.caller, asking.request, callee, invocation,
            asking=asking, exchange=self, offer=offer, details=details, incoming=options.progress, movable=movable,
        )  # fmt: skip
        asking.caller.calls[asking.request] = call
        callee.invocations[invocation] = call
        offer.running += 1
        if not movable:
            asking.payload = NO_PAYLOAD
        if not forwarded:
            self._limit(asking)
        callee.transport.send(frame)

    def _invoke_all(self, asking: Asking) -> None:
        """Send INVOCATION to every callee, or to every one of a shard; raises WampError before anything happened."""
        if asking.options.progress:
            raise WampError(OPTION_NOT_ALLOWED, "a progressive call goes to one callee")
        offers = [asking.registration.offers[callee] for callee in self._candidates(asking)]
        if not all(offer.is_free for offer in offers):
            raise WampError(NO_AVAILABLE_CALLEE, "not all callees are free")
        frames = []
        for offer in offers:
            details, _ = self._details(asking, offer, alone=False)
            frames.append(self._frame(asking, offer, following(offer.callee.last_invocation), details))

        whole = ParallelCall(asking.caller, asking.request, asking, [None] * len(offers))
        asking.caller.calls[asking.request] = whole
        asking.payload = NO_PAYLOAD
        self._limit(asking)
        for place, (offer, frame) in enumerate(zip(offers, frames, strict=True)):
            callee = offer.callee
            callee.last_invocation = following(callee.last_invocation)
            part = Part(
                asking.caller, asking.request, callee, callee.last_invocation,
                whole=whole, place=place, offer=offer, exchange=self,
            )  # fmt: skip
            whole.parts[part] = None
            callee.invocations[part.invocation] = part
            offer.running += 1
            callee.transport.send(frame)

    def _frame(self, asking: Asking, offer: Offer, invocation: int, details: InvocationDetails) -> bytes:
        callee = offer.callee
        passthru.check_receiver(callee.callee, asking.options, asking.payload)
        return callee.frame((INVOCATION, invocation, asking.registration.id, details), asking.payload)

    def _details(self, asking: Asking, offer: Offer, *, alone: bool = True) -> tuple[InvocationDetails, bool]:
        """INVOCATION.Details, with what the callee announced that it understands; and whether it keeps the time."""
        options, caller, callee = asking.options, asking.caller, offer.callee
        disclosed = self._discloses(asking, offer)
        timeout = self._timeout(asking) if alone and self._forwards_timeout(offer) else 0
        trusted = self._policies.trust and callee.callee.call_trustlevels
        details = InvocationDetails(
            procedure=UNSET if asking.registration.match == "exact" else asking.procedure,
            receive_progress=alone and options.receive_progress and callee.can_progress,
            progress=options.progress,
            caller=caller.id if disclosed else UNSET,
            caller_authid=caller.authid if disclosed else UNSET,
            caller_authrole=caller.authrole if disclosed else UNSET,
            trustlevel=self._policies.trust.of(caller.authrole, asking.procedure) if trusted else UNSET,
            timeout=timeout or UNSET,
            **passthru.carried(options),
        )
        return details, timeout != 0

    def _discloses(self, asking: Asking, offer: Offer) -> bool:
        """Whether the callee learns who calls: asked for by either side, in a form that the callee knows."""
        if offer.options.disclose_caller:  # it asks for what it knows
            grant = asking.caller.role.granted.get(("call", asking.procedure))
            return grant is None or grant.disclosure != "refuse"
        return asking.options.disclose_me and offer.callee.callee.caller_identification

    # --- how long it may take ---

    def _forwards_timeout(self, offer: Offer) -> bool:
        wanted = offer.options.forward_timeout and self._policies.calls.forward_timeout
        return wanted and offer.callee.callee.call_timeout

    def _timeout(self, asking: Asking) -> int:
        """In milliseconds; 0 for none."""
        timeout = asking.options.timeout or self._policies.calls.default_timeout
        most = self._policies.calls.max_timeout
        return min(timeout or most, most) if most else timeout

    def _limit(self, asking: Asking) -> None:
        """Let the time run, if it does not already."""
        if asking.limit is None and (timeout := self._timeout(asking)):
            asking.limit = TimeLimit(self._clock, asking, timeout / 1000)


def can_stream(callee: "Session") -> bool:
    """Whether a callee takes progressive call invocations; who cannot be interrupted does not."""
    return callee.callee.progressive_call_invocations and callee.can_cancel
