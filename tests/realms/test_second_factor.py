"""The second factor: a code from a phone, after whatever proved the first."""

from random import Random
from typing import Any

import pytest
from autobahn.wamp.auth import compute_wcs
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from realms.authentication.decoys import Decoys
from realms.authentication.off_loop import at_once
from realms.authentication.principals import CraSecret, Listed, Principal
from realms.authentication.second_factor import SecondFactor
from realms.authentication.ticket import Ticket
from realms.authentication.verifiers import digest_verifier
from realms.authentication.wampcra import Wampcra
from realms.endings import REFUSED
from tests.realms.fakes import ANY, PLAIN, Peer, Scene

KEY = b"12345678901234567890"  # of the test vectors of RFC 6238
OTHER_KEY = b"0123456789"  # 80 bits, as many sites have
HELLO = {"roles": PLAIN, "authmethods": ["ticket"], "authid": "ann"}


def principal(authid: str, totp: bytes | None) -> Principal:
    return Principal(
        authid, "anyone", ticket=digest_verifier("sesame"), cra=CraSecret(b"sesame"), totp=totp
    )  # fmt: skip


class Phones:
    """A realm where ann and bob have a phone and joe has none, and a time of day that is set by hand."""

    def __init__(self, most: int = 100) -> None:
        self.now = 1_234_567_890.0
        self.factor = SecondFactor(lambda: self.now, most)
        self.realm = self.scene()

    def scene(self) -> Scene:
        people = Listed([principal("ann", KEY), principal("bob", OTHER_KEY), principal("joe", None)])
        admit = self.factor.admit
        ticket = Ticket(people, at_once, admit=admit)
        return Scene(methods=[ticket, Wampcra(people, Random(1), lambda: self.now, Decoys(b"secret"), admit=admit)])

    def code(self, key: bytes = KEY, later: float = 0) -> str:
        totp = TOTP(key, 6, SHA1(), 30, enforce_key_length=False)  # noqa: S303 - what phones have
        return totp.generate(self.now + later).decode()

    def asked(self, authid: str = "ann", realm: Scene | None = None) -> Peer:
        """A peer that has proved the first factor."""
        peer = (realm or self.realm).connects()
        peer.sends(1, "realm1", HELLO | {"authid": authid})
        peer.receives(4, "ticket", {})
        peer.sends(5, "sesame", {})
        peer.receives(4, "totp", {})
        return peer


@pytest.fixture
def phones() -> Phones:
    return Phones()


def is_in(peer: Peer, authid: str = "ann") -> None:
    details = peer.receives(2, ANY, ANY)[2]
    assert (details["authid"], details["authmethod"]) == (authid, "ticket")
    peer.is_present()


def is_refused(peer: Peer) -> list[Any]:
    message = peer.receives(3, {"message": ANY}, "wamp.error.authentication_denied")
    peer.receives_nothing()
    assert peer.transport.endings == [REFUSED]
    return message


@pytest.mark.parametrize(("now", "code"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")])
def test_the_codes_are_those_of_rfc_6238(phones: Phones, now: float, code: str) -> None:
    """E18: the vectors have eight digits; these are the last six."""
    phones.now = now
    peer = phones.asked()
    peer.sends(5, code, {})
    is_in(peer)


def test_who_has_no_phone_is_not_asked(phones: Phones) -> None:
    """E18"""
    peer = phones.realm.connects()
    peer.sends(1, "realm1", HELLO | {"authid": "joe"})
    peer.receives(4, "ticket", {})
    peer.sends(5, "sesame", {})
    is_in(peer, "joe")


def test_any_method_may_be_the_first(phones: Phones) -> None:
    """E18"""
    peer = phones.realm.connects()
    peer.sends(1, "realm1", HELLO | {"authmethods": ["wampcra"]})
    challenge = peer.receives(4, "wampcra", {"challenge": ANY})[2]["challenge"]
    peer.sends(5, compute_wcs("sesame", challenge).decode(), {})
    peer.receives(4, "totp", {})
    peer.sends(5, phones.code(), {})
    assert peer.receives(2, ANY, ANY)[2]["authmethod"] == "wampcra"


@pytest.mark.parametrize("later", [-30, 0, 30])
def test_a_phone_may_be_a_step_off(phones: Phones, later: float) -> None:
    """E18"""
    peer = phones.asked()
    peer.sends(5, phones.code(later=later), {})
    is_in(peer)


@pytest.mark.parametrize("later", [-90, -60, 60, 90])
def test_a_phone_that_is_more_than_a_step_off_does_not_open(phones: Phones, later: float) -> None:
    """E18"""
    peer = phones.asked()
    peer.sends(5, phones.code(later=later), {})
    is_refused(peer)


@pytest.mark.parametrize("code", ["", "0", "sesame", "०२५९२४", "5924", " 005924", "005924 ", "+05924"])
def test_what_is_no_code_is_refused(phones: Phones, code: str) -> None:
    """E18: the right one is 005924"""
    peer = phones.asked()
    peer.sends(5, code, {})
    is_refused(peer)


def test_a_wrong_code_is_refused_with_the_words_for_a_wrong_ticket(phones: Phones) -> None:
    """E18, E20, J3"""
    peer = phones.realm.connects()
    peer.sends(1, "realm1", HELLO)
    peer.receives(4, "ticket", {})
    peer.sends(5, "wrong", {})
    wrong_ticket = is_refused(peer)
    peer = phones.asked()
    peer.sends(5, "000000", {})
    assert is_refused(peer) == wrong_ticket


def test_a_code_of_somebody_else_does_not_open(phones: Phones) -> None:
    """E18"""
    peer = phones.asked("ann")
    peer.sends(5, phones.code(OTHER_KEY), {})
    is_refused(peer)
    peer = phones.asked("bob")
    peer.sends(5, phones.code(OTHER_KEY), {})
    is_in(peer, "bob")


def test_a_code_without_the_first_factor_opens_nothing(phones: Phones) -> None:
    """E18"""
    peer = phones.realm.connects()
    peer.sends(1, "realm1", HELLO)
    peer.receives(4, "ticket", {})
    peer.sends(5, phones.code(), {})
    is_refused(peer)


def test_a_code_is_tried_once(phones: Phones) -> None:
    """E18"""
    peer = phones.asked()
    peer.sends(5, "000000", {})
    is_refused(peer)
    peer.sends(5, phones.code(), {})
    peer.receives_nothing()


def test_a_code_is_good_once(phones: Phones) -> None:
    """E18, J3: RFC 6238, section 5.2; in whichever realm, and also for who was asked before"""
    code = phones.code()
    early, late = phones.asked(), phones.asked()
    early.sends(5, code, {})
    is_in(early)
    for peer in (late, phones.asked(), phones.asked(realm=phones.scene())):
        peer.sends(5, code, {})
        is_refused(peer)
    phones.now += 30
    for what, check in ((code, is_refused), (phones.code(), is_in)):
        peer = phones.asked()
        peer.sends(5, what, {})
        check(peer)


def test_a_code_that_was_passed_over_is_no_longer_good(phones: Phones) -> None:
    """E18, J3"""
    for later, check in ((30, is_in), (0, is_refused)):
        peer = phones.asked()
        peer.sends(5, phones.code(later=later), {})
        check(peer)


def test_a_wrong_code_uses_up_nothing(phones: Phones) -> None:
    """E18"""
    for code, check in (("000000", is_refused), (phones.code(), is_in)):
        peer = phones.asked()
        peer.sends(5, code, {})
        check(peer)


def test_a_code_that_takes_too_long_is_not_heard(phones: Phones) -> None:
    """E18, E21"""
    peer = phones.asked()
    phones.realm.clock.advance(30)
    peer.receives(3, {"message": ANY}, "wamp.error.authentication_failed")


def test_what_is_remembered_of_codes_is_bounded() -> None:
    """J2: who cannot be remembered must wait, as otherwise a code would be good twice"""
    phones = Phones(most=1)
    peer = phones.asked("bob")
    peer.sends(5, phones.code(OTHER_KEY), {})
    is_in(peer, "bob")
    peer = phones.asked("ann")
    peer.sends(5, phones.code(), {})
    peer.receives(3, {"message": ANY}, "wamp.error.authentication_failed")
    phones.now += 60
    peer = phones.asked("ann")
    peer.sends(5, phones.code(), {})
    is_in(peer)
