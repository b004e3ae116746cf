"""The addresses of long-poll transports; what such a transport is, `router.transports.longpoll` says.

    POST <path>/open          {"protocols": ["wamp.2.json", ...]} -> 200 {"protocol": ..., "transport": <id>}
    POST <path>/<id>/send     -> 204
    POST <path>/<id>/receive  -> 200 with a message, or a batch; 204 if there is none for a while
    POST <path>/<id>/close    -> 204

A refusal is one line of text with 400, 403 (the page's origin), 404, 405, 409 (a second `receive` took its place), 410
(the transport is over), 413, 415 or 503. The specification says 202 for `send` and `close`, and "no content", which is
204; autobahn.js takes 202 for a failure. A query is ignored. The id is a secret: who knows it is the client.

Pages of other origins may come if `allowed_origins` has them, and are told so (CORS, with credentials: the Fetch
standard, section 3.2).
"""

# mypy: disallow-untyped-calls=False

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from secrets import token_urlsafe
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from realms.transport import Evidence, no_channel_id
from router.config.longpoll import LongPoll as Config
from router.cookies import kept_cookie
from router.transports.admission import turned_away
from router.transports.evidence import evidence_of
from router.transports.http_head import Head, RefusedRequest
from router.transports.longpoll import LongPoll, Patience
from router.transports.longpoll_framing import WIRES
from router.transports.terms import Terms
from router.transports.upgrade import check_origin, describe
from router.transports.whereabouts import Whereabouts
from router.web.channel import KEPT_BODY, Request, say, text
from router.web.site import Site

ID_OCTETS: Final = 24
"""Of randomness in a transport's id: nobody guesses it, however many there are."""

PREFLIGHT_LASTS: Final = 600
"""Seconds for which a browser remembers that a page may come; it asks for `send` and `receive` apart."""

HOUSE: Final = {b"Server": b"Wamplex", b"X-Content-Type-Options": b"nosniff"}
"""What every answer carries: no more than there is a use for, as there is one for each message."""

OCTETS: Final = b"application/octet-stream"

TYPES: Final = {
    "json": (b"application/json",),
    "msgpack": (b"application/msgpack", b"application/x-msgpack", b"application/vnd.msgpack", OCTETS),
    "cbor": (b"application/cbor", OCTETS),
}
"""Of messages, by serializer; the first is what we say."""


def plant_longpoll(site: Site, config: Config, terms: Terms) -> None:
    """Serve long-poll on a listener."""
    addresses = LongPollAddresses(terms, Patience(config.idle, config.silence))
    site.plant(config.path, addresses, body=terms.limits.max_message_size, house=HOUSE)


class Opening(Struct):
    """The body of `open`; there may be more in it."""

    protocols: list[str]


class HttpPost:
    """A request, as the transport sees it: `router.transports.longpoll_requests.Post`."""

    def __init__(self, request: Request, kind: bytes = TYPES["json"][0]) -> None:
        """`kind` is the type of messages."""
        self.body = request.content.read()
        self.on_gone: Callable[[], None] = lambda: None
        self._request = request
        self._kind = kind
        self._is_over = False
        request.notifyFinish().addErrback(lambda failure: self.gone())
        # A browser's tab that was closed ends its stream. It is not to be given a message that nobody would see.
        request.channel.transport.on_half_closed = self._hung_up

    def answer(self, body: bytes | None) -> None:
        """200 with messages, 204 without."""
        if body is None:
            self._finish(HTTPStatus.NO_CONTENT, b"")
        else:
            self._request.setHeader(b"Content-Type", self._kind)
            self._finish(HTTPStatus.OK, body)

    def refuse(self, status: HTTPStatus, why: str) -> None:
        """An error."""
        if not self._is_over:
            if status is HTTPStatus.SERVICE_UNAVAILABLE:
                put_fields(self._request, turned_away().headers)
            self._finish(status, say(self._request, status, why))

    def is_gone(self) -> bool:
        """Whether it was answered, or nobody waits for that."""
        return self._is_over

    def gone(self) -> None:
        """The connection is lost."""
        if not self._is_over:
            self._is_over = True
            self.on_gone()

    def _hung_up(self) -> None:
        self.gone()
        self._request.channel.transport.loseConnection()

    def _finish(self, status: HTTPStatus, body: bytes) -> None:
        if self._is_over:
            return
        self._is_over = True
        request = self._request
        request.setResponseCode(status, status.phrase.encode())
        request.setHeader(b"Cache-Control", b"no-store")
        if status is not HTTPStatus.NO_CONTENT:
            request.setHeader(b"Content-Length", b"%d" % len(body))
            request.write(body)
        request.finish()


class Visit(NamedTuple):
    """A request that may come."""

    request: Request
    head: Head
    where: Whereabouts


class LongPollAddresses(Resource):
    """All of them, of one listener."""

    isLeaf = True  # noqa: N815

    def __init__(self, terms: Terms, patience: Patience) -> None:
        super().__init__()
        self._terms = terms
        self._patience = patience
        self._transports: dict[bytes, LongPoll] = {}

    def render(self, request: Request) -> int | bytes:
        """Answer `request`; the result is Twisted's."""
        if len(request.postpath) > 1:
            request.secret_path = b"/".join((b"", *request.prepath, b"...", *request.postpath[1:]))
        try:
            visit = self._admit(request)
            act = self._act(request.postpath)
            if request.method == b"OPTIONS":
                return answer_preflight(request)
            if request.method != b"POST":
                allowed = ("Allow: POST, OPTIONS",)
                raise RefusedRequest(HTTPStatus.METHOD_NOT_ALLOWED, "this address takes POST", allowed)
            act(visit)
        except RefusedRequest as refused:
            put_fields(request, refused.headers)
            return say(request, refused.status, refused.reason)
        return NOT_DONE_YET

    def _admit(self, request: Request) -> Visit:
        head = head_of(request)
        visit = Visit(request, head, request.whereabouts)
        check_origin(visit.where, head, self._terms)
        if (origin := head.first("origin")) is not None:
            request.setHeader(b"Access-Control-Allow-Origin", origin.encode("latin-1"))
            request.setHeader(b"Access-Control-Allow-Credentials", b"true")
        request.setHeader(b"Vary", b"Origin")
        return visit

    def _act(self, path: list[bytes]) -> Callable[[Visit], None]:
        """What is done at a path below ours."""
        match path:
            case [b"open"]:
                return self._open
            case [id, b"send" | b"receive" | b"close" as verb]:
                transport = self._transports.get(id)
                if transport is None:
                    raise RefusedRequest(HTTPStatus.NOT_FOUND, "there is no such transport, or not any more")
                acts = {b"send": send, b"receive": receive, b"close": close}
                return partial(acts[verb], transport)
            case _:
                raise RefusedRequest(HTTPStatus.NOT_FOUND, "there is nothing at this address")

    def _open(self, visit: Visit) -> None:
        request, head, where = visit
        check_type(request, *TYPES["json"])
        protocol = self._choose_protocol(request)
        details = describe(where, "longpoll")
        if (origin := head.first("origin")) is not None:
            details["origin"] = origin
        transport = LongPoll(self._terms, WIRES[protocol], details, self._evidence(visit), self._patience)
        if not self._terms.admission.seat(transport.transport, where):
            raise turned_away()
        id = token_urlsafe(ID_OCTETS)
        self._transports[id.encode()] = transport
        transport.on_lost = partial(self._forget, id.encode())
        transport.opened()
        HttpPost(request).answer(msgspec.json.encode({"protocol": protocol, "transport": id}))

    def _forget(self, id: bytes) -> None:
        del self._transports[id]

    def _choose_protocol(self, request: Request) -> str:
        """The first that we speak of those that the client offers."""
        if request.body_size > KEPT_BODY:
            raise RefusedRequest(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body has more than {KEPT_BODY} octets")
        try:
            offers = msgspec.json.decode(request.content.read(), type=Opening).protocols
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            raise RefusedRequest(HTTPStatus.BAD_REQUEST, 'expected {"protocols": ["wamp.2.json"]}') from None
        spoken = [name for name, wire in WIRES.items() if wire.codec.name in self._terms.codecs]
        for offer in offers:
            if offer in spoken:
                return offer
        raise RefusedRequest(HTTPStatus.BAD_REQUEST, f"offer one of the protocols {', '.join(spoken)}")

    def _evidence(self, visit: Visit) -> Evidence:
        """What `open` proves. The requests that follow may come over other connections: there is no TLS channel."""
        terms = self._terms
        cookie = "" if terms.cookie is None else kept_cookie(visit.head.fields.get("cookie", ()), terms.cookie)
        found = evidence_of(visit.request.channel.transport.carried, visit.where, cookie, terms.authmethods)
        return replace(found, channel_id=no_channel_id)


def send(transport: LongPoll, visit: Visit) -> None:
    """POST <id>/send."""
    check_type(visit.request, *TYPES[transport.wire.codec.name])
    transport.take_send(HttpPost(visit.request))


def receive(transport: LongPoll, visit: Visit) -> None:
    """POST <id>/receive."""
    post = HttpPost(visit.request, TYPES[transport.wire.codec.name][0])
    post.on_gone = partial(transport.hung_up, post)
    transport.take_receive(post)


def close(transport: LongPoll, visit: Visit) -> None:
    """POST <id>/close."""
    transport.take_close(HttpPost(visit.request))


def head_of(request: Request) -> Head:
    """The request's head, as the rest of the router takes it."""
    fields: dict[str, list[str]] = {}
    for name, values in request.requestHeaders.getAllRawHeaders():
        fields.setdefault(name.decode("latin-1").lower(), []).extend(value.decode("latin-1") for value in values)
    return Head(text(request.method), text(request.uri), text(request.clientproto), fields)


def check_type(request: Request, *types: bytes) -> None:
    """Check the type of a body, if it is named at all; raises RefusedRequest."""
    field = request.getHeader(b"Content-Type")
    if field is not None and field.partition(b";")[0].strip().lower() not in types:
        wanted = b" or ".join(types).decode()
        raise RefusedRequest(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"the Content-Type must be {wanted}")


def answer_preflight(request: Request) -> bytes:
    """Tell a browser that a page of another origin may POST."""
    request.setResponseCode(HTTPStatus.NO_CONTENT, b"No Content")
    request.setHeader(b"Access-Control-Allow-Methods", b"POST")
    request.setHeader(b"Access-Control-Allow-Headers", b"Content-Type")
    request.setHeader(b"Access-Control-Max-Age", b"%d" % PREFLIGHT_LASTS)
    return b""


def put_fields(request: Request, lines: Iterable[str]) -> None:
    """Add header lines, `name: value`, to the answer."""
    for line in lines:
        name, _, value = line.partition(": ")
        request.setHeader(name.encode(), value.encode())
