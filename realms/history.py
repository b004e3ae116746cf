"""Event history: what was published to the topics and patterns that the operator chose, for those who ask later.

Each choice is a subscription that the router itself makes, so that events are stored before anybody listens and the
subscription's id never changes. An event is stored once per such subscription, in the order of receipt, whoever listens
and whoever may. Section "Event History" of the advanced profile.

What is stored is filtered again for who asks: by authid and authrole. Events for particular sessions are not stored,
as nobody could tell later whom they were for.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Protocol

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from realms.eligibility import Audience
from realms.patterns import matches
from wamp.codecs import Codec
from wamp.errors import INVALID_ARGUMENT, Untranscodable, WampError
from wamp.ids import Id
from wamp.options import EventDetails, MatchPolicy
from wamp.payloads import Payload
from wamp.uris import is_uri

if TYPE_CHECKING:
    from realms.broker import Subscription
    from realms.publication import Publication
    from realms.session import Session

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
LAST = 2**63 - 1
"""No event has a position or a time beyond."""

MAX_EVENTS = 1000
"""In one answer, whatever the limit: reading them takes a few milliseconds, in which nobody else is served. Who wants
more asks on with `after_publication`."""


class Rule(NamedTuple):
    """A topic or pattern whose events are stored, and how many of them: the oldest makes room."""

    match: MatchPolicy
    uri: str
    limit: int


class StoredEvent(Struct, eq=False):
    """An event as it is stored."""

    publication: int
    milliseconds: int
    """When the router received it, since 1970."""

    topic: str
    details: EventDetails
    """As they were published, without the topic."""

    payload: Payload
    audience: Audience


class Span(NamedTuple):
    """Which of the events of a subscription are wanted, and in which order."""

    first: int = 1
    """The first position, and the last; both count."""

    last: int = LAST
    since: int = 0
    """The first millisecond, and the last; both count."""

    until: int = LAST
    topic: str | None = None
    reverse: bool = False


class State(NamedTuple):
    """Where the history of a subscription stands for a session."""

    epoch: str
    """When it began, as ISO 8601."""

    last: int | None
    """The last publication in it that the session may see."""

    forgotten: bool
    """Whether events have made room for others since it began. Those of a pattern share its limit."""


class Store(Protocol):
    """Where events are kept, per subscription, in the order in which they were added. No method raises or waits long.

    A position is a number that grows with each event of a subscription.
    """

    def keep(self, subscription: int, limit: int, now: int) -> None:
        """Prepare to keep as many events of a subscription, and no more; `now` is in milliseconds since 1970."""

    def epoch(self, subscription: int) -> int:
        """When the store began to keep events of a subscription: another time than before if it lost what it had."""

    def has_forgotten(self, subscription: int) -> bool:
        """Whether events of a subscription had to make room, ever since its epoch."""

    def add(self, subscription: int, event: StoredEvent) -> None:
        """Store an event behind the others; the oldest beyond the limit is forgotten."""

    def flush(self) -> None:
        """Have what was added outlast the process, if the store is one that does."""

    def position(self, subscription: int, publication: int) -> int | None:
        """Where a publication is."""

    def read(self, subscription: int, span: Span) -> Iterator[StoredEvent]:
        """The events that are in the span, as they are asked for."""

    def close(self) -> None:
        """Write what is not written, and be done. Idempotent."""


class MemoryStore:
    """A `Store` that ends with the process."""

    def __init__(self) -> None:
        self._events: dict[int, deque[tuple[int, StoredEvent]]] = {}
        self._epochs: dict[int, int] = {}

    def keep(self, subscription: int, limit: int, now: int) -> None:
        """See `Store.keep`."""
        self._events[subscription] = deque(maxlen=limit)
        self._epochs[subscription] = now

    def epoch(self, subscription: int) -> int:
        """See `Store.epoch`."""
        return self._epochs[subscription]

    def has_forgotten(self, subscription: int) -> bool:
        """See `Store.has_forgotten`."""
        events = self._events[subscription]
        return bool(events) and events[0][0] > 1

    def add(self, subscription: int, event: StoredEvent) -> None:
        """See `Store.add`. Positions begin at 1, and none is left out."""
        event.payload = event.payload.copy()  # its octets pin the frame that they came in
        events = self._events[subscription]
        events.append((events[-1][0] + 1 if events else 1, event))

    def flush(self) -> None:
        """See `Store.flush`."""

    def position(self, subscription: int, publication: int) -> int | None:
        """See `Store.position`."""
        events = self._events[subscription]
        return next((position for position, event in events if event.publication == publication), None)

    def read(self, subscription: int, span: Span) -> Iterator[StoredEvent]:
        """See `Store.read`."""
        events = self._events[subscription]
        for position, event in reversed(events) if span.reverse else events:
            if (
                span.first <= position <= span.last
                and span.since <= event.milliseconds <= span.until
                and span.topic in (None, event.topic)
            ):
                yield event

    def close(self) -> None:
        """See `Store.close`."""


PositiveInteger = Annotated[int, Meta(ge=1)]
Timestamp = Annotated[datetime, Meta(tz=True)]


class Filters(Struct, frozen=True, forbid_unknown_fields=True):
    """What `wamp.subscription.get_events` takes as ArgumentsKw; all that is given must hold."""

    reverse: bool = False
    limit: PositiveInteger | UnsetType = UNSET
    from_time: Timestamp | UnsetType = UNSET
    after_time: Timestamp | UnsetType = UNSET
    before_time: Timestamp | UnsetType = UNSET
    until_time: Timestamp | UnsetType = UNSET
    topic: str | UnsetType = UNSET
    from_publication: Id | UnsetType = UNSET
    after_publication: Id | UnsetType = UNSET
    before_publication: Id | UnsetType = UNSET
    until_publication: Id | UnsetType = UNSET


class History:
    """The event history of one realm. Where nothing is configured it has no rules, and no events."""

    def __init__(self, rules: Iterable[Rule] = (), store: Store | None = None) -> None:
        self.rules = tuple(rules)
        self._store: Store = MemoryStore() if store is None else store
        self._recorded: dict[int, Rule] = {}

    def open(self, subscription: "Subscription", rule: Rule, now: float) -> None:
        """Have a place for the events of a subscription; `now` is in seconds since 1970."""
        self._recorded[subscription.id] = rule
        self._store.keep(subscription.id, rule.limit, int(now * 1000))

    def record(self, subscription: "Subscription", publication: "Publication", now: float) -> None:
        """Store an event of a subscription that is recorded; `now` is in seconds since 1970.

        One whose publisher asked for PUBLISHED is safe before that is sent, should the router be killed.
        """
        audience = publication.audience
        if audience.names_sessions:
            return
        details = msgspec.structs.replace(publication.details, x_acknowledged_delivery=False)
        event = StoredEvent(publication.id, int(now * 1000), publication.topic, details, publication.payload, audience)
        self._store.add(subscription.id, event)
        if publication.details.x_acknowledged_delivery:
            self._store.flush()

    def events(self, subscription: "Subscription", session: "Session", **filters: Any) -> list[dict[str, Any]] | None:
        """Give the stored events of a subscription that a session may see: `wamp.subscription.get_events`.

        `[{timestamp, subscription, publication, details, args?, kwargs?}, ...]`, which are the positional arguments of
        the RESULT, at most `MAX_EVENTS`; the filters are the keyword arguments of the CALL. Without history there are
        none. An exact subscription without a history of its own has the events of its topic from a recorded pattern.
        An event that the session's serializer cannot express is left out, as nobody with it would have received it.
        None if a publication that the filters name is not among those that are stored: nobody can say what came after.

        Raises WampError: `not_authorized` if the session may not subscribe so, `invalid_argument` for bad filters.
        """
        given = _read(filters)
        _permit(subscription, session)
        source = self._source(subscription)
        if source is None:
            return []
        positions = self._positions(source, given)
        if positions is None:
            return None
        span = _span(subscription, given, positions)
        if span is None:
            return []
        codec = session.transport.wire.codec
        seen = (event for event in self._store.read(source, span) if event.audience.admits(session))
        shown = (told for event in seen if (told := _shown(event, subscription, codec)) is not None)
        return list(islice(shown, MAX_EVENTS if given.limit is UNSET else min(given.limit, MAX_EVENTS)))

    def has(self, subscription: "Subscription") -> bool:
        """Whether events of a subscription are stored."""
        return self._source(subscription) is not None

    def state(self, subscription: "Subscription", session: "Session") -> State | None:
        """Where the history of a subscription stands; None without one. Raises WampError as `events` does."""
        _permit(subscription, session)
        source = self._source(subscription)
        if source is None:
            return None
        last = self.events(subscription, session, limit=1, reverse=True)
        newest = last[0]["publication"] if last else None
        return State(_written(self._store.epoch(source)), newest, self._store.has_forgotten(source))

    def close(self) -> None:
        """Write what is not written."""
        self._store.close()

    def _source(self, subscription: "Subscription") -> int | None:
        """The recorded subscription that has the events of this one."""
        if subscription.id in self._recorded:
            return subscription.id
        if subscription.match != "exact":
            return None
        covering = (id for id, rule in self._recorded.items() if matches(rule.match, rule.uri, subscription.uri))
        return next(covering, None)

    def _positions(self, source: int, given: Filters) -> tuple[int, int] | None:
        """The first and the last position that the publications named in the filters leave; None if one is unknown."""
        first, last = 1, LAST
        for publication, shift in ((given.from_publication, 0), (given.after_publication, 1)):
            if publication is not UNSET:
                position = self._store.position(source, publication)
                if position is None:
                    return None
                first = max(first, position + shift)
        for publication, shift in ((given.until_publication, 0), (given.before_publication, -1)):
            if publication is not UNSET:
                position = self._store.position(source, publication)
                if position is None:
                    return None
                last = min(last, position + shift)
        return first, last


NO_HISTORY = History()


def _read(filters: dict[str, Any]) -> Filters:
    """Take the filters in; null means that there is none."""
    try:
        given = msgspec.convert({name: value for name, value in filters.items() if value is not None}, Filters)
    except msgspec.ValidationError as mistake:
        raise WampError(INVALID_ARGUMENT, f"no valid filter: {mistake}") from None
    if given.topic is not UNSET and not is_uri(given.topic):
        raise WampError(INVALID_ARGUMENT, "no valid filter: the topic is no valid URI")
    return given


def _permit(subscription: "Subscription", session: "Session") -> None:
    grant = session.role.grant_pattern("subscribe", subscription.match, subscription.uri)
    if grant is None or not grant.history:
        reason = f"role '{session.authrole}' may not ask what was on '{subscription.uri}'"
        raise session.realm.denied(session, "subscribe", subscription.uri, reason)


def _span(subscription: "Subscription", given: Filters, positions: tuple[int, int]) -> Span | None:
    """What the filters leave between two positions; None if that is nothing, for sure."""
    topic = None if given.topic is UNSET else given.topic
    if subscription.match == "exact":
        if topic not in (None, subscription.uri):
            return None
        topic = subscription.uri
    return Span(*positions, *_milliseconds(given), topic, given.reverse)


def _milliseconds(given: Filters) -> tuple[int, int]:
    """The first and the last millisecond that the filters leave. Events have whole ones; filters may be finer."""
    since, until = 0, LAST
    if given.from_time is not UNSET:
        since = max(since, -((EPOCH - given.from_time) // MILLISECOND))
    if given.after_time is not UNSET:
        since = max(since, (given.after_time - EPOCH) // MILLISECOND + 1)
    if given.until_time is not UNSET:
        until = min(until, (given.until_time - EPOCH) // MILLISECOND)
    if given.before_time is not UNSET:
        until = min(until, -((EPOCH - given.before_time) // MILLISECOND) - 1)
    return since, until


def _shown(event: StoredEvent, subscription: "Subscription", codec: Codec) -> dict[str, Any] | None:
    """An event as `get_events` gives it; None if it cannot be said in `codec`, as no EVENT of it would have come."""
    details = event.details
    if subscription.match != "exact":
        details = msgspec.structs.replace(details, topic=event.topic)
    shown = {
        "timestamp": _written(event.milliseconds),
        "subscription": subscription.id,
        "publication": event.publication,
        "details": msgspec.to_builtins(details),
    }
    try:
        shown |= dict(zip(("args", "kwargs"), event.payload.load(), strict=False))
        codec.dump([shown])  # as deep as it will be in the answer: depth is limited, too
    except Untranscodable:
        return None
    return shown


def _written(milliseconds: int) -> str:
    time = EPOCH + timedelta(milliseconds=milliseconds)
    return time.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
