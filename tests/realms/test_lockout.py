"""Who fails repeatedly must wait, and the audit trail tells of every login and failure."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from realms.addresses import network_of
from realms.audit import Entry
from realms.authentication import Accepted, Answer, Applicant, Challenged, Denied, Methods, Outcome
from realms.authentication.guard import Guarded
from realms.authentication.lockout import Lockout, LockoutRules
from realms.authentication.principals import Listed, Principal
from realms.authentication.ticket import Ticket
from realms.authentication.verifiers import LEAST, ticket_verifier
from realms.transport import Evidence
from tests.realms.fakes import ANY, PLAIN, Peer, Scene
from wamp.messages import Authenticate
from wamp.options import HelloDetails

RULES = LockoutRules(after=3, address_after=10, authid_after=6, first=1, longest=60)


class Guardhouse:
    """A scene whose methods are guarded."""

    def __init__(self) -> None:
        self.scene = Scene()
        self.entries: list[Entry] = []
        lockout = Lockout(RULES, self.scene.clock)
        for realm in self.scene.realms.by_name.values():
            offered = realm.methods.offered.items()
            realm.methods = Methods({name: Guarded(method, self.entries.append, lockout) for name, method in offered})
            realm.record = self.entries.append

    def tries(self, ticket: str, authid: str = "ann", address: str = "192.0.2.1") -> str:
        """Log in, and tell what comes of it."""
        peer: Peer = self.scene.connects()
        peer.transport.proves = Evidence(address=address)
        peer.sends(1, "realm1", {"roles": PLAIN, "authmethods": ["ticket"], "authid": authid})
        answer = peer.inbox()
        if answer[0][0] == 4:
            peer.sends(5, ticket, {})
            answer = peer.inbox()
        return "welcome" if answer[0][0] == 2 else str(answer[0][1]["message"])


WRONG = "the credentials were not accepted"
LOCKED = "too many failures; try again later"


@pytest.fixture
def house() -> Iterator[Guardhouse]:
    return Guardhouse()


def outcomes(house: Guardhouse, *attempts: str, **who: str) -> list[str]:
    return [house.tries(attempt, **who) for attempt in attempts]


def test_after_some_failures_even_the_right_ticket_must_wait_and_ever_longer(house: Guardhouse) -> None:
    """E20, J3"""
    assert outcomes(house, "a", "b", "c", "sesame") == [WRONG, WRONG, WRONG, LOCKED]
    house.scene.clock.advance(1)
    assert outcomes(house, "d", "sesame") == [WRONG, LOCKED]
    house.scene.clock.advance(1)
    assert house.tries("sesame") == LOCKED
    house.scene.clock.advance(1)
    assert house.tries("sesame") == "welcome"


def test_a_success_makes_the_failures_forgotten(house: Guardhouse) -> None:
    """J3"""
    assert outcomes(house, "a", "b", "sesame", "c", "d", "sesame") == [WRONG, WRONG, "welcome"] * 2


def test_others_are_not_disturbed(house: Guardhouse) -> None:
    """J3"""
    outcomes(house, *"abcdef")
    assert house.tries("öffne dich", authid="bob") == "welcome"
    assert house.tries("sesame", address="198.51.100.7") == "welcome"


def test_an_address_that_tries_one_password_on_every_name_is_locked_out(house: Guardhouse) -> None:
    """J3"""
    assert {house.tries("a", authid=f"user{number}") for number in range(10)} == {WRONG}
    assert house.tries("öffne dich", authid="bob") == LOCKED
    assert house.tries("öffne dich", authid="bob", address="198.51.100.7") == "welcome"


def test_one_account_of_its_own_does_not_help_an_address(house: Guardhouse) -> None:
    """J3"""
    for number in range(5):
        outcomes(house, "a", "b", authid=f"user{number}")
        if number < 4:
            assert house.tries("öffne dich", authid="bob") == "welcome"
    assert house.tries("öffne dich", authid="bob") == LOCKED


def test_many_addresses_do_not_help_and_who_was_here_before_is_not_locked_out(house: Guardhouse) -> None:
    """J3"""
    assert house.tries("sesame") == "welcome"
    assert {house.tries("a", address=f"198.51.100.{number}") for number in range(6)} == {WRONG}
    assert house.tries("sesame", address="203.0.113.1") == LOCKED
    assert house.tries("sesame") == "welcome"


def test_a_network_of_ipv6_is_one_address(house: Guardhouse) -> None:
    """J3"""
    for last in "abc":
        house.tries("x", address=f"2001:db8::{last}")
    assert house.tries("sesame", address="2001:db8::1234:5678") == LOCKED
    assert network_of("::ffff:192.0.2.1") == "192.0.2.1"


def test_unknown_names_are_locked_out_like_known_ones(house: Guardhouse) -> None:
    """E4, J3"""
    assert outcomes(house, *"abcd", authid="nobody") == outcomes(house, *"abcd", authid="bob")


def test_attempts_that_began_before_the_lockout_are_not_heard(house: Guardhouse) -> None:
    """J3"""
    peers = [house.scene.connects() for _ in range(5)]
    for peer in peers:
        peer.sends(1, "realm1", {"roles": PLAIN, "authmethods": ["ticket"], "authid": "ann"})
        peer.receives(4, "ticket", {})
    for peer in peers:
        peer.sends(5, "wrong", {})
    assert [peer.receives(3, {"message": ANY}, ANY)[1]["message"] for peer in peers] == [WRONG] * 3 + [LOCKED] * 2


def test_what_is_remembered_is_bounded() -> None:
    """J2"""
    scene = Scene()
    lockout = Lockout(RULES, scene.clock, most=100)
    for number in range(1000):
        lockout.failed("", f"user{number}")
    assert len(lockout._counts) <= 100


def test_logins_and_failures_are_on_record_without_the_secret(house: Guardhouse) -> None:
    """F5, J3"""
    outcomes(house, "hunter2", "sesame")
    told: list[Any] = [(entry.event, entry.outcome, entry.authid, entry.authmethod) for entry in house.entries]
    assert told == [("login", "failure", "ann", "ticket"), ("login", "success", "ann", "ticket")]
    assert "hunter2" not in repr(house.entries)


def test_whoever_is_turned_away_is_on_record_once(house: Guardhouse) -> None:
    """F5, E20, E21: no method, a broken authenticator, no answer in time, and a role that the realm does not have."""
    scene = house.scene
    for authmethod in ("wampcra", "slow", "ticket"):
        scene.connects().sends(1, "realm1", {"roles": PLAIN, "authmethods": [authmethod], "authid": "ann"})
        if authmethod == "slow":
            scene.slow.breaks()
    scene.clock.advance(30)
    roles = {"roles": PLAIN, "authmethods": ["trusting"], "authid": "ann", "authrole": "nobody"}
    scene.connects().sends(1, "realm1", roles)
    told = [(entry.event, entry.outcome, entry.authid, entry.authmethod, entry.reason) for entry in house.entries]
    assert told == [
        ("login", "failure", "ann", None, "wamp.error.no_matching_auth_method"),
        ("login", "failure", "ann", "slow", "the authenticator failed"),
        ("login", "failure", "ann", "ticket", "authentication took too long"),
        ("login", "failure", "ann", "trusting", "the authenticator failed"),
    ]


def test_failures_under_a_name_are_forgotten_when_that_name_comes_in_under_another(house: Guardhouse) -> None:
    """J3, E19: a dynamic authenticator may know somebody by another authid."""

    def judge(answer: Authenticate) -> Outcome:
        return Accepted("ann", "anyone", "renaming", "tests") if answer.signature == "sesame" else Denied()

    class Renaming:
        name = "renaming"

        def suits(self, hello: HelloDetails, evidence: Evidence) -> bool:
            return True

        def begin(self, applicant: Applicant) -> Answer:
            return Challenged(self.name, {}, judge)

    lockout = Lockout(RULES, house.scene.clock)
    realm = house.scene.realms.by_name["realm1"]
    realm.methods = Methods({"ticket": Guarded(Renaming(), house.entries.append, lockout)})
    told = outcomes(house, "a", "b", "sesame", "c", "d", "sesame", authid="ann@example.com")
    assert told == [WRONG, WRONG, "welcome"] * 2


def test_names_that_differ_in_spelling_only_are_one(house: Guardhouse) -> None:
    """J3: whoever decides about dynamic principals may take them for one."""
    spellings = ("ann", "Ann", " ann ", "\uff21nn")
    assert [house.tries("a", authid=spelling) for spelling in spellings] == [WRONG, WRONG, WRONG, LOCKED]


class Slow:
    """An OffLoop whose work is done when the test says so, as that of threads is: some time later."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Deferred[Any], Callable[[], Any]]] = []

    def __call__(self, work: Callable[[], Any], /) -> Deferred[Any]:
        answer: Deferred[Any] = Deferred()
        self._waiting.append((answer, work))
        return answer

    def does_all(self) -> None:
        """Do the work, in the order of its coming."""
        waiting, self._waiting = self._waiting, []
        for answer, work in waiting:
            answer.callback(work())


def test_guesses_that_are_judged_at_the_same_time_are_heard_no_longer_than_one_by_one() -> None:
    """J3"""
    slow = Slow()
    listed = Listed([Principal("ann", "anyone", ticket=ticket_verifier("sesame", LEAST))])
    scene = Scene(methods=[Ticket(listed, slow, cost=LEAST)])
    home = scene.realms.by_name["realm1"]
    lockout = Lockout(RULES, scene.clock)
    home.methods = Methods({"ticket": Guarded(home.methods.offered["ticket"], lambda entry: None, lockout)})
    peers: list[Peer] = []
    for guess in ("a", "b", "c", "d", "sesame"):
        peer: Peer = scene.connects()
        peer.transport.proves = Evidence(address="192.0.2.1")
        peer.sends(1, "realm1", {"roles": PLAIN, "authmethods": ["ticket"], "authid": "ann"})
        peer.receives(4, "ticket", {})
        peer.sends(5, guess, {})
        peers.append(peer)
    slow.does_all()
    assert [peer.inbox()[0][1]["message"] for peer in peers] == [WRONG] * 3 + [LOCKED] * 2
