"""A random walk over a realm: clients do what they like, and after each step all that must hold is checked.

    python -m tests.realms.walk --forever             until something fails
    python -m tests.realms.walk --seed 17             this walk again

`walk_steps` says what may happen, `walk_world` does it and knows what must hold then, `walkers` are the clients. At the
end of a walk every call is answered and everybody leaves; then nothing may be left. A walk that fails is shortened, and
printed as Python.
"""

from argparse import ArgumentParser
from collections.abc import Iterable
from contextlib import suppress
from itertools import count, islice
from random import randrange
from sys import stdout
from time import process_time
from traceback import extract_tb, format_exception
from typing import Final

from tests.realms.shortening import shortened
from tests.realms.walk_steps import Step, Steps
from tests.realms.walk_world import World

LENGTH: Final = 1000
"""Steps of a walk: enough to get anywhere, few enough to be shortened soon."""


def replay(steps: Iterable[Step], seed: int) -> World:
    """Take the steps in a new realm and settle; raises what goes wrong."""
    world = World(seed)
    for step in steps:
        world.perform(step)
    world.settle()
    return world


def walk(seed: int, length: int = LENGTH) -> World:
    """Walk at random; a failure is shortened, and told with a script."""
    steps = list(islice(Steps(seed), length))
    try:
        return replay(steps, seed)
    except Exception as failure:
        kind = _kind(failure)

    def fails(some: list[Step]) -> bool:
        with suppress(Exception):
            try:
                replay(some, seed)
            except Exception as failure:
                return _kind(failure) == kind
        return False

    raise AssertionError(script(shortened(steps, fails), seed))


def _kind(failure: Exception) -> str:
    """What stays the same about a failure while a walk is shortened."""
    if isinstance(failure, AssertionError) and str(failure):
        return str(failure).partition(":")[0]
    *_, (_, _, function, _) = extract_tb(failure.__traceback__)
    return f"{type(failure).__name__} in {function}"


def script(steps: list[Step], seed: int) -> str:
    """The steps as Python to be pasted, and what they lead to."""
    try:
        replay(steps, seed)
    except AssertionError as failure:
        told = str(failure) or "".join(format_exception(failure))
    except Exception as failure:
        told = "".join(format_exception(failure))
    else:
        told = "nothing: the failure depends on something else than the steps"
    lines = "".join(f"    {step!r},\n" for step in steps)
    return f"walk {seed}: {told}\n\nfrom tests.realms.walk import replay\n\nreplay([\n{lines}], seed={seed})\n"


def main() -> None:
    """Walk from the command line."""
    parser = ArgumentParser(description="Random walks over a realm.")
    parser.add_argument("--seed", type=int, help="the walk to begin with; else a random one")
    parser.add_argument("--walks", type=int, default=1, help="how many, one seed after the other")
    parser.add_argument("--forever", action="store_true", help="until something fails, or Ctrl-C")
    parser.add_argument("--steps", type=int, default=LENGTH, help=f"of each walk; {LENGTH} if not given")
    asked = parser.parse_args()
    first = randrange(2**32) if asked.seed is None else asked.seed
    began = process_time()
    try:
        for done in count(1) if asked.forever else range(1, asked.walks + 1):
            walk(first + done - 1, asked.steps)
            if done % 50 == 0 or done == asked.walks:
                steps = done * asked.steps
                pace = steps / (process_time() - began)
                stdout.write(f"{steps} steps, {pace:.0f}/s; last seed {first + done - 1}\n")
                stdout.flush()
    except AssertionError as failure:
        raise SystemExit(str(failure)) from None


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
