"""Dynamic authorization: somebody is asked about what no rule of a role decides.

    asked     [{session, authid, authrole, authmethod, authprovider, transport, realm}, uri, action, options]
    answers   true, false, or {"allow": true, "disclose": null, "cache": true, "validate": true}

`action` is "call", "register", "publish" or "subscribe"; `options` are the request's, always with `match` where the URI
may be a pattern. `disclose` says who learns who called or published: true for everybody, false for nobody, null for
what the realm says; or `{"caller": ..., "publisher": ...}`, which tells the two apart. Which payloads are validated is
for the realm's schemas: of `validate`, false spares the check, and what others have there does not. With `cache` false
the answer counts for this one request. Else it is remembered for all sessions of one authid in one role, whatever their
options were: whoever looks at these answers with `cache` false.

A request that waits for a decision holds its session: see `State.HELD`. Here it is `Undecided` that says so; then
the request is done again, from the start, with what was decided about it. No decision within the deadline, an error, or
an answer that makes no sense is `wamp.error.authorization_failed`, and nothing is remembered of that.

The router's own `realms.roles.GUARDED` procedures are never asked about: only a rule allows those.

Section "Authorization" of the advanced profile, which leaves the interface open; this is Crossbar's.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple
from weakref import WeakValueDictionary

import msgspec
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from realms.audit import entry_about
from realms.clock import Clock, Timer
from realms.grants import GRANTED, Disclosure, Grant, combined
from realms.inquiries import CallFailed, Inquiries, Unanswered
from realms.limits import NO_LIMITS, RoleLimits
from realms.meta.sessions import details_of
from realms.roles import Action, Role, Rule, Verdict
from wamp.errors import AUTHORIZATION_FAILED, WampError
from wamp.options import MatchPolicy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from realms.session import Session

MAX_DECIDED: Final = 10_000
"""Decisions remembered for one authid; one that asks for ever new URIs makes it start over, not grow."""

REASON: Final = "the authorizer failed"

log = Logger(namespace="authorization")


class Question(NamedTuple):
    """May somebody do this there?"""

    action: Action
    match: MatchPolicy
    uri: str


class Undecided(Exception):  # noqa: N818 - it reads as what it says
    """No rule decides, and nothing is remembered: the authorizer is to be asked."""

    def __init__(self, role: "PrincipalRole", question: Question) -> None:
        super().__init__(question)
        self.role = role
        self.question = question


class Disclosures(msgspec.Struct, forbid_unknown_fields=True):
    """As the catalog `wamp-auth.fbs` has them."""

    caller: bool | None = None
    publisher: bool | None = None


class Decision(msgspec.Struct, forbid_unknown_fields=True):
    """What an authorizer answers that has more to say than yes or no."""

    allow: bool
    disclose: bool | Literal["allow", "refuse", "always"] | Disclosures | None = None
    cache: bool = True
    validate: bool | dict[str, Any] | None = True

    def grant(self, disclosure: Disclosure, action: Action) -> Grant | None:
        """What is allowed, and on what terms; `disclosure` is what the realm says. None if nothing is."""
        if not self.allow:
            return None
        disclose = self.disclose
        if isinstance(disclose, Disclosures):
            disclose = disclose.caller if action in ("call", "register") else disclose.publisher
        if isinstance(disclose, bool):
            disclosure = "always" if disclose else "refuse"
        elif disclose is not None:
            disclosure = disclose
        return Grant(disclosure, validate=self.validate is not False)


Ruling = Grant | WampError | None
"""A decision: on what terms something is allowed, or None if it is not; or the error if there is none."""


class AskingRole(Role):
    """A role of a realm that asks an authorizer."""

    otherwise = "authorizer"

    def __init__(
        self,
        name: str,
        rules: "Iterable[Rule]",
        authorizer: Inquiries,
        clock: Clock,
        *,
        remember_for: float = 60.0,
        trusted: bool = False,
        disclosure: Disclosure = "allow",
        limits: RoleLimits = NO_LIMITS,
    ) -> None:
        """`remember_for` is in seconds; 0 remembers no decision."""
        super().__init__(name, rules, trusted=trusted, disclosure=disclosure, limits=limits)
        self.authorizer = authorizer
        self.clock = clock
        self.remember_for = remember_for
        self.disclosure = disclosure
        self._principals: WeakValueDictionary[str, PrincipalRole] = WeakValueDictionary()
        """Alive as long as a session, or a decision that is remembered."""

    def of(self, authid: str) -> "PrincipalRole":
        """See `Role.of`."""
        principal = self._principals.get(authid)
        if principal is None:
            principal = self._principals[authid] = PrincipalRole(self)
        return principal

    def forget(self, authid: str | None = None) -> int:
        """Forget what was decided, for one authid or for all; returns how many decisions that were."""
        concerned = [self._principals.get(authid)] if authid is not None else list(self._principals.values())
        return sum(principal.forget() for principal in concerned if principal is not None)


class PrincipalRole(Role):
    """The role as one authid has it: with what was decided for it.

    What is allowed on plain URIs is in `granted` as with every role, so the hot path is the same one lookup. For what
    was decided there is a timer that takes it out again.
    """

    def __init__(self, base: AskingRole) -> None:
        super().__init__(base.name, (), trusted=base.trusted, limits=base.limits)
        self.overruns = base.overruns
        self.overruns = base.overruns
        self._base = base
        self._decided: dict[Question, Grant | None] = {}
        self._due: list[tuple[float, Question]] = []  # in order of time, as all are remembered equally long
        self._timer: Timer | None = None
        self._forgotten = 0  # how often: what was asked before that is not remembered

    # --- what a role answers ---

    def grant(self, action: Action, uri: str) -> Grant | None:
        """See `Role.grant`; raises Undecided."""
        grant = self._granted(Question(action, "exact", uri))
        if grant is not None:
            self.remember(action, uri, grant)
        return grant

    def grant_pattern(self, action: Action, match: MatchPolicy, uri: str) -> Grant | None:
        """See `Role.grant_pattern`; raises Undecided."""
        return self.grant(action, uri) if match == "exact" else self._granted(Question(action, match, uri))

    def judge(self, action: Action, match: MatchPolicy, uri: str) -> Verdict:
        """See `Role.judge`: what the rules say, whatever was decided."""
        return self._base.judge(action, match, uri)

    def left_open(self, action: Action, match: MatchPolicy, uri: str) -> list[Grant] | None:
        """See `Role.left_open`."""
        return self._base.left_open(action, match, uri)

    def would_grant(self, action: Action, match: MatchPolicy, uri: str) -> Grant | None:
        """See `Role.would_grant`: nobody is asked, so what is not decided yet is no."""
        return self._base.would_grant(action, match, uri) or self._decided.get(Question(action, match, uri))

    def _granted(self, question: Question) -> Grant | None:
        verdict = self.judge(*question)
        if verdict.grant is not None or question in self._decided:
            return verdict.grant or self._decided[question]
        if verdict.because != self._base.otherwise:
            return None
        raise Undecided(self, question)

    # --- asking ---

    def ask(self, session: "Session", question: Question, options: Mapping[str, Any]) -> Ruling | Deferred[Ruling]:
        """Have the authorizer decide. Raises nothing."""
        asked_before = self._forgotten
        details = {**details_of(session), "realm": session.realm.name}
        try:
            answer = self._base.authorizer.ask(details, question.uri, question.action, options)
        except Exception:
            return self._failed(Failure(), session, question)
        if not isinstance(answer, Deferred):
            return self._ruled(answer, session, question, asked_before)
        return answer.addCallbacks(
            self._ruled, self._failed, callbackArgs=(session, question, asked_before), errbackArgs=(session, question)
        )

    def _ruled(self, answer: Any, session: "Session", question: Question, asked_before: int) -> Ruling:
        try:
            decision = Decision(answer) if isinstance(answer, bool) else msgspec.convert(answer, Decision)
        except msgspec.ValidationError as mistake:
            log.error(
                "asked about {what}, the authorizer answered {answer!r}: {mistake}",
                what=" ".join(question),
                answer=answer,
                mistake=mistake,
            )
            return _undecided(session, question)
        grant = decision.grant(self._base.disclosure, question.action)
        if grant is not None:
            grant = combined([grant, *(self.left_open(*question) or ())])
            grant = GRANTED if grant == GRANTED else grant
        if decision.cache and self._base.remember_for and asked_before == self._forgotten:
            self._keep(question, grant)
        return grant

    def _failed(self, failure: Failure, session: "Session", question: Question) -> WampError:
        """Log why there is no decision, and tell nobody."""
        if failure.check(CancelledError):
            return WampError(AUTHORIZATION_FAILED, REASON)  # nobody waits for it any more
        what = " ".join(question)
        if failure.check(CallFailed):
            log.error("the authorizer failed at {what}: {why}", what=what, why=failure.value)
        elif not failure.check(Unanswered):  # that is logged
            log.failure("the authorizer failed at {what}", failure=failure, what=what)
        return _undecided(session, question)

    @contextmanager
    def lent(self, decided: Mapping[Question, Grant | None]) -> Iterator[None]:
        """Meanwhile, count as decided what was decided for one request only."""
        lent = {question: grant for question, grant in decided.items() if question not in self._decided}
        self._decided |= lent
        try:
            yield
        finally:
            for question in lent:
                self._drop(question)

    # --- remembering ---

    def forget(self) -> int:
        """Forget all that was decided; returns how many decisions that were."""
        forgotten = len(self._decided)
        for question in list(self._decided):
            self._drop(question)
        self._due.clear()
        self._forgotten += 1
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        return forgotten

    def _keep(self, question: Question, grant: Grant | None) -> None:
        if len(self._decided) >= MAX_DECIDED:
            self.forget()
        self._decided[question] = grant
        self._due.append((self._base.clock.seconds() + self._base.remember_for, question))
        if self._timer is None:
            self._timer = self._base.clock.callLater(self._base.remember_for, self._expire)

    def _expire(self) -> None:
        self._timer = None
        now = self._base.clock.seconds()
        over = bisect_right(self._due, now, key=lambda due: due[0])
        for _, question in self._due[:over]:
            self._drop(question)
        del self._due[:over]
        if self._due:
            self._timer = self._base.clock.callLater(self._due[0][0] - now, self._expire)

    def _drop(self, question: Question) -> None:
        self._decided.pop(question, None)
        self.granted.pop((question.action, question.uri), None)


def _undecided(session: "Session", question: Question) -> WampError:
    entry = entry_about(session, "denial", "failure", action=question.action, object=question.uri, reason=REASON)
    session.realm.record(entry)
    return WampError(AUTHORIZATION_FAILED, REASON)
