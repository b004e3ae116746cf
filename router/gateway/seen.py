"""What was seen lately, so that nothing is done twice: nonces of signatures, ids of deliveries."""

from typing import Final

MOST: Final = 100_000
"""Entries of one owner that are remembered. Only who has the owner's secret can add any: a busy one does 300 requests
a second for five minutes."""


class Seen:
    """Remembers names for a while, for each owner apart, so that no owner makes another's forgotten."""

    def __init__(self, seconds: float, most: int = MOST) -> None:
        self._seconds = seconds
        self._most = most
        self._names: dict[str, dict[str, float]] = {}

    def add(self, owner: str, name: str, now: float) -> bool:
        """Remember a name; False if it is known, or if so many are that none more can be: better refused than twice."""
        names = self._names.setdefault(owner, {})
        self._expire(names, now)
        if name in names or len(names) >= self._most:
            return False
        names[name] = now + self._seconds
        return True

    def has(self, owner: str, name: str, now: float) -> bool:
        """Whether it is known."""
        return self._names.get(owner, {}).get(name, 0.0) > now

    def forget(self, owner: str, name: str) -> None:
        """It may come again."""
        self._names.get(owner, {}).pop(name, None)

    def _expire(self, names: dict[str, float], now: float) -> None:
        while names:
            first = next(iter(names))
            if names[first] > now:
                return
            del names[first]
