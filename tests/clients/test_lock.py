"""The editing lock: who may write, until when, and that nobody else can."""

from argparse import Namespace
from typing import Any

import pytest
from autobahn.wamp.exception import ApplicationError
from twisted.internet.task import Clock

from clients.lock import LEASE, LONGEST_TEXT, MOST_DOCUMENTS, Lock
from tests.clients.desk import Desk, employ

NOTES = "com.example.lock.document.notes"
ANN, BOB = 11, 12


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lock(clock: Clock) -> Lock:
    return Lock(clock, Namespace())


@pytest.fixture
def desk(lock: Lock) -> Desk:
    return employ(lock)[0]


def call(desk: Desk, who: int, verb: str, *args: Any, **kwargs: Any) -> Any:
    return desk.call_as(who, f"com.example.lock.{verb}", "notes", *args, **kwargs)


def holder(desk: Desk) -> str | None:
    state = call(desk, BOB, "get")
    return state["holder"] and state["holder"]["name"]


def test_who_acquires_may_write_and_everybody_sees_it(desk: Desk) -> None:
    got = call(desk, ANN, "acquire", "Ann")
    assert got["lease"] == LEASE
    assert call(desk, ANN, "save", got["token"], "hello") == 1
    acquired, saved = desk.told(NOTES)
    assert (acquired["holder"]["name"], acquired["holder"]["session"], acquired["text"]) == ("Ann", ANN, "")
    assert (saved["text"], saved["version"], saved["saved"]["name"]) == ("hello", 1, "Ann")
    assert call(desk, BOB, "get") == saved


def test_what_is_held_is_refused_with_the_name_of_the_holder(desk: Desk) -> None:
    call(desk, ANN, "acquire", "Ann")
    with pytest.raises(ApplicationError, match=r"error\.held") as refused:
        call(desk, BOB, "acquire", "Bob")
    assert refused.value.args == ("Ann",)
    assert holder(desk) == "Ann"


def test_a_release_lets_the_next_one_write(desk: Desk) -> None:
    token = call(desk, ANN, "acquire", "Ann")["token"]
    call(desk, ANN, "release", token)
    assert desk.told(NOTES)[-1]["holder"] is None
    assert call(desk, BOB, "acquire", "Bob")["token"] > token


def test_a_session_that_left_the_realm_holds_nothing(desk: Desk, clock: Clock) -> None:
    call(desk, ANN, "acquire", "Ann")
    desk.topics["wamp.session.on_leave"](BOB, "bob", "anonymous")
    assert holder(desk) == "Ann"
    desk.topics["wamp.session.on_leave"](ANN, "ann", "anonymous")
    assert holder(desk) is None
    assert clock.getDelayedCalls() == []


def test_a_lease_ends_and_is_told_unless_it_is_renewed(desk: Desk, clock: Clock) -> None:
    token = call(desk, ANN, "acquire", "Ann")["token"]
    clock.advance(LEASE - 1)
    call(desk, ANN, "renew", token)
    clock.advance(LEASE - 1)
    call(desk, ANN, "save", token, "typing")  # that holds it, too
    clock.advance(LEASE - 1)
    assert holder(desk) == "Ann"
    desk.told(NOTES)
    clock.advance(1)
    (state,) = desk.told(NOTES)
    assert (state["holder"], state["text"]) == (None, "typing")


@pytest.mark.parametrize("verb", ["save", "renew", "release"])
@pytest.mark.parametrize("how", ["taken over", "ended", "released", "ended and acquired by another"])
def test_who_lost_the_lock_can_do_nothing_more_with_the_old_token(
    desk: Desk, clock: Clock, how: str, verb: str
) -> None:
    token = call(desk, ANN, "acquire", "Ann")["token"]
    if how == "released":
        call(desk, ANN, "release", token)
    if how.startswith("ended"):
        clock.advance(LEASE)
    if how.endswith("another"):
        call(desk, BOB, "acquire", "Bob")
    if how == "taken over":
        call(desk, BOB, "acquire", "Bob", take_over=True)
    before = call(desk, BOB, "get")
    with pytest.raises(ApplicationError, match=r"error\.lost"):
        call(desk, ANN, verb, token, *(["late"] if verb == "save" else []))
    assert call(desk, BOB, "get") == before


def test_the_token_of_another_session_is_of_no_use(desk: Desk) -> None:
    token = call(desk, ANN, "acquire", "Ann")["token"]
    with pytest.raises(ApplicationError, match=r"error\.lost"):
        call(desk, BOB, "save", token, "mine")


def test_taking_over_tells_the_loser(desk: Desk) -> None:
    token = call(desk, ANN, "acquire", "Ann")["token"]
    assert call(desk, BOB, "acquire", "Bob", take_over=True)["token"] > token
    assert desk.told(NOTES)[-1]["holder"]["session"] == BOB


def test_a_holder_that_had_to_reconnect_goes_on_with_its_last_token(lock: Lock, clock: Clock) -> None:
    first, _ = employ(lock)
    token = call(first, ANN, "acquire", "Ann")["token"]
    first.attached = False
    clock.advance(LEASE / 2)
    second, _ = employ(lock)
    assert second.told("com.example.lock.again") == [{}]
    with pytest.raises(ApplicationError, match=r"error\.held"):
        call(second, BOB, "acquire", "Bob")
    later = call(second, 99, "acquire", "Ann", token)["token"]
    assert later > token
    assert call(second, 99, "save", later, "went on") == 1


def test_a_lease_that_ends_while_the_router_is_away_is_over(lock: Lock, clock: Clock) -> None:
    first, _ = employ(lock)
    call(first, ANN, "acquire", "Ann")
    first.told(NOTES)
    first.attached = False
    clock.advance(LEASE)
    assert first.told(NOTES) == []
    second, _ = employ(lock)
    assert holder(second) is None


def test_tokens_grow_over_a_restart_of_the_worker() -> None:
    old, new = Clock(), Clock()
    old.advance(1000)
    new.advance(1001)
    tokens = [call(employ(Lock(clock, Namespace()))[0], ANN, "acquire", "Ann")["token"] for clock in (old, new)]
    assert tokens[1] > tokens[0]


def test_texts_names_and_documents_are_bounded(desk: Desk) -> None:
    token = call(desk, ANN, "acquire", "Ann")["token"]
    for wrong in ("x" * (LONGEST_TEXT + 1), 7, None):
        with pytest.raises(ApplicationError, match="invalid_argument"):
            call(desk, ANN, "save", token, wrong)
    for name in ("", "x" * 41, 7, "\0 what JSON cannot say", " \0", "\ud800"):
        with pytest.raises(ApplicationError, match="invalid_argument"):
            call(desk, BOB, "acquire", name, take_over=True)
    for number in range(MOST_DOCUMENTS - 1):
        desk.call_as(ANN, "com.example.lock.acquire", f"doc{number}", "Ann")
    assert desk.call_as(ANN, "com.example.lock.get", "one_more")["text"] == ""
    with pytest.raises(ApplicationError, match="no room"):
        desk.call_as(ANN, "com.example.lock.acquire", "one_more", "Ann")
    assert holder(desk) == "Ann"


def test_documents_that_nobody_writes_make_room(desk: Desk, clock: Clock) -> None:
    token = call(desk, ANN, "acquire", "Ann")["token"]
    call(desk, ANN, "save", token, "hello")
    for number in range(MOST_DOCUMENTS - 1):
        desk.call_as(BOB, "com.example.lock.acquire", f"doc{number}", "Bob")
    clock.advance(LEASE)
    desk.call_as(ANN, "com.example.lock.acquire", "one_more", "Ann")
    assert call(desk, BOB, "get")["text"] == "hello"


def test_who_asks_for_what_nobody_has_takes_no_room(desk: Desk) -> None:
    for number in range(MOST_DOCUMENTS + 1):
        with pytest.raises(ApplicationError, match="lost"):
            desk.call_as(BOB, "com.example.lock.renew", f"doc{number}", 1)
