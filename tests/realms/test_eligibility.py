"""Publisher exclusion, black- and whitelists."""

from typing import Any

import pytest

from realms.roles import Role, Rule
from tests.realms.fakes import ANYONE, EVERYTHING, Peer, Scene


def audience() -> tuple[Peer, dict[str, Peer]]:
    """A publisher, and subscribers that differ in authid and authrole; two sessions are of ann."""
    realm = Scene(roles=[ANYONE, *(Role(name, [Rule("prefix", "", EVERYTHING)]) for name in ("staff", "guest"))])
    peers = {
        "ann": realm.join("ann", "staff"),
        "ann again": realm.join("ann", "staff"),
        "bob": realm.join("bob", "staff"),
        "gus": realm.join("gus", "guest"),
    }
    for peer in peers.values():
        peer.subscribes("com.topic")
    return realm.join("pub", "anyone"), peers


def hearers(publisher: Peer, peers: dict[str, Peer], **options: Any) -> list[str]:
    publisher.publishes("com.topic", **options)
    return [name for name, peer in peers.items() if peer.inbox()]


EVERYBODY = ["ann", "ann again", "bob", "gus"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, EVERYBODY),
        ({"exclude_authid": ["ann"]}, ["bob", "gus"]),
        ({"exclude_authrole": ["staff"]}, ["gus"]),
        ({"eligible_authid": ["ann", "gus"]}, ["ann", "ann again", "gus"]),
        ({"eligible_authrole": ["guest"]}, ["gus"]),
        # a subscriber must pass every list
        ({"eligible_authrole": ["staff"], "exclude_authid": ["ann"]}, ["bob"]),
        ({"eligible_authrole": ["staff"], "eligible_authid": ["gus"]}, []),
        ({"eligible_authid": ["ann"], "exclude_authid": ["ann"]}, []),
        # an empty whitelist passes nobody, an empty blacklist excludes nobody
        ({"eligible": []}, []),
        ({"eligible_authid": []}, []),
        ({"eligible_authrole": []}, []),
        ({"eligible": [], "eligible_authid": ["ann"]}, []),
        ({"exclude": []}, EVERYBODY),
        ({"exclude_authid": []}, EVERYBODY),
        ({"exclude_authrole": []}, EVERYBODY),
        # unknown and odd entries are harmless; names are compared whole, and with their case
        ({"exclude": [123456789], "exclude_authid": ["zoe"]}, EVERYBODY),
        ({"exclude": [-1, 0, 2**60]}, EVERYBODY),
        ({"eligible_authid": ["an", "ANN", "ann "]}, []),
    ],
)
def test_a_subscriber_hears_what_passes_all_lists(options: dict[str, Any], expected: list[str]) -> None:
    publisher, peers = audience()
    assert hearers(publisher, peers, **options) == expected


def test_sessions_are_listed_by_id() -> None:
    publisher, peers = audience()
    ann, gus = peers["ann"].id, peers["gus"].id
    assert hearers(publisher, peers, exclude=[ann]) == ["ann again", "bob", "gus"]
    assert hearers(publisher, peers, eligible=[ann, gus]) == ["ann", "gus"]
    assert hearers(publisher, peers, eligible=[ann, gus], exclude=[gus]) == ["ann"]
    assert hearers(publisher, peers, eligible=[ann], eligible_authrole=["guest"]) == []


def test_lists_hold_for_pattern_subscriptions_too() -> None:
    publisher, peers = audience()
    peers["bob"].subscribes("", match="prefix")
    assert hearers(publisher, peers, exclude_authid=["bob"]) == ["ann", "ann again", "gus"]


def test_the_publishing_session_is_excluded_and_not_its_authid() -> None:
    _, peers = audience()
    assert hearers(peers["ann"], peers) == ["ann again", "bob", "gus"]
    assert hearers(peers["ann"], peers, exclude_me=True) == ["ann again", "bob", "gus"]


def test_a_publisher_may_want_to_hear_itself() -> None:
    _, peers = audience()
    assert hearers(peers["ann"], peers, exclude_me=False) == EVERYBODY
    assert hearers(peers["ann"], peers, exclude_me=False, exclude_authid=["ann"]) == ["bob", "gus"]


def test_a_whitelist_that_names_the_publisher_does_not_lift_its_exclusion() -> None:
    _, peers = audience()
    assert hearers(peers["ann"], peers, eligible=[peers["ann"].id, peers["bob"].id]) == ["bob"]
    assert hearers(peers["ann"], peers, eligible=[peers["ann"].id], exclude_me=False) == ["ann"]
