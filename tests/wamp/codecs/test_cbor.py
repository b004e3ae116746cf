"""CBOR: every way to write an item, tags that mean nothing to a router, and lengths that lie."""

from datetime import UTC, datetime

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wamp.strategies import values
from wamp.codecs import CBOR, JSON, MESSAGEPACK
from wamp.codecs.cbor_items import MAX_DEPTH, item_head, skip, write, write_head
from wamp.errors import InvalidMessage, Untranscodable
from wamp.options import Features

LONG = cbor2.dumps("x" * 1000)


def call(*parts: bytes) -> bytes:
    """A CALL whose Arguments and ArgumentsKw are these octets."""
    return bytes((0x84 + len(parts),)) + b"\x18\x30\x01\xa0\x61a" + b"".join(parts)


def hexed(text: str) -> bytes:
    return bytes.fromhex(text.replace(" ", ""))


# --- items in all their forms ---------------------------------------------------------------------------------------


@given(values)
def test_skip_ends_where_the_item_ends(value):
    data = cbor2.dumps(value)
    assert skip(b"\x00" + data + b"\x00", 1) == len(data) + 1


@given(st.binary(max_size=30))
def test_what_skip_lets_pass_cbor2_can_read(data):
    try:
        end = skip(data, 0)
    except (InvalidMessage, UnicodeDecodeError, IndexError):
        return
    if end <= len(data):
        neutral = {tag: lambda value, immutable: value for tag in (*range(300), 1004, 43000, 55799)}
        cbor2.loads(data[:end], semantic_decoders=neutral)


@given(st.integers(0, 2**64 - 1), st.integers(0, 6))
def test_a_head_is_read_as_it_was_written(argument, major):
    data = write_head(major, argument)
    assert item_head(data, 0) == (major, argument, len(data))


@given(
    st.recursive(st.integers() | st.text("aä") | st.booleans() | st.none(), lambda v: st.dictionaries(st.text("ab"), v))
)
def test_what_is_written_by_hand_is_what_cbor2_writes(value):
    assert write(value) == cbor2.dumps(value)


@pytest.mark.parametrize(
    "data",
    [
        "84 18 30 01 a0 61 61",
        "98 04 18 30 01 a0 61 61",
        "9b 0000000000000004 19 0030 1b 0000000000000001 b8 00 78 01 61",
        "9f 18 30 01 a0 61 61 ff",
        "9f 18 30 01 bf ff 7f 61 61 ff ff",
        "84 18 30 1a 00000001 bf ff 7f 60 61 61 ff",
    ],
)
def test_a_message_is_the_same_however_its_items_are_written(data):
    """B6"""
    assert CBOR.encode(CBOR.decode(hexed(data))) == hexed("84 18 30 01 a0 61 61")


@pytest.mark.parametrize(
    ("args", "value"),
    [
        ("9f 01 9f 02 ff ff", [1, [2]]),
        ("81 bf 61 61 01 ff", [{"a": 1}]),
        ("81 7f 61 61 62 c3a4 ff", ["aä"]),
        ("81 5f 41 01 41 02 ff", [b"\1\2"]),
        ("83 f9 3c00 fa 3f800000 fb 3ff0000000000000", [1.0, 1.0, 1.0]),
        ("81 1b ffffffffffffffff", [2**64 - 1]),
        ("81 3b ffffffffffffffff", [-(2**64)]),
        ("81 c2 49 010000000000000000", [2**64]),
        ("81 c3 49 010000000000000000", [-(2**64) - 1]),
        ("82 f7 f6", [None, None]),
    ],
)
def test_a_payload_passes_as_it_is_and_can_be_read(args, value):
    message = CBOR.decode(call(hexed(args)))
    assert bytes(message.args) == hexed(args)
    assert repr(CBOR.load(message.args)) == repr(value)


def test_indefinite_lengths_of_message_arguments_and_keywords_end_where_they_should():
    """B6"""
    message = CBOR.decode(hexed("9f 18 30 01 a0 61 61 9f 01 ff bf 61 6b 9f ff ff ff"))
    assert (bytes(message.args), bytes(message.kwargs)) == (hexed("9f 01 ff"), hexed("bf 61 6b 9f ff ff"))


@pytest.mark.parametrize("filler", [b"", LONG], ids=["small", "large"])
def test_small_and_large_payloads_are_judged_alike(filler):
    good = [b"\x81" + b"\x01", hexed("9f 01 ff"), hexed("81 a1 01 02"), hexed("81 c1 a0"), hexed("81 d81d 05")]
    bad = [
        b"\x81",
        b"\xa0",
        b"\xf6",
        hexed("81 1c"),
        hexed("81 f8 18"),
        hexed("81 a1 81 01 02"),
        hexed("81 a1 c1 01 02"),
    ]
    bad += [hexed("81 5f 61 61 ff"), hexed("81 61 ff"), hexed("81 bf 61 61 ff"), hexed("81 ff"), hexed("81 fc")]
    keywords = b"\xa1\x61k" + filler if filler else b"\xa0"
    for args in good:
        assert bytes(CBOR.decode(call(args, keywords)).args) == args
    for args in bad:
        with pytest.raises(InvalidMessage):
            CBOR.decode(call(args, keywords))


@pytest.mark.parametrize(
    "data", ["9f ff", "80", "9f", "9f 18 30 01 a0 61 61", "9f 18 30 01 a0 61 61 ff 00", "ff", "5f ff"]
)
def test_lists_that_are_empty_open_or_followed_by_something_are_refused(data):
    with pytest.raises(InvalidMessage):
        CBOR.decode(hexed(data))


def test_trailing_octets_are_refused():
    for data in (call(), call(b"\x80"), call(b"\x80", b"\xa0"), call(b"\x81" + LONG)):
        CBOR.decode(data)
        with pytest.raises(InvalidMessage):
            CBOR.decode(data + b"\x00")


@pytest.mark.parametrize("major", [2, 3, 4, 5])
@pytest.mark.parametrize("length", [2**16, 2**32 - 1, 2**63, 2**64 - 1])
def test_a_promise_of_more_than_there_is_costs_nothing(major, length):
    bomb = write_head(major, length)
    for data in (bomb, call(bomb), call(b"\x81" + bomb), call(b"\x80", bomb), call(b"\x82" + LONG + bomb)):
        with pytest.raises(InvalidMessage):
            CBOR.decode(data)
    with pytest.raises(InvalidMessage):
        CBOR.decode(b"\x84\x18\x30\x01\xa1\x61x" + bomb)


def test_nesting_is_allowed_to_a_depth_and_no_deeper():
    """B6, J2"""
    for opening in (b"\x81", b"\x9f", b"\xc1", b"\xa1\x61k"):
        assert skip(opening * 200 + b"\x00" + b"\xff" * 200, 0) > 0
        for filler in (b"\x00", LONG):
            with pytest.raises(InvalidMessage):
                CBOR.decode(call(b"\x81" + opening * (MAX_DEPTH + 1) + filler + b"\xff" * (MAX_DEPTH + 1)))


def test_no_container_and_no_tag_is_a_key():
    for key in (b"\x80", b"\xa0", b"\x82\x01\x02", b"\xc1\x01", b"\x9f\xff"):
        for filler in (b"\x00", LONG):
            with pytest.raises(InvalidMessage):
                CBOR.decode(call(b"\x82\xa1" + key + b"\x00" + filler))
            with pytest.raises(InvalidMessage):
                CBOR.decode(call(b"\x82\xbf\x01\x02" + key + b"\x00\xff" + filler))


# --- tags -----------------------------------------------------------------------------------------------------------

TAGGED = [
    "c0 63 6e6f70",  # a date that is none
    "c0 a0",
    "c1 61 61",
    "c1 fb 7ff8000000000000",
    "c1 1b ffffffffffffffff",
    "c2 61 61",
    "c4 82 1b ffffffffffffffff 01",
    "c5 82 1b 7fffffffffffffff 01",
    "d8 1e 82 01 00",  # a fraction of zero
    "d8 23 61 28",  # a regular expression that is none
    "d8 24 40",
    "d8 25 41 00",
    "d8 1c 81 d8 1d 00",  # a list that holds itself
    "d8 1d 05",
    "d9 0100 83 63 616161 d8 19 00 d8 19 05",
    "d9 0102 81 a0",
    "d9 d9f7 80",
    "d9 ffff 80",
    "db ffffffffffffffff 80",
]


@pytest.mark.parametrize("tagged", TAGGED)
@pytest.mark.parametrize("filler", [b"\x00", LONG], ids=["small", "large"])
def test_tags_in_a_payload_pass_whatever_they_hold(tagged, filler):
    """B6"""
    args = b"\x82" + hexed(tagged) + filler
    message = CBOR.decode(call(args, b"\xa1\x61k" + hexed(tagged)))
    assert bytes(message.args) == args
    for codec in (JSON, MESSAGEPACK):
        with pytest.raises(Untranscodable):
            codec.dump(CBOR.load(message.args))


@pytest.mark.parametrize("tagged", TAGGED)
def test_tags_in_options_that_nobody_knows_are_ignored(tagged):
    assert CBOR.decode(b"\x84\x18\x30\x01\xa1\x61x" + hexed(tagged) + b"\x61a").procedure == "a"


def test_tags_where_plain_values_belong_are_refused():
    for data in ("84 18 30 c1 01 a0 61 61", "84 18 30 01 c1 a0 61 61", "c1 84 18 30 01 a0 61 61"):
        with pytest.raises(InvalidMessage):
            CBOR.decode(hexed(data))


@pytest.mark.parametrize("tagged", TAGGED)
def test_tags_in_free_form_details_are_null(tagged):
    data = b"\x83\x01\x61r\xa1\x69authextra\xa2\x61x" + hexed(tagged) + b"\x61y\x81" + hexed(tagged)
    assert CBOR.decode(data).details.authextra == {"x": None, "y": [None]}


def test_dates_in_text_and_in_seconds_are_dates():
    date = datetime(2013, 3, 21, 20, 4, tzinfo=UTC)
    for tagged in ("c0 74 323031332d30332d32315432303a30343a30305a", "c1 1a 514b67b0", "c1 fb 41d452d9ec000000"):
        args = CBOR.decode(call(b"\x81" + hexed(tagged))).args
        assert CBOR.load(args) == [date]
        assert bytes(JSON.dump(CBOR.load(args))) == b'["2013-03-21T20:04:00Z"]'
        assert MESSAGEPACK.load(MESSAGEPACK.dump(CBOR.load(args))) == [date]


# --- what clients do --------------------------------------------------------------------------------------------------


def test_an_undefined_option_is_absent():
    undefined = cbor2.undefined
    options = {"acknowledge": undefined, "exclude": undefined, "retain": True}
    message = CBOR.decode(cbor2.dumps([16, 1, options, "a"]))
    assert message == CBOR.decode(cbor2.dumps([16, 1, {"retain": True}, "a"]))
    roles = {"caller": {"features": {"call_timeout": undefined}}, "callee": undefined}
    hello = CBOR.decode(cbor2.dumps([1, "r", {"roles": roles, "authid": undefined, "authextra": {"x": undefined}}]))
    assert hello.details.roles.caller.features == Features()
    assert hello.details.authextra == {}


def test_an_integral_float_is_an_id_and_nothing_else():
    assert CBOR.decode(cbor2.dumps([48, float(2**53), {}, "a"])).request == 2**53
    assert CBOR.decode(cbor2.dumps([34, 1.0, 2.0])) == CBOR.decode(cbor2.dumps([34, 1, 2]))
    exclude = CBOR.decode(cbor2.dumps([16, 1, {"exclude": [2.0**52]}, "a"])).options.exclude
    assert (exclude, type(exclude[0])) == ([2**52], int)
    for elements in ([48, 1.5, {}, "a"], [48, 2.0**54, {}, "a"], [48, 1, {"timeout": 5.0}, "a"], [48.0, 1, {}, "a"]):
        with pytest.raises(InvalidMessage):
            CBOR.decode(cbor2.dumps(elements))


def test_undefined_is_no_value_of_arguments_or_ids():
    undefined = cbor2.undefined
    for elements in ([48, undefined, {}, "a"], [48, 1, undefined, "a"], [48, 1, {}, "a", undefined], [undefined]):
        with pytest.raises(InvalidMessage):
            CBOR.decode(cbor2.dumps(elements))


def test_undefined_in_a_payload_is_null_elsewhere():
    args = CBOR.decode(cbor2.dumps([48, 1, {}, "a", [cbor2.undefined]])).args
    assert bytes(JSON.dump(CBOR.load(args))) == b"[null]"
    assert bytes(MESSAGEPACK.dump(CBOR.load(args))) == b"\x91\xc0"


def test_integer_keys_pass_to_cbor_clients_only():
    """B6, B22"""
    message = CBOR.decode(cbor2.dumps([48, 1, {}, "a", [{1: "x"}]]))
    assert cbor2.loads(bytes(message.args)) == [{1: "x"}]
    for other in (MESSAGEPACK, JSON):
        with pytest.raises(Untranscodable):
            other.dump(CBOR.load(message.args))


def test_extension_types_of_messagepack_do_not_fit():
    with pytest.raises(Untranscodable):
        CBOR.dump(MESSAGEPACK.load(b"\x91\xd4\x05\x00"))
