"""Registering, and which registration and which callee gets a call."""

from collections import Counter

import pytest

from realms.policies import CallLimits, Policies
from tests.realms.fakes import ANY, Peer, Scene

TAKEN = "wamp.error.procedure_already_exists"


def answering(*callees: Peer) -> list[int]:
    """Let every callee answer what it was invoked for; give the places of those that were."""
    places = []
    for place, callee in enumerate(callees):
        for message in callee.inbox():
            assert message[0] == 68
            places.append(place)
            callee.sends(70, message[1], {})
    return places


def turns(caller: Peer, count: int, *callees: Peer, procedure: str = "com.add2") -> list[int]:
    """Call so many times; give the places of the callees that answered."""
    places = []
    for _ in range(count):
        caller.calls(procedure)
        places += answering(*callees)
        caller.receives(50, ANY, {})
    return places


# --- registering ---


def test_a_session_has_only_so_many_registrations() -> None:
    scene = Scene(policies=Policies(calls=CallLimits(registrations=2)))
    bob = scene.join()
    first = bob.registers("com.a")
    bob.registers("com.b")
    bob.receives_error(64, bob.requests(64, {"force_reregister": True}, "com.c"), "wamp.error.not_authorized")
    bob.receives(67, bob.requests(66, first))
    bob.registers("com.c")


def test_a_procedure_is_registered_once(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    alice.registers("com.add2")
    for peer in (alice, bob):
        peer.receives_error(64, peer.requests(64, {}, "com.add2"), TAKEN)
    alice.is_present()


def test_exact_prefix_and_wildcard_registrations_of_one_text_are_three(realm: Scene) -> None:
    alice = realm.join()
    assert len({alice.registers("com.add2", match=match) for match in ("exact", "prefix", "wildcard")}) == 3
    alice.receives_error(64, alice.requests(64, {"match": "prefix"}, "com.add2"), TAKEN)


def test_a_procedure_is_free_again_after_unregister(realm: Scene) -> None:
    """C2"""
    alice, bob = realm.join(), realm.join()
    registration = alice.registers("com.add2")
    request = alice.requests(66, registration)
    alice.receives(67, request)
    bob.receives_error(48, bob.calls("com.add2"), "wamp.error.no_such_procedure")
    bob.registers("com.add2")
    alice.receives_error(66, alice.requests(66, registration), "wamp.error.no_such_registration")


def test_a_registration_of_somebody_else_cannot_be_ended(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    registration = alice.registers("com.add2")
    bob.receives_error(66, bob.requests(66, registration), "wamp.error.no_such_registration")
    bob.calls("com.add2")
    alice.receives(68, 1, registration, {})


def test_a_procedure_is_free_again_after_its_callee_left(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    patterns = {"com.add2": "exact", "com.": "prefix", "com..x": "wildcard", "." * 511: "wildcard"}
    for procedure, match in patterns.items():
        alice.registers(procedure, match=match)
    alice.vanishes()
    for procedure, match in patterns.items():
        bob.registers(procedure, match=match)


@pytest.mark.parametrize(
    ("match", "uri"),
    [
        ("exact", ""),
        ("exact", "com..a"),
        ("exact", "com a"),
        ("exact", "com.a.\n"),
        ("prefix", "com..a"),
        ("wildcard", "com.#."),
        ("exact", "wamp.a"),
        ("exact", "wamp"),
        ("prefix", "wamp"),
        ("prefix", "wamp."),
        ("prefix", "wamp.session"),
        ("wildcard", "wamp.."),
        ("wildcard", "wamp.session."),
    ],
)
def test_what_is_no_uri_or_belongs_to_the_router_cannot_be_registered(realm: Scene, match: str, uri: str) -> None:
    alice = realm.join()
    alice.receives_error(64, alice.requests(64, {"match": match}, uri), "wamp.error.invalid_uri")
    alice.is_present()


def test_no_pattern_captures_the_procedures_of_the_router(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    patterns = {"": "prefix", "w": "prefix", "wam": "prefix", "..": "wildcard", ".session.": "wildcard"}
    for pattern, match in patterns.items():
        alice.registers(pattern, match=match)
    bob.receives(50, bob.calls("wamp.session.count"), {}, [2])
    bob.receives_error(48, bob.calls("wamp.session.nothing"), "wamp.error.no_such_procedure")
    alice.receives_nothing()
    bob.calls("wampx.session.count")
    assert len(alice.inbox()) == 1


@pytest.mark.parametrize("uri", ["", "com..a", "com.a.", "com a", "com.#", "a" * 2000])
def test_what_is_no_uri_cannot_be_called(realm: Scene, uri: str) -> None:
    alice, bob = realm.join(), realm.join()
    bob.registers("", match="prefix")
    alice.receives_error(48, alice.calls(uri), "wamp.error.invalid_uri")
    bob.receives_nothing()


# --- which registration ---

# The worked examples of section "Pattern-based Registration" of the advanced profile. They take prefixes for whole
# components ("a1.b2.c33" is not to match "a1.b2.c3"), while its rule and its other examples take them for strings
# ("com.myapp.myobject1" matches "com.myapp.myobject1-mysubobject1"). We follow the rule; the dot at the end makes both
# readings the same.
EXAMPLES = [
    ("a1.b2.c3.d4.e55", "exact"),
    ("a1.b2.c3.", "prefix"),
    ("a1.b2.c3.d4.", "prefix"),
    ("a1.b2..d4.e5", "wildcard"),
    ("a1.b2.c33..e5", "wildcard"),
    ("a1.b2..d4.e5..g7", "wildcard"),
    ("a1.b2..d4..f6.g7", "wildcard"),
]


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("procedure", "used"),
    [
        ("a1.b2.c3.d4.e55", 1),
        ("a1.b2.c3.d98.e74", 2),
        ("a1.b2.c3.d4.e325", 3),
        ("a1.b2.c55.d4.e5", 4),
        ("a1.b2.c33.d4.e5", 5),
        ("a1.b2.c88.d4.e5.f6.g7", 6),
        ("a2.b2.c2.d2.e2", None),
    ],
)
def test_the_spec_chooses_the_registration(realm: Scene, procedure: str, used: int | None, order: int) -> None:
    alice, bob = realm.join(), realm.join()
    registrations = {(uri, match): bob.registers(uri, match=match) for uri, match in EXAMPLES[::order]}
    call = alice.calls(procedure)
    if used is None:
        alice.receives_error(48, call, "wamp.error.no_such_procedure")
        bob.receives_nothing()
    else:
        uri, match = EXAMPLES[used - 1]
        bob.receives(68, 1, registrations[uri, match], {} if match == "exact" else {"procedure": procedure})
        bob.receives_nothing()


@pytest.mark.parametrize(
    ("better", "worse", "procedure"),
    [
        (("com.a", "exact"), ("com.a", "prefix"), "com.a"),
        (("com.a", "exact"), ("com.a", "wildcard"), "com.a"),
        (("c", "prefix"), ("com.a", "wildcard"), "com.a"),
        (("", "prefix"), ("com.a", "wildcard"), "com.a"),
        (("com.app", "prefix"), ("com.", "prefix"), "com.apple"),
        (("a1.b2.c3", "prefix"), ("a1.b2.c33..e5", "wildcard"), "a1.b2.c33.d4.e5"),  # see EXAMPLES: by string
        (("com.a.", "wildcard"), ("com..b", "wildcard"), "com.a.b"),
        (("com..b", "wildcard"), ("com..", "wildcard"), "com.a.b"),
        (("com..b.", "wildcard"), ("com...d", "wildcard"), "com.a.b.d"),
        (("a..c..", "wildcard"), ("a...d.e", "wildcard"), "a.b.c.d.e"),
        (("..c", "wildcard"), ("..", "wildcard"), "a.b.c"),
    ],
)
def test_the_better_match_gets_the_call(
    realm: Scene, better: tuple[str, str], worse: tuple[str, str], procedure: str
) -> None:
    alice, bob, carol = realm.join(), realm.join(), realm.join()
    carol.registers(worse[0], match=worse[1])
    bob.registers(better[0], match=better[1])
    assert turns(alice, 1, bob, carol, procedure=procedure) == [0]
    bob.vanishes()
    assert turns(alice, 1, bob, carol, procedure=procedure) == [1]


def test_a_wildcard_that_begins_well_and_ends_badly_is_left_for_the_other(realm: Scene) -> None:
    alice, bob, carol = realm.join(), realm.join(), realm.join()
    bob.registers("a.b..x", match="wildcard")
    carol.registers("a..c.", match="wildcard")
    assert turns(alice, 1, bob, carol, procedure="a.b.c.d") == [1]


# --- which callee ---


def test_all_callees_of_a_shared_registration_have_one_registration_id(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    assert alice.registers("com.add2", invoke="first") == bob.registers("com.add2", invoke="first")


@pytest.mark.parametrize("first", ["single", "roundrobin", "random", "first", "last"])
@pytest.mark.parametrize("second", ["single", "roundrobin", "random", "first", "last"])
def test_the_first_registration_fixes_the_policy(realm: Scene, first: str, second: str) -> None:
    alice, bob = realm.join(), realm.join()
    alice.registers("com.add2", invoke=first)
    request = bob.requests(64, {"invoke": second}, "com.add2")
    if first == second != "single":
        bob.receives(65, request, ANY)
    else:
        bob.receives_error(64, request, TAKEN)


def test_the_policy_is_free_again_when_the_last_callee_left(realm: Scene) -> None:
    alice, bob, carol = realm.join(), realm.join(), realm.join()
    alice.registers("com.add2", invoke="first")
    bob.registers("com.add2", invoke="first")
    alice.vanishes()
    carol.receives_error(64, carol.requests(64, {"invoke": "last"}, "com.add2"), TAKEN)
    bob.vanishes()
    carol.registers("com.add2", invoke="last")


@pytest.mark.parametrize("invoke", ["roundrobin", "random", "first", "last"])
def test_a_session_registers_a_shared_procedure_once(realm: Scene, invoke: str) -> None:
    alice = realm.join()
    alice.registers("com.add2", invoke=invoke)
    alice.receives_error(64, alice.requests(64, {"invoke": invoke}, "com.add2"), TAKEN)


def test_roundrobin_takes_turns_in_order_of_registration(realm: Scene) -> None:
    caller, *callees = (realm.join() for _ in range(4))
    for callee in callees:
        callee.registers("com.add2", invoke="roundrobin")
    assert turns(caller, 7, *callees) == [0, 1, 2, 0, 1, 2, 0]


@pytest.mark.parametrize(
    ("served", "leaver", "then"),
    [
        (1, 0, [1, 2, 3, 1]),  # it had its turn: nobody is left out or served twice
        (1, 1, [2, 3, 0, 2]),  # it was its turn: the next one takes over
        (1, 3, [1, 2, 0, 1]),
        (3, 0, [3, 1, 2, 3]),
        (3, 3, [0, 1, 2, 0]),
        (4, 0, [1, 2, 3, 1]),
    ],
)
def test_roundrobin_stays_fair_when_a_callee_leaves(realm: Scene, served: int, leaver: int, then: list[int]) -> None:
    caller, *callees = (realm.join() for _ in range(5))
    for callee in callees:
        callee.registers("com.add2", invoke="roundrobin")
    turns(caller, served, *callees)
    callees[leaver].vanishes()
    assert turns(caller, 4, *callees) == then


def test_roundrobin_takes_in_a_callee_that_comes_late(realm: Scene) -> None:
    caller, *callees = (realm.join() for _ in range(4))
    callees[0].registers("com.add2", invoke="roundrobin")
    callees[1].registers("com.add2", invoke="roundrobin")
    assert turns(caller, 3, *callees) == [0, 1, 0]
    callees[2].registers("com.add2", invoke="roundrobin")
    assert turns(caller, 4, *callees) == [1, 2, 0, 1]


@pytest.mark.parametrize("before", [1, 2, 3])
@pytest.mark.parametrize("options", [{}, {"timeout": 1000}], ids=["plain", "special"])
def test_roundrobin_goes_on_to_a_callee_that_comes_when_all_had_their_turn(
    realm: Scene, before: int, options: dict[str, int]
) -> None:
    caller, *callees = (realm.join() for _ in range(before + 2))
    for callee in callees[:before]:
        callee.registers("com.add2", invoke="roundrobin")
    for callee in callees[:before]:
        caller.calls("com.add2", **options)
        assert [message[0] for message in callee.inbox()] == [68]
    callees[before].registers("com.add2", invoke="roundrobin")
    assert turns(caller, before + 1, *callees) == [before, *range(before)]


@pytest.mark.parametrize(("invoke", "order"), [("first", [0, 1, 2]), ("last", [2, 1, 0])])
def test_first_and_last_have_hot_standbys(realm: Scene, invoke: str, order: list[int]) -> None:
    caller, *callees = (realm.join() for _ in range(4))
    (registration,) = {callee.registers("com.add2", invoke=invoke) for callee in callees}
    for place in order:
        assert turns(caller, 2, *callees) == [place, place]
        if place == 1:
            callees[place].receives(67, callees[place].requests(66, registration))
        else:
            callees[place].vanishes()
    caller.receives_error(48, caller.calls("com.add2"), "wamp.error.no_such_procedure")


def test_random_is_uniform(realm: Scene) -> None:
    caller, *callees = (realm.join() for _ in range(4))
    for callee in callees:
        callee.registers("com.add2", invoke="random")
    counts = Counter(turns(caller, 300, *callees))
    assert sum(counts.values()) == 300
    assert all(70 < counts[place] < 130 for place in range(3))


def test_patterns_can_be_shared_too(realm: Scene) -> None:
    caller, *callees = (realm.join() for _ in range(3))
    for callee in callees:
        callee.registers("com.", match="prefix", invoke="roundrobin")
    assert turns(caller, 3, *callees, procedure="com.sub2") == [0, 1, 0]
