"""Twisted's HTTP/1.1 as this router speaks it.

Its parser, its limits (16 KiB of head, 500 headers) and its keep-alive are used as they are. Different are:

- One deadline covers idling and receiving: a request that has not arrived as a whole when it strikes ends the
  connection. Twisted would start it anew with every octet, and one octet a minute keeps a connection for a week. Only
  `PIECE` octets of a body that is wanted buy it anew.
- Few requests have a body that matters: what exceeds `KEPT_BODY` is counted, thrown away, and above `MAX_BODY` refused.
  What is planted with a `body` of its own (`Site.plant`) gets as much, on disk above `IN_MEMORY`.
- What two parsers could read in two ways is refused, and the connection closed: folded lines, a Transfer-Encoding other
  than `chunked`, no Host or two (RFC 9112, sections 3.2, 5.2 and 6.1). Twisted refuses the rest of that kind.
- Every answer carries the headers of the house: those of its place (`Site.plant`), or `HEADERS`. Refusals and our own
  mistakes do, too.
"""

# mypy: disallow-untyped-calls=False

import io
import re
from collections.abc import Mapping
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final

from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel
from twisted.web.http_headers import Headers
from twisted.web.server import Request as TwistedRequest

from router.transports.forwarded import FIELDS
from router.transports.whereabouts import Whereabouts
from router.web.bridge import PIECE, SLICE, Address, Bridge, address_of

MAX_BODY: Final = 64 * 1024
"""Octets of a request body that are read and thrown away, for clients that send one out of habit."""

KEPT_BODY: Final = 4096
"""Octets of it that are kept for the resource, which sees from `body_size` whether that is all: a login needs 100."""

IN_MEMORY: Final = 64 * 1024
"""Octets of a body that is kept, before it goes to disk: forms fit, uploads do not."""

House = Mapping[bytes, bytes | None]
"""What every answer of a place carries, whatever its resource says; None takes a header away."""

HEADERS: Final[House] = {
    b"Server": b"Wamplex",
    # Scripts and styles from us alone; WebSocket to anywhere, because the page may be pointed at another router.
    b"Content-Security-Policy": b"default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; "
    b"object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    b"X-Content-Type-Options": b"nosniff",
    b"Referrer-Policy": b"no-referrer",
    b"Cross-Origin-Opener-Policy": b"same-origin",
    b"Permissions-Policy": b"camera=(), geolocation=(), microphone=()",
}

_AUTHORITY = re.compile(rb"https?://[^/?]*", re.IGNORECASE)
_TARGET = re.compile(rb"/[\x21-\x7e]*|\*")
_HOST = re.compile(rb"[A-Za-z0-9._~!$&'()*+,;=%-]*(:[0-9]*)?|\[[0-9A-Fa-f:.]+\](:[0-9]*)?")


class Channel(HTTPChannel):
    """One connection's HTTP/1.1; its transport is a `Bridge`."""

    transport: Bridge  # type: ignore[assignment]
    site: Any  # a router.web.site.Site
    # What waits behind a slow answer is parsed in one turn, hence no more than this (documented, if underscored).
    _optimisticEagerReadSize = SLICE  # noqa: N815

    def resetTimeout(self) -> None:  # noqa: N802
        """An octet buys no time."""

    def timeoutConnection(self) -> None:  # noqa: N802
        """The deadline struck: close; the bridge sees to it that this ends."""
        self.loseConnection()

    @property
    def appetite(self) -> int:
        """Octets to be given at a time: many of a body, few of what may be many requests."""
        left = self.requests[-1].body_left if self.requests else 0
        return max(SLICE, min(left, PIECE))

    def lineReceived(self, line: bytes) -> None:  # noqa: N802
        """A line of the head."""
        if line[:1] in (b" ", b"\t"):
            self.refuse(HTTPStatus.BAD_REQUEST)
        else:
            super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: N802
        """A line of the head is longer than 16 KiB."""
        has_request_line = hasattr(self, "_command")
        self.refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if has_request_line else HTTPStatus.REQUEST_URI_TOO_LONG)

    def allHeadersReceived(self) -> None:  # noqa: N802
        """The head is complete."""
        if _is_plain(self.requests[-1].requestHeaders, self._version):
            super().allHeadersReceived()
        else:
            self.refuse(HTTPStatus.BAD_REQUEST)

    def _respondToBadRequestAndDisconnect(self) -> None:  # noqa: N802
        # Private in Twisted, where it answers without a single header. Should it go, Twisted's answer is good enough.
        is_too_large = self._receivedHeaderSize > self.totalHeadersSize or self._receivedHeaderCount > self.maxHeaders
        self.refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if is_too_large else HTTPStatus.BAD_REQUEST)

    def refuse(self, status: HTTPStatus) -> None:
        """Answer a request that is not worth reading further, and close."""
        headers = Headers()
        headers.setRawHeaders(b"Content-Type", [b"text/plain; charset=utf-8"])
        headers.setRawHeaders(b"Connection", [b"close"])
        body = f"{status.phrase}\n".encode()
        headers.setRawHeaders(b"Content-Length", [b"%d" % len(body)])
        self.writeHeaders(b"HTTP/1.1", b"%d" % status, status.phrase.encode(), headers)
        self.write(body)
        self.loseConnection()

    def writeHeaders(self, version: bytes, code: bytes, reason: bytes, headers: Headers) -> None:  # noqa: N802
        """The one place that every answer passes."""
        for name, value in (self.requests[0].house if self.requests else HEADERS).items():
            if value is None:
                headers.removeHeader(name)
            else:
                headers.setRawHeaders(name, [value])
        if self.site.hsts is not None:
            headers.setRawHeaders(b"Strict-Transport-Security", [b"max-age=%d" % self.site.hsts])
        super().writeHeaders(version, code, reason, headers)

    def requestDone(self, request: "Request") -> None:  # noqa: N802
        """The answer is complete; what the client sent meanwhile is looked at now."""
        self.transport.answered()
        super().requestDone(request)

    def detach(self) -> bytes:
        """Be done with the connection; gives what was received after the request that is being answered."""
        self.setTimeout(None)
        buffered = b"".join(self._dataBuffer)
        self._dataBuffer: list[bytes] = []
        return buffered + bytes(self.clearLineBuffer())


class Request(TwistedRequest):
    """One request, which begins when the client has room for its answer."""

    channel: Channel
    content: IO[bytes]
    prepath: list[bytes]
    postpath: list[bytes]
    log = Logger()
    defaultContentType = b"text/plain; charset=utf-8"  # noqa: N815
    body_size = 0
    body_left = 0
    """Octets of the body that are still to come, if it was said how many they are."""

    kept_body = KEPT_BODY
    most_body = MAX_BODY
    secret_path: bytes = b""
    """What logs have in the place of the path, if there is a secret in it."""

    house: House = HEADERS
    whereabouts = Whereabouts()
    """Where the client is, by the word of a trusted proxy where there is one."""

    def gotLength(self, length: int | None) -> None:  # noqa: N802
        """The head is complete; `length` is the body's, or None when it comes in chunks."""
        self.body_left = length or 0
        # The path is private in Twisted until the body is there, too. Should it go, all have the small bodies.
        body = self.channel.site.body_for(without_authority(getattr(self.channel, "_path", b"")))
        if body is not None:
            self.kept_body, self.most_body = body, max(body, MAX_BODY)
        self.content = io.BytesIO()
        if self.kept_body > IN_MEMORY and (length is None or length > IN_MEMORY):
            self.content = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - Twisted closes it
        if length is not None and length > self.most_body:
            self.channel.refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        """A piece of the body."""
        if self.body_size < self.kept_body:
            self.content.write(data[: self.kept_body - self.body_size])
        pieces = self.body_size // PIECE
        self.body_size += len(data)
        self.body_left = max(0, self.body_left - len(data))
        if self.body_size > self.most_body:
            self.channel.refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        elif self.body_size // PIECE > pieces and self.most_body > MAX_BODY:
            self.channel.setTimeout(self.channel.timeOut)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:  # noqa: N802
        """The request is complete. `GET http://host/path` means `/path` here (RFC 9112, section 3.2.2)."""
        if self.channel.transport.disconnecting:  # it was refused
            return
        path = without_authority(path)
        if not _TARGET.fullmatch(path):
            self.channel.refuse(HTTPStatus.BAD_REQUEST)
            return
        raw = self.requestHeaders.getRawHeaders
        fields = {name: [value.decode("latin-1") for value in raw(name.encode()) or []] for name in FIELDS}
        self.whereabouts = self.channel.site.locate(self.channel.transport.carried, fields)
        super().requestReceived(command, path, version)

    def getClientAddress(self) -> Address:  # noqa: N802
        """The client's."""
        where = self.whereabouts
        return address_of((where.address, where.port) if where.address else None)

    def isSecure(self) -> bool:  # noqa: N802
        """Whether the client came by TLS."""
        return self.whereabouts.secure

    def process(self) -> None:
        """Answer, unless the client still has to read earlier answers."""
        self.channel.transport.asked(super().process)

    def processingFailed(self, reason: Failure) -> Failure:  # noqa: N802
        """Our mistake: logged whole, and the client learns no more than that."""
        self.log.failure(
            "{method} {path} failed",
            failure=reason,
            method=self.method.decode(),
            path=text(self.secret_path or self.path),
        )
        if self.startedWriting:  # half an answer cannot be taken back
            self.channel.transport.abortConnection()
            return reason
        self.responseHeaders = Headers()
        body = say(self, HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here. It is in the router's log.")
        self.setHeader(b"Content-Length", b"%d" % len(body))
        self.write(body)
        self.finish()
        return reason


def _is_plain(headers: Headers, version: bytes) -> bool:
    """Whether a head names one host, and frames its body in a way that nobody can take for another."""
    hosts = headers.getRawHeaders(b"Host") or []
    codings = headers.getRawHeaders(b"Transfer-Encoding") or []
    if len(hosts) > 1 or (version == b"HTTP/1.1" and not hosts) or not all(map(_HOST.fullmatch, hosts)):
        return False
    return not codings or (version == b"HTTP/1.1" and [coding.lower() for coding in codings] == [b"chunked"])


def without_authority(target: bytes) -> bytes:
    """The target of a request, with the path first."""
    authority = _AUTHORITY.match(target)
    if authority is None:
        return target
    path = target[authority.end() :]
    return path if path.startswith(b"/") else b"/" + path


def say(request: TwistedRequest, status: int, sentence: str) -> bytes:
    """Answer with `status` and one sentence of plain text."""
    request.setResponseCode(status, HTTPStatus(status).phrase.encode())
    request.setHeader(b"Content-Type", b"text/plain; charset=utf-8")
    request.setHeader(b"Cache-Control", b"no-store")
    return f"{sentence}\n".encode()


def text(octets: Any) -> str:
    """Octets of a client, for the log."""
    return bytes(octets).decode("ascii", "backslashreplace")
