"""Publish and subscribe, as publishers and subscribers see it."""

import pytest

from tests.realms.fakes import ANY, Scene


def test_a_subscriber_gets_what_is_published(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    subscription = bob.subscribes("com.topic")
    alice.publishes("com.topic", [1, None, {"a": [2.5]}], {"key": "värde"})
    _, _, publication, _, args, kwargs = bob.receives(36, subscription, ANY, {}, ANY, ANY)
    assert (args, kwargs) == ([1, None, {"a": [2.5]}], {"key": "värde"})
    assert 1 <= publication <= 2**53
    alice.receives_nothing()


@pytest.mark.parametrize("payload", [(), ([],), ([1],), ([], {}), ([], {"a": 1}), ([1], {"a": 1})])
def test_an_event_has_as_many_elements_as_its_publication(realm: Scene, payload: tuple[object, ...]) -> None:
    alice, bob = realm.join(), realm.join()
    subscription = bob.subscribes("com.topic")
    alice.publishes("com.topic", *payload)
    bob.receives(36, subscription, ANY, {}, *payload)


def test_a_publication_is_acknowledged_only_if_asked_for(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    bob.subscribes("com.topic")
    alice.publishes("com.topic")
    alice.publishes("com.topic", acknowledge=False)
    alice.receives_nothing()
    request = alice.publishes("com.topic", acknowledge=True)
    published = alice.receives(17, request, ANY)
    assert bob.inbox()[-1][2] == published[2]


def test_a_publication_without_subscribers_is_acknowledged_too(realm: Scene) -> None:
    alice = realm.join()
    request = alice.publishes("com.topic", acknowledge=True)
    alice.receives(17, request, ANY)


def test_each_publication_has_an_id_of_its_own_that_all_subscribers_see(realm: Scene) -> None:
    alice, bob, carol = realm.join(), realm.join(), realm.join()
    bob.subscribes("com.topic")
    carol.subscribes("com.", match="prefix")
    for _ in range(3):
        alice.publishes("com.topic")
    ids = [event[2] for event in bob.inbox()]
    assert len(set(ids)) == 3
    assert [event[2] for event in carol.inbox()] == ids


def test_events_come_in_the_order_of_publication_across_topics(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    bob.subscribes("com.a")
    bob.subscribes("com.", match="prefix")
    bob.subscribes("com.b")
    for number in range(6):
        alice.publishes("com.a" if number % 2 else "com.b", [number])
    assert [event[4] for event in bob.inbox()] == [[number] for number in range(6) for _ in range(2)]


# --- subscribing ---


def test_subscribing_again_gives_the_same_subscription_and_one_event(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    subscription = bob.subscribes("com.topic")
    assert bob.subscribes("com.topic") == subscription
    alice.publishes("com.topic")
    bob.receives(36, subscription, ANY, {})
    bob.receives_nothing()
    request = bob.requests(34, subscription)
    bob.receives(35, request)
    alice.publishes("com.topic")
    bob.receives_nothing()


def test_subscribers_of_one_topic_share_its_subscription(realm: Scene) -> None:
    assert realm.join().subscribes("com.topic") == realm.join().subscribes("com.topic")


def test_exact_prefix_and_wildcard_subscriptions_of_one_text_are_three(realm: Scene) -> None:
    bob = realm.join()
    assert len({bob.subscribes("com.topic", match=match) for match in ("exact", "prefix", "wildcard")}) == 3


def test_a_subscription_has_the_same_id_after_a_restart_of_the_router_but_not_in_another_realm() -> None:
    before, after = Scene(), Scene()
    first = before.join().subscribes("com.topic")
    assert after.join().subscribes("com.topic") == first
    assert after.join(realm="realm2").subscribes("com.topic") != first


def test_all_matching_subscriptions_deliver_exact_first_then_long_prefixes_then_wildcards(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    wild = bob.subscribes("com..b", match="wildcard")
    wilder = bob.subscribes("..b", match="wildcard")
    short = bob.subscribes("com", match="prefix")
    long = bob.subscribes("com.a.", match="prefix")
    exact = bob.subscribes("com.a.b")
    bob.subscribes("com.a.c")
    alice.publishes("com.a.b")
    topic = {"topic": "com.a.b"}
    events = bob.inbox()
    assert len({event[2] for event in events}) == 1
    assert [(event[1], event[3]) for event in events] == [
        (exact, {}),
        (long, topic),
        (short, topic),
        (wild, topic),
        (wilder, topic),
    ]


@pytest.mark.parametrize(
    ("match", "pattern", "topic", "matches"),
    [
        ("exact", "com.a", "com.a", True),
        ("exact", "com.a", "com.a.b", False),
        ("prefix", "com.emergency", "com.emergency", True),
        ("prefix", "com.emergency", "com.emergency-low", True),
        ("prefix", "com.emergency", "com.emergency.11", True),
        ("prefix", "com.emergency.", "com.emergency", False),
        ("prefix", "com.emergency", "com.emerge", False),
        ("prefix", "", "com.a", True),
        ("wildcard", "com..b", "com.a.b", True),
        ("wildcard", "com..b", "com.b", False),
        ("wildcard", "com..b", "com.a.a.b", False),
        ("wildcard", "com..b", "com.a.c", False),
        ("wildcard", "com..b", "org.a.b", False),
        ("wildcard", ".", "com.a", True),
        ("wildcard", ".", "com", False),
        ("wildcard", "", "com", True),
        ("wildcard", "com.a", "com.a", True),
        ("wildcard", "com.a.", "com.a", False),
    ],
)
def test_a_pattern_matches_by_its_policy(realm: Scene, match: str, pattern: str, topic: str, matches: bool) -> None:
    alice, bob = realm.join(), realm.join()
    bob.subscribes(pattern, match=match)
    alice.publishes(topic)
    assert bool(bob.inbox()) is matches


@pytest.mark.parametrize(
    ("match", "uri"),
    [
        ("exact", ""),
        ("exact", "com..a"),
        ("exact", "com.a."),
        ("exact", ".com"),
        ("exact", "com a"),
        ("exact", "com.a\n"),
        ("exact", "com.#"),
        ("prefix", "com..a"),
        ("prefix", ".com"),
        ("prefix", "com a"),
        ("wildcard", "com. .a"),
        ("wildcard", "com.#.a"),
        ("exact", "a" * 2000),
        ("prefix", "a" * 2000),
        ("wildcard", "." * 2000),
    ],
)
def test_what_is_no_uri_for_its_policy_cannot_be_subscribed(realm: Scene, match: str, uri: str) -> None:
    bob = realm.join()
    bob.receives_error(32, bob.requests(32, {"match": match}, uri), "wamp.error.invalid_uri")
    bob.is_present()


@pytest.mark.parametrize(
    "uri", ["", "com..a", "com.a.", "com a", "com.#", "a" * 2000, "wamp", "wamp.a", "wamp.session.on_join"]
)
def test_what_is_no_uri_or_belongs_to_the_router_cannot_be_published(realm: Scene, uri: str) -> None:
    alice, bob = realm.join(), realm.join()
    bob.subscribes("", match="prefix")
    alice.publishes(uri)
    alice.receives_nothing()
    alice.receives_error(16, alice.publishes(uri, acknowledge=True), "wamp.error.invalid_uri")
    bob.receives_nothing()
    alice.is_present()


def test_topics_of_the_router_can_be_subscribed_and_its_namespace_ends_with_the_dot(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    bob.subscribes("wamp.session.on_join")
    subscription = bob.subscribes("wampx.a")
    alice.publishes("wampx.a")
    bob.receives(36, subscription, ANY, {})


def test_an_invalid_uri_of_any_length_is_quoted_briefly(realm: Scene) -> None:
    bob = realm.join()
    bob.requests(32, {}, "no uri " * 10_000)
    ((*_, arguments),) = bob.inbox()
    assert len(arguments[0]) < 300


# --- unsubscribing and leaving ---


def test_no_event_follows_unsubscribed(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    subscription = bob.subscribes("com.topic")
    request = bob.requests(34, subscription)
    bob.receives(35, request)
    alice.publishes("com.topic")
    bob.receives_nothing()
    bob.receives_error(34, bob.requests(34, subscription), "wamp.error.no_such_subscription")


def test_a_subscription_of_somebody_else_cannot_be_ended(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    subscription = bob.subscribes("com.topic")
    alice.receives_error(34, alice.requests(34, subscription), "wamp.error.no_such_subscription")
    alice.publishes("com.topic")
    bob.receives(36, subscription, ANY, {})


def test_one_of_two_subscribers_may_leave(realm: Scene) -> None:
    alice, bob, carol = realm.join(), realm.join(), realm.join()
    subscription = bob.subscribes("com.topic")
    carol.subscribes("com.topic")
    bob.vanishes()
    alice.publishes("com.topic")
    carol.receives(36, subscription, ANY, {})
    bob.receives_nothing()


def test_a_session_that_leaves_vanishes_from_all_its_patterns(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    patterns = {"com.a.b": "exact", "com": "prefix", "com..": "wildcard", "..": "wildcard", "": "prefix"}
    for pattern, match in patterns.items():
        bob.subscribes(pattern, match=match)
    bob.inbox()
    bob.vanishes()
    alice.publishes("com.a.b")
    bob.receives_nothing()


def test_a_wildcard_pattern_with_more_components_than_a_uri_can_have_is_refused(realm: Scene) -> None:
    bob = realm.join()
    bob.subscribes("." * 511, match="wildcard")
    bob.receives_error(32, bob.requests(32, {"match": "wildcard"}, "." * 512), "wamp.error.invalid_uri")


def test_a_pattern_of_five_hundred_components_goes_with_its_subscriber(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    bob.subscribes("." * 511, match="wildcard")
    bob.subscribes("com.topic")
    bob.vanishes()
    alice.publishes("com.topic")
    bob.receives_nothing()


def test_a_topic_of_as_many_components_as_a_uri_can_have_is_matched(realm: Scene) -> None:
    alice, bob = realm.join(), realm.join()
    bob.subscribes("." * 511, match="wildcard")
    alice.publishes(".".join("a" * 512))
    assert len(bob.inbox()) == 1


def test_an_event_larger_than_a_subscriber_takes_costs_nobody_else_anything(realm: Scene) -> None:
    alice, bob, carol = realm.join(), realm.join(), realm.join()
    bob.subscribes("com.topic")
    carol.subscribes("com.topic")
    bob.transport.max_outgoing = 512
    alice.publishes("com.topic", ["x" * 1000])
    alice.publishes("com.topic", ["y"])
    assert [event[4] for event in bob.inbox()] == [["y"]]
    assert len(carol.inbox()) == 2


def test_events_are_offered_and_answers_are_sent(realm: Scene) -> None:
    """A slow peer may lose what is offered, and never what is sent."""
    alice = realm.join()
    alice.subscribes("com.topic")
    alice.publishes("com.topic", exclude_me=False, acknowledge=True)
    assert [message[0] for message in alice.inbox()] == [36, 17]
    assert len(alice.transport.offered) == 1


# --- realms ---


def test_realms_do_not_hear_each_other(realm: Scene) -> None:
    alice, bob = realm.join(realm="realm1"), realm.join(realm="realm2")
    bob.registers("com.add2")
    bob.subscribes("", match="prefix")
    alice.publishes("com.topic", eligible=[bob.id])
    bob.receives_nothing()
    alice.receives_error(48, alice.calls("com.add2"), "wamp.error.no_such_procedure")
    alice.registers("com.add2")
