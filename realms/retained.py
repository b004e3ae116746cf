"""Retained events: of each topic the last one that its publisher wanted kept, for those who subscribe later.

A topic keeps one event that everybody may have and, since that one was published, those that only some may have: a
restricted event never takes the place of the general one. Kept in memory, as far as there is room: section "Event
Retention" of the advanced profile promises no more than best effort.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from realms.eligibility import EVERYBODY
from realms.patterns import matches
from realms.publication import Publication
from wamp.options import MatchPolicy

if TYPE_CHECKING:
    from realms.session import Session

MAX_RESTRICTED = 16
"""Restricted events of one topic; the oldest makes room. Each has an audience of its own, and few are in use."""


MAX_OCTETS = 64 * 2**20
"""Of all payloads in a realm: a thousand topics may be retained, and a message may have a megabyte."""


class Retained:
    """The retained events of one realm."""

    def __init__(self, limit: int) -> None:
        """`limit` is the number of topics; the one that was not published to for the longest time makes room."""
        self._limit = limit
        self._by_topic: dict[str, list[Publication]] = {}  # the oldest topic first, of each the oldest event first
        self._octets = 0

    def __len__(self) -> int:
        """How many topics have a retained event."""
        return len(self._by_topic)

    def keep(self, publication: Publication) -> None:
        """Keep an event in memory of its own."""
        if not self._limit:
            return
        kept = replace(publication, payload=publication.payload.copy())
        events = self._by_topic.pop(publication.topic, [])
        self._octets -= _octets(events)
        if kept.audience is EVERYBODY:
            events = [kept]  # newer than all there are, for all there are
        else:
            events = [event for event in events if event.audience != kept.audience]
            general = events[:1] if events and events[0].audience is EVERYBODY else []
            events = [*general, *events[len(general) :][-(MAX_RESTRICTED - 1) :], kept]
        self._by_topic[publication.topic] = events
        self._octets += _octets(events)
        while len(self._by_topic) > self._limit or self._octets > MAX_OCTETS:
            self._octets -= _octets(self._by_topic.pop(next(iter(self._by_topic))))

    def for_subscriber(self, session: "Session", match: MatchPolicy, uri: str) -> Iterator[Publication]:
        """Of each topic that the pattern matches, the latest event that the session would have received."""
        for topic in self._topics(match, uri):
            latest = next((event for event in reversed(self._by_topic[topic]) if event.reaches(session)), None)
            if latest is not None:
                yield latest

    def _topics(self, match: MatchPolicy, uri: str) -> list[str]:
        if match == "exact":
            return [uri] if uri in self._by_topic else []
        return [topic for topic in self._by_topic if matches(match, uri, topic)]


def _octets(events: list[Publication]) -> int:
    return sum(len(memoryview(part)) for event in events for part in event.payload.parts)
