"""What other routers got wrong, one test for each: none of it shall happen here."""

from typing import Any

import pytest
from twisted.internet.task import Clock

from realms.history import History
from realms.history import Rule as HistoryRule
from realms.roles import Role, Rule
from tests.realms.fakes import ANY, ANYONE, EVERYTHING, PLAIN, RPC_PEER, Scene

CANCELED = "wamp.error.canceled"


def test_invocation_ids_are_not_counted_across_callees(realm: Scene) -> None:
    alice, bob, carol = realm.join(), realm.join(), realm.join()
    bob.registers("com.b")
    carol.registers("com.c")
    alice.calls("com.b")
    alice.calls("com.c")
    bob.receives(68, 1, ANY, {})
    carol.receives(68, 1, ANY, {})


def test_canceling_with_skip_does_not_leave_the_caller_without_an_answer(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join(roles=PLAIN)
    bob.registers("com.work")
    call = alice.calls("com.work")
    alice.sends(49, call, {"mode": "skip"})
    alice.receives_error(48, call, CANCELED)


def test_canceling_with_kill_does_not_replace_the_answer_of_the_callee(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    bob.registers("com.work")
    call = alice.calls("com.work")
    alice.sends(49, call, {"mode": "kill"})
    bob.sends(70, 1, {}, ["partial result"])
    alice.receives(50, call, {}, ["partial result"])


def test_a_timeout_is_not_in_seconds_and_not_reported_as_canceled(realm: Scene, clock: Clock) -> None:
    alice, bob = realm.join(), realm.join()
    bob.registers("com.work")
    call = alice.calls("com.work", timeout=100)
    clock.advance(0.11)
    alice.receives_error(48, call, "wamp.error.timeout")


def test_a_timeout_does_not_leave_the_caller_without_an_answer(realm: Scene, clock: Clock) -> None:
    alice, bob = realm.join(), realm.join(roles=PLAIN)
    bob.registers("com.work")
    call = alice.calls("com.work", timeout=100)
    clock.advance(1)
    alice.receives_error(48, call, "wamp.error.timeout")


def test_a_timeout_is_started_anew_by_progress(realm: Scene, clock: Clock) -> None:
    alice, bob = realm.join(), realm.join()
    bob.registers("com.work")
    call = alice.calls("com.work", timeout=100, receive_progress=True)
    for _ in range(3):
        clock.advance(0.09)
        bob.sends(70, 1, {"progress": True})
        alice.receives(50, call, {"progress": True})


def test_progress_is_not_asked_of_a_callee_that_did_not_announce_it(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join(roles=PLAIN)
    bob.registers("com.work")
    alice.calls("com.work", receive_progress=True)
    bob.receives(68, 1, ANY, {})


@pytest.mark.parametrize("option", ["eligible", "eligible_authid", "eligible_authrole"])
def test_an_empty_whitelist_is_not_everyone(realm: Scene, option: str) -> None:
    alice, bob = realm.join(), realm.join()
    bob.subscribes("com.topic")
    alice.publishes("com.topic", **{option: []})
    bob.receives_nothing()


def test_a_violation_does_not_end_the_connection_without_abort(realm: Scene) -> None:
    alice = realm.join()
    alice.sends(5, "", {})
    alice.is_expelled()


def test_a_malformed_message_is_not_passed_over(realm: Scene) -> None:
    alice = realm.join()
    alice.sends_octets(b'[16, 1, {"acknowledge": "yes"}, "com.topic"]')
    alice.is_expelled()


@pytest.mark.parametrize("topic", ["wamp.session.on_join", "wamp.registration.on_create"])
def test_meta_events_cannot_be_faked(realm: Scene, topic: str) -> None:
    alice, bob = realm.join(), realm.join()
    bob.subscribes(topic)
    bob.subscribes("wamp.", match="prefix")
    bob.subscribes("..", match="wildcard")
    bob.inbox()  # of that subscription, in truth
    alice.publishes(topic, [{"authid": "admin"}])
    bob.receives_nothing()


def test_a_subscription_that_only_others_have_cannot_be_unsubscribed(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    subscription = bob.subscribes("com.topic")
    alice.receives_error(34, alice.requests(34, subscription), "wamp.error.no_such_subscription")


def test_a_lost_caller_interrupts_the_callee_at_once_and_not_at_its_next_result(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    bob.registers("com.work")
    alice.calls("com.work")
    bob.inbox()
    alice.vanishes()
    bob.receives(69, 1, ANY)


def test_unregister_goes_by_the_registration_and_not_by_the_request(realm: Scene) -> None:
    alice = realm.join()
    registration = alice.registers("com.a")
    alice.registers("com.b")
    alice.receives(67, alice.requests(66, registration))
    alice.receives_error(48, alice.calls("com.a"), "wamp.error.no_such_procedure")
    alice.calls("com.b")
    alice.receives(68, 1, ANY, {})


def test_a_canceled_call_is_answered_as_a_call_and_not_as_a_cancel(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    bob.registers("com.work")
    call = alice.calls("com.work")
    alice.sends(49, call, {})
    alice.receives(8, 48, call, {}, CANCELED, ANY)


def test_wildcards_that_are_announced_work(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    bob.subscribes("com..x", match="wildcard")
    bob.registers("com..x", match="wildcard")
    alice.publishes("com.a.x")
    alice.calls("com.a.x")
    assert [message[0] for message in bob.inbox()] == [36, 68]


def test_the_best_wildcard_is_neither_the_first_nor_the_longest_text(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    bob.registers("a..a_long_component", match="wildcard")
    better = bob.registers("a.b.", match="wildcard")
    alice.calls("a.b.a_long_component")
    bob.receives(68, 1, better, ANY)


def test_the_order_of_publications_is_kept(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    bob.subscribes("com.", match="prefix")
    for number in range(100):
        alice.publishes(f"com.t{number % 7}", [number])
    assert [event[4] for event in bob.inbox()] == [[number] for number in range(100)]


def test_publishers_and_callers_are_not_disclosed_by_default(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    bob.subscribes("com.topic")
    bob.registers("com.add2")
    alice.publishes("com.topic")
    alice.calls("com.add2")
    event, invocation = bob.inbox()
    assert event[3] == {}
    assert invocation[3] == {}


def test_subscribing_twice_does_not_bring_events_twice(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    assert bob.subscribes("com.topic") == bob.subscribes("com.topic")
    alice.publishes("com.topic")
    assert len(bob.inbox()) == 1


def test_calls_of_two_sessions_with_one_request_id_do_not_collide(realm: Scene) -> None:
    alice, bob, carol = realm.join(), realm.join(), realm.join()
    carol.registers("com.add2")
    alice.sends(48, 1, {}, "com.add2", ["alice"])
    bob.sends(48, 1, {}, "com.add2", ["bob"])
    carol.sends(70, 2, {}, ["for bob"])
    carol.sends(70, 1, {}, ["for alice"])
    alice.receives(50, 1, {}, ["for alice"])
    bob.receives(50, 1, {}, ["for bob"])


def test_goodbye_is_confirmed_with_the_uri_of_the_spec(realm: Scene) -> None:
    alice = realm.join()
    alice.sends(6, {}, "wamp.close.normal")
    alice.receives(6, {}, "wamp.close.goodbye_and_out")


def test_a_publication_that_is_denied_is_not_answered_unless_it_asked_for_it() -> None:
    guest = Scene(roles=[ANYONE, Role("guest", [])]).join("gus", "guest")
    guest.publishes("com.topic")
    guest.receives_nothing()


def test_roles_are_checked_in_hello(realm: Scene) -> None:
    peer = realm.connects()
    peer.sends(1, "realm1", {})
    peer.is_expelled()


def test_an_answer_for_an_unknown_invocation_is_not_answered_with_an_error(realm: Scene) -> None:
    alice = realm.join()
    alice.sends(70, 5, {})
    alice.is_expelled()


def test_a_permission_for_a_prefix_is_not_one_for_every_pattern_that_looks_like_it() -> None:
    guest = Scene(roles=[ANYONE, Role("guest", [Rule("prefix", "com.a", EVERYTHING)])]).join("gus", "guest")
    for uri, match in (("com..secret", "wildcard"), ("com.", "prefix"), ("", "prefix")):
        guest.receives_error(32, guest.requests(32, {"match": match}, uri), "wamp.error.not_authorized")


# --- retained events and event history ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "restriction",
    [{"eligible_authid": ["bob"]}, {"exclude_authid": ["carl"]}, {"exclude_authrole": ["anyone"]}, {"exclude": [1]}],
    ids=str,
)
def test_a_retained_event_does_not_ignore_the_lists_of_its_publication(
    realm: Scene, restriction: dict[str, Any]
) -> None:
    """D17"""
    alice, carl = realm.join("alice"), realm.join("carl")
    alice.publishes("com.topic", retain=True, **restriction)
    carl.subscribes("com.topic", get_retained=True)
    assert len(carl.inbox()) == ("exclude" in restriction)


def test_a_retained_event_has_the_publication_id_that_it_always_had(realm: Scene) -> None:
    """D17"""
    alice, bob = realm.join(), realm.join()
    publication = alice.receives(17, alice.publishes("com.topic", retain=True, acknowledge=True), ANY)[2]
    for match, topic in (("exact", "com.topic"), ("prefix", "com."), ("wildcard", ".topic")):
        subscription = bob.subscribes(topic, match=match, get_retained=True)
        assert bob.receives(36, subscription, ANY, ANY)[2] == publication


def get_events(realm: Scene, subscribers: int, **filters: Any) -> list[Any]:
    """The numbers of those of ten events that the history gives."""
    alice, *others = [realm.join() for _ in range(1 + subscribers)]
    id = {other.subscribes("com.chat") for other in others} or {alice.subscribes("com.chat")}
    for number in range(10):
        alice.publishes("com.chat", [number])
    alice.inbox()
    request = alice.calls("wamp.subscription.get_events", [*id], filters)
    return [event["args"][0] for event in alice.receives(50, request, {}, ANY)[3]]


def test_history_is_not_kept_once_per_receiver_and_not_empty_without_receivers() -> None:
    """D14"""
    for subscribers in (0, 1, 3):
        realm = Scene(history=History([HistoryRule("exact", "com.chat", 100)]))
        assert get_events(realm, subscribers) == list(range(10))


def test_the_limit_of_get_events_does_not_take_the_tail() -> None:
    """D15"""
    realm = Scene(history=History([HistoryRule("exact", "com.chat", 100)]))
    assert get_events(realm, 1, limit=3) == [0, 1, 2]


# --- the meta API ---------------------------------------------------------------------------------------------


def test_remove_callee_does_not_crash(realm: Scene) -> None:
    """G9"""
    alice, bob = realm.join(), realm.join()
    registration = bob.registers("com.work")
    alice.receives(50, alice.calls("wamp.registration.remove_callee", [registration, bob.id]), {})
    alice.receives_error(48, alice.calls("com.work"), "wamp.error.no_such_procedure")


def test_the_list_of_subscriptions_has_wildcards(realm: Scene) -> None:
    """G7"""
    alice = realm.join()
    subscription = alice.subscribes("com..x", match="wildcard")
    request = alice.calls("wamp.subscription.list")
    alice.receives(50, request, {}, [{"exact": [], "prefix": [], "wildcard": [subscription]}])


def test_the_subscription_meta_procedures_neither_crash_nor_have_typos_in_their_names(realm: Scene) -> None:
    """G7"""
    alice = realm.join()
    id = alice.subscribes("com.topic")
    for name, args, answer in (
        ("get", [id], {"id": id, "created": ANY, "uri": "com.topic", "match": "exact"}),
        ("lookup", ["com.topic"], id),
        ("match", ["com.topic"], [id]),
        ("list_subscribers", [id], [alice.id]),
        ("count_subscribers", [id], 1),
    ):
        alice.receives(50, alice.calls(f"wamp.subscription.{name}", args), {}, [answer])


@pytest.mark.parametrize("kind", ["registration", "subscription"])
@pytest.mark.parametrize("question", ["lookup", "match"])
def test_no_match_is_null_and_not_0(realm: Scene, kind: str, question: str) -> None:
    """G5, G7"""
    alice = realm.join()
    alice.receives(50, alice.calls(f"wamp.{kind}.{question}", ["com.nothing"]), {}, [None])


def test_on_leave_does_not_only_have_the_session_id(realm: Scene) -> None:
    """G2"""
    alice, bob = realm.join(), realm.join("bob")
    subscription = alice.subscribes("wamp.session.on_leave")
    bob.vanishes()
    alice.receives(36, subscription, ANY, {}, [bob.id, "bob", "anyone"])


def test_killing_all_is_possible_and_spares_the_caller(realm: Scene) -> None:
    """G3"""
    alice, bob = realm.join(), realm.join()
    alice.receives(50, alice.calls("wamp.session.kill_all"), {}, [1])
    bob.receives(6, {}, "wamp.close.killed")
    alice.is_present()


def test_a_session_that_is_lost_is_reported_to_have_unsubscribed(realm: Scene) -> None:
    """G6"""
    alice, bob = realm.join(), realm.join()
    watched = alice.subscribes("wamp.subscription.on_unsubscribe")
    subscription = bob.subscribes("com.topic")
    bob.vanishes()
    alice.receives(36, watched, ANY, {}, [bob.id, subscription])


# --- progressive calls ----------------------------------------------------------------------------------------


def test_a_piece_of_a_finished_call_does_not_start_a_new_one(realm: Scene) -> None:
    """C14"""
    alice, bob = realm.join(roles=RPC_PEER), realm.join(roles=RPC_PEER)
    bob.registers("com.upload")
    call = alice.calls("com.upload", [1], progress=True)
    bob.receives(68, 1, ANY, ANY, [1])
    bob.sends(70, 1, {})
    alice.receives(50, call, {})
    alice.sends(48, call, {"progress": True}, "com.upload", [2])
    bob.receives_nothing()
    alice.receives_nothing()
    alice.is_present()
