"""The registrations of any realm: as a tree by URI component, as a list, one by one, and how to take one from somebody.

    wamplex.registration.tree(realm, *, path="", offset=0, limit=50) -> {path, total, children: [
        {component, path, below, entries: [{id, uri, match, invoke, created, creator, callees}]}, ...]}
    wamplex.registration.list(realm, *, text="", session=null, sort="uri", descending=false, offset=0, limit=50)
        -> {total, registrations: [the same as an entry, ...]}
    wamplex.registration.get(realm, id, *, offset=0, limit=50) -> {..., queued, offers: [
        {session, authid, authrole, peer, node, concurrency, calls}, ...]}: an entry, and the part of its callees that
        was asked for
    wamplex.registration.remove_callee(realm, id, session, *, reason=null)

`callees` is how many there are; `queued` how many calls wait until one of them takes more. `node` is a callee's node
key and `concurrency` how many calls it takes at a time, or null; `calls` is what it works at under any registration.
The tree is explained in `uris`. A list with `session` is of that session's registrations.

The router's own procedures are no registrations, so they are not here.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any, Final, Literal

from msgspec import UNSET
from twisted.internet.defer import Deferred

from realms.meta import registrations as meta
from realms.meta.procedure import Procedure, Result
from realms.realm import Realm
from realms.realms import Realms
from realms.registrations import Offer, Registration
from realms.session import Session
from router.dashboard.paging import Limit, Offset, Text, Uri, part_of, participant, realm_named, session_of
from router.dashboard.uris import details_of, having, tree

Sort = Literal["uri", "match", "invoke", "created", "callees"]

KEYS: Final[Mapping[Sort, Callable[[Registration], Any]]] = {
    "uri": lambda one: one.uri,
    "match": lambda one: one.match,
    "invoke": lambda one: one.invoke,
    "created": lambda one: one.created,
    "callees": lambda one: len(one.callees),
}


class Registrations:
    """See above."""

    def __init__(self, realms: Realms) -> None:
        self._realms = realms
        self.procedures = (
            Procedure("wamplex.registration.tree", self.tree),
            Procedure("wamplex.registration.list", self.list),
            Procedure("wamplex.registration.get", self.get),
            Procedure("wamplex.registration.remove_callee", self.remove_callee),
        )

    def tree(
        self, here: Realm, caller: Session, realm: str, *, path: Uri = "", offset: Offset = 0, limit: Limit = 50
    ) -> Deferred[Result]:
        """What is at a place of the tree of procedures and patterns that are registered."""
        there = realm_named(self._realms, realm)
        kept = there.dealer.registrations()
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
        """The registrations of a realm or of a session, sorted and in parts."""
        there = realm_named(self._realms, realm)
        kept = there.dealer.registrations() if session is None else session_of(there, session).registrations.values()

        def part(found: Sequence[Registration]) -> Result:
            chosen = part_of(found, KEYS[sort], offset, limit, descending=descending)
            return Result([{"total": len(found), "registrations": [_details(one) for one in chosen]}])

        return Deferred.fromCoroutine(having(text, kept, there.clock)).addCallback(part)

    def get(
        self, here: Realm, caller: Session, realm: str, registration: int, *, offset: Offset = 0, limit: Limit = 50
    ) -> Result:
        """A registration, and a part of its callees in the order in which they came."""
        one = meta.known(realm_named(self._realms, realm), registration)
        offers = [_offered(offer) for offer in islice(one.offers.values(), offset, offset + limit)]
        return Result([_details(one) | {"queued": 0 if one.queue is None else len(one.queue), "offers": offers}])

    def remove_callee(
        self, here: Realm, caller: Session, realm: str, registration: int, session: int, *, reason: str | None = None
    ) -> Result | Deferred[Result]:
        """Take a registration away from a session, as `wamp.registration.remove_callee` does, in any realm."""
        return meta.remove_callee(realm_named(self._realms, realm), caller, [registration, session, reason], {})


def _details(one: Registration) -> dict[str, Any]:
    return details_of(one) | {"invoke": one.invoke, "callees": len(one.callees)}


def _offered(offer: Offer) -> dict[str, Any]:
    options, callee = offer.options, offer.callee
    return participant(callee) | {
        "node": None if options.nkey is UNSET else options.nkey,
        "concurrency": None if options.concurrency is UNSET else options.concurrency,
        "calls": len(callee.invocations),
    }
