"""What systemd passes, as the process sees it: descriptors, and variables that say which."""

import os
import socket
from collections.abc import Iterator

import pytest

from router.activation import CannotActivate, passed_names, passed_sockets


@pytest.fixture
def listening() -> Iterator[list[socket.socket]]:
    """Three sockets that listen, on descriptors that follow each other."""
    made = []
    for _ in range(3):
        one = socket.socket()
        one.bind(("127.0.0.1", 0))
        one.listen()
        made.append(one)
    first = 200
    for place, one in enumerate(made):
        os.dup2(one.fileno(), first + place)
    yield made
    for one in made:
        one.close()
    for place in range(3):
        try:
            os.close(first + place)
        except OSError:
            continue


def passed(names: str | None, count: int = 3, **more: str) -> dict[str, str]:
    environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(count), **more}
    return environment if names is None else environment | {"LISTEN_FDNAMES": names}


def test_sockets_are_taken_by_their_name_and_several_may_share_one(listening: list[socket.socket]) -> None:
    taken = passed_sockets("wamp", ["wamp", "web", "wamp"], first=200)
    assert [one.getsockname() for one in taken] == [listening[0].getsockname(), listening[2].getsockname()]
    assert not any(one.get_inheritable() for one in taken)
    for one in taken:
        one.close()


@pytest.mark.parametrize(
    ("environment", "names"),
    [
        (passed("a:b:c"), ["a", "b", "c"]),
        (passed("a"), ["a", "unknown", "unknown"]),
        (passed("a:b:c:d"), ["a", "b", "c"]),
        (passed(None, 2), ["unknown", "unknown"]),
        (passed("a", 0), []),
        (passed("a", LISTEN_FDS="x"), []),
        (passed("a", LISTEN_FDS="-1"), []),
        (passed("a:b:c", LISTEN_PID="1"), []),
        ({}, []),
    ],
)
def test_what_is_for_another_process_or_makes_no_sense_is_not_for_us(
    environment: dict[str, str], names: list[str]
) -> None:
    assert passed_names(environment) == names


def test_a_name_that_is_not_passed_is_told_with_those_that_are() -> None:
    with pytest.raises(CannotActivate, match=r"^systemd passes no socket named wamp; it passes web, x$"):
        passed_sockets("wamp", ["x", "web", "web"])
    with pytest.raises(CannotActivate, match=r"^systemd passes no socket named wamp$"):
        passed_sockets("wamp", [])


def test_a_descriptor_that_is_no_listening_socket_is_refused(listening: list[socket.socket]) -> None:
    reading, writing = os.pipe()
    os.dup2(reading, 200)
    with socket.socket() as idle, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        os.dup2(idle.fileno(), 201)
        os.dup2(datagrams.fileno(), 202)
        for name in ("pipe", "idle", "datagrams"):
            with pytest.raises(CannotActivate, match=f"^descriptor 20[012], {name}, is no socket"):
                passed_sockets(name, ["pipe", "idle", "datagrams"], first=200)
    os.close(reading)
    os.close(writing)
    with pytest.raises(CannotActivate, match="Bad file descriptor"):
        passed_sockets("gone", ["gone"], first=250)
