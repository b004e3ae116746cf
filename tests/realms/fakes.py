"""What the tests of `realms/` are written in: realms on a fake clock, and peers that send and receive plain lists.

    realm = Scene()
    alice, bob = realm.join(), realm.join(codec=CBOR)
    registration = bob.registers("com.add2")
    alice.sends(48, 1, {}, "com.add2", [1, 2])
    bob.receives(68, 1, registration, {}, [1, 2])
    bob.sends(70, 1, {}, [3])
    alice.receives(50, 1, {}, [3])
    alice.receives_nothing()

Nothing is patched: the sessions, realms and codecs are the real ones. What is made up here is the connection, the
clock, and the dice.
"""

from collections.abc import Callable, Iterable
from random import Random
from typing import Any, Final

from msgspec import Raw
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from realms.authentication import Accepted, Answer, Applicant, Challenged, Methods, Outcome
from realms.authentication.anonymous import Anonymous
from realms.authentication.off_loop import at_once
from realms.authentication.principals import Listed, Principal
from realms.authentication.ticket import Ticket
from realms.authentication.verifiers import digest_verifier
from realms.endings import VIOLATION, Ending
from realms.grants import Disclosure
from realms.history import NO_HISTORY, History
from realms.limits import RoleLimits
from realms.policies import NO_POLICIES, Policies
from realms.realm import Realm
from realms.realms import Deadlines, Realms, Template
from realms.roles import Action, Role, Rule
from realms.schemas import NO_SCHEMAS, Schemas
from realms.session import Session
from realms.transport import NO_EVIDENCE, Evidence, Tallied, Traffic, Wire
from wamp.codecs import CBOR, JSON, MESSAGEPACK, Codec
from wamp.errors import PROTOCOL_VIOLATION, InvalidMessage
from wamp.options import HelloDetails, MatchPolicy

EVERYTHING: Final[frozenset[Action]] = frozenset({"call", "register", "publish", "subscribe"})
WIRES: Final = {codec: Wire(codec, bytes) for codec in (JSON, MESSAGEPACK, CBOR)}

PLAIN: Final[dict[str, Any]] = {"publisher": {}, "subscriber": {}, "caller": {}, "callee": {}}
"""`HELLO.Details.roles` of a peer that knows the basic profile only."""

CAPABLE: Final[dict[str, Any]] = PLAIN | {
    "callee": {"features": {"call_canceling": True, "progressive_call_results": True}}
}
"""`HELLO.Details.roles` of a peer whose callees can be interrupted and send progressive results."""

_ALL_OF_RPC: Final = dict.fromkeys(
    (
        "progressive_call_results", "progressive_call_invocations", "call_timeout", "call_canceling", "call_reroute",
        "call_trustlevels", "caller_identification", "pattern_based_registration", "shared_registration",
        "sharded_registration", "registration_revocation",
    ),
    True,
)  # fmt: skip

RPC_PEER: Final[dict[str, Any]] = PLAIN | {"caller": {"features": _ALL_OF_RPC}, "callee": {"features": _ALL_OF_RPC}}
"""`HELLO.Details.roles` of a peer that knows all of the remote procedure calls."""

COUNTED: Final = frozenset({16, 32, 34, 48, 64, 66})
"""PUBLISH, SUBSCRIBE, UNSUBSCRIBE, CALL, REGISTER, UNREGISTER: the requests whose ids count 1, 2, 3."""


TODAY: Final = 1_790_000_000.0
"""The time of day at which every scene begins: 2026-09-21T14:13:20Z."""


class Anything:
    """Equal to all there is: stands for the parts of a message that do not matter."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return True

    def __repr__(self) -> str:
        return "ANY"


ANY: Final[Any] = Anything()


class Nobody:
    """The session of a connection that has none any more."""

    def receive(self, message: Any) -> None:
        pass

    def violate(self, reason: str) -> None:
        pass

    def detach(self) -> None:
        pass


NOBODY: Final = Nobody()


class FakeTransport(Tallied):
    """A connection that keeps what happens to it: a few lists and a flag."""

    max_outgoing: int = 2**24

    def __init__(self, wire: Wire, accept: Callable[["FakeTransport"], Session]) -> None:
        self.wire = wire
        self.proves = NO_EVIDENCE
        self.details: dict[str, Any] = {"protocol": "fake", "peer": "nobody"}
        self.frames: list[bytes] = []
        self.offered: list[bytes] = []
        self.received: list[bytes] = []
        self.endings: list[Ending] = []
        self.paused = False
        self.limits: RoleLimits | None = None  # from when the session is established
        self.stalls = False  # what is sent is queued, and does not get to the peer
        self.unsent: list[bytes] = []
        self._accept = accept
        self.session: Any = accept(self)

    def evidence(self) -> Evidence:
        return self.proves

    def traffic(self) -> Traffic:
        received, sent = (len(b"".join(frames)) for frames in (self.received, self.frames))
        waiting = len(b"".join(self.unsent))
        return Traffic(len(self.received), received, len(self.frames) + len(self.unsent), sent + waiting, 0, waiting)

    def send(self, frame: bytes) -> None:
        if not self.endings:
            (self.unsent if self.stalls else self.frames).append(frame)

    def offer(self, frame: bytes) -> None:
        if not self.endings and len(frame) <= self.max_outgoing:
            self.send(frame)
            self.offered.append(frame)

    def close(self, ending: Ending) -> None:
        self.endings.append(ending)

    def release(self) -> list[bytes] | None:
        if self.endings:
            return None
        self.session = NOBODY
        unsent, self.unsent = self.unsent, []
        return unsent

    def carry(self, session: Session) -> None:
        self.session = session

    def established(self, limits: RoleLimits) -> None:
        self.limits = limits

    def renew(self) -> None:
        self.session = self._accept(self)

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False


class Peer:
    """A client at the far end of a fake transport. It speaks lists, and counts its requests as a client does."""

    def __init__(self, realms: Realms, codec: Codec) -> None:
        self.codec = codec
        self.transport = FakeTransport(WIRES[codec], lambda transport: Session(realms, transport))
        self.id = 0
        self.ticket = ""
        self._request = 0
        self._seen = 0

    # --- what it does ---

    def sends(self, *message: Any) -> None:
        """Send a message, given as the elements of its list."""
        if message and message[0] in COUNTED and len(message) > 1:
            self._request = message[1]
        self.sends_octets(bytes(self.codec.dump(list(message))))

    def sends_octets(self, octets: bytes) -> None:
        """Send whatever it is, even after the connection should have stopped listening."""
        session = self.transport.session
        self.transport.received.append(octets)
        try:
            message = self.codec.decode(octets)
        except InvalidMessage as mistake:  # as every connection does
            session.violate(str(mistake))
        else:
            session.receive(message)

    def requests(self, code: int, *rest: Any) -> int:
        """Send a request under the next request id, and return the id."""
        request = self._request + 1
        self.sends(code, request, *rest)
        return request

    def calls(self, procedure: str, *payload: Any, **options: Any) -> int:
        return self.requests(48, options, procedure, *payload)

    def publishes(self, topic: str, *payload: Any, **options: Any) -> int:
        return self.requests(16, options, topic, *payload)

    def registers(self, procedure: str, **options: Any) -> int:
        """REGISTER, and return the registration id of REGISTERED."""
        request = self.requests(64, options, procedure)
        return int(self.receives(65, request, ANY)[2])

    def subscribes(self, topic: str, **options: Any) -> int:
        """SUBSCRIBE, and return the subscription id of SUBSCRIBED."""
        request = self.requests(32, options, topic)
        return int(self.receives(33, request, ANY)[2])

    def joins(self, realm: str = "realm1", roles: Any = CAPABLE, **details: Any) -> "Peer":
        """HELLO and WELCOME."""
        self.sends(1, realm, {"roles": roles, **details})
        _, self.id, welcome = self.receives(2, ANY, ANY)
        self.ticket = welcome.get("resume-ticket", "")
        self._request = 0
        return self

    def asks_to_resume(self, lost: "Peer", **details: Any) -> "Peer":
        """HELLO of a client that lost its connection."""
        self.sends(1, None, {"resume-session": lost.id, "resume-token": lost.ticket, **details})
        return self

    def resumes(self, lost: "Peer") -> "Peer":
        """HELLO and WELCOME; the requests go on."""
        self.asks_to_resume(lost)
        welcome = self.receives(2, lost.id, {"resumed": True, "resumable": True, "resume-ticket": ANY})
        self.id, self.ticket, self._request = lost.id, welcome[2]["resume-ticket"], lost._request
        return self

    def vanishes(self) -> None:
        """Lose the connection, without a word."""
        self.transport.session.detach()

    # --- what it notices ---

    def inbox(self) -> list[list[Any]]:
        """Everything that came since the last look."""
        frames = self.transport.frames[self._seen :]
        self._seen = len(self.transport.frames)
        return [self.codec.load(Raw(frame)) for frame in frames]

    def receives(self, *expected: Any) -> list[Any]:
        """Check the next message, and return it."""
        frames = self.transport.frames[self._seen : self._seen + 1]
        assert frames, f"nothing came, but was to be {list(expected)}"
        self._seen += 1
        message: list[Any] = self.codec.load(Raw(frames[0]))
        assert message == list(expected)
        return message

    def receives_nothing(self) -> None:
        assert self.inbox() == []

    def receives_error(self, request_type: int, request: int, uri: str) -> None:
        """Check that an ERROR of the router comes: it explains itself in one sentence."""
        message = self.receives(8, request_type, request, {}, uri, ANY)
        (sentence,) = message[5]
        assert isinstance(sentence, str)

    def is_expelled(self) -> None:
        """Check that the connection ends here, for a protocol violation."""
        message = self.receives(3, ANY, PROTOCOL_VIOLATION)
        assert isinstance(message[1]["message"], str)
        self.receives_nothing()
        assert self.transport.endings[:1] == [VIOLATION]

    def is_present(self) -> None:
        """Check that the session is alive: a request is answered."""
        request = self.requests(34, 2**53)
        self.receives_error(34, request, "wamp.error.no_such_subscription")

    def is_connected(self) -> bool:
        return not self.transport.endings

    def is_paused(self) -> bool:
        """Whether the router does not read from it for now."""
        return self.transport.paused


class Trusting:
    """An authentication method that believes what the client says of itself."""

    name = "trusting"

    def suits(self, hello: HelloDetails, evidence: Evidence) -> bool:
        return True

    def begin(self, applicant: Applicant) -> Accepted:
        hello = applicant.hello
        assert isinstance(hello.authid, str)
        return Accepted(hello.authid, str(hello.authrole or "anyone"), self.name, "tests")


class Slow:
    """An authentication method that takes until `decides` is called; it keeps what it was asked."""

    name = "slow"

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self._answer: Deferred[Outcome] = Deferred()

    def suits(self, hello: HelloDetails, evidence: Evidence) -> bool:
        return True

    def begin(self, applicant: Applicant) -> Answer:
        return self.judge(applicant)

    def judge(self, about: Any) -> Answer:
        self.asked.append(about)
        self._answer = Deferred()
        return self._answer

    def accepts(self) -> None:
        self._answer.callback(Accepted("ann", "anyone", self.name, "tests"))

    def challenges(self, extra: dict[str, Any]) -> None:
        self._answer.callback(Challenged(self.name, extra, self.judge))

    def decides(self, outcome: Outcome) -> None:
        self._answer.callback(outcome)

    def breaks(self) -> None:
        self._answer.errback(RuntimeError("the database password is hunter2"))


def anyone(disclosure: Disclosure = "allow") -> Role:
    """The role of those who may do everything."""
    rules = [Rule("prefix", "", EVERYTHING), Rule("prefix", "wamp.", EVERYTHING)]
    return Role("anyone", rules, disclosure=disclosure)


ANYONE: Final = anyone()
HOLDERS: Final = (
    Principal("ann", "anyone", ticket=digest_verifier("sesame")),
    Principal("bob", "anyone", ticket=digest_verifier("öffne dich")),
)


class Scene:
    """The realms `realm1` and `realm2` of a router, a clock that is moved by hand, and the peers that join."""

    def __init__(
        self,
        roles: Iterable[Role] = (ANYONE,),
        methods: Iterable[Any] = (),
        deadlines: Deadlines = Deadlines(hello=10, authenticate=30),  # noqa: B008 - immutable
        dice: Random | None = None,
        strict_uris: bool = False,
        strict_request_ids: bool = True,
        strict_roles: bool = False,
        default: str | None = None,
        template: tuple[str, int] | None = None,
        policies: Policies = NO_POLICIES,
        schemas: Schemas = NO_SCHEMAS,
        history: History = NO_HISTORY,
        clock: Clock | None = None,
    ) -> None:
        """`template` is how the names of realms begin that are made for their clients, and how many there may be."""
        self.clock = clock or Clock()
        self.dice = dice or Random(1)
        self.slow = Slow()
        everyone = {role.name: role for role in roles}
        all_methods = (
            Anonymous("anyone", self.dice), Trusting(), Ticket(Listed(HOLDERS), at_once), self.slow, *methods
        )  # fmt: skip
        offered = Methods({method.name: method for method in all_methods})

        def make(name: str) -> Realm:
            return Realm(
                name,
                everyone,
                offered,
                self.clock,
                self.dice,
                strict_uris=strict_uris,
                strict_request_ids=strict_request_ids,
                policies=policies,
                schemas=schemas,
                now=lambda: TODAY + self.clock.seconds(),
                history=history if name == "realm1" else NO_HISTORY,
                strict_roles=strict_roles,
            )

        self.realms = Realms(
            [make(name) for name in ("realm1", "realm2")],
            self.clock,
            self.dice,
            deadlines,
            "Wamplex",
            default=default,
            template=Template(make, uri=template[0], max_realms=template[1], forget_after=60) if template else None,
        )

    def connects(self, codec: Codec = JSON) -> Peer:
        """A peer that has not said HELLO yet."""
        return Peer(self.realms, codec)

    def join(
        self,
        authid: str = "ann",
        authrole: str = "anyone",
        *,
        codec: Codec = JSON,
        realm: str = "realm1",
        roles: Any = CAPABLE,
        **details: Any,
    ) -> Peer:
        """A peer in session."""
        peer = self.connects(codec)
        return peer.joins(realm, roles, authmethods=["trusting"], authid=authid, authrole=authrole, **details)


def rule(match: MatchPolicy, uri: str, *allow: Action) -> Rule:
    """Spell a permission as config.yaml does."""
    return Rule(match, uri, frozenset(allow))
