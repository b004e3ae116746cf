"""How others sign the requests of their webhooks.

- github: `X-Hub-Signature-256: sha256=<hex of the HMAC over the body>`; the id of the delivery, `X-GitHub-Delivery`, is
  not signed. Gitea and Forgejo send the same.
- stripe: `Stripe-Signature: t=<seconds>,v1=<hex of the HMAC over "<t>.<body>">`, several `v1` while a secret changes.
- standard: `webhook-id`, `webhook-timestamp`, `webhook-signature: v1,<base64 of the HMAC over "<id>.<time>.<body>">`,
  several of these with a space between them; standardwebhooks.com.
"""

import binascii
import hmac
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from typing import Final

from router.gateway.signatures import BadSignature

Fields = Mapping[str, list[str]]

TOLERANCE: Final = 300.0
"""Seconds that the time in a signature may differ from ours."""

WRONG: Final = "the signature is wrong"


def check(scheme: str, secret: bytes, fields: Fields, body: bytes, now: float) -> str | None:
    """The id of a delivery that is signed well, None if it has none; raises BadSignature."""
    return SCHEMES[scheme](secret, fields, body, now)


def secret_of(text: str) -> bytes:
    """The octets of a secret: those of `whsec_...` are in base64, as Standard Webhooks has them; others as written."""
    if text.startswith("whsec_"):
        try:
            return b64decode(text.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            pass
    return text.encode()


def standard_signature(secret: bytes, id: str, seconds: int, body: bytes) -> str:
    """The value of `webhook-signature`."""
    signed = f"{id}.{seconds}.".encode() + body
    return "v1," + b64encode(hmac.digest(secret, signed, "sha256")).decode()


def _github(secret: bytes, fields: Fields, body: bytes, now: float) -> str | None:
    expected = "sha256=" + hmac.digest(secret, body, "sha256").hex()
    _compare(expected, [_only(fields, "x-hub-signature-256").lower()])
    return _first(fields, "x-github-delivery", "x-gitea-delivery", "x-forgejo-delivery")


def _stripe(secret: bytes, fields: Fields, body: bytes, now: float) -> str | None:
    pairs = [pair.strip().partition("=") for pair in _only(fields, "stripe-signature").split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    if len(times) != 1:
        raise BadSignature(WRONG)
    expected = hmac.digest(secret, times[0].encode() + b"." + body, "sha256").hex()
    _compare(expected, [value for name, _, value in pairs if name == "v1"])
    _check_time(times[0], now)
    return f"stripe:{expected}"  # the same request again has the same


def _standard(secret: bytes, fields: Fields, body: bytes, now: float) -> str | None:
    id, seconds = _only(fields, "webhook-id"), _only(fields, "webhook-timestamp")
    if not seconds.isascii() or not seconds.isdigit() or len(seconds) > len("253402214400"):
        raise BadSignature("webhook-timestamp must be a number of seconds")
    expected = standard_signature(secret, id, int(seconds), body)
    _compare(expected, _only(fields, "webhook-signature").split(" "))
    _check_time(seconds, now)
    return id


def _anybody(secret: bytes, fields: Fields, body: bytes, now: float) -> str | None:
    return None


SCHEMES: Final[dict[str, Callable[[bytes, Fields, bytes, float], str | None]]] = {
    "github": _github,
    "stripe": _stripe,
    "standard": _standard,
    "none": _anybody,
}


def _compare(expected: str, shown: list[str]) -> None:
    if not any(hmac.compare_digest(expected.encode(), one.encode("utf-8", "replace")) for one in shown[:8]):
        raise BadSignature(WRONG)


def _check_time(seconds: str, now: float) -> None:
    if not seconds.isdigit() or abs(now - int(seconds)) > TOLERANCE:
        raise BadSignature("the time of the signature is too far from ours")


def _only(fields: Fields, name: str) -> str:
    values = fields.get(name, [])
    if len(values) != 1:
        raise BadSignature(f"the field {name} must be there once")
    return values[0].strip()


def _first(fields: Fields, *names: str) -> str | None:
    return next((fields[name][0] for name in names if name in fields), None)
