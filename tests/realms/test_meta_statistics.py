"""`wamp.session.on_stats`: what sessions received and were sent, told every so often."""

from typing import Any

import pytest

from realms.policies import Policies
from tests.realms.fakes import ANY, Peer, Scene
from tests.realms.test_meta_sessions import asks

STATS = "wamp.session.on_stats"


@pytest.fixture
def realm() -> Scene:
    return Scene(policies=Policies(session_stats=10))


def told(watcher: Peer) -> dict[int, Any]:
    """The figures that came since the last look, by session."""
    events = [event[4] for event in watcher.inbox() if event[0] == 36]
    figures = {details["session"]: counts for details, counts in events}
    assert len(figures) == len(events)
    return figures


def test_every_session_is_told_of_with_who_it_is_and_what_it_cost(realm: Scene) -> None:
    """G9"""
    watcher = realm.join()
    realm.clock.advance(5)
    ann = realm.join("ann")
    subscription = watcher.subscribes(STATS)
    ann.publishes("com.a", acknowledge=True)
    ann.receives(17, 1, ANY)
    octets_received = len(ann.transport.received[-1])
    octets_sent = sum(map(len, ann.transport.frames))
    realm.clock.advance(5)
    watcher.receives(36, subscription, ANY, {}, [ANY, ANY])
    details = {
        "session": ann.id,
        "authid": "ann",
        "authrole": "anyone",
        "authmethod": "trusting",
        "authprovider": "tests",
        "transport": ANY,
    }
    counts = {
        "uptime": 5.0,
        "messages_received": 1,
        "octets_received": octets_received,
        "messages_sent": 2,  # WELCOME and PUBLISHED
        "octets_sent": octets_sent,
        "events_dropped": 0,
        "octets_waiting": 0,
    }
    watcher.receives(36, subscription, ANY, {}, [details, counts])


def test_a_quiet_session_is_not_told_of_again(realm: Scene) -> None:
    """G9"""
    watcher, ann = realm.join(), realm.join()
    watcher.subscribes(STATS)
    realm.clock.advance(10)
    assert told(watcher).keys() == {watcher.id, ann.id}
    realm.clock.advance(30)
    assert told(watcher) == {}  # that these events came to the watcher is no news
    ann.publishes("com.a")
    realm.clock.advance(10)
    assert told(watcher).keys() == {ann.id}


def test_who_comes_to_listen_is_told_of_all(realm: Scene) -> None:
    """G9"""
    watcher, ann = realm.join(), realm.join()
    realm.clock.advance(100)
    watcher.receives_nothing()
    watcher.subscribes(STATS)
    realm.clock.advance(10)
    assert told(watcher)[ann.id]["uptime"] == 110.0


def test_the_counts_are_those_of_the_session_not_of_the_connection_before(realm: Scene) -> None:
    """G9"""
    watcher, ann = realm.join(), realm.join()
    watcher.subscribes(STATS)
    for _ in range(5):
        ann.publishes("com.a")
    ann.sends(6, {}, "wamp.close.normal")
    ann.receives(6, {}, "wamp.close.goodbye_and_out")
    ann.joins()
    realm.clock.advance(10)
    figures = told(watcher)[ann.id]
    assert (figures["messages_received"], figures["messages_sent"]) == (0, 1)


def test_a_realm_without_an_interval_tells_nothing_and_sets_no_timer() -> None:
    scene = Scene()
    watcher = scene.join()
    watcher.subscribes(STATS)
    assert scene.clock.getDelayedCalls() == []


def test_the_last_session_takes_the_timer_along(realm: Scene) -> None:
    ann, bob = realm.join(), realm.join()
    realm.clock.advance(25)
    ann.vanishes()
    assert len(realm.clock.getDelayedCalls()) == 1
    bob.vanishes()
    assert realm.clock.getDelayedCalls() == []
    watcher = realm.join()
    watcher.subscribes(STATS)
    realm.clock.advance(10)
    assert told(watcher).keys() == {watcher.id}


def test_other_realms_hear_nothing(realm: Scene) -> None:
    watcher = realm.join()
    stranger = realm.join(realm="realm2")
    watcher.subscribes(STATS)
    realm.clock.advance(10)
    assert told(watcher).keys() == {watcher.id}
    assert asks(stranger, "wamp.session.count") == [1]
