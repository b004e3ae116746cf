"""Roles: what a session may do, by URI pattern and action. What no rule allows is denied.

The most specific rule decides: exact before prefix, a longer prefix before a shorter one, a prefix before a wildcard.
Section "Authorization" of the advanced profile.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

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
    }
)
"""Procedures that harm other sessions. A rule for `""`, or any other that was not written with the router's own
procedures in mind, does not allow them: only one whose pattern begins with `wamp.` does."""

MAX_GRANTED = 10_000
"""Grants that a role remembers; a peer that asks for ever new URIs makes it start over, not grow."""


class Rule(NamedTuple):
    """What is allowed on the URIs of one pattern."""

    match: MatchPolicy
    uri: str
    allow: frozenset[Action]


class Role:
    """A named set of rules."""

    def __init__(self, name: str, rules: Iterable[Rule], *, trusted: bool = False) -> None:
        self.name = name
        self.trusted = trusted
        """Whether its sessions are believed when they say on whose behalf they act: they are routers."""
        self.granted: set[tuple[Action, str]] = set()
        """What was asked before and is allowed: it spares the hot path everything but one lookup.

        That a URI is in here says as well that it is a valid one by its realm's rules, so a role belongs to one realm.
        """
        self._rules: PatternIndex[Rule] = PatternIndex()
        for rule in rules:
            self._rules.add(rule.match, rule.uri, rule)

    def allows(self, action: Action, uri: str) -> bool:
        """Whether the action is allowed on a URI."""
        if not self.would_allow(action, "exact", uri):
            return False
        if len(self.granted) >= MAX_GRANTED:
            self.granted.clear()
        self.granted.add((action, uri))
        return True

    def allows_pattern(self, action: Action, match: MatchPolicy, uri: str) -> bool:
        """Whether the action is allowed on a pattern: only if it is on every URI that the pattern could match.

        So there must be a rule that covers the whole pattern, and no rule that could decide otherwise for a part of
        it. A rule that covers the pattern shadows every less specific one.
        """
        return self.allows(action, uri) if match == "exact" else self.would_allow(action, match, uri)

    def would_allow(self, action: Action, match: MatchPolicy, uri: str) -> bool:
        """The same, for questions that no request asked: nothing is remembered as granted."""
        if match == "exact":
            rule = self._rules.best(uri)
            if rule is None or action not in rule.allow:
                return False
            return uri not in GUARDED or is_reserved(rule.uri)
        covering = [rule for rule in self._rules if covers(rule, match, uri)]
        if not covering:
            return False
        best = max(covering, key=_specificity)
        if action not in best.allow:
            return False
        return all(
            action in rule.allow
            for rule in self._rules
            if _specificity(rule) > _specificity(best)
            and overlaps(rule, match, uri)
            and not (action == "register" and _is_router_only(rule))  # a registration never gets those calls
        )


def _is_router_only(rule: Rule) -> bool:
    """Whether the rule is about the router's own URIs and no others."""
    return is_reserved(rule.uri) and (rule.match, rule.uri) != ("prefix", "wamp")  # that is about `wampx`, too


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
