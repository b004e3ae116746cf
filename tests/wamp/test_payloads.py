"""Payloads pass untouched between like serializers, and are transcoded once for each other one."""

import pytest
from hypothesis import given
from msgspec import Raw

from tests.wamp.strategies import ALL_CODECS, CODEC_PAIRS, codecs, payloads
from wamp.codecs import CBOR, JSON, MESSAGEPACK
from wamp.errors import Untranscodable
from wamp.payloads import NO_PAYLOAD, Payload, payload_of

every_codec = pytest.mark.parametrize("codec", ALL_CODECS, ids=lambda codec: codec.name)
every_pair = pytest.mark.parametrize(("source", "target"), CODEC_PAIRS, ids=lambda codec: codec.name)


def call(codec, *parts):
    return codec.decode(codec.encode_elements((48, 1, {}, "a", *parts)))


@every_codec
def test_a_message_without_arguments_has_no_payload(codec):
    assert payload_of(codec, call(codec)) is NO_PAYLOAD
    assert NO_PAYLOAD.parts_for(codec) == ()


@every_codec
def test_the_same_serializer_gets_the_same_parts(codec):
    parts = (codec.dump([1]), codec.dump({"a": 2}))
    payload = payload_of(codec, call(codec, *parts))
    assert payload.parts_for(codec) is payload.parts
    assert list(map(bytes, payload.parts)) == list(map(bytes, parts))


@every_pair
@given(payloads)
def test_another_serializer_gets_the_same_values(source, target, payload):
    """B22"""
    carried = payload_of(source, call(source, *map(source.dump, payload)))
    assert repr([target.load(part) for part in carried.parts_for(target)]) == repr(list(payload))


@every_pair
def test_a_payload_is_transcoded_once_for_each_serializer(source, target):
    payload = Payload(source, (source.dump([1]),))
    assert payload.parts_for(target) is payload.parts_for(target)


def test_what_one_serializer_cannot_express_does_not_hinder_another():
    payload = Payload(CBOR, (CBOR.dump([2**64]),))
    with pytest.raises(Untranscodable):
        payload.parts_for(MESSAGEPACK)
    assert bytes(payload.parts_for(JSON)[0]) == b"[18446744073709551616]"


@given(codecs, payloads)
def test_a_copy_outlives_the_frame(codec, payload):
    original = payload_of(codec, call(codec, *map(codec.dump, payload)))
    copied = original.copy()
    assert list(map(bytes, copied.parts)) == list(map(bytes, original.parts))
    assert copied.codec is original.codec or not payload


def test_arguments_may_be_empty():
    """A18"""
    payload = payload_of(JSON, JSON.decode(b'[48,1,{},"a",[],{}]'))
    assert payload.parts_for(MESSAGEPACK) == (Raw(b"\x90"), Raw(b"\x80"))
