"""One HTTP request and its answer."""

# mypy: disallow-untyped-calls=False

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from router.gateway.answers import Failed, TooFast
from router.gateway.bodies import ErrorAnswer, write
from router.gateway.proofs import Sender
from router.gateway.refusal import RETRY_AFTER, Refusal, retry_after, status_of
from router.gateway.signatures import Signed
from router.web.channel import Request
from wamp.errors import InvalidMessage

JSON: Final = "application/json"

log = Logger(namespace="bridge")


class Response:
    """What a request is answered with."""

    def __init__(self, status: int, body: bytes = b"", kind: str = JSON, **fields: str) -> None:
        self.status = status
        self.body = body
        self.fields = {name.replace("_", "-"): value for name, value in fields.items()}
        if body:
            self.fields["Content-Type"] = kind

    @classmethod
    def of(cls, status: int, value: Any) -> "Response":
        """With a value as JSON."""
        return cls(status, write(value))


class Exchange:
    """See above."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.method = request.method.decode("latin-1")
        self.fields: Mapping[str, list[str]] = {
            name.decode("latin-1").lower(): [value.decode("latin-1") for value in values]
            for name, values in request.requestHeaders.getAllRawHeaders()
        }
        self.more: dict[str, str] = {}
        """Fields for the answer, whatever it is."""

        self._is_gone = False

    @property
    def body(self) -> bytes:
        """What was sent; raises Refusal if it was too long to be kept."""
        if self.request.body_size > self.request.kept_body:
            raise Refusal.because(413, f"the body has more than {self.request.kept_body} octets")
        self.request.content.seek(0)
        return self.request.content.read()

    @property
    def kind(self) -> str:
        """The media type of the body, without parameters."""
        return ", ".join(self.fields.get("content-type", [])).partition(";")[0].strip().lower()

    @property
    def sender(self) -> Sender:
        """Where it comes from."""
        where = self.request.whereabouts
        return Sender(where.address, where.peer, self.fields)

    @property
    def signed(self) -> Signed:
        """What of it can be signed."""
        return Signed(self.method, self.request.uri.decode("latin-1"), self.fields, self.body)

    def answer_with(self, work: Deferred[Response], done: Callable[[], None]) -> None:
        """Answer when the work is done. The client that goes away ends it."""

        def gone() -> None:
            self._is_gone = True
            work.cancel()

        self.request.notifyFinish().addErrback(lambda reason: gone())
        # One that has sent its request and closes has most likely gone: who closes one side only is very rare.
        self.request.channel.transport.on_half_closed = gone
        work.addErrback(self._refused).addCallback(self._write).addErrback(_fail).addBoth(lambda _: done())

    def _refused(self, failure: Failure) -> Response:
        if self._is_gone and failure.check(CancelledError):
            return Response(499)  # nobody reads it
        error: BaseException = failure.value  # type: ignore[assignment]
        if isinstance(error, Failed):
            return failed(error)
        refusal = _refusal_of(error)
        if refusal is None:
            log.failure("{path} failed", failure=failure, path=self.request.path.decode("ascii", "backslashreplace"))
            refusal = Refusal.because(500, "something went wrong here; it is in the router's log")
        response = Response.of(refusal.status, ErrorAnswer(refusal.uri, msgspec.Raw(write([str(refusal)]))))
        response.fields |= refusal.fields
        return response

    def _write(self, response: Response) -> None:
        if self._is_gone:
            return
        request = self.request
        request.setResponseCode(response.status, _phrase(response.status))
        fields = {"Cache-Control": "no-store"} | response.fields | self.more
        if response.status != HTTPStatus.NO_CONTENT:
            fields["Content-Length"] = str(len(response.body))
        for name, value in fields.items():
            request.setHeader(name.encode("latin-1"), value.encode("latin-1"))
        if self.method != "HEAD" and response.body:
            request.write(response.body)
        request.finish()


def failed(error: Failed) -> Response:
    """The answer to a request of the realm that failed."""
    body = ErrorAnswer(error.uri)
    if isinstance(error.arguments, msgspec.Raw):
        body = msgspec.structs.replace(body, args=error.arguments)
    if isinstance(error.keywords, msgspec.Raw):
        body = msgspec.structs.replace(body, kwargs=error.keywords)
    response = Response.of(status_of(error.uri), body)
    if response.status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.fields["Retry-After"] = retry_after(RETRY_AFTER)
    return response


def _refusal_of(error: BaseException) -> Refusal | None:
    if isinstance(error, Refusal):
        return error
    if isinstance(error, TooFast):
        sentence = "your role may not send so much in a second"
        return Refusal.because(429, sentence, Retry_After=retry_after(error.seconds))
    if isinstance(error, InvalidMessage):
        return Refusal.because(400, str(error))
    return None


def _phrase(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b"Unknown"


def _fail(failure: Failure) -> None:
    log.failure("an answer could not be written", failure=failure)
