"""What is said when there is no file to send: short plain text, never a word about our insides."""

# mypy: disallow-untyped-calls=False

from http import HTTPStatus
from typing import Final

from twisted.web.resource import Resource

from router.web.channel import Request, say

READ: Final = (b"GET", b"HEAD")


class Page(Resource):
    """A leaf of the site that can be read: GET and HEAD, everything else is 405 with Allow."""

    isLeaf = True  # noqa: N815

    def render(self, request: Request) -> int | bytes:
        """Answer `request`; the result is Twisted's: a body, or NOT_DONE_YET."""
        if request.method not in READ:
            request.setHeader(b"Allow", b", ".join(READ))
            return say(request, HTTPStatus.METHOD_NOT_ALLOWED, "This address can only be read.")
        body = self.read(request)
        if request.method == b"HEAD" and isinstance(body, bytes) and body:
            request.setHeader(b"Content-Length", b"%d" % len(body))
            return b""  # Twisted would drop the body, too, but write a warning about it into the log each time
        return body

    def read(self, request: Request) -> int | bytes:
        """Answer a GET or HEAD."""
        raise NotImplementedError


class Nothing(Page):
    """404, here and everywhere below; `putChild` makes exceptions."""

    isLeaf = False  # noqa: N815

    def getChild(self, path: bytes, request: Request) -> Resource:  # noqa: N802
        """Nothing below nothing."""
        return self

    def read(self, request: Request) -> bytes:
        """404."""
        return say(request, HTTPStatus.NOT_FOUND, "There is nothing at this address.")


class WebSocketOnly(Page):
    """What a browser sees that opens the WebSocket address like a page: 426."""

    def read(self, request: Request) -> bytes:
        """426 with the Upgrade header that RFC 9110, section 15.5.22, asks for."""
        request.setHeader(b"Upgrade", b"websocket")
        request.setHeader(b"Connection", b"Upgrade")
        sentence = "This address speaks WebSocket: connect to it with a WAMP client such as autobahn.js."
        return say(request, HTTPStatus.UPGRADE_REQUIRED, sentence)
