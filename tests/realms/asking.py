"""Somebody who is asked by the router, for tests: a peer that registered a procedure, and says what it is told to."""

from typing import Any, Final

from twisted.internet.task import Clock

from realms.authorization import AskingRole
from realms.inquiries import Inquiries, Patience, Procedure
from realms.roles import Rule
from tests.realms.fakes import ANY, Peer, Scene, rule

PROCEDURE: Final = "com.example.decide"
RULES: Final = (rule("prefix", "com.open.", "call", "register", "publish", "subscribe"),)


class Reach:
    """The scene, for what is made before it."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.scene: Scene | None = None

    def inquiries(self, timeout: float = 5, max_waiting: int = 100, *, waits: bool = False) -> Inquiries:
        """Questions to the procedure of realm1."""
        source = Procedure(lambda: self.scene.realms.by_name.get("realm1") if self.scene else None, PROCEDURE)
        return Inquiries("whoever decides", source, self.clock, Patience(timeout, max_waiting, waits))

    def role(self, inquiries: Inquiries, *rules: Rule, remember_for: float = 60, **more: Any) -> AskingRole:
        """`guest`, of whom no rule says anything beyond `com.open.`."""
        return AskingRole("guest", rules or RULES, inquiries, self.clock, remember_for=remember_for, **more)


class Decider:
    """Whoever decides, in session."""

    def __init__(self, scene: Scene, peer: Peer | None = None) -> None:
        self.scene = scene
        self.peer = peer or scene.join("decider")
        self.registration = self.peer.registers(PROCEDURE)

    def is_asked(self, *arguments: Any) -> int:
        """Check that it is asked; returns the invocation."""
        message = self.peer.receives(68, ANY, self.registration, {}, list(arguments))
        return int(message[1])

    def answers(self, invocation: int, *answer: Any) -> None:
        """Answer; the router looks at it in the next turn of its loop."""
        self.peer.sends(70, invocation, {}, *([list(answer)] if answer else []))
        self.scene.clock.advance(0)

    def fails(self, invocation: int, error: str = "wamp.error.runtime_error", *arguments: Any) -> None:
        """Answer with ERROR."""
        self.peer.sends(8, 68, invocation, {}, error, list(arguments))
        self.scene.clock.advance(0)
