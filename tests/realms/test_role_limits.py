"""What a session may cost depends on its role, too: of the role's limits and the realm's the smaller ones count."""

import pytest

from realms.changes import change_rules
from realms.endings import REFUSED
from realms.limits import NO_LIMITS, Overruns, RoleLimits
from realms.policies import CallLimits, EventLimits, Policies
from realms.roles import Role, Rule
from tests.realms.fakes import ANY, ANYONE, EVERYTHING, Peer, Scene

ALL = [Rule("prefix", "", EVERYTHING)]
NOT_AUTHORIZED, UNAVAILABLE = "wamp.error.not_authorized", "wamp.error.unavailable"


def scene(limits: RoleLimits, policies: Policies | None = None) -> tuple[Scene, Role]:
    """A realm where `guest` is limited and `anyone` is not."""
    guest = Role("guest", ALL, limits=limits)
    return Scene([ANYONE, guest], policies=policies or Policies()), guest


def is_refused(realm: Scene, authid: str, authrole: str = "guest") -> Peer:
    """A peer that does not get in."""
    peer = realm.connects()
    peer.sends(
        1, "realm1", {"roles": {"caller": {}}, "authmethods": ["trusting"], "authid": authid, "authrole": authrole}
    )
    _, details, _ = peer.receives(3, ANY, UNAVAILABLE)
    assert details["message"] == f"'{authid}' has 2 sessions, which is the most there may be"
    assert peer.transport.endings == [REFUSED]
    return peer


def test_a_principal_may_have_so_many_sessions_and_another_as_many() -> None:
    """J2"""
    realm, guest = scene(RoleLimits(sessions_per_principal=2))
    first = realm.join("ann", "guest")
    second = realm.join("ann", "guest")
    is_refused(realm, "ann")
    realm.join("bob", "guest")
    assert guest.overruns == Overruns(sessions=1)
    first.vanishes()
    realm.join("ann", "guest")
    is_refused(realm, "ann")
    second.sends(6, {}, "wamp.close.normal")
    realm.join("ann", "guest")
    is_refused(realm, "ann")


def test_a_refused_join_leaves_nothing_behind() -> None:
    realm, _ = scene(RoleLimits(sessions_per_principal=2))
    watcher = realm.join("watcher")
    for topic in ("wamp.session.on_join", "wamp.session.on_leave"):
        watcher.subscribes(topic)
    peers = [realm.join("ann", "guest") for _ in range(2)]
    watcher.inbox()
    is_refused(realm, "ann")
    watcher.receives_nothing()
    for peer in peers:
        peer.vanishes()
    assert realm.realms.by_name["realm1"].principals == {"watcher": 1}


def test_a_paused_session_counts_and_resuming_it_needs_no_room() -> None:
    realm, _ = scene(RoleLimits(sessions_per_principal=1))
    peer = realm.connects()
    peer.sends(
        1,
        "realm1",
        {"roles": {"caller": {}}, "authmethods": ["trusting"], "authid": "ann", "authrole": "guest", "resumable": True},
    )
    _, session, details = peer.receives(2, ANY, ANY)
    peer.vanishes()
    again = realm.connects()
    again.sends(1, None, {"resume-session": session, "resume-token": details["resume-ticket"]})
    again.receives(2, session, ANY)


def test_subscriptions_of_a_role_are_limited() -> None:
    """J2"""
    realm, guest = scene(RoleLimits(subscriptions=2))
    peer, other = realm.join("ann", "guest"), realm.join()
    kept = [peer.subscribes(f"com.topic{number}") for number in range(2)]
    request = peer.requests(32, {}, "com.topic2")
    peer.receives_error(32, request, NOT_AUTHORIZED)
    assert peer.subscribes("com.topic1") == kept[1]  # again is no more
    peer.receives(35, peer.requests(34, kept[0]))
    peer.subscribes("com.topic2")
    for number in range(3):
        other.subscribes(f"com.topic{number}")
    assert guest.overruns == Overruns(subscriptions=1)


def test_registrations_of_a_role_are_limited() -> None:
    """J2"""
    realm, guest = scene(RoleLimits(registrations=1))
    peer = realm.join("ann", "guest")
    peer.registers("com.proc1")
    peer.receives_error(64, peer.requests(64, {}, "com.proc2"), NOT_AUTHORIZED)
    assert guest.overruns == Overruns(registrations=1)


def test_calls_of_a_role_are_limited() -> None:
    """J2"""
    realm, guest = scene(RoleLimits(calls=2))
    callee, peer = realm.join(), realm.join("ann", "guest")
    registration = callee.registers("com.slow")
    requests = [peer.calls("com.slow") for _ in range(3)]
    peer.receives_error(48, requests[2], UNAVAILABLE)
    callee.receives(68, 1, registration, {})
    callee.sends(70, 1, {})
    peer.receives(50, requests[0], {})
    peer.calls("com.slow")
    peer.receives_nothing()
    assert guest.overruns == Overruns(calls=1)


@pytest.mark.parametrize("of_role", [3, 1])
def test_the_smaller_one_of_two_limits_counts(of_role: int) -> None:
    policies = Policies(calls=CallLimits(pending=2, registrations=2), events=EventLimits(subscriptions=2))
    realm, _ = scene(RoleLimits(subscriptions=of_role, registrations=of_role, calls=of_role), policies)
    peer, callee = realm.join("ann", "guest"), realm.join()
    callee.registers("com.slow")
    for number in range(3):
        for request in (
            peer.requests(32, {}, f"com.topic{number}"),
            peer.requests(64, {}, f"com.proc{number}"),
            peer.calls("com.slow"),
        ):
            assert request
    answers = [message[0] for message in peer.inbox()]
    smaller = min(of_role, 2)
    assert (answers.count(33), answers.count(65), answers.count(8)) == (smaller, smaller, 3 * (3 - smaller))


def test_the_transport_is_told_the_rates_when_the_session_is_established_and_not_before() -> None:
    limits = RoleLimits(message_rate=10, octet_rate=1000)
    realm, _ = scene(limits)
    stranger = realm.connects()
    assert stranger.transport.limits is None
    assert realm.join("ann", "guest").transport.limits == limits
    assert realm.join("bob").transport.limits == NO_LIMITS


def test_changed_limits_count_at_once() -> None:
    """F6"""
    realm, _ = scene(NO_LIMITS)
    peer, callee = realm.join("ann", "guest"), realm.join()
    callee.registers("com.slow")
    peer.calls("com.slow")
    inside = realm.realms.by_name["realm1"]
    stricter = Role("guest", ALL, limits=RoleLimits(calls=1, message_rate=5))
    change_rules(inside, {"anyone": ANYONE, "guest": stricter}, inside.methods)
    peer.receives_error(48, peer.calls("com.slow"), UNAVAILABLE)
    assert peer.transport.limits == stricter.limits
