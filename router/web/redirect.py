"""A path from which browsers are sent elsewhere: 308, or 307 for now; both keep the method, and the body with it."""

# mypy: disallow-untyped-calls=False

from http import HTTPStatus

from twisted.web.resource import Resource

from router.web.channel import Request, say


class Redirect(Resource):
    """The path, and all below."""

    isLeaf = True  # noqa: N815

    def __init__(self, target: str, *, keep_path: bool, permanent: bool) -> None:
        """`keep_path` appends what follows our path, and the query."""
        super().__init__()
        self._target = target.encode("ascii")
        self._keeps_path = keep_path
        self._status = HTTPStatus.PERMANENT_REDIRECT if permanent else HTTPStatus.TEMPORARY_REDIRECT

    def render(self, request: Request) -> bytes:
        """Send it on."""
        location = self._target
        if self._keeps_path:
            rest = rest_of(request).lstrip(b"/\\")  # `//host` would be another site, and to browsers `/\\host` is, too
            location = location.rstrip(b"/") + b"/" + rest if rest or location.endswith(b"/") else location
            _, mark, query = request.uri.partition(b"?")
            location += mark + query
        body = say(request, self._status, location.decode("ascii"))
        request.setHeader(b"Location", location)
        if self._status is HTTPStatus.PERMANENT_REDIRECT:
            request.responseHeaders.removeHeader(b"Cache-Control")  # or browsers would not remember it
        if request.method == b"HEAD":
            request.setHeader(b"Content-Length", b"%d" % len(body))
            return b""
        return body


def rest_of(request: Request) -> bytes:
    """What follows the path of a resource, as the client has written it."""
    return b"/".join(request.path.split(b"/")[1 + len(request.prepath) :])
