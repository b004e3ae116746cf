"""The dashboard's API of sessions: lists that are sorted, filtered and cut, and how sessions are ended from afar."""

from typing import Any

import pytest

from realms.audit import Entry
from router.dashboard import slices
from router.dashboard.sessions import Sessions
from tests.realms.fakes import ANY, Peer, Scene
from tests.router.dashboard.asking import asks, watched
from wamp.codecs import CBOR

LIST, GET, KILL = "wamplex.session.list", "wamplex.session.get", "wamplex.session.kill"


@pytest.fixture
def scene() -> Scene:
    return watched(Sessions)


@pytest.fixture
def operator(scene: Scene) -> Peer:
    return scene.join("root", "operator")


def authids(operator: Peer, **kwargs: Any) -> list[str]:
    return [one["authid"] for one in asks(operator, LIST, "realm1", **kwargs)["sessions"]]


def people(scene: Scene, *names: str) -> list[Peer]:
    return [scene.join(name, "visitor") for name in names]


# --- who is here ------------------------------------------------------------------------------------------------


def test_a_session_is_shown_with_what_it_costs(scene: Scene, operator: Peer) -> None:
    scene.clock.advance(60)
    ann = scene.join("ann", "visitor", codec=CBOR)
    ann.transport.details.update(peer="192.0.2.7:4711", secure=True, via="10.0.0.1", cookie="secret")
    ann.subscribes("com.news")
    ann.registers("com.add2")
    scene.clock.advance(2.5)
    (row,) = asks(operator, LIST, "realm1", text="ann")["sessions"]
    assert row == {
        "session": ann.id,
        "authid": "ann",
        "authrole": "visitor",
        "authmethod": "trusting",
        "authprovider": "tests",
        "transport": {
            "protocol": "fake",
            "peer": "192.0.2.7:4711",
            "secure": True,
            "via": "10.0.0.1",
            "serializer": "cbor",
        },
        "since": "2026-09-21T14:14:20.000Z",
        "uptime": 2.5,
        "paused": False,
        "messages_received": 2,
        "messages_sent": 3,
        "octets_received": ANY,
        "octets_sent": ANY,
        "octets_waiting": 0,
        "events_dropped": 0,
        "subscriptions": 1,
        "registrations": 1,
        "calls": 0,
        "invocations": 0,
    }


def test_one_session_is_described_whole(scene: Scene, operator: Peer) -> None:
    ann = scene.join("ann", "visitor", roles={"subscriber": {}, "callee": {}}, resumable=True)
    told = asks(operator, GET, "realm1", ann.id)
    assert told["authid"] == "ann"
    assert told["roles"] == ["subscriber", "callee"]
    assert (told["resumable"], told["expires"]) == (True, None)


def test_sessions_of_any_realm_are_shown(scene: Scene, operator: Peer) -> None:
    far = scene.join("far", "visitor", realm="realm2")
    assert authids(operator) == ["root"]
    assert [one["session"] for one in asks(operator, LIST, "realm2")["sessions"]] == [far.id]
    assert asks(operator, GET, "realm1", far.id) == "wamp.error.no_such_session"


def test_what_waits_for_a_session_and_that_it_is_paused_is_shown(scene: Scene, operator: Peer) -> None:
    slow, gone = scene.join("slow", "visitor"), scene.join("gone", "visitor", resumable=True)
    slow.transport.stalls = True
    slow.calls("com.nobody")
    gone.vanishes()
    rows = {one["authid"]: one for one in asks(operator, LIST, "realm1")["sessions"]}
    assert rows["slow"]["octets_waiting"] == len(slow.transport.unsent[0])
    assert [name for name, row in rows.items() if row["paused"]] == ["gone"]
    assert authids(operator, sort="paused", descending=True)[0] == "gone"
    assert authids(operator, sort="octets_waiting", descending=True)[0] == "slow"


# --- sorted, filtered, cut --------------------------------------------------------------------------------------


def test_sessions_are_sorted_by_what_is_asked_for(scene: Scene, operator: Peer) -> None:
    _cem, ann, bob = people(scene, "cem", "ann", "bob")
    bob.subscribes("a")
    bob.subscribes("b")
    ann.subscribes("a")
    assert authids(operator) == ["root", "cem", "ann", "bob"]
    assert authids(operator, descending=True) == ["bob", "ann", "cem", "root"]
    assert authids(operator, sort="authid") == ["ann", "bob", "cem", "root"]
    assert authids(operator, sort="subscriptions", descending=True)[:2] == ["bob", "ann"]
    assert authids(operator, sort="messages_received", text="visitor") == ["cem", "ann", "bob"]
    assert authids(operator, sort="authrole") == ["root", "cem", "ann", "bob"]


@pytest.mark.parametrize(
    "sort",
    [
        "session", "authid", "authrole", "authmethod", "protocol", "serializer", "peer", "since", "paused",
        "messages_received", "messages_sent", "octets_received", "octets_sent", "octets_waiting", "events_dropped",
        "message_rate", "octet_rate", "subscriptions", "registrations", "calls", "invocations",
    ],
)  # fmt: skip
def test_every_column_can_be_sorted_by_both_ways(scene: Scene, operator: Peer, sort: str) -> None:
    people(scene, "ann", "bob")
    for descending in (False, True):
        assert sorted(authids(operator, sort=sort, descending=descending)) == ["ann", "bob", "root"]


def test_sessions_are_found_by_authid_role_address_and_id(scene: Scene, operator: Peer) -> None:
    ann, _bob = people(scene, "Ann", "bob")
    ann.transport.details["peer"] = "[2001:db8::7]:4711"
    assert authids(operator, text="ANN") == ["Ann"]
    assert authids(operator, text="visit") == ["Ann", "bob"]
    assert authids(operator, text="db8::7") == ["Ann"]
    assert authids(operator, text=str(ann.id)[2:]) == ["Ann"]
    assert authids(operator, text="Ann", sort="octet_rate") == ["Ann"]
    assert asks(operator, LIST, "realm1", text="<script>") == {"total": 0, "sessions": []}


def test_a_list_is_given_in_parts_and_says_how_long_it_is(scene: Scene, operator: Peer) -> None:
    people(scene, *(f"p{number:02}" for number in range(60)))
    first = asks(operator, LIST, "realm1", text="p", sort="authid", limit=2)
    assert first["total"] == 61  # and the operator, by its role
    assert authids(operator, text="visitor", sort="authid", offset=58, limit=5) == ["p58", "p59"]
    assert authids(operator, text="visitor", offset=10, limit=2) == ["p10", "p11"]
    assert authids(operator, text="visitor", sort="authid", descending=True, limit=2) == ["p59", "p58"]
    assert authids(operator, offset=2**53) == []
    assert len(authids(operator)) == 50


def test_sessions_are_sorted_by_what_they_do_now(scene: Scene, operator: Peer) -> None:
    early, busy = people(scene, "early", "busy")
    for _ in range(9):
        early.publishes("com.news")
    assert "message_rate" not in asks(operator, LIST, "realm1", sort="message_rate")["sessions"][0]
    scene.clock.advance(2)
    for _ in range(5):
        busy.publishes("com.news")
    rows = asks(operator, LIST, "realm1", sort="message_rate", descending=True)["sessions"]
    assert [(one["authid"], one["message_rate"]) for one in rows] == [("busy", 2.5), ("root", 1.0), ("early", 0.0)]


def test_a_rate_is_not_of_a_moment_however_many_ask(scene: Scene, operator: Peer) -> None:
    (busy,) = people(scene, "busy")
    authids(operator, sort="octet_rate")
    scene.clock.advance(1)
    busy.publishes("com.news")
    rates = [asks(operator, LIST, "realm1", sort="octet_rate", text="busy")["sessions"][0]["octet_rate"]]
    scene.clock.advance(0.1)
    rates += [asks(operator, LIST, "realm1", sort="octet_rate", text="busy")["sessions"][0]["octet_rate"]]
    assert rates[0] == rates[1] > 0


def test_nothing_is_kept_when_nobody_asks_any_more(scene: Scene, operator: Peer) -> None:
    authids(operator, sort="octet_rate")
    scene.clock.advance(60)
    assert scene.clock.getDelayedCalls() == []


def test_a_long_list_holds_nobody_up(scene: Scene, operator: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "AT_ONCE", 2)
    ann, _bob, cem = people(scene, "ann", "bob", "cem")
    request = operator.calls(LIST, ["realm1"], {"sort": "octets_sent", "text": "visitor"})
    operator.receives_nothing()
    ann.is_present()
    cem.vanishes()  # meanwhile
    scene.clock.advance(0)
    answer = operator.receives(50, request, {}, ANY)[3][0]
    assert sorted(one["authid"] for one in answer["sessions"]) == ["ann", "bob"]


# --- ending one -------------------------------------------------------------------------------------------------


def test_a_session_is_killed_with_a_reason_and_a_message(scene: Scene, operator: Peer) -> None:
    (ann,) = people(scene, "ann")
    assert asks(operator, KILL, "realm1", ann.id, reason="com.example.kicked", message="enough") is None
    ann.receives(6, {"message": "enough"}, "com.example.kicked")
    assert authids(operator) == ["root"]


def test_a_kill_without_reason_says_that_it_is_one(scene: Scene, operator: Peer) -> None:
    (ann,) = people(scene, "ann")
    assert asks(operator, KILL, "realm1", ann.id) is None
    ann.receives(6, {}, "wamp.close.killed")


def test_a_kill_in_another_realm_is_on_record_with_the_operator_as_subject(scene: Scene, operator: Peer) -> None:
    far = scene.join("far", "visitor", realm="realm2")
    entries: list[Entry] = []
    for realm in scene.realms.by_name.values():
        realm.record = entries.append
    assert asks(operator, KILL, "realm2", far.id) is None
    (entry,) = entries
    assert (entry.event, entry.realm, entry.session, entry.authid) == ("kill", "realm1", operator.id, "root")
    assert (entry.object, entry.object_realm, entry.reason) == (far.id, "realm2", "wamp.close.killed")


def test_nobody_kills_itself(operator: Peer) -> None:
    assert asks(operator, KILL, "realm1", operator.id) == "wamp.error.no_such_session"
    operator.is_present()


# --- what is refused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("procedure", "args", "kwargs"),
    [
        (LIST, [], {}),
        (LIST, [1], {}),
        (LIST, ["realm1", "x"], {}),
        (LIST, ["realm1"], {"sort": "color"}),
        (LIST, ["realm1"], {"sort": ["authid"]}),
        (LIST, ["realm1"], {"offset": -1}),
        (LIST, ["realm1"], {"offset": 2**63}),
        (LIST, ["realm1"], {"offset": "0"}),
        (LIST, ["realm1"], {"limit": 0}),
        (LIST, ["realm1"], {"limit": 501}),
        (LIST, ["realm1"], {"limit": 1.5}),
        (LIST, ["realm1"], {"text": "x" * 201}),
        (LIST, ["realm1"], {"text": 1}),
        (LIST, ["realm1"], {"descending": "yes"}),
        (LIST, ["realm1"], {"colour": 1}),
        (GET, ["realm1"], {}),
        (GET, ["realm1", "1"], {}),
        (KILL, ["realm1", None], {}),
        (KILL, ["realm1", 1], {"message": 1}),
    ],
)
def test_odd_arguments_are_refused(operator: Peer, procedure: str, args: list[Any], kwargs: dict[str, Any]) -> None:
    assert asks(operator, procedure, *args, **kwargs) == "wamp.error.invalid_argument"


def test_what_does_not_exist_is_named(scene: Scene, operator: Peer) -> None:
    (ann,) = people(scene, "ann")
    for procedure, *more in ((LIST,), (GET, ann.id), (KILL, ann.id)):
        assert asks(operator, procedure, "<b>nowhere</b>", *more) == "wamp.error.no_such_realm"
    for procedure in (GET, KILL):
        for id in (1, 0, -1, 2**53):
            assert asks(operator, procedure, "realm1", id) == "wamp.error.no_such_session"
    assert asks(operator, KILL, "realm1", ann.id, reason="no uri") == "wamp.error.invalid_uri"
    ann.is_present()


def test_a_rule_for_everything_does_not_let_visitors_look(scene: Scene) -> None:
    (ann,) = people(scene, "ann")
    for procedure in (LIST, GET, KILL):
        assert asks(ann, procedure, "realm1", ann.id) == "wamp.error.not_authorized"
