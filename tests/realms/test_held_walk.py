"""A client whose every request is decided late, and the same client by rules that say the same: nobody else can tell.

Both send the same random requests. One is asked about, answered at random moments, loses its connection and resumes;
in the end both clients and their counterparts have received the same messages in the same order.
"""

from random import Random
from typing import Any

import pytest

from realms.roles import Role
from tests.realms.asking import PROCEDURE, Decider, Reach
from tests.realms.fakes import ANY, ANYONE, CAPABLE, Scene, rule

URIS = ("com.a", "com.b", "com.c", "com.a.b", "com.c.d")
ACTIONS = ("call", "register", "publish", "subscribe")
WALKS = 150


class Side:
    """One of the two worlds: `joe` does things, `bob` notices."""

    def __init__(self, role: Role, reach: Reach) -> None:
        self.scene = reach.scene = Scene(roles=[ANYONE, role], clock=reach.clock, dice=Random(1))
        self.bob = self.scene.join("bob")
        self.bob.subscribes("com.", match="prefix")
        for uri in URIS[:3]:
            self.bob.registers(uri, invoke="roundrobin")
        self.joe = self.scene.connects()
        self.welcome = self._hello(
            {"authmethods": ["trusting"], "authid": "joe", "authrole": "guest", "resumable": True}
        )
        self.heard: list[list[Any]] = []

    def _hello(self, details: dict[str, Any]) -> list[Any]:
        self.joe.sends(1, "realm1", {"roles": CAPABLE, **details})
        return self.joe.receives(2, ANY, ANY)

    def sends(self, message: list[Any]) -> None:
        self.joe.sends(*message)
        self.listens()

    def listens(self) -> None:
        self.heard += self.joe.inbox()

    def told(self) -> Any:
        """What both have received; ids that are drawn at random are numbered as they appear."""
        known: dict[int, int] = {}

        def named(value: Any) -> Any:
            if isinstance(value, list):
                return [named(one) for one in value]
            return known.setdefault(value, -len(known)) if isinstance(value, int) and value > 1000 else value

        return named([self.heard, self.bob.inbox()])

    def moves(self) -> None:
        """Lose the connection, and resume on another."""
        self.listens()
        ticket = self.welcome[2]["resume-ticket"]
        if any(message[0] == 6 for message in self.heard):
            return  # it has left
        self.joe.vanishes()
        self.joe = self.scene.connects()
        self.welcome = self._hello({"resume-session": self.welcome[1], "resume-token": ticket})


class Held(Side):
    """The one in which everything is asked about."""

    def __init__(self, allowed: dict[str, list[Any]], remember_for: float) -> None:
        reach = Reach()
        self.inquiries = reach.inquiries(timeout=1e6)
        own = rule("exact", PROCEDURE, "register")
        super().__init__(reach.role(self.inquiries, own, remember_for=remember_for), reach)
        self.decider = Decider(self.scene)
        self.allowed = allowed
        self.questions: list[list[Any]] = []

    def decide(self, some: int) -> bool:
        """Decide as much as that; tells whether there was anything to decide."""
        for message in self.decider.peer.inbox():
            if message[0] == 68:
                self.questions.append(message)
            else:  # a question is withdrawn
                self.questions = [one for one in self.questions if one[1] != message[1]]
        now, self.questions = self.questions[:some], self.questions[some:]
        for _, invocation, _, _, (_, uri, action, options) in now:
            self.decider.answers(invocation, options.get("match") != "prefix" and action in self.allowed[uri])
        self.listens()
        return bool(now)


def requests(dice: Random) -> list[list[Any]]:
    """What joe sends."""
    made = []
    for request in range(1, dice.randint(2, 40)):
        uri = dice.choice(URIS)
        made.append(
            dice.choice(
                (
                    [48, request, {}, uri, [request]],
                    [16, request, {"acknowledge": dice.random() < 0.5}, uri, [request]],
                    [16, request, {}, uri, [request]],
                    [32, request, {"match": dice.choice(("exact", "exact", "prefix"))}, uri],
                    [64, request, {"invoke": "roundrobin"}, uri],
                    [34, request, 2**53],
                    [16, request, {}, "no uri"],
                )
            )
        )
    if dice.random() < 0.3:
        made.append([6, {}, "wamp.close.normal"])
    return made


@pytest.mark.parametrize("batch", range(3))
def test_nobody_can_tell_that_decisions_came_late(batch: int) -> None:
    """A10, A27, F3"""
    for seed in range(batch, WALKS, 3):
        dice = Random(seed)
        allowed: dict[str, list[Any]] = {uri: [one for one in ACTIONS if dice.random() < 0.7] for uri in URIS}
        plain = Side(Role("guest", [rule("exact", uri, *allow) for uri, allow in allowed.items()]), Reach())
        held = Held(allowed, remember_for=dice.choice((0, 1e5)))
        for message in requests(dice):
            plain.sends(message)
            held.sends(message)
            held.decide(dice.choice((0, 0, 0, 1, 1, 2)))
            if dice.random() < 0.1:
                held.moves()
        while held.decide(1):
            pass
        assert held.told() == plain.told(), f"walk {seed}"
        assert not held.inquiries
        leave(held)


def leave(side: Side) -> None:
    """Nothing is left of the session, and nothing waits for it."""
    side.joe.sends(3, {}, "wamp.close.normal")
    side.scene.clock.advance(10**6)
    assert not side.scene.clock.getDelayedCalls()
