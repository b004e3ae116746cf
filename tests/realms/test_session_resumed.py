"""Pausing and resuming: what a session is when its peer comes back, and who may come back to it."""

from base64 import b64decode
from typing import Any

import pytest

from realms.endings import GOING_AWAY, MOVED, REFUSED, TOO_SLOW, VIOLATION
from realms.policies import PauseLimits, Policies
from realms.transport import Evidence
from tests.realms.fakes import ANY, CAPABLE, Peer, Scene
from tests.realms.test_testaments import adds
from wamp.codecs import CBOR, JSON

GONE = "wamp.error.no_such_session"


def paused(scene: Scene) -> Peer:
    """A peer whose session waits for it."""
    peer = scene.join(resumable=True)
    peer.vanishes()
    return peer


def is_gone(scene: Scene, peer: Peer) -> bool:
    """Whether nobody can resume the session of a peer."""
    back = scene.connects(peer.codec).asks_to_resume(peer)
    message = back.inbox()[0]
    return message[0] == 3 and message[2] == GONE


def refusal(peer: Peer) -> list[Any]:
    """The ABORT that a peer gets."""
    (message,) = peer.inbox()
    assert message[0] == 3
    assert peer.transport.endings == [REFUSED]
    return message


def test_who_asks_gets_a_ticket_of_16_octets(realm: Scene) -> None:
    """A10"""
    peers = [realm.connects(), realm.connects()]
    for peer in peers:
        peer.sends(1, "realm1", {"roles": CAPABLE, "resumable": True})
    tickets = []
    for peer in peers:
        details = peer.receives(2, ANY, ANY)[2]
        assert (details["resumed"], details["resumable"]) == (False, True)
        assert details["resume_token"] == details["resume-ticket"]
        tickets.append(b64decode(details["resume-ticket"], validate=True))
    assert [len(ticket) for ticket in tickets] == [16, 16]
    assert tickets[0] != tickets[1]


@pytest.mark.parametrize("details", [{}, {"resumable": False}, {"resumable": None}])
def test_who_does_not_ask_is_told_nothing_and_leaves_when_its_connection_does(realm: Scene, details: Any) -> None:
    """A10"""
    peer, other = realm.connects(), realm.join()
    peer.sends(1, "realm1", {"roles": CAPABLE, **details})
    _, peer.id, welcome = peer.receives(2, ANY, ANY)
    assert not {"resumed", "resumable", "resume-ticket"} & welcome.keys()
    peer.vanishes()
    other.receives_error(48, other.calls("wamp.session.get", [peer.id]), GONE)


def test_a_session_goes_on_with_all_it_had(realm: Scene) -> None:
    """A10"""
    lost, other = realm.join(resumable=True), realm.join()
    subscription = lost.subscribes("com.topic")
    registration = lost.registers("com.mine")
    other.registers("com.other")
    call = lost.calls("com.other")
    invocation = other.receives(68, ANY, ANY, {})[1]
    lost.vanishes()
    back = realm.connects().resumes(lost)
    back.receives_nothing()
    other.publishes("com.topic", ["news"])
    back.receives(36, subscription, ANY, {}, ["news"])
    other.sends(70, invocation, {}, [1])
    back.receives(50, call, {}, [1])
    mine = other.calls("com.mine")
    back.receives(68, 1, registration, {})
    back.sends(70, 1, {}, [2])
    other.receives(50, mine, {}, [2])
    back.receives(50, back.calls("wamp.session.count"), {}, [2])  # under the next request id


def test_what_came_meanwhile_follows_welcome_in_order(realm: Scene) -> None:
    """A10"""
    lost, other = realm.join(resumable=True), realm.join()
    subscription = lost.subscribes("com.topic")
    registration = lost.registers("com.mine")
    lost.vanishes()
    other.publishes("com.topic", [1])
    call = other.calls("com.mine", ["do it"])
    other.publishes("com.topic", [2])
    back = realm.connects().resumes(lost)
    back.receives(36, subscription, ANY, {}, [1])
    back.receives(68, 1, registration, {}, ["do it"])
    back.receives(36, subscription, ANY, {}, [2])
    back.sends(70, 1, {}, ["done"])
    other.receives(50, call, {}, ["done"])


def test_what_the_lost_connection_had_not_written_is_kept(realm: Scene) -> None:
    """A10"""
    lost, other = realm.join(resumable=True), realm.join()
    subscription = lost.subscribes("com.topic")
    lost.transport.stalls = True
    other.publishes("com.topic", [1])
    lost.vanishes()
    other.publishes("com.topic", [2])
    back = realm.connects().resumes(lost)
    back.receives(36, subscription, ANY, {}, [1])
    back.receives(36, subscription, ANY, {}, [2])


def test_a_session_can_be_paused_again_and_only_the_last_ticket_counts(realm: Scene) -> None:
    """A10"""
    first = paused(realm)
    second = realm.connects().resumes(first)
    assert second.ticket != first.ticket
    assert is_gone(realm, first)
    second.vanishes()
    assert is_gone(realm, first)
    third = realm.connects().resumes(second)
    third.is_present()


@pytest.mark.parametrize("session", ["resume-session", "resume_session"])
@pytest.mark.parametrize("ticket", ["resume-token", "resume-ticket", "resume_token", "resume_ticket"])
def test_every_spelling_of_the_keys_is_understood(realm: Scene, session: str, ticket: str) -> None:
    """A10"""
    lost, back = paused(realm), realm.connects()
    back.sends(1, None, {session: lost.id, ticket: lost.ticket})
    back.receives(2, lost.id, ANY)


def test_a_realm_may_be_named_and_must_be_the_right_one_then(realm: Scene) -> None:
    """A10"""
    lost = paused(realm)
    wrong, right = realm.connects(), realm.connects()
    wrong.sends(1, "realm2", {"resume-session": lost.id, "resume-token": lost.ticket})
    assert refusal(wrong)[2] == GONE
    right.sends(1, "realm1", {"resume-session": lost.id, "resume-token": lost.ticket})
    right.receives(2, lost.id, ANY)


def test_who_cannot_show_the_ticket_learns_nothing(realm: Scene) -> None:
    """A10"""
    lost, plain = paused(realm), realm.join()
    answers = []
    for id, ticket in (
        (lost.id, "x" * 24), (lost.id, ""), (lost.id, "ö"), (lost.id, lost.ticket[:-1]), (plain.id, ""),
        (plain.id, "=" * 24), (lost.id % 2**53 + 1, lost.ticket), (plain.id, lost.ticket),
    ):  # fmt: skip
        guesser = realm.connects()
        guesser.sends(1, None, {"resume-session": id, "resume-token": ticket})
        answers.append(refusal(guesser))
    for answer in answers:
        assert answer == answers[0]
        assert answer[2] == GONE
    realm.connects().resumes(lost)
    plain.is_present()


def test_a_session_that_nobody_comes_back_to_ends(realm: Scene) -> None:
    """A10"""
    lost, other = realm.join(resumable=True), realm.join()
    left = other.subscribes("wamp.session.on_leave")
    lost.registers("com.mine")
    lost.vanishes()
    call = other.calls("com.mine")
    realm.clock.advance(29)
    other.receives_nothing()
    realm.clock.advance(2)
    other.receives_error(48, call, "wamp.error.canceled")
    other.receives(36, left, ANY, {}, [lost.id, "ann", "anyone"])
    assert is_gone(realm, lost)


def test_a_session_that_was_resumed_is_not_under_the_old_deadline(realm: Scene) -> None:
    """A10"""
    back = realm.connects().resumes(paused(realm))
    realm.clock.advance(100)
    back.is_present()


def test_a_peer_may_be_back_before_its_loss_is_noticed(realm: Scene) -> None:
    """A10"""
    old, other = realm.join(resumable=True), realm.join()
    subscription = old.subscribes("com.topic")
    heard = other.subscribes("com.last_words")
    adds(old, "com.last_words", ["detached"], {}, scope="detached")
    old.transport.stalls = True
    other.publishes("com.topic", [1])
    back = realm.connects().resumes(old)
    back.receives(36, subscription, ANY, {}, [1])
    other.receives(36, heard, ANY, {}, ["detached"])
    assert old.transport.endings == [MOVED]
    old.sends(16, 99, {}, "com.topic")
    old.vanishes()
    back.is_present()
    back.receives_nothing()


@pytest.mark.parametrize("ending", [TOO_SLOW, GOING_AWAY])
def test_a_connection_that_the_router_closes_is_no_pause(realm: Scene, ending: Any) -> None:
    """A10: from there on frames were lost"""
    peer = realm.join(resumable=True)
    peer.transport.close(ending)
    assert is_gone(realm, peer)
    peer.vanishes()
    assert is_gone(realm, peer)
    assert not realm.realms.by_name["realm1"].sessions


def says_goodbye(peer: Peer) -> None:
    peer.sends(6, {}, "wamp.close.normal")


def aborts(peer: Peer) -> None:
    peer.sends(3, {}, "wamp.error.some")


def breaks_the_protocol(peer: Peer) -> None:
    peer.sends(1, "realm1", {"roles": CAPABLE})


@pytest.mark.parametrize("ends", [says_goodbye, aborts, breaks_the_protocol])
def test_a_session_that_ended_cannot_be_resumed(realm: Scene, ends: Any) -> None:
    """A10"""
    peer = realm.join(resumable=True)
    ends(peer)
    peer.vanishes()
    assert is_gone(realm, peer)
    assert not realm.realms.by_name["realm1"].sessions


def test_a_session_in_session_cannot_become_another(realm: Scene) -> None:
    """A10, A13"""
    lost, other = paused(realm), realm.join()
    other.sends(1, None, {"resume-session": lost.id, "resume-token": lost.ticket})
    other.receives(3, ANY, "wamp.error.protocol_violation")
    assert other.transport.endings == [VIOLATION]
    realm.connects().resumes(lost)


def test_a_paused_session_can_be_killed(realm: Scene) -> None:
    """A10, G3"""
    lost, other = paused(realm), realm.join()
    other.receives(50, other.calls("wamp.session.kill", [lost.id]), {})
    assert is_gone(realm, lost)
    assert not realm.clock.getDelayedCalls()


def test_a_paused_session_goes_with_its_realm(realm: Scene) -> None:
    """A10"""
    lost = paused(realm)
    realm.realms.close("realm1")
    assert is_gone(realm, lost)
    assert not realm.clock.getDelayedCalls()


def test_a_paused_session_goes_with_the_router(realm: Scene) -> None:
    """A10"""
    lost = paused(realm)
    realm.realms.stop()
    assert is_gone(realm, lost)
    assert not realm.clock.getDelayedCalls()


def test_others_see_a_paused_session_as_one_that_is_there(realm: Scene) -> None:
    """A10"""
    other = realm.join()
    for topic in ("wamp.session.on_join", "wamp.session.on_leave"):
        other.subscribes(topic)
    lost = realm.join(resumable=True)
    other.receives(36, ANY, ANY, {}, ANY)
    lost.vanishes()
    details = other.receives(50, other.calls("wamp.session.get", [lost.id]), {}, ANY)[3][0]
    assert details["session"] == lost.id
    assert details["transport"]["peer"] == "nobody"
    realm.connects().resumes(lost)
    other.receives_nothing()


def test_testaments_of_both_scopes_have_their_time(realm: Scene) -> None:
    """A10, D19"""
    lost, other = realm.join(resumable=True), realm.join()
    other.subscribes("com.topic")
    adds(lost, "com.topic", ["destroyed"], {})
    adds(lost, "com.topic", ["detached"], {}, scope="detached")
    lost.vanishes()
    assert [event[4] for event in other.inbox()] == [["detached"]]
    back = realm.connects().resumes(lost)
    adds(back, "com.topic", ["detached again"], {}, scope="detached")
    back.vanishes()
    assert [event[4] for event in other.inbox()] == [["detached again"]]
    realm.clock.advance(31)
    assert [event[4] for event in other.inbox()] == [["destroyed"]]
    assert len(realm.realms.by_name["realm1"].testaments) == 0


def test_another_wire_is_refused_and_the_session_still_waits(realm: Scene) -> None:
    """A10"""
    lost = paused(realm)
    other = realm.connects(CBOR).asks_to_resume(lost)
    _, details, reason = refusal(other)
    assert reason == "wamp.error.feature_not_supported"
    assert "json" in details["message"]
    smaller = realm.connects(JSON)
    smaller.transport.max_outgoing = 512
    assert refusal(smaller.asks_to_resume(lost))[2] == "wamp.error.feature_not_supported"
    realm.connects().resumes(lost)


def test_a_listener_admits_only_sessions_of_its_methods(realm: Scene) -> None:
    """A10"""
    lost, back = paused(realm), realm.connects()
    back.transport.proves = Evidence(authmethods=frozenset({"ticket"}))
    assert refusal(back.asks_to_resume(lost))[2] == "wamp.error.no_matching_auth_method"
    other = realm.connects()
    other.transport.proves = Evidence(authmethods=frozenset({"trusting"}))
    other.resumes(lost)


def test_more_than_the_buffer_takes_ends_the_session(realm: Scene) -> None:
    """A10"""
    realm = Scene(policies=Policies(pauses=PauseLimits(buffer=1000)))
    lost, other = realm.join(resumable=True), realm.join()
    lost.subscribes("com.topic")
    lost.vanishes()
    for size in (500, 5000):
        other.publishes("com.topic", ["x" * size])
    other.publishes("com.topic")
    assert is_gone(realm, lost)  # from the moment on that something is lost
    other.receives(50, other.calls("wamp.session.count"), {}, [2])
    realm.clock.advance(0)
    other.receives(50, other.calls("wamp.session.count"), {}, [1])
    assert not realm.clock.getDelayedCalls()


def test_a_message_larger_than_the_buffer_is_kept_if_nothing_is_before_it(realm: Scene) -> None:
    """A10"""
    realm = Scene(policies=Policies(pauses=PauseLimits(buffer=1000)))
    lost, other = realm.join(resumable=True), realm.join()
    lost.subscribes("com.topic")
    lost.vanishes()
    other.publishes("com.topic", ["x" * 5000])
    realm.connects().resumes(lost).receives(36, ANY, ANY, {}, ["x" * 5000])


def test_only_so_many_sessions_are_paused(realm: Scene) -> None:
    """A10"""
    realm = Scene(policies=Policies(pauses=PauseLimits(paused=2)))
    first, second, third = (paused(realm) for _ in range(3))
    assert is_gone(realm, third)
    back = realm.connects().resumes(first)
    fourth = paused(realm)
    back.vanishes()
    assert is_gone(realm, back)
    realm.clock.advance(30)
    assert is_gone(realm, second)
    assert is_gone(realm, fourth)
    realm.connects().resumes(paused(realm))


def test_a_realm_may_pause_nobody(realm: Scene) -> None:
    """A10"""
    realm = Scene(policies=Policies(pauses=None))
    peer = realm.join(resumable=True)
    assert peer.ticket == ""
    peer.vanishes()
    assert not realm.realms.by_name["realm1"].sessions


def test_a_realm_that_was_made_for_its_clients_waits_for_them(realm: Scene) -> None:
    """A10, A12"""
    realm = Scene(template=("com.made.", 1))
    lost = realm.join(realm="com.made.a", resumable=True)
    lost.vanishes()
    realm.clock.advance(29)
    back = realm.connects().resumes(lost)
    realm.clock.advance(1000)
    back.vanishes()
    realm.clock.advance(30)
    assert "com.made.a" in realm.realms.by_name
    realm.clock.advance(60)
    assert "com.made.a" not in realm.realms.by_name
    assert is_gone(realm, back)


def test_roles_that_were_announced_still_bind(realm: Scene) -> None:
    """A10"""
    realm = Scene(strict_roles=True)
    lost = realm.join(roles={"subscriber": {}}, resumable=True)
    lost.vanishes()
    back = realm.connects().resumes(lost)
    back.publishes("com.topic")
    back.is_expelled()


def test_statistics_go_on_where_they_were(realm: Scene) -> None:
    """A10, G9"""
    realm = Scene(policies=Policies(session_stats=10))
    watcher, lost = realm.join(), realm.join(resumable=True)
    watcher.subscribes("wamp.session.on_stats")
    lost.subscribes("com.topic")

    def counts() -> list[int]:
        watcher.inbox()
        realm.clock.advance(10)
        told = [event[4][1] for event in watcher.inbox() if event[4][0]["session"] == lost.id]
        names = ("messages_received", "octets_received", "messages_sent", "octets_sent")
        return [told[0][name] for name in names] if told else []

    before = counts()
    assert before[0::2] == [1, 2]  # SUBSCRIBE; WELCOME and SUBSCRIBED
    lost.transport.stalls = True
    watcher.publishes("com.topic", [1])
    lost.vanishes()
    watcher.publishes("com.topic", [2])
    meanwhile = counts()
    kept = [len(frame) for frame in lost.transport.offered]
    assert meanwhile == [before[0], before[1], 4, before[3] + 2 * kept[0]]
    assert counts() == []
    back = realm.connects().resumes(lost)
    frames = back.transport.frames
    assert counts() == [before[0], before[1], 5, meanwhile[3] + len(frames[0])]
    back.publishes("com.topic", acknowledge=True)
    assert counts()[0::2] == [2, 6]
