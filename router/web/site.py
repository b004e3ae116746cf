"""What a listener serves over HTTP, and where.

- `GET /`: the page and its files, or an operator's own directory.
- `GET /ws`: 426, this is for WebSocket.
- `GET /ws` with `Upgrade: websocket`: the connection leaves HTTP. One that begins with it never comes here, but it
  may be a later request on a connection: nginx keeps its connections to us and reuses them.
- Whatever else was planted: logins, long-poll, what config.yaml mounts (`mounts`).
"""

# mypy: disallow-untyped-calls=False

import asyncio
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import unquote_to_bytes as unquote

from twisted.logger import Logger
from twisted.web import server
from twisted.web.resource import getChildForRequest

from router.transports.forwarded import Fields
from router.transports.whereabouts import Whereabouts, whereabouts_of
from router.web.bridge import Bridge, bridge_over
from router.web.channel import HEADERS, Channel, House, Request, text
from router.web.clock import Clock
from router.web.files import Files
from router.web.pages import Nothing, Page, WebSocketOnly

TIMEOUT: Final = 75.0
"""Seconds for a request to arrive, idling included: nginx keeps a connection to us for 60 and should be the one to end
it, or a request of its would meet our FIN."""

HIDDEN: Final = frozenset({"tests", "node_modules"})
"""What lies beside the packaged pages and is not for browsers."""

DASHBOARD: Final = "dashboard"
"""The operator's page, which is served where the configuration says."""

LIBRARY: Final = "vendor/autobahn.min.js"
"""The page's WAMP client; it comes from npm and is not in the repository."""

Upgrade = Callable[[asyncio.Transport, bytes], None]
"""Takes a connection over for WebSocket: the transport, and the request's head as octets (with what followed it)."""

Locate = Callable[[asyncio.Transport, Fields], Whereabouts]
"""Says where the sender of a request is, by its connection and its fields."""


class Site(server.Site):
    """One listener's HTTP. `serve` has the signature that the door calls."""

    protocol = Channel  # type: ignore[assignment]
    displayTracebacks = False  # noqa: N815
    log_ = Logger(namespace="router.web")

    def __init__(
        self,
        reactor: Clock,
        upgrade: Upgrade,
        *,
        websocket_path: str | None = "/ws",
        directory: Path | None = None,
        path: str | None = "/",
        timeout: float = TIMEOUT,
        on_lost: Callable[[asyncio.Transport], None] = lambda transport: None,
        locate: Locate = lambda transport, fields: whereabouts_of(transport),
    ) -> None:
        """`directory` is served at `path`: the packaged pages when None; no files at all when `path` is None.

        `on_lost` is told of each connection that ends while it speaks HTTP; `locate` says where requests come from.
        """
        super().__init__(Nothing(), Request, parsePOSTFormSubmission=False, timeout=timeout, reactor=reactor)
        self.hsts: int | None = None
        """Seconds for which browsers shall come by https only; None says nothing about it."""
        self.locate = locate
        self._upgrade = upgrade
        self._websocket_path = None if websocket_path is None else websocket_path.encode("ascii")
        self._patience = timeout
        self._on_lost = on_lost
        self._bridges: set[Bridge] = set()
        self._places: dict[tuple[bytes, ...], Place] = {}
        self._has_warned = False
        if path is not None:
            self.plant(path, self._pages(directory))
        if websocket_path is not None and websocket_path != path:
            self.plant(websocket_path, WebSocketOnly())

    def serve(self, transport: asyncio.Transport, received: bytes) -> None:
        """Speak HTTP on `transport` from now on; `received` was read from it already."""
        bridge = bridge_over(transport, self.reactor, self._patience)
        bridge.on_end = self._bridges.discard
        bridge.on_lost = self._on_lost
        self._bridges.add(bridge)
        bridge.carry(self.buildProtocol(bridge.getPeer()), received)

    def plant(self, path: str, resource: Any, *, body: int | None = None, house: House = HEADERS) -> None:
        """Serve `resource`, an IResource, at `path` and wherever below nothing else is planted: the longest path wins.

        `body` is how many octets of a request's body it gets, see `channel`; larger ones are refused. `house` is what
        every answer from there carries.
        """
        self._places[segments_of(path)] = Place(resource, body, house)

    def body_for(self, target: bytes) -> int | None:
        """How many octets of the body are wanted where a request goes; None where it does not matter."""
        path = target.partition(b"?")[0]
        return self._find([unquote(segment) for segment in path[1:].split(b"/")])[1].body

    def _find(self, segments: list[bytes]) -> tuple[int, "Place"]:
        """The place that a path leads to, and how many of its segments are that place's."""
        for size in range(len(segments), -1, -1):
            place = self._places.get(tuple(segments[:size]))
            if place is not None:
                return size, place
        return 0, NOWHERE

    @property
    def is_answering(self) -> bool:
        """Whether there are requests that are not answered yet."""
        return any(bridge.is_answering for bridge in self._bridges)

    def close(self) -> None:
        """Answer what was asked, begin nothing new. `Bridge` bounds how long that takes."""
        for bridge in list(self._bridges):
            bridge.finish()

    def getResourceFor(self, request: Request) -> Any:  # noqa: N802
        """The hand-over to WebSocket looks at more than the path; below a place, the rest is Twisted's tree."""
        if request.path == self._websocket_path and wants_websocket(request):
            return _HandOver(self._hand_over)
        size, place = self._find(request.postpath)
        request.prepath, request.postpath = request.postpath[:size], request.postpath[size:]
        request.house = place.house
        return getChildForRequest(place.resource, request)

    def log(self, request: Request) -> None:  # type: ignore[override]
        """The access log. Without the query: it may carry a token. `delivers` says that it is a long-poll."""
        self.log_.debug(
            "{peer} {method} {path} {status} {size}",
            peer=request.whereabouts.peer,
            method=text(request.method),
            path=text(request.secret_path or request.path),
            status=request.code,
            size=request.sentLength,
            delivers=bool(request.secret_path),
        )

    def _hand_over(self, request: Request) -> int:
        head = head_of(request)
        channel = request.channel
        early = channel.detach()
        transport, unread = channel.transport.detach()
        try:
            self._upgrade(transport, head + early + unread)
        except Exception:
            self.log_.failure("the hand-over to WebSocket failed")
            transport.abort()
        return server.NOT_DONE_YET

    def _pages(self, directory: Path | None) -> Files:
        if directory is not None:
            return Files(directory, self.reactor)
        return Files(packaged_pages(), self.reactor, HIDDEN | {DASHBOARD}, self.miss)

    def miss(self, path: str) -> None:
        """Hear that a file of ours was asked for that is not there: tell of the library, once."""
        if path == LIBRARY and not self._has_warned:
            self._has_warned = True
            self.log_.warn("the page cannot connect without web/{path}: python web/vendor.py", path=path)


class Place(NamedTuple):
    """What is served at a path, see `Site.plant`."""

    resource: Any
    body: int | None
    house: House


NOWHERE: Final = Place(Nothing(), None, HEADERS)


def segments_of(path: str) -> tuple[bytes, ...]:
    """A path of ours, in the way that Twisted takes those of requests apart; a slash at the end means nothing."""
    return tuple(unquote(segment.encode()) for segment in path.strip("/").split("/") if segment)


class _HandOver(Page):
    """The answer to a WebSocket upgrade is the WebSocket side's."""

    def __init__(self, hand_over: Callable[[Request], int]) -> None:
        super().__init__()
        self._hand_over = hand_over

    def read(self, request: Request) -> int:
        return self._hand_over(request)


def packaged_pages() -> Path:
    """Where the files of the `web` folder are: in the repository, or where the package is installed."""
    index = files("web").joinpath("index.html")
    if not isinstance(index, Path):
        raise NotADirectoryError("the pages are inside an archive: install the package unpacked")
    return index.parent


def wants_websocket(request: Request) -> bool:
    """Whether this is the opening handshake of RFC 6455, section 4.1; whether it is a good one, WebSocket decides."""
    return (
        request.method == b"GET"
        and request.clientproto == b"HTTP/1.1"
        and request.body_size == 0
        and b"websocket" in _tokens(request, b"Upgrade")
        and b"upgrade" in _tokens(request, b"Connection")
    )


def head_of(request: Request) -> bytes:
    """The request's head as octets, rebuilt: names in canonical case, continued lines joined, no body announced."""
    lines = [b" ".join((request.method, request.uri, request.clientproto))]
    for name, values in request.requestHeaders.getAllRawHeaders():
        if name.lower() not in (b"content-length", b"transfer-encoding"):
            lines.extend(name + b": " + value for value in values)
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _tokens(request: Request, name: bytes) -> set[bytes]:
    values = request.requestHeaders.getRawHeaders(name) or []
    return {token.strip().lower() for value in values for token in value.split(b",")}
