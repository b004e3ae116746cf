"""Static files out of one directory.

Of Twisted's `static.File` we would have to undo most: it lists directories, follows symbolic links, guesses types from
the machine's tables, knows no ETag, fails on a range that is longer than the file, and repeats a file as often as a
client puts ranges into one header. So these are files only: what is not on the list of types does not exist.

Texts go compressed to who takes gzip: as the file beside that is called the same with `.gz`, unless it is older, or as
we compress it, once. A part of a file is a part of the plain one.
"""

# mypy: disallow-untyped-calls=False

import re
from collections.abc import Callable, Collection
from http import HTTPStatus
from io import BytesIO
from os import fstat, stat_result
from pathlib import Path
from typing import IO, Final
from urllib.parse import quote

from twisted.web.http import datetimeToString, stringToDatetime
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from router.web.channel import Request, say
from router.web.clock import Clock
from router.web.compressed import LEAST, MOST, Compressed
from router.web.filebody import FileBody
from router.web.media_types import NEVER, TEXTS, TYPES
from router.web.pages import Page

INDEX: Final = "index.html"

OWN: Final = b"no-cache"
"""Our own files may be kept, but the ETag is asked about each time: a new release shows at once."""

VENDORED_FOR: Final = 86_400
"""Seconds: other people's files under `vendor/` change with their version, seldom; a day old is fine."""

YEAR: Final = 31_536_000
"""Seconds; what may be kept so long is taken for something that never changes."""

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
        *,
        index: str = INDEX,
        fallback: str | None = None,
        cache: int | None = None,
    ) -> None:
        """`hidden` are names that do not exist at any depth; `on_missing` hears the path of every file not found.

        `fallback` is the file that is sent for paths that name no file, if nothing is there; `cache` is how many
        seconds files may be kept, None for our own way.
        """
        super().__init__()
        self._root = directory.resolve()
        self._clock = clock
        self._hidden = NEVER.union(hidden)
        self._on_missing = on_missing
        self._index = index
        self._fallback = None if fallback is None else fallback.split("/")
        self._cache = None if cache is None else cache_control(cache)
        self._compressed = Compressed(clock)

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
        if wanted is None and self._fallback is not None and "." not in segments[-1]:
            wanted = self._find(self._fallback)
        if wanted is None:
            self._on_missing("/".join(segments))
            return say(request, HTTPStatus.NOT_FOUND, "There is no such file.")
        if wanted.is_dir():
            return self._redirect(request)
        try:
            file = wanted.open("rb")
        except OSError:
            return say(request, HTTPStatus.NOT_FOUND, "There is no such file.")
        cache = self._cache or (cache_control(VENDORED_FOR) if segments[0] == "vendor" else OWN)
        request.setHeader(b"Cache-Control", cache)
        return self._send(request, file, wanted)

    def _send(self, request: Request, file: IO[bytes], path: Path) -> int | bytes:
        """Answer with `file`, which is closed afterwards, or with its compressed form."""
        status = fstat(file.fileno())
        suffix = path.suffix.lower()
        request.setHeader(b"Content-Type", TYPES[suffix])
        tag = tag_of(status)
        if suffix not in TEXTS:
            return send(request, file, tag, status, self._clock)
        request.setHeader(b"Vary", b"Accept-Encoding")
        if request.getHeader(b"Range") is not None or not takes_gzip(request.getHeader(b"Accept-Encoding")):
            return send(request, file, tag, status, self._clock)
        beside = self._beside(path, status)
        if beside is None and not LEAST <= status.st_size <= MOST:
            return send(request, file, tag, status, self._clock)
        request.setHeader(b"Content-Encoding", b"gzip")
        tag = tag[:-1] + b'-gz"'
        if beside is not None:
            file.close()
            return send(request, beside, tag, fstat(beside.fileno()), self._clock, modified=int(status.st_mtime))
        if is_known(request, tag, int(status.st_mtime)):
            return send(request, file, tag, status, self._clock)

        def answer(octets: bytes) -> None:
            if not octets:
                request.channel.transport.abortConnection()
                return
            body = send(request, BytesIO(octets), tag, status, self._clock, size=len(octets))
            if isinstance(body, bytes):  # HEAD
                request.finish()

        wanted = Wanted(request, answer)
        self._compressed.press((status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size), file, wanted)
        return NOT_DONE_YET

    def _beside(self, path: Path, status: stat_result) -> IO[bytes] | None:
        """The compressed file that lies beside, unless it is older; opened."""
        try:
            found = path.with_name(path.name + ".gz").resolve(strict=True)
            if not found.is_relative_to(self._root) or not found.is_file() or found.stat().st_mtime < status.st_mtime:
                return None
            return found.open("rb")
        except (OSError, RuntimeError):
            return None

    def _find(self, segments: list[str]) -> Path | None:
        """The file, or a directory that has an index and was asked for without its slash."""
        *above, last = segments
        names = [*above, last or self._index]
        if not all(self._is_name(name) for name in names):
            return None
        try:
            found = self._root.joinpath(*names).resolve(strict=True)
            if not found.is_relative_to(self._root):
                return None  # a symbolic link that leads out
            if found.is_dir():
                return found if last and self._is_file(found / self._index) else None
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


class Wanted:
    """A request that waits for the compressed form of a file; the client may be gone by then."""

    def __init__(self, request: Request, answer: Callable[[bytes], None]) -> None:
        self._answer = answer
        self._is_gone = False
        request.notifyFinish().addErrback(self._gone)

    def __call__(self, octets: bytes) -> None:
        """Here it is."""
        if not self._is_gone:
            self._answer(octets)

    def _gone(self, reason: object) -> None:
        self._is_gone = True


def cache_control(seconds: int) -> bytes:
    """How long files may be kept."""
    if not seconds:
        return OWN
    return b"public, max-age=%d" % seconds + (b", immutable" if seconds >= YEAR else b"")


def tag_of(status: stat_result) -> bytes:
    """The ETag of a file as it is now."""
    return b'"%x-%x"' % (status.st_mtime_ns, status.st_size)


def takes_gzip(header: bytes | None) -> bool:
    """Whether Accept-Encoding names gzip, and not in order to exclude it (RFC 9110, section 12.5.3)."""
    for member in (header or b"").lower().split(b","):
        coding, _, weight = member.replace(b" ", b"").partition(b";")
        if coding in (b"gzip", b"*"):
            return not re.fullmatch(rb"q=0(\.0*)?", weight)
    return False


def send(
    request: Request,
    file: IO[bytes],
    tag: bytes,
    status: stat_result,
    clock: Clock,
    *,
    modified: int | None = None,
    size: int | None = None,
) -> int | bytes:
    """Answer with `file`, which is closed afterwards, a part of it, or 304."""
    modified = int(status.st_mtime) if modified is None else modified
    size = status.st_size if size is None else size
    request.setHeader(b"ETag", tag)
    request.setHeader(b"Last-Modified", datetimeToString(modified))
    if is_known(request, tag, modified):
        file.close()
        request.responseHeaders.removeHeader(b"Content-Type")
        request.setResponseCode(HTTPStatus.NOT_MODIFIED)
        return b""
    request.setHeader(b"Accept-Ranges", b"bytes")
    start, stop = _part(request, tag, size)
    request.setHeader(b"Content-Length", b"%d" % (stop - start))
    if request.method == b"HEAD" or stop == start:
        file.close()
        return b""
    file.seek(start)
    FileBody(request, file, stop - start, clock).start()
    return NOT_DONE_YET


def is_known(request: Request, tag: bytes, modified: int) -> bool:
    """Whether the client has this version already; a tag outranks a date (RFC 9110, section 13.2.2)."""
    tags = request.getHeader(b"If-None-Match")
    if tags is not None:
        return tags.strip() == b"*" or tag in _TAG.findall(tags)
    since = request.getHeader(b"If-Modified-Since")
    try:
        return since is not None and stringToDatetime(since) >= modified
    except (ValueError, LookupError):  # the latter for one that is empty
        return False


def _part(request: Request, tag: bytes, size: int) -> tuple[int, int]:
    """What of the file is asked for, as (start, stop), and the headers that say so.

    One range is served; several, or one that makes no sense, are answered with the whole file, as RFC 9110,
    section 14.2, permits. A range outside the file is 416.
    """
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
