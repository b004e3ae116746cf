"""Ticket: the client shows a secret that it shares with the router. Section "Ticket-based Authentication".

`[4, "ticket", {}]` is answered with `[5, <ticket>, {}]`. The ticket travels in the clear: use TLS. A client that
names somebody unknown is challenged like everybody else, so it does not learn who exists.
"""

from collections.abc import Mapping
from hmac import compare_digest
from random import Random
from typing import Final, NamedTuple

from realms.authentication import Accepted, Applicant, Challenged, Denied
from wamp.messages import Authenticate
from wamp.options import HelloDetails


class Holder(NamedTuple):
    """Somebody with a ticket."""

    authrole: str
    ticket: bytes

    def __repr__(self) -> str:
        return f"Holder(authrole={self.authrole!r}, ticket=...)"


class Ticket:
    """Admits the holders of tickets."""

    name: Final = "ticket"

    def __init__(self, holders: Mapping[str, Holder], random: Random) -> None:
        """`holders` by authid."""
        self._holders = holders
        self._nobody = Holder("", random.randbytes(32))

    def suits(self, hello: HelloDetails) -> bool:
        """Whoever names an authid does, known or not."""
        return isinstance(hello.authid, str)

    def begin(self, applicant: Applicant) -> Challenged | Denied:
        """Challenge whoever names an authid."""
        authid = applicant.hello.authid
        if not isinstance(authid, str):
            return Denied(message="ticket authentication needs an authid")
        holder = self._holders.get(authid, self._nobody)
        return Challenged(self.name, {}, lambda answer: self._judge(authid, holder, answer))

    def _judge(self, authid: str, holder: Holder, answer: Authenticate) -> Accepted | Denied:
        if compare_digest(answer.signature.encode(), holder.ticket) and holder is not self._nobody:
            return Accepted(authid, holder.authrole, self.name, "static")
        return Denied()
