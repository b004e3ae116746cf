"""Static files out of one directory.

Of Twisted's `static.File` we would have to undo most: it lists directories, follows symbolic links, guesses types from
the machine's tables, knows no ETag, fails on a range that is longer than the file, and repeats a file as often as a
client puts ranges into one header. So these are files only: what is not on the list of types does not exist.
"""

# mypy: disallow-untyped-calls=False

import re
from collections.abc import Callable, Collection
from http import HTTPStatus
from os import fstat, stat_result
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import quote

from twisted.internet.interfaces import IPushProducer
from twisted.logger import Logger
from twisted.web.http import datetimeToString, stringToDatetime
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET
from zope.interface import implementer  # type: ignore[import-untyped]

from router.web.channel import Request, say
from router.web.clock import Clock, Timer
from router.web.pages import Page

TYPES: Final = {
    ".html": b"text/html; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".mjs": b"text/javascript; charset=utf-8",
    ".map": b"application/json",
    ".svg": b"image/svg+xml; charset=utf-8",
    ".png": b"image/png",
    ".ico": b"image/x-icon",
    ".woff2": b"font/woff2",
    ".txt": b"text/plain; charset=utf-8",
    ".webmanifest": b"application/manifest+json; charset=utf-8",
}
"""What is served, by suffix. No .json: package.json and its kind are nobody's business."""

INDEX: Final = "index.html"

OWN: Final = b"no-cache"
"""Our own files may be kept, but the ETag is asked about each time: a new release shows at once."""

VENDORED: Final = b"public, max-age=86400"
"""Other people's files under `vendor/` change with their version, seldom; a day old is fine."""

CHUNK: Final = 64 * 1024
"""Octets read from disk at a time. A file of this size is answered in one go, a longer one chunk by chunk."""

_TAG = re.compile(rb'(?:W/)?("[^"]*")')
_RANGE = re.compile(rb"bytes=(\d{0,18})-(\d{0,18})")


class Files(Page):
    """The files of `directory`; `index.html` stands for its directory. Nothing else on the disk can be reached."""

    isLeaf = False  # noqa: N815

    def __init__(
        self,
        directory: Path,
        clock: Clock,
        hidden: Collection[str] = (),
        on_missing: Callable[[str], None] = lambda path: None,
    ) -> None:
        """`hidden` are names that do not exist at any depth; `on_missing` hears the path of every file not found."""
        super().__init__()
        self._root = directory.resolve()
        self._clock = clock
        self._hidden = frozenset(hidden)
        self._on_missing = on_missing

    def getChild(self, path: bytes, request: Request) -> Resource:  # noqa: N802
        """Everything below is answered by `read`, which needs the segments that Twisted takes off one by one."""
        request.postpath.insert(0, request.prepath.pop())
        return _Leaf(self)

    def read(self, request: Request) -> int | bytes:
        """Send a file, a part of it, 304, a redirect to a directory's slash, or 404."""
        if not request.postpath:  # our own path without its slash: relative links would miss
            return self._redirect(request)
        segments = [segment.decode("utf-8", "surrogateescape") for segment in request.postpath]
        wanted = self._find(segments)
        if wanted is None:
            self._on_missing("/".join(segments))
            return say(request, HTTPStatus.NOT_FOUND, "There is no such file.")
        if wanted.is_dir():
            return self._redirect(request)
        try:
            file = wanted.open("rb")
        except OSError:
            return say(request, HTTPStatus.NOT_FOUND, "There is no such file.")
        return _send(request, file, wanted.suffix.lower(), segments[0] == "vendor", self._clock)

    def _find(self, segments: list[str]) -> Path | None:
        """The file, or a directory that has an index and was asked for without its slash."""
        *above, last = segments
        names = [*above, last or INDEX]
        if not all(self._is_name(name) for name in names):
            return None
        try:
            found = self._root.joinpath(*names).resolve(strict=True)
            if not found.is_relative_to(self._root):
                return None  # a symbolic link that leads out
            if found.is_dir():
                return found if last and self._is_file(found / INDEX) else None
            return found if self._is_file(found) and Path(names[-1]).suffix.lower() in TYPES else None
        except (OSError, ValueError, RuntimeError):  # not there; too long; not encodable; links in a circle
            return None

    def _is_name(self, name: str) -> bool:
        """A plain name: not empty, nothing hidden, not `..`, no separator that came in disguise."""
        return bool(name) and name[0] != "." and name not in self._hidden and not any(c in "/\\\0" for c in name)

    def _is_file(self, path: Path) -> bool:
        """A regular file (a FIFO would block us) of a type on the list, behind all links as well."""
        return path.is_file() and path.suffix.lower() in TYPES

    def _redirect(self, request: Request) -> bytes:
        """To the same path with a slash; built from its segments, so that it cannot name another host."""
        path = "/" + "/".join(quote(segment) for segment in (*request.prepath, *request.postpath)) + "/"
        request.setHeader(b"Location", path.encode("ascii"))
        return say(request, HTTPStatus.MOVED_PERMANENTLY, path)


class _Leaf(Page):
    """`Files` below its own path: what Twisted stops at."""

    def __init__(self, files: Files) -> None:
        super().__init__()
        self._files = files

    def read(self, request: Request) -> int | bytes:
        return self._files.read(request)


def _send(request: Request, file: BinaryIO, suffix: str, is_vendored: bool, clock: Clock) -> int | bytes:
    """Answer with `file`, which is closed afterwards."""
    status = fstat(file.fileno())
    tag = b'"%x-%x"' % (status.st_mtime_ns, status.st_size)
    modified = int(status.st_mtime)
    request.setHeader(b"ETag", tag)
    request.setHeader(b"Last-Modified", datetimeToString(modified))
    request.setHeader(b"Cache-Control", VENDORED if is_vendored else OWN)
    if _is_known(request, tag, modified):
        file.close()
        request.setResponseCode(HTTPStatus.NOT_MODIFIED)
        return b""
    request.setHeader(b"Content-Type", TYPES[suffix])
    request.setHeader(b"Accept-Ranges", b"bytes")
    start, stop = _part(request, tag, status)
    request.setHeader(b"Content-Length", b"%d" % (stop - start))
    if request.method == b"HEAD" or stop == start:
        file.close()
        return b""
    file.seek(start)
    FileBody(request, file, stop - start, clock).start()
    return NOT_DONE_YET


def _is_known(request: Request, tag: bytes, modified: int) -> bool:
    """Whether the client has this version already; a tag outranks a date (RFC 9110, section 13.2.2)."""
    tags = request.getHeader(b"If-None-Match")
    if tags is not None:
        return tags.strip() == b"*" or tag in _TAG.findall(tags)
    since = request.getHeader(b"If-Modified-Since")
    try:
        return since is not None and stringToDatetime(since) >= modified
    except ValueError:
        return False


def _part(request: Request, tag: bytes, status: stat_result) -> tuple[int, int]:
    """What of the file is asked for, as (start, stop), and the headers that say so.

    One range is served; several, or one that makes no sense, are answered with the whole file, as RFC 9110,
    section 14.2, permits. A range outside the file is 416.
    """
    size = status.st_size
    asked = _RANGE.fullmatch(request.getHeader(b"Range") or b"") if request.method == b"GET" else None
    condition = request.getHeader(b"If-Range")
    if asked is None or asked[0] == b"bytes=-" or condition not in (None, tag):
        return 0, size
    first, last = asked.groups()
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < int(first):
            return 0, size
    if start >= size:
        request.setResponseCode(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
        request.setHeader(b"Content-Range", b"bytes */%d" % size)
        return 0, 0
    request.setResponseCode(HTTPStatus.PARTIAL_CONTENT)
    request.setHeader(b"Content-Range", b"bytes %d-%d/%d" % (start, stop - 1, size))
    return start, stop


@implementer(IPushProducer)
class FileBody:
    """Sends `size` octets of an open file as a request's answer, at the client's pace and never long at a stretch."""

    log = Logger()

    def __init__(self, request: Request, file: BinaryIO, size: int, clock: Clock) -> None:
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
