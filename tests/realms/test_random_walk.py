"""A realm full of clients that do what they like: what must hold, holds after every step.

`python -m tests.realms.walk --forever` goes on where this stops.
"""

import gc
from collections import Counter
from itertools import islice
from typing import Any

import pytest

from realms.realm import Realm
from tests.realms.shortening import shortened
from tests.realms.walk import replay, walk
from tests.realms.walk_steps import Steps
from tests.realms.walk_world import World

WALKS = 200
"""Of 1,000 steps each: about 20 seconds."""


@pytest.mark.parametrize("batch", range(12))
def test_whatever_clients_do_every_promise_is_kept(batch: int) -> None:
    """A13, A22, A27, A29"""
    for seed in range(batch, WALKS, 12):
        walk(seed)


def kept_of(realm: Realm) -> Counter[str]:
    """How many objects of the core a realm holds, by type."""
    seen: set[int] = set()
    found: Counter[str] = Counter()
    ahead: list[Any] = [realm]
    while ahead:
        one = ahead.pop()
        if id(one) in seen or isinstance(one, type) or type(one).__name__ in ("module", "function"):
            continue
        seen.add(id(one))
        if type(one).__module__.startswith("realms."):
            found[type(one).__qualname__] += 1
        ahead += gc.get_referents(one)
    return found


@pytest.mark.parametrize("seed", range(3))
def test_a_realm_that_everybody_left_is_as_light_as_a_new_one(seed: int) -> None:
    fresh, old = World(seed), replay(islice(Steps(seed), 1000), seed)
    surplus = kept_of(old.realm) - kept_of(fresh.realm)
    retained = {"Publication", "Audience", "_Retained"}  # what was published to be kept
    assert not {name: count for name, count in surplus.items() if name not in retained}


def test_a_walk_is_the_same_for_the_same_seed() -> None:
    assert list(islice(Steps(7), 500)) == list(islice(Steps(7), 500))


def test_a_part_of_a_walk_is_a_walk() -> None:
    steps = list(islice(Steps(7), 400))
    replay(steps[::2], 7)
    replay(steps[150:], 7)


def test_a_failing_list_is_shortened_to_what_it_fails_for() -> None:
    assert shortened(list(range(1000)), lambda some: {17, 400, 401} <= set(some)) == [17, 400, 401]
