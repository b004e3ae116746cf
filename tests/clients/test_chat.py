"""The chat's worker: what it publishes, what it refuses, and that nothing is said twice."""

from argparse import Namespace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from autobahn.wamp.exception import ApplicationError, TransportLost
from autobahn.wamp.types import CallResult
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from clients.chat import LONGEST_NAME, LONGEST_TEXT, MOST_ROOMS, REMEMBERED, Chat
from tests.clients.desk import Desk, employ

LOBBY = "com.example.chat.room.lobby"
ANN = 11


class Recording(Desk):
    """Remembers what is published, as a router with event history does, and acknowledges it when told to."""

    def __init__(self, events: list[dict[str, Any]] | None = None) -> None:
        super().__init__()
        self.events = [] if events is None else events
        self.waiting: list[Deferred[None]] | None = None

    def acknowledge(self, topic: str, kwargs: dict[str, Any]) -> Deferred[None]:
        self.events.append({"topic": topic, "kwargs": kwargs})
        if self.waiting is None:
            return super().acknowledge(topic, kwargs)
        self.waiting.append(Deferred())
        return self.waiting[-1]

    async def call(self, procedure: str, *args: Any, options: Any = None, **kwargs: Any) -> Any:
        if procedure == "wamp.subscription.lookup":
            assert args == ("com.example.chat.room.", {"match": "prefix"})
            return 77
        assert (procedure, args, kwargs["reverse"]) == ("wamp.subscription.get_events", (77,), True)
        found = [event for event in reversed(self.events) if event["topic"] == kwargs["topic"]]
        return CallResult(*found[: kwargs["limit"]])


def send(desk: Desk, id: str, text: Any = "hello", room: Any = "lobby", name: Any = "Ann") -> Deferred[str]:
    return Deferred.fromCoroutine(desk.call_as(ANN, "com.example.chat.send", room, id, "p1", name, text))


def sent(desk: Desk) -> list[str]:
    return [kwargs["id"] for _, _, kwargs in desk.published]


@pytest.fixture
def chat() -> Chat:
    return Chat(Clock(), Namespace())


def test_a_message_is_published_with_time_and_session(chat: Chat) -> None:
    desk, _ = employ(chat, Recording())
    assert send(desk, "a", "  hello  ").result == "sent"
    (message,) = desk.told(LOBBY)
    time = datetime.fromisoformat(message.pop("time"))
    assert abs(datetime.now(UTC) - time) < timedelta(minutes=1)
    assert message == {"id": "a", "person": "p1", "name": "Ann", "text": "hello", "session": ANN}


def test_what_is_sent_twice_is_published_once(chat: Chat) -> None:
    desk, _ = employ(chat, Recording())
    assert [send(desk, id).result for id in ("a", "b", "a", "b", "c")] == ["sent", "sent", "known", "known", "sent"]
    assert sent(desk) == ["a", "b", "c"]


def test_the_same_id_in_another_room_is_another_message(chat: Chat) -> None:
    desk, _ = employ(chat, Recording())
    assert [send(desk, "a", room=room).result for room in ("lobby", "kitchen")] == ["sent", "sent"]


def test_what_is_sent_again_while_the_first_is_under_way_waits_for_it(chat: Chat) -> None:
    recording = Recording()
    desk, _ = employ(chat, recording)
    recording.waiting = []
    first, second, third = send(desk, "a"), send(desk, "a"), send(desk, "b")
    assert sent(desk) == ["a"]
    recording.waiting[0].callback(None)
    assert (first.result, second.result) == ("sent", "known")
    assert sent(desk) == ["a", "b"]
    recording.waiting[1].callback(None)
    assert third.result == "sent"


@pytest.mark.parametrize("came_through", [True, False])
def test_after_the_router_was_lost_its_history_tells_what_came_through(chat: Chat, *, came_through: bool) -> None:
    recording = Recording()
    desk, _ = employ(chat, recording)
    recording.waiting = []
    lost = send(desk, "a")
    lost.addErrback(lambda failure: failure.type)
    recording.waiting[0].errback(TransportLost())
    assert lost.result is TransportLost
    again, _ = employ(chat, Recording(recording.events if came_through else []))
    assert send(again, "a").result == ("known" if came_through else "sent")
    assert sent(again) == ([] if came_through else ["a"])


def test_a_caller_that_is_gone_before_the_answer_finds_its_message_known(chat: Chat) -> None:
    recording = Recording()
    desk, _ = employ(chat, recording)
    recording.waiting = []
    gone = send(desk, "a")
    gone.addErrback(lambda _: None)
    gone.cancel()
    recording.waiting = None
    assert send(desk, "a").result == "known"
    assert sent(desk) == ["a"]


def test_a_worker_that_was_started_anew_knows_the_ids_from_the_history(chat: Chat) -> None:
    events = [{"topic": LOBBY, "kwargs": {"id": "a"}}, {"topic": LOBBY, "kwargs": None}, {"topic": LOBBY}]
    desk, _ = employ(chat, Recording(events))
    assert [send(desk, id).result for id in ("a", "b")] == ["known", "sent"]


def test_the_ids_that_are_remembered_are_bounded(chat: Chat) -> None:
    desk, _ = employ(chat, Recording())
    for number in range(REMEMBERED + 10):
        send(desk, str(number))
    assert len(chat.rooms["lobby"].ids or ()) == REMEMBERED
    assert send(desk, str(REMEMBERED)).result == "known"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"id": ""}, "id must be"),
        ({"id": "x" * 41}, "id must be"),
        ({"id": 7}, "id must be"),
        ({"text": "   "}, "text must be"),
        ({"text": "x" * (LONGEST_TEXT + 1)}, "text must be"),
        ({"text": ["hello"]}, "text must be"),
        ({"name": " "}, "name must be"),
        ({"name": "x" * (LONGEST_NAME + 1)}, "name must be"),
        ({"room": "lobby.secret"}, "room must be"),
        ({"room": ""}, "room must be"),
        ({"room": None}, "room must be"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(chat: Chat, wrong: dict[str, Any], sentence: str) -> None:
    desk, _ = employ(chat, Recording())
    refused: list[Any] = []
    send(desk, **({"id": "a"} | wrong)).addErrback(refused.append)
    assert refused[0].value.error == ApplicationError.INVALID_ARGUMENT
    assert sentence in refused[0].value.args[0]
    assert desk.published == []


def test_a_quiet_room_makes_room_and_nothing_is_said_twice_there(chat: Chat) -> None:
    desk, _ = employ(chat, Recording())
    assert send(desk, "a").result == "sent"
    for number in range(MOST_ROOMS):
        assert send(desk, "a", room=f"room{number}").result == "sent"
    assert send(desk, "a").result == "known"


def test_a_room_where_something_is_being_said_stays(chat: Chat) -> None:
    desk, _ = employ(chat, recording := Recording())
    recording.waiting = []
    first = send(desk, "a")
    recording.waiting, waiting = None, recording.waiting
    for number in range(MOST_ROOMS):
        send(desk, "a", room=f"room{number}")
    again = send(desk, "a")
    waiting[0].callback(None)
    assert (first.result, again.result) == ("sent", "known")
