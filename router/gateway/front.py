"""The path of a bridge itself: a page for people, and 404 for what is below it and is nothing."""

from twisted.web.resource import Resource

from router.gateway.addresses import Address
from router.gateway.exchange import Exchange, Response
from router.gateway.gate import Gate
from router.gateway.refusal import Refusal
from router.web.channel import Request


class Front(Address):
    """See above."""

    isLeaf = False  # noqa: N815
    method = "GET"
    takes_json = False

    def __init__(self, gate: Gate, page: bytes | None) -> None:
        """Without a page there is nothing here, either."""
        super().__init__(gate)
        self._page = page

    def getChild(self, path: bytes, request: Request) -> Resource:  # noqa: N802
        """Nothing else is below; `<path>/` is `<path>`."""
        return self if not path and not request.postpath else Nowhere(self.gate)

    async def respond(self, exchange: Exchange) -> Response:
        """Show the page."""
        if self._page is None:
            raise Refusal.because(404, "there is nothing at this address")
        return Response(200, self._page, "text/html; charset=utf-8")


class Nowhere(Address):
    """404, whatever is asked."""

    is_branch = True

    async def _respond(self, exchange: Exchange) -> Response:
        self.gate.begin(exchange)
        raise Refusal.because(404, "there is nothing at this address")
