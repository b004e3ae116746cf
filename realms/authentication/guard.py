"""The guard before every method of a realm: counts failures, records them, and locks out who fails too often.

It stands around the methods, so that none of them has to think of it.
"""

from dataclasses import replace
from functools import partial

from twisted.internet.defer import Deferred

from realms.audit import Record, failed_login
from realms.authentication import Accepted, Answer, Applicant, Challenged, Denied, Method, Outcome
from realms.authentication.lockout import Lockout
from realms.transport import Evidence
from wamp.errors import AUTHENTICATION_FAILED
from wamp.messages import Authenticate
from wamp.options import HelloDetails

LOCKED_OUT = Denied(message="too many failures; try again later")


class Guarded:
    """A method with the guard before it."""

    def __init__(self, method: Method, record: Record, lockout: Lockout | None) -> None:
        self.name = method.name
        self._method = method
        self._record = record
        self._lockout = lockout

    def suits(self, hello: HelloDetails, evidence: Evidence) -> bool:
        """As the method says."""
        return self._method.suits(hello, evidence)

    def begin(self, applicant: Applicant) -> Answer:
        """Ask the method, unless the applicant is locked out."""
        if self._is_locked_out(applicant):
            return self._note(applicant, LOCKED_OUT)
        return self._noted(applicant, self._method.begin(applicant))

    def _judge(self, applicant: Applicant, challenged: Challenged, answer: Authenticate) -> Answer:
        if self._is_locked_out(applicant):  # by attempts that began at the same time
            return self._note(applicant, LOCKED_OUT)
        return self._noted(applicant, challenged.judge(answer))

    def _is_locked_out(self, applicant: Applicant) -> bool:
        return self._lockout is not None and self._lockout.holds(applicant.evidence.address, _authid_of(applicant))

    def _noted(self, applicant: Applicant, answer: Answer) -> Answer:
        if isinstance(answer, Deferred):
            return answer.addCallback(partial(self._note_late, applicant))
        return self._note(applicant, answer)

    def _note_late(self, applicant: Applicant, outcome: Outcome) -> Outcome:
        """The same, of an outcome that took its time: a hundred guesses at once are heard no longer than one by one."""
        if not isinstance(outcome, Challenged) and self._is_locked_out(applicant):
            outcome = LOCKED_OUT
        return self._note(applicant, outcome)

    def _note(self, applicant: Applicant, outcome: Outcome) -> Outcome:
        """Count an outcome, and record a failure; a challenge is none yet. Who proves to be somebody is not in yet."""
        if isinstance(outcome, Challenged):
            return replace(outcome, judge=lambda answer: self._judge(applicant, outcome, answer))
        address = applicant.evidence.address
        if isinstance(outcome, Accepted):
            if self._lockout is not None:  # failures are counted under the name that the client gives
                self._lockout.succeeded(address, _authid_of(applicant) or outcome.authid)
            return outcome
        is_at_fault = outcome is not LOCKED_OUT and outcome.reason != AUTHENTICATION_FAILED
        if self._lockout is not None and is_at_fault:
            self._lockout.failed(address, _authid_of(applicant))
        self._record(failed_login(applicant, self.name, outcome.message))
        return outcome


def _authid_of(applicant: Applicant) -> str | None:
    """Who the applicant says to be."""
    authid = applicant.hello.authid
    return authid if isinstance(authid, str) else None
