"""The order of what a long-poll client sends: each message is a request of its own, and requests overtake each other.

autobahn.js sends without waiting for the answer to what it sent before, so a browser has up to six connections (over
HTTP/2 to a proxy, a hundred streams) on which messages race. The ids of a session's requests count 1, 2, 3 ..., so what
comes too early is known, and waits for what comes before it. What bears no such id (YIELD, GOODBYE) passes as it comes.

Advanced profile, section "HTTP Longpoll Transport"; basic profile, section "IDs".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wamp.ids import following
from wamp.messages import Call, Cancel, ClientMessage, Publish, Register, Subscribe, Unregister, Unsubscribe

AHEAD: Final = 128
"""How far the id of a request may be ahead of the one that is due: more is a client that counts in its own way."""

_COUNTED: Final = Publish | Call | Subscribe | Register | Unsubscribe | Unregister


class Order:
    """What came too early."""

    def __init__(self, most: int) -> None:
        """`most`: octets that may wait."""
        self._most = most
        self._due = 1
        self._early: dict[int, list[tuple[ClientMessage, int]]] = {}
        self._octets = 0

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return bool(self._early)

    def start(self, due: int) -> None:
        """Count from `due`; nothing waits."""
        self._due = due
        self._early.clear()
        self._octets = 0

    def put(self, message: ClientMessage, size: int) -> Sequence[ClientMessage]:
        """Give what may pass on now that this has come; it has `size` octets."""
        if not isinstance(message, _COUNTED | Cancel):  # a CANCEL bears the id of its CALL, and follows it
            return (message,)
        request, is_counted = message.request, not isinstance(message, Cancel)
        gap = request - self._due
        if not 0 <= gap <= AHEAD:
            if is_counted and gap > 0:
                self._due = following(request)
            return (message,)
        if is_counted and not gap and not self._early:
            self._due = following(request)
            return (message,)
        self._early.setdefault(request, []).append((message, size))
        self._octets += size
        return self._in_turn() if self._octets <= self._most else self.give_up()

    def give_up(self) -> list[ClientMessage]:
        """Give all that waits, in its order: what is missing does not come. The session says what it thinks of it."""
        passing = [message for request in sorted(self._early) for message in self._at(request)]
        self.start(following(max(self._early)) if self._early else self._due)
        return passing

    def _in_turn(self) -> list[ClientMessage]:
        passing: list[ClientMessage] = []
        while any(not isinstance(message, Cancel) for message, _ in self._early.get(self._due, ())):
            passing += self._at(self._due)
            self._octets -= sum(size for _, size in self._early.pop(self._due))
            self._due = following(self._due)
        return passing

    def _at(self, request: int) -> list[ClientMessage]:
        """What has this id: the call before what cancels it."""
        messages = [message for message, _ in self._early[request]]
        return sorted(messages, key=lambda message: isinstance(message, Cancel))
