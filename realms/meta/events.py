"""The meta events: what the router publishes about sessions, registrations and subscriptions.

Chapter "Meta API" of the advanced profile. The router publishes them, so no client can forge one. Nobody is told about
subscriptions to `wamp.` topics, which would never end, and no session is told of its own coming and going.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from realms.meta import registrations, sessions, subscriptions
from wamp.uris import is_reserved

if TYPE_CHECKING:
    from realms.broker import Broker, Subscription
    from realms.registrations import Registration
    from realms.session import Session

ON_JOIN, ON_LEAVE, ON_STATS = "wamp.session.on_join", "wamp.session.on_leave", "wamp.session.on_stats"
ON_REFLECTED, ON_FORGOTTEN = "wamp.reflect.on_define", "wamp.reflect.on_undefine"

TOPICS = {
    ON_JOIN: "A session joined: [{session, authid, authrole, authmethod, authprovider, transport}].",
    ON_LEAVE: "A session left: [session, authid, authrole].",
    ON_STATS: "What a session received and was sent: [{session, ...}, {uptime, messages_received, ...}].",
    "wamp.registration.on_create": "There is a new registration: [session, {id, created, uri, match, invoke}].",
    "wamp.registration.on_register": "A session takes the calls of a registration: [session, registration].",
    "wamp.registration.on_unregister": "A session takes them no more: [session, registration].",
    "wamp.registration.on_delete": "The last callee of a registration is gone: [session, registration].",
    "wamp.subscription.on_create": "There is a new subscription: [session, {id, created, uri, match}].",
    "wamp.subscription.on_subscribe": "A session has a subscription: [session, subscription].",
    "wamp.subscription.on_unsubscribe": "A session has it no more: [session, subscription].",
    "wamp.subscription.on_delete": "The last subscriber of a subscription is gone: [session, subscription].",
    ON_REFLECTED: "A procedure, topic or error was described: [session, uri, kind].",
    ON_FORGOTTEN: "The description of a procedure, topic or error is gone: [session, uri, kind].",
}
"""Every topic that the router publishes to, and the event's Arguments."""


class Events:
    """The meta events of one realm."""

    def __init__(self, broker: "Broker") -> None:
        self._broker = broker
        self.silent = False
        self.leaving: Session | None = None
        """Hears nothing any more, not even of what it leaves behind."""

    @contextmanager
    def silenced(self) -> Iterator[None]:
        """Publish nothing meanwhile: when all sessions are killed, nobody would be left to listen."""
        before, self.silent = self.silent, True
        try:
            yield
        finally:
            self.silent = before

    def joined(self, session: "Session") -> None:
        """A session has had its WELCOME."""
        if self._heard(ON_JOIN):
            self._announce(ON_JOIN, [sessions.details_of(session)])

    def left(self, session: "Session") -> None:
        """A session is gone, and with it all it had."""
        if self._heard(ON_LEAVE):
            self._announce(ON_LEAVE, [session.id, session.authid, session.authrole])

    def anyone_hears_statistics(self) -> bool:
        """Whether `statistics` would reach anybody."""
        return self._heard(ON_STATS)

    def statistics(self, session: "Session", counts: dict[str, Any]) -> None:
        """What a session received and was sent, see `realms.meta.statistics`."""
        self._announce(ON_STATS, [sessions.details_of(session), counts])

    def registration(self, what: str, session: "Session", registration: "Registration") -> None:
        """`on_create`, `on_register`, `on_unregister` or `on_delete`."""
        topic = f"wamp.registration.{what}"
        if self._heard(topic):
            about = registrations.details_of(registration) if what == "on_create" else registration.id
            self._announce(topic, [session.id, about])

    def subscription(self, what: str, session: "Session", subscription: "Subscription") -> None:
        """`on_create`, `on_subscribe`, `on_unsubscribe` or `on_delete`."""
        topic = f"wamp.subscription.{what}"
        if not is_reserved(subscription.uri) and self._heard(topic):
            about = subscriptions.details_of(subscription) if what == "on_create" else subscription.id
            self._announce(topic, [session.id, about], session.id if self._is_new(subscription, session, topic) else 0)

    def reflected(self, topic: str, session: "Session", uri: str, kind: str) -> None:
        """`wamp.reflect.on_define` or `on_undefine`."""
        if self._heard(topic):
            self._announce(topic, [session.id, uri, kind])

    def _is_new(self, subscription: "Subscription", session: "Session", topic: str) -> bool:
        """Whether the session would hear of its subscription by that very subscription."""
        heard = [one for one in self._broker.subscriptions_for(topic) if session in one.subscribers]
        return heard == [subscription]

    def _announce(self, topic: str, args: list[Any], excluded: int = 0) -> None:
        self._broker.announce(topic, args, excluded=self.leaving.id if self.leaving is not None else excluded)

    def _heard(self, topic: str) -> bool:
        return not self.silent and self._broker.anyone_listens(topic)
