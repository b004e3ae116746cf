"""What a peer sends along: Arguments and ArgumentsKw, as the octets they came in.

Between peers that share a serializer these octets pass untouched. For others the payload is transcoded, once per
target serializer however many receive it.
"""

from typing import Any, Final

from msgspec import UNSET, Raw, Struct, UnsetType

from wamp.codecs import JSON, Codec
from wamp.messages import Abort, Call, Error, Event, Invocation, Publish, Result, Yield

Parts = tuple[Raw, ...]


class Payload(Struct, eq=False):
    """Arguments and ArgumentsKw in the serializer of their sender: `()`, `(args,)` or `(args, kwargs)`.

    Immutable to its users. `Raw` pins the whole frame it was cut from; whoever keeps a payload beyond the message
    (retained events, history) keeps `copy()`.
    """

    codec: Codec | None
    """The serializer of `parts`; None for what the router says itself, which `parts_for` alone can give."""

    parts: Parts
    _transcoded: dict[Codec, Parts] | None = None

    def parts_for(self, codec: Codec) -> Parts:
        """Give the parts in the format of `codec`; raises `Untranscodable`."""
        if codec is self.codec or not self.parts:
            return self.parts
        if self._transcoded is None:
            self._transcoded = {}
        parts = self._transcoded.get(codec)
        if parts is None:
            parts = self._transcoded[codec] = tuple(codec.dump(value) for value in self.load())
        return parts

    def load(self) -> tuple[Any, ...]:
        """Give the values: `()`, `(args,)` or `(args, kwargs)`; raises `Untranscodable`."""
        codec = self.codec
        assert codec is not None  # noqa: S101 - `OwnPayload` has values instead
        return tuple(codec.load(part) for part in self.parts)

    def copy(self) -> "Payload":
        """Give the same payload in memory of its own, without what was transcoded."""
        return Payload(self.codec, tuple(part.copy() for part in self.parts))


class OwnPayload(Payload, eq=False):
    """What the router says itself: values, put into a serializer only when somebody with that serializer listens."""

    values: tuple[Any, ...] = ()

    def parts_for(self, codec: Codec) -> Parts:
        """See `Payload.parts_for`."""
        if self._transcoded is None:
            self._transcoded = {}
        parts = self._transcoded.get(codec)
        if parts is None:
            parts = self._transcoded[codec] = tuple(codec.dump(value) for value in self.values)
        return parts

    def load(self) -> tuple[Any, ...]:
        """See `Payload.load`."""
        return self.values

    def copy(self) -> Payload:
        """See `Payload.copy`."""
        return OwnPayload(None, (), values=self.values)


NO_PAYLOAD: Final = Payload(JSON, ())


def payload_with(args: list[Any] | None, kwargs: dict[str, Any] | None = None) -> Payload:
    """Make a payload of values; what is empty at the end is left out, see section "Empty Arguments"."""
    if kwargs:
        return OwnPayload(None, (), values=(args or [], kwargs))
    return OwnPayload(None, (), values=(args,)) if args else NO_PAYLOAD


def payload_of(codec: Codec, message: Abort | Call | Error | Event | Invocation | Publish | Result | Yield) -> Payload:
    """Take the payload out of a message that `codec` decoded."""
    args: Raw | UnsetType = message.args
    if args is UNSET:
        return NO_PAYLOAD
    kwargs: Raw | UnsetType = message.kwargs
    return Payload(codec, (args,) if kwargs is UNSET else (args, kwargs))
