"""Forwards: a subscription or a registration of the router's own, at whose other end is somebody's server.

    EVENT       -> {"topic", "args", "kwargs", "details", "publication"}  in a queue, tried again: see `deliveries`
    INVOCATION  -> {"procedure", "args", "kwargs", "details"}             at once, and once

What a server answers to a call:

    200 {"args", "kwargs"}             RESULT; either may be left out
    200 any other JSON, or nothing     RESULT with that one argument, or none
    {"error": <uri>, "args", "kwargs"} ERROR, under any status
    408, 504, or nothing in time       ERROR wamp.error.timeout
    other 5xx, 429, no connection      ERROR wamp.error.unavailable
    anything else                      ERROR wamplex.error.http_status, with {"status"}

A forward is in its realm as a session of its own, in the role that it was given. If that ends, it comes back.
"""

import asyncio
from collections.abc import Coroutine
from functools import partial
from random import Random, SystemRandom
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, Raw
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from realms.authentication import Accepted, Applicant
from realms.clock import Clock, Timer
from realms.realms import Realms
from realms.transport import NO_EVIDENCE
from router.config.bridge import Forward as Section
from router.gateway.answers import Answer, Failed, TooFast
from router.gateway.deliveries import Deliveries, Delivery, Outcome
from router.gateway.forwarding import event_body, invocation_body, reply_to
from router.gateway.link import EVENT, INTERRUPT, INVOCATION, LISTENING, REGISTER, SUBSCRIBE, Link
from router.gateway.target import Target, Unreachable
from wamp.codecs import JSON
from wamp.errors import CANCELED, TIMEOUT, UNAVAILABLE, InvalidMessage
from wamp.messages import CODES, Error
from wamp.options import HelloDetails

FIRST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 60.0
"""Seconds until a forward that could not join, subscribe or register tries again; twice as long each time."""

CALLS_AT_A_TIME: Final = 16
"""Of a procedure, where the configuration does not say; more wait with the dealer."""

T = TypeVar("T")

log = Logger(namespace="bridge")


class Forward:
    """One of them."""

    def __init__(
        self,
        section: Section,
        realm: str,
        realms: Realms,
        clock: Clock,
        target: Target,
        random: Random | None = None,
    ) -> None:
        self._section = section
        self._realm = realm
        self._realms = realms
        self._clock = clock
        self._target = target
        self._origin = origin_of(section.url)
        self._name = f"{section.topic or section.procedure} to {self._origin}"
        self._link: Link | None = None
        self._failures = 0
        self._timer: Timer | None = None
        self._is_open = True
        self._calls: dict[int, Deferred[bytes]] = {}
        self.deliveries = Deliveries(
            self._name,
            self._send,
            clock,
            random or SystemRandom(),
            queue=section.queue,
            concurrency=concurrency_of(section),
            retries=section.retries,
        )

    def start(self) -> None:
        """Join the realm, and listen; again and again until that goes well."""
        self._timer = None
        realm = self._realms.find(self._realm)
        if realm is None or not self._is_open:
            return
        section = self._section
        link = Link(self._realms, self._clock, {"protocol": "forward", "peer": self._origin}, NO_EVIDENCE)
        link.hear = self._hear
        applicant = Applicant(0, self._realm, HelloDetails(authid=section.authid), link.details)
        try:
            link.join(realm, LISTENING, applicant, Accepted(section.authid, section.role, "forward", "bridge"))
            asked = self._listen(link)
        except (Failed, InvalidMessage, TooFast) as why:
            link.end()
            self._try_later(_said(why))
            return
        self._link = link
        link.on_end = lambda ended: self._ended()
        asked.addCallbacks(self._listening, lambda failure: self._refused(link, failure))

    async def close(self) -> None:
        """Be done, with what is not delivered."""
        self._is_open = False
        if self._timer is not None:
            self._timer.cancel()
        left = self.deliveries.close()
        if left:
            log.warn("{count} events of {name} were not delivered", count=left, name=self._name)
        if self._link is not None:
            self._link.end()
        await self._target.close()

    def _listen(self, link: Link) -> Deferred[Answer]:
        section, options = self._section, {"match": self._section.match}
        if section.topic is not None:
            return link.request(SUBSCRIBE, options, section.topic)
        assert section.procedure is not None  # noqa: S101 - the configuration was checked
        return link.request(REGISTER, options | {"concurrency": concurrency_of(section)}, section.procedure)

    def _listening(self, answer: Answer) -> None:
        if self._failures:
            log.info("{name} is forwarded again", name=self._name)
        self._failures = 0

    def _refused(self, link: Link, failure: Failure) -> None:
        failure.trap(Failed)
        if self._link is link:
            self._link = None
            link.on_end = lambda ended: None
            link.end()
            self._try_later(_said(failure.value))

    def _ended(self) -> None:
        """Its session was ended by somebody else; calls under way are answered by the dealer."""
        self._link = None
        for call in list(self._calls.values()):
            call.cancel()
        if self._is_open:
            self._try_later("its session was ended")

    def _try_later(self, reason: str) -> None:
        if not self._failures:
            log.error("{name} is not forwarded: {reason}", name=self._name, reason=reason)
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(self._failures, 30))
        self._failures += 1
        self._timer = self._clock.callLater(wait, self.start)

    # --- what comes ---

    def _hear(self, code: int, elements: list[Raw]) -> None:
        if code == EVENT:
            id = bytes(elements[2]).decode()
            self.deliveries.add(Delivery(id, event_body(elements, self._section.topic or "")))
        elif code == INVOCATION:
            self._invoked(elements)
        elif code == INTERRUPT:
            call = self._calls.get(int(bytes(elements[1])))
            if call is not None:
                call.cancel()
        elif self._link is not None:  # the subscription or registration was taken away
            self._link.end()

    def _invoked(self, elements: list[Raw]) -> None:
        request = int(bytes(elements[1]))
        link = self._link
        assert link is not None  # noqa: S101 - it is from it that we hear
        delivery = Delivery(f"{link.session.id}.{request}", invocation_body(elements, self._section.procedure or ""))
        call = self._calls[request] = as_deferred(self._answer_to(request, delivery))
        call.addErrback(partial(self._failed, request))
        call.addCallback(partial(self._answer, link, request))
        call.addErrback(lambda failure: log.failure("{name} failed", failure=failure, name=self._name))

    async def _answer_to(self, request: int, delivery: Delivery) -> bytes:
        return reply_to(request, await self._target.post(delivery))

    def _failed(self, request: int, failure: Failure) -> bytes:
        error = failure.value
        if isinstance(error, Unreachable):
            uri, sentence = TIMEOUT if error.is_late else UNAVAILABLE, "the server does not answer"
        elif failure.check(asyncio.CancelledError) or type(error).__name__ == "CancelledError":
            uri, sentence = CANCELED, "the call was canceled"
        else:
            log.failure("{name} failed", failure=failure, name=self._name)
            uri, sentence = UNAVAILABLE, "the call could not be passed on"
        return JSON.encode_elements((CODES[Error], INVOCATION, request, {}, uri, Raw(msgspec.json.encode([sentence]))))

    def _answer(self, link: Link, request: int, frame: bytes) -> None:
        del self._calls[request]
        try:
            message = JSON.decode(frame)
        except InvalidMessage:
            message = Error(INVOCATION, request, {}, UNAVAILABLE, UNSET)  # type: ignore[arg-type]
        link.tell(message, len(frame))

    def _send(self, delivery: Delivery) -> Deferred[Outcome]:
        return as_deferred(self._target.deliver(delivery))


def concurrency_of(section: Section) -> int:
    """How many requests are under way at a time."""
    if section.concurrency is not None:
        return section.concurrency
    return 1 if section.topic is not None else CALLS_AT_A_TIME


def origin_of(url: str) -> str:
    """The beginning of a URL, for the log and for others in the realm: of many a webhook the rest is the secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def as_deferred(work: Coroutine[Any, Any, T]) -> Deferred[T]:
    """Run it on the event loop; to cancel the Deferred is to cancel the work."""
    return Deferred.fromFuture(asyncio.ensure_future(work))


def _said(error: BaseException | None) -> str:
    """What an error says, for the operator."""
    if isinstance(error, Failed):
        arguments = error.arguments
        return f"{error.uri} {bytes(arguments).decode() if isinstance(arguments, Raw) else ''}".strip()
    return str(error)
