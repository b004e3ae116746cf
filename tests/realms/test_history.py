"""Event history: what `wamp.subscription.get_events` tells of events that are long over."""

from typing import Any, cast

import pytest

from realms.audit import Entry
from realms.history import MAX_EVENTS, History, Rule
from realms.roles import Role
from tests.realms.fakes import ANY, EVERYTHING, Peer, Scene, rule
from wamp.codecs import CBOR, JSON, MESSAGEPACK

RULES = [Rule("exact", "com.chat", 5), Rule("prefix", "com.log.", 100), Rule("wildcard", "com..x", 100)]


@pytest.fixture
def scene() -> Scene:
    """Where some events are stored."""
    return Scene(history=History(RULES))


def subscription_of(peer: Peer, topic: str, match: str = "exact") -> int:
    """The id of a subscription, without subscribing."""
    request = peer.calls("wamp.subscription.lookup", [topic, {"match": match}])
    id = peer.receives(50, request, {}, ANY)[3][0]
    assert isinstance(id, int)
    return id


def asks(peer: Peer, subscription: int, **filters: Any) -> list[Any]:
    """What `get_events` answers."""
    request = peer.calls("wamp.subscription.get_events", [subscription], filters)
    (message,) = peer.inbox()
    code, answered, _, *payload = message
    assert code == 50, message
    assert answered == request
    events: list[Any] = payload[0] if payload else []
    return events


def numbers(events: list[Any]) -> list[Any]:
    """The first argument of each event."""
    return [event["args"][0] for event in events]


def refuses(peer: Peer, uri: str, subscription: Any, **filters: Any) -> None:
    request = peer.calls("wamp.subscription.get_events", [subscription], filters)
    peer.receives_error(48, request, uri)


@pytest.mark.parametrize("codec", [JSON, MESSAGEPACK, CBOR])
def test_an_event_is_told_as_it_was_before_anybody_listened(scene: Scene, codec: Any) -> None:
    """D14, D15"""
    alice, bob = scene.join("alice"), scene.join(codec=codec)
    request = alice.publishes("com.chat", [1, "ä"], {"k": None}, acknowledge=True, disclose_me=True)
    publication = alice.receives(17, request, ANY)[2]
    scene.clock.advance(0.25)
    alice.publishes("com.chat")
    id = subscription_of(bob, "com.chat")
    first, second = asks(bob, id)
    assert first == {
        "timestamp": "2026-09-21T14:13:20.000Z",
        "subscription": id,
        "publication": publication,
        "details": {"publisher": alice.id, "publisher_authid": "alice", "publisher_authrole": "anyone"},
        "args": [1, "ä"],
        "kwargs": {"k": None},
    }
    assert second == {
        "timestamp": "2026-09-21T14:13:20.250Z",
        "subscription": id,
        "publication": ANY,
        "details": {},
    }
    assert bob.subscribes("com.chat") == id


def test_each_event_is_stored_once_per_subscription_however_many_listen(scene: Scene) -> None:
    """D14"""
    alice, bob, carol = scene.join(), scene.join(), scene.join()
    for peer in (bob, carol):
        id = peer.subscribes("com.chat")
    alice.publishes("com.chat", [1])
    bob.vanishes()
    carol.vanishes()
    alice.publishes("com.chat", [2])
    assert numbers(asks(alice, id)) == [1, 2]


def test_patterns_store_their_events_with_the_topic(scene: Scene) -> None:
    """D14"""
    alice = scene.join()
    for topic in ("com.log.x", "com.log.auth", "com.other", "com.log.x"):
        alice.publishes(topic, [topic])
    prefix, wildcard = subscription_of(alice, "com.log.", "prefix"), subscription_of(alice, "com..x", "wildcard")
    assert [event["details"] for event in asks(alice, prefix)] == [
        {"topic": "com.log.x"},
        {"topic": "com.log.auth"},
        {"topic": "com.log.x"},
    ]
    assert numbers(asks(alice, wildcard)) == ["com.log.x", "com.log.x"]
    assert numbers(asks(alice, prefix, topic="com.log.auth")) == ["com.log.auth"]
    assert asks(alice, prefix, topic="com.other") == []


def test_a_subscriber_to_one_topic_has_its_events_from_the_pattern_that_is_recorded(scene: Scene) -> None:
    alice = scene.join()
    for topic in ("com.log.a", "com.log.b"):
        alice.publishes(topic, [topic])
    id = alice.subscribes("com.log.b")
    (event,) = asks(alice, id)
    assert (event["args"], event["subscription"], event["details"]) == (["com.log.b"], id, {})


def test_no_more_than_the_limit_is_stored_and_the_oldest_goes(scene: Scene) -> None:
    alice = scene.join()
    for number in range(8):
        alice.publishes("com.chat", [number])
    assert numbers(asks(alice, subscription_of(alice, "com.chat"))) == [3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"limit": 2}, [0, 1]),
        ({"reverse": True}, [4, 3, 2, 1, 0]),
        ({"reverse": True, "limit": 2}, [4, 3]),
        ({"from_publication": 1}, [1, 2, 3, 4]),
        ({"after_publication": 1}, [2, 3, 4]),
        ({"before_publication": 3}, [0, 1, 2]),
        ({"until_publication": 3}, [0, 1, 2, 3]),
        ({"after_publication": 0, "until_publication": 3, "limit": 2}, [1, 2]),
        ({"reverse": True, "before_publication": 3, "limit": 2}, [2, 1]),
        ({"from_publication": 3, "until_publication": 1}, []),
        ({"after_publication": 4}, []),
        ({"from_time": "2026-09-21T14:13:22Z"}, [2, 3, 4]),
        ({"after_time": "2026-09-21T14:13:22Z"}, [3, 4]),
        ({"before_time": "2026-09-21T14:13:22.000Z"}, [0, 1]),
        ({"until_time": "2026-09-21T16:13:22+02:00"}, [0, 1, 2]),
        ({"from_time": "2026-09-21T14:13:21Z", "until_publication": 3, "reverse": True, "limit": 2}, [3, 2]),
        ({"limit": 2, "after_time": "2026-09-21T14:13:21Z"}, [2, 3]),
        ({"limit": None, "topic": None}, [0, 1, 2, 3, 4]),
        ({"topic": "com.other"}, []),
    ],
)
def test_all_filters_must_hold_and_the_limit_counts_what_passed(
    scene: Scene, filters: dict[str, Any], expected: list[int]
) -> None:
    """D15"""
    alice = scene.join()
    publications = []
    for number in range(5):
        request = alice.publishes("com.chat", [number], acknowledge=True)
        publications.append(alice.receives(17, request, ANY)[2])
        scene.clock.advance(1)
    named = {name: publications[value] if name.endswith("_publication") else value for name, value in filters.items()}
    assert numbers(asks(alice, subscription_of(alice, "com.chat"), **named)) == expected


def test_a_publication_that_is_not_stored_has_nothing_before_or_behind_it(scene: Scene) -> None:
    alice = scene.join()
    alice.publishes("com.chat", [1])
    id = subscription_of(alice, "com.chat")
    for filters in ({"after_publication": 12345}, {"until_publication": 12345, "topic": "com.other"}):
        request = alice.calls("wamp.subscription.get_events", [id], filters)
        alice.receives(50, request, {}, [], {"found": False})


@pytest.mark.parametrize(
    "filters",
    [
        {"limit": 0},
        {"limit": -1},
        {"limit": "3"},
        {"limit": True},
        {"limit": 1.5},
        {"reverse": 1},
        {"from_time": "yesterday"},
        {"from_time": 1790000000},
        {"until_time": "2026-09-21"},
        {"after_time": "2026-09-21T14:13:20"},
        {"topic": 7},
        {"topic": "no uri"},
        {"from_publication": 0},
        {"after_publication": "x"},
    ],
)
def test_a_bad_filter_is_an_invalid_argument(scene: Scene, filters: dict[str, Any]) -> None:
    """D15"""
    alice = scene.join()
    refuses(alice, "wamp.error.invalid_argument", subscription_of(alice, "com.chat"), **filters)


def test_an_unknown_subscription_is_no_such_subscription_and_no_history_is_no_events(scene: Scene) -> None:
    """D15"""
    alice = scene.join()
    refuses(alice, "wamp.error.no_such_subscription", 12345)
    id = alice.subscribes("org.topic")
    alice.publishes("org.topic", [1])
    assert asks(alice, id) == []


def test_events_for_particular_sessions_are_not_stored_and_others_are_filtered_again(scene: Scene) -> None:
    """D14, D16"""
    alice, bob = scene.join("alice"), scene.join("bob")
    alice.publishes("com.chat", ["session"], eligible=[bob.id])
    alice.publishes("com.chat", ["session"], exclude=[])
    alice.publishes("com.chat", ["bob"], eligible_authid=["bob"])
    alice.publishes("com.chat", ["not bob"], exclude_authid=["bob"])
    alice.publishes("com.chat", ["anyone"], eligible_authrole=["anyone"])
    alice.publishes("com.chat", ["nobody"], exclude_authrole=["anyone"])
    id = subscription_of(alice, "com.chat")
    assert numbers(asks(alice, id)) == ["not bob", "anyone"]
    assert numbers(asks(bob, id)) == ["bob", "anyone"]
    assert numbers(asks(bob, id, limit=1)) == ["bob"]


def test_who_may_not_subscribe_may_not_ask() -> None:
    """D16, F5"""
    everyone = Role("anyone", [rule("prefix", "", *EVERYTHING)])
    guest = Role("guest", [rule("prefix", "wamp.", "call"), rule("exact", "com.chat", "subscribe")])
    scene = Scene(roles=[everyone, guest], history=History(RULES))
    alice, gus = scene.join(), scene.join("gus", "guest")
    alice.publishes("com.chat", [1])
    alice.publishes("com.log.x", [2])
    entries: list[Entry] = []
    scene.realms.by_name["realm1"].record = entries.append
    assert numbers(asks(gus, subscription_of(alice, "com.chat"))) == [1]
    refuses(gus, "wamp.error.not_authorized", subscription_of(alice, "com.log.", "prefix"))
    assert [(entry.event, entry.authid, entry.action, entry.object) for entry in entries] == [
        ("denial", "gus", "subscribe", "com.log.")
    ]


def test_a_rule_for_everything_does_not_open_the_history() -> None:
    """D16, F4: only one does that was written with the router's own procedures in mind."""
    scene = Scene(roles=[Role("anyone", [rule("prefix", "", *EVERYTHING)])], history=History(RULES))
    alice = scene.join()
    refuses(alice, "wamp.error.not_authorized", alice.subscribes("com.chat"))


def test_the_subscription_of_a_history_stays_when_its_last_subscriber_leaves(scene: Scene) -> None:
    alice = scene.join()
    id = alice.subscribes("com.chat")
    alice.receives(35, alice.requests(34, id))
    assert subscription_of(alice, "com.chat") == id
    assert alice.subscribes("com.chat") == id


def test_testaments_and_what_the_router_says_itself_are_stored_too() -> None:
    scene = Scene(history=History([Rule("prefix", "wamp.test", 10), Rule("exact", "com.chat", 10)]))
    alice, bob = scene.join(), scene.join()
    scene.realms.by_name["realm1"].broker.announce("wamp.test.topic", [1])
    request = alice.calls("wamp.session.add_testament", ["com.chat", ["gone"], {}])
    alice.receives(50, request, {})
    alice.vanishes()
    assert numbers(asks(bob, subscription_of(bob, "wamp.test", "prefix"))) == [1]
    assert numbers(asks(bob, subscription_of(bob, "com.chat"))) == ["gone"]


def test_an_answer_has_only_so_many_events_and_the_rest_can_be_asked_for() -> None:
    scene = Scene(history=History([Rule("exact", "com.chat", MAX_EVENTS + 5)]))
    alice = scene.join()
    for number in range(MAX_EVENTS + 5):
        alice.publishes("com.chat", [number])
    id = subscription_of(alice, "com.chat")
    page = asks(alice, id, limit=2 * MAX_EVENTS)
    assert len(page) == MAX_EVENTS
    rest = asks(alice, id, after_publication=page[-1]["publication"])
    assert numbers(page + rest) == list(range(MAX_EVENTS + 5))


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"from_time": "2026-09-21T14:13:20.0005Z"}, [1]),
        ({"after_time": "2026-09-21T14:13:20.0005Z"}, [1]),
        ({"before_time": "2026-09-21T14:13:20.0005Z"}, [0]),
        ({"until_time": "2026-09-21T14:13:20.0005Z"}, [0]),
        ({"after_time": "2026-09-21T14:13:20Z", "before_time": "2026-09-21T14:13:20.001Z"}, []),
        ({"from_time": "1950-01-01T00:00:00Z"}, [0, 1]),
        ({"until_time": "1950-01-01T00:00:00Z"}, []),
    ],
)
def test_times_may_be_finer_than_those_of_the_events(
    scene: Scene, filters: dict[str, Any], expected: list[int]
) -> None:
    alice = scene.join()
    alice.publishes("com.chat", [0])
    scene.clock.advance(0.001)
    alice.publishes("com.chat", [1])
    assert numbers(asks(alice, subscription_of(alice, "com.chat"), **filters)) == expected


@pytest.mark.parametrize("args", [b"[1e999]", b"[" * 400 + b"]" * 400])
@pytest.mark.parametrize("codec", [JSON, CBOR])
def test_an_event_that_cannot_be_expressed_hides_no_other(scene: Scene, codec: Any, args: bytes) -> None:
    """D15, B22"""
    alice, bob, carol = scene.join("alice"), scene.join(codec=codec), scene.join()
    alice.publishes("com.chat", [1])
    carol.sends_octets(b'[16,1,{},"com.chat",%b]' % args)
    alice.publishes("com.chat", [2])
    told = asks(bob, subscription_of(bob, "com.chat"))
    assert [event["args"] for event in told if event["args"] in ([1], [2])] == [[1], [2]]


def test_an_answer_says_if_nothing_is_recorded(scene: Scene) -> None:
    """D15"""
    alice = scene.join("alice")
    for topic, note in (("com.chat", []), ("com.log.a", []), ("com.other", [{"recorded": False}])):
        request = alice.calls("wamp.subscription.get_events", [alice.subscribes(topic)])
        alice.receives(50, request, {}, [], *note)


def test_where_a_history_stands_is_told_for_those_who_will_come_back(scene: Scene) -> None:
    alice, bob = scene.join("alice"), scene.join("bob")
    chat, log, other = (bob.subscribes(topic, match=match) for topic, match in STANDING)

    def state(subscription: int) -> dict[str, Any]:
        request = bob.calls("wamplex.subscription.get_history", [subscription])
        return cast("dict[str, Any]", bob.receives(50, request, {}, ANY)[3][0])

    epoch = state(chat)["epoch"]
    assert state(chat) == {"recorded": True, "epoch": epoch, "last": None, "forgotten": False}
    assert state(other) == {"recorded": False, "epoch": None, "last": None, "forgotten": False}
    for topic, options in (("com.chat", {}), ("com.log.a", {}), ("com.chat", {"exclude_authid": ["bob"]})):
        alice.publishes(topic, [1], **options)
    (_, _, seen, *_), (_, _, logged, *_) = bob.inbox()
    scene.clock.advance(60)
    assert state(chat) == {"recorded": True, "epoch": epoch, "last": seen, "forgotten": False}
    assert state(log) == {"recorded": True, "epoch": epoch, "last": logged, "forgotten": False}


def test_it_is_told_as_soon_as_events_have_made_room_for_others(scene: Scene) -> None:
    """The chat has room for five, the log for more, which its topics share."""
    alice, bob = scene.join("alice"), scene.join("bob")

    def forgotten(topic: str, match: str = "exact") -> bool:
        request = bob.calls("wamplex.subscription.get_history", [subscription_of(bob, topic, match)])
        answer: bool = bob.receives(50, request, {}, ANY)[3][0]["forgotten"]
        return answer

    for number in range(5):
        alice.publishes("com.log.a", [number])
        alice.publishes("com.chat", [number])
    assert not forgotten("com.chat")
    alice.publishes("com.chat", [5], eligible=[bob.id])  # is not stored
    assert not forgotten("com.chat")
    alice.publishes("com.chat", [6])
    assert forgotten("com.chat")
    for number in range(96):
        assert not forgotten("com.log.", "prefix")
        alice.publishes("com.log.b", [number])
    assert forgotten("com.log.", "prefix")


STANDING = (("com.chat", "exact"), ("com.log.", "prefix"), ("com.other", "exact"))


def test_who_may_not_ask_for_events_is_not_told_where_the_history_stands() -> None:
    """D16, F4"""
    scene = Scene(roles=[Role("anyone", [rule("prefix", "", *EVERYTHING)])], history=History(RULES))
    alice = scene.join()
    request = alice.calls("wamplex.subscription.get_history", [alice.subscribes("com.chat")])
    alice.receives_error(48, request, "wamp.error.not_authorized")
