"""Payloads that the router passes on unread, end to end."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.peers import Peer
from tests.routers import RunningRouter

Join = Callable[..., Peer]

NOT_SUPPORTED = "wamp.error.feature_not_supported"

PPT = {"ppt_scheme": "x_mine", "ppt_serializer": "cbor", "ppt_cipher": "xsalsa20poly1305", "ppt_keyid": "0x1"}
ENC = {"enc_algo": "cryptobox", "enc_key": "k1", "enc_serializer": "cbor"}
HOPS = [{"session": 7, "authid": "joe", "authrole": "user"}]


def roles(*features: str) -> dict[str, Any]:
    return {
        role: {"features": dict.fromkeys(features, True)} for role in ("publisher", "subscriber", "caller", "callee")
    }


WITH_PPT, WITH_ENC, PLAIN = roles("payload_passthru_mode"), roles("payload_transparency"), roles()


def octets(peer: Peer, value: bytes) -> Any:
    """Octets as the peer's serializer has them."""
    return "\0" + b64encode(value).decode() if peer.serializer == "json" else value


def test_passthru_attributes_go_with_an_event(join: Join) -> None:
    """I1, I2: subscribers are not asked."""
    publisher, subscriber = join(roles=WITH_PPT), join(roles=PLAIN)
    topic, payload = subscriber.subscribe("com.example.topic"), [octets(publisher, b"\1\2")]
    publisher.publish("com.example.topic", payload, **PPT)
    subscriber.receives(36, topic, ..., PPT, payload)


def test_passthru_attributes_go_with_a_call_and_its_answers(join: Join) -> None:
    """I1, I3"""
    caller, callee = join(roles=WITH_PPT), join(roles=WITH_PPT)
    registration, payload = callee.register("com.example.procedure"), [octets(caller, b"\1\2")]
    call = caller.call("com.example.procedure", payload, **PPT)
    callee.receives(68, 1, registration, PPT, payload)
    callee.send(70, 1, PPT, payload)
    caller.receives(50, call, PPT, payload)
    call = caller.call("com.example.procedure", payload, **PPT)
    callee.receives(68, 2, registration, PPT, payload)
    callee.send(8, 68, 2, PPT, "com.example.error", payload)
    caller.receives(8, 48, call, PPT, "com.example.error", payload)


def test_passthru_goes_through_while_the_answer_is_progressive(join: Join) -> None:
    """I1"""
    features = roles("payload_passthru_mode", "progressive_call_results", "call_canceling")
    caller, callee = join(roles=features), join(roles=features)
    callee.register("com.example.procedure")
    call = caller.call("com.example.procedure", receive_progress=True, **PPT)
    callee.receives(68, 1, ..., {"receive_progress": True, **PPT})
    callee.send(70, 1, {"progress": True, **PPT}, [1])
    caller.receives(50, call, {"progress": True, **PPT}, [1])
    callee.send(70, 1, PPT, [2])
    caller.receives(50, call, PPT, [2])


def test_passthru_goes_with_each_result_of_a_call_to_all(join: Join) -> None:
    """I1, C28"""
    caller, callee = join(roles=WITH_PPT), join(roles=WITH_PPT)
    callee.register("com.example.procedure", invoke="roundrobin")
    call = caller.call("com.example.procedure", runon="all", runmode="progressive")
    callee.receives(68, 1)
    callee.send(70, 1, PPT, [1])
    caller.receives(50, call, {"progress": True, **PPT}, [1])
    caller.receives(50, call, {})


@pytest.mark.parametrize("message", [[16, 1, PPT, "com.example.topic"], [48, 1, PPT, "com.example.add"]], ids=str)
def test_passthru_must_be_announced_by_its_sender(join: Join, message: list[Any]) -> None:
    """I2, A13"""
    peer = join(roles=PLAIN)
    peer.send(*message)
    peer.receives(3, ..., "wamp.error.protocol_violation")


def test_passthru_must_be_announced_by_a_callee_that_yields_it(join: Join) -> None:
    """I2, A13"""
    caller, callee = join(roles=WITH_PPT), join(roles=PLAIN)
    callee.register("com.example.procedure")
    call = caller.call("com.example.procedure")
    callee.receives(68, 1)
    callee.send(70, 1, PPT, [1])
    callee.receives(3, ..., "wamp.error.protocol_violation")
    caller.receives(8, 48, call, {}, "wamp.error.canceled")


def test_a_callee_without_passthru_is_not_called_with_it(join: Join) -> None:
    """I2"""
    caller, callee = join(roles=WITH_PPT), join(roles=PLAIN)
    callee.register("com.example.procedure")
    call = caller.call("com.example.procedure", [1], **PPT)
    caller.receives(8, 48, call, {}, NOT_SUPPORTED)
    caller.call("com.example.procedure", ["plain"])
    callee.receives(68, 1, ..., {}, ["plain"])


def test_a_caller_without_passthru_gets_no_such_result(join: Join) -> None:
    """I2: the callee is told under the type of its YIELD, and the caller is answered as well."""
    caller, callee = join(roles=PLAIN), join(roles=WITH_PPT)
    callee.register("com.example.procedure")
    call = caller.call("com.example.procedure")
    callee.receives(68, 1)
    callee.send(70, 1, PPT, [1])
    callee.receives(8, 70, 1, {}, NOT_SUPPORTED)
    caller.receives(8, 48, call, {}, NOT_SUPPORTED)


def test_octets_may_stand_in_the_place_of_arguments(join: Join) -> None:
    """I5"""
    ann, bob = join(roles=WITH_ENC), join(roles=WITH_ENC)
    topic, registration = bob.subscribe("com.example.topic"), bob.register("com.example.procedure")
    payload = octets(ann, b"\0\1\2\xff")
    ann.publish("com.example.topic", payload, **ENC)
    bob.receives(36, topic, ..., ENC, payload)
    call = ann.call("com.example.procedure", payload, **ENC)
    bob.receives(68, 1, registration, ENC, payload)
    bob.send(70, 1, ENC, payload)
    ann.receives(50, call, ENC, payload)


def test_octets_reach_clients_of_other_serializers(
    router: RunningRouter, peers: Callable[..., Peer], join: Join
) -> None:
    """I5, B22"""
    ann = join(roles=WITH_ENC)
    for serializer in ("json", "msgpack", "cbor"):
        bob = peers(router.port, "websocket", serializer).join(roles=WITH_ENC)
        topic = bob.subscribe("com.example.topic")
        ann.publish("com.example.topic", octets(ann, b"\0\1\2\xff"), **ENC)
        bob.receives(36, topic, ..., ENC, octets(bob, b"\0\1\2\xff"))


def test_octets_need_an_algorithm(join: Join) -> None:
    """I5, A16"""
    peer = join(roles=WITH_ENC)
    peer.send(16, 1, {}, "com.example.topic", octets(peer, b"\1"))
    peer.receives(3, ..., "wamp.error.protocol_violation")


TRUSTING = """
realms:
  - name: realm1
    authentication:
      anonymous: {role: anonymous}
      ticket: true
    principals:
      - authid: router1
        role: router
        ticket: $sha256$d0c04f4b1951e4aeaaec8223ed2039e542f3aae805a6fa7f6d794e5afff5d272  # sesame
    roles:
      - name: anonymous
        permissions: &everything
          - {uri: "", match: prefix, allow: [call, register, publish, subscribe]}
      - {name: router, trusted: true, permissions: *everything}
"""


@pytest.fixture(scope="module")
def trusting_router(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRouter]:
    """A router that believes one role for whom it passes on messages."""
    running = RunningRouter(tmp_path_factory.mktemp("trusting"), TRUSTING).start()
    yield running
    running.close()


def test_trusted_roles_say_for_whom_they_pass_on_a_message_and_others_cannot(
    trusting_router: RunningRouter, way: tuple[str, str], peers: Callable[..., Peer]
) -> None:
    """I8"""
    router, peer = peers(trusting_router.port, *way), peers(trusting_router.port, *way).join()
    router.send(1, "realm1", {"roles": PLAIN, "authmethods": ["ticket"], "authid": "router1"})
    router.receives(4, "ticket")
    router.send(5, "sesame", {})
    router.receives(2)
    topic, registration = peer.subscribe("com.example.topic"), peer.register("com.example.procedure")
    faker = peers(trusting_router.port, *way).join()
    for sender, details in ((router, {"forward_for": HOPS}), (faker, {})):
        sender.publish("com.example.topic", forward_for=HOPS)
        peer.receives(36, topic, ..., details)
        sender.call("com.example.procedure", forward_for=HOPS)
        peer.receives(68, ..., registration, details)
