"""Staying beyond the end of one's token.

    [48, 1, {}, "wamplex.session.extend", [<token>]]  ->  [50, 1, {}, ["2026-11-22T12:38:04.512Z"]]

A session that joined by a signed token, or by a cookie, ends when that does. A fresh token of the same principal, in
the same role, puts that off; the answer is the new end, or null if the session has none. Not in the specification.
"""

from typing import TYPE_CHECKING, Final

from twisted.internet.defer import Deferred

from realms.authentication import Accepted, Answer, Applicant, Denied, Outcome
from realms.authentication.principals import after
from realms.meta.procedure import Result, procedure
from realms.meta.times import written
from wamp.errors import AUTHENTICATION_DENIED, FEATURE_NOT_SUPPORTED, WampError
from wamp.options import HelloDetails

if TYPE_CHECKING:
    from realms.realm import Realm
    from realms.session import Session

NO_TOKEN: Final = Denied()


@procedure("wamplex.session.extend")
def extend(realm: "Realm", caller: "Session", token: str) -> Result | Deferred[Result]:
    """Put off the end of the caller's session by showing a fresh token; answers with the new end."""
    tokens = realm.methods.tokens
    if tokens is None:
        raise WampError(FEATURE_NOT_SUPPORTED, "this realm takes no tokens")
    applicant = Applicant(
        caller.id,
        realm.name,
        HelloDetails(authid=caller.authid),
        caller.transport.details,
        caller.transport.evidence(),
    )
    judged = tokens.judge(applicant, token)
    answer: Answer = NO_TOKEN if judged is None else judged
    return after(answer, lambda outcome: _extend(realm, caller, outcome))


def _extend(realm: "Realm", caller: "Session", outcome: Outcome) -> Result:
    if isinstance(outcome, Denied):
        raise WampError(outcome.reason, outcome.message)
    if (
        not isinstance(outcome, Accepted)
        or (outcome.authid, outcome.authrole) != (caller.authid, caller.authrole)
        or outcome.realm not in (None, realm.name)
    ):
        raise WampError(AUTHENTICATION_DENIED, "the token is not for this principal in this role")
    lease = caller.lease
    if lease is not None and outcome.expires is not None:
        lease.extend(outcome.expires)
        if caller.credential is None:
            caller.credential = outcome.credential  # who stays by a login leaves with it
    return Result([None if lease is None else written(lease.expires)])


PROCEDURES = (extend,)
