"""Tickets that are signed tokens: who gets in, until when, and every way of forging one."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from twisted.internet.defer import Deferred

from realms.authentication import Methods
from realms.authentication.jwt import Authority, Jwt, Signer, Terms, Tokens
from realms.authentication.token_keys import (
    Algorithm,
    FixedKeys,
    Found,
    Key,
    KeysUnavailable,
    UnfitKey,
    keys_of,
    public_key,
    secret_key,
)
from realms.endings import REFUSED
from realms.roles import Role, Rule
from tests.realms.fakes import ANY, EVERYTHING, PLAIN, TODAY, Peer, Scene

SECRET = b"the secret of the application, long enough"
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
ANYONE = Role("anyone", [Rule("prefix", "", EVERYTHING)])
GUEST = Role("guest", [])


def pem(key: Any) -> bytes:
    octets: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return octets


def jwk(key: Any, kid: str | None = None, **more: Any) -> dict[str, Any]:
    kind = {RSA: jwt.algorithms.RSAAlgorithm, EC: jwt.algorithms.ECAlgorithm, ED: jwt.algorithms.OKPAlgorithm}[key]
    made: dict[str, Any] = json.loads(kind.to_jwk(key.public_key())) | more
    return made if kid is None else made | {"kid": kid}


def token(key: Any = SECRET, algorithm: str = "HS256", kid: str | None = None, **claims: Any) -> str:
    """A good token for ann, good for a minute, but for what is said otherwise; None leaves a claim out."""
    claims = {"sub": "ann", "role": "anyone", "exp": TODAY + 60} | claims
    said = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(said, key, algorithm, headers=None if kid is None else {"kid": kid})


def scene(*keys: Key, terms: Terms = Terms(), source: Any = None) -> Scene:  # noqa: B008 - immutable
    made: Scene
    tokens = Tokens(
        Authority(source or FixedKeys(keys or [secret_key(SECRET)]), terms),
        {"anyone", "guest"},
        lambda: TODAY + made.clock.seconds(),
    )
    made = Scene([ANYONE, GUEST], methods=[Jwt(tokens)])
    for realm in made.realms.by_name.values():
        realm.methods = Methods(realm.methods.offered, tokens)
    return made


def shows(realm: Scene, shown: str, name: str = "realm1", **details: Any) -> Peer:
    peer = realm.connects()
    peer.sends(1, name, {"roles": PLAIN, "authmethods": ["jwt"], **details})
    peer.receives(4, "jwt", {})
    peer.sends(5, shown, {})
    return peer


def is_in(peer: Peer) -> dict[str, Any]:
    details: dict[str, Any] = peer.receives(2, ANY, ANY)[2]
    return details


def is_out(peer: Peer, message: str = "the credentials were not accepted") -> None:
    peer.receives(3, {"message": message}, "wamp.error.authentication_denied")
    peer.receives_nothing()
    assert peer.transport.endings == [REFUSED]


# --- who gets in ---


@pytest.mark.parametrize(
    ("key", "algorithm", "verifier"),
    [
        (SECRET, "HS256", lambda: secret_key(SECRET)),
        (RSA, "RS256", lambda: public_key(pem(RSA))),
        (EC, "ES256", lambda: public_key(pem(EC))),
        (ED, "EdDSA", lambda: public_key(pem(ED))),
    ],
    ids=["HS256", "RS256", "ES256", "EdDSA"],
)
def test_a_token_says_who_joins_and_in_which_role(key: Any, algorithm: str, verifier: Callable[[], Key]) -> None:
    """E22"""
    details = is_in(shows(scene(verifier()), token(key, algorithm)))
    assert (details["authid"], details["authrole"]) == ("ann", "anyone")
    assert (details["authmethod"], details["authprovider"]) == ("jwt", "jwt")


def test_the_client_may_say_who_it_is_but_nobody_else() -> None:
    """E2, E22"""
    realm = scene()
    assert is_in(shows(realm, token(), authid="ann"))["authid"] == "ann"
    is_out(shows(realm, token(), authid="bob"))


def test_of_several_roles_the_first_that_the_realm_has_counts() -> None:
    realm = scene(terms=Terms(role="realm_access.roles"))
    shown = token(role=None, realm_access={"roles": ["offline_access", "guest", "anyone"]})
    assert is_in(shows(realm, shown))["authrole"] == "guest"


def test_a_name_with_dots_is_a_claim_as_well() -> None:
    realm = scene(terms=Terms(authid="https://example.com/name", role="https://example.com/role"))
    shown = token(sub=None, **{"https://example.com/name": "ann", "https://example.com/role": "guest"})
    assert is_in(shows(realm, shown))["authrole"] == "guest"


def test_tokens_without_a_role_get_the_default_or_nothing() -> None:
    assert is_in(shows(scene(terms=Terms(default_role="guest")), token(role=None)))["authrole"] == "guest"
    is_out(shows(scene(), token(role=None)))
    is_out(shows(scene(terms=Terms(default_role="guest")), token(role="admin")))


@pytest.mark.parametrize("name", [None, "", 7, ["ann"], "a" * 257])
def test_a_token_must_name_somebody(name: Any) -> None:
    is_out(shows(scene(), jwt.encode({"role": "anyone", "exp": TODAY + 9, "name": name}, SECRET)))


def test_a_token_for_another_realm_is_refused() -> None:
    realm = scene(terms=Terms(realm="realm"))
    is_in(shows(realm, token(realm="realm1")))
    is_in(shows(realm, token(realm=["realm2", "realm1"])))
    is_out(shows(realm, token(realm="realm1"), "realm2"))
    is_out(shows(realm, token()))


def test_issuer_and_audience_must_be_as_configured() -> None:
    realm = scene(terms=Terms(issuer="https://id.example.com", audience="wamp"))
    is_in(shows(realm, token(iss="https://id.example.com", aud=["other", "wamp"])))
    is_out(shows(realm, token(iss="https://id.example.com", aud="other")))
    is_out(shows(realm, token(iss="https://id.example.com")))
    is_out(shows(realm, token(iss="https://evil.example.com", aud="wamp")))
    is_out(shows(scene(), token(aud="somebody")))


# --- when ---


def test_clocks_may_differ_by_the_leeway() -> None:
    realm = scene(terms=Terms(leeway=10))
    is_in(shows(realm, token(exp=TODAY - 9)))
    is_in(shows(realm, token(nbf=TODAY + 9, iat=TODAY + 9)))
    is_out(shows(realm, token(exp=TODAY - 10)), "the token has expired")
    is_out(shows(realm, token(nbf=TODAY + 11)), "the token is not valid yet")
    is_out(shows(realm, token(iat=TODAY + 11)), "the token is not valid yet")


@pytest.mark.parametrize("claims", [{"exp": None}, {"nbf": [1]}, {"iat": True}])
def test_a_token_must_say_when_it_expires_and_only_times_are_times(claims: dict[str, Any]) -> None:
    said = {"sub": "ann", "role": "anyone", "exp": TODAY + 60} | claims
    shown = Signer(secret_key(SECRET), Terms()).sign(("realm1", "ann", "anyone"), TODAY, 60, **said)
    if claims == {"exp": None}:
        shown = jwt.encode({"sub": "ann", "role": "anyone"}, SECRET)
    is_out(shows(scene(), shown))


def test_the_session_ends_with_the_token() -> None:
    """E22: with a reason of its own, so that the application knows what to do."""
    realm = scene(terms=Terms(leeway=0))
    peer = shows(realm, token(exp=TODAY + 60))
    is_in(peer)
    realm.clock.advance(59)
    peer.is_present()
    realm.clock.advance(1)
    peer.receives(6, {"message": ANY}, "wamp.close.expired")


def test_a_token_of_a_year_is_watched_in_small_steps() -> None:
    realm = scene(terms=Terms(leeway=0))
    peer = shows(realm, token(exp=TODAY + 1500))
    is_in(peer)
    for _ in range(3):
        realm.clock.advance(499)
    peer.is_present()
    realm.clock.advance(10)
    peer.receives(6, {"message": ANY}, "wamp.close.expired")


def test_a_session_that_ended_leaves_no_timer() -> None:
    """A29"""
    realm = scene()
    peer = shows(realm, token())
    is_in(peer)
    peer.vanishes()
    assert realm.clock.getDelayedCalls() == []


def test_a_paused_session_expires_as_well() -> None:
    """A10"""
    realm = scene(terms=Terms(leeway=0))
    peer = shows(realm, token(exp=TODAY + 5), resumable=True)
    assert is_in(peer)["resumable"]
    witness = realm.join("bob")
    subscription = witness.subscribes("wamp.session.on_leave")
    realm.clock.advance(4)
    peer.vanishes()
    witness.receives_nothing()
    realm.clock.advance(1)
    witness.receives(36, subscription, ANY, ANY, [ANY, "ann", "anyone"])


# --- staying ---


def test_a_fresh_token_extends_the_session() -> None:
    """E22"""
    realm = scene(terms=Terms(leeway=0))
    peer = shows(realm, token(exp=TODAY + 60))
    is_in(peer)
    realm.clock.advance(50)
    request = peer.calls("wamplex.session.extend", [token(exp=TODAY + 120)])
    peer.receives(50, request, {}, ["2026-09-21T14:15:20.000Z"])
    realm.clock.advance(69)
    peer.is_present()
    realm.clock.advance(1)
    peer.receives(6, {"message": ANY}, "wamp.close.expired")


def test_an_older_token_takes_nothing_away() -> None:
    realm = scene(terms=Terms(leeway=0))
    peer = shows(realm, token(exp=TODAY + 60))
    is_in(peer)
    request = peer.calls("wamplex.session.extend", [token(exp=TODAY + 5)])
    peer.receives(50, request, {}, ["2026-09-21T14:14:20.000Z"])


@pytest.mark.parametrize(
    "other",
    [{"sub": "bob"}, {"role": "guest"}, {"exp": TODAY - 100}, {"key": b"somebody else's secret, and a long one"}],
    ids=lambda claims: next(iter(claims)),
)
def test_only_a_good_token_of_the_same_principal_in_the_same_role_extends(other: dict[str, Any]) -> None:
    """E22"""
    peer = shows(scene(), token())
    is_in(peer)
    request = peer.calls("wamplex.session.extend", [token(**other)])
    peer.receives_error(48, request, "wamp.error.authentication_denied")
    peer.is_present()


def test_what_is_no_token_extends_nothing_and_who_has_no_end_needs_none() -> None:
    realm = scene()
    ann = realm.join("ann")
    request = ann.calls("wamplex.session.extend", ["sesame"])
    ann.receives_error(48, request, "wamp.error.authentication_denied")
    request = ann.calls("wamplex.session.extend", [token()])
    ann.receives(50, request, {}, [None])


def test_nobody_can_stand_in_for_the_procedure_and_be_shown_the_tokens() -> None:
    """A21"""
    peer = scene().join()
    request = peer.requests(64, {}, "wamplex.session.extend")
    peer.receives_error(64, request, "wamp.error.invalid_uri")


# --- forgeries ---


def b64(value: Any) -> str:
    octets = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def unsigned(algorithm: str) -> str:
    return f"{b64({'alg': algorithm, 'typ': 'JWT'})}.{b64({'sub': 'ann', 'role': 'anyone', 'exp': TODAY + 60})}."


def with_public_key_as_secret() -> str:
    """What a library makes of it that believes the token's `alg`: HMAC with the PEM as the secret."""
    import hmac

    signed = unsigned("HS256")[:-1]
    return f"{signed}.{b64(hmac.digest(pem(RSA), signed.encode(), 'sha256'))}"


def with_other_claims() -> str:
    head, _, signature = token(RSA, "RS256").split(".")
    return f"{head}.{b64({'sub': 'root', 'role': 'anyone', 'exp': TODAY + 60})}.{signature}"


@pytest.mark.parametrize(
    "forged",
    [
        lambda: unsigned("none"),
        lambda: unsigned("None"),
        lambda: unsigned("RS256"),
        with_public_key_as_secret,
        with_other_claims,
        lambda: token(rsa.generate_private_key(65537, 2048), "RS256"),
        lambda: token(RSA, "RS512"),
        lambda: token(RSA, "PS256"),
        lambda: token(RSA, "RS256") + "x",
        lambda: token(RSA, "RS256", note="x" * 9000),
        lambda: f"{b64({'alg': ['RS256']})}.e30.AA",
        lambda: f"{b64({'alg': 'RS256', 'kid': 7})}.e30.AA",
        lambda: "eyJ.eyJ.eyJ",
        lambda: "eyJ..",
        lambda: "eyJ\ud7ff.x.y",
        lambda: "",
        lambda: "sesame",
    ],
)
def test_a_forged_token_is_refused(forged: Callable[[], str]) -> None:
    """J3, E22"""
    is_out(shows(scene(public_key(pem(RSA))), forged()))


def test_a_token_that_names_a_key_must_be_signed_with_that_one() -> None:
    realm = scene(*keys_of(json.dumps({"keys": [jwk(EC, "new"), jwk(RSA, "old")]}).encode()))
    is_in(shows(realm, token(EC, "ES256", "new")))
    is_in(shows(realm, token(EC, "ES256")))
    is_out(shows(realm, token(EC, "ES256", "unknown")))
    is_out(shows(realm, token(EC, "ES256", "old")))
    is_out(shows(realm, token(RSA, "RS256", "new")))


# --- keys ---


def test_what_verifies_no_tokens_is_passed_over_in_a_key_set() -> None:
    keys = [
        jwk(RSA, "encrypts", use="enc"),
        jwk(RSA, "signs", key_ops=["sign"]),
        jwk(RSA, "pss", alg="PS256"),
        {"kty": "oct", "k": b64(SECRET), "kid": "secret"},
        jwk(EC, "broken", x="AA"),
        {"kty": "EC", "crv": "P-384"},
        {},
        jwk(ED, "good", use="sig", alg="EdDSA", key_ops=["verify"]),
    ]
    assert [key.id for key in keys_of(json.dumps({"keys": keys}).encode())] == ["good"]


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"keys": []}', b'{"keys": [{}]}', b"\xff", b"[" * 10_000])
def test_what_is_no_key_set_is_refused(document: bytes) -> None:
    with pytest.raises(UnfitKey):
        keys_of(document)


def test_keys_that_are_too_weak_or_of_the_wrong_sort_are_refused() -> None:
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505 - on purpose
    for octets in (pem(weak), pem(ec.generate_private_key(ec.SECP384R1())), b"-----BEGIN PRIVATE KEY-----", b"x"):
        with pytest.raises(UnfitKey):
            public_key(octets)
    for secret in (b"x" * 31, pem(RSA)):
        with pytest.raises(UnfitKey):
            secret_key(secret)


class LateKeys:
    """Keys that have to be fetched."""

    def __init__(self) -> None:
        self.answer: Deferred[Found] = Deferred()

    def find(self, algorithm: Algorithm, id: str | None) -> Deferred[Found]:
        self.answer = Deferred()
        return self.answer


def test_the_session_is_held_while_keys_are_fetched() -> None:
    keys = LateKeys()
    realm = scene(source=keys)
    peer = shows(realm, token())
    peer.receives_nothing()
    realm.join("bob").is_present()
    keys.answer.callback((secret_key(SECRET),))
    is_in(peer)
    request = peer.calls("wamplex.session.extend", [token(exp=TODAY + 90)])
    peer.receives_nothing()
    keys.answer.callback((secret_key(SECRET),))
    peer.receives(50, request, {}, ["2026-09-21T14:15:00.000Z"])


def test_without_keys_it_is_not_the_client_who_failed() -> None:
    """E20"""
    keys = LateKeys()
    peer = shows(scene(source=keys), token())
    keys.answer.errback(KeysUnavailable())
    peer.receives(3, {"message": ANY}, "wamp.error.authentication_failed")


def test_a_token_that_the_router_signs_is_as_configured() -> None:
    terms = Terms("user.name", "user.role", "user.realm", issuer="me", audience="you")
    signed = Signer(secret_key(SECRET), terms).sign(("realm1", "ann", "guest"), TODAY, 60)
    assert is_in(shows(scene(terms=terms), signed))["authrole"] == "guest"


def test_no_key_shows_itself() -> None:
    """J3"""
    assert "secret" not in repr(secret_key(SECRET))
