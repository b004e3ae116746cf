"""The sessions of any realm: who is here, how busy they are, and how to end one.

    wamplex.session.list(realm, *, text="", sort="since", descending=false, offset=0, limit=50) -> {total, sessions: [
        {session, authid, authrole, authmethod, authprovider,
         transport: {protocol, peer, secure, serializer, via?, origin?},
         since, uptime, paused, messages_received, messages_sent, octets_received, octets_sent, octets_waiting,
         events_dropped, message_rate?, octet_rate?, subscriptions, registrations, calls, invocations}, ...]}
    wamplex.session.get(realm, session) -> the same of one session, with {roles, resumable, expires}
    wamplex.session.kill(realm, session, *, reason, message)

`text` is looked for in authid, authrole, address and session id. `subscriptions` and those after it are numbers. A rate
is per second, and is there if the list is sorted by it: otherwise whoever asks twice can tell it from the counts.

Sessions come and go and their counts grow between two parts of a list, so a session may be in two parts or in none.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, Literal, NamedTuple
from weakref import WeakKeyDictionary

from msgspec import UNSET
from twisted.internet.defer import Deferred

from realms.meta import sessions as meta
from realms.meta.procedure import Procedure, Result
from realms.meta.times import written
from realms.realm import Realm
from realms.realms import Realms
from realms.session import Session
from realms.states import State
from router.dashboard.figures import NO_FIGURES, RATES, Count, Counts, Figures, Rate, account_of
from router.dashboard.paging import Limit, Offset, Text, part_of, realm_named, session_of
from router.dashboard.slices import slices

TOLD_OF_TRANSPORT: Final = ("protocol", "peer", "secure", "via", "origin")
"""Not cookies and certificates, which may hold secrets."""

Column = Literal[
    "session",
    "authid",
    "authrole",
    "authmethod",
    "protocol",
    "serializer",
    "peer",
    "paused",
    "subscriptions",
    "registrations",
    "calls",
    "invocations",
]

KEYS: Final[Mapping[str, Callable[[Session], Any]]] = {
    "session": lambda session: session.id,
    "authid": lambda session: session.authid,
    "authrole": lambda session: session.authrole,
    "authmethod": lambda session: session.authmethod,
    "protocol": lambda session: session.transport.details.get("protocol", ""),
    "serializer": lambda session: session.transport.wire.codec.name,
    "peer": lambda session: session.transport.details.get("peer", ""),
    "paused": lambda session: session.state is State.PAUSED,
    "subscriptions": lambda session: len(session.subscriptions),
    "registrations": lambda session: len(session.registrations),
    "calls": lambda session: len(session.calls),
    "invocations": lambda session: len(session.invocations),
}
"""By `Column`. There is none of "since": the realm has its sessions in the order in which they came."""


class Question(NamedTuple):
    """Which sessions are wanted."""

    text: str
    sort: Literal["since"] | Column | Count | Rate
    descending: bool
    offset: int
    limit: int


class Sessions:
    """See above."""

    def __init__(self, realms: Realms) -> None:
        self._realms = realms
        self._figures: WeakKeyDictionary[Realm, Figures] = WeakKeyDictionary()
        self.procedures = (
            Procedure("wamplex.session.list", self.list),
            Procedure("wamplex.session.get", self.get),
            Procedure("wamplex.session.kill", self.kill),
        )

    def list(
        self,
        here: Realm,
        caller: Session,
        realm: str,
        *,
        text: Text = "",
        sort: Literal["since"] | Column | Count | Rate = "since",
        descending: bool = False,
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> Deferred[Result]:
        """The sessions of a realm, sorted and in parts."""
        question = Question(text, sort, descending, offset, limit)
        return Deferred.fromCoroutine(self._list(realm_named(self._realms, realm), question))

    def get(self, here: Realm, caller: Session, realm: str, session: int) -> Result:
        """All there is to know about a session, but for what it subscribed to and registered."""
        found = session_of(realm_named(self._realms, realm), session)
        row = _row(found)
        row["roles"] = [role for role in ("publisher", "subscriber", "caller", "callee") if _is(found, role)]
        row["resumable"] = bool(found.ticket)
        row["expires"] = None if found.lease is None else written(found.lease.expires)
        return Result([row])

    def kill(
        self,
        here: Realm,
        caller: Session,
        realm: str,
        session: int,
        *,
        reason: str | None = None,
        message: str | None = None,
    ) -> Result | Deferred[Result]:
        """End a session that is not the caller's own, as `wamp.session.kill` does, in any realm."""
        there = realm_named(self._realms, realm)
        return meta.kill(there, caller, [session], {"reason": reason, "message": message})

    async def _list(self, realm: Realm, question: Question) -> Result:
        text, sort, descending, offset, limit = question
        sessions, figures = realm.sessions, NO_FIGURES
        fits = _having(text) if text else _is_there
        parts = slices(sessions.values(), realm.clock)
        if sort == "since":
            ids = [one.id async for part in parts for one in part if fits(one)] if text else list(sessions)
            total = len(ids)
            wanted = (ids[::-1] if descending else ids)[offset : offset + limit]
        else:
            key = KEYS.get(sort)
            if key is None:
                figures = await self._figures_of(realm).of(sort, sessions)
                key = partial(_figure, figures)
            keys = {one.id: key(one) async for part in parts for one in part if fits(one)}
            total = len(keys)
            wanted = part_of(keys, keys.__getitem__, offset, limit, descending=descending)
        rows = [_row(sessions[id]) for id in wanted if id in sessions]  # some may have left by now
        if sort in RATES:
            for row in rows:
                if (rate := figures.get(row["session"])) is not None:
                    row[sort] = round(rate, 1)
        return Result([{"total": total, "sessions": rows}])

    def _figures_of(self, realm: Realm) -> Figures:
        if realm not in self._figures:
            self._figures[realm] = Figures(realm.clock)
        return self._figures[realm]


def _is_there(session: Session) -> bool:
    return True


def _figure(figures: Counts, session: Session) -> float:
    return figures.get(session.id, 0)


def _having(text: str) -> Callable[[Session], bool]:
    """Whether there is a text in what people know a session by."""
    text = text.lower()
    roles: dict[str, bool] = {}  # there are few
    may_be_id = text.isdecimal()

    def fits(session: Session) -> bool:
        role = session.authrole
        if (is_in_role := roles.get(role)) is None:
            is_in_role = roles[role] = text in role.lower()
        return (
            is_in_role
            or text in session.authid.lower()
            or text in session.transport.details.get("peer", "")
            or (may_be_id and text in str(session.id))
        )

    return fits


def _row(session: Session) -> dict[str, Any]:
    transport, account = session.transport, account_of(session)
    told = {name: transport.details[name] for name in TOLD_OF_TRANSPORT if name in transport.details}
    return {
        "session": session.id,
        "authid": session.authid,
        "authrole": session.authrole,
        "authmethod": session.authmethod,
        "authprovider": session.authprovider,
        "transport": told | {"serializer": transport.wire.codec.name},
        "since": written(account.since),
        "paused": session.state is State.PAUSED,
        **account.counts(session.realm.clock.seconds(), transport.traffic()),
        "subscriptions": len(session.subscriptions),
        "registrations": len(session.registrations),
        "calls": len(session.calls),
        "invocations": len(session.invocations),
    }


def _is(session: Session, role: str) -> bool:
    return getattr(session.roles, role) is not UNSET
