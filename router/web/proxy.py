"""A path at which another HTTP server answers, which is named in config.yaml.

It gets the request under its own path (what is mounted at `/shop` for `http://host/app` is asked for `/app/x` when a
browser asks for `/shop/x`), with the Host that the browser sent, and with the truth about the client in the place of
what the client may say:

    X-Forwarded-For, -Proto, -Host, -Prefix     the client's address, http or https, Host, our path

A request goes there when it has arrived as a whole, so a slow client keeps none of that server's threads, on a
connection of its own, for one that was kept may be closed already when a POST is sent. The answer is passed on as it
comes, no faster than the client takes it. 502 says that there is nobody, 504 that nothing has come in `timeout`.

WebSocket goes no further than us: 501.
"""

# mypy: disallow-untyped-calls=False

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote_to_bytes, urlsplit

from twisted.internet.defer import Deferred
from twisted.internet.error import TimeoutError as NotReached
from twisted.internet.protocol import Protocol
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.client import (
    Agent,
    FileBodyProducer,
    HTTPConnectionPool,
    PotentialDataLoss,
    ResponseDone,
    ResponseFailed,
    _HTTP11ClientFactory,
)
from twisted.web.http_headers import Headers
from twisted.web.iweb import UNKNOWN_LENGTH
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from router.transports.admission import RETRY_AFTER
from router.web.channel import Request, say
from router.web.clock import Timer
from router.web.hop import HOP_BY_HOP, drop_claims
from router.web.redirect import rest_of

NO_BODY: Final = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)

SILENT: Final = "it is silent for too long"

_SEPARATORS = re.compile(rb"[/\\]")

log = Logger(namespace="router.web")


class QuietFactory(_HTTP11ClientFactory):
    """Twisted's, without two lines in the log for each request."""

    noisy = False


class Proxy(Resource):
    """The path, and all below."""

    isLeaf = True  # noqa: N815

    def __init__(self, reactor: Any, origin: str, *, timeout: float, max_requests: int, max_body: int) -> None:
        """`timeout` is how many seconds the server may be silent."""
        super().__init__()
        parts = urlsplit(origin)
        self._base = f"http://{parts.netloc}{parts.path.rstrip('/')}".encode("ascii")
        self._reactor = reactor
        pool = HTTPConnectionPool(reactor, persistent=False)
        pool._factory = QuietFactory
        self._agent = Agent(reactor, connectTimeout=timeout, pool=pool)
        self._timeout = timeout
        self._places = max_requests
        self._max_body = max_body
        self._begun = 0
        self._is_down = False

    def render(self, request: Request) -> int | bytes:
        """Ask the server."""
        refusal = self._refusal_of(request)
        if refusal is not None:
            return say(request, *refusal)
        self._begun += 1
        path = self._base + b"/" + rest_of(request)
        if not request.postpath:  # our path without a slash is the server's without one
            path = path.removesuffix(b"/") if self._base.count(b"/") > 2 else path
        _, mark, query = request.uri.partition(b"?")
        body: Any = FileBodyProducer(request.content) if request.body_size else None
        asked = self._agent.request(request.method, path + mark + query, _fields(request), body)
        Exchange(request, asked, self._reactor, self._timeout, self._ended).begin()
        return NOT_DONE_YET

    def _refusal_of(self, request: Request) -> tuple[HTTPStatus, str] | None:
        if _leads_elsewhere(request.path):
            return HTTPStatus.BAD_REQUEST, "There are no such paths here."
        if request.body_size > self._max_body:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large."
        if b"websocket" in (request.getHeader(b"Upgrade") or b"").lower():
            return HTTPStatus.NOT_IMPLEMENTED, "WebSocket is not passed on to this address."
        if self._begun >= self._places:
            request.setHeader(b"Retry-After", b"%d" % RETRY_AFTER)
            return HTTPStatus.SERVICE_UNAVAILABLE, "Too many are here already. Please come back."
        return None

    def _ended(self, mistake: str) -> None:
        """An exchange is over; a server that is down is told in the log once."""
        self._begun -= 1
        if mistake and not self._is_down:
            log.warn("{where} does not answer as it should: {why}", where=self._base.decode(), why=mistake)
        self._is_down = bool(mistake)


class Exchange:
    """One request and its answer."""

    def __init__(
        self,
        request: Request,
        asked: "Deferred[Any]",
        reactor: Any,
        timeout: float,
        on_end: Callable[[str], None],
    ) -> None:
        self._request = request
        self._asked = asked
        self._reactor = reactor
        self._timeout = timeout
        self._on_end = on_end
        self._relay: Relay | None = None
        self._deadline: Timer = reactor.callLater(timeout, self._time_out)
        self._is_late = False
        self._is_gone = False

    def begin(self) -> None:
        """Wait for the head of the answer."""
        self._request.notifyFinish().addErrback(self._gone)
        self._asked.addCallbacks(self._pass_on, self._failed).addErrback(self._broken)

    def _pass_on(self, response: Any) -> None:
        self._deadline.cancel()
        request = self._request
        request.setResponseCode(response.code, response.phrase)
        request.defaultContentType = None  # type: ignore[assignment]
        for name, values in response.headers.getAllRawHeaders():
            if name.lower() not in HOP_BY_HOP:
                request.responseHeaders.setRawHeaders(name, values)
        has_body = request.method != b"HEAD" and response.code not in NO_BODY
        if has_body and response.length is not UNKNOWN_LENGTH:
            request.setHeader(b"Content-Length", b"%d" % response.length)
        self._relay = Relay(request, self._reactor, self._timeout, self._finished)
        response.deliverBody(self._relay)

    def _finished(self, mistake: str) -> None:
        """The answer has ended, as it should or not; half an answer cannot be taken back."""
        self._on_end("" if self._is_gone else mistake)
        if self._is_gone:
            return
        if self._request.producer is not None:
            self._request.unregisterProducer()
        if mistake:
            self._request.channel.transport.abortConnection()
        else:
            self._request.finish()

    def _failed(self, failure: Failure) -> None:
        """There is no answer."""
        if not self._is_late:
            self._deadline.cancel()
        if self._is_gone:
            self._on_end("")
            return
        is_late = self._is_late or failure.check(NotReached) is not None
        self._on_end(SILENT if is_late else _why(failure))
        status = HTTPStatus.GATEWAY_TIMEOUT if is_late else HTTPStatus.BAD_GATEWAY
        body = say(self._request, status, "The server behind this address does not answer.")
        self._request.setHeader(b"Content-Length", b"%d" % len(body))
        self._request.write(body)
        self._request.finish()

    def _time_out(self) -> None:
        self._is_late = True
        self._asked.cancel()

    def _broken(self, failure: Failure) -> None:
        """Our mistake."""
        log.failure("an answer could not be passed on", failure=failure)
        if not self._is_gone:
            self._request.channel.transport.abortConnection()

    def _gone(self, reason: Failure) -> None:
        self._is_gone = True
        if self._relay is None:
            self._asked.cancel()
        else:
            self._relay.stop()


class Relay(Protocol):
    """Passes the body of an answer on. Its transport is the server's connection, which can be told to wait."""

    def __init__(self, request: Request, reactor: Any, timeout: float, on_end: Callable[[str], None]) -> None:
        self._request = request
        self._reactor = reactor
        self._timeout = timeout
        self._on_end = on_end
        self._deadline: Timer | None = None
        self._has_timed_out = False

    def connectionMade(self) -> None:  # noqa: N802
        """The body begins."""
        self._request.registerProducer(self, True)
        self._wait()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """A piece of it."""
        self._request.write(data)
        if self._deadline is not None:
            self._wait()

    def connectionLost(self, reason: Failure = ResponseDone) -> None:  # type: ignore[assignment] # noqa: N802
        """The end of it. One that is not marked is how HTTP/1.0 ends."""
        self._wait_no_more()
        if self._has_timed_out:
            self._on_end(SILENT)
        else:
            self._on_end("" if reason.check(ResponseDone, PotentialDataLoss) else _why(reason))

    def stop(self) -> None:
        """Nobody wants the rest."""
        self._wait_no_more()
        self._upstream("loseConnection")

    # --- IPushProducer, for the client ----------------------------------------------------------------------------

    def pauseProducing(self) -> None:  # noqa: N802
        """The client has enough; while it has, the server is silent for a reason."""
        self._wait_no_more()
        self._upstream("pauseProducing")

    def resumeProducing(self) -> None:  # noqa: N802
        """The client has room."""
        self._wait()
        self._upstream("resumeProducing")

    def stopProducing(self) -> None:  # noqa: N802
        """The client is gone, which `Exchange` hears as well."""

    def _upstream(self, what: str) -> None:
        if self.transport is not None:
            getattr(self.transport, what)()

    def _wait(self) -> None:
        self._wait_no_more()
        self._deadline = self._reactor.callLater(self._timeout, self._time_out)

    def _wait_no_more(self) -> None:
        deadline, self._deadline = self._deadline, None
        if deadline is not None:
            deadline.cancel()

    def _time_out(self) -> None:
        self._deadline = None
        self._has_timed_out = True
        self._upstream("loseConnection")


def _leads_elsewhere(path: bytes) -> bool:
    """Whether a server might leave the path that is ours: some unquote before they resolve `..` (nginx), some take `\\`
    for `/` (IIS), some cut parameters off first (`..;`, Tomcat).
    """
    return any(segment.partition(b";")[0] in (b".", b"..") for segment in _SEPARATORS.split(unquote_to_bytes(path)))


def _why(failure: Failure) -> str:
    """What went wrong; Twisted wraps it."""
    if isinstance(failure.value, ResponseFailed) and failure.value.reasons:
        failure = failure.value.reasons[0]
    return failure.getErrorMessage()


def _fields(request: Request) -> Headers:
    """What the server is told."""
    fields = Headers()
    named = {token.strip().lower() for token in (request.getHeader(b"Connection") or b"").split(b",")}
    for name, values in request.requestHeaders.getAllRawHeaders():
        if name.lower() not in HOP_BY_HOP | named | {b"content-length", b"expect"}:
            fields.setRawHeaders(name, values)
    drop_claims(fields)
    where = request.whereabouts
    host = where.host.encode("ascii") or request.getHeader(b"Host") or b""
    prefix = b"/" + b"/".join(request.path.split(b"/")[1 : 1 + len(request.prepath)])
    fields.setRawHeaders(b"Host", [host])
    fields.setRawHeaders(b"X-Forwarded-For", [(where.address or "unix").encode("ascii")])
    fields.setRawHeaders(b"X-Forwarded-Proto", [b"https" if where.secure else b"http"])
    fields.setRawHeaders(b"X-Forwarded-Host", [host])
    if request.prepath:
        fields.setRawHeaders(b"X-Forwarded-Prefix", [prefix])
    return fields
