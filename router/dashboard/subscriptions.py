"""The subscriptions of any realm: as a tree by URI component, as a list, one by one, and how to take one from somebody.

    wamplex.subscription.tree(realm, *, path="", offset=0, limit=50) -> {path, total, children: [
        {component, path, below, entries: [{id, uri, match, created, creator, sessions, recorded}]}, ...]}
    wamplex.subscription.list(realm, *, text="", session=null, sort="uri", descending=false, offset=0, limit=50)
        -> {total, subscriptions: [the same as an entry, ...]}
    wamplex.subscription.get(realm, id, *, offset=0, limit=50) -> the same as an entry, with
        {subscribers: [{session, authid, authrole, peer, node}, ...]}, which is the part of them that was asked for
    wamplex.subscription.remove_subscriber(realm, id, session, *, reason=null)

`sessions` is how many subscribers there are; `node` is a subscriber's node key, or null. The tree is explained in
`uris`. A list with `session` is of that session's subscriptions.

Those of the router itself are shown as well: a client's to a `wamp.` topic costs what any other does, and says who is
watching; one that is `recorded` is kept by the router for the event history, has no creator, and stays without
subscribers.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any, Final, Literal

from twisted.internet.defer import Deferred

from realms.broker import Subscription
from realms.meta import subscriptions as meta
from realms.meta.procedure import Procedure, Result
from realms.realm import Realm
from realms.realms import Realms
from realms.session import Session
from router.dashboard.paging import Limit, Offset, Text, Uri, part_of, participant, realm_named, session_of
from router.dashboard.uris import details_of, having, tree

Sort = Literal["uri", "match", "created", "sessions"]

KEYS: Final[Mapping[Sort, Callable[[Subscription], Any]]] = {
    "uri": lambda one: one.uri,
    "match": lambda one: one.match,
    "created": lambda one: one.created,
    "sessions": lambda one: len(one.subscribers),
}


class Subscriptions:
    """See above."""

    def __init__(self, realms: Realms) -> None:
        self._realms = realms
        self.procedures = (
            Procedure("wamplex.subscription.tree", self.tree),
            Procedure("wamplex.subscription.list", self.list),
            Procedure("wamplex.subscription.get", self.get),
            Procedure("wamplex.subscription.remove_subscriber", self.remove_subscriber),
        )

    def tree(
        self, here: Realm, caller: Session, realm: str, *, path: Uri = "", offset: Offset = 0, limit: Limit = 50
    ) -> Deferred[Result]:
        """What is at a place of the tree of topics and patterns that are subscribed to."""
        there = realm_named(self._realms, realm)
        kept = there.broker.subscriptions()
        asked = tree(kept, _details, there.clock, path=path, offset=offset, limit=limit)
        return Deferred.fromCoroutine(asked).addCallback(lambda told: Result([told]))

    def list(
        self,
        here: Realm,
        caller: Session,
        realm: str,
        *,
        text: Text = "",
        session: int | None = None,
        sort: Sort = "uri",
        descending: bool = False,
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> Deferred[Result]:
        """The subscriptions of a realm or of a session, sorted and in parts."""
        there = realm_named(self._realms, realm)
        kept = there.broker.subscriptions() if session is None else session_of(there, session).subscriptions.values()

        def part(found: Sequence[Subscription]) -> Result:
            chosen = part_of(found, KEYS[sort], offset, limit, descending=descending)
            return Result([{"total": len(found), "subscriptions": [_details(one) for one in chosen]}])

        return Deferred.fromCoroutine(having(text, kept, there.clock)).addCallback(part)

    def get(
        self, here: Realm, caller: Session, realm: str, subscription: int, *, offset: Offset = 0, limit: Limit = 50
    ) -> Result:
        """A subscription, and a part of its subscribers in the order in which they came."""
        one = meta.known(realm_named(self._realms, realm), subscription)
        part = islice(one.subscribers, offset, offset + limit)
        subscribers = [participant(each) | {"node": one.nodes.get(each)} for each in part]
        return Result([_details(one) | {"subscribers": subscribers}])

    def remove_subscriber(
        self, here: Realm, caller: Session, realm: str, subscription: int, session: int, *, reason: str | None = None
    ) -> Result | Deferred[Result]:
        """Take a subscription away from a session, as `wamp.subscription.remove_subscriber` does, in any realm."""
        return meta.remove_subscriber(realm_named(self._realms, realm), caller, [subscription, session, reason], {})


def _details(one: Subscription) -> dict[str, Any]:
    return details_of(one) | {"sessions": len(one.subscribers), "recorded": one.is_recorded}
