"""A WSGI application (Flask, Django) of the operator's at a path: PEP 3333.

It works in threads of its own, so it may take its time: neither WAMP nor other requests wait for it. What it is told is
what the router knows, and no guess of a client's:

    REMOTE_ADDR, wsgi.url_scheme    the client's true address, and whether it came by TLS; `trusted_proxies` decides
    SCRIPT_NAME, PATH_INFO          the path at which it is mounted, and the rest
    HTTP_*                          without X-Forwarded-*, Forwarded and Proxy, which say the same and may be lies, and
                                    without names with `_`, which could pass for others with `-`
    wsgi.input                      the whole body, which has arrived when the application is called

It may stream its answer, and is held back when the client does not keep up. Its headers are its own: of those of the
house they have `Server` only.
"""

# mypy: disallow-untyped-calls=False

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from http import HTTPStatus
from threading import Event, Thread
from typing import Any, Final

from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IPushProducer
from twisted.logger import Logger
from twisted.python.threadpool import ThreadPool
from twisted.web.resource import Resource
from twisted.web.wsgi import WSGIResource
from zope.interface import implementer  # type: ignore[import-untyped]

from router.transports.admission import RETRY_AFTER
from router.web.channel import Request, say
from router.web.hop import HOP_BY_HOP, drop_claims

AHEAD: Final = 2**20
"""Octets that an answer may be ahead of its client before the application has to wait. Most are shorter, so that a slow
client keeps no thread."""

SORRY: Final = b"Something went wrong here. It is in the router's log.\n"

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

_STATUS = re.compile(r"[2-5][0-9]{2} [\x20-\x7e]*")

log = Logger(namespace="router.web")


class Threads:
    """The threads of an application. They end with the process: one that hangs does not keep the router from it."""

    def __init__(self, reactor: Any, name: str, threads: int, max_requests: int) -> None:
        """`max_requests` is how many may be at work or waiting; the threads are started when they are needed."""
        self._reactor = reactor
        self._places = max_requests
        self._begun = 0
        self._pool = ThreadPool(0, threads, name)
        self._pool.threadFactory = partial(Thread, daemon=True)  # type: ignore[assignment]
        self._pool.start()

    @property
    def has_room(self) -> bool:
        """Whether one more may come."""
        return self._begun < self._places

    def callInThread(self, work: Callable[[], None]) -> None:  # noqa: N802
        """What WSGIResource asks of a pool."""
        self._begun += 1
        self._pool.callInThreadWithCallback(self._done, work)

    def _done(self, success: bool, result: object) -> None:
        """In the thread."""
        self._reactor.callFromThread(self._free)

    def _free(self) -> None:
        self._begun -= 1


class Wsgi(Resource):
    """The application, with all that is below its path."""

    isLeaf = True  # noqa: N815

    def __init__(self, reactor: Any, application: Application, threads: Threads, max_body: int) -> None:
        super().__init__()
        self._reactor = reactor
        self._application = application
        self._threads = threads
        self._max_body = max_body

    def render(self, request: Request) -> int | bytes:
        """Ask the application, in a thread."""
        if request.body_size > self._max_body:
            return say(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large.")
        if not self._threads.has_room:
            request.setHeader(b"Retry-After", b"%d" % RETRY_AFTER)
            return say(request, HTTPStatus.SERVICE_UNAVAILABLE, "Too many are here already. Please come back.")
        _prepare(request)
        gate = Gate()
        request.registerProducer(gate, True)
        call = Call(self._application, gate, request.method == b"HEAD", partial(self._release, request))
        answer: int = WSGIResource(self._reactor, self._threads, call).render(request)
        return answer

    def _release(self, request: Request) -> None:
        """In the thread: no more is written, which Twisted wants to know before the answer is finished."""
        self._reactor.callFromThread(_unregister, request)


@implementer(IPushProducer)
class Gate:
    """Where the application waits for a client that does not keep up."""

    def __init__(self) -> None:
        self._is_open = Event()
        self._is_open.set()
        self._ahead = 0
        self.is_gone = False
        """Whether the client has gone, so that nobody wants the rest."""

    def pauseProducing(self) -> None:  # noqa: N802
        """The client has enough."""
        self._is_open.clear()

    def resumeProducing(self) -> None:  # noqa: N802
        """The client has room."""
        self._is_open.set()

    def stopProducing(self) -> None:  # noqa: N802
        """The client is gone."""
        self.is_gone = True
        self._is_open.set()

    def pass_through(self, octets: int) -> None:
        """In the thread: wait, if need be, to write so many."""
        self._ahead = 0 if self._is_open.is_set() else self._ahead + octets
        if self._ahead > AHEAD:
            self._is_open.wait()


class Call:
    """One call of the application, as WSGIResource makes it; all of it in a thread."""

    def __init__(self, application: Application, gate: Gate, is_head: bool, release: Callable[[], None]) -> None:
        self._application = application
        self._gate = gate
        self._is_head = is_head
        self._release = release
        self._begin: StartResponse = None  # type: ignore[assignment] # until it is called
        self._write: Callable[[bytes], None] | None = None
        self._has_written = False
        self._left: int | None = None
        """Octets that the application has promised and not written."""

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
        """Give the answer piece by piece."""
        self._begin = start_response
        errors = environ["wsgi.errors"] = Errors()
        try:
            if not self._gate.is_gone:  # which it may be since it has been waiting for a thread
                yield from self._answer(environ)
        except GeneratorExit:  # the client is gone
            raise
        except BaseException:
            if self._has_written:  # half an answer cannot be taken back: this is logged, and the connection ended
                raise
            where = f"{environ['SCRIPT_NAME']}{environ['PATH_INFO']}"
            log.failure("{method} {path} failed", method=environ["REQUEST_METHOD"], path=where)
            headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(SORRY)))]
            start_response("500 Internal Server Error", headers, sys.exc_info())
            yield SORRY
        finally:
            errors.flush()
            self._release()

    def _answer(self, environ: Environ) -> Iterator[bytes]:
        pieces = self._application(environ, self._start)
        try:
            for piece in pieces:
                if piece:
                    self._count(piece)
                    yield piece
                if self._gate.is_gone:
                    return
            if self._write is None:
                raise TypeError("the application has not called start_response")
            if self._left and not self._is_head:
                raise ValueError(f"the body lacks {self._left} octets of its Content-Length")
        finally:
            close = getattr(pieces, "close", None)
            if close is not None:
                close()

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        """The `start_response` that the application gets."""
        if not isinstance(status, str) or not _STATUS.fullmatch(status):
            raise ValueError(f"{status!r} is no status such as `200 OK`")
        kept = [(name, value) for name, value in headers if name.lower().encode("latin-1") not in HOP_BY_HOP]
        lengths = [value for name, value in kept if name.lower() == "content-length"]
        self._left = int(lengths[0]) if lengths and status[:3] not in ("204", "304") else None
        self._write = self._begin(status, kept, exc_info)
        return self._write_now

    def _write_now(self, piece: bytes) -> None:
        if piece and self._write is not None:
            self._count(piece)
            self._write(piece)

    def _count(self, piece: bytes) -> None:
        if self._write is None:
            raise TypeError("the application has written before it called start_response")
        if self._left is not None and not self._is_head:
            if len(piece) > self._left:  # the next answer on the connection would begin amid this one
                raise ValueError("the body is longer than its Content-Length")
            self._left -= len(piece)
        self._gate.pass_through(len(piece))
        self._has_written = True


class Errors:
    """`wsgi.errors`: the log."""

    def __init__(self) -> None:
        self._text = ""

    def write(self, text: str) -> None:
        """Log the lines that are whole."""
        lines, _, self._text = (self._text + text).rpartition("\n")
        if lines:
            log.error("{text}", text=lines)

    def writelines(self, lines: Iterable[str]) -> None:
        """Log them."""
        self.write("".join(lines))

    def flush(self) -> None:
        """Log what is there."""
        text, self._text = self._text, ""
        if text:
            log.error("{text}", text=text)


def _prepare(request: Request) -> None:
    """Have a request say what the router knows."""
    headers, where = request.requestHeaders, request.whereabouts
    drop_claims(headers)
    if headers.hasHeader(b"Transfer-Encoding"):
        headers.removeHeader(b"Transfer-Encoding")
        headers.setRawHeaders(b"Content-Length", [b"%d" % request.body_size])
    cookies = headers.getRawHeaders(b"Cookie") or []
    if len(cookies) > 1:
        headers.setRawHeaders(b"Cookie", [b"; ".join(cookies)])
    if where.host:
        headers.setRawHeaders(b"Host", [where.host.encode("ascii")])
    # WSGIResource wants addresses with a port, which a Unix socket has not.
    client = partial(IPv4Address, "TCP", where.address, where.port)
    request.getClientAddress = client  # type: ignore[method-assign]
    if not hasattr(request.getHost(), "port"):
        request.host = IPv4Address("TCP", "localhost", 443 if where.secure else 80)


def _unregister(request: Request) -> None:
    if request.channel is not None and request.producer is not None:
        request.unregisterProducer()
