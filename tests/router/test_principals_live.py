"""Principals that come and go while the router runs. That autobahn joins as them is in `interop/test_joining.py`."""

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from realms.authentication.verifiers import digest_verifier
from router.cli import main
from tests.peers import ROLES, TRANSPORTS, Peer
from tests.routers import RunningRouter

CONFIG = f"""
realms:
  - name: realm1
    authentication: {{ticket: true, lockout: false}}  # these tests fail on purpose, often
    principals_file: users.yaml
    principals_database: users.db
    principals: [{{authid: ann, role: user, ticket: {digest_verifier("sesame")}}}]
    roles:
      - name: user
        permissions: [{{uri: com.example., match: prefix, allow: [call, publish]}}]
"""
Peers = Callable[..., Peer]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRouter]:
    """A router that all tests of this file share; each has its own principals."""
    folder = tmp_path_factory.mktemp("router")
    (folder / "users.yaml").write_text("[]")
    router = RunningRouter(folder, CONFIG).start()
    yield router
    router.close()


@pytest.fixture
def user(running: RunningRouter) -> Callable[..., None]:
    """`wamplex user`, on the database of the router."""

    def run(*arguments: str) -> None:
        assert main(["user", *arguments, "--config", str(running.config_file)]) == 0

    return run


def reply(peer: Peer, authid: str, ticket: str) -> list[Any]:
    """WELCOME, or ABORT."""
    peer.send(1, "realm1", {"roles": ROLES, "authmethods": ["ticket"], "authid": authid})
    peer.receives(4, "ticket", {})
    peer.send(5, ticket, {})
    message: list[Any] = peer.receive()
    return message


def test_who_was_added_just_now_joins_and_is_refused_when_disabled(
    running: RunningRouter, user: Callable[..., None], peers: Peers, capsys: pytest.CaptureFixture[str]
) -> None:
    """E3, F6"""
    user("add", "joe", "--role", "user", "--generate")
    password = capsys.readouterr().out.split()[1]
    for transport in TRANSPORTS:
        session = peers(running.port, transport)
        code, _, details = reply(session, "joe", password)
        assert code == 2
        assert [details[f"auth{what}"] for what in ("id", "role", "method", "provider")] == [
            "joe", "user", "ticket", "database",
        ]  # fmt: skip
    user("disable", "joe")
    session.receives(6)
    for transport in TRANSPORTS:
        assert reply(peers(running.port, transport), "joe", password)[2] == "wamp.error.authentication_denied"
    assert password not in running.log


def test_a_password_is_checked_while_others_go_on(
    running: RunningRouter, user: Callable[..., None], peers: Peers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """E3, J3: nobody is told apart, and nobody waits for another one's password."""
    with (running.folder / "password").open("w+") as file:
        file.write("open sesame\n")
        file.seek(0)
        monkeypatch.setattr(sys, "stdin", file)
        user("add", "tim", "--role", "user", "--password-stdin")
    assert reply(peers(running.port), "tim", "open sesame")[0] == 2
    refusals = [reply(peers(running.port), *who) for who in (("tim", "x"), ("ann", "x"), ("nobody", "x"))]
    assert refusals[0] == refusals[1] == refusals[2]
    assert refusals[0][2] == "wamp.error.authentication_denied"
    waiting = [peers(running.port) for _ in range(5)]
    for peer in waiting:
        peer.send(1, "realm1", {"roles": ROLES, "authmethods": ["ticket"], "authid": "tim"})
        peer.receives(4, "ticket", {})
        peer.send(5, "guess", {})
    assert reply(peers(running.port), "ann", "sesame")[0] == 2
    assert {peer.receive()[2] for peer in waiting} == {"wamp.error.authentication_denied"}


def test_a_file_that_changes_counts_within_a_moment(running: RunningRouter, peers: Peers) -> None:
    assert reply(peers(running.port), "kim", "sesame")[0] == 3
    new = running.folder / "users.new"
    new.write_text(f"- {{authid: kim, role: user, ticket: {digest_verifier('sesame')}}}\n")
    new.rename(running.folder / "users.yaml")
    deadline = time.monotonic() + 10
    while reply(peers(running.port), "kim", "sesame")[0] != 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert "users.yaml has changed: 1 principals" in running.log
