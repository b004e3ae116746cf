"""Rules that change while the router runs: what counts at once, what waits, and what is not taken. F6."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.peers import ROLES, Peer
from tests.routers import RunningRouter

Peers = Callable[..., Peer]

RULES = """
realms:
  - name: realm1
    history: {topics: [{uri: com.kept}]}
    authentication: {anonymous: {role: guest}, ticket: true}
    principals_file: people.yaml
    principals_database: people.sqlite
    roles:
      - name: guest
        permissions: [{uri: com.a., match: prefix, allow: [call, register, publish, subscribe]}]
      - name: staff
        permissions: [{uri: "", match: prefix, allow: [call, register, publish, subscribe]}]
  - name: realm2
    authentication: {anonymous: {role: guest}}
    roles: [{name: guest}]
realm_template: {like: realm1, uri: com.shops.}
audit: {file: audit.log}
"""
JOE = f"- {{authid: joe, role: staff, ticket: $sha256${sha256(b'bob').hexdigest()}}}\n"
REVOCABLE: dict[str, Any] = ROLES | {"subscriber": {"features": {"subscription_revocation": True}}}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRouter]:
    folder = tmp_path_factory.mktemp("rules")
    (folder / "people.yaml").write_text(JOE)
    router = RunningRouter(folder, RULES)
    ann = ("user", "add", "ann", "--role", "staff", "--password-stdin", "--config", str(router.config_file))
    wamplex(*ann, said="ann's password")
    router.start()
    yield router
    router.close()


def wamplex(*arguments: str, said: str = "") -> None:
    """Run a command."""
    subprocess.run([sys.executable, "-m", "router", *arguments], input=said, text=True, check=True, timeout=30)


def reload(router: RunningRouter, old: str, new: str) -> str:
    """Change config.yaml and have it read again; returns what the router says about it."""
    text = router.config_file.read_text()
    assert old in text
    router.config_file.write_text(text.replace(old, new))
    before = len(router.log)
    os.kill(router.pid, signal.SIGHUP)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        said = router.log[before:]
        if "read again" in said or "stays as it was" in said:
            return said
        time.sleep(0.02)
    raise AssertionError(f"nothing happened: {router.log[before:]}")


def log_in(peer: Peer, authid: str, ticket: str) -> Peer:
    peer.send(1, "realm1", {"roles": ROLES, "authmethods": ["ticket"], "authid": authid})
    peer.receive()
    peer.send(5, ticket, {})
    assert peer.receive()[0] == 2
    return peer


@pytest.mark.parametrize("realm", ["realm1", "com.shops.one"])
def test_what_is_no_longer_allowed_is_revoked_at_once(running: RunningRouter, peers: Peers, realm: str) -> None:
    """F6, D18"""
    alice = peers(running.port).join(realm, REVOCABLE)
    kept, lost = alice.subscribe("com.a.x"), alice.subscribe("com.a.secret.x")
    rule = "allow: [call, register, publish, subscribe]}]\n      - name: staff"
    with_hole = rule.replace("}]", "}, {uri: com.a.secret., match: prefix, allow: []}]")
    said = reload(running, rule, with_hole)
    try:
        alice.receives(35, 0, {"subscription": lost, "reason": "wamp.error.not_authorized"})
        assert "the rules of" in said
        assert alice.request(32, {}, "com.a.secret.x")[4] == "wamp.error.not_authorized"
        assert alice.request(34, kept)[0] == 35
    finally:
        reload(running, with_hole, rule)
    alice.subscribe("com.a.secret.x")


def test_a_mistake_is_reported_with_its_place_and_the_running_rules_stay(running: RunningRouter, peers: Peers) -> None:
    """F6"""
    said = reload(running, "name: guest\n        perm", "name: guest\n        prem")
    try:
        assert f"{running.config_file}:10:9: unknown key `premissions`; did you mean `permissions`?" in said
        assert "the configuration stays as it was" in said
        peers(running.port).join().subscribe("com.a.x")
    finally:
        reload(running, "name: guest\n        prem", "name: guest\n        perm")


def test_what_waits_for_a_restart_is_named(running: RunningRouter) -> None:
    """F6"""
    said = reload(running, "uri: com.kept", "uri: com.more")
    assert "`history` of realm realm1 changed: that takes effect after a restart" in said
    assert "realm2" not in said
    said = reload(running, "uri: com.more", "uri: com.kept")
    assert "restart" not in said  # it is as it was when the router started


def test_sessions_of_a_principal_that_was_removed_from_the_file_end(running: RunningRouter, peers: Peers) -> None:
    """F6"""
    joe, guest = log_in(peers(running.port), "joe", "bob"), peers(running.port).join()
    (running.folder / "people.yaml").write_text("[]\n")
    try:
        goodbye = joe.receive(5)
        assert (goodbye[0], goodbye[2]) == (6, "wamp.close.killed")
        guest.receives_nothing()
    finally:
        (running.folder / "people.yaml").write_text(JOE)


def test_sessions_of_a_user_who_is_disabled_end(running: RunningRouter, peers: Peers) -> None:
    """F6"""
    ann = log_in(peers(running.port, "rawsocket", "cbor"), "ann", "ann's password")
    wamplex("user", "disable", "ann", "--config", str(running.config_file))
    goodbye = ann.receive(5)
    assert (goodbye[0], goodbye[2]) == (6, "wamp.close.killed")


def test_the_audit_trail_tells_of_it_all_and_of_no_secret(running: RunningRouter) -> None:
    """F5"""
    trail = Path(running.folder / "audit.log").read_text()
    for event in ('"login"', '"denial"', '"revocation"'):
        assert f'"event":{event}' in trail
    assert "ann's password" not in trail + running.log
