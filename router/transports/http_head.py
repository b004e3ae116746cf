"""The head of an HTTP/1 request, as far as the door must understand it. No I/O.

RFC 9112, sections 3 and 5. Stricter than a web server: no folded lines, no bare line feeds.
"""

import re
from dataclasses import dataclass
from http import HTTPStatus

REQUEST_LINE = re.compile(rb"([A-Z]{1,20}) ([\x21-\x7e]+) (HTTP/1\.[01])\r\n")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)")

END_OF_HEAD = b"\r\n\r\n"


class RefusedRequest(Exception):  # noqa: N818 - it names what happened
    """A request that is answered with an error: the status, one line for people, and further header lines."""

    def __init__(self, status: HTTPStatus, reason: str, headers: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = headers

    def response(self) -> bytes:
        """The whole response, after which the connection is closed."""
        body = self.reason.encode() + b"\n"
        lines = (
            f"HTTP/1.1 {self.status.value} {self.status.phrase}",
            "Content-Type: text/plain; charset=utf-8",
            f"Content-Length: {len(body)}",
            "Connection: close",
            *self.headers,
            "\r\n",
        )
        return "\r\n".join(lines).encode() + body


@dataclass(frozen=True, slots=True)
class Head:
    """A request line and its header fields."""

    method: str
    target: str
    version: str
    fields: dict[str, list[str]]
    """Lower-case name -> values in their order."""

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    def first(self, name: str) -> str | None:
        """The first value of a field, or None."""
        values = self.fields.get(name)
        return values[0] if values else None

    def tokens(self, name: str) -> list[str]:
        """The members of a field that is a comma-separated list, over all its lines."""
        members = (member.strip() for value in self.fields.get(name, ()) for member in value.split(","))
        return [member for member in members if member]

    @property
    def wants_websocket(self) -> bool:
        """Whether the client asks to speak WebSocket from here on."""
        return "websocket" in (token.lower() for token in self.tokens("upgrade"))


def parse_head(octets: bytes) -> Head:
    """Parse a head up to and including its empty line; raises RefusedRequest."""
    request = REQUEST_LINE.match(octets)
    if request is None:
        raise RefusedRequest(HTTPStatus.BAD_REQUEST, "this is no HTTP/1.1 request")
    fields: dict[str, list[str]] = {}
    rest = octets[request.end() : -len(END_OF_HEAD)]
    for line in rest.split(b"\r\n") if rest else ():
        header = _HEADER.fullmatch(line)
        if header is None:
            raise RefusedRequest(HTTPStatus.BAD_REQUEST, "malformed header field")
        fields.setdefault(header[1].decode("ascii").lower(), []).append(header[2].decode("latin-1").rstrip(" \t"))
    method, target, version = (part.decode("ascii") for part in request.groups())
    return Head(method, target, version, fields)
