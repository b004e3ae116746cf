"""Ticket: the client shows a secret that it shares with the router. Section "Ticket-based Authentication".

`[4, "ticket", {}]` is answered with `[5, <ticket>, {}]`. The ticket travels in the clear: use TLS.

Nobody learns who exists: everybody is challenged, and every refusal takes the same time. Comparing with a verifier of a
password is slow by design; so where there is one, whoever is unknown, or has a verifier that is quick to compare with,
is refused only after a comparison with a decoy that costs as much. (Verifiers of several costs can still be told
apart; `wamplex hash` and `wamplex user` make all of one cost.)
"""

from typing import Final, Protocol

from twisted.python.failure import Failure

from realms.authentication import Answer, Applicant, Challenged, Denied
from realms.authentication.off_loop import OffLoop, TooBusy
from realms.authentication.principals import Admit, Found, Inquiry, Principals, admitted, then
from realms.authentication.verifiers import Cost, cost_of, decoy_like, digest_verifier, fits, random_ticket
from realms.transport import Evidence
from wamp.errors import AUTHENTICATION_FAILED
from wamp.options import HelloDetails

MAX_TICKET: Final = 16_384
"""Characters of a ticket; a signed token with many claims has some thousand."""


class TokenJudge(Protocol):
    """Judges tickets that are signed tokens."""

    def judge(self, applicant: Applicant, token: str) -> Answer | None:
        """Accept or deny the token; None if it is no token, so that it may be a plain ticket."""


class Ticket:
    """Admits the holders of tickets."""

    name: Final = "ticket"

    def __init__(
        self,
        principals: Principals,
        off_loop: OffLoop,
        *,
        tokens: TokenJudge | None = None,
        admit: Admit = admitted,
        cost: Cost | None = None,
    ) -> None:
        """`tokens` is asked first. `admit` says what becomes of who showed the right ticket.

        `cost` is that of the costliest verifier that `principals` is known to have; None if all are quick.
        """
        self._principals = principals
        self._off_loop = off_loop
        self._tokens = tokens
        self._admit = admit
        self._cost = cost
        self._decoy = None if cost is None else decoy_like(cost)
        self._nobody = digest_verifier(random_ticket())

    def suits(self, hello: HelloDetails, evidence: Evidence) -> bool:
        """Whoever names an authid does, known or not; a token says itself whose it is."""
        return isinstance(hello.authid, str) or self._tokens is not None

    def begin(self, applicant: Applicant) -> Challenged | Denied:
        """Challenge."""
        if not self.suits(applicant.hello, applicant.evidence):
            return Denied(message="ticket authentication needs an authid")
        return Challenged(self.name, {}, lambda answer: self._judge(applicant, answer.signature))

    def _judge(self, applicant: Applicant, ticket: str) -> Answer:
        if len(ticket) > MAX_TICKET:
            return Denied()
        judged = None if self._tokens is None else self._tokens.judge(applicant, ticket)
        return self._ask(applicant, ticket) if judged is None else judged

    def _ask(self, applicant: Applicant, ticket: str) -> Answer:
        authid = applicant.hello.authid
        if not isinstance(authid, str):
            return Denied()
        inquiry = Inquiry(applicant, self.name, authid, ticket=ticket)
        return then(self._principals.find(inquiry), lambda found: self._compare(found, ticket))

    def _compare(self, found: Found, ticket: str) -> Answer:
        if found is not None and found.proven:
            return self._admit(found, self.name)
        verifier = self._nobody if found is None or found.ticket is None else found.ticket
        cost = cost_of(verifier)
        if cost is not None:
            self._note(cost)
            return self._compare_slowly(found, verifier, ticket)
        if fits(verifier, ticket) and found is not None:
            return self._admit(found, self.name)
        return Denied() if self._decoy is None else self._compare_slowly(None, self._decoy, ticket)

    def _compare_slowly(self, found: Found, verifier: str, ticket: str) -> Answer:
        def decide(fit: bool) -> Answer:
            return self._admit(found, self.name) if fit and found is not None else Denied()

        return self._off_loop(lambda: fits(verifier, ticket)).addCallbacks(decide, _refuse_for_now)

    def _note(self, cost: Cost) -> None:
        """Let the decoy cost as much as the costliest verifier that was met."""
        if self._cost is None or cost.work > self._cost.work:
            self._cost, self._decoy = cost, decoy_like(cost)


def _refuse_for_now(failure: Failure) -> Denied:
    failure.trap(TooBusy)
    return Denied(AUTHENTICATION_FAILED, "too many clients are joining; try again later")
