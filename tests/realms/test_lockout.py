"""Who fails repeatedly must wait, and the audit trail tells of every login and failure."""

from collections.abc import Iterator
from typing import Any

import pytest

from realms.addresses import network_of
from realms.audit import Entry
from realms.authentication import Methods
from realms.authentication.guard import Guarded
from realms.authentication.lockout import Lockout, LockoutRules
from realms.transport import Evidence
from tests.realms.fakes import ANY, PLAIN, Peer, Scene

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
