"""What is true of every codec."""

import json
from typing import Any

import cbor2
import msgpack
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Raw

from tests.wamp.strategies import (
    ALL_CODECS,
    CODEC_PAIRS,
    ENCODERS,
    client_messages,
    codecs,
    comparable,
    payloads,
    router_messages,
    values,
    with_payload,
)
from wamp.codecs import CBOR, CODECS, JSON, MESSAGEPACK, Codec
from wamp.errors import InvalidMessage, Untranscodable
from wamp.ids import MAX_ID
from wamp.messages import AnyMessage, Hello, Message, Publish
from wamp.options import InvocationDetails, PublishOptions, WelcomeDetails

every_codec = pytest.mark.parametrize("codec", ALL_CODECS, ids=lambda codec: codec.name)
every_pair = pytest.mark.parametrize(("source", "target"), CODEC_PAIRS, ids=lambda codec: codec.name)


def frame(codec: Codec, *elements: Any) -> bytes:
    return ENCODERS[codec](list(elements))


def let_in(codec: Codec, data: bytes) -> Message | None:
    """Decode; None if the message was refused. Any other exception fails the test."""
    try:
        return codec.decode(data)
    except InvalidMessage as refused:
        if len(str(refused)) > 120:
            pytest.fail("the reason is too long")
        return None


def read_elsewhere(codec: Codec, raw: Raw) -> Any:
    """Read a payload as a client would, with a library that is not the router's where there is one."""
    if codec is JSON:
        return json.loads(str(bytes(raw), "utf-8"))
    if codec is MESSAGEPACK:
        return msgpack.unpackb(bytes(raw), strict_map_key=False, timestamp=0)
    neutral = {tag: lambda value, immutable: value for tag in (*range(300), 1004, 43000, 55799)}
    return cbor2.loads(bytes(raw), semantic_decoders=neutral)


def parts_of(message: Any) -> list[Raw]:
    return [part for part in (getattr(message, "args", UNSET), getattr(message, "kwargs", UNSET)) if part is not UNSET]


# --- there and back ---------------------------------------------------------------------------------------------


@every_codec
@given(client_messages, payloads)
def test_a_client_message_is_the_same_after_encoding_and_decoding(codec, message, payload):
    """A15"""
    message = with_payload(codec, message, payload)
    assert comparable(codec.decode(codec.encode(message))) == comparable(message)


@every_codec
@given(client_messages, payloads)
def test_frames_of_other_encoders_are_understood(codec, message, payload):
    """A15, K1"""
    own = codec.encode(with_payload(codec, message, payload))
    elements = msgspec.msgpack.decode(own) if codec is MESSAGEPACK else None
    if codec is JSON:
        elements = json.loads(own)
    if codec is CBOR:
        elements = cbor2.loads(own)
    assert comparable(codec.decode(ENCODERS[codec](elements)))[:1] == (type(message),)


@given(router_messages, payloads)
def test_a_client_understands_what_the_router_writes_in_json(message, payload):
    """A15, B3, K1"""
    message = with_payload(JSON, message, payload)
    decoded = msgspec.json.decode(JSON.encode(message), type=AnyMessage)
    assert without_free_form(comparable(decoded)) == without_free_form(comparable(message))


@given(router_messages, payloads)
def test_a_client_understands_what_the_router_writes_in_messagepack(message, payload):
    """A15, B5, K1"""
    message = with_payload(MESSAGEPACK, message, payload)
    decoded = msgspec.msgpack.decode(MESSAGEPACK.encode(message), type=AnyMessage)
    assert comparable(decoded) == comparable(message)


@given(router_messages, payloads)
def test_a_client_understands_what_the_router_writes_in_cbor(message, payload):
    message = with_payload(CBOR, message, payload)
    elements = cbor2.loads(CBOR.encode(message))
    header = elements[: len(elements) - len(parts_of(message))]
    decoded = msgspec.convert(header, type(message))
    assert comparable(msgspec.structs.replace(decoded, **present_parts(message))) == comparable(message)
    assert elements[len(header) :] == list(payload)[: len(parts_of(message))]


def present_parts(message: Any) -> dict[str, Raw]:
    return {name: part for name in ("args", "kwargs") if (part := getattr(message, name, UNSET)) is not UNSET}


def without_free_form(fields: tuple[Any, ...]) -> tuple[Any, ...]:
    """Leave out what JSON writes differently: octets within free dictionaries become text."""
    return tuple(
        msgspec.structs.replace(field, authextra=UNSET) if isinstance(field, WelcomeDetails) else field
        for field in fields
        if not isinstance(field, dict)
    )


@every_codec
def test_the_hot_path_writes_what_encode_writes(codec):
    args, kwargs = codec.dump([1]), codec.dump({"a": 2})
    for parts in ((), (args,), (args, kwargs)):
        payload = dict(zip(("args", "kwargs"), parts, strict=False))
        message = Publish(MAX_ID, PublishOptions(acknowledge=True), "com.example.topic", **payload)
        head = (16, MAX_ID, PublishOptions(acknowledge=True), "com.example.topic")
        assert codec.encode_elements(head + parts) == codec.encode(message)


@every_codec
def test_details_may_be_structs_or_dictionaries(codec):
    details = {"procedure": "a.b", "receive_progress": True}
    as_struct = Raw(codec.encode_elements((68, 1, 2, InvocationDetails(**details))))
    as_dictionary = Raw(codec.encode_elements((68, 1, 2, details)))
    assert codec.load(as_struct) == codec.load(as_dictionary) == [68, 1, 2, details]
    assert codec.load(Raw(codec.encode_elements((68, 1, 2, InvocationDetails())))) == [68, 1, 2, {}]


@every_codec
def test_the_payload_of_a_message_is_exactly_the_octets_that_came(codec):
    args, kwargs = codec.dump(["ä", 1.0, b"\0"]), codec.dump({"k": [None]})
    message = codec.decode(codec.encode_elements((48, 1, {}, "a", args, kwargs)))
    assert (bytes(message.args), bytes(message.kwargs)) == (bytes(args), bytes(kwargs))


def test_codecs_are_found_by_name():
    assert CODECS == {"json": JSON, "msgpack": MESSAGEPACK, "cbor": CBOR}
    assert [(codec.is_binary, codec.rawsocket_id) for codec in ALL_CODECS] == [(False, 1), (True, 2), (True, 3)]


# --- what is refused ----------------------------------------------------------------------------------------------


@given(codecs, st.binary(max_size=200))
def test_any_octets_are_decoded_or_refused(codec, data):
    let_in(codec, data)


@given(st.data(), codecs, client_messages, payloads)
def test_what_is_let_in_of_a_damaged_frame_harms_nobody(data, codec, message, payload):
    octets = bytearray(codec.encode(with_payload(codec, message, payload)))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(octets)))
        octets[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    for part in parts_of(let_in(codec, bytes(octets))):
        read_elsewhere(codec, part)
        for target in ALL_CODECS:
            try:
                read_elsewhere(target, target.dump(codec.load(part)))
            except Untranscodable:
                continue


@every_codec
@given(client_messages, payloads)
def test_a_frame_that_is_cut_off_is_refused(codec, message, payload):
    data = codec.encode(with_payload(codec, message, payload))
    for length in {0, 1, len(data) // 2, len(data) - 1}:
        assert let_in(codec, data[:length]) is None


@every_codec
@pytest.mark.parametrize(
    "message",
    [
        {},
        [],
        5,
        "x",
        None,
        [48],
        [48, 1, {}],
        [48, 1, {}, "a", [], {}, 1],
        [48, 1, {}, "a", [], {}, []],
        [34, 1, 2, {}],
        [48, 0, {}, "a"],
        [48, -1, {}, "a"],
        [48, MAX_ID + 1, {}, "a"],
        [48, 2**64 - 1, {}, "a"],
        [48, True, {}, "a"],
        [48, "1", {}, "a"],
        [48, None, {}, "a"],
        [48, 1.5, {}, "a"],
        [48, 1, [], "a"],
        [48, 1, None, "a"],
        [48, 1, {}, 5],
        [48, 1, {}, None],
        [48, 1, {}, "a", {}],
        [48, 1, {}, "a", "args"],
        [48, 1, {}, "a", None],
        [48, 1, {}, "a", 7],
        [48, 1, {}, "a", [], []],
        [48, 1, {}, "a", [], None],
        [48, 1, {}, "a", [], "kwargs"],
        ["48", 1, {}, "a"],
        [48.0, 1, {}, "a"],
        [True, "realm", {}],
        [-1, "realm", {}],
        [0, "realm", {}],
        [999, 1],
        [2**70, 1],
        [[48], 1, {}, "a"],
        [{"a": 1}, 1, {}, "a"],
    ],
    ids=repr,
)
def test_a_malformed_message_is_refused(codec, message):
    if codec is MESSAGEPACK and message == [2**70, 1]:
        pytest.skip("MessagePack has no such integer")
    with pytest.raises(InvalidMessage):
        codec.decode(ENCODERS[codec](message))


@every_codec
@pytest.mark.parametrize(
    "message",
    [
        [2, 1, {"roles": {}, "realm": "r", "authid": "a", "authrole": "b", "authmethod": "c", "authprovider": "d"}],
        [4, "ticket", {}],
        [17, 1, 2],
        [33, 1, 2],
        [35, 1],
        [36, 1, 2, {}],
        [50, 1, {}],
        [65, 1, 2],
        [67, 1],
        [68, 1, 2, {}],
        [69, 1, {}],
    ],
    ids=lambda message: str(message[0]),
)
def test_a_message_that_only_routers_send_is_refused(codec, message):
    with pytest.raises(InvalidMessage):
        codec.decode(ENCODERS[codec](message))


@every_codec
def test_keys_of_arguments_kw_must_be_text(codec):
    if codec is JSON:
        with pytest.raises(InvalidMessage):
            codec.decode(b'[48,1,{},"a",[],{1:2}]')
        return
    for keywords in ({1: 2}, {b"a": 2}, {"a": 1, None: 2}, {n: n for n in range(1000)}):
        with pytest.raises(InvalidMessage):
            codec.decode(frame(codec, 48, 1, {}, "a", [], keywords))


@every_codec
def test_invalid_utf8_is_refused_wherever_it_hides(codec):
    marker = "NOT UTF-8"
    for elements in (
        (48, 1, {}, marker),
        (48, 1, {}, "a", [marker]),
        (48, 1, {}, "a", [marker, "x" * 1000]),
        (48, 1, {}, "a", [{"k": [marker]}]),
        (48, 1, {}, "a", [{marker: 1}]),
        (48, 1, {}, "a", [], {marker: 1}),
        (48, 1, {}, "a", [], {"k": marker}),
        (48, 1, {}, "a", [], {"k": marker, "x": "x" * 1000}),
    ):
        data = frame(codec, *elements)
        assert let_in(codec, data) is not None
        assert let_in(codec, data.replace(marker.encode(), b"NOT UTF-\xff")) is None


@every_codec
def test_deep_nesting_is_refused_without_delay(codec):
    start, stop = {JSON: (b"[", b"]"), MESSAGEPACK: (b"\x91", b""), CBOR: (b"\x81", b"")}[codec]
    shallow = frame(codec, 48, 1, {}, "a", [[]])
    assert let_in(codec, shallow) is not None
    in_options = frame(codec, 48, 1, {"x": "HERE"}, "a")
    inner = codec.dump([])
    for depth in (5_000, 1_000_000):
        nested = Raw(start * depth + bytes(inner) + stop * depth)
        assert let_in(codec, codec.encode_elements((48, 1, {}, "a", nested))) is None
        assert let_in(codec, in_options.replace(bytes(codec.dump("HERE")), bytes(nested))) is None
        assert let_in(codec, bytes(nested)) is None
        assert let_in(codec, start * depth) is None


@every_codec
def test_sensible_nesting_is_let_in(codec):
    value: Any = []
    for _ in range(100):
        value = [value]
    message = codec.decode(codec.encode_elements((48, 1, {}, "a", codec.dump(value))))
    assert codec.load(message.args) == value


@every_codec
def test_the_reason_quotes_only_little_of_the_message(codec):
    with pytest.raises(InvalidMessage) as refused:
        codec.decode(frame(codec, 32, 1, {"match": "x" * 10_000}, "a"))
    assert len(str(refused.value)) <= 120
    assert refused.value.__cause__ is None


@every_codec
def test_unknown_options_are_ignored(codec):
    message = codec.decode(frame(codec, 48, 1, {"_future": {"x": [1]}, "timeout": 5}, "a"))
    assert (message.options.timeout, message.procedure) == (5, "a")


@every_codec
def test_a_client_may_leave_the_realm_to_the_router(codec):
    message = codec.decode(frame(codec, 1, None, {"roles": {"caller": {}}}))
    assert isinstance(message, Hello)
    assert message.realm is None


@every_codec
def test_ids_go_up_to_two_to_the_53(codec):
    assert codec.decode(frame(codec, 48, MAX_ID, {}, "a")).request == MAX_ID


# --- from one format to another -----------------------------------------------------------------------------------


@every_pair
@given(values)
def test_every_value_of_the_common_space_survives_transcoding(source, target, value):
    there = target.dump(source.load(source.dump(value)))
    assert repr(target.load(there)) == repr(value)


@every_pair
@pytest.mark.parametrize("value", [1.0, -0.0, 2**53 + 1, 2**64 - 1, -(2**63), 1e300, 0.1, "", b"", "ä\U0001f600"])
def test_types_and_digits_are_kept(source, target, value):
    assert repr(target.load(target.dump(source.load(source.dump([value]))))) == repr([value])


@every_codec
def test_what_no_format_knows_cannot_be_written(codec):
    for value in (object(), {1, 2} if codec is JSON else object(), ..., {"a": object()}):
        with pytest.raises(Untranscodable):
            codec.dump(value)


@every_codec
def test_what_is_unreadable_cannot_be_transcoded(codec):
    with pytest.raises(Untranscodable):
        codec.load(Raw(b"\xc1"))
