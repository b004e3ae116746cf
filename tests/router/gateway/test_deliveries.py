"""What is sent to a server that is slow, down, or wrong; on a fake clock, without a socket."""

from random import Random

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from router.gateway.deliveries import Deliveries, Delivery, Outcome

DONE = Outcome(True)
DOWN = Outcome(False, "it is down", again=True)
WRONG = Outcome(False, "it answers 400")


class Server:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.waiting: list[Deferred[Outcome]] = []
        self.canceled = 0

    def send(self, delivery: Delivery) -> Deferred[Outcome]:
        self.asked.append(delivery.id)
        self.waiting.append(Deferred(lambda _: self.cancel()))
        return self.waiting[-1]

    def cancel(self) -> None:
        self.canceled += 1

    def answers(self, outcome: Outcome) -> None:
        self.waiting.pop(0).callback(outcome)


class Scene:
    def __init__(self, queue: int = 10, concurrency: int = 1, retries: int = 3) -> None:
        self.clock = Clock()
        self.server = Server()
        self.deliveries = Deliveries(
            "test", self.server.send, self.clock, Random(1), queue=queue, concurrency=concurrency, retries=retries
        )

    def add(self, ids: str) -> None:
        for id in ids:
            self.deliveries.add(Delivery(id, b""))


def test_events_go_one_by_one_in_their_order() -> None:
    scene = Scene()
    scene.add("abc")
    assert scene.server.asked == ["a"]
    scene.server.answers(DONE)
    scene.server.answers(DONE)
    assert scene.server.asked == ["a", "b", "c"]


def test_several_may_go_at_a_time() -> None:
    scene = Scene(concurrency=2)
    scene.add("abc")
    assert scene.server.asked == ["a", "b"]


def test_a_failure_is_tried_again_ever_more_slowly_and_keeps_its_place() -> None:
    scene = Scene()
    scene.add("ab")
    waits = []
    for _ in range(3):
        scene.server.answers(DOWN)
        before = scene.clock.seconds()
        (call,) = scene.clock.getDelayedCalls()
        waits.append(call.getTime() - before)
        scene.clock.advance(waits[-1])
    assert scene.server.asked == ["a"] * 4
    assert all(longest / 2 <= wait <= longest for wait, longest in zip(waits, (1, 2, 4), strict=True))
    scene.server.answers(DONE)
    assert scene.server.asked[-1] == "b"


def test_after_the_last_attempt_it_is_given_up() -> None:
    scene = Scene(retries=1)
    scene.add("ab")
    scene.server.answers(DOWN)
    scene.clock.advance(2)
    scene.server.answers(DOWN)
    assert scene.server.asked == ["a", "a", "b"]
    assert (scene.deliveries.counts.dropped, scene.deliveries.counts.failed) == (1, 2)


def test_what_would_fail_again_is_not_tried_again() -> None:
    scene = Scene()
    scene.add("ab")
    scene.server.answers(WRONG)
    assert scene.server.asked == ["a", "b"]
    assert scene.deliveries.counts.dropped == 1


@pytest.mark.parametrize(("asked", "waited"), [(30.0, 30.0), (10_000.0, 600.0)])
def test_a_server_may_say_when_to_come_back(asked: float, waited: float) -> None:
    scene = Scene()
    scene.add("a")
    scene.server.answers(DOWN._replace(after=asked))
    (call,) = scene.clock.getDelayedCalls()
    assert call.getTime() == waited


def test_the_queue_is_bounded_and_the_oldest_makes_room() -> None:
    scene = Scene(queue=2)
    scene.add("abcde")
    assert scene.deliveries.counts.dropped == 2
    for _ in range(3):
        scene.server.answers(DONE)
    assert scene.server.asked == ["a", "d", "e"]


def test_drops_are_logged_once_until_something_is_delivered(capsys: pytest.CaptureFixture[str]) -> None:
    from twisted.logger import globalLogPublisher

    said: list[str] = []

    def observe(event: dict[str, object]) -> None:
        if event.get("log_namespace") == "bridge":
            said.append(str(event["log_format"]))

    globalLogPublisher.addObserver(observe)
    try:
        scene = Scene(queue=1)
        scene.add("abcd")
        assert len(said) == 1
        scene.server.answers(DONE)
        scene.add("ef")
        assert len(said) == 2
    finally:
        globalLogPublisher.removeObserver(observe)


def test_a_mistake_of_ours_is_a_failure_like_others() -> None:
    scene = Scene()
    scene.add("a")
    scene.server.waiting.pop().errback(RuntimeError("oops"))
    scene.clock.advance(1)
    assert scene.server.asked == ["a", "a"]


def test_closing_stops_what_is_under_way_and_says_how_much_is_left() -> None:
    scene = Scene()
    scene.add("abc")
    assert scene.deliveries.close() == 3
    assert scene.server.canceled == 1
    scene.add("d")
    assert scene.server.asked == ["a"]
    assert scene.clock.getDelayedCalls() == []
