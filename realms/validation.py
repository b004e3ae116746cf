"""Broker and dealer of a realm whose payloads must fit the operator's schemas.

Section "Interfaces" of the advanced profile. A CALL or PUBLISH that does not fit is refused with
`wamp.error.invalid_argument`, so the callee or the subscribers never see it; an unacknowledged PUBLISH is dropped. A
YIELD that does not fit counts as if the callee had answered with that error. What no schema describes passes unseen.
Payloads that the router cannot read (passthru, encryption) fit no schema.

Realms without validation have the plain classes, and pay nothing.
"""

from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from realms.broker import Broker
from realms.dealer import Dealer
from realms.roles import Action
from wamp.errors import INVALID_ARGUMENT, WampError
from wamp.messages import CODES, Call, Error, Invocation, Publish, Yield
from wamp.options import Carried, ErrorDetails
from wamp.payloads import payload_of
from wamp.uris import is_reserved

if TYPE_CHECKING:
    from realms.schemas import Checks, Description, Schemas
    from realms.session import Session

INVOCATION = CODES[Invocation]

SPARE = 64
"""Answers whose schema a caller's entry may remember beyond the calls that are under way, before it is tidied up."""


class ValidatingBroker(Broker):
    """A broker that lets pass only what fits."""

    def __init__(self, *args: Any, schemas: "Schemas", **options: Any) -> None:
        super().__init__(*args, **options)
        self._schemas = schemas

    def publish(self, session: "Session", message: Publish) -> None:
        """See `Broker.publish`."""
        described = self._schemas.of("topic", message.topic)
        if described is not None and validates(session, "publish", message.topic):
            check(described.given, session, message, "the event's")
        super().publish(session, message)


class ValidatingDealer(Dealer):
    """A dealer that lets pass only what fits."""

    def __init__(self, *args: Any, schemas: "Schemas", **options: Any) -> None:
        super().__init__(*args, **options)
        self._schemas = schemas
        self._promised: dict[Session, dict[int, Description]] = {}
        """What describes the answers that a caller waits for, by CALL.Request."""

    def call(self, session: "Session", message: Call, plain: bool) -> None:
        """See `Dealer.call`."""
        described = None if is_reserved(message.procedure) else self._schemas.of("procedure", message.procedure)
        if described is not None and not validates(session, "call", message.procedure):
            described = None
        if described is not None:
            check(described.given, session, message, "the call's")
        super().call(session, message, plain)
        if described is not None and message.request in session.calls:
            promised = self._promised.setdefault(session, {})
            promised[message.request] = described
            if len(promised) > 2 * len(session.calls) + SPARE:
                self._promised[session] = {request: promised[request] for request in session.calls & promised.keys()}

    def answer(self, session: "Session", message: Yield) -> None:
        """See `Dealer.answer`."""
        pending = session.invocations.get(message.request)
        described = None if pending is None else self._promised.get(pending.caller, {}).get(pending.request)
        if pending is None or described is None:
            super().answer(session, message)
            return
        progress = message.options.progress
        try:
            check(described.progress if progress else described.returned, session, message, "the result's")
        except WampError as error:
            if progress:
                pending.interrupt("killnowait", error.uri)
            arguments = session.transport.wire.codec.dump(list(error.arguments))
            super().fail(session, Error(INVOCATION, message.request, ErrorDetails(), error.uri, arguments))
        else:
            super().answer(session, message)

    def detach(self, session: "Session") -> None:
        """See `Dealer.detach`."""
        super().detach(session)
        self._promised.pop(session, None)


def validates(session: "Session", action: Action, uri: str) -> bool:
    """Whether the grant by which a session acts, which was looked up right before, wants the payload checked."""
    grant = session.role.granted.get((action, uri))
    return grant is None or grant.validate


def check(checks: "Checks", session: "Session", message: Call | Publish | Yield, what: str) -> None:
    """Check the payload of a message; raises WampError."""
    if not any(checks):
        return
    options: Carried = message.options
    if options.ppt_scheme is not UNSET or options.enc_algo is not UNSET:
        raise WampError(INVALID_ARGUMENT, f"{what} payload is opaque, and there is a schema that it must fit")
    checks.check(payload_of(session.transport.wire.codec, message), what)
