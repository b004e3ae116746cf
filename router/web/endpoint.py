"""An address that answers with JSON: what its requests must be like, and what is said to those that are not.

What changes something is a POST of JSON from a page of the same origin, or from no page at all. A page of others cannot
send that unasked, and what it may ask first (`OPTIONS`) is answered by 405: there is no CORS here.
"""

# mypy: disallow-untyped-calls=False

from http import HTTPStatus
from typing import Any, Final

import msgspec
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from router.transports.http_head import Head, RefusedRequest
from router.transports.origins import Origins
from router.web.channel import KEPT_BODY, Request

READ: Final = (b"GET", b"HEAD")
WRITE: Final = (b"POST",)

RETRY_AFTER: Final = 5
"""Seconds that who is locked out, or came while too many did, is asked to wait; a lockout may take longer."""

SAME_ORIGIN: Final = Origins()

Body = dict[str, Any]

log = Logger(namespace="login")


class Refusal(Exception):  # noqa: N818 - it reads as what it says
    """A request that is answered with an error; the text is for its sender."""

    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Endpoint(Resource):
    """One such address."""

    isLeaf = True  # noqa: N815
    methods: tuple[bytes, ...] = WRITE

    def render(self, request: Request) -> int | bytes:
        """Answer `request`."""
        try:
            if request.method not in self.methods:
                request.setHeader(b"Allow", b", ".join(self.methods))
                raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "this address takes " + self.methods[0].decode())
            if request.method == b"POST":
                check_post(request)
            answer = self.answer(request)
        except Refusal as refusal:
            return _refuse(request, refusal)
        if not isinstance(answer, Deferred):
            return _say(request, HTTPStatus.OK, answer)
        Waiting(request).answer_with(answer)
        return NOT_DONE_YET

    def answer(self, request: Request) -> Body | Deferred[Body]:
        """The body of the answer; raises, or fails with, Refusal."""
        raise NotImplementedError


class Waiting:
    """A request whose answer takes a while; the client may be gone by then."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._is_gone = False
        request.notifyFinish().addErrback(self._gone)

    def answer_with(self, answer: Deferred[Body]) -> None:
        """Answer, or refuse, when it comes."""
        answer.addCallbacks(lambda body: (HTTPStatus.OK, body), self._refused).addCallback(self._write)
        answer.addErrback(self._failed)

    def _gone(self, reason: Failure) -> None:
        self._is_gone = True

    def _refused(self, failure: Failure) -> tuple[HTTPStatus, Body]:
        refusal = failure.value
        if not isinstance(refusal, Refusal):
            log.failure("{path} failed", failure=failure, path=self._request.path.decode())
            refusal = Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "something went wrong here")
        return _prepared(self._request, refusal)

    def _write(self, answer: tuple[HTTPStatus, Body]) -> None:
        if not self._is_gone:
            body = _say(self._request, *answer)
            self._request.setHeader(b"Content-Length", b"%d" % len(body))
            self._request.write(body)
            self._request.finish()

    def _failed(self, failure: Failure) -> None:
        log.failure("an answer to a login could not be written", failure=failure)


def check_post(request: Request) -> None:
    """Check that no page of others sends this, and that it is JSON of moderate size; raises Refusal."""
    head = Head("POST", "", "", {name: fields_of(request, name.encode()) for name in ("origin", "host")})
    try:
        SAME_ORIGIN.check(head, secure=request.whereabouts.secure, host=request.whereabouts.host)
    except RefusedRequest:
        raise Refusal(HTTPStatus.FORBIDDEN, "only pages of this site may do that") from None
    if request.getHeader(b"Sec-Fetch-Site") not in (None, b"same-origin", b"none"):
        raise Refusal(HTTPStatus.FORBIDDEN, "only pages of this site may do that")
    kind = (request.getHeader(b"Content-Type") or b"").partition(b";")[0].strip().lower()
    if kind != b"application/json":
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "the Content-Type must be application/json")
    if request.body_size > KEPT_BODY:
        raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body has more than {KEPT_BODY} octets")


def fields_of(request: Request, name: bytes) -> list[str]:
    """The values of a header field, in their order."""
    return [value.decode("latin-1") for value in request.requestHeaders.getRawHeaders(name) or []]


def _refuse(request: Request, refusal: Refusal) -> bytes:
    return _say(request, *_prepared(request, refusal))


def _prepared(request: Request, refusal: Refusal) -> tuple[HTTPStatus, Body]:
    if refusal.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        request.setHeader(b"Retry-After", b"%d" % RETRY_AFTER)
    return refusal.status, {"error": str(refusal)}


def _say(request: Request, status: HTTPStatus, body: Body) -> bytes:
    request.setResponseCode(status, status.phrase.encode())
    request.setHeader(b"Content-Type", b"application/json")
    request.setHeader(b"Cache-Control", b"no-store")
    octets = msgspec.json.encode(body) + b"\n"
    if request.method != b"HEAD":
        return octets
    request.setHeader(b"Content-Length", b"%d" % len(octets))
    return b""
