"""MessagePack: extension types, undefined values, ids as floats, and keys that collide."""

import time
from datetime import UTC, datetime

import msgpack
import msgspec
import pytest
from msgspec.msgpack import Ext

from wamp.codecs import CBOR, JSON, MESSAGEPACK
from wamp.errors import InvalidMessage, Untranscodable

UNDEFINED = Ext(0, b"\0")


def frame(*elements):
    return msgspec.msgpack.encode(elements)


def test_an_undefined_option_is_absent():
    message = MESSAGEPACK.decode(frame(16, 1, {"acknowledge": UNDEFINED, "exclude": UNDEFINED, "retain": True}, "a"))
    assert message == MESSAGEPACK.decode(frame(16, 1, {"retain": True}, "a"))


def test_undefined_is_absent_within_options_too():
    hello = {"roles": {"caller": {"features": {"call_timeout": UNDEFINED}}}, "authid": UNDEFINED}
    assert MESSAGEPACK.decode(frame(1, "r", hello)) == MESSAGEPACK.decode(
        frame(1, "r", {"roles": {"caller": {"features": {}}}})
    )


def test_an_integral_float_is_an_id():
    message = MESSAGEPACK.decode(frame(48, float(2**53), {}, "a", [1.0], {"k": 2.0}))
    assert (message.request, type(message.request)) == (2**53, int)
    assert (bytes(message.args), bytes(message.kwargs)) == (
        msgspec.msgpack.encode([1.0]),
        msgspec.msgpack.encode({"k": 2.0}),
    )


def test_an_integral_float_is_an_id_in_every_place_of_an_id():
    assert MESSAGEPACK.decode(frame(34, 1.0, 2.0**50)) == MESSAGEPACK.decode(frame(34, 1, 2**50))
    assert MESSAGEPACK.decode(frame(16, 1, {"exclude": [2.0**52], "eligible": [1, 2.0]}, "a")) == MESSAGEPACK.decode(
        frame(16, 1, {"exclude": [2**52], "eligible": [1, 2]}, "a")
    )


def test_a_float_is_no_integer_anywhere_else():
    for elements in (
        (48, 1.5, {}, "a"),
        (48, 0.0, {}, "a"),
        (48, 2.0**53 + 2, {}, "a"),
        (48, float("nan"), {}, "a"),
        (48, float("inf"), {}, "a"),
        (48, 1, {"timeout": 5.0}, "a"),
        (8, 68.0, 1, {}, "a"),
        (48.0, 1, {}, "a"),
        (16, 1, {"exclude": [1.5]}, "a"),
    ):
        with pytest.raises(InvalidMessage):
            MESSAGEPACK.decode(frame(*elements))


def test_undefined_is_no_excuse_for_other_mistakes():
    for elements in (
        (48, UNDEFINED, {}, "a"),
        (48, 1, UNDEFINED, "a"),
        (48, 1, {}, "a", UNDEFINED),
        (48, 1, {"timeout": UNDEFINED}, "a", 5),
        (48, 1, {"timeout": Ext(7, b"")}, "a"),
        (48, 1.0, {}, "a", [], [], 1),
        (2, 1.0, {}),
        (UNDEFINED,),
    ):
        with pytest.raises(InvalidMessage):
            MESSAGEPACK.decode(frame(*elements))


def test_extension_types_pass_through_to_messagepack_clients_only():
    """B5"""
    message = MESSAGEPACK.decode(frame(48, 1, {}, "a", [Ext(5, b"abc"), UNDEFINED]))
    assert bytes(message.args) == msgspec.msgpack.encode([Ext(5, b"abc"), UNDEFINED])
    for codec in (JSON, CBOR):
        with pytest.raises(Untranscodable):
            codec.dump(MESSAGEPACK.load(message.args))


def test_dates_reach_cbor_clients_as_dates():
    date = datetime(2024, 2, 29, 12, 30, 15, tzinfo=UTC)
    assert CBOR.load(CBOR.dump(MESSAGEPACK.load(MESSAGEPACK.dump([date])))) == [date]


@pytest.mark.parametrize("extension", [b"\xd4\xff\x00", b"\xd7\xff" + b"\xff" * 8, b"\xc7\x05\xff12345"])
def test_a_date_that_is_none_is_refused(extension):
    with pytest.raises(InvalidMessage):
        MESSAGEPACK.decode(b"\x95\x30\x01\x80\xa1a\x91" + extension)


def test_integers_beyond_64_bits_do_not_fit():
    for number in (2**64, -(2**63) - 1):
        with pytest.raises(Untranscodable):
            MESSAGEPACK.dump(JSON.load(JSON.dump([number])))


@pytest.mark.parametrize("value", [[{1: "x"}], [{"a": [{None: 1}]}], [{True: 1}], [{1.5: 1}]], ids=str)
def test_keys_that_python_clients_cannot_read_are_not_passed_on(value):
    """B5: what one client publishes must not disconnect the subscribers."""
    for payload in ((value,), ([], {"k": value})):
        with pytest.raises(InvalidMessage):
            MESSAGEPACK.decode(frame(48, 1, {}, "a", *payload))
    with pytest.raises(Untranscodable):
        MESSAGEPACK.dump(value)  # CBOR has such keys


def test_octets_may_be_keys():
    """B5"""
    message = MESSAGEPACK.decode(frame(48, 1, {}, "a", [{b"k": "x"}]))
    assert msgpack.unpackb(bytes(message.args)) == [{b"k": "x"}]


@pytest.mark.parametrize("octets", [b"\xc1", b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff"])
def test_a_promise_of_more_than_there_is_costs_nothing(octets):
    """B5, J2"""
    for data in (octets, b"\x95\x30\x01\x80\xa1a" + octets, b"\x95\x30\x01\x81\xa1x" + octets + bytes(1000)):
        with pytest.raises(InvalidMessage):
            MESSAGEPACK.decode(data)


def test_trailing_octets_are_refused():
    with pytest.raises(InvalidMessage):
        MESSAGEPACK.decode(frame(48, 1, {}, "a") + b"\xc0")


# --- keys that collide ----------------------------------------------------------------------------------------------

LARGE_MAPS = [b"\xde\x10\x00", b"\xdf\x00\x00\x10\x00"]


@pytest.mark.parametrize("head", LARGE_MAPS)
def test_large_maps_have_no_lists_as_keys(head):
    entries = b"".join(b"\x92\xcd" + n.to_bytes(2, "big") + b"\x01\xc0" for n in range(4096))
    for start in (b"\x95\x30\x01\x80\xa1a\x91", b"\x96\x30\x01\x80\xa1a\x90\x81\xa1k", b"\x94\x30\x01\x81\xa1x"):
        started = time.process_time()
        with pytest.raises(InvalidMessage):
            MESSAGEPACK.decode(start + head + entries + (b"\xa1a" if start[0] == 0x94 else b""))
        assert time.process_time() - started < 0.1


@pytest.mark.parametrize("head", LARGE_MAPS)
def test_large_maps_with_plain_keys_and_any_values_are_let_in(head):
    values = [
        1,
        -1,
        200,
        2**40,
        1.5,
        "x" * 40,
        b"y" * 300,
        "z" * 70000,
        None,
        True,
        [1, [2]],
        {"k": {}},
        Ext(9, b"a"),
        -(2**40),
    ]
    values += [Ext(9, b"a" * size) for size in (2, 4, 5, 8, 16, 300, 70000)] + [
        list(range(20)),
        b"b" * 70000,
        -200,
        2**64 - 1,
    ]
    entries = [msgspec.msgpack.encode(str(key)) for key in range(4096)]
    packed = [msgspec.msgpack.encode(value) for value in values]
    body = b"".join(key + packed[place % len(packed)] for place, key in enumerate(entries))
    message = MESSAGEPACK.decode(b"\x95\x30\x01\x80\xa1a\x91" + head + body)
    assert bytes(message.args) == b"\x91" + head + body


def test_no_map_has_a_list_or_a_map_as_a_key():
    """B5"""
    for value in ([{(1, 2): 3}], [[{"a": {(): 1}}]], [1, {"a": 1, ("b",): 2}]):
        with pytest.raises(InvalidMessage):
            MESSAGEPACK.decode(frame(48, 1, {}, "a", value))
        with pytest.raises(InvalidMessage):
            MESSAGEPACK.decode(frame(48, 1, {}, "a", [], {"k": value}))


def test_extension_types_that_messagepack_keeps_for_itself_are_refused():
    for code in (-2, -92, -128):
        with pytest.raises(InvalidMessage):
            MESSAGEPACK.decode(frame(48, 1, {}, "a", [Ext(code, b"x")]))
