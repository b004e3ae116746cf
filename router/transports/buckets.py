"""Token buckets: how much may pass in a second, on average."""

from typing import Final

BURST: Final = 1.0
"""Seconds' worth that may pass at once after a while of silence: who keeps to the rate over a second never waits."""

PRECISION: Final = 1e-6
"""Of a token: what is missing by rounding is not missing."""


class Bucket:
    """Fills with `rate` tokens a second, up to `BURST` seconds' worth.

    Whatever passes needs one token, and may cost more: the bucket is overdrawn then, and that is paid back before
    anything else passes. So even what costs more than the bucket holds passes some time.
    """

    __slots__ = ("_last", "_rate", "_size", "_tokens")

    def __init__(self, rate: float, now: float) -> None:
        """A full one. `now` is in seconds, of any clock that only goes on, and so are those below."""
        self._rate = rate
        self._size = self._tokens = max(1.0, rate * BURST)
        self._last = now

    def take(self, now: float) -> bool:
        """Take one token; or tell that there is none."""
        if self.wait(now):
            return False
        self.spend(1)
        return True

    def wait(self, now: float) -> float:
        """Seconds until there is a token; 0 if there is one now."""
        if now > self._last:
            self._tokens = min(self._size, self._tokens + (now - self._last) * self._rate)
            self._last = now
        missing = 1 - self._tokens
        return missing / self._rate if missing > PRECISION else 0.0

    def spend(self, cost: float) -> None:
        """Let something pass that costs so much, after `wait` said 0."""
        self._tokens -= cost

    def seconds_for(self, cost: float) -> float:
        """How long it takes to earn so much."""
        return cost / self._rate
