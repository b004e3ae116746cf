"""What is known about subscriptions. Chapter "Subscription Meta API" of the advanced profile; `remove_subscriber` is in
its catalogue only. `get_events` is in `realms.meta.history`.
"""

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from realms.audit import entry_about
from realms.meta.procedure import NOTHING, Result, procedure
from realms.meta.times import written
from wamp.errors import INVALID_URI, NO_SUCH_SESSION, NO_SUCH_SUBSCRIPTION, WampError
from wamp.options import MatchPolicy
from wamp.uris import is_uri

if TYPE_CHECKING:
    from realms.broker import Subscription
    from realms.realm import Realm
    from realms.session import Session


class LookupOptions(Struct, frozen=True):
    """The options of `lookup`: those of SUBSCRIBE, of which the match policy matters."""

    match: MatchPolicy = "exact"


def details_of(subscription: "Subscription") -> dict[str, Any]:
    """`{id, created, uri, match}`."""
    return {
        "id": subscription.id,
        "created": written(subscription.created),
        "uri": subscription.uri,
        "match": subscription.match,
    }


@procedure("wamp.subscription.list")
def list_(realm: "Realm", caller: "Session") -> Result:
    """The ids of all subscriptions, by match policy."""
    ids: dict[MatchPolicy, list[int]] = {"exact": [], "prefix": [], "wildcard": []}
    for subscription in realm.broker.subscriptions():
        ids[subscription.match].append(subscription.id)
    return Result([ids])


@procedure("wamp.subscription.lookup")
def lookup(realm: "Realm", caller: "Session", topic: str, options: LookupOptions | None = None) -> Result:
    """The id of the subscription under exactly this URI or pattern, or null."""
    subscription = realm.broker.subscription_under("exact" if options is None else options.match, topic)
    return Result([None if subscription is None else subscription.id])


@procedure("wamp.subscription.match")
def match(realm: "Realm", caller: "Session", topic: str) -> Result:
    """The ids of the subscriptions that a publication to this topic reaches, or null."""
    return Result([[subscription.id for subscription in realm.broker.subscriptions_for(topic)] or None])


@procedure("wamp.subscription.get")
def get(realm: "Realm", caller: "Session", subscription: int) -> Result:
    """What a subscription is."""
    return Result([details_of(known(realm, subscription))])


@procedure("wamp.subscription.list_subscribers")
def list_subscribers(realm: "Realm", caller: "Session", subscription: int) -> Result:
    """The ids of the sessions that have a subscription."""
    return Result([[subscriber.id for subscriber in known(realm, subscription).subscribers]])


@procedure("wamp.subscription.count_subscribers")
def count_subscribers(realm: "Realm", caller: "Session", subscription: int) -> Result:
    """How many sessions have a subscription."""
    return Result([len(known(realm, subscription).subscribers)])


@procedure("wamp.subscription.remove_subscriber")
def remove_subscriber(
    realm: "Realm", caller: "Session", subscription: int, subscriber: int, reason: str | None = None
) -> Result:
    """Take a subscription away from a session, which is told if it can be."""
    if reason is not None and not is_uri(reason):
        raise WampError(INVALID_URI, "the reason is no valid URI")
    one = known(realm, subscription)
    session = realm.sessions.get(subscriber)
    if session is None or one.id not in session.subscriptions:
        raise WampError(NO_SUCH_SESSION, f"session {subscriber} has no subscription {subscription}")
    entry = entry_about(caller, "removal", "success", realm, action="subscribe", object=one.uri, reason=reason)
    realm.record(entry)
    realm.broker.revoke(one, session, reason)
    return NOTHING


def known(realm: "Realm", id: int) -> "Subscription":
    """The subscription with an id; raises WampError."""
    subscription = realm.broker.subscription(id)
    if subscription is None:
        raise WampError(NO_SUCH_SUBSCRIPTION, f"there is no subscription {id}")
    return subscription


PROCEDURES = (list_, lookup, match, get, list_subscribers, count_subscribers, remove_subscriber)
