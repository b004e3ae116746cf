"""A listener of plain HTTP that only sends everybody on to https.

any request                 308 to the same address of https; 301 for HTTP/1.0, which knows no 308
WebSocket                   426: browsers follow no redirect there, and the first request may carry a secret already
/.well-known/acme-challenge the files of `web`: who issues certificates asks there, by plain HTTP
"""

# mypy: disallow-untyped-calls=False

import re
from http import HTTPStatus
from pathlib import Path
from typing import Final

from router.config.tls import RedirectToHttps
from router.web.channel import Request, say
from router.web.pages import Page
from router.web.site import Site, wants_websocket

CHALLENGES: Final = "/.well-known/acme-challenge"
"""RFC 8555, section 8.3."""

LARGEST: Final = 4096
"""Octets of an answer to a challenge; they have about a hundred."""

HTTPS: Final = 443

_HOST = re.compile(rb"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{0,5})?")
_TOKEN = re.compile(rb"[A-Za-z0-9_-]{1,128}")


class ToHttps(Page):
    """Every address: the same one of https."""

    def __init__(self, config: RedirectToHttps) -> None:
        super().__init__()
        self._host = None if config.host is None else config.host.encode("ascii")
        self._port = b"" if config.port == HTTPS else b":%d" % config.port

    def render(self, request: Request) -> bytes:
        """Answer `request`, whatever its method is."""
        host = self._host or _host_of(request)
        if host is None:
            return say(request, HTTPStatus.BAD_REQUEST, "The request must name its host, once.")
        if wants_websocket(request):
            request.setHeader(b"Upgrade", b"TLS/1.2, HTTP/1.1")
            request.setHeader(b"Connection", b"Upgrade")
            return say(request, HTTPStatus.UPGRADE_REQUIRED, "WebSocket is spoken over TLS only: connect by wss.")
        path = request.uri if request.uri.startswith(b"/") else b"/"  # `OPTIONS *` is about the host
        request.setHeader(b"Location", b"https://" + host + self._port + path)
        is_old = request.clientproto == b"HTTP/1.0"
        status = HTTPStatus.MOVED_PERMANENTLY if is_old else HTTPStatus.PERMANENT_REDIRECT
        body = say(request, status, "This is at https.")
        if request.method == b"HEAD":
            request.setHeader(b"Content-Length", b"%d" % len(body))
            return b""
        return body


class Challenges(Page):
    """The answers to the challenges of those who issue certificates, as files that a program puts there (ACME)."""

    def __init__(self, directory: Path) -> None:
        """`directory` is the folder of `web`."""
        super().__init__()
        self._folder = directory.joinpath(*CHALLENGES.strip("/").split("/"))

    def read(self, request: Request) -> bytes:
        """Send one."""
        answer = None
        if len(request.postpath) == 1 and _TOKEN.fullmatch(request.postpath[0]):
            answer = _read(self._folder / request.postpath[0].decode("ascii"), self._folder)
        if answer is None:
            return say(request, HTTPStatus.NOT_FOUND, "There is no such file.")
        request.setHeader(b"Content-Type", b"application/octet-stream")
        request.setHeader(b"Cache-Control", b"no-store")
        return answer


def redirect_all(site: Site, config: RedirectToHttps, directory: Path | None) -> None:
    """Make a site of that."""
    site.plant("/", ToHttps(config))
    if directory is not None:
        site.plant(CHALLENGES, Challenges(directory))


def _host_of(request: Request) -> bytes | None:
    """The name that the client used, without the port; it comes back to the client as it is, hence the strictness."""
    hosts = request.requestHeaders.getRawHeaders(b"Host") or []
    host = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
    return None if host is None else host[1]


def _read(path: Path, folder: Path) -> bytes | None:
    """The file, unless a link leads out of the folder."""
    try:
        found = path.resolve(strict=True)
        if not found.is_relative_to(folder.resolve()) or not found.is_file():
            return None
        with found.open("rb") as file:
            return file.read(LARGEST)
    except (OSError, RuntimeError):
        return None
