"""Encode once, send to many: the fold that carries a publication to its subscribers.

The first receiver on each wire pays for the encoding, the others get the same octets. Who receives is decided before.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from realms.transport import Wire
from wamp.errors import Untranscodable
from wamp.payloads import Payload

if TYPE_CHECKING:
    from realms.session import Session


def fan_out(head: tuple[Any, ...], payload: Payload, receivers: Iterable["Session"]) -> None:
    """Offer the message `(code, ...)` with its payload to every receiver.

    A payload that a wire's codec cannot express (NaN in JSON) is not delivered on that wire; nobody else suffers.
    """
    frames: dict[Wire, bytes | None] = {}
    for session in receivers:
        transport = session.transport
        wire = transport.wire
        if wire in frames:
            frame = frames[wire]
        else:
            try:
                frame = wire.encode_with(head, payload)
            except Untranscodable:
                frame = None
            frames[wire] = frame
        if frame is not None:
            transport.offer(frame)
