"""Requests that are signed, as the documentation of the bridge shows it."""

import hmac
import time
from base64 import b64encode, urlsafe_b64encode
from datetime import UTC, datetime
from hashlib import sha256
from secrets import token_urlsafe
from urllib.parse import urlencode


def signed(
    path: str, body: bytes, secret: str, *, key: str = "backend", created: float | None = None, nonce: str = ""
) -> dict[str, str]:
    """The fields of a request that is signed by RFC 9421."""
    digest = "sha-256=:" + b64encode(sha256(body).digest()).decode() + ":"
    seconds = int(time.time() if created is None else created)
    nonce = nonce or token_urlsafe(16)
    params = f'("@method" "@path" "content-digest");created={seconds};keyid="{key}";nonce="{nonce}"'
    base = f'"@method": POST\n"@path": {path}\n"content-digest": {digest}\n"@signature-params": {params}'
    signature = b64encode(hmac.digest(secret.encode(), base.encode(), "sha256")).decode()
    return {"Content-Digest": digest, "Signature-Input": f"sig={params}", "Signature": f"sig=:{signature}:"}


def crossbar_query(body: bytes, secret: str, *, key: str = "old", now: float | None = None, **parts: str) -> str:
    """The query of a request that is signed for Crossbar."""
    moment = datetime.fromtimestamp(time.time() if now is None else now, UTC)
    stamp = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"
    values = {"key": key, "timestamp": stamp, "seq": "1", "nonce": "394559421"} | parts
    mac = hmac.new(secret.encode(), "".join(values.values()).encode() + body, "sha256").digest()
    return urlencode(values | {"signature": urlsafe_b64encode(mac).decode()})
