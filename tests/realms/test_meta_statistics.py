"""`wamp.session.on_stats`: what sessions received and were sent, told every so often."""

from itertools import pairwise
from typing import Any

import pytest

from realms.policies import Policies
from realms.transport import Traffic
from tests.realms.fakes import ANY, TODAY, Peer, Scene
from tests.realms.test_meta_sessions import asks
from wamp.codecs import CBOR

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


# --- the sums of a realm ----------------------------------------------------------------------------------------


@pytest.fixture
def counting() -> Scene:
    return Scene(policies=Policies(keeps_accounts=True))


def totals(scene: Scene, realm: str = "realm1") -> Traffic:
    return scene.realms.by_name[realm].statistics.totals()


def carried(*peers: Peer) -> tuple[int, int, int, int]:
    """What went over the connections of some peers since their WELCOME, which counts."""
    received = [octets for peer in peers for octets in peer.transport.received[1:]]
    sent = [octets for peer in peers for octets in peer.transport.frames]
    return len(received), sum(map(len, received)), len(sent), sum(map(len, sent))


def test_the_sums_are_those_of_all_sessions(counting: Scene) -> None:
    ann, bob = counting.join("ann"), counting.join("bob", codec=CBOR)
    counting.join("elsewhere", realm="realm2")
    bob.subscribes("com.a")
    ann.publishes("com.a", ["hello"])
    assert totals(counting) == (*carried(ann, bob), 0, 0)


def test_who_has_left_still_counts(counting: Scene) -> None:
    ann, bob, eve = counting.join("ann"), counting.join("bob"), counting.join("eve")
    bob.subscribes("com.a")
    ann.publishes("com.a", ["hello"])
    before = totals(counting)
    ann.vanishes()
    assert totals(counting) == before
    bob.vanishes()
    eve.vanishes()
    assert totals(counting) == before == (*carried(ann, bob, eve), 0, 0)


def test_a_connection_that_carries_a_second_session_is_counted_once(counting: Scene) -> None:
    ann = counting.join("ann")
    ann.publishes("com.a", ["hello"])
    ann.sends(6, {}, "wamp.close.normal")
    before = totals(counting)
    ann.receives(6, {}, "wamp.close.goodbye_and_out")
    ann.joins()
    after = totals(counting)
    assert after.messages_received == before.messages_received
    assert after.messages_sent == before.messages_sent + 1  # WELCOME; nobody was in session for the GOODBYE


def test_the_sums_never_shrink_when_a_session_moves(counting: Scene) -> None:
    ann, bob = counting.join("ann", resumable=True), counting.join("bob")
    ann.subscribes("com.a")
    ann.transport.stalls = True
    bob.publishes("com.a", ["one"])
    seen = [totals(counting)]
    assert seen[0].octets_waiting == len(ann.transport.unsent[0])
    ann.vanishes()
    seen.append(totals(counting))
    assert seen[1] == seen[0]  # it is kept, and waits
    bob.publishes("com.a", ["two"])
    seen.append(totals(counting))
    back = counting.connects().resumes(ann)
    seen.append(totals(counting))
    assert seen[-1].octets_waiting == 0
    assert seen[-1].messages_sent == seen[-2].messages_sent + 1  # WELCOME; what was kept had been counted
    back.vanishes()
    counting.clock.advance(100)
    seen.append(totals(counting))
    for before, after in pairwise(seen):
        assert all(new >= old for old, new in zip(before[:5], after[:5], strict=True))


def test_an_account_knows_since_when_a_session_is_there(counting: Scene) -> None:
    counting.clock.advance(7)
    ann = counting.join("ann")
    inside = counting.realms.by_name["realm1"]
    account = inside.statistics.account(inside.sessions[ann.id])
    assert account is not None
    assert account.since == TODAY + 7


def test_without_a_dashboard_and_without_an_interval_no_accounts_are_kept() -> None:
    scene = Scene()
    ann = scene.join("ann")
    ann.publishes("com.a")
    inside = scene.realms.by_name["realm1"]
    assert inside.statistics.account(inside.sessions[ann.id]) is None
    assert totals(scene) == (0, 0, 0, 0, 0, 0)


# --- errors -----------------------------------------------------------------------------------------------------


def test_every_error_counts_once_whoever_made_it(counting: Scene) -> None:
    ann, bob = counting.join("ann"), counting.join("bob")
    inside = counting.realms.by_name["realm1"]
    ann.calls("com.nothing")
    assert inside.errors == 1
    bob.registers("com.fails")
    ann.calls("com.fails")
    bob.sends(8, 68, 1, {}, "com.error.sorry")
    assert inside.errors == 2
    ann.calls("com.fails")
    bob.vanishes()
    assert inside.errors == 3
    ann.publishes("wamp.topic")  # refused in silence
    assert inside.errors == 3
    assert [message[0] for message in ann.inbox()] == [8, 8, 8]
