"""The broker: subscriptions, and the way of a publication to the subscribers.

Chapter "Publish and Subscribe" of the basic profile, and most of "Advanced Pubsub". The plain way is here: a
publication that asks for nothing special, to subscriptions that have nothing special. All else goes by way of a
`Publication` (realms/publication.py), and perhaps into `Retained` and `History`.
"""

from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from random import Random
from time import time
from typing import Any

from msgspec import UNSET

from realms.eligibility import EVERYBODY, Audience, audience_of
from realms.fanout import fan_out
from realms.history import NO_HISTORY, History
from realms.passthru import carried, carries, is_opaque
from realms.patterns import PatternIndex
from realms.policies import NO_POLICIES, Policies
from realms.publication import ACKNOWLEDGEMENT, REVOCATION, Publication, is_plain
from realms.retained import Retained
from realms.session import Session
from wamp.errors import CLOSE_KILLED, NO_SUCH_SUBSCRIPTION, NOT_AUTHORIZED, WampError
from wamp.ids import MAX_ID, random_id
from wamp.messages import CODES, Event, Publish, Published, Subscribe, Subscribed, Unsubscribe, Unsubscribed
from wamp.options import EventDetails, Features, MatchPolicy, PublishOptions, RevocationDetails
from wamp.payloads import Payload, payload_of, payload_with

FEATURES = Features(
    publisher_exclusion=True,
    publisher_identification=True,
    publication_trustlevels=True,
    subscriber_blackwhite_listing=True,
    pattern_based_subscription=True,
    shareded_subscriptions=True,
    sharded_subscriptions=True,
    event_history=True,
    event_retention=True,
    subscription_revocation=True,
    x_acknowledged_event_delivery=True,
    session_meta_api=True,
    subscription_meta_api=True,
    payload_passthru_mode=True,
    payload_transparency=True,
    payload_encryption_cryptobox=True,
)

EVENT = CODES[Event]
NO_DETAILS = EventDetails()
PLAIN = PublishOptions()


class Subscription:
    """One topic or pattern, and who listens to it. Its id is shared by all subscribers, so they can share octets."""

    __slots__ = ("created", "creator", "id", "is_recorded", "match", "nodes", "special", "subscribers", "uri")

    def __init__(self, id: int, match: MatchPolicy, uri: str, created: float, *, is_recorded: bool = False) -> None:
        self.id = id
        self.match = match
        self.uri = uri
        self.created = created
        self.creator: tuple[int, str] | None = None  # the session, which may be gone, and its authid
        self.subscribers: dict[Session, None] = {}  # a set in order of subscription
        self.nodes: dict[Session, str] = {}  # the node keys of those subscribers that gave one
        self.is_recorded = is_recorded
        """It has an event history: it was made by the router, and stays when nobody listens."""
        self.special = is_recorded
        """Whether there may be more to do than to send a plain publication to the subscribers."""


class Broker:
    """The broker of one realm."""

    def __init__(
        self,
        realm: str,
        random: Random,
        now: Callable[[], float] = time,
        policies: Policies = NO_POLICIES,
        history: History = NO_HISTORY,
    ) -> None:
        self._realm = realm
        self._random = random
        self._policies = policies
        self._now = now
        self._index: PatternIndex[Subscription] = PatternIndex()
        self._by_id: dict[int, Subscription] = {}
        self._tells_more = bool(policies.trust)
        self.tell: Callable[[str, Session, Subscription], None] = lambda what, session, subscription: None
        """Told of `on_create`, `on_subscribe`, `on_unsubscribe`, `on_delete`, when it has happened."""
        self.retained = Retained(policies.events.retained)
        self.history = history
        for rule in history.rules:
            history.open(self._create(rule.match, rule.uri, is_recorded=True), rule, now())

    def __len__(self) -> int:
        """How many subscriptions there are."""
        return len(self._by_id)

    # --- subscriptions ---

    def subscribe(self, session: Session, message: Subscribe) -> None:
        """Answer SUBSCRIBE with SUBSCRIBED, and with the retained events if they are asked for.

        Subscribing again to the same pattern is the same subscription; the last SUBSCRIBE says what the node key is.
        """
        options, uri = message.options, message.topic
        subscription = self._index.get(options.match, uri)
        is_new = subscription is None
        if subscription is None or session not in subscription.subscribers:
            self._check_room(session)
        if subscription is None:
            subscription = self._create(options.match, uri)
            subscription.creator = session.id, session.authid
        is_subscriber = session in subscription.subscribers
        subscription.subscribers[session] = None
        session.subscriptions[subscription.id] = subscription
        if options.nkey is not UNSET:
            subscription.nodes[session] = options.nkey
        else:
            subscription.nodes.pop(session, None)
        if session.hears & ACKNOWLEDGEMENT:
            subscription.special = True
        session.send(Subscribed(message.request, subscription.id))
        if options.get_retained:
            for publication in self.retained.for_subscriber(session, options.match, uri):
                publication.deliver_retained(subscription, session)
        if is_new:
            self.tell("on_create", session, subscription)
        if not is_subscriber:
            self.tell("on_subscribe", session, subscription)

    def unsubscribe(self, session: Session, message: Unsubscribe) -> None:
        """Answer UNSUBSCRIBE with UNSUBSCRIBED; no EVENT follows it."""
        subscription = session.subscriptions.get(message.subscription)
        if subscription is None:
            raise WampError(NO_SUCH_SUBSCRIPTION, f"this session has no subscription {message.subscription}")
        is_over = self._remove(session, subscription)
        session.send(Unsubscribed(message.request))
        self._tell_removed(session, subscription, is_over)

    def revoke(self, subscription: Subscription, session: Session, reason: str | None = None) -> None:
        """Take a subscription away from one of its subscribers.

        `[35, 0, {"subscription": id, "reason": uri}]` tells it, if it announced that it understands; without a reason
        it is that of a session that is killed. Section "Subscription Revocation".
        """
        is_over = self._remove(session, subscription)
        if session.hears & REVOCATION:
            details = RevocationDetails(subscription=subscription.id, reason=reason or CLOSE_KILLED)
            session.send(Unsubscribed(0, details))
        self._tell_removed(session, subscription, is_over)

    def detach(self, session: Session) -> None:
        """Forget a session that leaves: first all of it, then others are told."""
        subscriptions = list(session.subscriptions.values())
        removed = [(subscription, self._remove(session, subscription)) for subscription in subscriptions]
        for subscription, is_over in removed:
            self._tell_removed(session, subscription, is_over)

    def subscriptions(self) -> Iterator[Subscription]:
        """All subscriptions."""
        return iter(self._by_id.values())

    def subscription(self, id: int) -> Subscription | None:
        """The subscription with an id."""
        return self._by_id.get(id)

    def subscription_under(self, match: MatchPolicy, uri: str) -> Subscription | None:
        """The subscription under exactly this URI or pattern."""
        return self._index.get(match, uri)

    def subscriptions_for(self, topic: str) -> list[Subscription]:
        """The subscriptions that a publication to this topic reaches."""
        return self._index.matching(topic)

    def _check_room(self, session: Session) -> None:
        limit = min(self._policies.events.subscriptions, session.role.limits.subscriptions)
        if len(session.subscriptions) >= limit:
            session.role.overruns.subscriptions += 1
            raise WampError(NOT_AUTHORIZED, f"this session has {limit} subscriptions, which is the most there may be")

    def _create(self, match: MatchPolicy, uri: str, *, is_recorded: bool = False) -> Subscription:
        subscription_id = self._subscription_id(match, uri)
        subscription = Subscription(subscription_id, match, uri, self._now(), is_recorded=is_recorded)
        self._index.add(match, uri, subscription)
        self._by_id[subscription.id] = subscription
        return subscription

    def _remove(self, session: Session, subscription: Subscription) -> bool:
        """Take a subscriber out of a subscription; returns whether that was the end of it."""
        del session.subscriptions[subscription.id]
        del subscription.subscribers[session]
        subscription.nodes.pop(session, None)
        if subscription.subscribers or subscription.is_recorded:
            return False
        self._index.remove(subscription.match, subscription.uri)
        del self._by_id[subscription.id]
        return True

    def _tell_removed(self, session: Session, subscription: Subscription, is_over: bool) -> None:
        self.tell("on_unsubscribe", session, subscription)
        if is_over:
            self.tell("on_delete", session, subscription)

    def _subscription_id(self, match: MatchPolicy, uri: str) -> int:
        """Derive the id from realm, policy and URI: it is the same again after a restart, and on every node."""
        digest = blake2b(f"{self._realm} {match} {uri}".encode(), digest_size=8).digest()
        id = int.from_bytes(digest, "big") % MAX_ID + 1
        while id in self._by_id:  # two patterns with one digest: it will not happen, and would not hurt
            id = id % MAX_ID + 1
        return id

    # --- publications ---

    def publish(self, session: Session, message: Publish) -> None:
        """Send an EVENT to every subscriber, once per matching subscription; PUBLISHED only if asked for."""
        topic, options = message.topic, message.options
        payload = payload_of(session.transport.wire.codec, message)
        if self._tells_more or (options != PLAIN and not is_plain(options)):
            publication = self.publish_as(session, topic, payload, options)
        else:
            publication = random_id(self._random)
            for subscription in self._index.matching(topic):
                if subscription.special:
                    self._deliver(self._publication(session, topic, payload, options, publication), subscription)
                    continue
                receivers: Iterable[Session] = subscription.subscribers
                if options.exclude_me and session in subscription.subscribers:
                    receivers = [other for other in receivers if other is not session]
                details = NO_DETAILS if subscription.match == "exact" else EventDetails(topic=topic)
                fan_out((EVENT, subscription.id, publication, details), payload, receivers)
        if options.acknowledge:
            session.send(Published(message.request, publication))

    def publish_as(self, session: Session, topic: str, payload: Payload, options: PublishOptions) -> int:
        """Publish for a session, with all that the options ask for; returns the publication id."""
        publication = self._publication(session, topic, payload, options, random_id(self._random))
        for subscription in self._index.matching(topic):
            self._deliver(publication, subscription)
        if options.retain:
            self.retained.keep(publication)
        return publication.id

    def announce(
        self,
        topic: str,
        args: list[Any],
        kwargs: dict[str, Any] | None = None,
        excluded: int = 0,
        audience: Audience = EVERYBODY,
    ) -> None:
        """Publish as the router: `wamp.` topics, to subscribers of any match policy. Free when nobody listens.

        Whoever builds `args` at some cost asks `anyone_listens(topic)` first.
        """
        subscriptions = self._index.matching(topic)
        if not subscriptions:
            return
        payload = payload_with(args, kwargs)
        publication = Publication(random_id(self._random), topic, payload, NO_DETAILS, audience, excluded)
        for subscription in subscriptions:
            self._deliver(publication, subscription)

    def anyone_listens(self, topic: str) -> bool:
        """Whether an event on this topic would reach anybody."""
        return bool(self._index.matching(topic))

    def _deliver(self, publication: Publication, subscription: Subscription) -> None:
        if subscription.is_recorded:
            self.history.record(subscription, publication, self._now())
        publication.deliver(subscription)

    def _publication(
        self, session: Session, topic: str, payload: Payload, options: PublishOptions, id: int
    ) -> Publication:
        return Publication(
            id,
            topic,
            payload,
            self._details(session, topic, options),
            audience_of(options),
            excluded=session.id if options.exclude_me else 0,
            rkey=options.rkey,
            is_opaque=options.enc_algo is not UNSET and is_opaque(payload),
        )

    def _details(self, session: Session, topic: str, options: PublishOptions) -> EventDetails:
        """All that may be told of a publication."""
        if options.acknowledge or options.disclose_me or self._tells_more or carries(options):
            details = carried(options)
            if options.disclose_me:
                details["publisher"] = session.id
                details["publisher_authid"], details["publisher_authrole"] = session.authid, session.authrole
            if self._policies.trust:
                details["trustlevel"] = self._policies.trust.of(session.authrole, topic)
            return EventDetails(x_acknowledged_delivery=options.acknowledge, **details)
        return NO_DETAILS
