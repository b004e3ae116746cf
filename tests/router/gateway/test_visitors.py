"""The sessions in which requests are done: shared, bounded, ended when they idle; realms are real, the clock is not."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from msgspec import Raw
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from realms.authentication import Accepted, Applicant, Denied, Methods
from realms.limits import RoleLimits
from realms.realm import Realm
from realms.realms import Deadlines, Realms
from realms.roles import Role, Rule
from router.gateway.answers import Failed, TooFast
from router.gateway.link import CALL, PUBLISH, Link
from router.gateway.proofs import Proof, Sender, applicant_of
from router.gateway.visitors import TRUST, Refused, Visitors
from tests.realms.fakes import ANY, EVERYTHING, Peer, Slow, Trusting
from wamp.codecs import JSON
from wamp.errors import InvalidMessage

SENDER = Sender("192.0.2.1", "192.0.2.1:1", {})


class Counting(Trusting):
    """Counts how often it is asked."""

    asked = 0

    def begin(self, applicant: Applicant) -> Accepted:
        self.asked += 1
        return super().begin(applicant)


class Scene:
    """A realm with a role that may do everything, and one that may send two messages a second."""

    def __init__(self, most: int = 2, idle: float = 60.0) -> None:
        self.clock = Clock()
        self.method, self.slow = Counting(), Slow()
        everything = [Rule("prefix", "", EVERYTHING), Rule("prefix", "wamp.", EVERYTHING)]
        self.realm = Realm(
            "realm1",
            {
                "anyone": Role("anyone", everything),
                "hasty": Role("hasty", everything, limits=RoleLimits(message_rate=2)),
                "single": Role("single", everything, limits=RoleLimits(sessions_per_principal=0)),
            },
            Methods({"trusting": self.method, "slow": self.slow}),
            self.clock,
            Random(1),
        )
        self.realms = Realms([self.realm], self.clock, Random(2), Deadlines())
        self.visitors = Visitors(self.realms, "realm1", self.clock, most=most, idle=idle)
        self.ann = Peer(self.realms, JSON)
        self.ann.sends(1, "realm1", {"roles": {"subscriber": {}, "callee": {"features": {"call_canceling": True}}, "caller": {}}, "authmethods": ["trusting"], "authid": "ann"})  # fmt: skip  # noqa: E501
        self.ann.receives(2, ANY, ANY)

    def proof(self, authid: str, method: str = "trusting") -> Proof:
        return Proof(method, applicant_of(SENDER, "realm1", method, authid), f"{method} {authid}".encode())

    def admit(self, authid: str) -> Link:
        link = self.visitors.admit(self.proof(authid))
        assert isinstance(link, Link)
        return link

    def vouch(self, role: str) -> Link:
        applicant = applicant_of(SENDER, "realm1", "signature", "bob")
        return self.visitors.vouch(applicant, Accepted("bob", role, "signature", "bridge"))

    def settle(self) -> None:
        """Let what was sent arrive."""
        for _ in range(4):
            self.clock.advance(0)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def outcome(answer: Deferred[Any]) -> list[Any]:
    results: list[Any] = []
    answer.addBoth(results.append)
    return results


def failure(call: Callable[[], object]) -> Failed:
    with pytest.raises(Failed) as failed:
        call()
    return failed.value


def test_who_shows_the_same_shares_a_session_and_is_not_judged_again_for_a_while(scene: Scene) -> None:
    link = scene.admit("bob")
    assert scene.admit("bob") is link
    assert scene.admit("kim") is not link
    assert scene.method.asked == 3  # ann is one of them
    scene.clock.advance(TRUST - 1)
    scene.admit("bob")
    scene.clock.advance(2)
    assert scene.admit("bob") is link
    assert scene.method.asked == 4
    assert link.session.id in scene.realm.sessions


def test_a_session_ends_when_nothing_came_for_a_while(scene: Scene) -> None:
    link = scene.admit("bob")
    scene.clock.pump([30] * 3)
    scene.clock.advance(60)
    assert (link.is_open, len(scene.visitors), len(scene.realm.sessions)) == (False, 0, 1)
    assert scene.clock.getDelayedCalls() == []


def test_the_one_that_idles_longest_makes_room_and_one_that_waits_does_not(scene: Scene) -> None:
    scene.ann.registers("com.slow")
    first, second = scene.admit("bob"), scene.admit("kim")
    waiting = outcome(first.request(CALL, {}, "com.slow"))
    scene.admit("lea")
    assert (first.is_open, second.is_open) == (True, False)
    third = scene.admit("lea")
    outcome(third.request(CALL, {}, "com.slow"))
    assert failure(lambda: scene.admit("max")).uri == "wamp.error.unavailable"
    assert waiting == []


def test_a_call_is_answered_and_what_is_canceled_interrupts_the_callee(scene: Scene) -> None:
    registration = scene.ann.registers("com.add")
    link = scene.admit("bob")
    answer = outcome(link.request(CALL, {}, "com.add", Raw(b"[1,2]")))
    invocation = scene.ann.receives(68, ANY, registration, ANY, [1, 2])[1]
    scene.ann.sends(70, invocation, {}, [3])
    scene.settle()
    assert bytes(answer[0].args) == b"[3]"
    asked = link.request(CALL, {}, "com.add")
    outcome(asked)
    invocation = scene.ann.receives(68, ANY, registration, ANY)[1]
    asked.cancel()
    scene.ann.receives(69, invocation, ANY)
    scene.settle()
    assert link.is_open


def test_a_session_that_is_killed_fails_what_waits_and_the_next_request_has_another(scene: Scene) -> None:
    scene.ann.registers("com.slow")
    link = scene.admit("bob")
    answer = outcome(link.request(CALL, {}, "com.slow"))
    link.session.leave("wamp.close.killed")
    scene.settle()
    assert answer[0].value.uri == "wamp.close.killed"
    assert scene.admit("bob") is not link
    assert scene.method.asked == 3


def test_a_message_that_is_none_harms_nobody_else(scene: Scene) -> None:
    link = scene.admit("bob")
    with pytest.raises(InvalidMessage):
        link.request(PUBLISH, {}, "com.x", Raw(b"{}"))
    subscription = scene.ann.subscribes("com.x")
    answer = outcome(link.request(PUBLISH, {"acknowledge": True}, "com.x"))
    scene.settle()
    assert scene.ann.receives(36, subscription, answer[0].id, {})


def test_a_role_may_send_only_so_much(scene: Scene) -> None:
    link = scene.vouch("hasty")
    for _ in range(2):
        link.request(PUBLISH, {"acknowledge": True}, "com.x")
    with pytest.raises(TooFast) as late:
        link.request(PUBLISH, {"acknowledge": True}, "com.x")
    assert 0 < late.value.seconds <= 0.5
    scene.clock.advance(0.5)
    link.request(PUBLISH, {"acknowledge": True}, "com.x")


def test_a_principal_without_room_and_a_role_that_is_gone_are_told_so(scene: Scene) -> None:
    assert failure(lambda: scene.vouch("single")).uri == "wamp.error.unavailable"
    assert failure(lambda: scene.vouch("gone")).uri == "wamp.error.authentication_failed"
    assert len(scene.realm.sessions) == 1


def test_an_authenticator_may_take_its_time_and_may_refuse(scene: Scene) -> None:
    for decide, expected in (
        (lambda: scene.slow.decides(Accepted("ann", "anyone", "slow", "tests")), Link),
        (lambda: scene.slow.decides(Denied()), Refused),
        (scene.slow.breaks, Failed),
    ):
        answer = scene.visitors.admit(scene.proof(f"x{expected}", "slow"))
        assert isinstance(answer, Deferred)
        results = outcome(answer)
        decide()
        assert isinstance(getattr(results[0], "value", results[0]), expected)


def test_a_method_that_a_listener_does_not_admit_is_not_asked_even_if_it_was_before(scene: Scene) -> None:
    scene.admit("bob")
    with pytest.raises(Refused):
        scene.visitors.admit(scene.proof("bob"), frozenset({"slow"}))


def test_closing_ends_all_sessions(scene: Scene) -> None:
    scene.admit("bob")
    scene.admit("kim")
    scene.visitors.close()
    assert len(scene.realm.sessions) == 1
