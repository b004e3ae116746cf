"""Twisted's HTTP/1.1 as this router speaks it.

Its parser, its limits (16 KiB of head, 500 headers) and its keep-alive are used as they are. Different are:

- One deadline covers idling and receiving: a request that has not arrived as a whole when it strikes ends the
  connection. Twisted would start it anew with every octet, and one octet a minute keeps a connection for a week.
- Few requests have a body that matters: what exceeds `KEPT_BODY` is counted, thrown away, and above `MAX_BODY` refused.
- Every answer carries `HEADERS`, those of refusals and of our own mistakes included.
"""

# mypy: disallow-untyped-calls=False

import io
import re
from http import HTTPStatus
from typing import Any, Final

from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel
from twisted.web.http_headers import Headers
from twisted.web.server import Request as TwistedRequest

from router.web.bridge import SLICE, Bridge

MAX_BODY: Final = 64 * 1024
"""Octets of a request body that are read and thrown away, for clients that send one out of habit."""

KEPT_BODY: Final = 4096
"""Octets of it that are kept for the resource, which sees from `body_size` whether that is all: a login needs 100."""

HEADERS: Final = {
    b"Server": b"Wamplex",
    # Scripts and styles from us alone; WebSocket to anywhere, because the page may be pointed at another router.
    b"Content-Security-Policy": b"default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; "
    b"object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    b"X-Content-Type-Options": b"nosniff",
    b"Referrer-Policy": b"no-referrer",
    b"Cross-Origin-Opener-Policy": b"same-origin",
}

_AUTHORITY = re.compile(rb"https?://[^/?]*", re.IGNORECASE)


class Channel(HTTPChannel):
    """One connection's HTTP/1.1; its transport is a `Bridge`."""

    transport: Bridge  # type: ignore[assignment]
    # What waits behind a slow answer is parsed in one turn, hence no more than this (documented, if underscored).
    _optimisticEagerReadSize = SLICE  # noqa: N815

    def resetTimeout(self) -> None:  # noqa: N802
        """An octet buys no time."""

    def timeoutConnection(self) -> None:  # noqa: N802
        """The deadline struck: close; the bridge sees to it that this ends."""
        self.loseConnection()

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: N802
        """A line of the head is longer than 16 KiB."""
        self.refuse(HTTPStatus.BAD_REQUEST)

    def _respondToBadRequestAndDisconnect(self) -> None:  # noqa: N802
        # Private in Twisted, where it answers without a single header. Should it go, Twisted's answer is good enough.
        self.refuse(HTTPStatus.BAD_REQUEST)

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
        for name, value in HEADERS.items():
            headers.setRawHeaders(name, [value])
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
    content: io.BytesIO
    prepath: list[bytes]
    postpath: list[bytes]
    log = Logger()
    defaultContentType = b"text/plain; charset=utf-8"  # noqa: N815
    body_size = 0

    def gotLength(self, length: int | None) -> None:  # noqa: N802
        """The head is complete; `length` is the body's, or None when it comes in chunks."""
        self.content = io.BytesIO()
        if length is not None and length > MAX_BODY:
            self.channel.refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        """A piece of the body."""
        if self.body_size < KEPT_BODY:
            self.content.write(data[: KEPT_BODY - self.body_size])
        self.body_size += len(data)
        if self.body_size > MAX_BODY:
            self.channel.refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:  # noqa: N802
        """The request is complete. `GET http://host/path` means `/path` here (RFC 9112, section 3.2.2)."""
        authority = _AUTHORITY.match(path)
        if authority is not None:
            path = path[authority.end() :]
            path = path if path.startswith(b"/") else b"/" + path
        if not path.startswith(b"/") and path != b"*":
            self.channel.refuse(HTTPStatus.BAD_REQUEST)
            return
        super().requestReceived(command, path, version)

    def process(self) -> None:
        """Answer, unless the client still has to read earlier answers."""
        self.channel.transport.asked(super().process)

    def processingFailed(self, reason: Failure) -> Failure:  # noqa: N802
        """Our mistake: logged whole, and the client learns no more than that."""
        self.log.failure("{method} {path} failed", failure=reason, method=self.method.decode(), path=text(self.path))
        if self.startedWriting:  # half an answer cannot be taken back
            self.channel.transport.abortConnection()
            return reason
        self.responseHeaders = Headers()
        body = say(self, HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here. It is in the router's log.")
        self.setHeader(b"Content-Length", b"%d" % len(body))
        self.write(body)
        self.finish()
        return reason


def say(request: TwistedRequest, status: int, sentence: str) -> bytes:
    """Answer with `status` and one sentence of plain text."""
    request.setResponseCode(status, HTTPStatus(status).phrase.encode())
    request.setHeader(b"Content-Type", b"text/plain; charset=utf-8")
    request.setHeader(b"Cache-Control", b"no-store")
    return f"{sentence}\n".encode()


def text(octets: Any) -> str:
    """Octets of a client, for the log."""
    return bytes(octets).decode("ascii", "backslashreplace")
