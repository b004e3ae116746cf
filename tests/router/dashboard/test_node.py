"""What the dashboard tells of the process and of each realm: figures that add up, and cost nothing unheard."""

import os
import platform
from pathlib import Path
from typing import Any

import pytest

from realms.policies import Policies
from realms.roles import Role
from router.config.dashboard import Dashboard as Section
from router.dashboard import Dashboard
from router.dashboard.node import ON_STATS, NodeStats
from tests.realms.fakes import ANY, EVERYTHING, RPC_PEER, TODAY, Peer, Scene, rule
from tests.realms.test_meta_sessions import asks

VISITOR = Role("visitor", [rule("prefix", "", *EVERYTHING)])
OPERATOR = Role("operator", [rule("prefix", "", *EVERYTHING), rule("prefix", "wamplex.", "call", "subscribe")])


class Admission:
    """17 connections."""

    def __len__(self) -> int:
        return 17


class Port:
    """What the figures look at of a listener."""

    class terms:  # noqa: N801
        admission = Admission()


class Watched(Scene):
    """A scene with a dashboard in realm1 that has the figures of the node."""

    def __init__(self) -> None:
        super().__init__(roles=[VISITOR, OPERATOR], policies=Policies(keeps_accounts=True))
        inside = self.realms.by_name["realm1"]
        self.dashboard = Dashboard(Section(), inside)
        ports: Any = [Port, Port]
        path, now = Path("/etc/wamplex/config.yaml"), lambda: TODAY + self.clock.seconds()
        self.node = NodeStats(self.dashboard, self.realms, ports, path, self.clock, now)
        self.dashboard.offer(self.node)
        self.node.start()

    def operator(self) -> Peer:
        return self.join("op", "operator")


@pytest.fixture
def scene() -> Watched:
    return Watched()


def realm_of(stats: dict[str, Any], name: str = "realm1") -> dict[str, Any]:
    (found,) = (realm for realm in stats["realms"] if realm["realm"] == name)
    return found


def test_the_process_says_what_it_is(scene: Watched) -> None:
    scene.clock.advance(60)
    assert asks(scene.operator(), "wamplex.node.get") == [
        {
            "version": ANY,
            "pid": os.getpid(),
            "started": "2026-09-21T14:13:20.000Z",
            "python": platform.python_version(),
            "host": ANY,
            "config": "/etc/wamplex/config.yaml",
            "realms": ["realm1", "realm2"],
        }
    ]


def test_the_figures_of_the_process(scene: Watched) -> None:
    scene.clock.advance(60.5)
    (stats,) = asks(scene.operator(), "wamplex.node.stats")
    assert (stats["time"], stats["uptime"]) == ("2026-09-21T14:14:20.500Z", 60.5)
    assert stats["connections"] == 34
    assert stats["cpu"] > 0
    assert stats["memory"] > 1_000_000


def test_the_figures_of_a_realm(scene: Watched) -> None:
    operator, ann = scene.operator(), scene.join("ann", "visitor", resumable=True)
    bob = scene.join("bob", "visitor", roles=RPC_PEER)
    scene.join("eve", "visitor", realm="realm2").vanishes()
    bob.registers("com.slow", concurrency=1)
    ann.subscribes("com.a")
    operator.calls("com.slow")
    operator.calls("com.slow")
    bob.calls("com.nothing")
    ann.vanishes()
    bob.receives(68, ANY, ANY, {})
    bob.receives(8, 48, ANY, {}, ANY, ANY)
    (stats,) = asks(operator, "wamplex.node.stats")
    one, two = realm_of(stats), realm_of(stats, "realm2")
    assert (one["sessions"], one["paused"], two["sessions"], two["paused"]) == (3, 1, 0, 0)
    assert (one["subscriptions"], one["registrations"]) == (1, 1)
    assert (one["calls"], one["queued"]) == (2, 1)
    assert (one["errors"], two["errors"]) == (1, 0)
    assert one["messages_received"] == 6  # REGISTER, SUBSCRIBE, 4 of CALL
    assert two["messages_sent"] == 1  # the WELCOME of somebody who has left
    assert {"octets_received", "octets_sent", "events_dropped", "octets_waiting"} <= one.keys()


def test_it_is_told_each_second(scene: Watched) -> None:
    operator = scene.operator()
    operator.subscribes(ON_STATS)
    scene.clock.pump([1, 1, 1])
    events = operator.inbox()
    assert [event[0] for event in events] == [36, 36, 36]
    assert [event[4][0]["uptime"] for event in events] == [1, 2, 3]
    assert realm_of(events[0][4][0])["sessions"] == 1


def test_nothing_is_reckoned_while_nobody_listens_who_may(scene: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    reckoned = []
    monkeypatch.setattr("router.dashboard.node.figures_of", reckoned.append)
    visitor = scene.join("ann", "visitor")
    visitor.subscribes("", match="prefix")
    scene.clock.pump([1] * 5)
    assert reckoned == []
    scene.operator().subscribes(ON_STATS)
    scene.clock.pump([1])
    assert len(reckoned) == 2  # realms
    assert not [event for event in visitor.inbox() if event[0] == 36 and event[3]["topic"] == ON_STATS]


def test_a_loop_that_is_late_is_told_of(scene: Watched) -> None:
    operator = scene.operator()
    scene.clock.advance(1)
    assert asks(operator, "wamplex.node.stats")[0]["lag"] == 0
    scene.clock.advance(1.25)
    assert asks(operator, "wamplex.node.stats")[0]["lag"] == 0.25
    scene.clock.advance(1)
    assert asks(operator, "wamplex.node.stats")[0]["lag"] == 0


def test_realms_that_come_and_go_are_told_of_while_they_are_there() -> None:
    scene = Watched()
    operator = scene.operator()
    scene.realms.close("realm2")
    (stats,) = asks(operator, "wamplex.node.stats")
    assert [realm["realm"] for realm in stats["realms"]] == ["realm1"]
    assert asks(operator, "wamplex.node.get")[0]["realms"] == ["realm1"]


@pytest.mark.parametrize("procedure", ["wamplex.node.get", "wamplex.node.stats"])
def test_they_take_no_arguments_and_no_strangers(scene: Watched, procedure: str) -> None:
    assert asks(scene.operator(), procedure, [1]) == "wamp.error.invalid_argument"
    assert asks(scene.operator(), procedure, [], {"realm": "realm1"}) == "wamp.error.invalid_argument"
    assert asks(scene.join("ann", "visitor"), procedure) == "wamp.error.not_authorized"


def test_when_the_router_stops_so_does_the_clock(scene: Watched) -> None:
    before = len(scene.clock.getDelayedCalls())
    scene.node.stop()
    assert len(scene.clock.getDelayedCalls()) == before - 1
