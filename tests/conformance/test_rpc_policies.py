"""What config.yaml decides about calls."""

from collections.abc import Callable

import pytest

from tests.peers import Peer
from tests.realms.fakes import RPC_PEER
from tests.routers import RunningRouter

REALM = """
  - name: {}
    {}
    authentication: {{anonymous: {{role: anonymous}}}}
    roles:
      - {{name: anonymous, permissions: [{{uri: "", match: prefix, allow: [call, register]}}]}}
"""

POLICIES = {
    "discreet": "disclosure: refuse",
    "open": "disclosure: always\n    trust: [{level: 3}, {level: 7, uri: com.bank., match: prefix}]",
    "hasty": "calls: {max_queued: 0, max_timeout: 0.2}",
    "sparing": "calls: {max_pending: 2}",
}

Enter = Callable[[str], tuple[Peer, Peer]]


@pytest.fixture
def enter(router_with: Callable[[str], RunningRouter], peers: Callable[..., Peer]) -> Enter:
    """Gives a caller and a callee in a realm with its own policy."""
    running = router_with("realms:" + "".join(REALM.format(*policy) for policy in POLICIES.items()))

    def entered(realm: str) -> tuple[Peer, Peer]:
        caller, callee = (peers(running.port).join(realm, RPC_PEER) for _ in range(2))
        return caller, callee

    return entered


def test_a_realm_may_refuse_to_disclose(enter: Enter) -> None:
    """C19"""
    caller, callee = enter("discreet")
    refused = "wamp.error.option_disallowed.disclose_me"
    assert callee.request(64, {"disclose_caller": True}, "com.work")[4] == refused
    callee.register("com.work")
    assert caller.request(48, {"disclose_me": True}, "com.work")[4] == refused


def test_a_realm_may_disclose_always_and_tell_how_far_to_trust(enter: Enter) -> None:
    """C19, C20"""
    caller, callee = enter("open")
    for procedure, level in (("com.work", 3), ("com.bank.pay", 7)):
        callee.register(procedure)
        caller.call(procedure)
        details = callee.receives(68)[3]
        assert details["trustlevel"] == level
        assert set(details) == {"trustlevel", "caller", "caller_authid", "caller_authrole"}


def test_a_realm_may_bound_how_long_calls_take_and_how_many_wait_for_a_callee(enter: Enter) -> None:
    """C15, C30"""
    caller, callee = enter("hasty")
    callee.register("com.work", concurrency=1)
    request = caller.call("com.work", timeout=60_000)
    assert caller.request(48, {}, "com.work")[4] == "wamp.error.no_available_callee"
    caller.receives(8, 48, request, {}, "wamp.error.timeout")


def test_a_realm_may_bound_for_how_many_calls_a_session_waits(enter: Enter) -> None:
    """C3"""
    caller, callee = enter("sparing")
    callee.register("com.work")
    for _ in range(2):
        caller.call("com.work")
    assert caller.request(48, {}, "com.work")[4] == "wamp.error.unavailable"
