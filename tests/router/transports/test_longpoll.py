"""Long-poll transports without HTTP: requests that only remember their answers, and a clock that is told the time."""

from http import HTTPStatus
from typing import Any

import msgspec
import pytest
from twisted.internet.task import Clock

from realms.endings import GOING_AWAY, TOO_SLOW, VIOLATION
from realms.limits import NO_LIMITS, RoleLimits
from realms.transport import NO_EVIDENCE
from router.transports.flusher import Flusher
from router.transports.limits import CLOSE_DEADLINE, Limits
from router.transports.longpoll import OVERTAKEN, LongPoll, Patience
from router.transports.longpoll_framing import WIRES
from router.transports.longpoll_order import AHEAD
from router.transports.terms import Terms
from tests.router.transports.fakes import Recorder

NOTHING = (HTTPStatus.NO_CONTENT, b"")


class Post:
    def __init__(self, body: bytes = b"") -> None:
        self.body = body
        self.answers: list[tuple[HTTPStatus, bytes]] = []
        self.hung_up = False

    def answer(self, body: bytes | None) -> None:
        self.answers.append(NOTHING if body is None else (HTTPStatus.OK, body))

    def refuse(self, status: HTTPStatus, why: str) -> None:
        self.answers.append((status, why.encode()))

    def is_gone(self) -> bool:
        return self.hung_up


class Scene:
    """A transport with an established session."""

    def __init__(self, protocol: str = "wamp.2.json", limits: RoleLimits = NO_LIMITS, **bounds: Any) -> None:
        self.clock = Clock()
        self.sessions: list[Recorder] = []
        self.terms = Terms(
            accept=self.accept,  # type: ignore[arg-type]
            clock=self.clock,
            flusher=Flusher(lambda call: self.clock.callLater(0, call)),
            limits=Limits(**bounds),
        )
        self.transport = LongPoll(self.terms, WIRES[protocol], {"peer": "me"}, NO_EVIDENCE, Patience(10, 30))
        self.transport.opened()
        self.session = self.sessions[0]
        self.transport.established(limits)

    def accept(self, transport: Any) -> Recorder:
        self.sessions.append(Recorder(transport))
        return self.sessions[-1]

    def send(self, *message: Any) -> Post:
        post = Post(msgspec.json.encode(message))
        self.transport.take_send(post)
        return post

    def receive(self) -> Post:
        post = Post()
        self.transport.take_receive(post)
        return post

    def say(self, *frames: bytes) -> None:
        for frame in frames:
            self.transport.send(self.transport.wire.frame(frame))
        self.clock.advance(0)

    @property
    def requests(self) -> list[int]:
        return [message.request for message in self.session.received]


def test_a_receive_takes_one_message_and_a_batched_one_all_that_there_are() -> None:
    """B15"""
    scene = Scene()
    scene.say(b"[1]", b"[2]")
    assert [scene.receive().answers for _ in range(3)] == [[(200, b"[1]")], [(200, b"[2]")], []]
    scene = Scene("wamp.2.json.batched")
    waiting = scene.receive()
    scene.say(b"[1]", b"[2]")
    assert waiting.answers == [(200, b"[1]\x1e[2]\x1e")]


def test_a_receive_that_nobody_waits_for_takes_nothing() -> None:
    """B16"""
    scene = Scene()
    scene.receive().hung_up = True
    scene.say(b"[1]")
    assert scene.receive().answers == [(200, b"[1]")]


def test_a_receive_in_vain_is_answered_and_silence_ends_the_session() -> None:
    """B16"""
    scene = Scene()
    waiting = scene.receive()
    scene.clock.advance(9.9)
    assert waiting.answers == []
    scene.clock.advance(0.2)
    assert waiting.answers == [NOTHING]
    scene.clock.advance(29)
    assert not scene.session.detached
    scene.clock.advance(1)
    assert scene.session.detached
    scene.clock.advance(0)
    assert not scene.terms.connections
    assert not scene.clock.getDelayedCalls()
    assert len(scene.terms.admission) == 0


def test_a_session_that_cannot_take_more_lets_requests_wait() -> None:
    """A27, B15"""
    scene = Scene(max_message_size=1000)
    scene.transport.pause()
    first, second = scene.send(32, 1, {}, "com.a"), scene.send(32, 2, {}, "com.b")
    too_much = scene.send(32, 3, {}, "com." + "c" * 960)
    assert (first.answers, second.answers) == ([], [])
    assert too_much.answers[0][0] == 503
    scene.transport.resume()
    assert scene.requests == []  # not within the call: the session is in the middle of something
    scene.clock.advance(0)
    assert scene.requests == [1, 2]
    assert first.answers == second.answers == [NOTHING]


def test_a_role_that_may_send_only_so_much_is_slowed_down() -> None:
    """B15"""
    scene = Scene(limits=RoleLimits(message_rate=1))
    posts = [scene.send(32, request, {}, "com.a") for request in (1, 2, 3, 4)]
    before = len(scene.requests)
    assert before < 4
    assert posts[3].answers == []
    scene.clock.pump([0.1] * 50)
    assert scene.requests == [1, 2, 3, 4]
    assert posts[3].answers == [NOTHING]


@pytest.mark.parametrize("order", [(2, 1), (3, 2, 1), (1, 3, 2), (2, 3, 1), (1, 2, 3)])
def test_requests_reach_the_session_in_the_order_of_their_ids(order: tuple[int, ...]) -> None:
    """A27, B15"""
    scene = Scene()
    assert all(scene.send(32, request, {}, "com.a").answers == [NOTHING] for request in order)
    assert scene.requests == sorted(order)
    assert len(scene.clock.getDelayedCalls()) == 1  # nothing waits but for the next receive


def test_a_cancel_follows_its_call_and_an_answer_passes_at_once() -> None:
    """A27, C17"""
    scene = Scene()
    scene.send(49, 2, {})
    scene.send(48, 2, {}, "com.b")
    scene.send(70, 7, {})
    scene.send(48, 1, {}, "com.a")
    scene.send(48, 2, {"progress": True}, "com.b")
    kinds = [(type(message).__name__, message.request) for message in scene.session.received]
    assert kinds == [("Yield", 7), ("Call", 1), ("Call", 2), ("Cancel", 2), ("Call", 2)]


def test_what_is_missing_is_not_waited_for_forever() -> None:
    """A23, B15"""
    scene = Scene()
    for request in (3, 2):
        scene.send(32, request, {}, "com.a")
    scene.clock.advance(OVERTAKEN)
    assert scene.requests == [2, 3]
    scene.send(32, 4, {}, "com.a")
    scene.send(32, 5 + AHEAD, {}, "com.a")  # who counts so differently does not count at all
    assert scene.requests == [2, 3, 4]
    scene.send(32, 6 + AHEAD * 2, {}, "com.a")
    assert scene.requests[-1] == 6 + AHEAD * 2


def test_what_comes_too_early_is_bounded() -> None:
    """B16"""
    scene = Scene(outbox=1000)
    for request in range(9, 1, -1):
        scene.send(16, request, {}, "com.a", ["x" * 200])
    assert scene.requests == [5, 6, 7, 8, 9, 4, 3, 2]  # which a strict realm ends, as it must


def test_a_new_session_counts_anew() -> None:
    """A9, A23"""
    scene = Scene()
    scene.send(32, 1, {}, "com.a")
    scene.transport.renew()
    scene.transport.established(NO_LIMITS)
    scene.send(32, 2, {}, "com.a")
    scene.send(32, 1, {}, "com.a")
    assert [message.request for message in scene.sessions[1].received] == [1, 2]


def test_a_peer_that_does_not_ask_is_cut_or_misses_events() -> None:
    """B16"""
    scene = Scene(outbox=100)
    for _ in range(3):
        scene.transport.offer(b"x" * 60)
    assert scene.transport.closing
    scene.clock.advance(0)
    assert scene.session.detached
    assert scene.receive().answers == [(410, b"this transport is over: " + TOO_SLOW.reason.encode())]

    scene = Scene(outbox=100, slow="drop")
    for _ in range(3):
        scene.transport.offer(b"x" * 60)
    traffic = scene.transport.traffic()
    assert (traffic.messages_sent, traffic.events_dropped, traffic.octets_waiting) == (2, 1, 120)
    assert [len(scene.receive().answers) for _ in range(3)] == [1, 1, 0]
    traffic = scene.transport.traffic()
    assert (traffic.messages_sent, traffic.octets_sent, traffic.octets_waiting) == (2, 120, 0)


def test_a_violation_is_a_bad_request_and_what_was_said_is_still_received() -> None:
    """A13, B15"""
    scene = Scene()
    scene.session.answer = lambda message: scene.transport.close(VIOLATION)
    scene.transport.send(b"[3]")
    assert scene.send(32, 1, {}, "com.a").answers[0][0] == 400
    assert scene.send(32, 2, {}, "com.a").answers[0][0] == 410
    assert scene.receive().answers == [(200, b"[3]")]
    assert scene.receive().answers[0][0] == 410
    scene.clock.advance(0)
    assert not scene.terms.connections


def test_a_mistake_of_ours_shows_nothing_of_itself() -> None:
    """B15"""
    scene = Scene()

    def fail(message: Any) -> None:
        raise ZeroDivisionError("a secret of ours")

    scene.session.answer = fail
    ((status, why),) = scene.send(32, 1, {}, "com.a").answers
    assert status == 500
    assert b"secret" not in why


def test_who_does_not_fetch_the_last_words_is_not_waited_for() -> None:
    """B16"""
    scene = Scene()
    scene.transport.send(b"[3]")
    scene.transport.close(VIOLATION)
    scene.clock.advance(CLOSE_DEADLINE)
    scene.clock.advance(0)
    assert not scene.terms.connections
    assert not scene.clock.getDelayedCalls()


@pytest.mark.parametrize("waits", [True, False])
def test_a_router_that_stops_waits_for_nobody(waits: bool) -> None:
    """B16"""
    scene = Scene()
    waiting = scene.receive() if waits else None
    scene.transport.close(GOING_AWAY)
    assert waiting is None or waiting.answers[0][0] == 503
    scene.clock.advance(0)
    assert not scene.terms.connections
    assert not scene.clock.getDelayedCalls()


def test_what_was_not_received_goes_along_with_a_session_that_goes_elsewhere() -> None:
    """A10, B16"""
    scene = Scene()
    scene.say(b"[1]", b"[2]", b"[3]")
    scene.receive()
    assert scene.transport.release() == [b"[2]", b"[3]"]


def test_closing_is_answered_and_so_is_who_waits() -> None:
    """B16"""
    scene = Scene()
    waiting, closing = scene.receive(), Post()
    scene.transport.take_close(closing)
    assert waiting.answers == closing.answers == [NOTHING]
    assert scene.session.detached
    scene.clock.advance(0)
    assert not scene.terms.connections
    assert not scene.clock.getDelayedCalls()
