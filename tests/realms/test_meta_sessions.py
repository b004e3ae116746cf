"""The meta API of sessions: who is there, who comes and goes, and who is made to go."""

from typing import Any

import pytest

from realms.roles import Role
from tests.realms.fakes import ANY, EVERYTHING, Peer, Scene, rule
from wamp.codecs import CBOR, JSON, MESSAGEPACK, Codec

VISITOR = Role("visitor", [rule("prefix", "", *EVERYTHING)])
ADMIN = Role("admin", [rule("prefix", "", *EVERYTHING), rule("prefix", "wamp.", "call", "subscribe")])


@pytest.fixture
def realm() -> Scene:
    return Scene(roles=[VISITOR, ADMIN])


def asks(peer: Peer, procedure: str, *payload: Any) -> Any:
    """Call the router; returns the Arguments of RESULT, or the URI of ERROR."""
    request = peer.calls(procedure, *payload)
    answers = [message for message in peer.inbox() if message[0] in (8, 50)]
    assert len(answers) == 1
    (answer,) = answers
    if answer[0] == 8:
        assert answer[1:4] == [48, request, {}]
        return answer[4]
    assert answer[1:3] == [request, {}]
    return answer[3] if len(answer) > 3 else None


# --- who is there -----------------------------------------------------------------------------------------------


def test_sessions_are_counted_and_listed_by_authrole(realm: Scene) -> None:
    admin, ann, bob = realm.join("root", "admin"), realm.join("ann", "visitor"), realm.join("bob", "visitor")
    realm.join("elsewhere", "visitor", realm="realm2")
    assert asks(admin, "wamp.session.count") == [3]
    assert asks(admin, "wamp.session.count", [["visitor"]]) == [2]
    assert asks(admin, "wamp.session.count", [["visitor", "admin", "nobody"]]) == [3]
    assert asks(admin, "wamp.session.list", [["visitor"]]) == [[ann.id, bob.id]]
    assert sorted(asks(admin, "wamp.session.list")[0]) == sorted([admin.id, ann.id, bob.id])


def test_an_empty_filter_matches_nobody_and_null_is_no_filter(realm: Scene) -> None:
    ann = realm.join("ann", "visitor")
    assert asks(ann, "wamp.session.count", [[]]) == [0]
    assert asks(ann, "wamp.session.list", [[]]) == [[]]
    assert asks(ann, "wamp.session.count", [None]) == [1]


@pytest.mark.parametrize("codec", [JSON, MESSAGEPACK, CBOR], ids=lambda codec: codec.name)
def test_a_session_is_described_without_secrets(realm: Scene, codec: Codec) -> None:
    ann, bob = realm.join("ann", "visitor", codec=codec), realm.join("bob", "visitor")
    bob.transport.details["headers"] = {"cookie": "session=secret"}
    assert asks(ann, "wamp.session.get", [bob.id]) == [
        {
            "session": bob.id,
            "authid": "bob",
            "authrole": "visitor",
            "authmethod": "trusting",
            "authprovider": "tests",
            "transport": {"protocol": "fake", "peer": "nobody"},
        }
    ]


def test_a_session_of_another_realm_or_of_the_past_is_unknown(realm: Scene) -> None:
    ann, other, gone = (
        realm.join("ann", "visitor"),
        realm.join("o", "visitor", realm="realm2"),
        realm.join("g", "visitor"),
    )
    gone.vanishes()
    for id in (other.id, gone.id, 123, 0, 2**60):
        assert asks(ann, "wamp.session.get", [id]) == "wamp.error.no_such_session"


@pytest.mark.parametrize(
    ("procedure", "payload"),
    [
        ("wamp.session.count", [["visitor"], 1]),
        ("wamp.session.count", ["visitor"]),
        ("wamp.session.count", [[1]]),
        ("wamp.session.list", [{}]),
        ("wamp.session.get", []),
        ("wamp.session.get", ["1"]),
        ("wamp.session.get", [True]),
        ("wamp.session.get", [1.5]),
        ("wamp.session.get", [None]),
        ("wamp.session.get", [1, 2]),
        ("wamp.session.kill", []),
        ("wamp.session.kill", ["x"]),
        ("wamp.session.kill_by_authid", [1]),
        ("wamp.session.kill_by_authrole", []),
        ("wamp.session.kill_all", [1]),
    ],
)
def test_arguments_of_a_wrong_type_or_number_are_refused(realm: Scene, procedure: str, payload: list[Any]) -> None:
    admin = realm.join("root", "admin")
    assert asks(admin, procedure, payload) == "wamp.error.invalid_argument"


def test_arguments_that_nobody_asked_for_are_refused(realm: Scene) -> None:
    ann = realm.join("ann", "visitor")
    assert asks(ann, "wamp.session.count", [], {"color": 1}) == "wamp.error.invalid_argument"
    assert asks(ann, "wamp.session.get", [ann.id], {"session": ann.id}) == "wamp.error.invalid_argument"


def test_an_argument_may_be_given_by_name(realm: Scene) -> None:
    ann = realm.join("ann", "visitor")
    assert asks(ann, "wamp.session.count", [], {"filter_authroles": ["admin"]}) == [0]


# --- who comes and goes -----------------------------------------------------------------------------------------


def test_others_are_told_who_joins_and_who_leaves(realm: Scene) -> None:
    admin = realm.join("root", "admin")
    on_join, on_leave = admin.subscribes("wamp.session.on_join"), admin.subscribes("wamp.session.on_leave")
    ann = realm.join("ann", "visitor")
    details = admin.receives(36, on_join, ANY, {}, ANY)[4]
    assert details == asks(admin, "wamp.session.get", [ann.id])
    ann.vanishes()
    admin.receives(36, on_leave, ANY, {}, [ann.id, "ann", "visitor"])
    admin.receives_nothing()


def test_no_session_is_told_of_its_own_coming_and_going(realm: Scene) -> None:
    ann = realm.join("ann", "visitor")
    ann.receives_nothing()
    for topic in ("wamp.session.on_join", "wamp.session.on_leave", "wamp.registration.on_unregister"):
        ann.subscribes(topic)
    ann.registers("com.procedure")
    ann.sends(6, {}, "wamp.close.close_realm")
    ann.receives(6, {}, "wamp.close.goodbye_and_out")
    ann.receives_nothing()


def test_whoever_listens_to_a_pattern_hears_of_sessions_too(realm: Scene) -> None:
    ann = realm.join("ann", "visitor")
    prefix, wildcard = ann.subscribes("wamp.", match="prefix"), ann.subscribes("wamp..on_join", match="wildcard")
    everything = ann.subscribes("", match="prefix")
    ann.inbox()
    realm.join("bob", "visitor")
    heard = ann.inbox()
    assert {event[1] for event in heard} == {prefix, wildcard, everything}
    assert {event[3]["topic"] for event in heard} == {"wamp.session.on_join"}


def test_a_session_that_leaves_takes_leave_step_by_step(realm: Scene) -> None:
    """A29: testaments, calls, registrations, subscriptions, and the session itself at last."""
    admin, caller, callee = realm.join("root", "admin"), realm.join("c", "visitor"), realm.join("d", "visitor")
    callee.registers("com.procedure")
    callee.subscribes("com.topic")
    assert asks(callee, "wamp.session.add_testament", ["com.last.words", ["bye"], {}]) is None
    admin.subscribes("com.last.words")
    admin.subscribes("wamp.", match="prefix")
    call = caller.calls("com.procedure")
    callee.vanishes()
    caller.receives_error(48, call, "wamp.error.canceled")
    topics = [event[3].get("topic", "the testament") for event in admin.inbox()]
    assert topics == [
        "the testament",
        "wamp.registration.on_unregister",
        "wamp.registration.on_delete",
        "wamp.subscription.on_unsubscribe",
        "wamp.subscription.on_delete",
        "wamp.session.on_leave",
    ]


@pytest.mark.parametrize("topic", ["wamp.session.on_join", "wamp.session.on_leave", "wamp.anything"])
def test_meta_events_are_the_routers_alone(realm: Scene, topic: str) -> None:
    admin = realm.join("root", "admin")
    request = admin.publishes(topic, [1], acknowledge=True)
    admin.receives_error(16, request, "wamp.error.invalid_uri")
    request = admin.requests(64, {}, topic)
    admin.receives_error(64, request, "wamp.error.invalid_uri")


# --- who is made to go ------------------------------------------------------------------------------------------


def test_a_session_is_killed_with_a_reason_and_a_message(realm: Scene) -> None:
    admin, ann = realm.join("root", "admin"), realm.join("ann", "visitor")
    assert asks(admin, "wamp.session.kill", [ann.id], {"reason": "com.bye", "message": "too loud"}) is None
    ann.receives(6, {"message": "too loud"}, "com.bye")
    assert asks(admin, "wamp.session.count") == [1]
    assert asks(admin, "wamp.session.kill", [ann.id]) == "wamp.error.no_such_session"


def test_who_is_killed_without_a_reason_is_told_so(realm: Scene) -> None:
    admin, ann = realm.join("root", "admin"), realm.join("ann", "visitor")
    asks(admin, "wamp.session.kill", [ann.id])
    ann.receives(6, {}, "wamp.close.killed")


def test_the_caller_is_always_spared(realm: Scene) -> None:
    admin, twin = realm.join("root", "admin"), realm.join("root", "admin")
    assert asks(admin, "wamp.session.kill", [admin.id]) == "wamp.error.no_such_session"
    assert asks(admin, "wamp.session.kill_by_authid", ["root"]) == [[twin.id]]
    twin = realm.join("root", "admin")
    assert asks(admin, "wamp.session.kill_by_authrole", ["admin"]) == [1]
    assert asks(admin, "wamp.session.kill_all") == [0]
    admin.is_present()


@pytest.mark.parametrize("reason", ["", "not a uri", "a..b", "x#"])
@pytest.mark.parametrize("kill", ["kill", "kill_by_authid", "kill_by_authrole", "kill_all"])
def test_a_reason_must_be_a_uri(realm: Scene, kill: str, reason: str) -> None:
    admin, ann = realm.join("root", "admin"), realm.join("ann", "visitor")
    whom = {"kill": [ann.id], "kill_by_authid": ["ann"], "kill_by_authrole": ["visitor"], "kill_all": []}[kill]
    assert asks(admin, f"wamp.session.{kill}", whom, {"reason": reason}) == "wamp.error.invalid_uri"
    ann.is_present()


def test_killing_by_authid_answers_with_ids_and_by_authrole_with_a_number(realm: Scene) -> None:
    admin = realm.join("root", "admin")
    victims = [realm.join("ann", "visitor") for _ in range(2)]
    assert asks(admin, "wamp.session.kill_by_authid", ["ann"], {"reason": "com.r"}) == [[one.id for one in victims]]
    for victim in victims:
        victim.receives(6, {}, "com.r")
    realm.join("bob", "visitor"), realm.join("cid", "visitor")
    assert asks(admin, "wamp.session.kill_by_authrole", ["visitor"]) == [2]
    assert asks(admin, "wamp.session.kill_by_authrole", ["visitor"]) == [0]
    assert asks(admin, "wamp.session.kill_by_authid", ["nobody"]) == [[]]


def test_killing_all_is_silent(realm: Scene) -> None:
    admin, ann, bob = realm.join("root", "admin"), realm.join("ann", "visitor"), realm.join("bob", "visitor")
    assert asks(ann, "wamp.session.add_testament", ["com.topic", ["bye"], {}]) is None
    admin.subscribes("wamp.", match="prefix")
    admin.subscribes("com.topic")
    bob.registers("com.procedure")
    admin.inbox()
    request = admin.calls("wamp.session.kill_all", [], {"message": "closing"})
    admin.receives(50, request, {}, [2])
    admin.receives_nothing()
    ann.receives(6, {"message": "closing"}, "wamp.close.killed")
    late = realm.join("late", "visitor")
    assert admin.inbox()[0][4][0]["session"] == late.id


def test_killing_one_is_not_silent(realm: Scene) -> None:
    admin, ann = realm.join("root", "admin"), realm.join("ann", "visitor")
    asks(ann, "wamp.session.add_testament", ["com.topic", ["bye"], {}])
    words, on_leave = admin.subscribes("com.topic"), admin.subscribes("wamp.session.on_leave")
    admin.calls("wamp.session.kill", [ann.id])
    admin.receives(36, words, ANY, {}, ["bye"])
    admin.receives(36, on_leave, ANY, {}, [ann.id, "ann", "visitor"])
    admin.receives(50, ANY, {})


# --- who may ----------------------------------------------------------------------------------------------------

GUARDED = [
    ("wamp.session.kill", [1]),
    ("wamp.session.kill_by_authid", ["root"]),
    ("wamp.session.kill_by_authrole", ["admin"]),
    ("wamp.session.kill_all", []),
    ("wamp.registration.remove_callee", [1, 1]),
    ("wamp.subscription.remove_subscriber", [1, 1]),
]


@pytest.mark.parametrize(("procedure", "payload"), GUARDED)
def test_a_rule_for_everything_does_not_reach_what_harms_others(
    realm: Scene, procedure: str, payload: list[Any]
) -> None:
    """F4"""
    admin, ann = realm.join("root", "admin"), realm.join("ann", "visitor")
    assert asks(ann, procedure, payload) == "wamp.error.not_authorized"
    admin.is_present()


@pytest.mark.parametrize("pattern", [("exact", "wamp.session.kill"), ("prefix", "wamp."), ("wildcard", "wamp..kill")])
def test_a_rule_for_the_routers_own_procedures_does(pattern: tuple[Any, str]) -> None:
    """F4"""
    realm = Scene(roles=[Role("warden", [rule(*pattern, "call")])])
    warden, other = realm.join("w", "warden"), realm.join("o", "warden")
    assert asks(warden, "wamp.session.kill", [other.id]) is None


def test_without_permission_no_procedure_of_the_router_is_open() -> None:
    """F4"""
    realm = Scene(roles=[Role("guest", [rule("prefix", "com.", *EVERYTHING)])])
    guest = realm.join("g", "guest")
    assert asks(guest, "wamp.session.count") == "wamp.error.not_authorized"
    assert asks(guest, "wamp.reflection.procedure.list") == "wamp.error.not_authorized"
    guest.receives_error(32, guest.requests(32, {}, "wamp.session.on_join"), "wamp.error.not_authorized")


def test_what_the_router_does_not_have_is_no_such_procedure(realm: Scene) -> None:
    ann = realm.join("ann", "visitor")
    assert asks(ann, "wamp.session.nothing") == "wamp.error.no_such_procedure"


def test_a_call_of_the_router_takes_its_turn_in_the_count_of_requests(realm: Scene) -> None:
    ann = realm.join("ann", "visitor")
    asks(ann, "wamp.session.count")
    ann.sends(48, 1, {}, "wamp.session.count")
    ann.is_expelled()


# --- testaments -------------------------------------------------------------------------------------------------


def test_testaments_of_both_scopes_are_published_in_order(realm: Scene) -> None:
    """G8, D19"""
    ann, bob = realm.join("ann", "visitor"), realm.join("bob", "visitor")
    topic = bob.subscribes("com.topic")
    assert asks(ann, "wamp.session.add_testament", ["com.topic", [1], {"a": 1}]) is None
    assert asks(ann, "wamp.session.add_testament", ["com.topic", [2], {}], {"scope": "detached"}) is None
    assert (
        asks(ann, "wamp.session.add_testament", ["com.topic", [3], {}], {"publish_options": {"eligible": []}}) is None
    )
    ann.vanishes()
    bob.receives(36, topic, ANY, {}, [2])
    bob.receives(36, topic, ANY, {}, [1], {"a": 1})
    bob.receives_nothing()


def test_flushed_testaments_are_not_published(realm: Scene) -> None:
    """G8, D19"""
    ann, bob = realm.join("ann", "visitor"), realm.join("bob", "visitor")
    topic = bob.subscribes("com.topic")
    asks(ann, "wamp.session.add_testament", ["com.topic", ["destroyed"], {}])
    asks(ann, "wamp.session.add_testament", ["com.topic", ["detached"], {}], {"scope": "detached"})
    assert asks(ann, "wamp.session.flush_testaments") is None
    ann.sends(6, {}, "wamp.close.close_realm")
    bob.receives(36, topic, ANY, {}, ["detached"])
    bob.receives_nothing()


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        ([["wamp.session.on_join", [], {}]], "invalid_uri"),
        ([["a..b", [], {}]], "invalid_uri"),
        ([["com.t", {}, {}]], "invalid_argument"),
        ([["com.t", [], []]], "invalid_argument"),
        ([[]], "invalid_argument"),
        ([["com.t", [], {}], {"scope": "later"}], "invalid_argument"),
        ([["com.t", [], {}], {"scope": 1}], "invalid_argument"),
        ([["com.t", [], {}], {"publish_options": {"eligible": 1}}], "invalid_argument"),
    ],
)
def test_a_testament_that_could_not_be_published_is_refused(realm: Scene, payload: list[Any], error: str) -> None:
    """G8, D19"""
    ann = realm.join("ann", "visitor")
    assert asks(ann, "wamp.session.add_testament", *payload) == f"wamp.error.{error}"
