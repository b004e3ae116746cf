"""Where tests of workers stand in for the router: they call what is registered, and read what is published."""

from argparse import Namespace
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred


class Desk:
    """Stands where a session is: procedures can be called here, publications can be read."""

    def __init__(self) -> None:
        self.procedures: dict[str, Callable[..., Any]] = {}
        self.topics: dict[str, Callable[..., Any]] = {}
        self.published: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.attached = True

    async def register(self, endpoint: Callable[..., Any], procedure: str, options: Any = None) -> None:
        self.procedures[procedure] = endpoint

    async def subscribe(self, handler: Callable[..., Any], topic: str, options: Any = None) -> None:
        self.topics[topic] = handler

    def publish(self, topic: str, *args: Any, options: Any = None, **kwargs: Any) -> Any:
        self.published.append((topic, args, kwargs))
        return self.acknowledge(topic, kwargs) if options is not None and options.acknowledge else None

    def acknowledge(self, topic: str, kwargs: dict[str, Any]) -> Deferred[None]:
        """What comes of a publication of which the worker wants to know."""
        done: Deferred[None] = Deferred()
        done.callback(None)
        return done

    def is_attached(self) -> bool:
        return self.attached

    def call_as(self, caller: int | None, procedure: str, *args: Any, **kwargs: Any) -> Any:
        """Call as a session that discloses itself; None does not."""
        return self.procedures[procedure](*args, **kwargs, details=Namespace(caller=caller, progress=None))

    def told(self, topic: str) -> list[Any]:
        """The arguments of what was published to a topic, or its keyword arguments, and forget it."""
        found = [args or kwargs for where, args, kwargs in self.published if where == topic]
        self.published = [one for one in self.published if one[0] != topic]
        return found


def employ(worker: Any, desk: Desk | None = None) -> tuple[Desk, Deferred[None]]:
    desk = desk or Desk()
    return desk, Deferred.fromCoroutine(worker.serve(desk))
