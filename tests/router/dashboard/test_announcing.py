"""Who hears what the dashboard announces: those whose role has a rule for it, whatever pattern they listen by."""

from typing import Any

import pytest

from realms.history import History
from realms.history import Rule as Recorded
from realms.roles import Role
from router.config.dashboard import Dashboard as Section
from router.dashboard import Dashboard
from tests.realms.asking import Reach
from tests.realms.fakes import ANY, EVERYTHING, Peer, Scene, rule
from tests.realms.test_meta_sessions import asks

TOPIC = "wamplex.node.on_stats"
ALL = rule("prefix", "", *EVERYTHING)
WAMP = rule("prefix", "wamp.", "call", "subscribe")
VISITOR = Role("visitor", [ALL, WAMP])
PARTLY = Role("partly", [ALL, rule("exact", "wamplex.log.on_event", "subscribe")])
OPERATOR = Role("operator", [ALL, WAMP, rule("prefix", "wamplex.", "call", "subscribe")])


class Watched(Scene):
    """A scene with a dashboard in realm1."""

    def __init__(self, *roles: Role, **more: object) -> None:
        super().__init__(roles=[VISITOR, PARTLY, OPERATOR, *roles], **more)  # type: ignore[arg-type]
        self.inside = self.realms.by_name["realm1"]
        self.dashboard = Dashboard(Section(), self.inside)


@pytest.fixture
def scene() -> Watched:
    return Watched()


def heard(peer: Peer) -> list[Any]:
    """The arguments of the events that came on the topic."""
    return [event[4] for event in peer.inbox() if event[0] == 36 and event[3].get("topic", TOPIC) == TOPIC]


def listening(scene: Scene, authrole: str, match: str = "exact", uri: str = TOPIC) -> Peer:
    peer = scene.join(authrole, authrole)
    peer.subscribes(uri, match=match)
    return peer


@pytest.mark.parametrize(
    ("match", "uri"), [("exact", TOPIC), ("prefix", "wamplex."), ("prefix", ""), ("wildcard", "..")]
)
def test_operators_hear_it_by_whatever_pattern(scene: Watched, match: str, uri: str) -> None:
    operator = listening(scene, "operator", match, uri)
    assert scene.dashboard.anyone_listens(TOPIC)
    scene.dashboard.announce(TOPIC, [{"cpu": 1}])
    details = {} if match == "exact" else {"topic": TOPIC}
    operator.receives(36, ANY, ANY, details, [{"cpu": 1}])


@pytest.mark.parametrize(
    ("match", "uri"), [("prefix", ""), ("prefix", "wam"), ("prefix", "wamplex"), ("wildcard", "..")]
)
@pytest.mark.parametrize("authrole", ["visitor", "partly"])
def test_who_listens_to_everything_does_not_hear_it(scene: Watched, authrole: str, match: str, uri: str) -> None:
    visitor = listening(scene, authrole, match, uri)
    assert not scene.dashboard.anyone_listens(TOPIC)
    scene.dashboard.announce(TOPIC, [{"cpu": 1}])
    operator = listening(scene, "operator", match, uri)  # on the same subscription
    scene.dashboard.announce(TOPIC, [{"cpu": 1}])
    assert heard(operator) == [[{"cpu": 1}]]
    assert heard(visitor) == []


def test_whom_an_authorizer_lets_listen_to_everything_does_not_hear_it() -> None:
    class Generous:
        def ask(self, *question: object) -> bool:
            return True

    reach = Reach()
    scene = Watched(reach.role(Generous()), clock=reach.clock)  # type: ignore[arg-type]
    guest = listening(scene, "guest", "prefix", "")
    scene.dashboard.announce(TOPIC, [])
    guest.receives_nothing()
    assert not scene.dashboard.anyone_listens(TOPIC)


def test_other_realms_hear_nothing(scene: Watched) -> None:
    stranger = scene.join("operator", "operator", realm="realm2")
    stranger.subscribes(TOPIC)
    scene.dashboard.announce(TOPIC, [])
    stranger.receives_nothing()
    assert not scene.dashboard.anyone_listens(TOPIC)


def test_it_is_no_part_of_any_history() -> None:
    """Nobody finds it there later, and it takes no room from what is meant to stay."""
    scene = Watched(history=History([Recorded("prefix", "", 100)]))
    operator = listening(scene, "operator")
    scene.dashboard.announce(TOPIC, [1])
    operator.receives(36, ANY, ANY, {}, [1])
    operator.publishes("com.a", [2])
    everything = operator.subscribes("", match="prefix")
    events = asks(operator, "wamp.subscription.get_events", [everything])
    topics = [event["details"]["topic"] for event in events]
    assert "com.a" in topics
    assert TOPIC not in topics


def test_nobody_can_forge_an_announcement(scene: Watched) -> None:
    operator = listening(scene, "operator")
    liar = scene.join("ann", "operator")
    liar.receives_error(16, liar.publishes(TOPIC, [{"cpu": 0}], acknowledge=True), "wamp.error.invalid_uri")
    operator.receives_nothing()
