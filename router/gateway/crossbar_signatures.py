"""Requests that are signed as for Crossbar's HTTP bridge, whose clients exist in several languages.

    POST /bridge/publish?key=...&timestamp=2026-09-21T14:13:20.000Z&seq=1&nonce=123&signature=...

The signature is the URL-safe base64 of the HMAC with SHA-256 over key, timestamp, seq, nonce and body, one after the
other. It covers neither path nor method, and with nothing between the parts digits can move from one to the next. So
not the nonce is remembered here but the signature itself, and a body says by its keys which address it is for.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qs

from router.gateway.seen import Seen
from router.gateway.signatures import NOBODY, BadSignature, Key, Signed

PARTS: Final = ("key", "timestamp", "seq", "nonce")


class CrossbarSignatures:
    """Judges them."""

    def __init__(self, keys: Iterable[Key], skew: float) -> None:
        """`skew` is how many seconds the sender's clock may differ from ours."""
        self._keys = {key.id: key for key in keys if key.scheme == "crossbar"}
        self._skew = skew
        self._seen = Seen(2 * skew)

    def judge(self, request: Signed, now: float) -> Key:
        """Whose request it is; raises BadSignature. `now` in seconds since 1970."""
        given = _query(request.target)
        parts = [_only(given, name) for name in PARTS]
        key = self._keys.get(parts[0])
        text = "".join(parts).encode() + request.body
        mac = hmac.digest(NOBODY if key is None else key.secret, text, "sha256")
        signature = urlsafe_b64encode(mac).rstrip(b"=")
        shown = _only(given, "signature").rstrip("=").encode()
        if not hmac.compare_digest(signature, shown) or key is None:
            raise BadSignature("the signature is wrong, or the key unknown")
        if abs(now - _seconds(parts[1])) > self._skew:
            raise BadSignature("the timestamp is too old, or of the future: look at your clock")
        if not self._seen.add(key.id, signature.decode(), now):
            raise BadSignature("this request was there before")
        return key


def is_signed_for_crossbar(target: str) -> bool:
    """Whether a request says that it is."""
    return "signature" in _query(target)


def _query(target: str) -> Mapping[str, list[str]]:
    try:
        return parse_qs(target.partition("?")[2], keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise BadSignature("the query has too many parts") from None


def _only(given: Mapping[str, list[str]], name: str) -> str:
    values = given.get(name, [])
    if len(values) != 1:
        raise BadSignature(f"`{name}` must be in the query once")
    return values[0]


def _seconds(text: str) -> float:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise BadSignature("the timestamp must be like 2026-09-21T14:13:20.000Z") from None
