"""The octets of a file as the answer to a request."""

# mypy: disallow-untyped-calls=False

from typing import IO, Final

from twisted.internet.interfaces import IPushProducer
from twisted.logger import Logger
from zope.interface import implementer  # type: ignore[import-untyped]

from router.web.channel import Request
from router.web.clock import Clock, Timer

CHUNK: Final = 64 * 1024
"""Octets read from disk at a time. A file of this size is answered in one go, a longer one chunk by chunk."""


@implementer(IPushProducer)
class FileBody:
    """Sends `size` octets of an open file as a request's answer, at the client's pace and never long at a stretch."""

    log = Logger()

    def __init__(self, request: Request, file: IO[bytes], size: int, clock: Clock) -> None:
        self._request = request
        self._file = file
        self._left = size
        self._clock = clock
        self._next: Timer | None = None

    def start(self) -> None:
        """Send a short file at once, the first chunk of a longer one."""
        if self._left <= CHUNK:
            self._send_chunk()
        else:
            self._request.registerProducer(self, True)
            self.resumeProducing()

    def resumeProducing(self) -> None:  # noqa: N802
        """The client has room: one chunk with the next turn of the reactor, so that others get theirs between."""
        if self._next is None and not self._file.closed:
            self._next = self._clock.callLater(0, self._turn)

    def pauseProducing(self) -> None:  # noqa: N802
        """The client has enough."""
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def stopProducing(self) -> None:  # noqa: N802
        """The client is gone."""
        self.pauseProducing()
        self._file.close()

    def _turn(self) -> None:
        self._next = None
        self.resumeProducing()  # `write` below may pause us again
        self._send_chunk()

    def _send_chunk(self) -> None:
        try:
            data = self._file.read(min(CHUNK, self._left))
        except OSError:
            self.log.failure("reading {path} failed", path=self._file.name)
            data = b""
        if not data:  # shorter than promised: only an end without the rest can say so
            self.stopProducing()
            self._request.channel.transport.abortConnection()
            return
        self._left -= len(data)
        self._request.write(data)
        if self._left == 0:
            self.stopProducing()
            if self._request.producer is not None:
                self._request.unregisterProducer()
            self._request.finish()
