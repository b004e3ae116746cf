"""The gate of a bridge on one listener: what every request has to pass before anything is done for it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from twisted.internet.defer import Deferred

from realms.addresses import network_of
from realms.authentication import Accepted, Denied
from realms.authentication.guard import LOCKED_OUT
from realms.clock import Clock
from router.config.bridge import Bridge
from router.gateway.crossbar_signatures import CrossbarSignatures, is_signed_for_crossbar
from router.gateway.exchange import Exchange
from router.gateway.link import Link
from router.gateway.proofs import applicant_of, challenge_of, proof_of
from router.gateway.refusal import RETRY_AFTER, Refusal, retry_after
from router.gateway.signatures import BadSignature, Key, Signatures, is_signed
from router.gateway.visitors import Refused, Visitors
from router.transports.buckets import Bucket
from router.transports.http_head import Head, RefusedRequest
from router.transports.origins import Origins
from wamp.errors import AUTHENTICATION_FAILED

MOST_ADDRESSES: Final = 10_000
"""Addresses whose rate is known; of more, the one that was not heard of for the longest time starts anew."""

PREFLIGHT_AGE: Final = "600"
"""Seconds for which a browser need not ask again."""

ASKED_WITH: Final = "Authorization, Content-Digest, Content-Type, Signature, Signature-Input"


class Rates:
    """How often each address may ask."""

    def __init__(self, rate: int | None, clock: Clock) -> None:
        """`rate` in a second; None for any."""
        self._rate = rate
        self._clock = clock
        self._buckets: dict[str, Bucket] = {}

    def check(self, address: str) -> None:
        """Count a request; raises Refusal if it is one too many. Who has a network of IPv6 has one address in it."""
        if self._rate is None:
            return
        address = network_of(address)
        now = self._clock.seconds()
        bucket = self._buckets.pop(address, None) or Bucket(self._rate, now)
        if len(self._buckets) >= MOST_ADDRESSES:
            del self._buckets[next(iter(self._buckets))]
        self._buckets[address] = bucket
        seconds = bucket.wait(now)
        if seconds:
            sentence = "too many requests come from your address"
            raise Refusal.because(429, sentence, Retry_After=retry_after(seconds))
        bucket.spend(1)


@dataclass(slots=True, kw_only=True)
class Gate:
    """See above. What bridges on several listeners share is made once: `visitors`, the signatures and the rates."""

    config: Bridge
    clock: Clock
    visitors: Visitors
    signatures: Signatures
    crossbar: CrossbarSignatures
    rates: Rates
    origins: Origins
    cookie: str | None = None
    """The name of the cookie of those who logged in to this realm."""

    authmethods: frozenset[str] | None = None
    """The methods that the listener admits; None for all."""

    now: Callable[[], float] = field(default=time.time)
    under_way: int = 0

    def begin(self, exchange: Exchange) -> None:
        """Count a request in, and say to whose pages the answer may be told; raises Refusal."""
        self.under_way += 1
        if self.under_way > self.config.max_requests:
            raise Refusal.because(503, "too many requests are under way", Retry_After=retry_after(RETRY_AFTER))
        self.rates.check(exchange.sender.address)
        self._check_origin(exchange)

    def end(self) -> None:
        """Count it out."""
        self.under_way -= 1

    def _check_origin(self, exchange: Exchange) -> None:
        origins = exchange.fields.get("origin", [])
        exchange.more["Vary"] = "Origin"
        if not origins:
            return
        where = exchange.request.whereabouts
        head = Head(exchange.method, "", "", {name: exchange.fields.get(name, []) for name in ("origin", "host")})
        try:
            self.origins.check(head, secure=where.secure, host=where.host)
        except RefusedRequest:
            raise Refusal.because(403, "pages of this origin may not ask here") from None
        exchange.more["Access-Control-Allow-Origin"] = origins[0]
        exchange.more["Access-Control-Expose-Headers"] = "Retry-After, WWW-Authenticate"
        if self.config.cookie and "*" not in self.config.allowed_origins:
            exchange.more["Access-Control-Allow-Credentials"] = "true"

    def admit(self, exchange: Exchange) -> Link | Deferred[Link]:
        """The session in which a request is done; raises Refusal or Failed, or fails with Refused or Failed."""
        signed = exchange.signed
        try:
            if is_signed(exchange.fields):
                return self._vouch(exchange, self.signatures.judge(signed, self.now()))
            if is_signed_for_crossbar(signed.target):
                return self._vouch(exchange, self.crossbar.judge(signed, self.now()))
        except BadSignature as why:
            raise self.unauthorized(str(why)) from None
        proof = proof_of(exchange.sender, self.config, self.cookie)
        if isinstance(proof, Denied):
            raise self.denied(proof)
        return self.visitors.admit(proof, self.authmethods)

    def denied(self, denied: Denied) -> Refusal:
        """The answer to who is not let in."""
        if denied is LOCKED_OUT:
            return Refusal.because(429, denied.message, Retry_After=retry_after(RETRY_AFTER))
        if denied.reason == AUTHENTICATION_FAILED:
            return Refusal(503, denied.reason, denied.message, Retry_After=retry_after(RETRY_AFTER))
        return self.unauthorized(denied.message, denied.reason)

    def unauthorized(self, sentence: str, uri: str | None = None) -> Refusal:
        """401."""
        refusal = Refusal.because(401, sentence, WWW_Authenticate=challenge_of(self.config))
        if uri is not None:
            refusal.uri = uri
        return refusal

    def _vouch(self, exchange: Exchange, key: Key) -> Link:
        applicant = applicant_of(exchange.sender, self.config.realm, "signature", key.authid)
        return self.visitors.vouch(applicant, Accepted(key.authid, key.role, "signature", "bridge"))


async def admitted(gate: Gate, exchange: Exchange) -> Link:
    """The session in which a request is done; raises Refusal or Failed."""
    try:
        link = gate.admit(exchange)
        return await link if isinstance(link, Deferred) else link
    except Refused as refused:
        raise gate.denied(refused.denied) from None
