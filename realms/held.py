"""A request that holds its session, as an authorizer is asked about it: see `State.HELD` and `realms.authorization`.

There is no time limit here: each question has its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins
from twisted.internet.defer import Deferred

from realms.authorization import PrincipalRole, Question, Ruling, Undecided
from realms.grants import Grant
from wamp.messages import Call, Publish, Register, Subscribe

if TYPE_CHECKING:
    from realms.roles import Role
    from realms.session import Session

Request = Call | Publish | Register | Subscribe

ACTIONS: dict[type[Request], str] = {Call: "call", Publish: "publish", Register: "register", Subscribe: "subscribe"}


class Held:
    """See above."""

    __slots__ = ("_decided", "_question", "_role", "_ruling", "message")

    _question: Question
    _role: PrincipalRole

    def __init__(self, message: Request) -> None:
        self.message = message
        self._decided: dict[Question, Grant | None] = {}
        self._ruling: Deferred[Ruling] | None = None

    def ask(self, session: "Session", undecided: Undecided) -> Ruling | Deferred[Ruling]:
        """Ask what is undecided."""
        self._role, self._question = undecided.role, undecided.question
        ruling = undecided.role.ask(session, undecided.question, self._options())
        self._ruling = ruling if isinstance(ruling, Deferred) else None
        return ruling

    def withdraw(self) -> None:
        """Nobody wants to know any more."""
        if self._ruling is not None:
            self._ruling.cancel()

    @contextmanager
    def decided(self, grant: Grant | None, role: "Role") -> Iterator[None]:
        """Do the request herein: what was decided about it counts, be it remembered or not; None is a no.

        Not so if `role`, which the session has by now, is another than was asked about: then all is asked anew.
        """
        if role is not self._role:
            self._decided.clear()
            yield
            return
        self._decided[self._question] = grant
        with self._role.lent(self._decided):
            yield

    def _options(self) -> dict[str, Any]:
        """What the request asks for beyond the action. A call of a meta procedure may bring up other questions."""
        question = self._question
        about = ACTIONS.get(type(self.message)) == question.action
        options: dict[str, Any] = to_builtins(self.message.options) if about else {}
        return {**options, "match": question.match} if question.action in ("register", "subscribe") else options
