"""SCRAM: client and router prove to each other that they know a password, or what follows from it, and tell nothing
that is good for a second time. Section "Salted Challenge Response Authentication", RFC 5802, RFC 7677.

    HELLO.authextra           {"nonce": base64, "channel_binding": null | type}
    CHALLENGE.Extra           {"nonce": both, "salt": base64, "kdf": ..., "iterations": ..., "memory": KiB | null}
    AUTHENTICATE              base64(ClientProof), {"nonce": both, "channel_binding": ..., "cbind_data": base64 | null}
    WELCOME.authextra         {"verifier": base64(ServerSignature)}

That is `wamp-scram`; for autobahn's `scram` see `scram_dialects`. What the router keeps of a password does not open the
door; the slow part, deriving keys from the password, is the client's.

Bound to the TLS channel (`tls-exporter` with TLS 1.3, `tls-unique` with 1.2, or `tls-server-end-point`, the
certificate), a proof is of no use to somebody in the middle.

A name that nobody has gets a challenge like everybody else, made of a decoy, and is refused in the end, with the same
words and after the same work. ABORT does not say what was wrong (`Details.scram` is optional): a name and a proof are
right together or not.
"""

from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from hmac import compare_digest, digest
from random import Random
from typing import Any, Final

from realms.authentication import Answer, Applicant, Challenged, Denied
from realms.authentication.decoys import Decoys
from realms.authentication.principals import Admit, Found, Inquiry, Principals, admitted, then
from realms.authentication.saslprep import saslprep
from realms.authentication.scram_dialects import Dialect, Opening, canonical
from realms.transport import Evidence
from wamp.messages import Authenticate
from wamp.options import HelloDetails

NONCE_SIZE: Final = 16
"""Octets: of the router's nonce, and at least of the client's. 128 bits are what the specification recommends."""

MAX_NONCE: Final = 128
"""Octets of the client's nonce, which is hashed and sent back."""

MAX_AUTHID: Final = 256
"""Characters of an authid: preparing one that is not ASCII takes 2 us for each."""

BINDINGS: Final = frozenset({"tls-exporter", "tls-unique", "tls-server-end-point"})
PROOF_SIZE: Final = 32

NO_NAME: Final = Denied(message=f"SCRAM needs an authid, as SASLprep leaves it, of at most {MAX_AUTHID} characters")
NO_NONCE: Final = Denied(message=f"SCRAM needs authextra.nonce: {NONCE_SIZE} to {MAX_NONCE} octets in base64")
UNBOUND: Final = Denied(message="channel binding is required: authextra.channel_binding")
NO_BINDING: Final = Denied(message="the connection does not have the channel binding that authextra asks for")


class Scram:
    """Admits those who know the password of a principal, in one dialect."""

    def __init__(
        self,
        dialect: Dialect,
        principals: Principals,
        random: Random,
        decoys: Decoys,
        *,
        binding_required: bool = False,
        admit: Admit = admitted,
    ) -> None:
        """`admit` says what becomes of who has proved the password."""
        self.name = dialect.name
        self._dialect = dialect
        self._principals = principals
        self._random = random
        self._decoys = decoys
        self._binding_required = binding_required
        self._admit = admit

    def suits(self, hello: HelloDetails, evidence: Evidence) -> bool:
        """Whoever names an authid and a nonce does, and a channel binding if that is required.

        A binding that the connection does not have is no reason to try the next method: the client wants it.
        """
        opening = self._opening(hello, evidence)
        return isinstance(opening, Opening) or opening is NO_BINDING

    def begin(self, applicant: Applicant) -> Answer:
        """Challenge whoever says what is needed."""
        opening = self._opening(applicant.hello, applicant.evidence)
        if isinstance(opening, Denied):
            return opening
        inquiry = Inquiry(applicant, self.name, opening.authid)
        return then(self._principals.find(inquiry), lambda found: self._challenge(opening, found))

    def _opening(self, hello: HelloDetails, evidence: Evidence) -> Opening | Denied:
        authid = hello.authid
        if not isinstance(authid, str) or not is_prepared(authid):
            return NO_NAME
        extra = hello.authextra if isinstance(hello.authextra, dict) else {}
        nonce = extra.get("nonce")
        octets = canonical(nonce)
        if not isinstance(nonce, str) or octets is None or not NONCE_SIZE <= len(octets) <= MAX_NONCE:
            return NO_NONCE
        binding = extra.get("channel_binding")
        if binding is None:
            return UNBOUND if self._binding_required else Opening(authid, nonce)
        if not self._dialect.binds or not isinstance(binding, str) or binding not in BINDINGS:
            return NO_BINDING
        channel_id = evidence.channel_id(binding)
        return NO_BINDING if channel_id is None else Opening(authid, nonce, binding, channel_id)

    def _challenge(self, opening: Opening, found: Found) -> Challenged:
        secret = self._decoys.scram(opening.authid)  # also if it is not needed: it takes time
        keys, meant = (secret.stored_key, secret.server_key), None
        if found is not None and found.scram is not None:
            real = self._dialect.keys(found.scram)
            if real is not None:
                secret, keys, meant = found.scram, real, found
        self._decoys.note_scram(secret, is_real=meant is not None)
        nonce = self._dialect.join(opening.nonce, self._random.randbytes(NONCE_SIZE))
        extra = {"nonce": nonce, **self._dialect.parameters(secret)}
        return Challenged(self.name, extra, lambda answer: self._judge(opening, extra, keys, meant, answer))

    def _judge(
        self,
        opening: Opening,
        challenge: dict[str, Any],
        keys: tuple[bytes, bytes],
        meant: Found,
        answer: Authenticate,
    ) -> Answer:
        proof = canonical(answer.signature)
        if proof is None or len(proof) != PROOF_SIZE:
            return Denied()
        stored_key, server_key = keys
        message = self._dialect.signed(opening, challenge)
        client_key = _xor(proof, digest(stored_key, message, "sha256"))
        is_right = compare_digest(sha256(client_key).digest(), stored_key)
        is_here = self._dialect.is_confirmed(opening, challenge["nonce"], answer.extra)
        if not is_right or not is_here or meant is None:
            return Denied()
        verifier = b64encode(digest(server_key, message, "sha256")).decode()
        return self._admit(replace(meant, extra={**(meant.extra or {}), self._dialect.verifier: verifier}), self.name)


def is_prepared(authid: str) -> bool:
    """Whether SASLprep leaves a name as it is: otherwise one would go by many names, each with failures to spare."""
    try:
        return len(authid) <= MAX_AUTHID and saslprep(authid) == authid
    except ValueError:
        return False


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(left, right, strict=True))
