"""Topics, procedures and their patterns as a tree by URI component, of which one level is asked for at a time.

    com.                    2 below
        com.app.            4 below
            com.app.add     exact
            com.app.        prefix: its last component is empty
        com..log            wildcard: the component that matches any is empty, and so is its name in the tree

A place in the tree is named by its path: the components to there, a dot after each, `""` at the top. What is below a
place begins with its path. There may be several entries under one URI: one of each match policy.

No tree is kept: to find the places below one among ten thousand URIs takes a few milliseconds, and nobody pays for it
who does not look.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

from realms.clock import Clock
from realms.meta.times import written
from router.dashboard.paging import part_of
from router.dashboard.slices import slices
from wamp.options import MatchPolicy


class Kept(Protocol):
    """What a subscription and a registration have in common."""

    id: int
    uri: str
    match: MatchPolicy
    created: float
    creator: tuple[int, str] | None


E = TypeVar("E", bound=Kept)
Details = Callable[[E], dict[str, Any]]


class Place:
    """A component at some level of the tree."""

    __slots__ = ("below", "entries")

    def __init__(self) -> None:
        self.below = 0
        """How many entries are deeper."""

        self.entries: list[Any] = []
        """Those that end here."""


async def tree(
    kept: Iterable[E], details: Details[E], clock: Clock, *, path: str, offset: int, limit: int
) -> dict[str, Any]:
    """`{path, total, children: [{component, path, below, entries}, ...]}`: what is at a place, by its components."""
    start = len(path)
    places: dict[str, Place] = {}
    async for part in slices(kept, clock):
        for one in part:
            if one.uri.startswith(path):
                component, dot, _ = one.uri[start:].partition(".")
                place = places.get(component)
                if place is None:
                    place = places[component] = Place()
                if dot:
                    place.below += 1
                else:
                    place.entries.append(one)
    children = [
        {
            "component": component,
            "path": f"{path}{component}.",
            "below": places[component].below,
            "entries": [details(one) for one in places[component].entries],
        }
        for component in part_of(places, str, offset, limit)
    ]
    return {"path": path, "total": len(places), "children": children}


async def having(text: str, kept: Iterable[E], clock: Clock) -> list[E]:
    """Those with some text in their URI."""
    text = text.lower()
    return [one async for part in slices(kept, clock) for one in part if text in one.uri.lower()]


def details_of(one: Kept) -> dict[str, Any]:
    """`{id, uri, match, created, creator: {session, authid} | null}`: the creator may be gone."""
    creator = one.creator
    return {
        "id": one.id,
        "uri": one.uri,
        "match": one.match,
        "created": written(one.created),
        "creator": None if creator is None else {"session": creator[0], "authid": creator[1]},
    }
