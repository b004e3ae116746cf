"""Questions that the router asks somebody else: a procedure of a realm, or a function of the operator's.

However slow, silent or absent whoever is asked may be: there is a deadline for each answer, and a bound on how many
questions wait for one. What is not answered is a failure, and whoever asked has to treat it as a no.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from twisted.internet.defer import Deferred, fail, maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from realms.clock import Clock, Timer
from wamp.errors import CANCELED, NO_AVAILABLE_CALLEE, NO_SUCH_PROCEDURE, UNAVAILABLE

if TYPE_CHECKING:
    from realms.realm import Realm

LOOK_AGAIN: Final = 0.2
"""Seconds between two looks for a procedure that is not there. All that wait for it share one timer."""

GONE: Final = frozenset({NO_SUCH_PROCEDURE, CANCELED, UNAVAILABLE, NO_AVAILABLE_CALLEE})
"""ERRORs that mean that nobody has looked at the question, or not to its end: it may be asked again."""

Source = Callable[..., Any]
"""Gives an answer or a Deferred of one; whoever no longer waits cancels the Deferred."""

log = Logger(namespace="inquiries")


class CallFailed(Exception):  # noqa: N818 - it reads as what it says
    """The call was answered with ERROR, by the dealer or by the callee."""

    def __init__(self, uri: str, *arguments: Any) -> None:
        """`uri` and `arguments` are the ERROR's."""
        super().__init__(uri, *arguments)
        self.uri = uri


class Unanswered(Exception):  # noqa: N818 - it reads as what it says
    """There is no answer; why is for the log, and for nobody else. Who raises it has logged it."""


class NotThere(Unanswered):
    """Nobody is there who could answer."""


class Procedure:
    """A source: a procedure of a realm."""

    def __init__(self, find_realm: "Callable[[], Realm | None]", uri: str) -> None:
        """`find_realm` gives the realm of the procedure, None while there is no such realm."""
        self._find_realm = find_realm
        self._uri = uri

    def __call__(self, *arguments: Any) -> Deferred[Any]:
        """Call it. The Deferred may fail with NotThere, or with CallFailed if it was answered with ERROR."""
        realm = self._find_realm()
        if realm is None:
            return fail(NotThere("its realm does not exist"))
        return realm.own_calls.call(self._uri, *arguments).addErrback(_explain)


def _explain(failure: Failure) -> Failure:
    error = failure.value
    if isinstance(error, CallFailed) and error.uri in GONE:
        return Failure(NotThere("nobody has registered it, or whoever did is gone"))
    return failure


class Patience(NamedTuple):
    """How long, and how many questions at a time."""

    timeout: float = 5.0
    """Seconds until there must be an answer."""

    max_waiting: int = 100
    """Questions that may wait for their answers; what exceeds that is not asked."""

    waits_for_source: bool = False
    """Whether questions are held, until their deadline, for a procedure that nobody has registered yet."""


class _Question:
    """One that waits for its answer."""

    __slots__ = ("answer", "arguments", "outcome", "timer")

    def __init__(self, arguments: tuple[Any, ...], outcome: Deferred[Any]) -> None:
        self.arguments = arguments
        self.outcome = outcome
        self.timer: Timer | None = None
        self.answer: Deferred[Any] | None = None  # None while nobody is there to be asked


class Inquiries:
    """The questions to one source."""

    def __init__(self, name: str, source: Source, clock: Clock, patience: Patience) -> None:
        """`name` is for the log."""
        self._name = name
        self._source = source
        self._clock = clock
        self._patience = patience
        self._waiting: dict[_Question, None] = {}
        self._looking: Timer | None = None
        self._is_failing = False

    def __len__(self) -> int:
        """How many questions wait."""
        return len(self._waiting)

    def ask(self, *arguments: Any) -> Any:
        """The answer, or a Deferred of it if that takes time. Raises, or fails with, Unanswered, CallFailed, or
        whatever a function raised. To cancel the Deferred is to withdraw the question.
        """
        if len(self._waiting) >= self._patience.max_waiting:
            raise self._unanswered(Unanswered(f"{len(self._waiting)} questions wait for it already"))
        answer = self._source(*arguments)
        if not isinstance(answer, Deferred):
            return answer
        question = _Question(arguments, Deferred(lambda _: self._settle(question)))
        question.timer = self._clock.callLater(self._patience.timeout, self._late, question)
        self._waiting[question] = None
        self._follow(question, answer)
        return question.outcome if question in self._waiting else _result(question.outcome)

    def _follow(self, question: _Question, answer: Deferred[Any]) -> None:
        question.answer = answer
        answer.addCallbacks(self._answered, self._failed, callbackArgs=(question,), errbackArgs=(question,))

    def _answered(self, answer: Any, question: _Question) -> None:
        if question in self._waiting:
            self._settle(question)
            if self._is_failing:
                self._is_failing = False
                log.info("{name} answers again", name=self._name)
            question.outcome.callback(answer)

    def _failed(self, failure: Failure, question: _Question) -> None:
        if question not in self._waiting:
            return  # withdrawn, or too late
        if failure.check(NotThere) and self._patience.waits_for_source:
            question.answer = None
            if self._looking is None:
                self._looking = self._clock.callLater(LOOK_AGAIN, self._look_again)
            return
        self._settle(question)
        if isinstance(failure.value, Unanswered):
            self._unanswered(failure.value)
        question.outcome.errback(failure)

    def _look_again(self) -> None:
        self._looking = None
        for question in [one for one in self._waiting if one.answer is None]:
            self._follow(question, maybeDeferred(self._source, *question.arguments))

    def _late(self, question: _Question) -> None:
        question.timer = None
        absent = question.answer is None
        self._settle(question)
        reason = "nobody has registered it" if absent else f"no answer within {self._patience.timeout:g} s"
        question.outcome.errback(self._unanswered(Unanswered(reason)))

    def _settle(self, question: _Question) -> None:
        """It waits no longer."""
        del self._waiting[question]
        if question.timer is not None:
            question.timer.cancel()
        if question.answer is not None:
            question.answer.cancel()

    def _unanswered(self, reason: Unanswered) -> Unanswered:
        """Log it: once, until there is an answer again, as every client that comes would cause another line."""
        if not self._is_failing:
            self._is_failing = True
            log.warn("{name} does not answer: {reason}", name=self._name, reason=reason)
        return reason


def _result(outcome: Deferred[Any]) -> Any:
    """What a Deferred gave that has fired."""
    results: list[Any] = []
    outcome.addBoth(results.append)
    if isinstance(results[0], Failure):
        results[0].raiseException()
    return results[0]
