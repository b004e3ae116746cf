"""What HTTP asks of the reactor, in types: zope's interfaces have no `self`, so mypy cannot read Twisted's own."""

from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """A Twisted IDelayedCall."""

    def cancel(self) -> None:
        """Do not call."""


class Clock(Protocol):
    """A Twisted IReactorTime: the reactor, or `twisted.internet.task.Clock` in tests."""

    def callLater(self, delay: float, callable: Callable[..., object], *args: object) -> Timer:  # noqa: N802
        """Call `callable` in `delay` seconds."""
