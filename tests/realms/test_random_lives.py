"""Peers that do what they like, in any order: every call is answered once, and nothing is left over."""

from collections import Counter
from random import Random
from typing import Any

import pytest

from tests.realms.fakes import CAPABLE, PLAIN, Peer, Scene
from wamp.codecs import CBOR, JSON, MESSAGEPACK

PATTERNS = [("com.a", "exact"), ("com.b", "exact"), ("com.", "prefix"), ("", "prefix"), ("com.", "wildcard")]
URIS = ["com.a", "com.b", "com.c", "org.a"]


class Life:
    """One peer, with a memory of what it is owed and of what it owes."""

    def __init__(self, realm: Scene, dice: Random) -> None:
        self.dice = dice
        self.peer: Peer = realm.join(codec=dice.choice([JSON, MESSAGEPACK, CBOR]), roles=dice.choice([PLAIN, CAPABLE]))
        self.calls: set[int] = set()
        self.answers: Counter[int] = Counter()
        self.invoked: list[int] = []
        self.registrations: list[int] = []
        self.subscriptions: list[int] = []
        self.gone = False

    def looks(self) -> None:
        """Read what came, and keep what matters."""
        for message in self.peer.inbox():
            kind = message[0]
            if kind == 50 and not message[2].get("progress"):
                self.answers[message[1]] += 1
            elif kind == 8 and message[1] == 48:
                self.answers[message[2]] += 1
            elif kind == 68:
                self.invoked.append(message[1])
            elif kind == 65:
                self.registrations.append(message[2])
            elif kind == 33:
                self.subscriptions.append(message[2])
            assert kind != 3, f"aborted: {message}"

    def acts(self) -> None:
        """Do one thing."""
        acts: list[Any] = [
            self.calls_something, self.calls_something, self.answers_something, self.answers_something,
            self.answers_something, self.cancels, self.registers, self.unregisters, self.subscribes,
            self.unsubscribes, self.publishes,
        ]  # fmt: skip
        self.looks()
        self.dice.choice(acts)()

    def calls_something(self) -> None:
        options = {"timeout": self.dice.choice([0, 0, 500, 2000]), "receive_progress": self.dice.random() < 0.5}
        self.calls.add(self.peer.calls(self.dice.choice(URIS), [1], **options))

    def answers_something(self) -> None:
        if self.invoked:  # an old one too, now and then
            invocation = self.dice.choice(self.invoked)
            answer = [[70, invocation, {"progress": True}], [70, invocation, {}], [8, 68, invocation, {}, "com.error"]]
            self.peer.sends(*self.dice.choice(answer))

    def cancels(self) -> None:
        self.peer.sends(49, self.dice.randint(1, 50), {"mode": self.dice.choice(["skip", "kill", "killnowait"])})

    def registers(self) -> None:
        uri, match = self.dice.choice(PATTERNS)
        self.peer.requests(64, {"match": match, "invoke": self.dice.choice(["single", "roundrobin", "last"])}, uri)

    def unregisters(self) -> None:
        self.peer.requests(66, self.dice.choice([*self.registrations, 1]))

    def subscribes(self) -> None:
        uri, match = self.dice.choice(PATTERNS)
        self.peer.requests(32, {"match": match}, uri)

    def unsubscribes(self) -> None:
        self.peer.requests(34, self.dice.choice([*self.subscriptions, 1]))

    def publishes(self) -> None:
        self.peer.publishes(self.dice.choice(URIS), [1], exclude_me=self.dice.random() < 0.5)

    def leaves(self) -> None:
        self.looks()
        self.gone = True
        if self.dice.random() < 0.5:
            self.peer.vanishes()
        else:
            self.peer.sends(6, {}, "wamp.close.normal")


@pytest.mark.parametrize("seed", range(25))
def test_every_call_is_answered_once_and_nothing_is_left_over(seed: int) -> None:
    dice = Random(seed)
    realm = Scene()
    lives = [Life(realm, dice) for _ in range(4)]
    everybody = list(lives)
    for _ in range(250):
        dice.choice(lives).acts()
        if dice.random() < 0.1:
            realm.clock.advance(dice.random())
        if dice.random() < 0.02:
            lives.remove(leaver := dice.choice(lives))
            leaver.leaves()
            lives.append(newcomer := Life(realm, dice))
            everybody.append(newcomer)

    callers, callees = lives[:2], lives[2:]
    for callee in callees:
        callee.leaves()
    for caller in callers:  # what they owe each other and themselves
        caller.looks()
        for invocation in caller.invoked:
            caller.peer.sends(70, invocation, {})
    for life in everybody:
        life.looks()
        assert set(life.answers.values()) <= {1}
        assert set(life.answers) <= life.calls
    for caller in callers:
        assert set(caller.answers) == caller.calls
        caller.leaves()

    home = realm.realms.by_name["realm1"]
    assert (len(home.sessions), len(home.broker), len(home.dealer)) == (0, 0, 0)
    deadlines_of_new_sessions = sum(1 for life in everybody if life.peer.transport.session.state.value == "closed")
    assert len(realm.clock.getDelayedCalls()) == deadlines_of_new_sessions
