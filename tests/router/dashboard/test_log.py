"""The log as it is written: leveled, bounded, from any thread, and never about itself."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.logger import Logger

from router.dashboard.log import MAX_PER_SECOND, MAX_TEXT, MAX_TRACEBACK, Log
from router.dashboard.ring import MAX_ROWS
from tests.peers import Peer
from tests.routers import RunningRouter

log = Logger(namespace="router.tests")


class Watched:
    """A Log on a clock that is moved by hand, and what it told."""

    def __init__(self, level: str = "info") -> None:
        self.clock = Clock()
        self.events: list[dict[str, Any]] = []
        self.from_elsewhere: list[tuple[Any, ...]] = []
        self.log = Log(self.clock, level, lambda *call: self.from_elsewhere.append(call))
        self.on_tell: Callable[[], None] = lambda: None
        self.log.start(self._told)

    def _told(self, topic: str, args: list[Any]) -> None:
        assert topic == "wamplex.log.on_event"
        self.events.append(args[0])
        self.on_tell()

    def passes(self, seconds: float) -> None:
        self.clock.pump([0.05] * round(seconds / 0.05))

    def answer(self, **asked: Any) -> dict[str, Any]:
        result = self.log.procedures[0](None, None, [], asked)  # type: ignore[arg-type]
        answer: dict[str, Any] = result.args[0]  # type: ignore[union-attr, index]
        return answer

    def texts(self, **asked: Any) -> list[str]:
        return [event["text"] for event in self.answer(**asked)["events"]]


@pytest.fixture
def watched() -> Iterator[Watched]:
    watched = Watched()
    yield watched
    watched.log.close()


def test_what_is_logged_is_listed_and_told_as_it_is_written(watched: Watched) -> None:
    log.warn("{name} does not answer", name="com.a")
    watched.passes(0.2)
    (event,) = watched.answer()["events"]
    assert watched.events == [event]
    assert {key: event[key] for key in ("number", "level", "origin", "text")} == {
        "number": 1, "level": "warn", "origin": "router.tests", "text": "com.a does not answer",
    }  # fmt: skip
    assert event["time"].endswith("Z")
    assert "traceback" not in event


def test_a_failure_has_its_traceback(watched: Watched) -> None:
    try:
        raise ValueError("seven")
    except ValueError:
        log.failure("it went wrong")
    (event,) = watched.answer(text="SEVEN")["events"]
    assert (event["level"], event["text"]) == ("critical", "it went wrong")
    assert event["traceback"].rstrip().endswith("ValueError: seven")


def test_what_the_log_leaves_out_is_not_there_either(watched: Watched) -> None:
    log.debug("too much")
    log.info("enough")
    assert watched.texts() == ["enough"]


def test_events_are_found_by_level_origin_and_text_and_by_number(watched: Watched) -> None:
    log.info("one")
    log.error("two")
    Logger(namespace="routers").warn("three")
    Logger(namespace="router").critical("four")
    assert watched.texts() == ["four", "three", "two", "one"]
    assert watched.texts(level="warn") == ["four", "three", "two"]
    assert watched.texts(origin="router") == ["four", "two", "one"]
    assert watched.texts(text="O") == ["four", "three", "two", "one"]  # also in the origin
    assert watched.texts(text="two", level="error") == ["two"]
    assert watched.texts(limit=2) == ["four", "three"]
    assert watched.texts(before=3) == ["two", "one"]
    assert watched.answer(level="error")["total"] == 2


def test_a_flood_is_counted(watched: Watched) -> None:
    for number in range(10 * MAX_PER_SECOND):
        log.info("line {number}", number=number)
    log.error("something else")
    watched.passes(1.5)
    assert len(watched.events) == MAX_PER_SECOND + 2
    count = watched.events[-1]
    assert (count["level"], count["origin"], count["omitted"]) == ("info", "router.tests", 9 * MAX_PER_SECOND)


def test_logging_about_the_delivery_makes_no_loop(watched: Watched) -> None:
    watched.on_tell = lambda: log.info("cutting the connection of a slow listener")
    log.info("first")
    watched.passes(60)
    assert len(watched.events) == 1
    assert watched.answer()["total"] == 2
    log.info("second")  # what waited comes along
    watched.passes(60)
    assert [event["text"][:7] for event in watched.events] == ["first", "cutting", "second"]


def arriving(peer: Peer, at_most: int) -> int:
    """How many messages come until there is none for a while."""
    messages: list[Any] = []
    with suppress(TimeoutError):
        while len(messages) < at_most:
            messages.append(peer.receive(0.5))
    return len(messages)


def test_an_event_that_goes_by_long_poll_and_so_into_the_access_log_makes_no_loop(router: RunningRouter) -> None:
    watcher = Peer(router.port, "longpoll").join()
    watcher.subscribe("wamplex.log.on_event")
    stranger = Peer(router.port).join()
    stranger.send(48, 1)  # no CALL
    texts = []
    while not any("protocol violation" in text for text in texts):
        texts.append(watcher.receives(36)[4][0]["text"])
    assert arriving(watcher, at_most=5) < 5  # what was under way may still come; a loop would go on
    stranger.close()
    watcher.close()


def test_a_delivery_that_fails_is_logged_once_and_makes_no_loop(watched: Watched) -> None:
    def breaks() -> None:
        raise RuntimeError("no")

    watched.on_tell = breaks
    log.info("first")
    watched.passes(60)
    assert watched.texts() == ["a row cannot be told", "first"]


def test_what_another_thread_logs_is_kept_in_the_router_s(watched: Watched) -> None:
    thread = Thread(target=lambda: log.info("from afar"))
    thread.start()
    thread.join()
    assert watched.answer()["total"] == 0
    for call, *args in watched.from_elsewhere:
        call(*args)
    assert watched.texts() == ["from afar"]


def test_long_texts_are_cut_and_of_a_traceback_the_end_is_kept(watched: Watched) -> None:
    try:
        raise ValueError("y" * 2 * MAX_TRACEBACK + "the end")
    except ValueError:
        log.failure("{text}", text="x" * 2 * MAX_TEXT)
    (event,) = watched.answer()["events"]
    assert event["text"] == "x" * MAX_TEXT + "..."
    assert len(event["traceback"]) < MAX_TRACEBACK + 10
    assert event["traceback"].rstrip().endswith("the end")


def test_what_is_no_unicode_can_be_sent_all_the_same(watched: Watched) -> None:
    log.info("no such file: {name}", name="caf\udce9")
    assert watched.texts() == ["no such file: caf?"]


def test_after_the_end_nothing_is_kept() -> None:
    watched = Watched()
    watched.log.close()
    log.info("too late")
    watched.passes(2)
    assert (watched.answer()["total"], watched.events) == (0, [])


RULES = """
logging: {level: debug}
realms:
  - name: realm1
    authentication: {anonymous: {role: operator}}
    roles: [{name: operator, permissions: [{uri: wamplex., match: prefix, allow: [call, subscribe]}]}]
dashboard: {path: null}
"""


@pytest.fixture
def router(tmp_path: Path) -> Iterator[RunningRouter]:
    running = RunningRouter(tmp_path, RULES)
    yield running.start()
    running.close()


def test_a_router_tells_what_it_logs(router: RunningRouter) -> None:
    watcher = Peer(router.port).join()
    watcher.subscribe("wamplex.log.on_event")
    stranger = Peer(router.port).join()
    stranger.send(48, 1)  # no CALL
    while not watcher.receives(36)[4][0]["text"].startswith("protocol violation by 127.0.0.1"):
        pass  # what else there is to say
    watcher.call("wamplex.log.list", [], {"origin": "router"})
    while (message := watcher.receive())[0] == 36:
        pass
    texts = [one["text"] for one in message[3][0]["events"]]
    assert any(text.startswith("Wamplex ") and "is ready" in text for text in texts)
    assert any(f"127.0.0.1:{router.port}" in text for text in texts)
    watcher.close()
    stranger.close()


def test_the_log_is_written_whoever_watches(router: RunningRouter) -> None:
    assert router.stop() == 0
    assert "stopping" in router.log
    assert "Traceback" not in router.log


def test_what_waits_to_be_told_is_bounded(watched: Watched) -> None:
    for _ in range(MAX_ROWS // MAX_PER_SECOND + 2):
        for number in range(MAX_PER_SECOND):
            log.info("POST /lp/.../receive {number}", number=number, delivers=True)
        watched.passes(1.1)
    assert not watched.events
    log.info("something else")
    watched.passes(0.2)
    assert len(watched.events) == MAX_ROWS
    assert watched.events[-1]["text"] == "something else"
