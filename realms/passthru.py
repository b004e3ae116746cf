"""Attributes that travel with a payload: who may send them, who can take them, and how they are carried on.

Three kinds, none of which the router interprets:

- `ppt_*`: "Payload Passthru Mode" of the advanced profile. Whoever uses it must have announced it; so must a callee or
  a caller that is to get such a payload. Subscribers are not asked.
- `enc_*`: autobahn's payload transparency, which came before it. Octets or text stand where the list of Arguments would
  be, and a client that did not announce `payload_transparency` would take such a message for a protocol violation: it
  gets none.
- `forward_for`: on whose behalf a router passes a message on. It is believed of trusted roles only; from others it is
  dropped, as it could name anybody.
"""

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import UNSET

from wamp.errors import FEATURE_NOT_SUPPORTED, INVALID_ARGUMENT, ProtocolViolation, WampError
from wamp.messages import Call, Error, Publish, Yield
from wamp.options import Carried, Features
from wamp.payloads import NO_PAYLOAD, Payload

if TYPE_CHECKING:
    from realms.session import Session

AnyCarrier = TypeVar("AnyCarrier", Call, Error, Publish, Yield)

# The tests for a true value below cover both that it is there (UNSET is false) and that it is not empty.
PPT = ("ppt_scheme", "ppt_serializer", "ppt_cipher", "ppt_keyid")
ENC = ("enc_algo", "enc_key", "enc_serializer")


def admitted(session: "Session", features: Features, message: AnyCarrier) -> AnyCarrier:
    """Check what the sender may attach, by the features of the role it acts in; give the message without the rest.

    The hot path tests for `ppt_scheme`, `enc_algo` and `forward_for` before it comes here.
    """
    carrier: Carried = message.details if isinstance(message, Error) else message.options
    if carrier.ppt_scheme and not features.payload_passthru_mode and not isinstance(message, Error):
        raise ProtocolViolation("payload passthru mode was not announced")
    if carrier.forward_for is UNSET or session.role.trusted:
        return message
    own = msgspec.structs.replace(carrier, forward_for=UNSET)
    if isinstance(message, Error):
        return msgspec.structs.replace(message, details=own)
    return msgspec.structs.replace(message, options=own)


def carries(carrier: Carried) -> bool:
    """Whether `carried` would give anything; most messages carry nothing."""
    return not (
        carrier.ppt_scheme is UNSET
        and carrier.enc_algo is UNSET
        and carrier.forward_for is UNSET
        and carrier.transaction_hash is UNSET
    )


def carried(carrier: Carried) -> dict[str, Any]:
    """What of the options of a message goes into the details of the message that it becomes: often nothing."""
    names: list[str] = []
    if carrier.ppt_scheme:
        names.extend(PPT)
    if carrier.enc_algo is not UNSET:
        names.extend(ENC)
    names.extend(("forward_for", "transaction_hash"))
    values = {name: getattr(carrier, name) for name in names}
    return {name: value for name, value in values.items() if value is not UNSET}


def is_opaque(payload: Payload) -> bool:
    """Whether octets or text stand in the place of Arguments, which takes `enc_algo`."""
    return bool(payload.parts) and payload.codec is not None and not payload.codec.is_list(payload.parts[0])


def legible(features: Features, payload: Payload) -> Payload:
    """What a caller with these features gets of the payload of an ERROR: whatever it cannot take is left out.

    The error itself it must know in any case, so unlike a RESULT an ERROR is never replaced by another.
    """
    return NO_PAYLOAD if is_opaque(payload) and not features.payload_transparency else payload


def check_receiver(features: Features, carrier: Carried, payload: Payload) -> None:
    """Check that a callee or caller with these features can take what comes; raises WampError.

    Sections "Payload Passthru Mode", "Feature Announcement".
    """
    if carrier.ppt_scheme and not features.payload_passthru_mode:
        raise WampError(FEATURE_NOT_SUPPORTED, "the receiver did not announce payload passthru mode")
    if is_opaque(payload) and not features.payload_transparency:
        raise WampError(FEATURE_NOT_SUPPORTED, "the receiver did not announce payload transparency")


def check_chunk(first: Carried, payload: Payload) -> None:
    """Check that a later chunk is what the options of the first CALL, which count for all, say; raises WampError.

    Octets in the place of Arguments, and nothing that says so, would be a protocol violation by the router.
    """
    if first.enc_algo is UNSET and is_opaque(payload):
        raise WampError(INVALID_ARGUMENT, "octets stand in the place of Arguments, unlike in the first chunk")
