"""What a request of an established session is checked for before the broker or the dealer gets it.

The number first, whatever else is wrong with the request; then what the peer may say at all; then the URI, and whether
the session may use it. `WampError` refuses the request, `ProtocolViolation` ends the session: see `Session.receive`.
"""

from typing import TYPE_CHECKING

from msgspec import UNSET
from msgspec.structs import replace

from realms import passthru
from realms.grants import GRANTED
from realms.streams import continues, remember
from wamp.errors import ProtocolViolation
from wamp.ids import following
from wamp.messages import (
    Call,
    Cancel,
    Error,
    EventReceived,
    EventReceivedToo,
    Publish,
    Register,
    Subscribe,
    Unregister,
    Unsubscribe,
    Yield,
)
from wamp.options import CallOptions

if TYPE_CHECKING:
    from realms.session import Session

PLAIN_CALL = CallOptions()


def count(session: "Session", request: int) -> None:
    """Check that request ids count 1, 2, 3 ...; section "Identifiers"."""
    if request != session.last_request + 1 and session.realm.strict_request_ids:
        due = following(session.last_request)
        if request != due:
            raise ProtocolViolation(f"request id {request} where {due} is due")
    session.last_request = request


def publish(session: "Session", message: Publish) -> None:
    """PUBLISH."""
    count(session, message.request)
    options = message.options
    if options.ppt_scheme is not UNSET or options.enc_algo is not UNSET or options.forward_for is not UNSET:
        message = passthru.admitted(session, session.publisher, message)
    grant = session.realm.permit(session, "publish", message.topic)
    if grant is not GRANTED:
        message = replace(message, options=grant.publishing(options))
    session.realm.broker.publish(session, message)


def subscribe(session: "Session", message: Subscribe) -> None:
    """SUBSCRIBE."""
    count(session, message.request)
    grant = session.realm.permit_pattern(session, "subscribe", message.options.match, message.topic)
    grant.check_subscribing(message.options)
    session.realm.broker.subscribe(session, message)


def unsubscribe(session: "Session", message: Unsubscribe) -> None:
    """UNSUBSCRIBE."""
    count(session, message.request)
    session.realm.broker.unsubscribe(session, message)


def event_received(session: "Session", message: EventReceived | EventReceivedToo) -> None:
    """EVENT_RECEIVED, an extension that only those may use who announced it. Nobody waits for it."""
    if not (session.subscriber.x_acknowledged_event_delivery or session.publisher.x_acknowledged_event_delivery):
        raise ProtocolViolation("acknowledged event delivery was not announced")


def call(session: "Session", message: Call) -> None:
    """CALL: a new one, or more of a progressive one."""
    request, options = message.request, message.options
    if request == session.last_request + 1:
        session.last_request = request
    elif continues(session, message):
        return
    else:
        count(session, request)
    plain = options == PLAIN_CALL  # one comparison for all that could be special: this is the hot path
    if not plain:
        if options.ppt_scheme is not UNSET or options.enc_algo is not UNSET or options.forward_for is not UNSET:
            message = passthru.admitted(session, session.caller, message)
        if options.progress:
            if not session.caller.progressive_call_invocations:
                raise ProtocolViolation("progressive call invocations were not announced")
            remember(session, request, message.procedure)  # what follows is too late if this is refused
    grant = session.realm.permit(session, "call", message.procedure)
    if grant is not GRANTED:
        message = replace(message, options=grant.calling(message.options))
        plain = message.options == PLAIN_CALL
    session.realm.dealer.call(session, message, plain)


def cancel(session: "Session", message: Cancel) -> None:
    """CANCEL: it bears the number of its CALL, and is not counted."""
    session.realm.dealer.cancel(session, message)


def register(session: "Session", message: Register) -> None:
    """REGISTER."""
    count(session, message.request)
    grant = session.realm.permit_pattern(session, "register", message.options.match, message.procedure)
    grant.check_registering(message.options)
    session.realm.dealer.register(session, message)


def unregister(session: "Session", message: Unregister) -> None:
    """UNREGISTER."""
    count(session, message.request)
    session.realm.dealer.unregister(session, message)


def yields(session: "Session", message: Yield) -> None:
    """YIELD."""
    options = message.options
    if options.ppt_scheme is not UNSET or options.enc_algo is not UNSET or options.forward_for is not UNSET:
        message = passthru.admitted(session, session.callee, message)
    session.realm.dealer.answer(session, message)


def error(session: "Session", message: Error) -> None:
    """ERROR, which a client sends for an invocation only."""
    details = message.details
    if details.ppt_scheme is not UNSET or details.enc_algo is not UNSET or details.forward_for is not UNSET:
        message = passthru.admitted(session, session.callee, message)
    session.realm.dealer.fail(session, message)
