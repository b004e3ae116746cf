"""The clock that realms are given: Twisted's reactor in the router, `twisted.internet.task.Clock` in tests."""

from collections.abc import Callable
from typing import Any, Protocol


class Timer(Protocol):
    """A call that is due later."""

    def cancel(self) -> None:
        """Forget it."""

    def reset(self, seconds: float, /) -> None:
        """Start over: due in `seconds` from now."""


class Clock(Protocol):
    """The part of Twisted's IReactorTime that realms use."""

    def seconds(self) -> float:
        """The time since some moment; it only ever goes on."""

    def callLater(self, delay: float, call: Callable[..., object], /, *args: Any) -> Timer:  # noqa: N802 - Twisted's name
        """Call `call(*args)` in `delay` seconds."""
