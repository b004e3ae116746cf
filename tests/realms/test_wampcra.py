"""WAMP-CRA: signing a challenge with a shared secret, or with a key that was derived from a password."""

import json
import re
from base64 import b64decode, b64encode
from random import Random
from typing import Any

import pytest
from autobahn.wamp.auth import compute_wcs, derive_key

from realms.authentication.decoys import MAX_SHAPES, Decoys
from realms.authentication.principals import CraSecret, Listed, Principal, admitted
from realms.authentication.verifiers import cra_secret
from realms.authentication.wampcra import Wampcra
from realms.endings import REFUSED
from tests.realms.fakes import ANY, PLAIN, TODAY, Peer, Scene
from wamp.codecs import CBOR, JSON, MESSAGEPACK, Codec

DENIED = [3, {"message": ANY}, "wamp.error.authentication_denied"]

PLAINLY = Principal("joe", "anyone", cra=CraSecret("öffne dich".encode()))
SALTED = Principal(
    "ann",
    "anyone",
    cra=CraSecret(derive_key("sesame", "salt123", 1000, 32), "salt123", 1000, 32),
    provider="userdb",
    extra={"theme": "dark"},
)
TICKETS_ONLY = Principal("tom", "anyone", ticket="$sha256$" + "0" * 64)


def scene(*principals: Principal, seed: int = 1, presumed: tuple[Principal, ...] = ()) -> Scene:
    dice = Random(seed)
    wampcra = Wampcra(Listed(principals), dice, lambda: TODAY + 0.25, Decoys(b"server secret", presumed))
    return Scene(methods=[wampcra], dice=dice)


@pytest.fixture
def realm() -> Scene:
    return scene(PLAINLY, SALTED, TICKETS_ONLY)


def is_challenged(peer: Peer, authid: Any, **details: Any) -> dict[str, Any]:
    peer.sends(1, "realm1", {"roles": PLAIN, "authmethods": ["wampcra"], "authid": authid, **details})
    extra: dict[str, Any] = peer.receives(4, "wampcra", ANY)[2]
    return extra


def sign(password: str, extra: dict[str, Any]) -> str:
    """As autobahn does."""
    key = password.encode()
    if "salt" in extra:
        key = derive_key(key, extra["salt"], extra["iterations"], extra["keylen"])
    return str(compute_wcs(key, extra["challenge"]).decode())


def is_refused(peer: Peer) -> None:
    assert peer.inbox() == [DENIED]
    assert peer.transport.endings == [REFUSED]


@pytest.mark.parametrize("codec", [JSON, MESSAGEPACK, CBOR], ids=lambda codec: codec.name)
@pytest.mark.parametrize(("authid", "password"), [("joe", "öffne dich"), ("ann", "sesame")])
def test_who_knows_the_secret_joins(realm: Scene, codec: Codec, authid: str, password: str) -> None:
    """E4, E5"""
    peer = realm.connects(codec)
    extra = is_challenged(peer, authid, authrole="admin")
    peer.sends(5, sign(password, extra), {})
    details = peer.receives(2, ANY, ANY)[2]
    assert (details["authid"], details["authrole"], details["authmethod"]) == (authid, "anyone", "wampcra")
    peer.is_present()


def test_a_principal_keeps_its_provider_and_what_else_it_is_told(realm: Scene) -> None:
    """E1"""
    peer = realm.connects()
    peer.sends(5, sign("sesame", is_challenged(peer, "ann")), {})
    details = peer.receives(2, ANY, ANY)[2]
    assert (details["authprovider"], details["authextra"]) == ("userdb", {"theme": "dark"})


def test_the_challenge_says_who_would_join_as_what(realm: Scene) -> None:
    """E4, E6: a third party can tell what it would sign."""
    peer = realm.connects()
    extra = is_challenged(peer, "ann")
    challenge = json.loads(extra["challenge"])
    assert re.fullmatch(r"[A-Za-z0-9+/]{22}==", challenge.pop("nonce"))
    session = challenge.pop("session")
    assert challenge == {
        "authid": "ann",
        "authrole": "anyone",
        "authmethod": "wampcra",
        "authprovider": "userdb",
        "timestamp": "2026-09-21T14:13:20.250Z",
    }
    peer.sends(5, sign("sesame", extra), {})
    peer.receives(2, session, ANY)


def test_a_salted_secret_comes_with_what_is_needed_to_derive_the_key(realm: Scene) -> None:
    """E5"""
    assert is_challenged(realm.connects(), "ann") == {
        "challenge": ANY, "salt": "salt123", "iterations": 1000, "keylen": 32
    }  # fmt: skip
    assert is_challenged(realm.connects(), "joe") == {"challenge": ANY}


def test_a_key_that_wamplex_derives_is_the_one_that_autobahn_derives() -> None:
    """E5"""
    realm = scene(Principal("ann", "anyone", cra=cra_secret("sesame", iterations=1000)))
    peer = realm.connects()
    peer.sends(5, sign("sesame", is_challenged(peer, "ann")), {})
    peer.receives(2, ANY, ANY)


# --- wrong turns ---


@pytest.mark.parametrize("signature", ["", "x", "é", "sesame", b64encode(bytes(32)).decode()])
def test_a_wrong_signature_is_refused(realm: Scene, signature: str) -> None:
    """E4, E20"""
    for authid in ("ann", "joe", "zoe"):
        peer = realm.connects()
        is_challenged(peer, authid)
        peer.sends(5, signature, {})
        is_refused(peer)


def test_a_wrong_secret_is_refused(realm: Scene) -> None:
    """E4, E20"""
    peer = realm.connects()
    peer.sends(5, sign("Sesame", is_challenged(peer, "ann")), {})
    is_refused(peer)


def test_a_signature_is_good_for_one_challenge(realm: Scene) -> None:
    """E4, J3: replay"""
    overheard = sign("sesame", is_challenged(realm.connects(), "ann"))
    peer = realm.connects()
    is_challenged(peer, "ann")
    peer.sends(5, overheard, {})
    is_refused(peer)


def test_a_challenge_is_answered_once(realm: Scene) -> None:
    """E4, J3"""
    peer = realm.connects()
    extra = is_challenged(peer, "ann")
    peer.sends(5, "wrong", {})
    is_refused(peer)
    peer.sends(5, sign("sesame", extra), {})
    peer.receives_nothing()


def test_a_second_answer_after_the_right_one_breaks_the_protocol(realm: Scene) -> None:
    """A13, E1, E4"""
    peer = realm.connects()
    signature = sign("sesame", is_challenged(peer, "ann"))
    peer.sends(5, signature, {})
    peer.receives(2, ANY, ANY)
    peer.sends(5, signature, {})
    peer.is_expelled()


@pytest.mark.parametrize("forged", ['"authrole": "admin"', '"authrole":"anyone"'])
def test_nobody_gets_another_role_by_signing_another_challenge(realm: Scene, forged: str) -> None:
    """E4"""
    peer = realm.connects()
    extra = is_challenged(peer, "ann")
    challenge = extra["challenge"].replace('"authrole": "anyone"', forged)
    assert challenge != extra["challenge"]
    peer.sends(5, sign("sesame", extra | {"challenge": challenge}), {})
    is_refused(peer)


def test_the_text_of_a_derived_key_is_signed_with_and_not_its_octets(realm: Scene) -> None:
    """E5"""
    peer = realm.connects()
    extra = is_challenged(peer, "ann")
    octets = b64decode(derive_key("sesame", "salt123", 1000, 32))
    peer.sends(5, compute_wcs(octets, extra["challenge"]).decode(), {})
    is_refused(peer)


def test_an_answer_that_takes_too_long_is_not_heard(realm: Scene) -> None:
    """E4, E21: the age of a challenge"""
    peer = realm.connects()
    signature = sign("sesame", is_challenged(peer, "ann"))
    realm.clock.advance(29)
    peer.receives_nothing()
    realm.clock.advance(1)
    peer.receives(3, {"message": ANY}, "wamp.error.authentication_failed")
    peer.sends(5, signature, {})
    peer.receives_nothing()


@pytest.mark.parametrize("details", [{}, {"authid": None}])
def test_it_needs_a_name(realm: Scene, details: dict[str, Any]) -> None:
    """E4"""
    peer = realm.connects()
    peer.sends(1, "realm1", {"roles": PLAIN, "authmethods": ["wampcra"], **details})
    is_refused(peer)
    peer = realm.connects()
    peer.sends(1, "realm1", {"roles": PLAIN, "authmethods": ["wampcra", "anonymous"], **details})
    assert peer.receives(2, ANY, ANY)[2]["authmethod"] == "anonymous"


def test_a_source_that_vouches_for_somebody_without_a_secret_does_not_admit() -> None:
    """E19: at HELLO nothing was shown yet that it could have judged."""
    peer = scene(Principal("ann", "anyone", proven=True)).connects()
    peer.sends(5, sign("", is_challenged(peer, "ann")), {})
    is_refused(peer)


# --- who does not exist ---


def looks(extra: dict[str, Any]) -> dict[str, Any]:
    """What shows of a principal, apart from what differs between any two challenges."""
    challenge = json.loads(extra["challenge"]) | {"nonce": 0, "session": 0}
    return extra | {"challenge": challenge, "length": len(extra["challenge"]) - len(str(challenge["session"]))}


def test_a_name_that_nobody_has_is_challenged_and_refused_like_any_other() -> None:
    """E4, E20, J3"""
    realm = scene(SALTED, TICKETS_ONLY)
    shown = {}
    for authid in ("ann", "tom", "zoe"):  # tom exists, but has no such secret
        for _ in range(2):
            peer = realm.connects()
            extra = is_challenged(peer, authid)
            peer.sends(5, sign("wrong", extra), {})
            is_refused(peer)
            look = looks(extra)
            look["challenge"] |= {"authid": "?"}
            assert shown.setdefault(authid, look)["salt"] == look["salt"]
    salts = {look.pop("salt") for look in shown.values()}
    assert len(salts) == 3
    assert {len(salt) for salt in salts} == {len("salt123")}
    for look in shown.values():
        look.pop("length")
        assert look == shown["ann"]


def test_nobody_is_let_in_who_knows_the_secret_of_a_decoy() -> None:
    """E4"""
    realm = scene(PLAINLY)
    peer = realm.connects()
    extra = is_challenged(peer, "zoe")
    _, secret = Decoys(b"server secret").cra("zoe")
    peer.sends(5, compute_wcs(secret.key, extra["challenge"]).decode(), {})
    is_refused(peer)


def decoy(decoys: Decoys, authid: str) -> tuple[str, str, bool, int, str | None]:
    principal, secret = decoys.cra(authid)
    return principal.role, principal.provider, secret.salt is None, secret.iterations, secret.salt


NAMES = [f"name{number}" for number in range(200)]


def test_a_decoy_is_always_the_same_for_a_name() -> None:
    """E4, J3: also after a restart, with the same secret"""
    first, again, other = Decoys(b"one", [SALTED]), Decoys(b"one", [SALTED]), Decoys(b"two", [SALTED])
    assert [decoy(first, name) for name in NAMES] == [decoy(again, name) for name in NAMES]
    assert all(decoy(first, name)[4] != decoy(other, name)[4] for name in NAMES)
    assert len({decoy(first, name)[4] for name in NAMES}) == len(NAMES)


def test_decoys_look_like_those_who_exist() -> None:
    """E4, J3: salted or not, and how, is shared out among them as they were met"""
    decoys = Decoys(b"one", presumed=[Principal("", "nobody", cra=CraSecret(b"", "00", 7, 8))])
    assert {decoy(decoys, name)[:4] for name in NAMES} == {("nobody", "static", False, 7)}
    for principal in (PLAINLY, SALTED, TICKETS_ONLY):
        decoys.note(principal)
    seen = {decoy(decoys, name)[:4] for name in NAMES}
    assert seen == {("anyone", "static", True, 0), ("anyone", "userdb", False, 1000)}


def test_a_new_look_changes_few_decoys() -> None:
    """E4, J3: whose challenge changes shows who does not exist"""
    decoys = Decoys(b"one")
    for role in "abcdefghi":
        decoys.note(Principal("", role, cra=CraSecret(b"")))
    before = [decoy(decoys, name) for name in NAMES]
    decoys.note(Principal("", "j", cra=CraSecret(b"")))
    changed = [name for name, look in zip(NAMES, before, strict=True) if decoy(decoys, name) != look]
    assert 5 < len(changed) < 40
    assert all(decoy(decoys, name)[0] == "j" for name in changed)


def test_the_looks_of_decoys_are_bounded() -> None:
    """J2"""
    decoys = Decoys(b"one")
    for number in range(MAX_SHAPES + 10):
        decoys.note(Principal("", f"role{number:02}", cra=CraSecret(b"")))
    assert len({decoy(decoys, f"name{number}")[0] for number in range(2000)}) == MAX_SHAPES


@pytest.mark.parametrize(
    ("salt", "form"),
    [
        ("0123456789abcdef" * 2, r"[0-9a-f]{32}"),
        (b64encode(bytes(16)).decode(), r"[A-Za-z0-9+/]{21}[AQgw]=="),
        (b64encode(bytes(15)).decode() + "AAA=", r"[A-Za-z0-9+/]{23}="),
        ("by hand", r"[A-Za-z0-9+/]{7}"),
        ("", r""),
    ],
)
def test_the_salts_of_decoys_are_written_like_those_of_others(salt: str, form: str) -> None:
    """E5, J3"""
    decoys = Decoys(b"one", presumed=[Principal("", "anyone", cra=CraSecret(b"", salt))])
    for name in NAMES:
        made = decoy(decoys, name)[4]
        assert made is not None
        assert re.fullmatch(form, made)
        assert len(made) == len(salt)


def test_no_secret_shows_in_a_repr() -> None:
    """J3"""
    assert "sesame" not in repr(CraSecret(b"sesame"))
    assert "ffne" not in repr(PLAINLY)
    assert "ffne" not in repr(admitted(PLAINLY, "wampcra"))
