"""How a session proves who it is: choosing a method, anonymous, ticket, and authenticators with a will of their own."""

from typing import Any, cast

import pytest
from twisted.logger import ILogObserver, globalLogPublisher

from realms.authentication import Accepted, Applicant, Challenged, Denied
from realms.endings import REFUSED
from realms.transport import Evidence
from tests.realms.fakes import ANY, ANYONE, PLAIN, Peer, Scene
from wamp.messages import Authenticate
from wamp.options import HelloDetails


def hello(peer: Peer, *methods: str, **details: Any) -> None:
    peer.sends(1, "realm1", {"roles": PLAIN, "authmethods": list(methods), **details})


def is_refused(peer: Peer, reason: str) -> str:
    message: str = peer.receives(3, {"message": ANY}, reason)[1]["message"]
    peer.receives_nothing()
    assert peer.transport.endings == [REFUSED]
    return message


# --- choosing ---


@pytest.mark.parametrize("authmethods", [None, [], ["anonymous"], ["wampcra", "anonymous"], ["anonymous", "ticket"]])
def test_who_names_no_method_or_anonymous_first_is_anonymous(realm: Scene, authmethods: list[str] | None) -> None:
    """E1, E2"""
    peer = realm.connects()
    peer.sends(1, "realm1", {"roles": PLAIN} | ({} if authmethods is None else {"authmethods": authmethods}))
    details = peer.receives(2, ANY, ANY)[2]
    assert (details["authmethod"], details["authrole"]) == ("anonymous", "anyone")


def test_the_client_chooses_among_the_methods_that_the_realm_offers(realm: Scene) -> None:
    """E1"""
    peer = realm.connects()
    hello(peer, "wampcra", "ticket", "anonymous", authid="ann")
    peer.receives(4, "ticket", {})


def test_a_method_that_does_not_suit_is_passed_over(realm: Scene) -> None:
    """E1: a ticket belongs to an authid."""
    peer = realm.connects()
    hello(peer, "ticket", "anonymous")
    assert peer.receives(2, ANY, ANY)[2]["authmethod"] == "anonymous"


def test_a_client_that_has_no_method_of_the_realm_is_refused(realm: Scene) -> None:
    """A25, E1, E20"""
    peer = realm.connects()
    hello(peer, "wampcra", "scram")
    is_refused(peer, "wamp.error.no_matching_auth_method")


@pytest.mark.parametrize(
    ("authmethods", "reason"),
    [
        (None, "authentication_required"), ([], "authentication_required"), (["anonymous"], "authentication_required"),
        (["anonymous", "wampcra"], "no_matching_auth_method"),
    ],
)  # fmt: skip
def test_a_client_that_proves_nothing_is_told_that_it_must(
    realm: Scene, authmethods: list[str] | None, reason: str
) -> None:
    """E2, E20"""
    home = realm.realms.by_name["realm1"]
    home.methods = home.methods.among(frozenset({"ticket"}))
    peer = realm.connects()
    peer.sends(1, "realm1", {"roles": PLAIN} | ({} if authmethods is None else {"authmethods": authmethods}))
    assert "ticket" in is_refused(peer, f"wamp.error.{reason}")


# --- anonymous ---


def test_anonymous_clients_are_told_apart_by_a_random_authid(realm: Scene) -> None:
    """E2"""
    authids = set()
    for _ in range(20):
        peer = realm.connects()
        hello(peer, "anonymous")
        authids.add(peer.receives(2, ANY, ANY)[2]["authid"])
    assert len(authids) == 20


def test_a_name_that_an_anonymous_client_gives_itself_proves_nothing(realm: Scene) -> None:
    """E2"""
    peer = realm.connects()
    hello(peer, "anonymous", authid="admin", authrole="admin")
    details = peer.receives(2, ANY, ANY)[2]
    assert details["authid"] != "admin"
    assert details["authrole"] == "anyone"


# --- authenticators with a will of their own ---


def test_an_authenticator_is_told_what_it_needs_to_know(realm: Scene) -> None:
    peer = realm.connects()
    hello(peer, "slow", authid="ann", authextra={"pubkey": "ab"})
    (applicant,) = realm.slow.asked
    assert isinstance(applicant, Applicant)
    assert (applicant.realm, applicant.hello.authid, applicant.hello.authextra) == ("realm1", "ann", {"pubkey": "ab"})
    realm.slow.accepts()
    peer.receives(2, applicant.session, ANY)


def test_authentication_may_take_several_rounds(realm: Scene) -> None:
    """E18"""
    peer = realm.connects()
    hello(peer, "slow")
    for round in (1, 2, 3):
        realm.slow.challenges({"round": round})
        peer.receives(4, "slow", {"round": round})
        peer.sends(5, f"answer {round}", {})
        peer.receives_nothing()
        answer = realm.slow.asked[-1]
        assert isinstance(answer, Authenticate)
        assert answer.signature == f"answer {round}"
    realm.slow.decides(Accepted("ann", "anyone", "slow", "tests", {"verifier": "xyz"}))
    assert peer.receives(2, ANY, ANY)[2]["authextra"] == {"verifier": "xyz"}
    peer.is_present()


def test_an_authenticator_may_refuse_in_its_own_words(realm: Scene) -> None:
    peer = realm.connects()
    hello(peer, "slow")
    realm.slow.decides(Denied("com.example.error.unpaid", "the invoice of May is open"))
    assert is_refused(peer, "com.example.error.unpaid") == "the invoice of May is open"


def test_an_authenticator_that_breaks_shows_nothing_of_it_to_the_peer(realm: Scene) -> None:
    """E20, J3"""
    peer = realm.connects()
    hello(peer, "slow")
    realm.slow.breaks()
    assert "hunter2" not in is_refused(peer, "wamp.error.authentication_failed")


class Broken:
    """A method that fails where it stands, before or after the challenge."""

    name = "broken"

    def __init__(self, late: bool) -> None:
        self._late = late

    def suits(self, hello: HelloDetails, evidence: Evidence) -> bool:
        return True

    def begin(self, applicant: Applicant) -> Challenged:
        if self._late:
            return Challenged(self.name, {}, self._fail)
        raise RuntimeError("the database password is hunter2")

    def _fail(self, answer: Authenticate) -> Accepted:
        raise RuntimeError("the database password is hunter2")


@pytest.mark.parametrize("late", [False, True])
def test_an_authenticator_that_breaks_at_once_does_so_like_any_other(late: bool) -> None:
    realm = Scene(methods=[Broken(late)])
    peer = realm.connects()
    hello(peer, "broken")
    if late:
        peer.receives(4, "broken", {})
        peer.sends(5, "", {})
    assert "hunter2" not in is_refused(peer, "wamp.error.authentication_failed")


@pytest.mark.parametrize("at_once", [True, False])
def test_a_role_that_the_realm_does_not_have_admits_nobody(realm: Scene, at_once: bool) -> None:
    peer = realm.connects()
    hello(peer, "trusting" if at_once else "slow", authid="ann", authrole="emperor")
    if not at_once:
        realm.slow.decides(Accepted("ann", "emperor", "slow", "tests"))
    is_refused(peer, "wamp.error.authentication_failed")


def test_a_broken_authenticator_is_logged_whole() -> None:
    events: list[dict[str, Any]] = []
    observe = cast("ILogObserver", events.append)
    globalLogPublisher.addObserver(observe)
    try:
        peer = Scene(methods=[Broken(late=False)]).connects()
        hello(peer, "broken")
    finally:
        globalLogPublisher.removeObserver(observe)
    failures = [event["log_failure"] for event in events if "log_failure" in event]
    assert [str(failure.value) for failure in failures] == ["the database password is hunter2"]


@pytest.mark.parametrize("outcome", ["accepts", "breaks"])
def test_an_authenticator_that_answers_after_the_peer_left_is_not_listened_to(realm: Scene, outcome: str) -> None:
    peer = realm.connects()
    hello(peer, "slow")
    peer.vanishes()
    getattr(realm.slow, outcome)()
    peer.receives_nothing()


def test_an_identity_holds_for_the_whole_session() -> None:
    realm = Scene(roles=[ANYONE])
    peer = realm.join()
    peer.sends(5, "sesame", {})
    peer.is_expelled()
