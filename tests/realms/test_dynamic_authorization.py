"""Somebody is asked about what no rule of a role decides: F3, and A27, the order that must be kept meanwhile."""

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed

from realms.authorization import MAX_DECIDED
from realms.changes import change_rules
from realms.inquiries import Inquiries, Patience
from realms.roles import Role
from realms.session import INBOX_LIMIT
from realms.states import State
from tests.realms.asking import RULES, Decider, Reach
from tests.realms.fakes import ANY, ANYONE, CAPABLE, CBOR, RPC_PEER, Peer, Scene, rule

NOT_AUTHORIZED = "wamp.error.not_authorized"
FAILED = "wamp.error.authorization_failed"


class Court(Scene):
    """A scene in which `decider` decides what `guest` may do."""

    def __init__(self, *rules: Any, timeout: float = 5, max_waiting: int = 100, remember_for: float = 60, **more: Any):
        reach = Reach()
        self.inquiries = reach.inquiries(timeout, max_waiting)
        self.guest_role = reach.role(self.inquiries, *rules, remember_for=remember_for)
        operator = Role("operator", [rule("prefix", "wamplex.", "call")])
        super().__init__(roles=[ANYONE, operator, self.guest_role], clock=reach.clock, **more)
        reach.scene = self

    def guest(self, authid: str = "joe", **more: Any) -> Peer:
        return self.join(authid, "guest", **more)


@pytest.fixture
def court() -> Court:
    return Court()


def test_who_decides_is_told_who_wants_to_do_what(court: Court) -> None:
    """F3: (session details, uri, action, options)."""
    decider, guest = Decider(court), court.guest(codec=CBOR)
    about = {
        "session": guest.id, "authid": "joe", "authrole": "guest", "authmethod": "trusting", "authprovider": "tests",
        "transport": {"protocol": "fake", "peer": "nobody"}, "realm": "realm1",
    }  # fmt: skip
    bob = court.join("bob")
    bob.registers("com.add2")
    guest.calls("com.add2", [1], timeout=700)
    invocation = decider.is_asked(about, "com.add2", "call", {"timeout": 700})
    guest.receives_nothing()
    decider.answers(invocation, True)
    bob.receives(68, 1, ANY, {}, [1])

    guest.requests(32, {"match": "prefix"}, "com.")
    decider.answers(decider.is_asked(about, "com.", "subscribe", {"match": "prefix"}), True)
    guest.receives(33, 2, ANY)
    guest.requests(64, {}, "com.sub")
    decider.answers(decider.is_asked(about, "com.sub", "register", {"match": "exact"}), True)
    guest.receives(65, 3, ANY)
    guest.publishes("com.event", acknowledge=True)
    decider.answers(decider.is_asked(about, "com.event", "publish", {"acknowledge": True}), True)
    guest.receives(17, 4, ANY)


def test_what_a_rule_decides_is_not_asked_about() -> None:
    """F3, F1."""
    court = Court(*RULES, rule("exact", "com.closed", "subscribe"))
    decider, guest = Decider(court), court.guest()
    guest.subscribes("com.open.news")
    request = guest.calls("com.closed")  # the rule that fits does not allow it
    guest.receives_error(48, request, NOT_AUTHORIZED)
    request = guest.calls("wamp.session.kill_all")  # only a rule for `wamp.` allows that, be it asked or not
    guest.receives_error(48, request, NOT_AUTHORIZED)
    decider.peer.receives_nothing()


def test_a_pattern_is_not_asked_about_if_a_rule_denies_a_part_of_it() -> None:
    """F1, F3: an authorizer that sees the pattern only would open a hole in a wall."""
    court = Court(rule("prefix", "com.closed."), rule("prefix", "com.open.", "subscribe"))
    decider, guest = Decider(court), court.guest()
    request = guest.requests(32, {"match": "prefix"}, "com.")
    guest.receives_error(32, request, NOT_AUTHORIZED)
    decider.peer.receives_nothing()
    request = guest.requests(32, {"match": "prefix"}, "com.o")
    decider.answers(decider.is_asked(ANY, "com.o", "subscribe", ANY), True)
    guest.receives(33, request, ANY)


@pytest.mark.parametrize("answer", [False, {"allow": False}, {"allow": False, "cache": False}])
def test_a_no_is_not_authorized(court: Court, answer: Any) -> None:
    """F2, F3."""
    decider, guest = Decider(court), court.guest()
    for code, message in (
        (48, ({}, "com.a")),
        (64, ({}, "com.b")),
        (32, ({}, "com.c")),
        (16, ({"acknowledge": True}, "com.d")),
    ):
        request = guest.requests(code, *message)
        decider.answers(decider.is_asked(ANY, message[1], ANY, ANY), answer)
        guest.receives_error(code, request, NOT_AUTHORIZED)
    guest.publishes("com.e")  # nobody waits for an answer to this
    decider.answers(decider.is_asked(ANY, "com.e", "publish", ANY), answer)
    guest.is_present()


def test_a_decision_is_remembered_for_a_while(court: Court) -> None:
    """F3: for all sessions of the authid, yes and no alike, and no longer than configured."""
    decider, guest, twin, other = Decider(court), court.guest(), court.guest(), court.guest("jim")
    topic = "com.news"
    guest.publishes(topic, acknowledge=True)
    decider.answers(decider.is_asked(ANY, topic, "publish", ANY), True)
    guest.receives(17, 1, ANY)
    request = guest.calls("com.no")
    decider.answers(decider.is_asked(ANY, "com.no", "call", ANY), False)
    guest.receives_error(48, request, NOT_AUTHORIZED)
    court.clock.advance(59)
    for peer in (guest, twin):
        peer.receives(17, peer.publishes(topic, acknowledge=True), ANY)
        peer.receives_error(48, peer.calls("com.no"), NOT_AUTHORIZED)
    decider.peer.receives_nothing()
    other.publishes(topic)
    decider.answers(decider.is_asked(ANY, topic, "publish", ANY), True)
    court.clock.advance(1)
    twin.publishes(topic)
    decider.answers(decider.is_asked(ANY, topic, "publish", ANY), True)


def test_a_remembered_decision_costs_what_a_rule_costs(court: Court) -> None:
    """F3: it is found in the same place, by the same one lookup."""
    decider, guest = Decider(court), court.guest()
    guest.publishes("com.news")
    decider.answers(decider.is_asked(ANY, "com.news", "publish", ANY), True)
    guest.publishes("com.open.news")
    assert guest.transport.session.role.granted.keys() == {("publish", "com.news"), ("publish", "com.open.news")}


@pytest.mark.parametrize(("remember_for", "answer"), [(0, True), (60, {"allow": True, "cache": False})])
def test_a_decision_may_count_for_one_request_only(remember_for: float, answer: Any) -> None:
    """F3."""
    court = Court(remember_for=remember_for)
    decider, guest = Decider(court), court.guest()
    for request in (1, 2):
        guest.publishes("com.news", acknowledge=True)
        decider.answers(decider.is_asked(ANY, "com.news", "publish", ANY), answer)
        guest.receives(17, request, ANY)
    for match in ("exact", "prefix"):
        request = guest.requests(32, {"match": match}, "com.news")
        decider.answers(decider.is_asked(ANY, "com.news", "subscribe", {"match": match}), answer)
        guest.receives(33, request, ANY)


def test_what_is_remembered_is_bounded() -> None:
    """F3."""
    court = Court()
    court.guest_role.authorizer = Inquiries("a function", lambda *_: False, court.clock, Patience())
    guest = court.guest()
    for number in range(MAX_DECIDED + 10):
        guest.sends(16, number + 1, {}, f"com.topic{number}")
    operator = court.join("operator", "operator")
    forgotten = operator.calls("wamplex.authorization.purge")
    assert operator.receives(50, forgotten, {}, ANY)[3][0] <= MAX_DECIDED


def test_decisions_can_be_purged(court: Court) -> None:
    """F3: `wamplex.authorization.purge`, for all, for one role, for one authid."""
    decider, joe, jim = Decider(court), court.guest("joe"), court.guest("jim")
    for peer in (joe, jim):
        peer.publishes("com.news")
        decider.answers(decider.is_asked(ANY, "com.news", "publish", ANY), True)

    operator = court.join("operator", "operator")
    operator.receives(50, operator.calls("wamplex.authorization.purge", [], {"authid": "jim"}), {}, [1])
    joe.publishes("com.news")
    decider.peer.receives_nothing()
    jim.publishes("com.news")
    decider.answers(decider.is_asked(ANY, "com.news", "publish", ANY), False)
    operator.receives(50, operator.calls("wamplex.authorization.purge", ["anyone"]), {}, [0])
    operator.receives(50, operator.calls("wamplex.authorization.purge", ["guest"]), {}, [2])
    joe.publishes("com.news")
    invocation = decider.is_asked(ANY, "com.news", "publish", ANY)
    operator.receives(50, operator.calls("wamplex.authorization.purge"), {}, [0])
    decider.answers(invocation, True)  # decided before, so nobody knows whether it still holds
    joe.publishes("com.news")
    decider.is_asked(ANY, "com.news", "publish", ANY)


def test_purging_takes_a_rule_of_its_own(court: Court) -> None:
    """F3, F4: the rule for `""` or for `wamp.` does not allow it."""
    ann = court.join()
    ann.receives_error(48, ann.calls("wamplex.authorization.purge"), NOT_AUTHORIZED)
    request = ann.requests(64, {}, "wamplex.authorization.purge")
    ann.receives_error(64, request, "wamp.error.invalid_uri")


# --- order ----------------------------------------------------------------------------------------------------


def test_nobody_overtakes_a_request_that_is_being_decided(court: Court) -> None:
    """A27, F3: invocations reach the callee in the order of the calls."""
    decider, guest, bob = Decider(court), court.guest(), court.join("bob")
    bob.registers("com.open.one")
    bob.registers("com.asked")
    guest.calls("com.asked", [1])
    for number in (2, 3):
        guest.calls("com.open.one", [number])
    bob.receives_nothing()
    decider.answers(decider.is_asked(ANY, "com.asked", "call", ANY), True)
    assert [message[4] for message in bob.inbox()] == [[1], [2], [3]]


def test_a_hundred_requests_at_once_keep_their_order() -> None:
    """A27: each of them is asked about, half of them are refused, and the connection is not read from meanwhile."""
    court = Court(remember_for=0)
    decider, guest, bob = Decider(court), court.guest(), court.join("bob")
    bob.subscribes("com.", match="prefix")
    for number in range(100):
        guest.publishes(f"com.topic{number}", [number], acknowledge=True)
    assert guest.is_paused()
    for number in range(100):
        bob_waits = bob.inbox()
        assert [message[4] for message in bob_waits] == ([[number - 1]] if number % 2 else [])
        invocation = decider.is_asked(ANY, f"com.topic{number}", "publish", ANY)
        assert guest.is_paused() == (number <= 99 - INBOX_LIMIT)
        decider.answers(invocation, number % 2 == 0)
    answers = guest.inbox()
    assert [message[0] for message in answers] == [17, 8] * 50
    assert [message[1] if message[0] == 17 else message[2] for message in answers] == list(range(1, 101))


def test_others_go_on_undisturbed(court: Court) -> None:
    """A27: one session is held, nobody else."""
    decider, guest, twin = Decider(court), court.guest(), court.guest()
    guest.publishes("com.news")
    decider.is_asked(ANY, "com.news", "publish", ANY)
    twin.receives(17, twin.publishes("com.open.news", acknowledge=True), ANY)
    court.join("bob").is_present()


def test_what_is_published_before_goodbye_is_published(court: Court) -> None:
    """A7, A27: GOODBYE waits for its turn."""
    decider, guest, bob = Decider(court), court.guest(), court.join("bob")
    bob.subscribes("com.last")
    guest.publishes("com.last", ["words"])
    guest.sends(6, {}, "wamp.close.close_realm")
    guest.receives_nothing()
    decider.answers(decider.is_asked(ANY, "com.last", "publish", ANY), True)
    bob.receives(36, ANY, ANY, {}, ["words"])
    guest.receives(6, {}, "wamp.close.goodbye_and_out")


def test_a_call_under_way_can_be_canceled_meanwhile(court: Court) -> None:
    """C17, F3: one that waits itself is made first, so that it can be canceled."""
    decider, guest, bob = Decider(court), court.guest(), court.join("bob")
    bob.registers("com.open.slow")
    bob.registers("com.asked")
    first = guest.calls("com.open.slow")
    bob.receives(68, 1, ANY, {})
    second = guest.calls("com.asked")
    guest.sends(49, first, {"mode": "killnowait"})
    guest.receives_error(48, first, "wamp.error.canceled")
    guest.sends(49, second, {"mode": "killnowait"})
    guest.receives_nothing()
    decider.answers(decider.is_asked(ANY, "com.asked", "call", ANY), True)
    guest.receives_error(48, second, "wamp.error.canceled")
    assert [message[0] for message in bob.inbox()] == [69, 68, 69]


def test_progressive_calls_keep_their_chunks_in_order(court: Court) -> None:
    """C11, A27: what follows a chunk that is being decided waits."""
    decider, guest, bob = Decider(court), court.guest(roles=RPC_PEER), court.join("bob", roles=RPC_PEER)
    bob.registers("com.upload")
    request = guest.calls("com.upload", [1], progress=True)
    guest.sends(48, request, {"progress": True}, "com.upload", [2])
    guest.sends(48, request, {}, "com.upload", [3])
    decider.answers(decider.is_asked(ANY, "com.upload", "call", {"progress": True}), True)
    assert [message[4] for message in bob.inbox()] == [[1], [2], [3]]


# --- what goes wrong ------------------------------------------------------------------------------------------


def test_without_anybody_to_ask_nothing_is_allowed(court: Court) -> None:
    """F2, F3: at once, as a request can be made again."""
    guest = court.guest()
    guest.receives_error(48, guest.calls("com.a"), FAILED)
    guest.publishes("com.a")
    guest.is_present()
    guest.receives(17, guest.publishes("com.open.a", acknowledge=True), ANY)


def test_who_takes_too_long_has_not_decided(court: Court) -> None:
    """F3: and is told to stop. Nothing is remembered."""
    decider, guest = Decider(court), court.guest()
    request = guest.calls("com.a")
    invocation = decider.is_asked(ANY, "com.a", "call", ANY)
    court.clock.advance(4.9)
    guest.receives_nothing()
    court.clock.advance(0.1)
    guest.receives_error(48, request, FAILED)
    decider.peer.receives(69, invocation, ANY)
    decider.answers(invocation, True)
    guest.is_present()
    guest.calls("com.a")
    decider.is_asked(ANY, "com.a", "call", ANY)


def test_who_is_gone_in_the_middle_has_not_decided(court: Court) -> None:
    """F3, C8."""
    decider, guest = Decider(court), court.guest()
    request = guest.calls("com.a")
    decider.peer.vanishes()
    court.clock.advance(0)
    guest.receives_error(48, request, FAILED)
    guest.is_present()


@pytest.mark.parametrize(
    "answer", ["yes", 1, None, [True], {}, {"allow": "yes"}, {"allow": True, "alow": 1}, {"allow": True, "cache": 5},
               {"allow": True, "disclose": "nobody"}]
)  # fmt: skip
def test_an_answer_that_makes_no_sense_allows_nothing(court: Court, answer: Any) -> None:
    """F3: fail closed."""
    decider, guest = Decider(court), court.guest()
    request = guest.calls("com.a")
    decider.answers(decider.is_asked(ANY, "com.a", "call", ANY), answer)
    guest.receives_error(48, request, FAILED)


def test_neither_do_several_answers_or_an_error(court: Court) -> None:
    """F3: the guest is not told what the authorizer said."""
    decider, guest = Decider(court), court.guest()
    request = guest.calls("com.a")
    decider.answers(decider.is_asked(ANY, "com.a", "call", ANY), True, True)
    guest.receives_error(48, request, FAILED)
    request = guest.calls("com.a")
    decider.fails(decider.is_asked(ANY, "com.a", "call", ANY), "com.error.db", "password is hunter2")
    assert "hunter2" not in str(guest.receives(8, 48, request, {}, FAILED, ANY))


def test_only_so_many_requests_wait() -> None:
    """F3: what exceeds the bound fails at once."""
    court = Court(max_waiting=2)
    decider, guests = Decider(court), [court.guest(f"guest{number}") for number in range(3)]
    requests = [guest.calls("com.a") for guest in guests]
    guests[2].receives_error(48, requests[2], FAILED)
    decider.answers(decider.is_asked(ANY, "com.a", "call", ANY), False)
    guests[0].receives_error(48, requests[0], NOT_AUTHORIZED)
    guests[2].calls("com.a")
    guests[2].receives_nothing()


def test_an_authorizer_that_asks_for_itself_does_not_lock_itself_out() -> None:
    """F3: its answers are heard while it is held."""
    court = Court(rule("exact", "com.example.decide", "register"))
    decider = Decider(court, court.guest("decider"))
    guest, bob = court.guest(), court.join("bob")
    bob.registers("com.a")
    bob.registers("com.log")
    guest.calls("com.a")
    about_guest = decider.is_asked(ANY, "com.a", "call", ANY)
    decider.peer.calls("com.log")  # before it decides
    about_itself = decider.is_asked(ANY, "com.log", "call", ANY)
    decider.answers(about_itself, True)
    bob.receives(68, 1, ANY, {})
    decider.answers(about_guest, True)
    bob.receives(68, 2, ANY, {})


def test_one_that_never_gets_anywhere_with_itself_ends_by_the_deadline() -> None:
    """F3."""
    court = Court(rule("exact", "com.example.decide", "register"))
    decider, guest = Decider(court, court.guest("decider")), court.guest()
    request = guest.calls("com.a")
    decider.is_asked(ANY, "com.a", "call", ANY)
    own = decider.peer.calls("com.log")
    decider.is_asked(ANY, "com.log", "call", ANY)
    court.clock.advance(5)
    guest.receives_error(48, request, FAILED)
    messages = decider.peer.inbox()
    assert [8, 48, own, {}, FAILED, ANY] in messages


# --- sessions that end meanwhile ------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [Peer.vanishes, lambda guest: guest.sends(3, {}, "wamp.close.normal")])
def test_for_who_is_gone_nobody_decides(court: Court, end: Callable[[Peer], None]) -> None:
    """A29, F3: the question is withdrawn, and nothing is left of the session."""
    decider, guest = Decider(court), court.guest()
    guest.publishes("com.a")
    guest.publishes("com.open.a")
    invocation = decider.is_asked(ANY, "com.a", "publish", ANY)
    end(guest)
    decider.peer.receives(69, invocation, ANY)
    assert len(court.inquiries) == 0
    decider.answers(invocation, True)
    assert guest.id not in court.realms.by_name["realm1"].sessions


def test_who_is_killed_meanwhile_does_nothing_any_more(court: Court) -> None:
    """G3, F3."""
    decider, guest, bob = Decider(court), court.guest(), court.join("bob")
    bob.subscribes("com.a")
    guest.publishes("com.a")
    invocation = decider.is_asked(ANY, "com.a", "publish", ANY)
    bob.receives(50, bob.calls("wamp.session.kill", [guest.id]), {})
    guest.receives(6, ANY, "wamp.close.killed")
    decider.peer.receives(69, invocation, ANY)
    decider.answers(invocation, True)
    bob.receives_nothing()
    guest.sends(6, {}, "wamp.close.goodbye_and_out")
    assert not guest.is_connected()


def test_who_is_killed_while_much_of_it_waits_is_heard_saying_goodbye(court: Court) -> None:
    """A7, G3: it is read from again."""
    Decider(court)
    guest, bob = court.guest(), court.join("bob")
    for number in range(20):
        guest.publishes(f"com.topic{number}")
    assert guest.is_paused()
    bob.receives(50, bob.calls("wamp.session.kill", [guest.id]), {})
    assert not guest.is_paused()


def test_a_violation_ends_a_held_session(court: Court) -> None:
    """A13: octets that are no message are none, whoever waits."""
    decider, guest = Decider(court), court.guest()
    guest.publishes("com.a")
    decider.is_asked(ANY, "com.a", "publish", ANY)
    guest.sends(70, 999, {})  # for an invocation that was never sent
    guest.is_expelled()


def test_a_session_that_is_paused_meanwhile_asks_again_when_it_is_back(court: Court) -> None:
    """A10, F3: nothing that it sent is lost, and the order is kept."""
    decider, bob = Decider(court), court.join("bob")
    bob.subscribes("com.", match="prefix")
    guest = court.connects()
    guest.sends(1, "realm1", {"roles": CAPABLE, "authmethods": ["trusting"], "authid": "joe", "authrole": "guest",
                              "resumable": True})  # fmt: skip
    welcome = guest.receives(2, ANY, ANY)
    for number in range(12):
        guest.publishes(f"com.topic{number}", [number])
    invocation = decider.is_asked(ANY, "com.topic0", "publish", ANY)
    guest.vanishes()
    decider.peer.receives(69, invocation, ANY)

    back = court.connects()
    back.sends(1, None, {"resume-session": welcome[1], "resume-token": welcome[2]["resume-ticket"]})
    back.receives(2, welcome[1], ANY)
    for number in range(12):
        decider.answers(decider.is_asked(ANY, f"com.topic{number}", "publish", ANY), True)
    assert [message[4] for message in bob.inbox()] == [[number] for number in range(12)]
    assert not back.is_paused()


def test_rules_that_change_meanwhile_count(court: Court) -> None:
    """F6, F3: what was asked by the old ones is asked anew, and what an authorizer allowed stays."""
    decider, guest = Decider(court), court.guest()
    guest.requests(32, {}, "com.kept")
    decider.answers(decider.is_asked(ANY, "com.kept", "subscribe", ANY), True)
    guest.receives(33, 1, ANY)
    guest.subscribes("com.open.lost")
    request = guest.calls("com.a")
    invocation = decider.is_asked(ANY, "com.a", "call", ANY)
    realm = court.realms.by_name["realm1"]
    reach = Reach()
    reach.clock, reach.scene = court.clock, court
    change_rules(realm, {"anyone": ANYONE, "guest": reach.role(court.inquiries, rule("exact", "com.x"))}, realm.methods)
    decider.answers(invocation, True)
    decider.answers(decider.is_asked(ANY, "com.a", "call", ANY), False)
    guest.receives_error(48, request, NOT_AUTHORIZED)
    assert {one.uri for one in guest.transport.session.subscriptions.values()} == {"com.kept"}
    change_rules(realm, {"anyone": ANYONE, "guest": Role("guest", ())}, realm.methods)
    assert not guest.transport.session.subscriptions


# --- what a decision says beyond yes --------------------------------------------------------------------------


def test_a_decision_may_say_who_is_disclosed(court: Court) -> None:
    """F3, C19, D8: true is everybody, false nobody."""
    decider, guest, bob = Decider(court), court.guest(), court.join("bob", roles=RPC_PEER)
    bob.registers("com.told")
    guest.calls("com.told")
    decider.answers(decider.is_asked(ANY, "com.told", "call", ANY), {"allow": True, "disclose": True})
    bob.receives(68, 1, ANY, {"caller": guest.id, "caller_authid": "joe", "caller_authrole": "guest"})
    guest.calls("com.told")
    bob.receives(68, 2, ANY, {"caller": guest.id, "caller_authid": "joe", "caller_authrole": "guest"})
    request = guest.publishes("com.secret", disclose_me=True, acknowledge=True)
    decider.answers(decider.is_asked(ANY, "com.secret", "publish", ANY), {"allow": True, "disclose": False})
    guest.receives_error(16, request, "wamp.error.option_disallowed.disclose_me")


def test_a_decision_may_tell_callers_and_publishers_apart(court: Court) -> None:
    """F3: as the catalog has it; and what Crossbar has in `validate` is understood."""
    decider, guest, bob = Decider(court), court.guest(), court.join("bob", roles=RPC_PEER)
    bob.registers("com.told")
    answer = {"allow": True, "disclose": {"caller": True, "publisher": False}, "cache": False}
    for number, validate in enumerate((None, {}, {"call": "com.example.Address"}), 1):
        guest.calls("com.told")
        decider.answers(decider.is_asked(ANY, "com.told", "call", ANY), {**answer, "validate": validate})
        bob.receives(68, number, ANY, {"caller": guest.id, "caller_authid": "joe", "caller_authrole": "guest"})
    request = guest.publishes("com.secret", disclose_me=True, acknowledge=True)
    decider.answers(decider.is_asked(ANY, "com.secret", "publish", ANY), answer)
    guest.receives_error(16, request, "wamp.error.option_disallowed.disclose_me")


def test_a_testament_takes_two_decisions(court: Court) -> None:
    """D19, F4: to call the procedure, and to publish to the topic."""
    decider, guest, bob = Decider(court), court.guest(), court.join("bob")
    bob.subscribes("com.gone")
    answer = {"allow": True, "cache": False}
    request = guest.calls("wamp.session.add_testament", ["com.gone", ["bye"]])
    decider.answers(decider.is_asked(ANY, "wamp.session.add_testament", "call", {}), answer)
    decider.answers(decider.is_asked(ANY, "com.gone", "publish", {}), answer)
    guest.receives(50, request, {})
    guest.vanishes()
    bob.receives(36, ANY, ANY, {}, ["bye"])


# --- functions ------------------------------------------------------------------------------------------------


def by_function(function: Callable[..., Any], **more: Any) -> tuple[Court, Peer]:
    court = Court(**more)
    court.guest_role.authorizer = Inquiries("a function", function, court.clock, Patience())
    return court, court.guest()


def test_a_function_decides_at_once() -> None:
    """F3: plain, or with a Deferred that is there already; the session is never held."""
    for answer in (True, succeed(True)):
        _, guest = by_function(lambda *_, answer=answer: answer, remember_for=0)
        guest.receives(17, guest.publishes("com.a", acknowledge=True), ANY)
        assert guest.transport.session.state is State.ESTABLISHED


def test_a_function_may_take_its_time() -> None:
    """F3."""
    answer: Deferred[Any] = Deferred()
    _, guest = by_function(lambda *_: answer)
    request = guest.publishes("com.a", acknowledge=True)
    guest.receives_nothing()
    answer.callback(False)
    guest.receives_error(16, request, NOT_AUTHORIZED)


def test_a_function_that_raises_allows_nothing() -> None:
    """F3: its exception is the operator's matter, not the guest's."""

    def broken(*_: Any) -> bool:
        raise RuntimeError("the password is hunter2")

    _, guest = by_function(broken)
    assert "hunter2" not in str(guest.receives(8, 48, guest.calls("com.a"), {}, FAILED, ANY))


def test_many_requests_wait_for_a_function_that_then_decides_at_once() -> None:
    """F3, A27: whatever piled up meanwhile is done in one go, and needs no stack for it."""
    answers: list[Any] = [Deferred()]
    _, guest = by_function(lambda *_: answers.pop() if answers else True, remember_for=0)
    first = answers[0]
    for number in range(2000):
        guest.publishes(f"com.topic{number}", acknowledge=True)
    guest.receives_nothing()
    first.callback(True)
    assert [message[1] for message in guest.inbox()] == list(range(1, 2001))
