"""WAMP-CRA: the client signs a challenge with a secret that it shares with the router. Section "Challenge Response
Authentication".

    CHALLENGE.Extra           {"challenge": '{"nonce": ..., "authid": ..., ...}', "salt": ..., "iterations", "keylen"}
    AUTHENTICATE.Signature    base64(HMAC-SHA256(key, challenge))

The challenge is the text of a JSON object that says who would join as what, so that a third party can judge whether to
sign it. The key is the secret; or, if there is a salt, the base64 text of PBKDF2-HMAC-SHA256(secret, salt, ...), as all
clients have it: then the router does not know the secret.

A name that nobody has gets a challenge like everybody else, made of a decoy, and is refused in the end, with the same
words and after the same work. The session asks for one answer to a challenge, and its deadline bounds the age.
"""

import json
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from hmac import compare_digest, digest
from random import Random
from typing import Any, Final

from realms.authentication import Answer, Applicant, Challenged, Denied
from realms.authentication.decoys import Decoys
from realms.authentication.principals import Admit, Found, Inquiry, Principal, Principals, admitted, then
from realms.transport import Evidence
from wamp.messages import Authenticate
from wamp.options import HelloDetails

NONCE_SIZE: Final = 16
"""Octets that nobody guesses, and that no two challenges share."""


class Wampcra:
    """Admits those who know the secret of a principal."""

    name: Final = "wampcra"

    def __init__(
        self,
        principals: Principals,
        random: Random,
        now: Callable[[], float],
        decoys: Decoys,
        *,
        admit: Admit = admitted,
    ) -> None:
        """`now` gives seconds since 1970; `admit` says what becomes of who has proved the secret."""
        self._principals = principals
        self._random = random
        self._now = now
        self._decoys = decoys
        self._admit = admit

    def suits(self, hello: HelloDetails, evidence: Evidence) -> bool:
        """Whoever names an authid does, known or not."""
        return isinstance(hello.authid, str)

    def begin(self, applicant: Applicant) -> Answer:
        """Challenge whoever names an authid."""
        authid = applicant.hello.authid
        if not isinstance(authid, str):
            return Denied(message="WAMP-CRA needs an authid")
        inquiry = Inquiry(applicant, self.name, authid)
        return then(self._principals.find(inquiry), lambda found: self._challenge(applicant, authid, found))

    def _challenge(self, applicant: Applicant, authid: str, found: Found) -> Challenged:
        principal, secret = self._decoys.cra(authid)  # also if it is not needed: it takes time
        meant = None
        if found is not None and found.cra is not None:
            meant, principal, secret = found, found, found.cra
        self._decoys.note_cra(principal, secret, is_real=meant is not None)
        challenge = self._text(applicant, principal)
        extra: dict[str, Any] = {"challenge": challenge}
        if secret.salt is not None:
            extra |= {"salt": secret.salt, "iterations": secret.iterations, "keylen": secret.keylen}
        expected = b64encode(digest(secret.key, challenge.encode(), "sha256"))
        return Challenged(self.name, extra, lambda answer: self._judge(meant, expected, answer))

    def _text(self, applicant: Applicant, principal: Principal) -> str:
        """The JSON text to sign; ASCII, so that all clients take it for the same octets."""
        moment = datetime.fromtimestamp(self._now(), UTC)
        return json.dumps(
            {
                "nonce": b64encode(self._random.randbytes(NONCE_SIZE)).decode(),
                "authprovider": principal.provider,
                "authid": principal.authid,
                "timestamp": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "authrole": principal.role,
                "authmethod": self.name,
                "session": applicant.session,
            }
        )

    def _judge(self, meant: Found, expected: bytes, answer: Authenticate) -> Answer:
        is_right = compare_digest(answer.signature.encode(), expected)
        return self._admit(meant, self.name) if is_right and meant is not None else Denied()
