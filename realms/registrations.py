"""Registrations: a procedure or pattern, its callees, and which of them gets the next call.

Sections "Registering and Unregistering" of the basic profile, "Shared Registration", "Pattern-based Registration" and
"Sharded Registration" of the advanced profile.
"""

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from msgspec import UNSET, Struct

from wamp.ids import MAX_ID
from wamp.options import InvocationPolicy, MatchPolicy, RegisterOptions

if TYPE_CHECKING:
    from realms.call_queue import CallQueue
    from realms.session import Session


class Offer(Struct, eq=False):
    """What one callee said about its endpoint, and how many special calls it works at."""

    callee: "Session"
    options: RegisterOptions
    most: int
    """Calls at a time."""

    running: int = 0

    @property
    def is_free(self) -> bool:
        """Whether it takes another call."""
        return self.running < self.most

    @property
    def is_special(self) -> bool:
        """Whether even a plain call to it takes more than an INVOCATION."""
        return self.options.disclose_caller or self.options.concurrency is not UNSET or self.callee.callee.call_reroute

    @property
    def node(self) -> str:
        """The shard that it is. A callee that names none is one of its own, as long as it stays."""
        return f"nkey {self.options.nkey}" if self.options.nkey is not UNSET else f"session {self.callee.id}"


class Registration:
    """One registered procedure or pattern. The first callee sets the invocation policy; all share the id."""

    __slots__ = ("_next", "callees", "created", "creator", "id", "invoke", "match", "offers", "queue", "special", "uri")

    def __init__(self, id: int, match: MatchPolicy, uri: str, invoke: InvocationPolicy) -> None:
        self.id = id
        self.match = match
        self.uri = uri
        self.invoke = invoke
        self.created = 0.0  # in seconds since 1970; set by the dealer, which has the clock
        self.creator: tuple[int, str] | None = None  # the session, which may be gone, and its authid
        self.callees: list[Session] = []  # in order of registration, never empty while the registration is known
        self.offers: dict[Session, Offer] = {}
        self.special = False  # whether its calls are for the exchange
        self.queue: CallQueue | None = None  # the calls that wait until a callee takes more
        self._next = 0  # the place of the callee whose turn it is; past the end, that of the next to join or the first

    def add(self, callee: "Session", options: RegisterOptions) -> None:
        """Append a callee: it is the last in line."""
        most = options.concurrency if options.concurrency is not UNSET else MAX_ID
        self.offers[callee] = Offer(callee, options, most)
        self.callees.append(callee)
        self._look()

    def remove(self, callee: "Session") -> None:
        """Take a callee out, and keep the turn with the one whose turn it was."""
        place = self.callees.index(callee)
        del self.callees[place]
        del self.offers[callee]
        if place < self._next:
            self._next -= 1
        self._look()

    def close(self, callee: "Session") -> None:
        """Give this callee no more calls that wait: it is leaving."""
        self.offers[callee].most = 0

    def _look(self) -> None:
        self.special = any(offer.is_special for offer in self.offers.values())

    # --- whose turn it is ---

    def next_callee(self, random: Random) -> "Session":
        """The callee of the next call, by the invocation policy."""
        if len(self.callees) == 1:
            self._next = 1
            return self.callees[0]
        return PICK[self.invoke](self, self.callees, random)

    def pick(self, callees: list["Session"], random: Random) -> "Session":
        """The same if only some of the callees come into question, and at least one; in order of registration."""
        return PICK[self.invoke](self, callees, random)

    def _in_turn(self, callees: list["Session"], random: Random) -> "Session":
        count = len(self.callees)
        place = self._next % count
        if callees is not self.callees:
            while self.callees[place] not in callees:
                place = (place + 1) % count
        self._next = place + 1
        return self.callees[place]

    def _first(self, callees: list["Session"], random: Random) -> "Session":
        return callees[0]

    def _last(self, callees: list["Session"], random: Random) -> "Session":
        return callees[-1]

    def _any(self, callees: list["Session"], random: Random) -> "Session":
        return random.choice(callees)


PICK: dict[InvocationPolicy, Callable[[Registration, list["Session"], Random], "Session"]] = {
    "single": Registration._first,
    "first": Registration._first,
    "last": Registration._last,
    "random": Registration._any,
    "roundrobin": Registration._in_turn,
}
