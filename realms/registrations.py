"""Registrations: a procedure or pattern, its callees, and which of them gets the next call.

Sections "Registering and Unregistering" of the basic profile, "Shared Registration" and "Pattern-based Registration"
of the advanced profile.
"""

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from wamp.options import InvocationPolicy, MatchPolicy

if TYPE_CHECKING:
    from realms.session import Session


class Registration:
    """One registered procedure or pattern. The first callee sets the invocation policy; all share the id."""

    __slots__ = ("_next", "callees", "id", "invoke", "match", "uri")

    def __init__(self, id: int, match: MatchPolicy, uri: str, invoke: InvocationPolicy) -> None:
        self.id = id
        self.match = match
        self.uri = uri
        self.invoke = invoke
        self.callees: list[Session] = []  # in order of registration, never empty while the registration is known
        self._next = 0  # the place of the callee whose turn it is

    def add(self, callee: "Session") -> None:
        """Append a callee: it is the last in line."""
        self.callees.append(callee)

    def remove(self, callee: "Session") -> None:
        """Take a callee out, and keep the turn with the one whose turn it was."""
        place = self.callees.index(callee)
        del self.callees[place]
        if place < self._next:
            self._next -= 1

    def next_callee(self, random: Random) -> "Session":
        """The callee of the next call, by the invocation policy."""
        if len(self.callees) == 1:
            return self.callees[0]
        return PICK[self.invoke](self, random)

    def _in_turn(self, random: Random) -> "Session":
        callee = self.callees[self._next % len(self.callees)]
        self._next = (self._next + 1) % len(self.callees)
        return callee

    def _first(self, random: Random) -> "Session":
        return self.callees[0]

    def _last(self, random: Random) -> "Session":
        return self.callees[-1]

    def _any(self, random: Random) -> "Session":
        return random.choice(self.callees)


PICK: dict[InvocationPolicy, Callable[[Registration, Random], "Session"]] = {
    "single": Registration._first,
    "first": Registration._first,
    "last": Registration._last,
    "random": Registration._any,
    "roundrobin": Registration._in_turn,
}
