"""Roles: what a session may do, by URI pattern and action. What no rule allows is denied.

The most specific rule decides: exact before prefix, a longer prefix before a shorter one, a prefix before a wildcard.
Section "Authorization" of the advanced profile.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from realms.grants import GRANTED, Disclosure, Grant, combined
from realms.limits import NO_LIMITS, Overruns, RoleLimits
from realms.patterns import PatternIndex
from wamp.options import MatchPolicy
from wamp.uris import is_reserved

Action = Literal["call", "register", "publish", "subscribe"]

GUARDED = frozenset(
    {
        "wamp.session.kill",
        "wamp.session.kill_by_authid",
        "wamp.session.kill_by_authrole",
        "wamp.session.kill_all",
        "wamp.registration.remove_callee",
        "wamp.subscription.remove_subscriber",
        "wamp.subscription.get_events",
    }
)
"""Procedures that harm other sessions, or tell what was said before. A rule for `""`, or any other that was not written
with the router's own procedures in mind, does not allow them: only one whose pattern begins with `wamp.` does. Nor does
an authorizer, which may well say yes to all that it does not know.

In the same way everything under `wamplex.` is guarded, procedures, topics and patterns alike: it is for operators, and
takes a rule whose pattern begins with `wamplex.`. But for the two below."""

UNGUARDED = "wamplex.session.extend"
"""A session does no more than to stay, by a proof of its own."""

GET_HISTORY, GET_EVENTS = "wamplex.subscription.get_history", "wamp.subscription.get_events"
"""Who may call the second may call the first, which says what the second has; unless a rule for `wamplex.` decides."""

MAX_GRANTED = 10_000
"""Grants that a role remembers; a peer that asks for ever new URIs makes it start over, not grow."""


class Rule(NamedTuple):
    """What is allowed on the URIs of one pattern."""

    match: MatchPolicy
    uri: str
    allow: frozenset[Action]
    grant: Grant = Grant(disclosure=None)
    """On what terms."""


Because = Literal["rule", "part", "guarded", "none", "authorizer"]
"""Why something is allowed, or not:

- `rule`: `Verdict.rule` says so; it allows what it names, and nothing else.
- `part`: `rule`, or an authorizer, could allow the pattern, but `parts` deny parts of it.
- `guarded`: only a rule that was written for such URIs could allow it, see `GUARDED`, and `rule` was not.
- `none`: no rule covers it; `parts` allow parts of it, if it is a pattern.
- `authorizer`: the same, and somebody is to be asked.
"""


class Verdict(NamedTuple):
    """What a role's rules say about an action on a URI or pattern, and why."""

    grant: Grant | None
    """On what terms it is allowed; None if it is not."""

    because: Because
    rule: Rule | None = None
    """The rule that decides: of those that match the URI, or cover the pattern, the most specific one."""

    parts: tuple[Rule, ...] = ()
    """More specific rules that have a say about parts of a pattern."""


class Role:
    """A named set of rules."""

    otherwise: Because = "none"
    """Why what no rule decides is not allowed."""

    def __init__(
        self,
        name: str,
        rules: Iterable[Rule],
        *,
        trusted: bool = False,
        disclosure: Disclosure = "allow",
        limits: RoleLimits = NO_LIMITS,
    ) -> None:
        """`disclosure` says who learns who called or published, where no rule does: the realm's policy."""
        self.name = name
        self.limits = limits
        self.overruns = Overruns()
        self.trusted = trusted
        """Whether its sessions are believed when they say on whose behalf they act: they are routers."""
        self.granted: dict[tuple[Action, str], Grant] = {}
        """What was asked before and is allowed: it spares the hot path everything but one lookup.

        That a URI is in here says as well that it is a valid one by its realm's rules, so a role belongs to one realm.
        """
        self._disclosure = disclosure
        self._rules: PatternIndex[Rule] = PatternIndex()
        for rule in rules:
            self._rules.add(rule.match, rule.uri, rule)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All of them."""
        return tuple(self._rules)

    def grant(self, action: Action, uri: str) -> Grant | None:
        """Whether, and on what terms, the action is allowed on a URI; that it is will be remembered."""
        grant = self.would_grant(action, "exact", uri)
        if grant is not None:
            self.remember(action, uri, grant)
        return grant

    def remember(self, action: Action, uri: str, grant: Grant) -> None:
        """Take a grant into `granted`."""
        if len(self.granted) >= MAX_GRANTED:
            self.granted.clear()
        self.granted[action, uri] = grant

    def grant_pattern(self, action: Action, match: MatchPolicy, uri: str) -> Grant | None:
        """Whether, and on what terms, the action is allowed on a pattern: on every URI that it could match.

        So there must be a rule that covers the whole pattern, and no rule that could decide otherwise for a part of
        it. A rule that covers the pattern shadows every less specific one.
        """
        return self.grant(action, uri) if match == "exact" else self.would_grant(action, match, uri)

    def would_grant(self, action: Action, match: MatchPolicy, uri: str) -> Grant | None:
        """The same, for questions that no request asked: nothing is remembered as granted."""
        return self.judge(action, match, uri).grant

    def judge(self, action: Action, match: MatchPolicy, uri: str) -> Verdict:
        """The same, with the reason."""
        rule = self._rules.best(uri) if match == "exact" else self._covering(match, uri)
        if is_guarded(uri, match) and (rule is None or not _is_meant(rule, uri)):
            if (match, uri) == ("exact", GET_HISTORY):
                return self.judge(action, match, GET_EVENTS)
            return Verdict(None, "guarded", rule)
        if rule is not None and action not in rule.allow:
            return Verdict(None, "rule", rule)
        parts: tuple[Rule, ...] = ()
        if match != "exact":
            parts = self._parts(rule, action, match, uri)
            denying = tuple(part for part in parts if action not in part.allow)
            if denying:
                return Verdict(None, "part", rule, denying)
        if rule is None:
            return Verdict(None, self.otherwise, None, parts)
        grant = self._resolved(rule.grant)
        if parts:
            grant = combined([grant, *(self._resolved(part.grant) for part in parts)])
        return Verdict(grant, "rule", rule, parts)

    def of(self, authid: str) -> "Role":
        """The role as sessions of one authid have it; there is a difference if an authorizer is asked."""
        return self

    def left_open(self, action: Action, match: MatchPolicy, uri: str) -> list[Grant] | None:
        """What `would_grant` did not allow: None if a rule has decided so, for a part of a pattern at least.

        Otherwise no rule says anything; or some rules allow parts of a pattern, and these are their terms.
        """
        verdict = self.judge(action, match, uri)
        if verdict.because != self.otherwise:
            return None
        return [self._resolved(rule.grant) for rule in verdict.parts]

    def _covering(self, match: MatchPolicy, uri: str) -> Rule | None:
        """The most specific rule that matches every URI of a pattern."""
        return max((rule for rule in self._rules if covers(rule, match, uri)), key=_specificity, default=None)

    def _parts(self, best: Rule | None, action: Action, match: MatchPolicy, uri: str) -> tuple[Rule, ...]:
        """The rules that have a say about a part of a pattern, beside the best one of those that cover it."""
        return tuple(
            rule
            for rule in self._rules
            if (best is None or _specificity(rule) > _specificity(best)) and _concerns(rule, action, match, uri)
        )

    def _resolved(self, grant: Grant) -> Grant:
        """A rule's grant with the realm's policy; the plain one is always the same object."""
        if grant.disclosure is None:
            grant = grant._replace(disclosure=self._disclosure)
        return GRANTED if grant == GRANTED else grant


def is_guarded(uri: str, match: MatchPolicy = "exact") -> bool:
    """Whether a URI, or all that a pattern covers, takes a rule that was written for it; see `GUARDED`."""
    if match != "exact":
        return uri.startswith("wamplex.")
    return uri in GUARDED or (uri.startswith("wamplex.") and uri != UNGUARDED)


def _is_meant(rule: Rule, uri: str) -> bool:
    """Whether the rule was written with the router's own URIs in mind, those that begin as `uri` does."""
    return rule.uri.partition(".")[0] == uri.partition(".")[0]


def _concerns(rule: Rule, action: Action, match: MatchPolicy, uri: str) -> bool:
    """Whether the rule has a say about a part of the pattern."""
    # a registration never gets the calls of the router's own procedures
    return overlaps(rule, match, uri) and not (action == "register" and _is_router_only(rule))


def _is_router_only(rule: Rule) -> bool:
    """Whether the rule is about the router's own URIs and no others."""
    return is_reserved(rule.uri) and (rule.match != "prefix" or "." in rule.uri)  # prefix `wamp` is about `wampx`, too


def _specificity(rule: Rule) -> tuple[int, int, list[bool]]:
    """Sorts rules as `PatternIndex.best` prefers them."""
    if rule.match == "exact":
        return 2, 0, []
    if rule.match == "prefix":
        return 1, len(rule.uri), []
    return 0, 0, [component != "" for component in rule.uri.split(".")]


def covers(rule: Rule, match: MatchPolicy, uri: str) -> bool:
    """Whether the rule matches every URI that the pattern matches."""
    if rule.match == "prefix":
        # a wildcard pattern has fixed text only up to its first empty component
        return _fixed_start(match, uri).startswith(rule.uri)
    if rule.match == "wildcard" and match == "wildcard":
        ruled, asked = rule.uri.split("."), uri.split(".")
        return len(ruled) == len(asked) and all(r in ("", a) for r, a in zip(ruled, asked, strict=True))
    return rule.match == match == "exact" and rule.uri == uri


def overlaps(rule: Rule, match: MatchPolicy, uri: str) -> bool:
    """Whether some URI is matched by both; in doubt yes, so that in doubt a pattern is denied."""
    if rule.match == "wildcard" and match == "wildcard":
        ruled, asked = rule.uri.split("."), uri.split(".")
        return len(ruled) == len(asked) and all(r == a or "" in (r, a) for r, a in zip(ruled, asked, strict=True))
    if rule.match == "exact" and match == "wildcard":
        ruled, asked = rule.uri.split("."), uri.split(".")
        return len(ruled) == len(asked) and all(a in ("", r) for r, a in zip(ruled, asked, strict=True))
    ours, theirs = _fixed_start(rule.match, rule.uri), _fixed_start(match, uri)
    if rule.match == "exact":
        return ours.startswith(theirs)
    return ours.startswith(theirs) or theirs.startswith(ours)


def _fixed_start(match: MatchPolicy, uri: str) -> str:
    """The text with which every URI of the pattern begins."""
    if match != "wildcard":
        return uri
    components = uri.split(".")
    if "" not in components:
        return uri
    fixed = components[: components.index("")]
    return ".".join(fixed) + "." if fixed else ""
