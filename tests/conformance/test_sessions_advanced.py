"""Sessions, end to end: what a realm's configuration decides, several sessions in sequence, leaving in all ways."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.peers import ROLES, Closed, Peer
from tests.routers import RunningRouter

Connect = Callable[[], Peer]
Join = Callable[..., Peer]

VIOLATION = "wamp.error.protocol_violation"

CONFIG = """
realms:
  - name: strict
    announced_roles: strict
    uris: strict
    authentication:
      anonymous: {role: anonymous}
    roles: &roles
      - name: anonymous
        permissions:
          - {uri: "", match: prefix, allow: [call, register, publish, subscribe]}
  - name: lenient
    request_ids: lenient
    authentication:
      anonymous: {role: anonymous}
    roles: *roles
  - name: secret
    authentication:
      ticket: true
    principals:
      - authid: joe
        role: anonymous
        ticket: $sha256$d0c04f4b1951e4aeaaec8223ed2039e542f3aae805a6fa7f6d794e5afff5d272  # sesame
    roles: *roles
default_realm: lenient
realm_template: {like: lenient, uri: com.example.shops., max_realms: 30, forget_after: 1}
agent: false
limits: {hello_timeout: 1}
"""


@pytest.fixture(scope="module")
def special_router(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRouter]:
    """A router with realms of all kinds."""
    running = RunningRouter(tmp_path_factory.mktemp("special"), CONFIG).start()
    yield running
    running.close()


@pytest.fixture
def reach(special_router: RunningRouter, way: tuple[str, str], peers: Callable[..., Peer]) -> Connect:
    """Makes peers of that router that have not joined yet."""
    return lambda: peers(special_router.port, *way)


# --- joining --------------------------------------------------------------------------------------------------


def test_what_is_announced(join: Join) -> None:
    """A3, A5: every key by its name in the spec; nobody is told what does not work."""
    welcome = join().welcome
    broker, dealer = (set(welcome["roles"][role]["features"]) for role in ("broker", "dealer"))
    assert {
        "publisher_exclusion", "publisher_identification", "publication_trustlevels", "subscriber_blackwhite_listing",
        "pattern_based_subscription", "shareded_subscriptions", "subscription_revocation", "event_history",
        "event_retention", "payload_passthru_mode", "payload_transparency", "payload_encryption_cryptobox",
    } <= broker  # fmt: skip
    assert {
        "progressive_call_results", "progressive_call_invocations", "call_timeout", "call_canceling", "call_reroute",
        "call_trustlevels", "caller_identification", "pattern_based_registration", "shared_registration",
        "sharded_registration", "registration_revocation", "payload_passthru_mode", "payload_transparency",
        "payload_encryption_cryptobox",
    } <= dealer  # fmt: skip
    assert welcome["agent"].startswith("wamplex/")


def test_the_router_need_not_tell_what_it_is(reach: Connect) -> None:
    """A5"""
    assert "agent" not in reach().join("lenient").welcome


def test_unknown_features_and_details_are_ignored(connect: Connect) -> None:
    """A3, A15"""
    roles = {"caller": {"features": {"x_telepathy": True, "call_canceling": True}, "_more": 1}, "dancer": {}}
    welcome = connect().join(roles=roles, x_mine={"any": ["thing"]}, _private=1).welcome
    assert not {"x_mine", "_private"} & set(welcome)


def test_a_client_that_names_no_realm_is_told_which_one_it_got(reach: Connect) -> None:
    """A11"""
    peer = reach()
    peer.send(1, None, {"roles": ROLES})
    assert peer.receives(2)[2]["realm"] == "lenient"


def test_without_a_default_realm_a_client_that_names_none_is_refused(connect: Connect) -> None:
    """A11"""
    peer = connect()
    peer.send(1, None, {"roles": ROLES})
    peer.receives(3, ..., "wamp.error.no_such_realm")


def test_a_realm_is_made_for_whoever_asks_for_it(reach: Connect, way: tuple[str, str]) -> None:
    """A12"""
    name = "com.example.shops." + "_".join(way)
    ann, bob, stranger = reach().join(name), reach().join(name), reach().join("lenient")
    assert ann.welcome["realm"] == name
    topic = ann.subscribe("com.example.topic")
    stranger.publish("com.example.topic", ["not for you"])
    bob.publish("com.example.topic", ["hello"])
    ann.receives(36, topic, ..., {}, ["hello"])


def test_other_names_make_no_realm(reach: Connect) -> None:
    """A12"""
    peer = reach()
    peer.send(1, "com.example.shop", {"roles": ROLES})
    peer.receives(3, ..., "wamp.error.no_such_realm")


@pytest.mark.parametrize("realm", ["", "a b", "a..b", "a.", "a#b"])
def test_a_realm_that_is_no_uri_is_refused(connect: Connect, realm: str) -> None:
    """A2, A14"""
    peer = connect()
    peer.send(1, realm, {"roles": ROLES})
    peer.receives(3, ..., "wamp.error.invalid_uri")


@pytest.mark.parametrize(
    "message", [[6, {}, "wamp.close.normal"], [1, "secret", {"roles": ROLES}], [32, 1, {}, "a"]], ids=str
)
def test_a_client_that_was_challenged_may_only_answer(reach: Connect, message: list[Any]) -> None:
    """A7, A8"""
    peer = reach()
    peer.send(1, "secret", {"roles": ROLES, "authmethods": ["ticket"], "authid": "joe"})
    peer.receives(4, "ticket", {})
    peer.send(*message)
    peer.receives(3, ..., VIOLATION)
    assert peer.closed() in (1002, None)


def test_a_client_that_says_nothing_is_dropped(reach: Connect) -> None:
    """A30: without ABORT, see docs/protocol.md."""
    peer = reach()
    with pytest.raises(Closed) as ending:
        peer.receive()
    assert ending.value.code in (1008, None)


# --- request ids, roles, URIs ---------------------------------------------------------------------------------


def test_lenient_realms_take_any_request_id(reach: Connect) -> None:
    """A23"""
    peer = reach().join("lenient")
    for request in (789, 123, 2**53):
        peer.send(32, request, {}, "com.example.topic")
        peer.receives(33, request)


@pytest.mark.parametrize("request_id", [2, 2**53])
def test_strict_realms_count_from_one(reach: Connect, request_id: int) -> None:
    """A23"""
    peer = reach().join("strict")
    peer.send(32, request_id, {}, "com.example.topic")
    peer.receives(3, ..., VIOLATION)


def test_ids_are_counted_even_if_a_request_is_refused(join: Join) -> None:
    """A23"""
    peer = join()
    peer.send(48, 1, {}, "no uri")
    peer.receives(8, 48, 1, {}, "wamp.error.invalid_uri")
    peer.send(16, 2, {}, "no uri")
    peer.send(34, 3, 2**53)
    peer.receives(8, 34, 3, {}, "wamp.error.no_such_subscription")


def test_strict_realms_hold_clients_to_the_roles_that_they_announced(reach: Connect) -> None:
    """A26"""
    peer = reach().join("strict", roles={"callee": {}})
    peer.register("com.example.procedure")
    peer.send(48, next(peer.requests), {}, "com.example.procedure")
    peer.receives(3, ..., VIOLATION)


def test_other_realms_do_not(join: Join) -> None:
    """A26"""
    peer = join(roles={"callee": {}})
    peer.register("com.example.procedure")
    peer.call("com.example.procedure")
    peer.receives(68)


def test_strict_realms_have_strict_uris(reach: Connect) -> None:
    """A20"""
    peer = reach().join("strict")
    assert peer.request(64, {}, "com.example.Add")[:5] == [8, 64, 1, {}, "wamp.error.invalid_uri"]
    peer.register("com.example.add_2")


# --- leaving --------------------------------------------------------------------------------------------------


def test_goodbye_and_the_next_hello_may_come_in_one_go(join: Join) -> None:
    """A9"""
    witness, peer = join(), join()
    first = peer.session
    topic = peer.subscribe("com.example.topic")
    peer.send(6, {}, "wamp.close.normal")
    peer.send(1, "realm1", {"roles": ROLES})
    peer.send(32, 1, {}, "com.example.topic")
    peer.receives(6, {}, "wamp.close.goodbye_and_out")
    _, second, _ = peer.receives(2)
    assert second != first
    peer.receives(33, 1, topic)
    witness.publish("com.example.topic")
    peer.receives(36, topic)


def test_the_next_session_may_be_in_another_realm(reach: Connect) -> None:
    """A9"""
    peer = reach().join("strict")
    peer.subscribe("com.example.topic")
    peer.send(6, {}, "wamp.close.normal")
    peer.receives(6)
    peer.join("lenient")
    peer.subscribe("com.example.topic")


def test_a_client_may_leave_with_abort_and_is_not_answered(join: Join) -> None:
    """A6"""
    witness, peer = join(), join()
    peer.register("com.example.mine")
    peer.send(3, {"message": "sorry"}, "com.example.tired", ["an"], {"explanation": True})
    with pytest.raises(Closed):
        peer.receive()
    witness.register("com.example.mine")


def test_a_client_may_abort_before_it_has_joined(connect: Connect) -> None:
    """A6"""
    peer = connect()
    peer.send(3, {}, "com.example.tired")
    with pytest.raises(Closed):
        peer.receive()


# --- messages -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message",
    [
        [34, 1, 1, {}],
        [66, 1, 1, {}],
        [32, 1, {"forward_for": "router"}, "com.example.topic"],
        [16, 1, {"transaction_hash": 1}, "com.example.topic"],
        [16, 1, {"enc_algo": "rot13"}, "com.example.topic"],
        [16, 1, {"forward_for": [{"session": 1}]}, "com.example.topic"],
        [48, 1, {"timeout": True}, "com.example.procedure"],
        [64, 1, {"forward_timeout": 1}, "com.example.procedure"],
        [8, 48, 1, {}, "com.example.error"],
    ],
    ids=str,
)
def test_elements_and_options_are_strict(join: Join, message: list[Any]) -> None:
    """A13, A15, A16"""
    peer = join()
    peer.send(*message)
    peer.receives(3, ..., VIOLATION)


REPEATED = {
    "json": b'[32,1,{"match":"exact","match":"prefix"},"com.a"]',
    "msgpack": b"\x94\x20\x01\x82\xa5match\xa5exact\xa5match\xa6prefix\xa5com.a",
    "cbor": b"\x84\x18\x20\x01\xa2\x65match\x65exact\x65match\x66prefix\x65com.a",
}


def test_an_option_that_is_there_twice_is_a_violation(join: Join) -> None:
    """A13, A15"""
    peer = join()
    peer.link.send(REPEATED[peer.serializer])
    peer.receives(3, ..., VIOLATION)


def test_unknown_options_are_ignored_and_not_passed_on(join: Join) -> None:
    """A15"""
    subscriber, publisher = join(), join()
    topic = subscriber.subscribe("com.example.topic", x_mine=1, _private={"a": [1]})
    publisher.publish("com.example.topic", [1], x_mine=1, _private={"a": [1]})
    subscriber.receives(36, topic, ..., {}, [1])


@pytest.mark.parametrize("code", [37, 337])
def test_acknowledgements_of_events_are_taken(join: Join, code: int) -> None:
    """A15, A17: an extension, for those who announced it."""
    peer = join(roles={"subscriber": {"features": {"x_acknowledged_event_delivery": True}}})
    peer.send(code, 1)
    peer.subscribe("com.example.topic")
