"""Hypothesis strategies for messages and payloads, and the frames that other people's encoders make of them."""

from collections.abc import Callable
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import cbor2
import msgspec
from hypothesis import strategies as st
from msgspec import UNSET, Raw, UnsetType

from wamp.codecs import CBOR, JSON, MESSAGEPACK, Codec
from wamp.ids import MAX_ID
from wamp.messages import ClientMessage, Message, RouterMessage

ALL_CODECS = (JSON, MESSAGEPACK, CBOR)
CODEC_PAIRS = [(source, target) for source in ALL_CODECS for target in ALL_CODECS if source is not target]

ENCODERS: dict[Codec, Callable[[Any], bytes]] = {
    JSON: msgspec.json.encode,
    MESSAGEPACK: msgspec.msgpack.encode,
    CBOR: cbor2.dumps,
}
"""Encoders that are not the router's own."""

codecs = st.sampled_from(ALL_CODECS)

ALPHABET = 'ab\0\n\t"\\/.# \x7f\x85äß€\u2028\ufeff\uffff\U0001f600'
"""What tends to trip codecs; not surrogates, which UTF-8 has not."""

# JSON takes text that starts with U+0000 for octets.
texts = st.text(ALPHABET, max_size=20).filter(lambda text: not text.startswith("\0"))

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
    | st.binary(max_size=30)
)
"""What every serializer can express."""

values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=8,
)

arguments = st.lists(values, max_size=5)
keywords = st.dictionaries(texts, values, max_size=5)
payloads = st.just(()) | st.tuples(arguments) | st.tuples(arguments, keywords)


def of(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a type that a message or its options are declared with."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return st.integers(1, MAX_ID) if inner[0] is int else st.sampled_from(("null", "x_mine"))
    if origin in (Union, UnionType):
        return st.one_of([of(each) for each in inner])
    if origin is Literal:
        return st.sampled_from(inner)
    if origin is list:
        return st.lists(of(inner[0]), max_size=3)
    if origin is dict:
        return st.dictionaries(texts, values, max_size=3)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        hints = get_type_hints(hint, include_extras=True)
        return st.builds(hint, **{name: of(hints[name]) for name in hint.__struct_fields__})
    return {
        bool: st.booleans(),
        int: st.integers(1, MAX_ID),
        str: texts,
        NoneType: st.none(),
        UnsetType: st.just(UNSET),
    }[hint]


def messages_of(kind: type[Message]) -> st.SearchStrategy[Message]:
    """Messages without payload."""
    hints = get_type_hints(kind, include_extras=True)
    names = [name for name in kind.__struct_fields__ if name not in ("args", "kwargs")]
    return st.builds(kind, **{name: of(hints[name]) for name in names})


client_messages = st.one_of([messages_of(kind) for kind in get_args(ClientMessage)])
router_messages = st.one_of([messages_of(kind) for kind in get_args(RouterMessage)])


def with_payload(codec: Codec, message: Message, payload: tuple[Any, ...]) -> Message:
    """Add a payload in the format of `codec`, if the message may have one."""
    if not payload or "args" not in message.__struct_fields__:
        return message
    parts = dict(zip(("args", "kwargs"), map(codec.dump, payload), strict=False))
    return msgspec.structs.replace(message, **parts)


def comparable(message: Message) -> tuple[Any, ...]:
    """A message as something that equals another message of the same content."""
    fields = [bytes(field) if type(field) is Raw else field for field in msgspec.structs.astuple(message)]
    return type(message), *fields
