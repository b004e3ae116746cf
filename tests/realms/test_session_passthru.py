"""Payloads that the router passes on unread: `ppt_*`, `enc_*`, and `forward_for`."""

import pytest

from realms.roles import Role, Rule
from tests.realms.fakes import ANY, EVERYTHING, PLAIN, Peer, Scene
from wamp.codecs import CBOR, JSON, MESSAGEPACK

NOT_SUPPORTED = "wamp.error.feature_not_supported"

PPT = {"ppt_scheme": "wamp", "ppt_serializer": "cbor", "ppt_cipher": "aes256gcm", "ppt_keyid": "0x1"}
ENC = {"enc_algo": "cryptobox", "enc_key": "k1", "enc_serializer": "cbor"}
HOPS = [{"session": 7, "authid": "joe", "authrole": "user"}]

WITH_PPT = {role: {"features": {"payload_passthru_mode": True}} for role in PLAIN}
WITH_ENC = {role: {"features": {"payload_transparency": True}} for role in PLAIN}
ROUTER = Role("router", [Rule("prefix", "", EVERYTHING)], trusted=True)
ANYONE = Role("anyone", [Rule("prefix", "", EVERYTHING)])

ALL_CODECS = [JSON, MESSAGEPACK, CBOR]


# --- payload passthru mode ------------------------------------------------------------------------------------


@pytest.mark.parametrize("attributes", [PPT, {"ppt_scheme": "x_mine"}], ids=["all", "one"])
def test_attributes_are_carried_from_publish_to_event(attributes):
    """I1, I4"""
    scene = Scene()
    publisher, subscriber = scene.join(roles=WITH_PPT), scene.join()
    exact, pattern = subscriber.subscribes("com.topic"), subscriber.subscribes("com.", match="prefix")
    publisher.publishes("com.topic", [b"\1"], **attributes)
    subscriber.receives(36, exact, ANY, attributes, [b"\1"])
    subscriber.receives(36, pattern, ANY, {"topic": "com.topic", **attributes}, [b"\1"])


def test_attributes_are_carried_from_call_to_invocation_and_from_yield_to_result():
    scene = Scene()
    caller, callee = scene.join(roles=WITH_PPT), scene.join(roles=WITH_PPT, codec=CBOR)
    registration = callee.registers("com.procedure")
    call = caller.calls("com.procedure", [b"\1"], **PPT)
    callee.receives(68, 1, registration, PPT, [b"\1"])
    callee.sends(70, 1, {**PPT, "ppt_keyid": "0x2"}, [b"\2"])
    caller.receives(50, call, {**PPT, "ppt_keyid": "0x2"}, [b"\2"])


def test_attributes_are_carried_from_error_to_error():
    scene = Scene()
    caller, callee = scene.join(roles=WITH_PPT), scene.join(roles=WITH_PPT)
    callee.registers("com.procedure")
    call = caller.calls("com.procedure")
    callee.sends(8, 68, 1, PPT, "com.error", [b"\1"])
    caller.receives(8, 48, call, PPT, "com.error", [b"\1"])


@pytest.mark.parametrize(
    "message",
    [[16, 1, PPT, "com.topic", [b"\1"]], [48, 1, PPT, "com.procedure", [b"\1"]]],
    ids=["PUBLISH", "CALL"],
)
def test_who_did_not_announce_passthru_may_not_use_it(message):
    peer = Scene().join()
    peer.sends(*message)
    peer.is_expelled()


def test_a_callee_that_did_not_announce_passthru_may_not_use_it():
    scene = Scene()
    caller, callee = scene.join(roles=WITH_PPT), scene.join()
    callee.registers("com.procedure")
    call = caller.calls("com.procedure")
    callee.receives(68, 1, ANY, {})
    callee.sends(70, 1, PPT, [b"\1"])
    callee.is_expelled()
    caller.receives_error(48, call, "wamp.error.canceled")


def test_it_is_the_role_in_which_it_was_announced_that_counts():
    peer = Scene().join(roles={**PLAIN, "publisher": WITH_PPT["publisher"]})
    peer.publishes("com.topic", [b"\1"], **PPT)
    peer.is_present()
    peer.calls("com.procedure", [b"\1"], **PPT)
    peer.is_expelled()


def test_a_call_to_a_callee_that_cannot_take_it_is_refused():
    scene = Scene()
    caller, callee = scene.join(roles=WITH_PPT), scene.join()
    callee.registers("com.procedure")
    call = caller.calls("com.procedure", [b"\1"], **PPT)
    caller.receives_error(48, call, NOT_SUPPORTED)
    callee.receives_nothing()
    plain = caller.calls("com.procedure")
    callee.receives(68, 1, ANY, {})
    callee.sends(70, 1, {})
    caller.receives(50, plain, {})


def test_a_result_for_a_caller_that_cannot_take_it_is_refused_and_both_are_told():
    scene = Scene()
    caller, callee = scene.join(), scene.join(roles=WITH_PPT)
    callee.registers("com.procedure")
    call = caller.calls("com.procedure")
    callee.receives(68, 1, ANY, {})
    callee.sends(70, 1, PPT, [b"\1"])
    callee.receives_error(70, 1, NOT_SUPPORTED)
    caller.receives_error(48, call, NOT_SUPPORTED)
    callee.is_present()


def test_subscribers_get_it_whatever_they_announced():
    scene = Scene()
    publisher, subscriber = scene.join(roles=WITH_PPT), scene.join(roles={"subscriber": {}})
    topic = subscriber.subscribes("com.topic")
    publisher.publishes("com.topic", [b"\1"], **PPT)
    subscriber.receives(36, topic, ANY, PPT, [b"\1"])


def test_without_a_scheme_there_is_no_passthru():
    scene = Scene()
    publisher, subscriber = scene.join(), scene.join()
    topic = subscriber.subscribes("com.topic")
    publisher.publishes("com.topic", [1], ppt_scheme="", ppt_serializer="cbor")
    publisher.publishes("com.topic", [2], ppt_serializer="cbor")
    subscriber.receives(36, topic, ANY, {}, [1])
    subscriber.receives(36, topic, ANY, {}, [2])


def test_a_passthru_payload_may_have_any_form():
    scene = Scene()
    publisher, subscriber = scene.join(roles=WITH_PPT), scene.join()
    topic = subscriber.subscribes("com.topic")
    publisher.publishes("com.topic", [1, "two"], {"three": 3}, ppt_scheme="x_mine")
    subscriber.receives(36, topic, ANY, {"ppt_scheme": "x_mine"}, [1, "two"], {"three": 3})


# --- payload transparency -------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ALL_CODECS, ids=lambda codec: codec.name)
@pytest.mark.parametrize("target", ALL_CODECS, ids=lambda codec: codec.name)
@pytest.mark.parametrize("payload", [b"\0\xff\1", b"", "text"], ids=repr)
def test_octets_may_stand_in_the_place_of_arguments(source, target, payload):
    scene = Scene()
    ann, bob = scene.join(roles=WITH_ENC, codec=source), scene.join(roles=WITH_ENC, codec=target)
    topic, registration = bob.subscribes("com.topic"), bob.registers("com.procedure")
    ann.publishes("com.topic", payload, **ENC)
    bob.receives(36, topic, ANY, ENC, payload)
    call = ann.calls("com.procedure", payload, **ENC)
    bob.receives(68, 1, registration, ENC, payload)
    bob.sends(70, 1, ENC, payload)
    ann.receives(50, call, ENC, payload)
    call = ann.calls("com.procedure")
    bob.receives(68, 2, registration, {})
    bob.sends(8, 68, 2, ENC, "com.error", payload)
    ann.receives(8, 48, call, ENC, "com.error", payload)


@pytest.mark.parametrize("codec", ALL_CODECS, ids=lambda codec: codec.name)
@pytest.mark.parametrize(
    ("options", "payload"),
    [
        ({}, [b"\1"]),
        ({}, ["text"]),
        (ENC, [b"\1", {}]),
        (ENC, [7]),
        (ENC, [{}]),
        (ENC, [None]),
        ({"enc_algo": "rot13"}, [b"\1"]),
    ],
    ids=repr,
)
def test_nothing_else_may_and_only_if_an_algorithm_says_so(codec, options, payload):
    peer = Scene().join(roles=WITH_ENC, codec=codec)
    peer.sends(16, 1, options, "com.topic", *payload)
    peer.is_expelled()


def test_a_subscriber_that_would_choke_on_octets_gets_none():
    scene = Scene()
    publisher, plain, able = scene.join(roles=WITH_ENC), scene.join(), scene.join(roles=WITH_ENC)
    topic = plain.subscribes("com.topic")
    able.subscribes("com.topic")
    publisher.publishes("com.topic", b"\1", **ENC)
    able.receives(36, topic, ANY, ENC, b"\1")
    publisher.publishes("com.topic", [b"\2"], **ENC)
    plain.receives(36, topic, ANY, ENC, [b"\2"])


def test_a_callee_that_would_choke_on_octets_is_not_called():
    scene = Scene()
    caller, callee = scene.join(roles=WITH_ENC), scene.join()
    callee.registers("com.procedure")
    call = caller.calls("com.procedure", b"\1", **ENC)
    caller.receives_error(48, call, NOT_SUPPORTED)
    callee.receives_nothing()


def test_a_caller_that_would_choke_on_octets_gets_none():
    scene = Scene()
    caller, callee = scene.join(), scene.join(roles=WITH_ENC)
    callee.registers("com.procedure")
    result, error = caller.calls("com.procedure"), caller.calls("com.procedure")
    callee.inbox()
    callee.sends(70, 1, ENC, b"\1")
    caller.receives_error(48, result, NOT_SUPPORTED)
    callee.receives_error(70, 1, NOT_SUPPORTED)
    callee.sends(8, 68, 2, ENC, "com.error", b"\1")
    caller.receives(8, 48, error, ENC, "com.error")


# --- on whose behalf ------------------------------------------------------------------------------------------


@pytest.fixture
def scene() -> Scene:
    return Scene(roles=[ANYONE, ROUTER])


def exchange(sender: Peer, receiver: Peer, **options: object) -> list[object]:
    """One of each message that may have `forward_for`; the details in which they arrive."""
    receiver.subscribes("com.topic")
    receiver.registers("com.procedure")
    sender.registers("com.callback")
    sender.publishes("com.topic", **options)
    sender.calls("com.procedure", **options)
    event, invocation = receiver.inbox()
    for code in (70, 8):
        receiver.calls("com.callback")
        request = sender.inbox()[-1][1]
        sender.sends(*([70, request, options] if code == 70 else [8, 68, request, options, "com.error"]))
    result, error = receiver.inbox()
    return [event[3], invocation[3], result[2], error[3]]


def test_a_trusted_role_says_for_whom_it_passes_on_a_message(scene):
    router, peer = scene.join(authrole="router"), scene.join()
    assert exchange(router, peer, forward_for=HOPS) == [{"forward_for": HOPS}] * 4


def test_others_are_not_believed(scene):
    faker, peer = scene.join(), scene.join(authrole="router")
    assert exchange(faker, peer, forward_for=HOPS) == [{}] * 4


def test_nobody_is_believed_who_says_it_of_a_subscription_or_registration(scene):
    peer = scene.join()
    peer.subscribes("com.topic", forward_for=HOPS)
    peer.registers("com.procedure", forward_for=HOPS)
