"""The broker: subscriptions, and the way of a publication to the subscribers.

Chapter "Publish and Subscribe" of the basic profile; "Publisher Exclusion", "Subscriber Black- and Whitelisting" and
"Pattern-based Subscription" of the advanced profile.
"""

from collections.abc import Iterable
from hashlib import blake2b
from random import Random

from realms.eligibility import eligible, has_lists
from realms.fanout import fan_out
from realms.patterns import PatternIndex
from realms.session import Session
from wamp.errors import NO_SUCH_SUBSCRIPTION, WampError
from wamp.ids import MAX_ID, random_id
from wamp.messages import CODES, Event, Publish, Published, Subscribe, Subscribed, Unsubscribe, Unsubscribed
from wamp.options import EventDetails, Features, MatchPolicy
from wamp.payloads import payload_of

FEATURES = Features(publisher_exclusion=True, subscriber_blackwhite_listing=True, pattern_based_subscription=True)

EVENT = CODES[Event]
NO_DETAILS = EventDetails()


class Subscription:
    """One topic or pattern, and who listens to it. Its id is shared by all subscribers, so they can share octets."""

    __slots__ = ("id", "match", "subscribers", "uri")

    def __init__(self, id: int, match: MatchPolicy, uri: str) -> None:
        self.id = id
        self.match = match
        self.uri = uri
        self.subscribers: dict[Session, None] = {}  # a set in order of subscription


class Broker:
    """The broker of one realm."""

    def __init__(self, realm: str, random: Random) -> None:
        self._realm = realm
        self._random = random
        self._index: PatternIndex[Subscription] = PatternIndex()
        self._by_id: dict[int, Subscription] = {}

    def __len__(self) -> int:
        """How many subscriptions there are."""
        return len(self._by_id)

    def subscribe(self, session: Session, message: Subscribe) -> None:
        """Answer SUBSCRIBE with SUBSCRIBED. Subscribing again to the same pattern is the same subscription."""
        match, uri = message.options.match, message.topic
        subscription = self._index.get(match, uri)
        if subscription is None:
            subscription = Subscription(self._subscription_id(match, uri), match, uri)
            self._index.add(match, uri, subscription)
            self._by_id[subscription.id] = subscription
        subscription.subscribers[session] = None
        session.subscriptions[subscription.id] = subscription
        session.send(Subscribed(message.request, subscription.id))

    def unsubscribe(self, session: Session, message: Unsubscribe) -> None:
        """Answer UNSUBSCRIBE with UNSUBSCRIBED; no EVENT follows it."""
        subscription = session.subscriptions.get(message.subscription)
        if subscription is None:
            raise WampError(NO_SUCH_SUBSCRIPTION, f"this session has no subscription {message.subscription}")
        self._remove(session, subscription)
        session.send(Unsubscribed(message.request))

    def publish(self, session: Session, message: Publish) -> None:
        """Send an EVENT to every subscriber, once per matching subscription; PUBLISHED only if asked for."""
        topic, options = message.topic, message.options
        publication = random_id(self._random)
        payload = payload_of(session.transport.wire.codec, message)
        restricted = has_lists(options)
        for subscription in self._index.matching(topic):
            receivers: Iterable[Session] = subscription.subscribers
            if restricted:
                receivers = eligible(receivers, options)
            if options.exclude_me and session in subscription.subscribers:
                receivers = [other for other in receivers if other is not session]
            details = NO_DETAILS if subscription.match == "exact" else EventDetails(topic=topic)
            fan_out((EVENT, subscription.id, publication, details), payload, receivers)
        if options.acknowledge:
            session.send(Published(message.request, publication))

    def detach(self, session: Session) -> None:
        """Forget a session that leaves."""
        for subscription in list(session.subscriptions.values()):
            self._remove(session, subscription)

    def _remove(self, session: Session, subscription: Subscription) -> None:
        del session.subscriptions[subscription.id]
        del subscription.subscribers[session]
        if not subscription.subscribers:
            self._index.remove(subscription.match, subscription.uri)
            del self._by_id[subscription.id]

    def _subscription_id(self, match: MatchPolicy, uri: str) -> int:
        """Derive the id from realm, policy and URI: it is the same again after a restart, and on every node."""
        digest = blake2b(f"{self._realm} {match} {uri}".encode(), digest_size=8).digest()
        id = int.from_bytes(digest, "big") % MAX_ID + 1
        while id in self._by_id:  # two patterns with one digest: it will not happen, and would not hurt
            id = id % MAX_ID + 1
        return id
