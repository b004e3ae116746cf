"""Signed requests: HTTP Message Signatures (RFC 9421) with HMAC and SHA-256.

    POST /bridge/publish HTTP/1.1
    Content-Type: application/json
    Content-Digest: sha-256=:<base64 of the body's SHA-256>:
    Signature-Input: sig=("@method" "@path" "content-digest");created=1790000000;keyid="backend";nonce="<random>"
    Signature: sig=:<base64 of the HMAC>:

What is signed are these lines, without a line end after the last:

    "@method": POST
    "@path": /bridge/publish
    "content-digest": sha-256=:...:
    "@signature-params": ("@method" "@path" "content-digest");created=1790000000;keyid="backend";nonce="<random>"

The signature must cover these three; it may cover `@query`, `@authority` and `content-type`, too. `created` must be
near our time, and a nonce is good once.

In Python:

    digest = "sha-256=:" + b64encode(sha256(body).digest()).decode() + ":"
    params = f'("@method" "@path" "content-digest");created={int(time())};keyid="{key}";nonce="{token_urlsafe(16)}"'
    base = f'"@method": POST\\n"@path": {path}\\n"content-digest": {digest}\\n"@signature-params": {params}'
    signature = b64encode(hmac.digest(secret.encode(), base.encode(), "sha256")).decode()
    headers = {"Content-Type": "application/json", "Content-Digest": digest,
               "Signature-Input": f"sig={params}", "Signature": f"sig=:{signature}:"}
"""

import binascii
import hmac
import re
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256, sha512
from secrets import token_bytes
from typing import Final

from router.gateway.seen import Seen

REQUIRED: Final = frozenset({"@method", "@path", "content-digest"})
UNDERSTOOD: Final = REQUIRED | {"@query", "@authority", "content-type"}

_LABEL: Final = r"[a-z*][a-z0-9_.*-]{0,63}"
_INPUT: Final = re.compile(
    rf"(?P<label>{_LABEL})=(?P<params>\((?P<components>[^()]*)\)"
    r'(?P<parameters>(?:;[a-z]+=(?:"[ !#-\[\]-~]{0,256}"|[0-9]{1,15}))*))'
)
_PARAMETER: Final = re.compile(r';([a-z]+)=(?:"([^"]*)"|([0-9]+))')
_SIGNATURE: Final = re.compile(rf"(?P<label>{_LABEL})=:(?P<value>[A-Za-z0-9+/]{{0,128}}={{0,2}}):")
_DIGEST: Final = re.compile(r"(sha-256|sha-512)=:([A-Za-z0-9+/]{0,128}={0,2}):")
_HASHES: Final = {"sha-256": sha256, "sha-512": sha512}

NOBODY: Final = token_bytes(32)
"""The secret of keys that do not exist: that they do not is as slow to find out as that a signature is wrong."""


class BadSignature(Exception):  # noqa: N818 - it reads as what it says
    """A signature that does not hold; the text may go to the sender."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key that requests are signed with."""

    id: str
    secret: bytes
    authid: str
    role: str
    scheme: str = "rfc9421"


@dataclass(frozen=True, slots=True)
class Signed:
    """A request, as far as it is signed. `target` is as in the request line; fields are named in lower case."""

    method: str
    target: str
    fields: Mapping[str, list[str]]
    body: bytes


class Signatures:
    """Judges the signatures of requests; one for all that are signed with the same keys."""

    def __init__(self, keys: Iterable[Key], skew: float) -> None:
        """`skew` is how many seconds the sender's clock may differ from ours."""
        self._keys = {key.id: key for key in keys if key.scheme == "rfc9421"}
        self._skew = skew
        self._seen = Seen(2 * skew)

    def judge(self, request: Signed, now: float) -> Key:
        """Whose request it is; raises BadSignature. `now` in seconds since 1970."""
        found = _INPUT.fullmatch(_only(request.fields, "signature-input"))
        if found is None:
            raise BadSignature("Signature-Input must be one list of components with its parameters: see RFC 9421")
        parameters = _parameters(found["parameters"])
        components = _components(found["components"])
        key = self._keys.get(parameters.get("keyid", ""))
        secret = NOBODY if key is None else key.secret
        base = _base(request, components, found["params"])
        mac = hmac.digest(secret, base.encode("latin-1"), "sha256")
        if not hmac.compare_digest(mac, _signature(request.fields, found["label"])) or key is None:
            raise BadSignature("the signature is wrong, or the key unknown")
        if not _fits(request):
            raise BadSignature("Content-Digest is not that of the body")
        self._check_time(parameters, now)
        if not self._seen.add(key.id, parameters.get("nonce", ""), now):
            raise BadSignature("this nonce was there before")
        return key

    def _check_time(self, parameters: Mapping[str, str], now: float) -> None:
        created, expires = parameters["created"], parameters.get("expires")
        if abs(now - int(created)) > self._skew or (expires is not None and now > int(expires)):
            raise BadSignature("the signature is too old, or of the future: look at your clock")


def is_signed(fields: Mapping[str, list[str]]) -> bool:
    """Whether a request says that it is."""
    return "signature-input" in fields or "signature" in fields


def _parameters(text: str) -> dict[str, str]:
    found = [(name, quoted or number) for name, quoted, number in _PARAMETER.findall(text)]
    parameters = dict(found)
    if len(parameters) < len(found):
        raise BadSignature("a parameter of the signature is there twice")
    for name in ("created", "keyid", "nonce"):
        if not parameters.get(name):
            raise BadSignature(f"the signature has no `{name}`")
    if parameters.get("alg", "hmac-sha256") != "hmac-sha256":
        raise BadSignature("the algorithm must be hmac-sha256")
    if not all(parameters.get(name, "0").isdigit() for name in ("created", "expires")):
        raise BadSignature("`created` and `expires` are numbers of seconds")
    return parameters


def _components(text: str) -> list[str]:
    names = [name.strip('"') for name in text.split(" ") if name]
    if " ".join(f'"{name}"' for name in names) != text or len(set(names)) < len(names):
        raise BadSignature("the components of the signature must be names in quotes, each there once")
    if missing := sorted(REQUIRED - set(names)):
        raise BadSignature(f"the signature does not cover {', '.join(missing)}")
    if unknown := sorted(set(names) - UNDERSTOOD):
        raise BadSignature(f"the signature covers {unknown[0]}, which is not understood here")
    return names


def _base(request: Signed, components: list[str], params: str) -> str:
    """What is signed: RFC 9421, section 2.5."""
    path, mark, query = request.target.partition("?")
    derived = {"@method": request.method, "@path": path or "/", "@query": f"?{query}" if mark else "?"}
    lines = []
    for name in components:
        if name == "@authority":
            value = _only(request.fields, "host").lower()
        else:
            value = derived.get(name) or ", ".join(part.strip() for part in request.fields.get(name, []))
        lines.append(f'"{name}": {value}')
    return "\n".join([*lines, f'"@signature-params": {params}'])


def _signature(fields: Mapping[str, list[str]], label: str) -> bytes:
    found = _SIGNATURE.fullmatch(_only(fields, "signature"))
    if found is None or found["label"] != label:
        raise BadSignature("Signature must be one octet sequence, under the name that Signature-Input gives it")
    return _octets(found["value"])


def _fits(request: Signed) -> bool:
    """Whether the body is what its digests say."""
    digests = _DIGEST.findall(", ".join(request.fields.get("content-digest", [])))
    return bool(digests) and all(
        hmac.compare_digest(_HASHES[name](request.body).digest(), _octets(value)) for name, value in digests
    )


def _octets(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except binascii.Error:
        raise BadSignature("a value is no base64") from None


def _only(fields: Mapping[str, list[str]], name: str) -> str:
    values = fields.get(name, [])
    if len(values) != 1:
        raise BadSignature(f"the field {name} must be there once")
    return values[0].strip()
