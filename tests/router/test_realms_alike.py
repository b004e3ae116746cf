"""What the realms of a template share, so that a stranger who asks for ever new ones gains nothing by it."""

import os
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from realms.authentication.off_loop import at_once
from realms.authentication.verifiers import digest_verifier
from realms.realms import Realms
from router import assembly
from router.authentication import Means
from router.config import load
from tests.realms.fakes import ANY, PLAIN, Peer
from wamp.codecs import JSON

CONFIG = f"""
realms:
  - name: realm1
    authentication: {{ticket: true, anonymous: {{role: guest}}, lockout: {{after: 3}}}}
    principals: [{{authid: ann, role: user, ticket: "{digest_verifier("sesame")}"}}]
    roles: [{{name: user}}, {{name: guest}}]
realm_template: {{like: realm1, uri: com.shops.}}
"""
LOCKED = "too many failures; try again later"


ASKED = """
realms:
  - name: realm1
    authentication: {dynamic: {function: "tests.router.test_realms_alike:never", methods: [ticket], max_waiting: 2}}
    roles: [{name: user}]
realm_template: {like: realm1, uri: com.shops.}
"""


def never(*about: object) -> Deferred[None]:
    """Decide, some day."""
    return Deferred()


@pytest.fixture
def realms(tmp_path: Path) -> Realms:
    return made_of(CONFIG, tmp_path)


def made_of(text: str, tmp_path: Path) -> Realms:
    (tmp_path / "config.yaml").write_text(text)
    config = load(tmp_path / "config.yaml", os.environ)
    means = Means(Clock(), at_once)
    return assembly.realms_of(config, assembly.directories_of(config, means), means, "wamplex")


def tries(realms: Realms, realm: str, ticket: str) -> str:
    """Log in as ann, and tell what comes of it at once."""
    peer = Peer(realms, JSON)
    peer.sends(1, realm, {"roles": PLAIN, "authmethods": ["ticket"], "authid": "ann"})
    answer = peer.inbox()
    if answer[0][0] == 4:
        peer.sends(5, ticket, {})
        answer = peer.inbox()
    if not answer:
        return "waits"
    return "welcome" if answer[0][0] == 2 else str(answer[0][1]["message"])


def test_failures_count_for_all_realms_that_are_alike(realms: Realms) -> None:
    """J3: a realm that nobody has joined is made anew for each who asks."""
    for realm in ("com.shops.one", "com.shops.one", "com.shops.two"):
        assert tries(realms, realm, "guess") == "the credentials were not accepted"
    assert {tries(realms, realm, "sesame") for realm in ("com.shops.one", "com.shops.three", "realm1")} == {LOCKED}


def test_who_is_anonymous_is_not_locked_out(realms: Realms) -> None:
    """J3: there is nothing to guess."""
    for _ in range(4):
        tries(realms, "realm1", "guess")
    peer = Peer(realms, JSON)
    peer.sends(1, "realm1", {"roles": PLAIN, "authid": "ann"})
    peer.receives(2, ANY, ANY)


def test_whoever_is_asked_is_asked_so_many_questions_at_most_for_all_of_them(tmp_path: Path) -> None:
    """E19: else each realm that a stranger thinks of would bring along a queue of its own."""
    realms = made_of(ASKED, tmp_path)
    outcomes = [tries(realms, f"com.shops.{number}", "guess") for number in range(4)]
    assert outcomes == ["waits", "waits", "the authenticator failed", "the authenticator failed"]
