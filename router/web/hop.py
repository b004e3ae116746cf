"""Header fields that do not pass through us, in either direction."""

from typing import Final

from twisted.web.http_headers import Headers

HOP_BY_HOP: Final = frozenset(
    (b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te",
     b"trailer", b"transfer-encoding", b"upgrade")
)  # fmt: skip
"""What one connection is about (RFC 9110, section 7.6.1)."""

CLAIMS: Final = frozenset((b"forwarded", b"proxy", b"x-real-ip"))
"""With `X-Forwarded-*`: what a client may claim; `trusted_proxies` is for that. An application would have `Proxy` as
HTTP_PROXY, which libraries take for an environment variable."""


def drop_claims(headers: Headers) -> None:
    """Take away what an application behind us must not take for the truth."""
    for name, _ in list(headers.getAllRawHeaders()):
        lower = name.lower()
        if lower in CLAIMS or lower.startswith(b"x-forwarded-") or b"_" in lower:
            headers.removeHeader(name)
