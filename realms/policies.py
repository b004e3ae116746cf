"""What the configuration of a realm decides about calls, publications and sessions, beyond who may do them.

Sections "Call Trust Levels", "Publication Trust Levels" and "Call
Timeouts" of the advanced profile leave these decisions to the router.
"""

from collections.abc import Iterable
from typing import NamedTuple

from msgspec import UNSET, UnsetType

from realms.patterns import PatternIndex
from wamp.options import MatchPolicy


class TrustRule(NamedTuple):
    """How far to trust the calls and publications of a role on the URIs of one pattern; 0 is the least."""

    trustlevel: int
    match: MatchPolicy = "prefix"
    uri: str = ""
    role: str | None = None
    """The authrole of the caller or publisher; None for every one that has no rule of its own."""


class TrustLevels:
    """The trust levels of a realm. Empty, and false, where the configuration names none."""

    def __init__(self, rules: Iterable[TrustRule] = ()) -> None:
        self._by_role: dict[str | None, PatternIndex[TrustRule]] = {}
        for rule in rules:
            self._by_role.setdefault(rule.role, PatternIndex()).add(rule.match, rule.uri, rule)

    def __bool__(self) -> bool:
        """Whether there is any rule."""
        return bool(self._by_role)

    def of(self, authrole: str, uri: str) -> int | UnsetType:
        """The trust level of a call or publication: the best match among the role's own rules, else among the rest."""
        for role in (authrole, None):
            index = self._by_role.get(role)
            rule = None if index is None else index.best(uri)
            if rule is not None:
                return rule.trustlevel
        return UNSET


class CallLimits(NamedTuple):
    """What calls may cost and how long they may take. Times are milliseconds, as in CALL.Options."""

    pending: int = 16_384
    """Calls that one session may wait for; more are refused."""

    registrations: int = 10_000
    """Registrations that one session may have; more are refused."""

    queued: int = 1_000
    """Calls that may wait for a registration whose callees are all at their concurrency limit."""

    default_timeout: int = 0
    """For calls that name none; 0 for none."""

    max_timeout: int = 0
    """No call takes longer than that, whatever it asks for; 0 for no such limit."""

    forward_timeout: bool = True
    """Whether callees that ask for it (REGISTER.Options.forward_timeout) keep the time themselves."""


class EventLimits(NamedTuple):
    """What subscriptions and publications may cost."""

    subscriptions: int = 10_000
    """Subscriptions that one session may have; more are refused."""

    retained: int = 1_000
    """Topics of which a retained event is kept; the one that was not published to for the longest time makes room."""


class PauseLimits(NamedTuple):
    """What sessions may cost that wait for their peers to come back."""

    keep_for: float = 30.0
    """Seconds from the loss of the transport; enough for a phone to change networks."""

    paused: int = 1000
    """Sessions that may be paused at a time; beyond, a session just ends when its transport is lost."""

    buffer: int = 256 * 1024
    """Octets that are kept for one of them; what exceeds that ends it."""


class Policies(NamedTuple):
    """The policies of a realm. The defaults are those of a router without configuration."""

    trust: TrustLevels = TrustLevels()
    calls: CallLimits = CallLimits()
    events: EventLimits = EventLimits()
    session_stats: float = 0
    """Seconds between two publications of `wamp.session.on_stats`; 0 for none."""

    pauses: PauseLimits | None = PauseLimits()
    """None if sessions end as soon as their transports are lost, whatever their clients ask for."""

    keeps_accounts: bool = False
    """Whether it is counted what each session costs, though nothing may be published of it."""

    @property
    def are_plain_for_calls(self) -> bool:
        """Whether a plain call is as plain as it looks."""
        timed = self.calls.default_timeout or self.calls.max_timeout
        return not self.trust and not timed


NO_POLICIES = Policies()
