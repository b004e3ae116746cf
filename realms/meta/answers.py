"""How the router answers a CALL of one of its own procedures: at once or, if it has to ask others, later."""

from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import UNSET
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from realms.meta.procedure import Result as Outcome
from wamp.errors import INVALID_ARGUMENT, NO_SUCH_PROCEDURE, UNAVAILABLE, Untranscodable, WampError
from wamp.messages import CODES, Call, Result
from wamp.options import ResultDetails
from wamp.payloads import NO_PAYLOAD, OwnPayload, payload_of

if TYPE_CHECKING:
    from realms.realm import Realm
    from realms.session import Session

RESULT = CODES[Result]
NO_DETAILS = ResultDetails()

log = Logger(namespace="realm")


def answer(realm: "Realm", session: "Session", message: Call) -> None:
    """Answer a CALL whose permission was checked; raises WampError, which becomes ERROR."""
    procedure = realm.procedures.get(message.procedure)
    if procedure is None:
        raise WampError(NO_SUCH_PROCEDURE, f"the router has no procedure '{message.procedure}'")
    args, kwargs = _arguments(session, message)
    result = procedure(realm, session, args, kwargs)
    if isinstance(result, Deferred):
        result.addCallback(partial(_answer_late, realm, session, message)).addErrback(_failed, realm, session, message)
    else:
        _tell(session, message, result)


def _tell(session: "Session", message: Call, result: Outcome) -> None:
    said = tuple(part for part in result if part is not None)
    payload = OwnPayload(None, (), values=said) if said else NO_PAYLOAD
    frame = session.frame((RESULT, message.request, NO_DETAILS), payload)
    session.transport.send(frame)


def _answer_late(realm: "Realm", session: "Session", message: Call, result: Outcome) -> None:
    if realm.sessions.get(session.id) is session:
        _tell(session, message, result)


def _failed(failure: Failure, realm: "Realm", session: "Session", message: Call) -> None:
    error = failure.value
    if not isinstance(error, WampError):
        log.failure("{procedure} failed", failure=failure, procedure=message.procedure)
        error = WampError(UNAVAILABLE, "something went wrong in the router")
    if realm.sessions.get(session.id) is session:
        session.send_error(CODES[Call], message.request, error)


def _arguments(session: "Session", message: Call) -> tuple[list[Any], dict[str, Any]]:
    options = message.options
    if options.ppt_scheme is not UNSET or options.enc_algo is not UNSET:
        raise WampError(INVALID_ARGUMENT, "the router cannot read arguments that are encrypted or passed through")
    try:
        values = payload_of(session.transport.wire.codec, message).load()
    except Untranscodable as reason:
        raise WampError(INVALID_ARGUMENT, f"the arguments cannot be read: {reason}") from None
    return (values[0] if values else []), (values[1] if len(values) > 1 else {})
