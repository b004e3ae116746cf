"""JSON: octets in text, broken emoji, and the values that JSON has not."""

from datetime import UTC, datetime, timedelta, timezone

import cbor2
import msgspec
import pytest
from msgspec import Raw
from msgspec.msgpack import Ext

from wamp.codecs import CBOR, JSON, MESSAGEPACK
from wamp.errors import InvalidMessage, Untranscodable
from wamp.messages import Challenge, Welcome
from wamp.options import RouterRoles, WelcomeDetails


def call(args: bytes) -> bytes:
    return b'[48,1,{},"com.example.echo",' + args + b"]"


# --- octets -------------------------------------------------------------------------------------------------------


def test_octets_are_text_that_starts_with_nul():
    """B4"""
    assert bytes(JSON.dump(bytes.fromhex("10e3ff9053075c54"))) == rb'"\u0000EOP/kFMHXFQ="'
    assert JSON.load(Raw(rb'"\u0000EOP/kFMHXFQ="')) == bytes.fromhex("10e3ff9053075c54")


def test_octets_are_converted_at_every_depth():
    """B4"""
    value = [b"\x00", {"k": [b"\xff" * 40, {"deep": b""}]}]
    assert JSON.load(JSON.dump(value)) == value
    for codec in (MESSAGEPACK, CBOR):
        assert codec.load(codec.dump(JSON.load(JSON.dump(value)))) == value


def test_octets_may_be_keys_of_a_dictionary():
    assert bytes(JSON.dump({b"\x01": 1})) == rb'{"\u0000AQ==":1}'
    assert JSON.load(Raw(rb'{"\u0000AQ==":1}')) == {b"\x01": 1}
    assert MESSAGEPACK.load(MESSAGEPACK.dump({b"\x01": 1})) == {b"\x01": 1}


@pytest.mark.parametrize(
    "text", [rb"\u0000AQ", rb"\u0000A", rb"\u0000AQ=", rb"\u0000!", rb"\u0000\u00e4", rb"\u0000 AQ=="]
)
def test_invalid_base64_after_nul_is_refused(text):
    """B4"""
    for args in (b'["%s"]', b'[{"k":["%s"]}]', b'[{"%s":1}]', b'[],{"k":"%s"}'):
        with pytest.raises(InvalidMessage):
            JSON.decode(call(args % text))


def test_nul_elsewhere_is_plain_text():
    for args in (rb'["a\u0000!"]', rb'["\\u0000!"]', rb'[{"x\u0000":"\\u0000"}]'):
        assert bytes(JSON.decode(call(args)).args) == args


def test_a_uri_that_starts_with_nul_is_refused():
    with pytest.raises(InvalidMessage):
        JSON.decode(rb'[48,1,{},"\u0000AQ=="]')


def test_octets_in_details_become_octets():
    message = JSON.decode(rb'[5,"x",{"key":"\u0000AQ=="}]')
    assert message.extra == {"key": b"\x01"}
    message = JSON.decode(rb'[8,68,1,{"key":"\u0000AQ=="},"com.example.error",["\u0000AQ=="]]')
    assert bytes(message.args) == rb'["\u0000AQ=="]'
    hello = JSON.decode(rb'[1,"realm1",{"roles":{"caller":{}},"authextra":{"nonce":"\u0000AQ=="}}]')
    assert hello.details.authextra == {"nonce": b"\x01"}


def test_octets_in_details_are_written_as_text():
    assert JSON.encode(Challenge("x", {"nonce": b"\x01"})) == rb'[4,"x",{"nonce":"\u0000AQ=="}]'
    details = WelcomeDetails(RouterRoles(), "r", "i", "o", "m", "p", authextra={"nonce": b"\x01"})
    assert rb'"authextra":{"nonce":"\u0000AQ=="}' in JSON.encode(Welcome(1, details))


def test_text_that_starts_with_nul_cannot_be_sent_to_a_json_client():
    """B4"""
    for value in ("\0", "\0AQ==", ["\0x"], {"\0x": 1}):
        with pytest.raises(Untranscodable):
            JSON.dump(value)


# --- what browsers do ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "understood"),
    [
        (rb"\ud83d", rb"\ufffd"),
        (rb"\uDE00", rb"\ufffd"),
        (rb"\ud83dabc", rb"\ufffdabc"),
        (rb"abc\ud83d\n", rb"abc\ufffd\n"),
        (rb"\ude00\ud83d", rb"\ufffd\ufffd"),
        (rb"\ud83d\ud83d\ude00", rb"\ufffd\ud83d\ude00"),
        (rb"\ud83d\\ude00", rb"\ufffd\\ude00"),
        (rb"\\\ud83d", rb"\\\ufffd"),
        (rb"\ud83d\u0041", rb"\ufffd\u0041"),
    ],
)
def test_half_of_an_emoji_becomes_the_replacement_character(sent, understood):
    for args in (b'["%s"]', b'[{"%s":1}]'):
        assert bytes(JSON.decode(call(args % sent)).args) == args % understood


@pytest.mark.parametrize("sent", [rb"\ud83d\ude00", rb"\\ud83d", "\U0001f600".encode()])
def test_whole_emoji_and_escaped_backslashes_pass_untouched(sent):
    args = b'["%s"]' % sent
    assert bytes(JSON.decode(call(args)).args) == args


def test_half_of_an_emoji_in_options_or_uri_is_forgiven_too():
    message = JSON.decode(rb'[16,1,{"exclude_authid":["\ud83d"]},"com.\ud83d"]')
    assert (message.options.exclude_authid, message.topic) == (["\ufffd"], "com.\ufffd")


def test_half_of_an_emoji_does_not_excuse_other_mistakes():
    for data in (rb'[48,1,{},"a",["\ud83d]', rb'[48,0,{},"\ud83d"]', rb'[48,1,{},"a",["\ud83d\x"]]'):
        with pytest.raises(InvalidMessage):
            JSON.decode(data)


@pytest.mark.parametrize(
    "args",
    [
        b"[NaN]",
        b"[Infinity]",
        b"[-Infinity]",
        b"[01]",
        b"[1.]",
        b"[+1]",
        b"[1,]",
        b'["\x01"]',
        b'["\n"]',
        b"['a']",
        b"[\xa0]",
        b'[{"a":1,}]',
        b"[undefined]",
        b"[1]x",
        b"[1]]",
        b'["\\x"]',
        b'["\\u12"]',
        b"[tru]",
        b"[\x0b1]",
        b"[/**/]",
    ],
)
def test_what_is_almost_json_is_refused(args):
    """B3"""
    with pytest.raises(InvalidMessage):
        JSON.decode(call(args))


def test_whitespace_between_tokens_is_allowed():
    message = JSON.decode(b' [ 48 , 1 , { } , "a" , [ 1 ] , { "k" : 2 } ] \r\n')
    assert (JSON.load(message.args), JSON.load(message.kwargs)) == ([1], {"k": 2})


def test_a_byte_order_mark_is_refused():
    with pytest.raises(InvalidMessage):
        JSON.decode(b"\xef\xbb\xbf" + call(b"[]"))


# --- what JSON cannot express ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_json_has_no_nan_and_no_infinity(value):
    """B3"""
    for codec in (CBOR, MESSAGEPACK):
        with pytest.raises(Untranscodable):
            JSON.dump(codec.load(codec.dump([{"k": value}])))


def test_json_has_only_text_as_keys():
    for key in (1, 1.5, True, None):
        with pytest.raises(Untranscodable):
            JSON.dump(MESSAGEPACK.load(MESSAGEPACK.dump({key: 1})))


def test_extension_types_and_tags_do_not_fit_into_json():
    for value in (Ext(5, b"x"), cbor2.CBORTag(4000, "x"), cbor2.CBORSimpleValue(99)):
        with pytest.raises(Untranscodable):
            JSON.dump([value])


def test_dates_become_rfc_3339():
    date = datetime(2024, 2, 29, 12, 30, 15, 250000, tzinfo=UTC)
    assert bytes(JSON.dump([MESSAGEPACK.load(MESSAGEPACK.dump(date))])) == b'["2024-02-29T12:30:15.250000Z"]'
    assert bytes(JSON.dump([CBOR.load(CBOR.dump(date))])) == b'["2024-02-29T12:30:15.250000Z"]'
    elsewhere = date.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert bytes(JSON.dump(CBOR.load(CBOR.dump(elsewhere)))) == b'"2024-02-29T18:00:15.250000+05:30"'


def test_integers_of_any_size_pass_between_json_and_cbor():
    """B3, B22"""
    for number in (2**64, -(2**64), 2**200, -(2**64) - 1):
        assert JSON.load(JSON.dump(CBOR.load(CBOR.dump(number)))) == number
        assert CBOR.load(CBOR.dump(JSON.load(Raw(str(number).encode())))) == number


def test_numbers_beyond_all_measure_pass_to_json_clients_only():
    for digits in (b"9" * 5000, b"1e999"):
        message = JSON.decode(call(b"[%s]" % digits))
        assert bytes(message.args) == b"[%s]" % digits
        with pytest.raises(Untranscodable):
            JSON.load(message.args)


def test_nesting_too_deep_to_transcode_is_no_catastrophe():
    value: list = []
    for _ in range(100_000):
        value = [value]
    for codec in (JSON, MESSAGEPACK, CBOR):
        with pytest.raises(Untranscodable):
            codec.dump(value)
    while value:  # unwind by hand: the garbage collector would do it recursively
        value = value[0]


def test_a_json_value_is_what_msgspec_reads_when_there_are_no_octets():
    raw = Raw(b'{"a":[1,2.5,null,true,"x"]}')
    assert JSON.load(raw) == msgspec.json.decode(raw)
