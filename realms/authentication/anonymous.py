"""Anonymous: anybody is let in, under a random authid. A name that the client gives itself proves nothing."""

from random import Random
from typing import Final

from realms.authentication import Accepted, Applicant
from realms.transport import Evidence
from wamp.options import HelloDetails

ALPHABET: Final = "abcdefghijkmnopqrstuvwxyz23456789"  # no l, 0, 1: people read these aloud
AUTHID_LENGTH: Final = 12


class Anonymous:
    """Admits every applicant with one role."""

    name: Final = "anonymous"

    def __init__(self, authrole: str, random: Random) -> None:
        self._authrole = authrole
        self._random = random

    def suits(self, hello: HelloDetails, evidence: Evidence) -> bool:
        """Anybody does."""
        return True

    def begin(self, applicant: Applicant) -> Accepted:
        """Accept."""
        authid = "".join(self._random.choices(ALPHABET, k=AUTHID_LENGTH))
        return Accepted(authid, self._authrole, self.name, "static")
