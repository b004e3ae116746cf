"""What the bodies of requests say; the OpenAPI document is made of the same Structs.

Arguments stay octets. `wamp.codecs.json` looks at them when a message is made of a request, as it does for WebSocket.
"""

from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

from router.gateway.refusal import Refusal

Arguments = Annotated[Raw, Meta(extra_json_schema={"type": "array"}, description="Positional arguments.")]
Keywords = Annotated[Raw, Meta(extra_json_schema={"type": "object"}, description="Arguments by name.")]
Uri = Annotated[str, Meta(min_length=1, max_length=1024)]

MOST_QUOTED: Final = 200
"""Characters of a reason that quotes the body."""


class Options(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Options as WAMP has them; what makes no sense over HTTP is not among them."""


class PublishOptions(Options, frozen=True):
    """`PUBLISH.Options`. It is always acknowledged."""

    acknowledge: bool = True
    exclude_me: bool = True
    exclude: list[int] | UnsetType = UNSET
    exclude_authid: list[str] | UnsetType = UNSET
    exclude_authrole: list[str] | UnsetType = UNSET
    eligible: list[int] | UnsetType = UNSET
    eligible_authid: list[str] | UnsetType = UNSET
    eligible_authrole: list[str] | UnsetType = UNSET
    retain: bool = False
    disclose_me: bool = False
    rkey: str | UnsetType = UNSET


class CallOptions(Options, frozen=True):
    """`CALL.Options`. `timeout` is in milliseconds; 0 is what the bridge gives."""

    timeout: Annotated[int, Meta(ge=0, le=2**53)] = 0
    disclose_me: bool = False
    rkey: str | UnsetType = UNSET


class PublishRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """An event."""

    topic: Uri
    args: Arguments | UnsetType = UNSET
    kwargs: Keywords | UnsetType = UNSET
    options: PublishOptions = PublishOptions()


class CallRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A call."""

    procedure: Uri
    args: Arguments | UnsetType = UNSET
    kwargs: Keywords | UnsetType = UNSET
    options: CallOptions = CallOptions()


class Publication(Struct, frozen=True):
    """An event was published."""

    id: Annotated[int, Meta(ge=1, le=2**53, description="The publication's id.")]


def _no_arguments() -> Raw:
    return Raw(b"[]")


def _no_keywords() -> Raw:
    return Raw(b"{}")


class CallResult(Struct, frozen=True):
    """What a procedure gave."""

    args: Arguments = field(default_factory=_no_arguments)
    kwargs: Keywords = field(default_factory=_no_keywords)


class ErrorAnswer(Struct, frozen=True):
    """An error: of the procedure, of the router, or in the request itself."""

    error: Annotated[str, Meta(description="Its URI.")]
    args: Arguments = field(default_factory=_no_arguments)
    kwargs: Keywords = field(default_factory=_no_keywords)


class Accepted(Struct, frozen=True, omit_defaults=True):
    """A delivery was taken."""

    id: Annotated[int, Meta(ge=1, le=2**53)] | UnsetType = UNSET
    duplicate: Annotated[bool, Meta(description="It was there before, and nothing was done.")] = False


Body = TypeVar("Body", bound=Struct)


def read(octets: bytes, kind: type[Body]) -> Body:
    """Read a body; raises Refusal with the reason."""
    try:
        return msgspec.json.decode(octets, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise Refusal.because(400, reason[:MOST_QUOTED]) from None


def write(value: Any) -> bytes:
    """Write an answer."""
    return msgspec.json.encode(value)
