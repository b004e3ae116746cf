"""What a role may do, and which rule says so.

    wamplex.role.list(realm, *, text="", offset=0, limit=50) -> {total, roles: [
        {name, line, trusted, authorizer: its URI or function | null, sessions, rules: [RULE, ...]}, ...]}
    wamplex.role.explain(realm, role, uri, *, match="exact") -> {realm, role, uri, match, file, actions: {
        "call": {allowed, because, reason, rule: RULE | null, parts: [RULE, ...], terms: {disclose, validate} | null},
        "register": ..., "publish": ..., "subscribe": ...}}

RULE is {uri, match, allow: [action, ...], line}; in a list it has its terms, too: {disclose, retain, history,
validate}. `line` is where it stands in the configuration `file`, null if that is not known. `because` is as in
`realms.roles`, or

    invalid     such a URI or pattern is not taken from anybody in this realm
    reserved    what begins with `wamp.` or `wamplex.` is the router's to publish to and to register

and `reason` says it in words. `terms` are those that make a difference to the action; null if it is not allowed. With a
pattern every action is judged for all URIs under it, though only subscriptions and registrations can have one.

It is the rules that answer here, those that decide about requests at this moment: nobody is asked, and what an
authorizer has decided for somebody does not count.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final, get_args

from realms.grants import TERMS, Grant
from realms.meta.procedure import Procedure, Result
from realms.realm import Realm
from realms.roles import Action, Role, Rule, Verdict
from realms.session import Session
from router.config import realms as config
from router.dashboard.paging import MAX_QUOTED, Limit, Offset, Text, Uri, realm_named
from router.rulebook import Rulebook
from wamp.errors import NO_SUCH_ROLE, WampError
from wamp.options import MatchPolicy
from wamp.uris import is_pattern

ACTIONS: Final[tuple[Action, ...]] = get_args(Action)

MAX_PARTS: Final = 20
"""Rules that are named beside the one that decides; whoever mends one asks again."""

NAMES: Final = {"disclosure": "disclose"}
"""Terms that config.yaml calls otherwise."""

NOTHING: Final[Mapping[str, Any]] = {"allowed": False, "rule": None, "parts": [], "terms": None}
INVALID: Final = "This is no valid URI or pattern in this realm; nobody can use it."
RESERVED: Final = "What begins with `wamp.` or `wamplex.` is the router's; nobody else publishes or registers it."


class Roles:
    """The subject."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._rulebook = rulebook
        self.procedures = (
            Procedure("wamplex.role.list", self.list),
            Procedure("wamplex.role.explain", self.explain),
        )

    def list(
        self, here: Realm, caller: Session, realm: str, *, text: Text = "", offset: Offset = 0, limit: Limit = 50
    ) -> Result:
        """The roles of a realm with their rules, as in the configuration."""
        there = realm_named(self._rulebook.realms, realm)
        roles = [role for name, role in there.roles.items() if text.casefold() in name.casefold()]
        counts = _sessions_by_role(there)
        part = [self._told(there, role, counts.get(role.name, 0)) for role in roles[offset : offset + limit]]
        return Result([{"total": len(roles), "roles": part}])

    def explain(
        self, here: Realm, caller: Session, realm: str, role: str, uri: Uri, *, match: MatchPolicy = "exact"
    ) -> Result:
        """What a role may do with a URI or pattern, on what terms, and which rule says so."""
        there = realm_named(self._rulebook.realms, realm)
        known = there.roles.get(role)
        if known is None:
            raise WampError(NO_SUCH_ROLE, f"there is no role '{role[:MAX_QUOTED]}' in realm '{realm}'")
        actions = {action: self._explained(there, known, action, match, uri) for action in ACTIONS}
        about = {"realm": realm, "role": role, "uri": uri, "match": match, "file": self._rulebook.reading.path.name}
        return Result([{**about, "actions": actions}])

    def _explained(self, realm: Realm, role: Role, action: Action, match: MatchPolicy, uri: str) -> dict[str, Any]:
        if not realm.accepts(action, match, uri):
            invalid = not is_pattern(uri, match, realm.strict_uris)
            return {
                **NOTHING,
                "because": "invalid" if invalid else "reserved",
                "reason": INVALID if invalid else RESERVED,
            }
        verdict = role.judge(action, match, uri)
        lines, grant = self._lines(realm, role), verdict.grant
        return {
            "allowed": grant is not None,
            "because": verdict.because,
            "reason": _reason(verdict, match, uri),
            "rule": None if verdict.rule is None else _rule(verdict.rule, lines),
            "parts": [_rule(part, lines) for part in verdict.parts[:MAX_PARTS]],
            "terms": None if grant is None else _terms(_as_it_is(grant, realm), TERMS[action]),
        }

    def _told(self, realm: Realm, role: Role, sessions: int) -> dict[str, Any]:
        lines, section = self._lines(realm, role), self._section(realm, role)
        rules = sorted(role.rules, key=lambda rule: lines.get((rule.match, rule.uri)) or 0)
        authorizer = None if section is None else section.authorizer
        return {
            "name": role.name,
            "line": None if section is None else self._rulebook.reading.lines.of(section),
            "trusted": role.trusted,
            "authorizer": None if authorizer is None else authorizer.procedure or authorizer.function,
            "sessions": sessions,
            "rules": [_rule(rule, lines) | _terms(rule.grant, Grant._fields) for rule in rules],
        }

    def _lines(self, realm: Realm, role: Role) -> dict[tuple[str, str], int | None]:
        """In which line each rule of a role stands; of a pattern there is one."""
        section, lines = self._section(realm, role), self._rulebook.reading.lines
        rules = () if section is None else section.permissions
        return {(rule.match, rule.uri): lines.of(rule) for rule in rules}

    def _section(self, realm: Realm, role: Role) -> config.Role | None:
        """Where the configuration says what this role may do; nowhere, if the realm is no longer in it."""
        template, name = self._rulebook.config.realm_template, realm.name
        if template is not None and self._rulebook.realms.is_made(realm):
            name = template.like
        roles = (one for section in self._rulebook.config.realms if section.name == name for one in section.roles)
        return next((one for one in roles if one.name == role.name), None)


def _rule(rule: Rule, lines: Mapping[tuple[str, str], int | None]) -> dict[str, Any]:
    """See `RULE` above; the actions in their usual order."""
    allow = [action for action in ACTIONS if action in rule.allow]
    return {"uri": rule.uri, "match": rule.match, "allow": allow, "line": lines.get((rule.match, rule.uri))}


def _terms(grant: Grant, names: Iterable[str]) -> dict[str, Any]:
    return {NAMES.get(name, name): getattr(grant, name) for name in names}


def _as_it_is(grant: Grant, realm: Realm) -> Grant:
    """A grant lets payloads be checked, but it takes a realm that checks any."""
    return grant._replace(validate=grant.validate and realm.schemas.validate)


def _reason(verdict: Verdict, match: MatchPolicy, uri: str) -> str:
    """The verdict in words; its rules are shown beside it."""
    covers = match != "exact"
    match verdict.because:
        case "rule" if verdict.grant is None:
            return "The most specific rule for this does not allow it."
        case "rule" if verdict.parts:
            return "The rule covers the whole pattern, and the rules for parts of it agree; the strictest terms count."
        case "rule":
            return "The rule covers the whole pattern." if covers else "The most specific rule for this allows it."
        case "part" if verdict.rule is not None:
            return "A rule covers the whole pattern, but a more specific one does not allow it for a part."
        case "part":
            return "No rule covers the whole pattern, and there is one that does not allow it for a part."
        case "guarded":
            begin = f"`{uri.partition('.')[0]}.`"
            if verdict.rule is None:
                return f"It takes a rule that is written for it, whose `uri` begins with {begin}; there is none."
            return f"It takes a rule that is written for it, whose `uri` begins with {begin}; this one is not."
        case "authorizer":
            return "No rule decides this, so the authorizer is asked, for each authid."
        case _ if verdict.parts:
            return "No rule covers the whole pattern, only parts of it are allowed; what no rule allows is denied."
        case _:
            what = "covers the whole pattern" if covers else "matches"
            return f"No rule {what}, and what no rule allows is denied."


def _sessions_by_role(realm: Realm) -> Mapping[str, int]:
    return Counter(session.authrole for session in realm.sessions.values())
