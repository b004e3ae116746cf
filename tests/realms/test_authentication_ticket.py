"""Tickets: what opens, what does not, and how little a refusal tells."""

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail

from realms.authentication import Accepted, Answer, Applicant, Denied
from realms.authentication.off_loop import TooBusy
from realms.authentication.principals import Finding, Inquiry, Listed, Principal
from realms.authentication.ticket import MAX_TICKET, Ticket
from realms.authentication.verifiers import Cost, digest_verifier, ticket_verifier
from realms.endings import REFUSED
from tests.realms.fakes import ANY, HOLDERS, PLAIN, Peer, Scene
from wamp.codecs import CBOR, JSON, MESSAGEPACK, Codec

CHEAP = Cost(memory=1024, passes=1)
DEAR = Cost(memory=1024, passes=2)
DENIED = "wamp.error.authentication_denied"


def hello(peer: Peer, *methods: str, **details: Any) -> None:
    peer.sends(1, "realm1", {"roles": PLAIN, "authmethods": list(methods), **details})


def shows(realm: Scene, authid: str, ticket: str) -> Peer:
    """A peer that has answered its challenge."""
    peer = realm.connects()
    hello(peer, "ticket", authid=authid)
    peer.receives(4, "ticket", {})
    peer.sends(5, ticket, {})
    return peer


def is_refused(peer: Peer, reason: str) -> str:
    message: str = peer.receives(3, {"message": ANY}, reason)[1]["message"]
    peer.receives_nothing()
    assert peer.transport.endings == [REFUSED]
    return message


@pytest.mark.parametrize("codec", [JSON, MESSAGEPACK, CBOR], ids=lambda codec: codec.name)
@pytest.mark.parametrize(("authid", "ticket"), [("ann", "sesame"), ("bob", "öffne dich")])
def test_the_right_ticket_opens(realm: Scene, codec: Codec, authid: str, ticket: str) -> None:
    """E3"""
    peer = realm.connects(codec)
    hello(peer, "ticket", authid=authid, authrole="admin")
    peer.receives(4, "ticket", {})
    peer.sends(5, ticket, {})
    details = peer.receives(2, ANY, ANY)[2]
    assert details["authid"] == authid
    assert details["authrole"] == "anyone"
    assert details["authmethod"] == "ticket"
    peer.is_present()


def test_a_wrong_ticket_and_an_unknown_name_cannot_be_told_apart(realm: Scene) -> None:
    """E3, E20, J3"""
    said = []
    for authid, ticket in (("ann", "Sesame"), ("ann", ""), ("bob", "sesame"), ("zoe", "sesame"), ("zoe", "")):
        peer = realm.connects()
        hello(peer, "ticket", authid=authid)
        peer.sends(5, ticket, {})
        said.append(peer.inbox())
        assert peer.transport.endings == [REFUSED]
    assert said[0] == [[4, "ticket", {}], [3, {"message": ANY}, "wamp.error.authentication_denied"]]
    assert all(conversation == said[0] for conversation in said)


def test_a_ticket_is_tried_once(realm: Scene) -> None:
    """E3"""
    peer = realm.connects()
    hello(peer, "ticket", authid="ann")
    peer.sends(5, "wrong", {})
    peer.inbox()
    peer.sends(5, "sesame", {})
    peer.receives_nothing()


@pytest.mark.parametrize("details", [{}, {"authid": None}])
def test_ticket_authentication_needs_a_name(realm: Scene, details: dict[str, Any]) -> None:
    peer = realm.connects()
    hello(peer, "ticket", **details)
    is_refused(peer, "wamp.error.authentication_denied")


@pytest.mark.parametrize("sizes", [MAX_TICKET, MAX_TICKET + 1])
def test_a_ticket_has_a_largest_size(sizes: int) -> None:
    """J2"""
    ticket = "x" * sizes
    realm = Scene(methods=[Ticket(Listed([Principal("ann", "anyone", ticket=digest_verifier(ticket))]), later([]))])
    assert shows(realm, "ann", ticket).inbox()[-1][0] == (2 if sizes == MAX_TICKET else 3)


def test_what_is_known_of_a_ticket_does_not_show() -> None:
    """J3"""
    assert "sha256" not in repr(HOLDERS)
    inquiry = Inquiry(Applicant(1, "realm1", None, {}), "ticket", "ann", ticket="sesame")  # type: ignore[arg-type]
    assert "sesame" not in repr(inquiry)


# --- passwords, which take time ---


def later(work: list[Callable[[], Any]]) -> Any:
    """An OffLoop whose work is done when it is called for."""

    def off_loop(job: Callable[[], Any]) -> Deferred[Any]:
        answer: Deferred[Any] = Deferred()
        work.append(lambda: answer.callback(job()))
        return answer

    return off_loop


@pytest.fixture
def work() -> list[Callable[[], Any]]:
    """What is being hashed; call it to have it done."""
    return []


@pytest.fixture
def slow_realm(work: list[Callable[[], Any]]) -> Scene:
    """`ann` has a password, `bob` a random ticket."""
    principals = Listed(
        [
            Principal("ann", "anyone", ticket=ticket_verifier("sesame", CHEAP)),
            Principal("bob", "anyone", ticket=digest_verifier("drawn at random")),
        ]
    )
    return Scene(methods=[Ticket(principals, later(work), cost=CHEAP)])


def test_a_password_is_hashed_elsewhere_while_others_go_on(slow_realm: Scene, work: list[Callable[[], Any]]) -> None:
    """E3"""
    ann = shows(slow_realm, "ann", "sesame")
    ann.receives_nothing()
    slow_realm.join().is_present()
    work.pop()()
    assert ann.receives(2, ANY, ANY)[2]["authid"] == "ann"
    ann.is_present()


def test_a_random_ticket_opens_at_once(slow_realm: Scene, work: list[Callable[[], Any]]) -> None:
    """E3"""
    shows(slow_realm, "bob", "drawn at random").receives(2, ANY, ANY)
    assert not work


@pytest.mark.parametrize("authid", ["ann", "bob", "zoe"])
def test_every_refusal_takes_the_time_of_a_password_whoever_exists(
    slow_realm: Scene, work: list[Callable[[], Any]], authid: str
) -> None:
    """E3, E20, J3"""
    peer = shows(slow_realm, authid, "guess")
    peer.receives_nothing()
    (job,) = work
    job()
    is_refused(peer, DENIED)


def test_where_nobody_has_a_password_refusals_come_at_once() -> None:
    work: list[Callable[[], Any]] = []
    realm = Scene(methods=[Ticket(Listed(HOLDERS), later(work))])
    is_refused(shows(realm, "ann", "guess"), DENIED)
    is_refused(shows(realm, "zoe", "guess"), DENIED)
    assert not work


def test_refusals_take_the_time_of_the_costliest_password_that_was_met(work: list[Callable[[], Any]]) -> None:
    """J3"""
    principals = Listed([Principal("ann", "anyone", ticket=ticket_verifier("sesame", DEAR))])
    realm = Scene(methods=[Ticket(principals, later(work))])
    shows(realm, "ann", "sesame")
    work.pop()()
    unknown = shows(realm, "zoe", "guess")
    unknown.receives_nothing()
    work.pop()()
    is_refused(unknown, DENIED)


def test_who_leaves_while_the_password_is_hashed_is_not_missed(
    slow_realm: Scene, work: list[Callable[[], Any]]
) -> None:
    peer = shows(slow_realm, "ann", "sesame")
    peer.vanishes()
    work.pop()()
    peer.receives_nothing()


def test_when_too_many_passwords_wait_a_client_is_refused_and_may_try_again() -> None:
    """J2"""
    principals = Listed([Principal("ann", "anyone", ticket=ticket_verifier("sesame", CHEAP))])
    realm = Scene(methods=[Ticket(principals, lambda work: fail(TooBusy()), cost=CHEAP)])
    said = [is_refused(shows(realm, authid, "sesame"), "wamp.error.authentication_failed") for authid in ("ann", "zoe")]
    assert said[0] == said[1]
    assert "again" in said[0]


# --- sources with a will of their own ---


class Source:
    """Answers as it is told, and keeps what it was asked."""

    def __init__(self, answer: Finding) -> None:
        self.answer = answer
        self.asked: list[Inquiry] = []

    def find(self, inquiry: Inquiry) -> Finding:
        self.asked.append(inquiry)
        return self.answer


def test_a_source_is_told_the_ticket_and_may_judge_it_itself() -> None:
    """E19"""
    source = Source(Principal("ann", "anyone", provider="dynamic", proven=True))
    realm = Scene(methods=[Ticket(source, later([]))])
    peer = shows(realm, "ann", "sesame")
    assert peer.receives(2, ANY, ANY)[2]["authprovider"] == "dynamic"
    (inquiry,) = source.asked
    assert (inquiry.authmethod, inquiry.authid, inquiry.ticket) == ("ticket", "ann", "sesame")


def test_a_source_may_take_its_time() -> None:
    """E19"""
    finding: Deferred[Any] = Deferred()
    peer = shows(Scene(methods=[Ticket(Source(finding), later([]))]), "ann", "sesame")
    peer.receives_nothing()
    finding.callback(HOLDERS[0])
    peer.receives(2, ANY, ANY)


def test_a_principal_without_a_ticket_is_as_good_as_none() -> None:
    """E3"""
    is_refused(shows(Scene(methods=[Ticket(Listed([Principal("ann", "anyone")]), later([]))]), "ann", ""), DENIED)


def test_what_a_source_says_of_a_principal_is_told_to_the_client() -> None:
    """A4, E1"""
    principal = Principal("ann", "anyone", "realm2", "database", {"team": "blue"}, ticket=digest_verifier("sesame"))
    details = shows(Scene(methods=[Ticket(Listed([principal]), later([]))]), "ann", "sesame").receives(2, ANY, ANY)[2]
    assert (details["realm"], details["authprovider"], details["authextra"]) == ("realm2", "database", {"team": "blue"})


class Tokens:
    """Takes every ticket that starts with `token` for one, and lets `token good` in."""

    def judge(self, applicant: Applicant, token: str) -> Answer | None:
        if not token.startswith("token"):
            return None
        return Accepted("tess", "anyone", "ticket", "jwt") if token == "token good" else Denied(message="no good")


@pytest.mark.parametrize("details", [{}, {"authid": "ann"}])
def test_a_ticket_may_be_a_token_that_says_itself_whose_it_is(details: dict[str, Any]) -> None:
    """E3"""
    realm = Scene(methods=[Ticket(Listed(HOLDERS), later([]), tokens=Tokens())])
    for token, code in (("token good", 2), ("token bad", 3), ("neither", 3)):
        peer = realm.connects()
        hello(peer, "ticket", **details)
        peer.receives(4, "ticket", {})
        peer.sends(5, token, {})
        assert peer.inbox()[0][0] == code


def test_what_is_no_token_may_be_a_plain_ticket() -> None:
    """E3"""
    realm = Scene(methods=[Ticket(Listed(HOLDERS), later([]), tokens=Tokens())])
    assert shows(realm, "ann", "sesame").receives(2, ANY, ANY)[2]["authid"] == "ann"


def test_a_second_factor_may_be_asked_for() -> None:
    """E18"""
    asked: list[Principal] = []

    def admit(principal: Principal, authmethod: str) -> Answer:
        asked.append(principal)
        return Denied(message="the second factor is missing")

    realm = Scene(methods=[Ticket(Listed(HOLDERS), later([]), admit=admit)])
    assert is_refused(shows(realm, "ann", "sesame"), DENIED) == "the second factor is missing"
    is_refused(shows(realm, "ann", "wrong"), DENIED)
    assert asked == [HOLDERS[0]]
