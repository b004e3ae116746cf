"""The addresses of a bridge, as Twisted's resources.

    POST <path>/publish        {"topic", "args", "kwargs", "options"}      200 {"id"}
    POST <path>/call           {"procedure", "args", "kwargs", "options"}  200 {"args", "kwargs"}
    POST <path>/hooks/<name>   whatever it is                              202 {"id"} or {}
    GET  <path>/openapi.json   all this for machines
    GET  <path>                and for people

Whatever goes wrong is answered by `{"error": <uri>, "args", "kwargs"}` and the status of `refusal`.
"""

# mypy: disallow-untyped-calls=False

from typing import Final

from msgspec import Raw, to_builtins
from msgspec.structs import replace
from twisted.internet.defer import Deferred
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from router.gateway.answers import Answer, Failed, Payload
from router.gateway.bodies import CallRequest, CallResult, Publication, PublishRequest, read
from router.gateway.exchange import JSON, Exchange, Response
from router.gateway.gate import ASKED_WITH, PREFLIGHT_AGE, Gate, admitted
from router.gateway.link import CALL, PUBLISH, Link
from router.gateway.refusal import Refusal
from router.web.channel import Request
from wamp.errors import TIMEOUT

GRACE: Final = 1.0
"""Seconds after which a call is given up that the dealer should have ended: an authorizer may be at work."""


class Address(Resource):
    """One of them: what all requests must be like."""

    isLeaf = True  # noqa: N815
    method = "POST"
    takes_json = True
    is_branch = False
    """Whether there is anything below it."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self.gate = gate

    def render(self, request: Request) -> int:
        """Answer `request`, now or later."""
        exchange = Exchange(request)
        exchange.answer_with(Deferred.fromCoroutine(self._respond(exchange)), self.gate.end)
        return NOT_DONE_YET

    async def _respond(self, exchange: Exchange) -> Response:
        self.gate.begin(exchange)
        if exchange.request.postpath and not self.is_branch:
            raise Refusal.because(404, "there is nothing at this address")
        if exchange.method == "OPTIONS":
            return self._options(exchange)
        if exchange.method not in self._methods:
            allowed = ", ".join((*self._methods, "OPTIONS"))
            raise Refusal.because(405, f"this address takes {self.method}", Allow=allowed)
        if self.takes_json and exchange.kind != JSON:
            raise Refusal.because(415, f"the Content-Type must be {JSON}", Accept=JSON)
        return await self.respond(exchange)

    async def respond(self, exchange: Exchange) -> Response:
        """Do what is asked; raises Refusal, Failed, TooFast or InvalidMessage."""
        raise NotImplementedError

    @property
    def _methods(self) -> tuple[str, ...]:
        return ("GET", "HEAD") if self.method == "GET" else (self.method,)

    def _options(self, exchange: Exchange) -> Response:
        response = Response(204, Allow=", ".join((*self._methods, "OPTIONS")))
        if "access-control-request-method" in exchange.fields:
            response.fields |= {
                "Access-Control-Allow-Methods": self.method,
                "Access-Control-Allow-Headers": ASKED_WITH,
                "Access-Control-Max-Age": PREFLIGHT_AGE,
            }
        return response


class Publishing(Address):
    """`<path>/publish`."""

    async def respond(self, exchange: Exchange) -> Response:
        """Publish an event."""
        link = await admitted(self.gate, exchange)
        body = read(exchange.body, PublishRequest)
        return Response.of(200, Publication(await published(link, body)))


class Calling(Address):
    """`<path>/call`."""

    async def respond(self, exchange: Exchange) -> Response:
        """Call a procedure, and wait for what it gives."""
        link = await admitted(self.gate, exchange)
        body = read(exchange.body, CallRequest)
        answer = await called(self.gate, link, body)
        return Response.of(200, CallResult(_or(answer.args, b"[]"), _or(answer.kwargs, b"{}")))


class Document(Address):
    """Something to read that stays the same."""

    method = "GET"
    takes_json = False

    def __init__(self, gate: Gate, body: bytes, kind: str) -> None:
        super().__init__(gate)
        self._body = body
        self._kind = kind

    async def respond(self, exchange: Exchange) -> Response:
        """Give it."""
        return Response(200, self._body, self._kind)


async def published(link: Link, body: PublishRequest) -> int:
    """Publish; gives the publication's id."""
    options = _given(body.options) | {"acknowledge": True}
    return (await link.request(PUBLISH, options, body.topic, body.args, body.kwargs)).id


async def called(gate: Gate, link: Link, body: CallRequest) -> Answer:
    """Call, for no longer than the bridge allows."""
    most = gate.config.timeout
    seconds = min(body.options.timeout / 1000 or most, most)
    options = replace(body.options, timeout=max(1, round(seconds * 1000)))
    asked = link.request(CALL, _given(options), body.procedure, body.args, body.kwargs)
    is_late = False

    def give_up() -> None:
        nonlocal is_late
        is_late = True
        asked.cancel()

    timer = gate.clock.callLater(seconds + GRACE, give_up)
    try:
        return await asked
    except Exception:
        if is_late:
            raise Failed.saying(TIMEOUT, "there was no answer in time") from None
        raise
    finally:
        timer.cancel()


def _given(options: object) -> dict[str, object]:
    """What differs from the defaults, which are WAMP's."""
    given: dict[str, object] = to_builtins(options)
    return given


def _or(payload: Payload, empty: bytes) -> Raw:
    return payload if isinstance(payload, Raw) else Raw(empty)
