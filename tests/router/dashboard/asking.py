"""Asking the dashboard's procedures in the scene of `tests.realms.fakes`."""

from typing import Any

from realms.policies import Policies
from realms.roles import Role
from router.config.dashboard import Dashboard as Section
from router.dashboard import Dashboard, Part
from tests.realms.fakes import EVERYTHING, Peer, Scene, rule

VISITOR = Role("visitor", [rule("prefix", "", *EVERYTHING)])
OPERATOR = Role("operator", [rule("prefix", "wamplex.", "call", "subscribe")])


def watched(make: Any, **options: Any) -> Scene:
    """A scene whose `realm1` has the dashboard with what `make(realms)` gives."""
    scene = Scene(roles=[VISITOR, OPERATOR], policies=Policies(keeps_accounts=True), **options)
    part: Part = make(scene.realms)
    Dashboard(Section(), scene.realms.by_name["realm1"]).offer(part)
    return scene


def asks(peer: Peer, procedure: str, *args: Any, **kwargs: Any) -> Any:
    """Call the router; returns the one Argument of RESULT, or the URI of ERROR, which explains itself."""
    request = peer.calls(procedure, list(args), kwargs)
    (answer,) = (message for message in peer.inbox() if message[0] in (8, 50))
    if answer[0] == 8:
        assert answer[1:4] == [48, request, {}]
        assert isinstance(answer[5][0], str)
        return answer[4]
    assert answer[1:3] == [request, {}]
    return answer[3][0] if len(answer) > 3 else None
