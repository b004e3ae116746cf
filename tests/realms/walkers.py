"""The clients of a random walk: what each of them knows of itself, and what it may expect of the router.

A walker believes nothing: every message that reaches it is decoded strictly, and has to fit what it said and heard
before. What it asserts is what the spec promises to one session; `tests/realms/walk.py` adds what concerns several.
"""

from collections import Counter
from typing import Any, Final

import cbor2
import msgspec

from realms.endings import MOVED, TOO_SLOW, Ending
from realms.limits import RoleLimits
from realms.parking import Parked
from realms.realms import Realms
from realms.session import Session
from realms.transport import NO_EVIDENCE, Evidence, Traffic
from tests.realms.fakes import NOBODY, WIRES
from wamp.codecs import CBOR, JSON, MESSAGEPACK, Codec
from wamp.errors import InvalidMessage
from wamp.messages import RouterMessage
from wamp.options import Features

CODECS: Final = {codec.name: codec for codec in (JSON, MESSAGEPACK, CBOR)}
STRICT: Final[dict[Codec, Any]] = {
    JSON: msgspec.json.Decoder(RouterMessage),
    MESSAGEPACK: msgspec.msgpack.Decoder(RouterMessage),
}

WRITE: Final[dict[Codec, Any]] = {JSON: msgspec.json.encode, MESSAGEPACK: msgspec.msgpack.encode, CBOR: cbor2.dumps}
READ: Final[dict[Codec, Any]] = {JSON: msgspec.json.decode, MESSAGEPACK: msgspec.msgpack.decode, CBOR: cbor2.loads}

ALL_FEATURES: Final = {name: True for name in Features.__struct_fields__ if not name.startswith(("x_", "payload_"))}
ROLES: Final[dict[str, Any]] = {
    "capable": {role: {"features": ALL_FEATURES} for role in ("publisher", "subscriber", "caller", "callee")},
    "plain": {role: {} for role in ("publisher", "subscriber", "caller", "callee")},
}

PAYLOAD_AT: Final = {3: 3, 8: 5, 36: 4, 50: 3, 68: 4}
"""Where Arguments begin in the messages of a router that have them."""

TINY: Final = 600
"""Octets that a small device takes in one message."""


class Line:
    """The connection of a walker. The router's side of it is `realms.transport.Transport`."""

    def __init__(self, realms: Realms, codec: Codec, max_outgoing: int) -> None:
        self.wire = WIRES[codec]
        self.details: dict[str, Any] = {"protocol": "fake", "peer": "nobody"}
        self.max_outgoing = max_outgoing
        self.frames: list[bytes] = []
        self.ending: Ending | None = None
        self.slow: str | None = None  # the policy "drop" or "cut" is at work, as the outbox is full
        self.missed = 0
        self._realms = realms
        self.session: Any = Session(realms, self)

    def evidence(self) -> Evidence:
        return NO_EVIDENCE

    def traffic(self) -> Traffic:
        return Traffic(0, 0, len(self.frames), 0, self.missed, 0)

    def send(self, frame: bytes) -> None:
        if self.ending is None:
            self.frames.append(frame)

    def offer(self, frame: bytes) -> None:
        if self.ending is not None:
            return
        if self.slow == "cut":
            self.close(TOO_SLOW)
        elif self.slow == "drop" or len(frame) > self.max_outgoing:
            self.missed += 1
        else:
            self.frames.append(frame)

    def close(self, ending: Ending) -> None:
        if self.ending is None:
            self.ending = ending

    def release(self) -> list[bytes] | None:
        if self.ending is not None:
            return None
        self.session = NOBODY
        return []

    def carry(self, session: Session) -> None:
        self.session = session

    def established(self, limits: RoleLimits) -> None:
        pass

    def renew(self) -> None:
        if self.ending is None:
            self.session = Session(self._realms, self)

    def pause(self) -> None:
        pass

    def resume(self) -> None:
        pass


class Invoked:
    """An invocation that a walker has to answer."""

    __slots__ = ("asked", "call", "caller", "interrupts", "more", "progress", "registration")

    def __init__(self, caller: int, call: int, registration: int, details: dict[str, Any]) -> None:
        self.caller = caller
        self.call = call
        self.registration = registration
        self.more = bool(details.get("progress"))
        self.progress = bool(details.get("receive_progress"))
        self.asked = 0
        self.interrupts = 0


class Called:
    """A call that a walker made."""

    __slots__ = ("more", "number", "options", "procedure", "results")

    def __init__(self, number: int, procedure: str, options: dict[str, Any]) -> None:
        self.number = number
        self.procedure = procedure
        self.options = options
        self.more = bool(options.get("progress"))
        self.results: dict[int, int] = {}


class Walker:
    """One session of a client, and the memory that its router is judged by."""

    def __init__(self, world: Any, number: int, line: Line, codec: Codec, roles: str, authrole: str) -> None:
        self.world = world
        self.number = number
        self.line = line
        self.codec = codec
        self.roles = roles
        self.authid = f"user{number % 3}"
        self.authrole = authrole
        self.is_in = False  # between WELCOME and whatever ends the session
        self.is_leaving = False  # the router said GOODBYE
        self.said_goodbye = False
        self.may_be_aborted = False
        self.is_frozen = False
        self.id = 0
        self.ticket = ""  # with which the session can be resumed
        self.parked: Parked | None = None  # what the router keeps while the session is paused
        self.noticed = 0  # frames of these that were looked at
        self.until = 0.0  # when that ends
        self.last_request = self.last_invocation = 0
        self.owed: dict[int, tuple[int, Any]] = {}
        self.subscriptions: dict[int, tuple[str, str, dict[str, Any]]] = {}
        self.registrations: dict[int, tuple[str, str, dict[str, Any]]] = {}
        self.calls: dict[int, Called] = {}
        self.made: list[int] = []
        self.cut_short: dict[int, Called] = {}  # calls that were answered before all of their chunks were sent
        self.invocations: dict[int, Invoked] = {}
        self.answered: list[int] = []
        self.events: list[tuple[int, int]] = []  # (subscription, publication's number), of this step
        self.last_event: dict[tuple[int, int], int] = {}
        self.last_invoked: dict[tuple[int, int], int] = {}
        self.counts: Counter[str] = Counter()

    # --- what it does ---

    def sends(self, *message: Any) -> None:
        """Send a message, as its connection would hand it on."""
        session = self.line.session
        try:
            decoded = self.codec.decode(WRITE[self.codec](message))
        except InvalidMessage as mistake:
            session.violate(str(mistake))
        else:
            session.receive(decoded)

    def requests(self, code: int, *rest: Any, about: Any = None) -> int:
        """Send a request, and keep that it is to be answered."""
        self.last_request += 1
        self.owed[self.last_request] = (code, about)
        self.sends(code, self.last_request, *rest)
        return self.last_request

    def is_paused(self, until: float) -> None:
        """The connection is lost, and the session waits for it."""
        assert isinstance(self.session.transport, Parked), "session not paused"
        self.parked, self.noticed, self.until = self.session.transport, 0, until
        self.is_frozen, self.line.slow = False, None

    def resumes(self, line: Line) -> None:
        """Come back on another connection: WELCOME, then exactly what was kept, which was looked at already."""
        lost, parked = self.line, self.parked
        self.line, self.parked, self.is_frozen = line, None, False
        self.sends(1, None, {"resume-session": self.id, "resume-token": self.ticket})
        welcome, *kept = line.frames
        line.frames = []
        message = READ[self.codec](welcome)
        self._check_form(welcome, message)
        old, self.ticket = self.ticket, message[2]["resume-ticket"]
        assert message == [2, self.id, {"resumed": True, "resumable": True, "resume-ticket": self.ticket}], message
        assert self.ticket != old, "a ticket is good for one return"
        if parked is None:
            assert lost.ending is MOVED, "two connections for one session"
            assert kept == [], "kept although nothing was lost"
        else:
            assert kept == parked.kept, "something else was kept"

    # --- what it notices ---

    def looks(self) -> None:
        """Read what came."""
        if self.parked is None:
            frames, self.line.frames = self.line.frames, []
        else:  # what is kept for it shall keep the promises as well, and at its time
            frames, self.noticed = self.parked.kept[self.noticed :], len(self.parked.kept)
        if not frames and not self.owed:
            return
        for frame in frames:
            message: list[Any] = READ[self.codec](frame)
            self._check_form(frame, message)
            kind = message[0]
            assert self.is_in or kind in (2, 3, 4, 6), f"message out of session: {message}"
            assert not self.is_leaving, f"message after GOODBYE: {message}"
            NOTICE[kind](self, message)
            self.counts[NOTICE[kind].__name__] += 1
        if self.owed and self.line.ending is None and not self.is_leaving and self.is_in:
            raise AssertionError(f"request not answered: {self.owed}")

    def _check_form(self, frame: bytes, message: list[Any]) -> None:
        octets = frame
        decoder = STRICT.get(self.codec)
        if decoder is None:
            decoder, octets = STRICT[MESSAGEPACK], msgspec.msgpack.encode(message)
        try:
            decoded = decoder.decode(octets)
        except msgspec.DecodeError as mistake:
            raise AssertionError(f"message malformed: {message}: {mistake}") from None
        details = getattr(decoded, "details", None)
        if isinstance(details, msgspec.Struct):
            place = decoded.__struct_fields__.index("details") + 1
            surplus = set(message[place]) - set(details.__struct_encode_fields__)
            assert not surplus, f"message with unknown details {surplus}: {message}"
        end = PAYLOAD_AT.get(message[0])
        called = self.calls.get(message[1]) if message[0] == 50 else None
        if end is not None and len(message) > end and not (called and called.procedure.startswith("wamp.")):
            assert message[-1] not in ([], {}), f"message with an empty end: {message}"

    def _welcome(self, message: list[Any]) -> None:
        assert not self.is_in, f"second WELCOME: {message}"
        self.is_in = True
        self.session = self.line.session
        self.id = message[1]
        self.ticket = message[2].get("resume-ticket", "")
        roles = message[2]["roles"]
        if self.line.max_outgoing != TINY:  # which is too little to be told
            self.world.offers = {**roles["broker"]["features"], **roles["dealer"]["features"]}

    def _abort(self, message: list[Any]) -> None:
        assert self.may_be_aborted, f"aborted: {message}"
        self.is_in = False

    def _goodbye(self, message: list[Any]) -> None:
        if self.said_goodbye:
            self.is_in = False
        else:
            self.world.told_to_leave(self)
            self.is_leaving = True
            self.is_in = False

    def _error(self, message: list[Any]) -> None:
        _, kind, request, *_ = message
        if kind == 48:
            self._call_ends(request, message)
        else:
            expected, about = self.owed.pop(request, (0, None))
            assert kind == expected, f"error for what was not asked: {message}"
            if kind == 64 and message[4] == "wamp.error.procedure_already_exists":
                assert self.world.conflicts(self, *about), f"register refused for nothing: {message}"

    def _answer(self, request: int, kind: int) -> Any:
        expected, about = self.owed.pop(request, (0, None))
        assert kind == expected, f"answer to what was not asked: {kind} {request}"
        return about

    def _published(self, message: list[Any]) -> None:
        self._answer(message[1], 16)

    def _subscribed(self, message: list[Any]) -> None:
        match, uri, options = self._answer(message[1], 32)
        known = self.subscriptions.get(message[2])
        assert known is None or known[:2] == (match, uri), f"subscription id used twice: {message}"
        self.subscriptions[message[2]] = (match, uri, options)

    def _unsubscribed(self, message: list[Any]) -> None:
        if message[1] == 0:
            assert self.roles == "capable", f"revocation was not announced: {message}"
            self.subscriptions.pop(message[2]["subscription"], None)
        else:
            del self.subscriptions[self._answer(message[1], 34)]

    def _event(self, message: list[Any]) -> None:
        _, subscription, _, details, *payload = message
        assert subscription in self.subscriptions, f"event without subscription: {message}"
        match, uri, options = self.subscriptions[subscription]
        assert match == "exact" or "topic" in details, f"event of a pattern without topic: {message}"
        assert match == "exact" or matches(match, uri, details["topic"]), f"event of another topic: {message}"
        if not payload or not payload[0] or not isinstance(payload[0][0], list):
            return  # of the router, or a testament
        _, publisher, number = payload[0][0]
        if details.get("retained"):
            assert options.get("get_retained"), f"retained event not asked for: {message}"
            assert self.world.may_have(self, number), f"retained event for others: {message}"
            return
        before = self.last_event.get((publisher, 0), 0)
        assert number >= before, f"event out of order: {message} after {before}"
        assert number > self.last_event.get((publisher, subscription), 0), f"event twice: {message}"
        self.last_event[publisher, 0] = self.last_event[publisher, subscription] = number
        self.events.append((subscription, number))

    def _registered(self, message: list[Any]) -> None:
        match, uri, options = self._answer(message[1], 64)
        assert message[2] not in self.registrations, f"registered twice: {message}"
        if options.get("force_reregister"):
            self.world.took_over(match, uri)
        self.registrations[message[2]] = (match, uri, options)

    def _unregistered(self, message: list[Any]) -> None:
        if message[1] == 0:
            assert self.roles == "capable", f"revocation was not announced: {message}"
            self.registrations.pop(message[2]["registration"], None)
        else:
            del self.registrations[self._answer(message[1], 66)]

    def _invocation(self, message: list[Any]) -> None:
        _, id, registration, details, *payload = message
        _, caller, number, chunk = payload[0][0]
        known = self.invocations.get(id)
        if known is not None:
            assert known.more, f"invocation id used twice: {message}"
            assert (known.caller, known.call) == (caller, number), f"chunk of another call: {message}"
            assert chunk > known.asked, f"chunk out of order: {message}"
            known.more, known.asked = bool(details.get("progress")), chunk
            return
        assert id == self.last_invocation + 1, f"invocation id not sequential: {message} after {self.last_invocation}"
        self.last_invocation = id
        assert registration in self.registrations, f"invocation without registration: {message}"
        match, uri, _ = self.registrations[registration]
        procedure = self.world.procedures[number]
        assert matches(match, uri, procedure), f"invocation of another procedure: {message}"
        assert details.get("procedure", procedure) == procedure, f"invocation with a wrong procedure: {message}"
        assert match == "exact" or "procedure" in details, f"invocation of a pattern without procedure: {message}"
        if details.get("receive_progress"):
            assert self.roles == "capable", f"progress was not announced: {message}"
        if "timeout" in details:
            assert self.registrations[registration][2].get("forward_timeout"), f"timeout not asked for: {message}"
            self.world.forwarded.add(number)
        self.world.invoked(self, caller, number, registration)
        self.invocations[id] = Invoked(caller, number, registration, details)

    def _interrupt(self, message: list[Any]) -> None:
        assert self.roles == "capable", f"interrupt was not announced: {message}"
        known = self.invocations.get(message[1])
        assert known is not None, f"interrupt of what is not under way: {message}"
        known.interrupts += 1
        assert known.interrupts <= 2, f"interrupted again and again: {message}"

    def _result(self, message: list[Any]) -> None:
        _, request, details, *payload = message
        called = self.calls.get(request)
        assert called is not None, f"call answered twice: {message}"
        if payload and payload[0] and isinstance(payload[0][0], list) and payload[0][0][:1] == ["r"]:
            _, callee, number, count = payload[0][0]
            assert number == called.number, f"result of another call: {message}"
            assert count > called.results.get(callee, 0), f"result out of order: {message}"
            called.results[callee] = count
        if details.get("progress"):
            assert called.options.get("receive_progress") or "runmode" in called.options, f"unasked progress: {message}"
        else:
            self._call_ends(request, message)

    def _call_ends(self, request: int, message: list[Any]) -> None:
        assert request in self.calls, f"call answered twice: {message}"
        called = self.calls.pop(request)
        if called.more:
            self.cut_short[request] = called
        self.world.call_ended(called, message)


NOTICE: Final = {
    2: Walker._welcome,
    3: Walker._abort,
    6: Walker._goodbye,
    8: Walker._error,
    17: Walker._published,
    33: Walker._subscribed,
    35: Walker._unsubscribed,
    36: Walker._event,
    50: Walker._result,
    65: Walker._registered,
    67: Walker._unregistered,
    68: Walker._invocation,
    69: Walker._interrupt,
}


def matches(match: str, pattern: str, uri: str) -> bool:
    """Whether a URI is one that a pattern stands for: the spec's rule, spelled as plainly as can be."""
    if match == "exact":
        return pattern == uri
    if match == "prefix":
        return uri.startswith(pattern)
    components, parts = uri.split("."), pattern.split(".")
    return len(parts) == len(components) and all(
        part in ("", component) for part, component in zip(parts, components, strict=True)
    )


def preference(match: str, pattern: str) -> tuple[Any, ...]:
    """Sorts the registrations that match a call: the greatest one gets it."""
    if match == "wildcard":
        return (0, [part != "" for part in pattern.split(".")])
    return (1 if match == "prefix" else 2, len(pattern))
