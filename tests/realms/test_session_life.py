"""A session from HELLO to its end: joining, several in sequence, deadlines, and being held while somebody decides."""

from random import Random
from typing import Any

import msgspec
import pytest
from twisted.internet.task import Clock

from realms.endings import LATE, NORMAL, REFUSED
from realms.realm import ROLES
from realms.session import GOODBYE_DEADLINE, INBOX_LIMIT
from tests.realms.fakes import ANY, PLAIN, Peer, Scene
from wamp.codecs import CBOR, JSON, MESSAGEPACK, Codec

HELLO: list[Any] = [1, "realm1", {"roles": PLAIN}]
HELD_HELLO: list[Any] = [1, "realm1", {"roles": PLAIN, "authmethods": ["slow"]}]


def held(realm: Scene) -> Peer:
    peer = realm.connects()
    peer.sends(*HELD_HELLO)
    peer.receives_nothing()
    return peer


# --- joining ---


@pytest.mark.parametrize("codec", [JSON, MESSAGEPACK, CBOR], ids=lambda codec: codec.name)
def test_a_peer_that_takes_little_is_not_told_the_features(realm: Scene, codec: Codec) -> None:
    """B13: 512 octets is the least that a RawSocket peer can announce."""
    peer = realm.connects(codec)
    peer.transport.max_outgoing = 512
    peer.sends(*HELLO)
    assert peer.receives(2, ANY, ANY)[2]["roles"] == {"broker": {}, "dealer": {}}


@pytest.mark.parametrize("codec", [JSON, MESSAGEPACK, CBOR], ids=lambda codec: codec.name)
def test_welcome_tells_who_the_client_is_and_what_the_router_can_do(realm: Scene, codec: Codec) -> None:
    peer = realm.connects(codec)
    peer.sends(1, "realm1", {"roles": PLAIN, "authmethods": ["trusting"], "authid": "ann", "authrole": "anyone"})
    _, session, details = peer.receives(2, ANY, ANY)
    assert 1 <= session <= 2**53
    assert details == {
        "realm": "realm1",
        "authid": "ann",
        "authrole": "anyone",
        "authmethod": "trusting",
        "authprovider": "tests",
        "agent": "Wamplex",
        "roles": msgspec.to_builtins(ROLES),
    }


@pytest.mark.parametrize("roles", [None, {}, {"bystander": {}}, {"broker": {}}])
def test_a_hello_without_a_role_of_a_client_is_refused(realm: Scene, roles: object) -> None:
    peer = realm.connects()
    peer.sends(1, "realm1", {} if roles is None else {"roles": roles})
    peer.is_expelled()


@pytest.mark.parametrize("roles", [[], "caller", {"caller": True}, {"caller": {"features": []}}])
def test_a_hello_with_roles_of_a_wrong_type_is_refused(realm: Scene, roles: object) -> None:
    peer = realm.connects()
    peer.sends(1, "realm1", {"roles": roles})
    peer.is_expelled()


def test_features_that_nobody_knows_are_ignored(realm: Scene) -> None:
    """A3"""
    peer = realm.connects()
    peer.sends(1, "realm1", {"roles": {"caller": {"features": {"telepathy": True}}, "seer": {}}, "mood": "good"})
    peer.receives(2, ANY, ANY)


@pytest.mark.parametrize("name", ["realm 1", "realm..1", "", "realm#1", "realm1\n"])
def test_a_realm_that_is_no_uri_is_refused(realm: Scene, name: str) -> None:
    peer = realm.connects()
    peer.sends(1, name, {"roles": PLAIN})
    peer.receives(3, {"message": ANY}, "wamp.error.invalid_uri")
    assert peer.transport.endings == [REFUSED]


@pytest.mark.parametrize("name", ["realm3", "Realm1", "realm1.a", None])
def test_an_unknown_realm_is_refused(realm: Scene, name: str | None) -> None:
    peer = realm.connects()
    peer.sends(1, name, {"roles": PLAIN})
    peer.receives(3, {"message": ANY}, "wamp.error.no_such_realm")
    assert peer.transport.endings == [REFUSED]
    peer.sends(*HELLO)
    peer.receives_nothing()


class LoadedDice(Random):
    """Draws what it is told to draw."""

    draws: tuple[int, ...] = ()

    def getrandbits(self, k: int) -> int:
        if not self.draws:
            return super().getrandbits(k)
        draw, *rest = self.draws
        self.draws = tuple(rest)
        return draw


def test_a_session_id_is_unique_among_all_realms() -> None:
    """A1, A4"""
    dice = LoadedDice()
    realm = Scene(dice=dice)
    dice.draws = (7, 7, 8)
    assert realm.join(realm="realm1").id == 8
    assert realm.join(realm="realm2").id == 9


# --- one after another ---


def test_a_connection_carries_several_sessions_in_sequence(realm: Scene) -> None:
    """A9"""
    peer = realm.connects()
    ids = []
    for name in ("realm1", "realm2", "realm1"):
        peer.joins(name)
        ids.append(peer.id)
        peer.subscribes("com.topic")
        peer.is_present()
        peer.sends(6, {}, "wamp.close.normal")
        peer.receives(6, {}, "wamp.close.goodbye_and_out")
    assert len(set(ids)) == 3
    assert peer.is_connected()


def test_nothing_of_a_session_is_left_for_the_next_one_on_the_connection(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    bob.subscribes("com.topic")
    bob.registers("com.add2")
    bob.sends(6, {}, "wamp.close.normal")
    bob.receives(6, {}, "wamp.close.goodbye_and_out")
    bob.joins()
    alice.publishes("com.topic")
    bob.receives_nothing()
    alice.receives_error(48, alice.calls("com.add2"), "wamp.error.no_such_procedure")


def test_after_goodbye_only_hello_is_understood(realm: Scene) -> None:
    peer = realm.join()
    peer.sends(6, {}, "wamp.close.normal")
    peer.receives(6, {}, "wamp.close.goodbye_and_out")
    peer.requests(32, {}, "com.topic")
    peer.is_expelled()


# --- deadlines ---


def test_a_peer_that_never_says_hello_is_dropped(realm: Scene, clock: Clock) -> None:
    """A30"""
    peer = realm.connects()
    clock.advance(9.9)
    assert peer.is_connected()
    clock.advance(0.2)
    assert peer.transport.endings == [LATE]
    peer.sends(*HELLO)
    peer.receives_nothing()


def test_a_peer_that_leaves_its_challenge_unanswered_is_dropped(realm: Scene, clock: Clock) -> None:
    """A30, E21"""
    peer = realm.connects()
    clock.advance(9)
    peer.sends(1, "realm1", {"roles": PLAIN, "authmethods": ["ticket"], "authid": "ann"})
    peer.receives(4, "ticket", {})
    clock.advance(29.9)
    assert peer.is_connected()
    clock.advance(0.2)
    peer.receives(3, {"message": ANY}, "wamp.error.authentication_failed")
    assert peer.transport.endings == [LATE]
    peer.sends(5, "sesame", {})
    peer.receives_nothing()


def test_a_peer_in_session_has_no_deadline(realm: Scene, clock: Clock) -> None:
    peer = realm.join()
    clock.advance(100_000)
    peer.receives_nothing()
    peer.is_present()


def test_a_peer_has_some_seconds_to_confirm_a_goodbye(realm: Scene, clock: Clock) -> None:
    """A7"""
    peer = realm.join()
    peer.transport.session.leave("wamp.close.system_shutdown", "back in a minute")
    peer.receives(6, {"message": "back in a minute"}, "wamp.close.system_shutdown")
    clock.advance(GOODBYE_DEADLINE - 0.1)
    assert peer.is_connected()
    clock.advance(0.2)
    assert peer.transport.endings == [NORMAL]


def test_nobody_waits_for_sessions_that_are_over(realm: Scene, clock: Clock) -> None:
    peers = [realm.connects(), held(realm), realm.join(), realm.join()]
    peers[3].transport.session.leave("wamp.close.close_realm")
    for peer in peers:
        peer.vanishes()
    assert clock.getDelayedCalls() == []


def test_a_session_that_is_asked_to_leave_is_out_of_the_realm_at_once(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    bob.subscribes("com.topic")
    bob.registers("com.add2")
    call = alice.calls("com.add2")
    bob.inbox()
    bob.transport.session.leave("wamp.close.killed")
    bob.receives(6, {}, "wamp.close.killed")
    alice.receives_error(48, call, "wamp.error.canceled")
    alice.publishes("com.topic")
    bob.receives_nothing()


def test_asking_to_leave_twice_is_asking_once(realm: Scene) -> None:
    peer = realm.join()
    peer.transport.session.leave("wamp.close.killed")
    peer.transport.session.leave("wamp.close.killed")
    assert peer.inbox() == [[6, {}, "wamp.close.killed"]]


def test_goodbyes_that_cross_on_the_wire_confirm_each_other(realm: Scene) -> None:
    """A7"""
    peer = realm.join()
    peer.transport.session.leave("wamp.close.system_shutdown")
    peer.sends(6, {}, "wamp.close.normal")
    assert peer.inbox() == [[6, {}, "wamp.close.system_shutdown"]]
    assert peer.transport.endings == [NORMAL]


# --- held while an authenticator is at work ---


def test_messages_of_a_held_session_are_processed_in_order_once_it_is_let_in(realm: Scene) -> None:
    """A8, A27"""
    peer = held(realm)
    peer.sends(32, 1, {}, "com.topic")
    peer.sends(16, 2, {"exclude_me": False, "acknowledge": True}, "com.topic", ["hello"])
    peer.sends(64, 3, {}, "com.add2")
    peer.sends(48, 4, {}, "com.add2")
    peer.receives_nothing()
    realm.slow.accepts()
    codes = [message[0] for message in peer.inbox()]
    assert codes == [2, 33, 36, 17, 65, 68]


def test_a_violation_that_waits_is_found_in_its_turn_and_nothing_after_it_counts(realm: Scene) -> None:
    witness = realm.join()
    witness.subscribes("com.topic")
    peer = held(realm)
    peer.sends(16, 1, {}, "com.topic", ["before"])
    peer.sends(16, 3, {}, "com.topic", ["a request id was left out"])
    peer.sends(16, 4, {}, "com.topic", ["after"])
    realm.slow.accepts()
    assert [message[0] for message in peer.inbox()] == [2, 3]
    assert [message[4] for message in witness.inbox()] == [["before"]]


def test_garbage_ends_a_held_session_at_once_with_all_that_waits(realm: Scene) -> None:
    witness = realm.join()
    witness.subscribes("com.topic")
    peer = held(realm)
    peer.sends(16, 1, {}, "com.topic")
    peer.sends_octets(b"no JSON at all")
    peer.is_expelled()
    realm.slow.accepts()
    peer.receives_nothing()
    witness.receives_nothing()


def test_a_held_session_that_is_challenged_may_only_authenticate(realm: Scene) -> None:
    peer = held(realm)
    peer.sends(32, 1, {}, "com.topic")
    realm.slow.challenges({})
    peer.receives(4, "slow", {})
    peer.is_expelled()


def test_a_held_session_that_speaks_too_much_is_not_read_from(realm: Scene) -> None:
    peer = held(realm)
    for request in range(1, INBOX_LIMIT):
        peer.sends(32, request, {}, "com.topic")
    assert not peer.is_paused()
    peer.sends(32, INBOX_LIMIT, {}, "com.topic")
    assert peer.is_paused()
    peer.sends(32, INBOX_LIMIT + 1, {}, "com.topic")  # it was read already
    realm.slow.accepts()
    assert not peer.is_paused()
    assert [message[0] for message in peer.inbox()] == [2] + [33] * (INBOX_LIMIT + 1)


def test_a_session_that_is_held_again_with_a_full_inbox_stays_paused(realm: Scene) -> None:
    peer = held(realm)
    peer.sends(5, "first answer", {})
    for request in range(1, INBOX_LIMIT + 1):
        peer.sends(32, request, {}, "com.topic")
    realm.slow.challenges({})
    assert peer.is_paused()
    realm.slow.accepts()
    assert not peer.is_paused()
    assert [message[0] for message in peer.inbox()] == [4, 2] + [33] * INBOX_LIMIT


def test_an_authenticator_has_its_own_deadline_however_late_hello_came(realm: Scene, clock: Clock) -> None:
    peer = realm.connects()
    clock.advance(9.9)
    peer.sends(*HELD_HELLO)
    clock.advance(1)
    assert peer.is_connected()
    realm.slow.accepts()
    peer.receives(2, ANY, ANY)


def test_an_authenticator_that_never_answers_costs_the_peer_its_connection(realm: Scene, clock: Clock) -> None:
    peer = held(realm)
    clock.advance(30.1)
    peer.receives(3, {"message": ANY}, "wamp.error.authentication_failed")
    assert peer.transport.endings == [LATE]
    realm.slow.accepts()
    peer.receives_nothing()
