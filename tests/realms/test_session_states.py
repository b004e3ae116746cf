"""What a peer may send in which state: the spec's state chart, told as a table.

The table below is written from the spec, section "Sessions" and "Protocol Violations", and not from the code.
"""

from collections.abc import Callable

import pytest

from realms.endings import NORMAL, VIOLATION
from tests.realms.fakes import CAPABLE, PLAIN, Peer, Scene

# One sample of each message that exists, by name.
SAMPLES: dict[str, list[object]] = {
    "HELLO": [1, "realm1", {"roles": PLAIN}],
    "WELCOME": [2, 1, {"roles": {"broker": {}}}],
    "ABORT": [3, {}, "wamp.close.normal"],
    "CHALLENGE": [4, "ticket", {}],
    "AUTHENTICATE": [5, "sesame", {}],
    "GOODBYE": [6, {}, "wamp.close.normal"],
    "ERROR": [8, 68, 1, {}, "com.error"],
    "PUBLISH": [16, 1, {}, "com.topic"],
    "PUBLISHED": [17, 1, 1],
    "SUBSCRIBE": [32, 1, {}, "com.topic"],
    "SUBSCRIBED": [33, 1, 1],
    "UNSUBSCRIBE": [34, 1, 1],
    "UNSUBSCRIBED": [35, 1],
    "EVENT": [36, 1, 1, {}],
    "CALL": [48, 1, {}, "com.procedure"],
    "CANCEL": [49, 1, {}],
    "RESULT": [50, 1, {}],
    "REGISTER": [64, 1, {}, "com.procedure"],
    "REGISTERED": [65, 1, 1],
    "UNREGISTER": [66, 1, 1],
    "UNREGISTERED": [67, 1],
    "INVOCATION": [68, 1, 1, {}],
    "INTERRUPT": [69, 1, {}],
    "YIELD": [70, 1, {}],
    "EVENT_RECEIVED": [337, 1],
}

REQUESTS = {"PUBLISH", "SUBSCRIBE", "UNSUBSCRIBE", "CALL", "CANCEL", "REGISTER", "UNREGISTER"}
ROUTER_ONLY = {
    "WELCOME", "CHALLENGE", "PUBLISHED", "SUBSCRIBED", "UNSUBSCRIBED", "EVENT", "RESULT", "REGISTERED",
    "UNREGISTERED", "INVOCATION", "INTERRUPT",
}  # fmt: skip

# State by state: the messages that are not a violation.
LEGAL = {
    "closed": {"HELLO", "ABORT"},
    "challenging": {"AUTHENTICATE", "ABORT"},
    # YIELD and ERROR answer an invocation that was issued before, see `in_session`
    "established": REQUESTS | {"YIELD", "ERROR", "EVENT_RECEIVED", "GOODBYE", "ABORT"},
    # everything but GOODBYE is ignored, which is no violation; what only a router sends does not even decode
    "shutting down": set(SAMPLES) - ROUTER_ONLY,
}


def closed(realm: Scene) -> Peer:
    return realm.connects()


def challenging(realm: Scene) -> Peer:
    peer = realm.connects()
    peer.sends(1, "realm1", {"roles": PLAIN, "authmethods": ["ticket"], "authid": "ann"})
    peer.receives(4, "ticket", {})
    return peer


def in_session(realm: Scene) -> Peer:
    """A peer that was invoked once, and has answered: its YIELD 1 and ERROR 1 are late, not invalid."""
    peer = realm.join(roles=CAPABLE | {"subscriber": {"features": {"x_acknowledged_event_delivery": True}}})
    peer.registers("com.own")
    peer.calls("com.own")
    peer.sends(70, 1, {})
    peer.inbox()
    return peer


def shutting_down(realm: Scene) -> Peer:
    peer = in_session(realm)
    peer.transport.session.leave("wamp.close.close_realm")
    peer.receives(6, {}, "wamp.close.close_realm")
    return peer


STATES: dict[str, Callable[[Scene], Peer]] = {
    "closed": closed,
    "challenging": challenging,
    "established": in_session,
    "shutting down": shutting_down,
}


def spoken_in(state: str, name: str) -> list[object]:
    """The sample, with the request id that is due: two requests were made in session."""
    sample = list(SAMPLES[name])
    if state == "established" and name in REQUESTS - {"CANCEL"}:
        sample[1] = 3
    return sample


ILLEGAL = [(state, name) for state in STATES for name in SAMPLES if name not in LEGAL[state]]


@pytest.mark.parametrize(("state", "name"), ILLEGAL)
def test_a_message_that_does_not_belong_in_a_state_ends_everything_with_abort(
    realm: Scene, state: str, name: str
) -> None:
    peer = STATES[state](realm)
    peer.sends(*spoken_in(state, name))
    peer.is_expelled()


@pytest.mark.parametrize(("state", "name"), [(state, name) for state in STATES for name in sorted(LEGAL[state])])
def test_a_message_that_belongs_in_a_state_is_no_violation(realm: Scene, state: str, name: str) -> None:
    peer = STATES[state](realm)
    peer.sends(*spoken_in(state, name))
    assert VIOLATION not in peer.transport.endings
    assert all(message[0] != 3 for message in peer.inbox())


@pytest.mark.parametrize("name", sorted(REQUESTS | {"HELLO", "AUTHENTICATE", "YIELD", "ERROR"}))
def test_a_session_that_is_asked_to_leave_ignores_everything_but_goodbye(realm: Scene, name: str) -> None:
    peer = shutting_down(realm)
    peer.sends(*SAMPLES[name])
    peer.receives_nothing()
    assert peer.is_connected()
    peer.sends(6, {}, "wamp.close.goodbye_and_out")
    peer.receives_nothing()
    assert peer.transport.endings == [NORMAL]


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - ROUTER_ONLY))
@pytest.mark.parametrize("state", STATES)
def test_after_a_violation_nothing_is_processed_any_more(realm: Scene, state: str, name: str) -> None:
    peer = STATES[state](realm)
    peer.sends(2, 1, {})
    peer.is_expelled()
    peer.sends(*spoken_in(state, name))
    peer.sends_octets(b"no JSON at all")
    peer.receives_nothing()
    assert peer.transport.endings == [VIOLATION]


@pytest.mark.parametrize("state", STATES)
def test_an_abort_is_never_answered(realm: Scene, state: str) -> None:
    peer = STATES[state](realm)
    peer.sends(3, {}, "wamp.close.normal")
    peer.receives_nothing()
    assert peer.transport.endings == [NORMAL]
    peer.sends(1, "realm1", {"roles": PLAIN})
    peer.receives_nothing()


@pytest.mark.parametrize("state", STATES)
def test_losing_the_connection_twice_is_losing_it_once(realm: Scene, state: str) -> None:
    peer = STATES[state](realm)
    peer.vanishes()
    peer.vanishes()
    peer.sends(1, "realm1", {"roles": PLAIN})
    peer.receives_nothing()


def test_goodbye_is_confirmed(realm: Scene) -> None:
    peer = in_session(realm)
    peer.sends(6, {"message": "so long"}, "wamp.close.normal")
    peer.receives(6, {}, "wamp.close.goodbye_and_out")
    assert peer.is_connected()


@pytest.mark.parametrize(
    "message",
    [
        [],
        {},
        "HELLO",
        None,
        [99],
        ["32", 1, {}, "com.topic"],
        [True, "realm1", {}],
        [32, 1, {}],
        [32, 1, {}, "com.topic", []],
        [32, 0, {}, "com.topic"],
        [32, 2**53 + 1, {}, "com.topic"],
        [32, "1", {}, "com.topic"],
        [32, True, {}, "com.topic"],
        [32, 1, [], "com.topic"],
        [32, 1, {}, 7],
        [32, 1, {"match": "regex"}, "com.topic"],
        [32, 1, {"match": 1}, "com.topic"],
        [16, 1, {"acknowledge": 1}, "com.topic"],
        [16, 1, {"exclude_me": "no"}, "com.topic"],
        [16, 1, {"eligible": 5}, "com.topic"],
        [16, 1, {"exclude": ["5"]}, "com.topic"],
        [16, 1, {"exclude_authid": [5]}, "com.topic"],
        [16, 1, {}, "com.topic", {}],
        [16, 1, {}, "com.topic", [], []],
        [48, 1, {"timeout": "1"}, "com.procedure"],
        [48, 1, {"timeout": -1}, "com.procedure"],
        [48, 1, {"timeout": 10**400}, "com.procedure"],
        [48, 1, {"receive_progress": 1}, "com.procedure"],
        [49, 1, {"mode": "gently"}],
        [64, 1, {"invoke": "least_busy"}, "com.procedure"],
        [70, 1, {"progress": 1}],
    ],
)
def test_a_message_of_the_wrong_form_is_a_violation(realm: Scene, message: object) -> None:
    peer = realm.join()
    peer.sends_octets(bytes(peer.codec.dump(message)))
    peer.is_expelled()


@pytest.mark.parametrize(
    "message",
    [
        [48, 1, {"progress": True}, "com.procedure"],
        [48, 1, {"ppt_scheme": "x_mine"}, "com.procedure"],
        [16, 1, {"ppt_scheme": "x_mine"}, "com.topic"],
        [16, 1, {"ppt_scheme": "x_mine", "acknowledge": True}, "com.topic"],
    ],
)
def test_a_feature_that_must_be_announced_is_a_violation_without(realm: Scene, message: list[object]) -> None:
    peer = realm.join()
    peer.sends(*message)
    peer.is_expelled()


def test_a_yield_in_passthru_mode_is_a_violation(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    bob.registers("com.add2")
    call = alice.calls("com.add2")
    bob.inbox()
    bob.sends(70, 1, {"ppt_scheme": "x_mine"}, [3])
    bob.is_expelled()
    alice.receives_error(48, call, "wamp.error.canceled")


@pytest.mark.parametrize("request_type", [1, 16, 32, 34, 48, 64, 66, 69, 70, 999])
def test_an_error_that_answers_anything_but_an_invocation_is_a_violation(realm: Scene, request_type: int) -> None:
    peer = in_session(realm)
    peer.sends(8, request_type, 1, {}, "com.error")
    peer.is_expelled()


def test_the_client_learns_what_it_did_wrong(realm: Scene) -> None:
    peer = realm.join()
    peer.sends(1, "realm1", {"roles": PLAIN})
    peer.receives(3, {"message": "HELLO in a session that is established"}, "wamp.error.protocol_violation")


def test_a_violation_drops_subscriptions_registrations_and_calls_at_once(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    bob.subscribes("com.topic")
    bob.registers("com.add2")
    alice.registers("com.slow")
    call = alice.calls("com.add2")
    bob.inbox()
    bob.calls("com.slow")
    alice.inbox()

    bob.sends(1, "realm1", {"roles": PLAIN})

    bob.is_expelled()
    alice.receives(69, 1, {"mode": "killnowait", "reason": "wamp.error.canceled"})
    alice.receives_error(48, call, "wamp.error.canceled")
    alice.publishes("com.topic", ["anybody there?"])
    bob.receives_nothing()
    alice.receives_error(48, alice.calls("com.add2"), "wamp.error.no_such_procedure")
