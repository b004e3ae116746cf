"""The operator's dashboard, as far as it is the router's: procedures and topics under `wamplex.`, and its page.

They are in the realm that config.yaml names (`dashboard`), and tell of all realms. A role uses them by a rule that
begins with `wamplex.`, and by no other: see `realms.roles.GUARDED`. Reflection hides them from all others.

Each answers with one value, its only positional argument; that of `wamplex.node.get` is written `{version, ...}` here.
What follows `*` is given by name. Times are RFC 3339, UTC; octets are counted, and seconds. Where a list has a `total`
beside it, it is a part: `offset` and `limit` (50, at most 500) say which, `text` filters. The head of each file has the
shapes in full.

`node`: the process, and what each realm does

    wamplex.node.get()       {version, pid, started, python, host, config, realms: [name]}
    wamplex.node.stats()     {time, uptime, cpu, memory, lag, connections, realms: [{realm, sessions, paused,
                              subscriptions, registrations, calls, queued, messages_received, octets_received,
                              messages_sent, octets_sent, events_dropped, octets_waiting, errors}]}
    wamplex.node.on_stats    EVENT with the same, each second

`sessions`, `subscriptions`, `registrations`: who and what is in a realm

    wamplex.session.list(realm, *, text, sort, descending, offset, limit)   {total, sessions: [{session, authid, ...}]}
    wamplex.session.get(realm, session)                                     the same of one, and more
    wamplex.session.kill(realm, session, *, reason, message)                nothing
    wamplex.subscription.tree(realm, *, path, offset, limit)                {path, total, children: [{component, ...}]}
    wamplex.subscription.list(realm, *, text, session, sort, descending, offset, limit)
                                                                            {total, subscriptions: [{id, uri, ...}]}
    wamplex.subscription.get(realm, id, *, offset, limit)                   {id, uri, match, ..., subscribers: [...]}
    wamplex.subscription.remove_subscriber(realm, id, session, *, reason)   nothing
    wamplex.registration.tree, .list, .get, .remove_callee                  the same of procedures and callees

`listeners`, `configuration`: where the router listens, and what it was told

    wamplex.listener.list()                                 [{address, protocols, tls, connections, ...}]
    wamplex.config.get(*, text, waiting, offset, limit)     {file, read, values: [{path, value, line, waiting}]}
    wamplex.config.describe(path)                           {path, about, expected, ...} or null

`roles`, `audit`, `log`: who may what, what was decided, what the router says of itself

    wamplex.role.list(realm, *, text, offset, limit)        {total, roles: [{name, line, rules: [...], ...}]}
    wamplex.role.explain(realm, role, uri, *, match)        {actions: {call: {allowed, reason, rule, terms}, ...}}
    wamplex.audit.list(*, text, event, outcome, realm, before, limit)
                                                            {total, entries: [{number, time, event, outcome, ...}]}
    wamplex.audit.on_entry                                  EVENT with one
    wamplex.log.list(*, level, origin, text, before, limit) {total, events: [{number, time, level, text, ...}]}
    wamplex.log.on_event                                    EVENT with one

`page` serves the page, which is in `web/dashboard`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from realms.authentication.off_loop import OffLoop
from realms.clock import Clock
from realms.eligibility import Audience
from realms.meta.procedure import Procedure
from realms.realm import Realm
from realms.session import Session
from router.config.dashboard import Dashboard as Section
from router.dashboard.audit import Audit
from router.dashboard.configuration import Configuration
from router.dashboard.listeners import Listeners
from router.dashboard.log import Log
from router.dashboard.node import NodeStats
from router.dashboard.registrations import Registrations
from router.dashboard.roles import Roles
from router.dashboard.sessions import Sessions
from router.dashboard.subscriptions import Subscriptions
from router.rulebook import Rulebook

if TYPE_CHECKING:
    from router.port import Port

TOPICS: Final[Mapping[str, str]] = {
    "wamplex.node.on_stats": "What the router has done so far, each second: [{time, uptime, ..., realms}].",
    "wamplex.audit.on_entry": "Somebody came in, was refused, or was denied something: [{number, time, event, ...}].",
    "wamplex.log.on_event": "The router wrote something to its log: [{number, time, level, text, ...}].",
}
"""Every topic that the dashboard publishes to, and the event's Arguments."""


class Part(Protocol):
    """A subject of the dashboard: one file of this package."""

    @property
    def procedures(self) -> Sequence[Procedure]:
        """What it offers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What there is to look at in a router."""

    rulebook: Rulebook
    """The realms, and the configuration whose rules count now."""

    ports: "Sequence[Port]"
    """The listeners; there are none before the router listens."""

    audit: Audit
    clock: Clock
    path: Path
    """Of the configuration file."""

    off_loop: OffLoop
    """For what would hold up everybody."""

    from_thread: Callable[..., object]
    """`from_thread(call, *args)` has something done on the event loop, from another thread."""


class Dashboard:
    """The dashboard of a router, in the realm whose principals use it."""

    def __init__(self, section: Section, realm: Realm) -> None:
        self.section = section
        self._realm = realm
        self._closing: list[Callable[[], None]] = []
        realm.topics = {**realm.topics, **TOPICS}

    def offer(self, *parts: Part) -> None:
        """Put the procedures of some subjects into the realm."""
        procedures = {one.uri: one for part in parts for one in part.procedures}
        self._realm.procedures = {**self._realm.procedures, **procedures}

    def at_end(self, *close: Callable[[], None]) -> None:
        """Have something called when the router stops."""
        self._closing.extend(close)

    def close(self) -> None:
        """The router stops."""
        for close in self._closing:
            close()

    def announce(self, topic: str, args: list[Any]) -> None:
        """Publish to those whose role may subscribe to this very topic. Not to all who get it by a pattern: a rule for
        `""` lets a role subscribe to `""`, and is no reason to tell it what the router does.
        """
        eligible = frozenset(session.id for session in self._listeners(topic))
        if eligible:
            self._realm.broker.announce(topic, args, audience=Audience(eligible=eligible))

    def anyone_listens(self, topic: str) -> bool:
        """Whether `announce` would reach anybody."""
        return any(True for _ in self._listeners(topic))

    def _listeners(self, topic: str) -> Iterator[Session]:
        # By role, as no authorizer has a say here: there are few roles, and there may be many who listen to everything.
        roles = [
            name
            for name, role in self._realm.roles.items()
            if role.would_grant("subscribe", "exact", topic) is not None
        ]
        for subscription in self._realm.broker.subscriptions_for(topic) if roles else ():
            for session in subscription.subscribers:
                if session.authrole in roles:
                    yield session


def dashboard_of(section: Section, view: View) -> Dashboard:
    """Make the dashboard that the configuration asks for."""
    realms = view.rulebook.realms
    dashboard = Dashboard(section, realms.by_name[section.realm])
    # One line for each subject, in the order of the files' names.
    dashboard.offer(view.audit)
    dashboard.offer(Configuration(view.rulebook, view.off_loop))
    dashboard.offer(Listeners(view.ports))
    log = Log(view.clock, view.rulebook.config.logging.level, view.from_thread)
    dashboard.offer(log)
    node = NodeStats(dashboard, realms, view.ports, view.path, view.clock)
    dashboard.offer(node)
    dashboard.offer(Registrations(realms))
    dashboard.offer(Roles(view.rulebook))
    dashboard.offer(Sessions(realms))
    dashboard.offer(Subscriptions(realms))
    view.audit.start(dashboard.announce)
    log.start(dashboard.announce)
    node.start()
    dashboard.at_end(view.audit.close, log.close, node.stop)
    return dashboard
