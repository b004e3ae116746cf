"""SCRAM, in both dialects: client and router prove to each other that they know a password."""

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from argon2 import Type
from argon2.low_level import hash_secret_raw

from realms.authentication.decoys import Decoys
from realms.authentication.principals import Listed, Principal, ScramSecret
from realms.authentication.scram import BINDINGS, Scram
from realms.authentication.scram_dialects import Autobahn, Opening, Specified
from realms.authentication.verifiers import scram_secret
from realms.endings import REFUSED
from realms.transport import Evidence
from tests.realms.fakes import ANY, PLAIN, Peer, Scene
from wamp.codecs import CBOR, JSON, MESSAGEPACK, Codec

DENIED = [3, {"message": ANY}, "wamp.error.authentication_denied"]
NONCE = b64encode(b"client nonce 16.").decode()
SALT = bytes(range(16))

QUICK = {"iterations": 1, "memory": 1024}
PBKDF2 = Principal("ann", "anyone", scram=scram_secret("pencil", "pbkdf2", salt=SALT, iterations=1000))
ARGON2 = Principal("joe", "anyone", scram=scram_secret("pencil", "argon2id13", salt=SALT, **QUICK))
ODD = Principal("a,b=c", "anyone", scram=scram_secret("\u2168\u00ad", "argon2id13", salt=SALT, **QUICK))
TICKETS_ONLY = Principal("tom", "anyone", ticket="$sha256$" + "0" * 64)
PASSWORDS = {"ann": "pencil", "joe": "pencil", "a,b=c": "\u2168\u00ad"}


def scene(*principals: Principal, binding_required: bool = False) -> Scene:
    dice, people, decoys = Random(1), Listed(principals), Decoys(b"server secret")
    return Scene(
        methods=[
            Scram(dialect, people, dice, decoys, binding_required=binding_required)
            for dialect in (Specified(), Autobahn())
        ],
        dice=dice,
    )


@pytest.fixture
def realm() -> Scene:
    return scene(PBKDF2, ARGON2, ODD, TICKETS_ONLY)


class Channel:
    """A TLS channel, as both ends see it."""

    ids = {"tls-unique": b"finished....", "tls-server-end-point": b"certificate hash", "tls-exporter": b"exported"}

    def __call__(self, binding: str) -> bytes | None:
        return self.ids.get(binding)


CHANNEL = Evidence(channel_id=Channel())


class Client:
    """A client of the specification; `dialect` makes it one of autobahn's."""

    def __init__(
        self, realm: Scene, authid: Any = "ann", method: str = "wamp-scram", codec: Codec = JSON, nonce: Any = NONCE
    ) -> None:
        self.method, self.authid, self.nonce = method, authid, nonce
        self.binding: str | None = None
        self.peer = realm.connects(codec)
        self.challenge: dict[str, Any] = {}
        self.server_key = b""
        self.message = b""

    def hello(self, *methods: str, **authextra: Any) -> "Client":
        self.peer.sends(
            1,
            "realm1",
            {
                "roles": PLAIN,
                "authmethods": [self.method, *methods],
                "authid": self.authid,
                "authextra": {"nonce": self.nonce, **authextra},
            },
        )
        return self

    def over_tls(self, binding: Any) -> "Client":
        self.peer.transport.proves = CHANNEL
        self.binding = binding
        return self.hello(channel_binding=binding)

    def is_challenged(self) -> dict[str, Any]:
        self.challenge = self.peer.receives(4, self.method, ANY)[2]
        return self.challenge

    def proof(self, password: str, *, channel_id: bytes = b"", **changed: Any) -> str:
        """What it signs, and with what; `changed` is what it takes the challenge for."""
        challenge = self.challenge | changed
        salted = derive(password, challenge, as_text=self.method == "scram")
        flag = f"p={self.binding},," if self.binding else "n,,"
        binding = "" if self.method == "scram" else b64encode(flag.encode() + channel_id).decode()
        name = self.authid.replace("=", "=3D").replace(",", "=2C") if self.method != "scram" else self.authid
        nonce, salt, iterations = challenge["nonce"], challenge["salt"], challenge["iterations"]
        self.message = (
            f"n={name},r={self.nonce}" + f",r={nonce},s={salt},i={iterations}" + f",c={binding},r={nonce}"
        ).encode()
        client_key = sign(salted, b"Client Key")
        self.server_key = sign(salted, b"Server Key")
        signature = sign(hashlib.sha256(client_key).digest(), self.message)
        return b64encode(bytes(a ^ b for a, b in zip(client_key, signature, strict=True))).decode()

    def answers(self, signature: str, **extra: Any) -> None:
        common = {"nonce": self.challenge["nonce"], "channel_binding": self.binding, "cbind_data": None}
        self.peer.sends(5, signature, {} if self.method == "scram" else common | extra)

    def is_in(self) -> dict[str, Any]:
        """WELCOME, with the router's proof."""
        details: dict[str, Any] = self.peer.receives(2, ANY, ANY)[2]
        key = "scram_server_signature" if self.method == "scram" else "verifier"
        assert b64decode(details["authextra"][key]) == sign(self.server_key, self.message)
        self.peer.is_present()
        return details

    def is_refused(self) -> str:
        (message,) = self.peer.inbox()
        assert message == DENIED
        assert self.peer.transport.endings == [REFUSED]
        return str(message[1]["message"])


def sign(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, "sha256").digest()


def derive(password: str, challenge: Mapping[str, Any], as_text: bool) -> bytes:
    """As clients do, whose library would normalise the password."""
    octets = password.encode() if as_text else {"\u2168\u00ad": "IX"}.get(password, password).encode()
    salt, iterations = b64decode(challenge["salt"]), challenge["iterations"]
    if challenge["kdf"] == "pbkdf2":
        return hashlib.pbkdf2_hmac("sha256", octets, salt, iterations)
    assert challenge["kdf"] == ("argon2id-13" if as_text else "argon2id13")
    raw = hash_secret_raw(octets, salt, iterations, challenge["memory"], 1, 32, Type.ID)
    return b64encode(raw).rstrip(b"=") if as_text else raw


# --- the test vector of RFC 7677, section 3 ---

RFC_NONCE = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
RFC_CHALLENGE = {"nonce": RFC_NONCE, "salt": "W22ZaJ0SNY7soEsUEjb6gQ==", "kdf": "pbkdf2", "iterations": 4096}
RFC_MESSAGE = (
    f"n=user,r=rOprNGfwEbeRWgbNEkqO,r={RFC_NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r={RFC_NONCE}".encode()
)
RFC_PROOF = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
RFC_VERIFIER = "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def test_what_is_signed_is_what_rfc_7677_signs() -> None:
    """E8"""
    assert Specified().signed(Opening("user", "rOprNGfwEbeRWgbNEkqO"), RFC_CHALLENGE) == RFC_MESSAGE


def test_the_keys_are_those_of_rfc_7677() -> None:
    """E8: also the example of the specification"""
    secret = scram_secret("pencil", "pbkdf2", salt=b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="), iterations=4096)
    stored_key, server_key = Specified().keys(secret)
    proof = b64decode(RFC_PROOF)
    client_key = bytes(a ^ b for a, b in zip(proof, sign(stored_key, RFC_MESSAGE), strict=True))
    assert hashlib.sha256(client_key).digest() == stored_key
    assert b64encode(sign(server_key, RFC_MESSAGE)).decode() == RFC_VERIFIER


def test_the_client_of_these_tests_is_right() -> None:
    client = Client(scene(), "user", nonce="rOprNGfwEbeRWgbNEkqO")
    client.challenge = RFC_CHALLENGE
    assert client.proof("pencil") == RFC_PROOF


@pytest.mark.parametrize(
    ("authid", "binding", "begins", "bound"),
    [
        ("user", None, b"n=user,", "biws"),
        ("a,b=c", None, b"n=a=2Cb=3Dc,", "biws"),
        ("user", "tls-unique", b"n=user,", b64encode(b"p=tls-unique,,finished....").decode()),
    ],
)
def test_names_and_bindings_are_signed_as_rfc_5802_has_them(
    authid: str, binding: str | None, begins: bytes, bound: str
) -> None:
    """E8, E9: section 7 of it"""
    opening = Opening(authid, "abc=", binding, b"finished...." if binding else b"")
    message = Specified().signed(opening, RFC_CHALLENGE)
    assert message.startswith(begins)
    assert f",c={bound},r=".encode() in message


# --- who knows the password ---


@pytest.mark.parametrize("codec", [JSON, MESSAGEPACK, CBOR], ids=lambda codec: codec.name)
@pytest.mark.parametrize("authid", ["ann", "joe", "a,b=c"])
def test_who_knows_the_password_joins_and_the_router_proves_that_it_does_too(
    realm: Scene, codec: Codec, authid: str
) -> None:
    """E7, E8"""
    client = Client(realm, authid, codec=codec).hello()
    client.is_challenged()
    client.answers(client.proof(PASSWORDS[authid]))
    details = client.is_in()
    assert (details["authid"], details["authmethod"], details["authrole"]) == (authid, "wamp-scram", "anyone")
    assert set(details["authextra"]) == {"verifier"}


@pytest.mark.parametrize("authid", ["ann", "joe"])
def test_clients_of_autobahn_are_spoken_to_as_they_expect(realm: Scene, authid: str) -> None:
    """E7"""
    client = Client(realm, authid, "scram").hello()
    client.is_challenged()
    client.answers(client.proof("pencil"))
    assert set(client.is_in()["authextra"]) == {"scram_server_signature"}


def test_a_challenge_says_how_the_password_is_kept(realm: Scene) -> None:
    """E7"""
    salt = b64encode(SALT).decode()
    common = {"nonce": ANY, "salt": salt}
    ann = Client(realm, "ann").hello().is_challenged()
    assert ann == common | {"kdf": "pbkdf2", "iterations": 1000, "memory": None}
    joe = Client(realm, "joe").hello().is_challenged()
    assert joe == common | {"kdf": "argon2id13", "iterations": 1, "memory": 1024}
    assert all(challenge["nonce"].startswith(NONCE) for challenge in (ann, joe))
    assert len(b64decode(ann["nonce"].removeprefix(NONCE), validate=True)) >= 16
    assert ann["nonce"] != joe["nonce"]


def test_autobahn_is_told_nothing_that_it_does_not_know(realm: Scene) -> None:
    """E7: it makes an integer of `memory`, whatever it is, and joins the octets of the nonces"""
    common = {"nonce": ANY, "salt": b64encode(SALT).decode()}
    ann = Client(realm, "ann", "scram").hello().is_challenged()
    assert ann == common | {"kdf": "pbkdf2", "iterations": 1000}
    joe = Client(realm, "joe", "scram").hello().is_challenged()
    assert joe == common | {"kdf": "argon2id-13", "iterations": 1, "memory": 1024}
    octets = b64decode(joe["nonce"], validate=True)
    assert octets.startswith(b64decode(NONCE))
    assert len(octets) >= 32


def test_a_principal_keeps_what_else_it_is_told() -> None:
    """E1"""
    ann = Principal("ann", "anyone", scram=PBKDF2.scram, provider="userdb", extra={"theme": "dark"})
    client = Client(scene(ann)).hello()
    client.is_challenged()
    client.answers(client.proof("pencil"))
    details = client.is_in()
    assert (details["authprovider"], details["authextra"]) == ("userdb", {"theme": "dark", "verifier": ANY})
    assert ann.extra == {"theme": "dark"}


# --- channel binding ---


@pytest.mark.parametrize("binding", sorted(BINDINGS))
@pytest.mark.parametrize("required", [True, False])
def test_a_proof_can_be_bound_to_the_channel(binding: str, required: bool) -> None:
    """E9"""
    client = Client(scene(PBKDF2, binding_required=required)).over_tls(binding)
    client.is_challenged()
    channel_id = Channel.ids[binding]
    client.answers(client.proof("pencil", channel_id=channel_id), cbind_data=b64encode(channel_id).decode())
    client.is_in()


@pytest.mark.parametrize(
    "cbind_data", [None, "", "eA==", b64encode(b"Finished....").decode(), b64encode(b"finished....").decode() + "\n", 5]
)
def test_another_channel_is_refused(realm: Scene, cbind_data: Any) -> None:
    """E9: somebody in the middle has two channels"""
    client = Client(realm).over_tls("tls-unique")
    client.is_challenged()
    client.answers(client.proof("pencil", channel_id=b"finished...."), cbind_data=cbind_data)
    client.is_refused()


def test_it_does_not_help_to_name_the_channel_that_was_not_signed(realm: Scene) -> None:
    """E9"""
    client = Client(realm).over_tls("tls-unique")
    client.is_challenged()
    proof = client.proof("pencil", channel_id=b"another one.")
    client.answers(proof, cbind_data=b64encode(b"finished....").decode())
    client.is_refused()


@pytest.mark.parametrize("changed", [None, "tls-exporter", "tls-server-end-point", "", 5])
def test_the_binding_cannot_be_changed_on_the_way(realm: Scene, changed: Any) -> None:
    """E9"""
    client = Client(realm).over_tls("tls-unique")
    client.is_challenged()
    octets = b64encode(b"finished....").decode()
    proof = client.proof("pencil", channel_id=b"finished....")
    client.answers(proof, cbind_data=octets, channel_binding=changed)
    client.is_refused()


@pytest.mark.parametrize("extra", [{"cbind_data": ""}, {"cbind_data": "eA=="}, {"channel_binding": "tls-unique"}])
def test_without_a_binding_there_is_no_word_of_one(realm: Scene, extra: dict[str, Any]) -> None:
    """E9"""
    client = Client(realm).hello()
    client.is_challenged()
    client.answers(client.proof("pencil"), **extra)
    client.is_refused()


@pytest.mark.parametrize("binding", ["tls-unicorn", "", 5, ["tls-unique"], {}])
def test_a_binding_that_there_is_not_is_refused_and_not_left_out(realm: Scene, binding: Any) -> None:
    """E9"""
    client = Client(realm).over_tls(binding)
    assert "binding" in client.is_refused()


def test_a_connection_without_tls_has_nothing_to_bind_to(realm: Scene) -> None:
    """E9: and no other method is tried, as the client wants it"""
    client = Client(realm).hello("ticket", channel_binding="tls-unique")
    assert "binding" in client.is_refused()


def test_autobahn_has_no_binding(realm: Scene) -> None:
    """E9"""
    client = Client(realm, method="scram").over_tls("tls-unique")
    assert "binding" in client.is_refused()


def test_an_operator_may_require_a_binding() -> None:
    """E9"""
    realm = scene(PBKDF2, binding_required=True)
    client = Client(realm).over_tls(None)
    assert "binding" in client.is_refused()
    client = Client(realm).hello("ticket")
    client.peer.receives(4, "ticket", {})


# --- wrong turns ---


@pytest.mark.parametrize("method", ["wamp-scram", "scram"])
@pytest.mark.parametrize("authid", ["ann", "joe", "tom", "zoe"])
def test_a_wrong_password_is_refused(realm: Scene, method: str, authid: str) -> None:
    """E7, E20"""
    client = Client(realm, authid, method).hello()
    client.is_challenged()
    client.answers(client.proof("Pencil", iterations=1, kdf="pbkdf2"))
    client.is_refused()


@pytest.mark.parametrize("method", ["wamp-scram", "scram"])
def test_a_proof_is_good_for_one_challenge(realm: Scene, method: str) -> None:
    """E7, J3: replay, of the client's nonce and proof"""
    overheard = Client(realm, method=method).hello()
    overheard.is_challenged()
    proof = overheard.proof("pencil")
    client = Client(realm, method=method).hello()
    client.is_challenged()
    client.answers(proof)
    client.is_refused()
    client = Client(realm, method=method).hello()
    client.is_challenged()
    client.answers(proof, nonce=overheard.challenge["nonce"])
    client.is_refused()


@pytest.mark.parametrize("extra", [{"nonce": NONCE}, {"nonce": None}, {"nonce": ""}])
def test_another_nonce_is_refused(realm: Scene, extra: dict[str, Any]) -> None:
    """E7"""
    client = Client(realm).hello()
    client.is_challenged()
    client.answers(client.proof("pencil"), **extra)
    client.is_refused()


@pytest.mark.parametrize("method", ["wamp-scram", "scram"])
@pytest.mark.parametrize("changed", [{"iterations": 1}, {"salt": b64encode(b"weak").decode()}, {"nonce": NONCE}])
def test_a_challenge_that_was_changed_on_the_way_is_of_no_use(
    realm: Scene, method: str, changed: dict[str, Any]
) -> None:
    """E7"""
    client = Client(realm, method=method).hello()
    client.is_challenged()
    client.answers(client.proof("pencil", **changed))
    client.is_refused()


@pytest.mark.parametrize("method", ["wamp-scram", "scram"])
@pytest.mark.parametrize("spoil", ["", "x", "é", b64encode(bytes(32)).decode(), b64encode(bytes(31)).decode()])
def test_what_is_no_proof_is_refused(realm: Scene, method: str, spoil: str) -> None:
    """E7: whoever exists"""
    for authid in ("ann", "zoe"):
        client = Client(realm, authid, method).hello()
        client.is_challenged()
        client.answers(spoil)
        client.is_refused()


def test_a_proof_is_in_canonical_base64(realm: Scene) -> None:
    """E7"""
    for spoil in ("{} ", "\n{}", "{}===="):
        client = Client(realm).hello()
        client.is_challenged()
        client.answers(spoil.format(client.proof("pencil")))
        client.is_refused()


def test_a_challenge_is_answered_once(realm: Scene) -> None:
    """E7, J3"""
    client = Client(realm).hello()
    client.is_challenged()
    client.answers("wrong")
    client.is_refused()
    client.answers(client.proof("pencil"))
    client.peer.receives_nothing()


def test_a_second_answer_after_the_right_one_breaks_the_protocol(realm: Scene) -> None:
    """A13, E1, E7"""
    client = Client(realm).hello()
    client.is_challenged()
    proof = client.proof("pencil")
    client.answers(proof)
    client.is_in()
    client.answers(proof)
    client.peer.is_expelled()


def test_an_answer_that_takes_too_long_is_not_heard(realm: Scene) -> None:
    """E7, E21"""
    client = Client(realm).hello()
    client.is_challenged()
    realm.clock.advance(30)
    client.peer.receives(3, {"message": ANY}, "wamp.error.authentication_failed")
    client.answers(client.proof("pencil"))
    client.peer.receives_nothing()


def test_the_keys_that_the_router_keeps_do_not_open(realm: Scene) -> None:
    """E8: who stole them knows no password"""
    assert PBKDF2.scram is not None
    stolen = PBKDF2.scram.stored_key
    client = Client(realm).hello()
    client.is_challenged()
    client.proof("pencil")
    signature = sign(stolen, client.message)
    client.answers(b64encode(bytes(a ^ b for a, b in zip(stolen, signature, strict=True))).decode())
    client.is_refused()


def test_a_proof_of_the_other_dialect_does_not_open(realm: Scene) -> None:
    """E7"""
    client = Client(realm, "joe").hello()
    client.is_challenged()
    other = Client(realm, "joe", "scram")
    other.challenge = client.challenge | {"kdf": "argon2id-13"}
    client.answers(other.proof("pencil"))
    client.is_refused()


@pytest.mark.parametrize(
    "nonce",
    [None, 5, "", "too short", NONCE.rstrip("="), NONCE + "\n", b64encode(bytes(15)).decode(),
     b64encode(bytes(129)).decode(), "*" * 24, NONCE[:-3] + "h=="],
)  # fmt: skip
@pytest.mark.parametrize("method", ["wamp-scram", "scram"])
def test_a_nonce_is_of_16_to_128_octets_in_canonical_base64(realm: Scene, method: str, nonce: Any) -> None:
    """E7"""
    client = Client(realm, method=method, nonce=nonce).hello()
    assert "nonce" in client.is_refused()
    client = Client(realm, method=method, nonce=nonce).hello("ticket")
    client.peer.receives(4, "ticket", {})


@pytest.mark.parametrize("authid", [None, "a\u00adnn", "\u2168", "a\u0007", "\u0627\u0031", "x" * 257, "é" * 257])
def test_a_name_is_as_saslprep_leaves_it(realm: Scene, authid: Any) -> None:
    """E7: else one principal would have many names, each with attempts to spare"""
    client = Client(realm, authid).hello()
    assert "authid" in client.is_refused()


@pytest.mark.parametrize("authextra", [None, {}, {"nonce": {}}])
def test_it_needs_a_nonce(realm: Scene, authextra: Any) -> None:
    """E7"""
    peer = realm.connects()
    hello = {"roles": PLAIN, "authmethods": ["wamp-scram"], "authid": "ann"}
    peer.sends(1, "realm1", hello if authextra is None else hello | {"authextra": authextra})
    assert peer.inbox() == [DENIED]


def test_a_source_that_vouches_for_somebody_without_a_password_does_not_admit() -> None:
    """E19: at HELLO nothing was shown yet that it could have judged."""
    client = Client(scene(Principal("ann", "anyone", proven=True))).hello()
    client.is_challenged()
    client.answers(client.proof(""))
    client.is_refused()


# --- who does not exist ---


def conversation(peer: Peer, client: Client) -> list[Any]:
    """All that a stranger sees, apart from what is random."""
    challenge = client.is_challenged()
    client.answers(client.proof("wrong"))
    return [{key: value for key, value in challenge.items() if key not in ("nonce", "salt")}, *peer.inbox()]


@pytest.mark.parametrize("method", ["wamp-scram", "scram"])
@pytest.mark.parametrize("known", [PBKDF2, ARGON2], ids=lambda principal: principal.authid)
def test_a_name_that_nobody_has_is_challenged_and_refused_like_any_other(method: str, known: Principal) -> None:
    """E10, E20, J3"""
    realm = scene(known, TICKETS_ONLY)
    seen, salts = [], {}
    for authid in (known.authid, "tom", "zoe"):  # tom exists, but has no such secret
        for _ in range(2):
            client = Client(realm, authid, method).hello()
            seen.append(conversation(client.peer, client))
            assert salts.setdefault(authid, client.challenge["salt"]) == client.challenge["salt"]
            assert len(b64decode(client.challenge["nonce"][-24:])) >= 16
    assert all(each == seen[0] for each in seen)
    assert len({b64decode(salt) for salt in salts.values()}) == 3
    assert {len(salt) for salt in salts.values()} == {24}


def test_a_principal_whose_keys_are_not_autobahns_is_nobody_there() -> None:
    """E7, E10"""
    assert ARGON2.scram is not None
    joe = Principal("joe", "anyone", scram=ARGON2.scram._replace(autobahn=None))
    client = Client(scene(joe), "joe", "scram").hello()
    client.is_challenged()
    client.challenge["kdf"] = "pbkdf2"
    client.answers(client.proof("pencil"))
    client.is_refused()
    client = Client(scene(joe), "joe").hello()
    client.is_challenged()
    client.answers(client.proof("pencil"))
    client.is_in()


def test_decoys_are_hashed_like_those_who_exist() -> None:
    """E10, J3"""
    names = [f"name{number}" for number in range(50)]

    def look(decoys: Decoys, name: str) -> tuple[Any, ...]:
        secret = decoys.scram(name)
        return secret.kdf, secret.iterations, secret.memory, len(secret.salt)

    decoys = Decoys(b"one", [PBKDF2])
    assert {look(decoys, name) for name in names} == {("pbkdf2", 1000, None, 16)}
    decoys.note(ARGON2)
    assert {look(decoys, name) for name in names} == {("argon2id13", 1, 1024, 16)}
    decoys.note(PBKDF2)
    assert {look(decoys, name)[0] for name in names} == {"pbkdf2", "argon2id13"}
    again = Decoys(b"one", [PBKDF2, ARGON2])
    assert [decoys.scram(name).salt for name in names] == [again.scram(name).salt for name in names]
    assert len({decoys.scram(name).salt for name in names}) == len(names)


def test_no_key_shows_in_a_repr() -> None:
    """J3"""
    secret = ScramSecret("pbkdf2", b"salty", 1, None, b"stored", b"server", (b"stored", b"server"))
    assert "st" not in repr(secret).lower().removeprefix("scramsecret")
