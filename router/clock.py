"""The clock of sessions and connections: the event loop's own timers.

The reactor's `callLater` would do as well, and costs ten times as much: it keeps a heap of its own above the loop's,
and each connection sets a timer or two before it is in session.
"""

import asyncio
from collections.abc import Callable
from typing import Any


class LoopClock:
    """A `realms.clock.Clock`."""

    __slots__ = ("_loop",)

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def seconds(self) -> float:
        """The loop's time."""
        return self._loop.time()

    def callLater(self, delay: float, call: Callable[..., object], *args: Any) -> "LoopTimer":  # noqa: N802 - Twisted's
        """Call `call(*args)` in `delay` seconds."""
        return LoopTimer(self._loop, delay, call, args)


class LoopTimer:
    """A `realms.clock.Timer`. Unlike Twisted's, it may be cancelled when it is over."""

    __slots__ = ("_args", "_call", "_handle", "_loop")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, delay: float, call: Callable[..., object], args: tuple[Any, ...]
    ) -> None:
        self._loop = loop
        self._call = call
        self._args = args
        self._handle = loop.call_later(delay, call, *args)

    def cancel(self) -> None:
        """Forget it."""
        self._handle.cancel()

    def reset(self, seconds: float) -> None:
        """Start over: due in `seconds` from now."""
        self._handle.cancel()
        self._handle = self._loop.call_later(seconds, self._call, *self._args)
