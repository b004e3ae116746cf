"""The presence worker: who is in which room, and who is told of it."""

import json
from argparse import Namespace
from typing import Any

import pytest
from autobahn.wamp.exception import ApplicationError
from twisted.internet.task import Clock

from clients.presence import LARGEST_STATE, MOST_MEMBERS, MOST_ROOMS_OF_ONE, Presence
from tests.clients.desk import Desk, employ

ENTER, UPDATE, LEAVE = (f"com.example.presence.{verb}" for verb in ("enter", "update", "leave"))
LOBBY = "com.example.presence.room.lobby"
ANN, BOB = 11, 12


@pytest.fixture
def desk() -> Desk:
    return employ(Presence(Clock(), Namespace()))[0]


def states(members: list[dict[str, Any]]) -> dict[int, Any]:
    return {member["member"]: member["state"] for member in members}


def test_who_enters_learns_who_is_there_and_the_others_are_told(desk: Desk) -> None:
    assert states(desk.call_as(ANN, ENTER, "lobby", {"name": "Ann"})) == {ANN: {"name": "Ann"}}
    desk.told(LOBBY)
    assert states(desk.call_as(BOB, ENTER, "lobby", "idle")) == {ANN: {"name": "Ann"}, BOB: "idle"}
    ((verb, member),) = desk.told(LOBBY)
    assert (verb, member["member"], member["state"]) == ("enter", BOB, "idle")
    assert member["since"].endswith("+00:00")


def test_a_new_state_is_told(desk: Desk) -> None:
    desk.call_as(ANN, ENTER, "lobby", "here")
    desk.told(LOBBY)
    desk.call_as(ANN, UPDATE, "lobby", "away")
    ((verb, member),) = desk.told(LOBBY)
    assert (verb, member["state"]) == ("update", "away")
    assert states(desk.call_as(BOB, ENTER, "lobby")) == {ANN: "away", BOB: None}


def test_who_leaves_is_gone_and_may_leave_twice(desk: Desk) -> None:
    desk.call_as(ANN, ENTER, "lobby")
    desk.told(LOBBY)
    desk.call_as(ANN, LEAVE, "lobby")
    desk.call_as(ANN, LEAVE, "lobby")
    assert desk.told(LOBBY) == [("leave", ANN)]
    with pytest.raises(ApplicationError, match="not_entered"):
        desk.call_as(ANN, UPDATE, "lobby", "back")


def test_a_session_that_left_the_realm_is_gone_from_all_its_rooms(desk: Desk) -> None:
    for room in ("lobby", "kitchen"):
        desk.call_as(ANN, ENTER, room)
        desk.call_as(BOB, ENTER, room)
    desk.told(LOBBY)
    desk.topics["wamp.session.on_leave"](ANN, "ann", "anonymous")
    desk.topics["wamp.session.on_leave"](13, "somebody", "anonymous")
    assert desk.told(LOBBY) == [("leave", ANN)]
    assert states(desk.call_as(BOB, ENTER, "lobby")) == {BOB: None}
    assert desk.told("com.example.presence.room.kitchen")[-1] == ("leave", ANN)


def test_after_each_joining_everybody_is_asked_to_enter_again() -> None:
    worker = Presence(Clock(), Namespace())
    first, _ = employ(worker)
    assert first.told("com.example.presence.again") == [{}]
    first.call_as(ANN, ENTER, "lobby")
    second, _ = employ(worker)
    assert second.told("com.example.presence.again") == [{}]
    assert states(second.call_as(BOB, ENTER, "lobby")) == {BOB: None}


def test_entering_again_keeps_the_time_and_is_not_another_member(desk: Desk) -> None:
    (first,) = desk.call_as(ANN, ENTER, "lobby", "one")
    (again,) = desk.call_as(ANN, ENTER, "lobby", "two")
    assert again["since"] == first["since"]
    assert again["state"] == "two"


@pytest.mark.parametrize(
    ("room", "state"),
    [
        ("", None),
        ("a.b", None),
        ("Lobby", None),
        ("x" * 41, None),
        (7, None),
        (None, None),
        ("lobby", "x" * LARGEST_STATE),
        ("lobby", b"octets"),
        ("lobby", float("nan")),
        ("lobby", 2**60),
        ("lobby", {1: "JSON has no such keys"}),
        ("lobby", "\0 is for octets in JSON"),
        ("lobby", ["\ud800"]),
        ("lobby", json.loads("[" * 90 + "]" * 90)),
    ],
)
def test_what_is_no_room_and_no_small_state_is_refused(desk: Desk, room: Any, state: Any) -> None:
    with pytest.raises(ApplicationError, match=r"wamp\.error\.invalid_argument"):
        desk.call_as(ANN, ENTER, room, state)
    assert states(desk.call_as(BOB, ENTER, "lobby")) == {BOB: None}


def test_who_does_not_disclose_itself_is_told_how(desk: Desk) -> None:
    with pytest.raises(ApplicationError, match="invalid_argument") as refused:
        desk.call_as(None, ENTER, "lobby")
    assert "disclose_me" in refused.value.args[0]


def test_rooms_and_sessions_are_bounded(desk: Desk) -> None:
    for member in range(MOST_MEMBERS):
        desk.call_as(100 + member, ENTER, "lobby")
    with pytest.raises(ApplicationError, match="full"):
        desk.call_as(ANN, ENTER, "lobby")
    for number in range(MOST_ROOMS_OF_ONE):
        desk.call_as(ANN, ENTER, f"room{number}")
    with pytest.raises(ApplicationError, match="full"):
        desk.call_as(ANN, ENTER, "one_more")
    desk.call_as(ANN, ENTER, "room0", "still allowed")
