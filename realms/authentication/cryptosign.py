"""Cryptosign: the client proves that it holds an Ed25519 private key. Section "Cryptosign-based Authentication".

    HELLO.Details.authextra    {"pubkey": <32 octets>, "channel_binding": <type>, "challenge": <32 octets>}
    CHALLENGE.Extra            {"challenge": <32 octets>, "channel_binding": <type>, "pubkey": ..., "signature": ...}
    AUTHENTICATE.Signature     <64 octets of signature><the 32 octets that were signed>

All octets are in hexadecimal. What is signed is the challenge, or, bound to the TLS channel, the challenge XOR the
channel's id, so that nobody in the middle can use the signature on a channel of his own. If the client sends a
challenge as well, the router signs that one in the same way with its own key.

The types of channel binding are `tls-exporter` (RFC 9266, TLS 1.3) and `tls-unique` (RFC 5929, TLS 1.2). The latter
has 12 octets, and everybody takes the SHA-256 of them here. A type that the connection does not have is left out of
CHALLENGE, and the authentication goes on without, unless the operator requires one; whether the client minds is its
own affair.

The key says who the client is, and its authid, if it names one, must be the same principal's. Whoever announces a key
that nobody has gets a challenge like everybody else, and fails in the end.
"""

from binascii import unhexlify
from collections.abc import Callable
from hashlib import sha256
from hmac import compare_digest
from random import Random
from typing import Any, Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from realms.authentication import Answer, Applicant, Challenged, Denied
from realms.authentication.principals import Admit, Found, Inquiry, Principals, admitted, then
from realms.transport import Evidence
from wamp.messages import Authenticate
from wamp.options import HelloDetails

KEY_SIZE: Final = 32
CHALLENGE_SIZE: Final = 32
SIGNATURE_SIZE: Final = 64

CHANNEL_IDS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "tls-exporter": bytes,
    "tls-unique": lambda finished: sha256(finished).digest(),
}
"""How the types of channel binding come to their 32 octets."""

NO_KEY: Final = Denied(message="cryptosign needs authextra.pubkey, 64 hexadecimal digits")
NO_CHALLENGE: Final = Denied(message="authextra.challenge is not 64 hexadecimal digits")
NO_BINDING: Final = Denied(message="channel binding is required: tls-exporter with TLS 1.3, or tls-unique with TLS 1.2")


class Announcement(NamedTuple):
    """What a client announces in HELLO."""

    key: bytes
    """The public key that it is about to prove."""

    binding: str | None
    """The type of channel binding that it asks for."""

    channel_id: bytes | None
    """The 32 octets of it; None if it asked for none, or the connection has none of the type."""

    challenge: bytes | None
    """What the router is to sign."""

    def bound(self, challenge: bytes) -> bytes:
        """What is to be signed."""
        if self.channel_id is None:
            return challenge
        return bytes(left ^ right for left, right in zip(challenge, self.channel_id, strict=True))


class Cryptosign:
    """Admits those who hold the private key of a principal."""

    name: Final = "cryptosign"

    def __init__(
        self,
        principals: Principals,
        random: Random,
        *,
        binding_required: bool = False,
        router_key: bytes | None = None,
        admit: Admit = admitted,
    ) -> None:
        """`router_key` is the router's own private key, 32 octets; without it, challenges of clients are ignored.

        `admit` says what becomes of who has proved the key.
        """
        self._principals = principals
        self._random = random
        self._binding_required = binding_required
        self._admit = admit
        self._router_key = None if router_key is None else Ed25519PrivateKey.from_private_bytes(router_key)
        self._router_public = b"" if self._router_key is None else self._router_key.public_key().public_bytes_raw()

    def suits(self, hello: HelloDetails, evidence: Evidence) -> bool:
        """Whoever announces a key does, and a channel binding if that is required."""
        return isinstance(self._announcement(hello, evidence), Announcement)

    def begin(self, applicant: Applicant) -> Answer:
        """Challenge whoever announces a key."""
        announced = self._announcement(applicant.hello, applicant.evidence)
        if isinstance(announced, Denied):
            return announced
        inquiry = Inquiry(applicant, self.name, key=announced.key)
        return then(self._principals.find(inquiry), lambda found: self._challenge(applicant, announced, found))

    def _announcement(self, hello: HelloDetails, evidence: Evidence) -> Announcement | Denied:
        extra = hello.authextra if isinstance(hello.authextra, dict) else {}
        key = _octets(extra.get("pubkey"), KEY_SIZE)
        if key is None:
            return NO_KEY
        asked = extra.get("challenge", hello.challenge)  # the text says Details.challenge, its examples say authextra
        challenge = _octets(asked, CHALLENGE_SIZE)
        if challenge is None and asked:
            return NO_CHALLENGE
        binding = extra.get("channel_binding")
        binding = binding if isinstance(binding, str) else None
        channel_id = None if binding is None else _channel_id(evidence, binding)
        if channel_id is None and self._binding_required:
            return NO_BINDING
        return Announcement(key, binding, channel_id, challenge)

    def _challenge(self, applicant: Applicant, announced: Announcement, found: Found) -> Challenged:
        challenge = self._random.randbytes(CHALLENGE_SIZE)
        extra: dict[str, Any] = {"challenge": challenge.hex()}
        if announced.binding is None or announced.channel_id is not None:
            extra["channel_binding"] = announced.binding
        if announced.challenge is not None and self._router_key is not None:
            message = announced.bound(announced.challenge)
            extra["signature"] = (self._router_key.sign(message) + message).hex()
            extra["pubkey"] = self._router_public.hex()
        meant = found if found is not None and self._is_meant(found, announced.key, applicant.hello.authid) else None
        expected = announced.bound(challenge)
        return Challenged(self.name, extra, lambda answer: self._judge(announced.key, expected, meant, answer))

    def _is_meant(self, principal: Found, key: bytes, authid: object) -> bool:
        """Whether the principal is who the client says to be. The router's own key is no client's: it signs for all."""
        if principal is None or key not in principal.keys or key == self._router_public:
            return False
        return not isinstance(authid, str) or authid in (principal.authid, principal.alias)

    def _judge(self, key: bytes, expected: bytes, meant: Found, answer: Authenticate) -> Answer:
        proof = _octets(answer.signature, SIGNATURE_SIZE + CHALLENGE_SIZE)
        if proof is None:
            return Denied()
        signature, message = proof[:SIGNATURE_SIZE], proof[SIGNATURE_SIZE:]
        # For a key that nobody has the signature is verified, too: it takes the same time.
        genuine = _is_genuine(key, signature, message)
        if not compare_digest(message, expected) or not genuine or meant is None:
            return Denied()
        return self._admit(meant, self.name)


def _octets(text: object, size: int) -> bytes | None:
    """So many octets that are spelled in hexadecimal, with nothing around; None if that is something else."""
    if not isinstance(text, str) or len(text) != 2 * size:
        return None
    try:
        return unhexlify(text)
    except ValueError:
        return None


def _channel_id(evidence: Evidence, binding: str) -> bytes | None:
    if binding not in CHANNEL_IDS:
        return None
    octets = evidence.channel_id(binding)
    return None if octets is None else CHANNEL_IDS[binding](octets)


def _is_genuine(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True
