"""Lock-out: who fails repeatedly must wait, twice as long after each further failure.

Failures in a row are counted three times: for an authid from an address, so that nobody guesses; for an address, so
that nobody tries one password on every name; and for an authid from wherever, so that many addresses do not help. The
last would let a stranger lock somebody out: addresses from which that authid came in before are spared it.

What is counted is what a client says to be, known here or not: being locked out tells nothing about who exists. Names
that differ in case, in white space around them, or in width are one: who judges may take them for one, too.
"""

import unicodedata
from hashlib import sha256
from typing import Final, Literal, NamedTuple

from realms.addresses import network_of
from realms.clock import Clock

MAX_COUNTED: Final = 100_000
"""Addresses and names that are remembered; the one that has been quiet for the longest time makes room."""

MAX_NAME: Final = 256
"""Characters of a name that count: preparing more takes time, and strangers choose them."""

FORGET_AFTER: Final = 4
"""How many of the longest waits without a failure make it forgotten."""

Key = tuple[Literal["both", "address", "authid"], str, bytes]


class LockoutRules(NamedTuple):
    """When to lock out, and for how long: failures in a row, and seconds."""

    after: int = 5
    """Failures that an authid has free from one address."""

    address_after: int = 50
    authid_after: int = 100
    first: float = 1.0
    longest: float = 900.0


class Count(NamedTuple):
    """What is remembered of an address or a name."""

    failures: int
    last: float
    until: float
    """By the clock: when the next attempt is heard."""


class Lockout:
    """The lock-outs of one realm."""

    def __init__(self, rules: LockoutRules, clock: Clock, most: int = MAX_COUNTED) -> None:
        """`most` bounds what is remembered."""
        self._rules = rules
        self._clock = clock
        self._most = most
        self._counts: dict[Key, Count] = {}  # the one that failed last is the last
        self._welcome: dict[tuple[str, bytes], None] = {}
        """Where an authid came in from; the latest is the last."""

    def holds(self, address: str, authid: str | None) -> bool:
        """Whether an attempt must not be heard now."""
        now = self._clock.seconds()
        return any(key in self._counts and now < self._counts[key].until for key, _ in self._keys(address, authid))

    def failed(self, address: str, authid: str | None) -> None:
        """Count a failure."""
        now = self._clock.seconds()
        forgotten = now - FORGET_AFTER * self._rules.longest
        for key, free in self._keys(address, authid):
            before = self._counts.pop(key, None)
            failures = 1 if before is None or before.last < forgotten else before.failures + 1
            self._counts[key] = Count(failures, now, now + self._wait(failures - free))
        while len(self._counts) > self._most:
            del self._counts[next(iter(self._counts))]

    def succeeded(self, address: str, authid: str) -> None:
        """Forget the failures of an authid here. Not those of the address: one may have one account to reset them."""
        network, name = network_of(address), _name_of(authid)
        self._counts.pop(("both", network, name), None)
        self._welcome.pop((network, name), None)
        self._welcome[network, name] = None
        while len(self._welcome) > self._most:
            del self._welcome[next(iter(self._welcome))]

    def _keys(self, address: str, authid: str | None) -> list[tuple[Key, int]]:
        """What an attempt is counted under, with the failures that are free."""
        network, rules = network_of(address), self._rules
        keys: list[tuple[Key, int]] = []
        if network:  # all that come over a Unix socket share one: it says nothing
            keys.append((("address", network, b""), rules.address_after))
        if authid is not None:
            name = _name_of(authid)
            keys.append((("both", network, name), rules.after))
            if (network, name) not in self._welcome:
                keys.append((("authid", "", name), rules.authid_after))
        return keys

    def _wait(self, excess: int) -> float:
        """Seconds to wait after that many failures more than are free."""
        if excess < 0:
            return 0
        return min(self._rules.first * 2.0 ** min(excess, 64), self._rules.longest)


def _name_of(authid: str) -> bytes:
    """What stands for a name, however it is spelled; of one size, however long it is."""
    return sha256(unicodedata.normalize("NFKC", authid.strip()[:MAX_NAME]).casefold().encode()).digest()
