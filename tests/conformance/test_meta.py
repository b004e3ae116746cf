"""The meta API, end to end."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from tests.peers import Peer
from tests.routers import OPEN_TO_ALL, RunningRouter

Join = Callable[..., Peer]

numbers = count()


@pytest.fixture
def uri() -> str:
    """A URI that no other test uses."""
    return f"com.example.meta{next(numbers)}"


def asks(peer: Peer, procedure: str, *payload: Any) -> list[Any]:
    """Call the router and take the Arguments of its RESULT."""
    return peer.receives(50, peer.call(procedure, *payload), {})[3:]


def refused(peer: Peer, procedure: str, *payload: Any) -> str:
    """Call the router and take the URI of its ERROR."""
    return str(peer.receives(8, 48, peer.call(procedure, *payload), {})[4])


def test_the_router_announces_its_meta_api(join: Join) -> None:
    """A3, H4"""
    roles = join().welcome["roles"]
    for role, features in (
        ("broker", ["session_meta_api", "subscription_meta_api"]),
        ("dealer", ["session_meta_api", "registration_meta_api", "testament_meta_api"]),
    ):
        assert all(roles[role]["features"][feature] is True for feature in features)
        assert roles[role]["reflection"] is True


def test_a_session_that_comes_is_told_of_goes_and_is_described_between(join: Join) -> None:
    """G2, G3"""
    watcher = join()
    on_join, on_leave = watcher.subscribe("wamp.session.on_join"), watcher.subscribe("wamp.session.on_leave")
    peer = join()
    while True:  # sessions of tests before may still be leaving
        event = watcher.receives(36)
        if event[1] == on_join:
            break
    (details,) = event[4]
    assert set(details) == {"session", "authid", "authrole", "authmethod", "authprovider", "transport"}
    assert (details["session"], details["authid"]) == (peer.session, peer.welcome["authid"])
    assert asks(watcher, "wamp.session.get", [peer.session]) == [[details]]
    assert peer.session in asks(watcher, "wamp.session.list")[0][0]
    peer.vanish()
    watcher.receives(36, on_leave, ..., {}, [peer.session, peer.welcome["authid"], peer.welcome["authrole"]])


def test_a_killed_session_gets_goodbye(join: Join) -> None:
    """G3"""
    killer, victim = join(), join()
    assert asks(killer, "wamp.session.kill", [victim.session], {"reason": "com.example.bye", "message": "now"}) == []
    victim.receives(6, {"message": "now"}, "com.example.bye")
    assert refused(killer, "wamp.session.kill", [victim.session]) == "wamp.error.no_such_session"
    assert refused(killer, "wamp.session.kill", [killer.session]) == "wamp.error.no_such_session"
    assert refused(killer, "wamp.session.kill", [victim.session], {"reason": "!! no"}) == "wamp.error.invalid_uri"
    assert refused(killer, "wamp.session.kill", ["all"]) == "wamp.error.invalid_argument"


def test_the_traffic_of_sessions_is_told_again_and_again(
    router_with: Callable[[str], RunningRouter], peers: Callable[..., Peer], way: tuple[str, str]
) -> None:
    """G9"""
    router = router_with(OPEN_TO_ALL.replace("  - name: realm1", "  - name: realm1\n    session_stats: 0.2"))
    watcher, peer = (peers(router.port, *way).join() for _ in range(2))
    stats = watcher.subscribe("wamp.session.on_stats")
    first = figures(watcher, stats, peer)
    assert set(first) == {
        "uptime", "messages_received", "octets_received", "messages_sent", "octets_sent", "events_dropped",
        "octets_waiting",
    }  # fmt: skip
    assert (first["messages_received"], first["messages_sent"]) == (0, 1)  # WELCOME
    peer.publish("com.example.busy", ["x" * 1000])
    second = figures(watcher, stats, peer)
    assert (second["messages_received"], second["messages_sent"]) == (1, 2)
    assert second["octets_received"] > 1000
    assert second["octets_sent"] > first["octets_sent"] > 0
    assert second["events_dropped"] == 0
    assert second["uptime"] > first["uptime"] > 0


def figures(watcher: Peer, stats: int, about: Peer) -> dict[str, Any]:
    """Wait until the router tells what a session received and was sent."""
    while True:
        event = watcher.receives(36, stats, ..., {})
        details, counts = event[4]
        if details["session"] == about.session:
            assert set(details) == {"session", "authid", "authrole", "authmethod", "authprovider", "transport"}
            return dict(counts)


def test_the_life_of_a_registration_is_told(join: Join, uri: str) -> None:
    """G4, G5"""
    watcher, callee = join(), join()
    names = ("on_create", "on_register", "on_unregister", "on_delete")
    topics = [watcher.subscribe(f"wamp.registration.{name}") for name in names]
    id = callee.register(uri, match="prefix", invoke="last")
    about = watcher.receives(36, topics[0], ..., {})[4][1]
    assert about == {"id": id, "created": about["created"], "uri": uri, "match": "prefix", "invoke": "last"}
    watcher.receives(36, topics[1], ..., {}, [callee.session, id])
    assert asks(watcher, "wamp.registration.get", [id]) == [[about]]
    assert asks(watcher, "wamp.registration.lookup", [uri, {"match": "prefix"}]) == [[id]]
    assert asks(watcher, "wamp.registration.lookup", [uri]) == [[None]]
    assert asks(watcher, "wamp.registration.match", [f"{uri}.more"]) == [[id]]
    assert asks(watcher, "wamp.registration.list_callees", [id]) == [[[callee.session]]]
    assert asks(watcher, "wamp.registration.count_callees", [id]) == [[1]]
    assert id in asks(watcher, "wamp.registration.list")[0][0]["prefix"]
    callee.vanish()
    watcher.receives(36, topics[2], ..., {}, [callee.session, id])
    watcher.receives(36, topics[3], ..., {}, [callee.session, id])
    assert refused(watcher, "wamp.registration.get", [id]) == "wamp.error.no_such_registration"


def test_the_life_of_a_subscription_is_told(join: Join, uri: str) -> None:
    """G6, G7"""
    watcher, subscriber = join(), join()
    names = ("on_create", "on_subscribe", "on_unsubscribe", "on_delete")
    topics = [watcher.subscribe(f"wamp.subscription.{name}") for name in names]
    id = subscriber.subscribe(uri)
    about = watcher.receives(36, topics[0], ..., {})[4][1]
    assert about == {"id": id, "created": about["created"], "uri": uri, "match": "exact"}
    watcher.receives(36, topics[1], ..., {}, [subscriber.session, id])
    assert asks(watcher, "wamp.subscription.get", [id]) == [[about]]
    assert asks(watcher, "wamp.subscription.lookup", [uri]) == [[id]]
    assert asks(watcher, "wamp.subscription.match", [uri]) == [[[id]]]
    assert asks(watcher, "wamp.subscription.match", [f"{uri}.no"]) == [[None]]
    assert asks(watcher, "wamp.subscription.list_subscribers", [id]) == [[[subscriber.session]]]
    assert asks(watcher, "wamp.subscription.count_subscribers", [id]) == [[1]]
    assert asks(watcher, "wamp.subscription.get_events", [id])[:1] == [[]]
    subscriber.vanish()
    watcher.receives(36, topics[2], ..., {}, [subscriber.session, id])
    watcher.receives(36, topics[3], ..., {}, [subscriber.session, id])
    assert refused(watcher, "wamp.subscription.get", [id]) == "wamp.error.no_such_subscription"


def test_a_testament_is_published_when_its_session_is_gone(join: Join, uri: str) -> None:
    """G8, D19"""
    heir, testator = join(), join()
    topic = heir.subscribe(uri)
    assert asks(testator, "wamp.session.add_testament", [uri, ["all"], {"mine": 1}]) == []
    testator.vanish()
    assert heir.receives(36, topic, ..., {})[4:] == [["all"], {"mine": 1}]


def test_what_a_session_defines_others_learn_until_it_leaves(join: Join, uri: str) -> None:
    """H4"""
    callee, caller = join(), join()
    on_define, on_undefine = caller.subscribe("wamp.reflect.on_define"), caller.subscribe("wamp.reflect.on_undefine")
    assert asks(callee, "wamp.reflect.define", [uri, {"description": "Does nothing."}]) == []
    caller.receives(36, on_define, ..., {}, [callee.session, uri, "procedure"])
    described = {"kind": "procedure", "uri": uri, "match": "exact", "description": "Does nothing."}
    assert asks(caller, "wamp.reflection.procedure.describe", [uri]) == [[described]]
    assert uri in asks(caller, "wamp.reflection.procedure.list")[0][0]
    callee.vanish()
    caller.receives(36, on_undefine, ..., {}, [callee.session, uri, "procedure"])
    assert asks(caller, "wamp.reflection.procedure.describe", [uri]) == [[None]]


@pytest.mark.parametrize(("pattern", "match"), [("", "prefix"), ("w", "prefix"), ("..", "wildcard")])
def test_a_registration_that_covers_everything_gets_no_call_of_the_router_s(
    join: Join, pattern: str, match: str
) -> None:
    """A21"""
    callee, caller = join(), join()
    id = callee.register(pattern, match=match)
    assert isinstance(asks(caller, "wamp.session.count")[0][0], int)
    assert refused(caller, "wamp.session.nothing") == "wamp.error.no_such_procedure"
    assert asks(caller, "wamp.registration.match", ["wamp.session.count"]) == [[None]]
    callee.receives_nothing(0.05)
    assert callee.request(66, id)[0] == 67


def test_null_is_the_default_of_what_may_be_left_out(join: Join, uri: str) -> None:
    """G3, D19"""
    heir, testator = join(), join()
    topic = heir.subscribe(uri)
    nothing = {"publish_options": None, "scope": None}
    assert asks(testator, "wamp.session.add_testament", [uri, ["first"], None], nothing) == []
    assert asks(testator, "wamp.session.flush_testaments", [], {"scope": None}) == []
    assert asks(testator, "wamp.session.add_testament", [uri, None, None], nothing) == []
    assert refused(testator, "wamp.session.add_testament", [None]) == "wamp.error.invalid_argument"
    assert refused(testator, "wamp.session.flush_testaments", [], {"no": None}) == "wamp.error.invalid_argument"
    testator.vanish()
    assert heir.receives(36, topic, ..., {})[4:] in ([], [[]])
