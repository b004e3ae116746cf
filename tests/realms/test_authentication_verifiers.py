"""Verifiers: what is kept of passwords and tickets, and which texts are none."""

from base64 import b64decode, b64encode

import pytest
from argon2 import Type
from argon2.low_level import hash_secret
from autobahn.wamp.auth import derive_key

from realms.authentication import verifiers
from realms.authentication.saslprep import saslprep
from realms.authentication.verifiers import Cost

CHEAP = Cost(memory=1024, passes=1)
ARGON2 = "$argon2id$v=19$m=1024,t=1,p=1$XVa5BlgGH78ypktMjWcvWw$RHFJWVNLI9PHJV7+NI7rW08MoYq7QV1mXJjIBPfpt5M"
SHA256 = "$sha256$" + "0f" * 32
PBKDF2 = f"$pbkdf2$i=1000,l=32$salt123${b64encode(bytes(32)).decode()}"
KEY = b64encode(bytes(range(32))).decode()
SALT = b64encode(bytes(16)).decode()
SCRAM = f"$scram$argon2id13$t=1,m=1024${SALT}${KEY}${KEY}"


# --- tickets ---


@pytest.mark.parametrize("password", ["sesame", "öffne dich", " ", "a" * 1000, "with\0nul"])
def test_a_password_fits_its_verifier_and_no_other_does(password: str) -> None:
    """E3, J3"""
    made = verifiers.ticket_verifier(password, CHEAP)
    assert verifiers.check_ticket_verifier(made) == made
    assert verifiers.fits(made, password)
    assert not verifiers.fits(made, password + "x")
    assert not verifiers.fits(made, "")


def test_two_verifiers_of_one_password_differ() -> None:
    assert verifiers.ticket_verifier("sesame", CHEAP) != verifiers.ticket_verifier("sesame", CHEAP)


def test_a_random_ticket_fits_its_digest_in_either_case() -> None:
    """E3"""
    ticket = verifiers.random_ticket()
    made = verifiers.digest_verifier(ticket)
    assert verifiers.fits(made, ticket)
    assert verifiers.fits(verifiers.check_ticket_verifier("$sha256$" + made[8:].upper()), ticket)
    assert not verifiers.fits(made, verifiers.random_ticket())


def test_a_decoy_costs_the_same_and_nothing_fits_it() -> None:
    """J3"""
    decoy = verifiers.decoy_like(CHEAP)
    assert verifiers.cost_of(verifiers.check_ticket_verifier(decoy)) == CHEAP
    assert not verifiers.fits(decoy, "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sesame",
        "$argon2id$",
        ARGON2[:-1],
        ARGON2 + "=",
        ARGON2 + "\n",
        " " + ARGON2,
        ARGON2.replace("argon2id", "argon2i"),
        ARGON2.replace("v=19", "v=16"),
        ARGON2.replace("m=1024", "m=01024"),
        ARGON2.replace("m=1024", "m=1023"),
        ARGON2.replace("m=1024", "m=99999999"),
        ARGON2.replace("t=1", "t=0"),
        ARGON2.replace("m=1024,t=1", "m=1048576,t=99999"),
        ARGON2.replace("p=1", "p=2"),
        ARGON2.replace("m=1024,t=1,p=1", "m=1048576,t=1,p=17"),
        ARGON2.replace("XVa5", "X+a"),
        SHA256[:-1],
        SHA256 + "0",
        SHA256.replace("f", "g"),
        PBKDF2,
        SCRAM,
    ],
)
def test_what_is_no_verifier_of_a_ticket_is_refused_when_it_is_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|must be|takes too long"):
        verifiers.check_ticket_verifier(text)


def test_no_error_quotes_the_secret_that_stands_where_a_verifier_should() -> None:
    """J3"""
    for parse in (verifiers.check_ticket_verifier, verifiers.parse_cra, verifiers.parse_scram):
        with pytest.raises(ValueError, match="expected") as refused:
            parse("hunter2")
        assert "hunter2" not in str(refused.value)


# --- WAMP-CRA ---


def test_the_key_of_wamp_cra_is_what_clients_derive() -> None:
    """E5"""
    secret = verifiers.cra_secret("p4ssw0rd", 1000)
    assert secret.salt is not None
    assert secret.key == derive_key("p4ssw0rd", secret.salt, 1000, 32)
    assert verifiers.parse_cra(verifiers.cra_verifier(secret)) == secret


def test_a_verifier_that_was_made_elsewhere_can_be_given_with_its_salt_as_a_text() -> None:
    """E5"""
    key = derive_key("secret", "salt123", 1000, 32).decode()
    secret = verifiers.parse_cra(f"$pbkdf2$i=1000,l=32$salt123${key}")
    assert (secret.salt, secret.iterations, secret.keylen, secret.key.decode()) == ("salt123", 1000, 32, key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "secret",
        PBKDF2 + "\n",
        PBKDF2.replace("i=1000", "i=999"),
        PBKDF2.replace("i=1000", "i=99999999"),
        PBKDF2.replace("l=32", "l=31"),
        PBKDF2.replace("l=32", "l=8"),
        PBKDF2.replace("salt123", ""),
        PBKDF2.replace("salt123", "sa lt"),
        PBKDF2[:-1],
        f"$pbkdf2$i=1000,l=32$salt123${b64encode(bytes(31)).decode()}",
        SHA256,
    ],
)
def test_what_is_no_verifier_of_wamp_cra_is_refused_when_it_is_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|must be|takes too long"):
        verifiers.parse_cra(text)


# --- SCRAM ---


def test_the_keys_of_scram_are_those_of_the_example_of_rfc_7677() -> None:
    """E8: salt and iterations are those of the RFC's exchange; its proof follows from these keys."""
    secret = verifiers.scram_secret("pencil", "pbkdf2", salt=b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="), iterations=4096)
    assert b64encode(secret.stored_key) == b"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
    assert b64encode(secret.server_key) == b"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="


@pytest.mark.parametrize("kdf", verifiers.KDFS)
def test_a_verifier_of_scram_is_read_as_it_was_written(kdf: verifiers.Kdf) -> None:
    """E8"""
    secret = verifiers.scram_secret("sesame", kdf, iterations=1000 if kdf == "pbkdf2" else 1, memory=1024)
    assert verifiers.parse_scram(verifiers.scram_verifier(secret)) == secret


def test_autobahn_takes_the_text_of_the_hash_for_the_hash() -> None:
    """E7"""
    secret = verifiers.scram_secret("sesame", salt=bytes(16), iterations=1, memory=1024)
    text = hash_secret(b"sesame", bytes(16), 1, 1024, 1, 32, Type.ID).rpartition(b"$")[2]
    assert secret.autobahn == verifiers._scram_keys(text)
    assert secret.autobahn != (secret.stored_key, secret.server_key)


def test_two_ways_to_type_a_password_give_the_same_keys() -> None:
    """E8"""
    keys = {
        verifiers.scram_secret(typed, "pbkdf2", salt=bytes(16), iterations=1000).stored_key
        for typed in ("\u00e9t\u00e9 \u2168", "e\u0301te\u0301\u00a0IX", "\u00ade\u0301t\u00e9 IX")
    }
    assert len(keys) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sesame",
        SCRAM + "\n",
        SCRAM + "$" + KEY,
        SCRAM.replace("argon2id13", "argon2id-13"),
        SCRAM.replace("t=1", "t=0"),
        SCRAM.replace("m=1024", "m=8"),
        SCRAM.replace("t=1,m=1024", "t=99999,m=1048576"),
        SCRAM.replace("argon2id13$t=1,m=1024", "pbkdf2$i=10"),
        SCRAM.replace("argon2id13$t=1,m=1024", "pbkdf2$t=1,m=1024"),
        SCRAM.replace(SALT, "c2FsdA=="),
        SCRAM.replace(KEY, SALT),
        SCRAM.replace(KEY, KEY.rstrip("=")),
        SCRAM.replace(KEY, KEY[:-2] + "9="),
    ],
)
def test_what_is_no_verifier_of_scram_is_refused_when_it_is_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|must be|takes too long"):
        verifiers.parse_scram(text)


# --- SASLprep ---


@pytest.mark.parametrize(
    ("typed", "prepared"),
    [("I\u00adX", "IX"), ("user", "user"), ("USER", "USER"), ("\u00aa", "a"), ("\u2168", "IX"), ("a\u00a0b", "a b")],
)
def test_saslprep_does_as_the_examples_of_rfc_4013(typed: str, prepared: str) -> None:
    """E7, E8"""
    assert saslprep(typed) == prepared


@pytest.mark.parametrize("typed", ["\x07", "\u0627\u0031", "\u0627a\u0627", "\ue000", "\u0221", "\ufffd", "\U000e0001"])
def test_saslprep_refuses_what_may_not_occur(typed: str) -> None:
    """E7, E8"""
    with pytest.raises(ValueError, match=r"may not|must") as refused:
        saslprep(typed)
    assert typed not in str(refused.value)


def test_saslprep_lets_text_run_from_right_to_left() -> None:
    assert saslprep("\u0627\u0031\u0628") == "\u0627\u0031\u0628"
