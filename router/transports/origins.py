"""From which pages browsers may connect: the same-origin policy does not hold a WebSocket back, so the router must.

A browser names the origin of the page that opens a WebSocket, and no script can change that; it sends the user's
cookies along wherever the page comes from. So a page is let in only if its origin is

    same-origin                 the page came from where the WebSocket is: scheme, host and port
    https://shop.example.com    this one
    https://*.example.com       `*` is anything but a dot, `**` anything; never in the scheme
    *                           any, except `null`

Another port than the scheme's own has to be named, or to be `*`. `null` is what pages without an origin send, such as a
file or a sandboxed frame, which anybody can make of any page: only `null` itself lets them in.

Hosts are compared as browsers send them: in lower case, international names in ASCII. What is no origin, or comes
twice, is refused: no browser sends that.

RFC 6454, sections 4 to 7; RFC 6455, section 10.2.
"""

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Final, NamedTuple

from router.transports.http_head import Head, RefusedRequest

SAME_ORIGIN: Final = "same-origin"
EVERY_PAGE: Final = "*"
NULL: Final = "null"

DEFAULT_PORTS: Final = {"http": "80", "https": "443"}

_SCHEMES: Final = {"ws": "http", "wss": "https"}
"""Some clients that are no browsers (Starscream) name the address of the WebSocket as their origin."""

MAX_ORIGIN: Final = 300
"""Characters: a scheme, a host name of 253, a port. Also what the log shows."""

_ORIGIN: Final = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\]|)(?::(?P<port>[0-9]{1,5}))?"
)
_HOST: Final = re.compile(r"(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{0,5}))?")
_PATTERN: Final = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>[a-z0-9._*-]+|\[[0-9a-f:.*]+\]|)(?::(?P<port>[0-9*]{1,5}))?"
)


class Origin(NamedTuple):
    """Where a page comes from; in lower case, the port as a number without leading zeros, empty if there is none."""

    scheme: str
    host: str
    port: str


class InvalidOrigin(ValueError):  # noqa: N818 - it names what the text is
    """A text that is no origin, or no pattern of origins; says why."""


def parse_origin(text: str) -> Origin:
    """Read an origin, as it is in a request; raises InvalidOrigin.

    No path, not even `/`, no name of a user, no white space: what looks like an origin and is none must not be taken
    for the part that we understand.
    """
    found = _ORIGIN.fullmatch(text.lower()) if text.isascii() and len(text) <= MAX_ORIGIN else None
    if found is None or (not found["host"] and found["scheme"] != "file"):
        raise InvalidOrigin("is no origin")
    return _origin(found["scheme"], found["host"], found["port"])


def same_origins(head: Head, *, secure: bool, host: str = "") -> frozenset[Origin]:
    """The origins of pages that came from where this request goes.

    `secure` and `host` are what a trusted proxy says of what the browser asked for, see `Whereabouts`. Without its word
    TLS may still end before us, so the page may be `https` and the request is not; a plain page never comes to a
    listener with TLS by itself.
    """
    hosts = [host] if host else head.fields.get("host", [])
    found = _HOST.fullmatch(hosts[0].lower()) if len(hosts) == 1 else None
    if found is None:
        return frozenset()
    schemes = ("https",) if secure else ("http", "https")
    return frozenset(_origin(scheme, found["host"], found["port"]) for scheme in schemes)


class Origins:
    """The origins from which a listener takes WebSockets."""

    def __init__(self, allowed: Iterable[str] = (SAME_ORIGIN,), *, allow_missing: bool = True) -> None:
        """`allowed` is as in config.yaml; raises InvalidOrigin. `allow_missing` is for clients that are no browsers."""
        names = frozenset(allowed)
        self.allow_missing = allow_missing
        self._same = SAME_ORIGIN in names
        self._null = NULL in names
        self._every = EVERY_PAGE in names
        self._fits = [_pattern(name) for name in sorted(names - {SAME_ORIGIN, NULL, EVERY_PAGE})]

    def check(self, head: Head, *, secure: bool, host: str = "") -> None:
        """Raise RefusedRequest, 403, unless the page that sends a request may connect."""
        given = head.fields.get("origin", [])
        if not given:
            if not self.allow_missing:
                raise RefusedRequest(HTTPStatus.FORBIDDEN, "only pages may connect here: the request has no Origin")
        elif len(given) > 1 or not self._allows(given[0], head, secure, host):
            raise RefusedRequest(HTTPStatus.FORBIDDEN, "pages of this origin may not connect here")

    def _allows(self, text: str, head: Head, secure: bool, host: str) -> bool:
        if text == NULL:
            return self._null
        try:
            origin = parse_origin(text)
        except InvalidOrigin:
            return False
        if self._every or (self._same and origin in same_origins(head, secure=secure, host=host)):
            return True
        return any(fits(origin) for fits in self._fits)


def check_pattern(text: str) -> None:
    """Raise InvalidOrigin unless `text` may stand in `allowed_origins`."""
    if text not in (SAME_ORIGIN, EVERY_PAGE, NULL):
        _pattern(text)


def _pattern(text: str) -> Callable[[Origin], bool]:
    found = _PATTERN.fullmatch(text.lower()) if text.isascii() else None
    if found is None:
        raise InvalidOrigin(_why_no_pattern(text))
    scheme, host, port = _origin(found["scheme"], found["host"], found["port"])
    if not host and scheme != "file":
        raise InvalidOrigin("names no host")
    if port.isdigit() and int(port) > 65535:
        raise InvalidOrigin("has a port beyond 65535")
    hosts, ports = re.compile(_expression(host)), re.compile(_expression(port))

    def fits(origin: Origin) -> bool:
        return (
            origin.scheme == scheme
            and hosts.fullmatch(origin.host) is not None
            and ports.fullmatch(origin.port) is not None
        )

    return fits


def _why_no_pattern(text: str) -> str:
    scheme, separator, rest = text.partition("://")
    if not separator:
        return "has no scheme: origins are like `https://shop.example.com`"
    if "*" in scheme:
        return "has a `*` in the scheme, which must be named"
    if "/" in rest or "?" in rest or "#" in rest:
        return "has a path: an origin ends with the host or the port"
    if "@" in rest:
        return "names a user"
    if not text.isascii():
        return "is not written as browsers send it: international names in ASCII, such as `xn--bcher-kva.example`"
    return "is no origin such as `https://shop.example.com` or `https://shop.example.com:8443`"


def _origin(scheme: str, host: str, port: str | None) -> Origin:
    scheme = _SCHEMES.get(scheme, scheme)
    if not port:
        port = DEFAULT_PORTS.get(scheme, "")
    return Origin(scheme, host, str(int(port)) if port.isdigit() else port)


def _expression(glob: str) -> str:
    """A glob as a regular expression."""
    return re.escape(glob).replace(r"\*\*", ".*").replace(r"\*", "[^.]*")
