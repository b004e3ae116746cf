"""A callee with a long job: it counts primes, tells how far it got, and stops when it is told to.

    com.example.primes.count(limit) -> {"limit", "primes", "largest", "seconds"}
        progressive results              {"limit", "done", "primes"}, ten times a second

The numbers up to `limit` are sieved in segments, and between two of them the event loop has its turn: so other calls
are answered meanwhile, and a caller's CANCEL is noticed within milliseconds: as CancelledError out of the waiting.
"""

from argparse import Namespace
from collections.abc import Iterator
from math import isqrt
from time import monotonic
from typing import Any

from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.types import CallDetails, RegisterOptions
from twisted.internet.defer import CancelledError
from twisted.internet.task import deferLater

from clients.arguments import invalid, number, strict
from clients.command import main

LARGEST_LIMIT = 10_000_000_000
SEGMENT = 200_000  # numbers, which take some milliseconds
TELL_EVERY = 0.1  # seconds


class Primes:
    def __init__(self, reactor: Any, arguments: Namespace) -> None:
        self.reactor = reactor

    async def serve(self, session: Any) -> None:
        options = RegisterOptions(details_arg="details")
        await session.register(strict(self.count), "com.example.primes.count", options)

    async def count(self, limit: Any, *, details: CallDetails) -> dict[str, Any]:
        if number("limit", limit) != int(limit) or not 2 <= limit <= LARGEST_LIMIT:
            raise invalid(f"limit must be a whole number from 2 to {LARGEST_LIMIT}")
        primes, largest, began, told = 0, 2, monotonic(), 0.0
        for end, found, last in segments(int(limit)):
            primes += found
            largest = max(largest, last)
            if details.progress and monotonic() - told >= TELL_EVERY:
                told = monotonic()
                details.progress({"limit": limit, "done": end, "primes": primes})
            try:
                await deferLater(self.reactor, 0)
            except CancelledError:
                raise ApplicationError(ApplicationError.CANCELED, f"stopped at {end}: {primes} primes so far") from None
        return {"limit": limit, "primes": primes, "largest": largest, "seconds": round(monotonic() - began, 2)}


def segments(limit: int) -> Iterator[tuple[int, int, int]]:
    """The sieve of Eratosthenes: where each segment ends, how many primes it has, and the last of them (0 for none)."""
    small = sieve(isqrt(limit) + 1)
    for start in range(0, limit + 1, SEGMENT):
        end = min(start + SEGMENT - 1, limit)
        is_prime = bytearray([1]) * (end - start + 1)
        if start == 0:
            is_prime[:2] = bytes(2)
        for prime in small:
            if prime * prime > end:
                break
            first = max(prime * prime, -(-start // prime) * prime) - start
            is_prime[first::prime] = bytes(len(range(first, len(is_prime), prime)))
        yield end, is_prime.count(1), start + is_prime.rfind(1) if 1 in is_prime else 0


def sieve(limit: int) -> list[int]:
    """The primes up to `limit`."""
    is_prime = bytearray([1]) * (limit + 1)
    for candidate in range(2, isqrt(limit) + 1):
        if is_prime[candidate]:
            multiples = range(candidate * candidate, limit + 1, candidate)
            is_prime[multiples.start :: candidate] = bytes(len(multiples))
    return [candidate for candidate in range(2, limit + 1) if is_prime[candidate]]


if __name__ == "__main__":
    main({"primes": Primes})
