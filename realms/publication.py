"""A publication that asks for more than to be sent to everybody: who may have it, and what is told along with it.

What is told depends on the subscriber: `publisher` and its like go only to who announced that it knows them. So the
receivers are told apart by what they announced, and each group shares its octets.

Sections "Publisher Identification", "Publication Trust Levels" and "Sharded Subscription" of the advanced profile.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from realms.eligibility import EVERYBODY, Audience
from realms.fanout import fan_out
from realms.rendezvous import node_for
from wamp.messages import CODES, Event
from wamp.options import EventDetails, Features, PublishOptions
from wamp.payloads import Payload

if TYPE_CHECKING:
    from realms.broker import Subscription
    from realms.session import Session

EVENT = CODES[Event]

# What a subscriber may announce, as bits of `Session.hears`.
IDENTIFICATION, TRUSTLEVELS, ACKNOWLEDGEMENT, REVOCATION = 1, 2, 4, 8

PLAIN = {
    (acknowledge, exclude_me): PublishOptions(acknowledge=acknowledge, exclude_me=exclude_me)
    for acknowledge in (False, True)
    for exclude_me in (False, True)
}


def is_plain(options: PublishOptions) -> bool:
    """Whether the options ask for nothing but to be acknowledged, or to get the event oneself."""
    return options == PLAIN[options.acknowledge, options.exclude_me]


def heard_by(subscriber: Features) -> int:
    """The bits of what a subscriber announced."""
    return (
        IDENTIFICATION * subscriber.publisher_identification
        | TRUSTLEVELS * subscriber.publication_trustlevels
        | ACKNOWLEDGEMENT * subscriber.x_acknowledged_event_delivery
        | REVOCATION * subscriber.subscription_revocation
    )


class Publication(Struct, eq=False):
    """What was published, once it is accepted."""

    id: int
    topic: str
    payload: Payload
    details: EventDetails
    """All that could be told of it, without the topic."""

    audience: Audience = EVERYBODY
    excluded: int = 0
    """The session id of the publisher, if it is not to get the event itself."""

    rkey: str | UnsetType = UNSET
    is_opaque: bool = False
    """Only for those who know payload transparency."""

    def reaches(self, session: "Session") -> bool:
        """Whether a session may have it."""
        if session.id == self.excluded or (self.is_opaque and not session.subscriber.payload_transparency):
            return False
        return self.audience is EVERYBODY or self.audience.admits(session)

    def details_for(self, pattern: bool, hears: int) -> EventDetails:
        """`EVENT.Details` for a subscriber to a pattern, or to the topic itself, that announced these bits."""
        details = self.details
        if details.publisher is not UNSET and not hears & IDENTIFICATION:
            details = replace(details, publisher=UNSET, publisher_authid=UNSET, publisher_authrole=UNSET)
        if details.trustlevel is not UNSET and not hears & TRUSTLEVELS:
            details = replace(details, trustlevel=UNSET)
        if details.x_acknowledged_delivery and not hears & ACKNOWLEDGEMENT:
            details = replace(details, x_acknowledged_delivery=False)
        return replace(details, topic=self.topic) if pattern else details

    def deliver(self, subscription: "Subscription") -> None:
        """Send it to every subscriber that may have it, each group of equal announcements sharing its octets."""
        receivers: Iterable[Session] = subscription.subscribers
        if self.excluded or self.is_opaque or self.audience is not EVERYBODY:
            receivers = [session for session in receivers if self.reaches(session)]
        if self.rkey is not UNSET and subscription.nodes:
            receivers = _sharded(receivers, subscription.nodes, self.rkey)
        pattern = subscription.match != "exact"
        for hears, group in self._groups(receivers):
            fan_out((EVENT, subscription.id, self.id, self.details_for(pattern, hears)), self.payload, group)

    def deliver_retained(self, subscription: "Subscription", session: "Session") -> None:
        """Send it to one subscriber that asked what had been published before."""
        details = self.details_for(subscription.match != "exact", session.hears)
        head = (EVENT, subscription.id, self.id, replace(details, retained=True, x_acknowledged_delivery=False))
        fan_out(head, self.payload, (session,))

    def _groups(self, receivers: "Iterable[Session]") -> "Iterable[tuple[int, Iterable[Session]]]":
        """The receivers by what they announced, as far as it makes a difference to what is told."""
        details = self.details
        matters = (
            IDENTIFICATION * (details.publisher is not UNSET)
            | TRUSTLEVELS * (details.trustlevel is not UNSET)
            | ACKNOWLEDGEMENT * details.x_acknowledged_delivery
        )
        if not matters:
            return ((0, receivers),)
        groups: dict[int, list[Session]] = {}
        for session in receivers:
            groups.setdefault(session.hears & matters, []).append(session)
        return groups.items()


def _sharded(receivers: Iterable["Session"], nodes: dict["Session", str], rkey: str) -> list["Session"]:
    """Those without a node key, and of those with one the first on the node that the resource belongs to."""
    everybody, by_node = [], dict[str, "Session"]()
    for session in receivers:
        nkey = nodes.get(session)
        if nkey is None:
            everybody.append(session)
        else:
            by_node.setdefault(nkey, session)
    if by_node:
        everybody.append(by_node[node_for(rkey, by_node)])
    return everybody
