"""Sessions that outlast their connections, end to end."""

from base64 import b64decode
from collections.abc import Callable
from typing import Any

import pytest

from tests.peers import SERIALIZERS, Peer
from tests.routers import OPEN_TO_ALL, RunningRouter

Connect = Callable[[], Peer]
Join = Callable[..., Peer]
Way = tuple[str, str]

GONE = "wamp.error.no_such_session"


def resume(peer: Peer, lost: Peer) -> Peer:
    """HELLO that goes on with a session, and WELCOME; requests go on, too."""
    peer.send(1, None, {"resume-session": lost.session, "resume-token": lost.welcome["resume-ticket"]})
    _, peer.session, peer.welcome = peer.receives(2, lost.session)
    assert peer.welcome == {"resumed": True, "resumable": True, "resume-ticket": peer.welcome["resume-ticket"]}
    peer.requests = lost.requests
    return peer


def is_refused(peer: Peer, session: int, ticket: str) -> list[Any]:
    """The ABORT that answers a HELLO, without its first element."""
    peer.send(1, None, {"resume-session": session, "resume-token": ticket})
    _, details, reason = peer.receives(3, ..., ...)
    assert peer.closed() in (1000, None)
    return [details["message"], reason]


@pytest.fixture
def lose(join: Join) -> Callable[[Peer], None]:
    """Breaks a connection, and waits until the router has noticed: then it publishes the testament."""

    def lost(peer: Peer, how: Callable[[Peer], None] = Peer.vanish) -> None:
        witness = join()
        witness.subscribe(f"com.example.lost.{peer.session}")
        request = peer.call(
            "wamp.session.add_testament", [f"com.example.lost.{peer.session}", [], {}], {"scope": "detached"}
        )
        peer.receives(50, request)
        how(peer)
        witness.receives(36)

    return lost


def test_a_client_that_asks_gets_a_ticket_and_others_do_not(join: Join) -> None:
    """A10"""
    welcome = join(resumable=True).welcome
    assert (welcome["resumed"], welcome["resumable"]) == (False, True)
    assert len(b64decode(welcome["resume-ticket"], validate=True)) == 16
    assert not {"resumed", "resumable", "resume-ticket"} & join().welcome.keys()


@pytest.mark.parametrize("how", [Peer.vanish, Peer.close])
def test_a_session_goes_on_over_another_connection(
    connect: Connect, join: Join, lose: Callable[..., None], how: Callable[[Peer], None]
) -> None:
    """A10"""
    lost, other = join(resumable=True), join()
    topic, procedure = (f"com.example.{what}.{lost.session}" for what in ("topic", "procedure"))
    subscription, registration = lost.subscribe(topic), lost.register(procedure)
    other.register(f"{procedure}.other")
    waiting = lost.call(f"{procedure}.other")
    invocation = other.receives(68)[1]
    lose(lost, how)
    call = other.call(procedure, ["do it"])
    other.publish(topic, ["news"])
    other.send(70, invocation, {}, ["done"])
    other.publish(topic, ["more news"])  # its answer shows that all before has arrived
    back = resume(connect(), lost)
    back.receives(68, 1, registration, {}, ["do it"])
    back.receives(36, subscription, ..., {}, ["news"])
    back.receives(50, waiting, {}, ["done"])
    back.receives(36, subscription, ..., {}, ["more news"])
    back.send(70, 1, {}, ["did it"])
    other.receives(50, call, {}, ["did it"])
    back.publish("com.example.topic")  # under the next request id


def test_a_client_may_be_back_before_the_router_has_noticed(connect: Connect, join: Join) -> None:
    """A10"""
    old = join(resumable=True)
    topic = f"com.example.topic.{old.session}"
    subscription = old.subscribe(topic)
    back = resume(connect(), old)
    assert old.closed() in (1000, None)
    join().publish(topic)
    back.receives(36, subscription)
    again = resume(connect(), back)
    join().publish(topic)
    again.receives(36, subscription)


def test_a_wrong_ticket_tells_nothing_and_changes_nothing(
    connect: Connect, join: Join, lose: Callable[..., None]
) -> None:
    """A10"""
    lost, plain = join(resumable=True), join()
    lose(lost)
    ticket = lost.welcome["resume-ticket"]
    refusals = [
        is_refused(connect(), lost.session, "A" * 22 + "=="),
        is_refused(connect(), plain.session, ticket),
        is_refused(connect(), lost.session % 2**53 + 1, ticket),
    ]
    assert refusals[0][1] == GONE
    assert refusals == refusals[:1] * 3
    resume(connect(), lost)
    assert is_refused(connect(), lost.session, ticket) == refusals[0]  # it was good for one return


def test_a_session_goes_on_in_its_serializer_only(
    router: RunningRouter, way: Way, peers: Callable[..., Peer], connect: Connect, join: Join
) -> None:
    """A10"""
    lost = join(resumable=True)
    transport, serializer = way
    other = next(name for name in SERIALIZERS if name != serializer)
    message, reason = is_refused(peers(router.port, transport, other), lost.session, lost.welcome["resume-ticket"])
    assert reason == "wamp.error.feature_not_supported"
    assert serializer in message
    resume(connect(), lost)


def test_a_session_that_said_goodbye_or_was_killed_is_over(
    connect: Connect, join: Join, lose: Callable[..., None]
) -> None:
    """A10, A7"""
    leaving, killed, killer = join(resumable=True), join(resumable=True), join()
    leaving.send(6, {}, "wamp.close.normal")
    leaving.receives(6)
    lose(killed)
    killer.receives(50, killer.call("wamp.session.kill", [killed.session]))
    for peer in (leaving, killed):
        assert is_refused(connect(), peer.session, peer.welcome["resume-ticket"])[1] == GONE


@pytest.mark.parametrize("section", ["{keep_for: 0.2}", "false"])
def test_a_session_waits_as_long_as_the_realm_says(
    router_with: Callable[[str], RunningRouter], peers: Callable[..., Peer], way: Way, section: str
) -> None:
    """A10, A29"""
    router = router_with(OPEN_TO_ALL.replace("  - name: realm1", f"  - name: realm1\n    resume: {section}"))
    lost, other = peers(router.port, *way).join(resumable=True), peers(router.port, *way).join()
    assert ("resume-ticket" in lost.welcome) is (section != "false")
    gone = other.subscribe("wamp.session.on_leave")
    lost.register("com.example.mine")
    lost.vanish()
    while other.receives(36, gone)[4][0] != lost.session:
        pass  # those of tests before may still be leaving
    other.receives(8, 48, other.call("com.example.mine"), {}, "wamp.error.no_such_procedure")
