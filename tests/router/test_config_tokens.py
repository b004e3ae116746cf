"""What is wrong with tokens and logins in a config.yaml is told with line, column, and what would be right."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from router.config import InvalidConfig, load, warnings

KEY = rsa.generate_private_key(65537, 2048)

REALM = """\
realms:
  - name: realm1
    authentication:
      {authentication}
    principals: [{{authid: ann, role: user, ticket: {{env: TICKET}}}}]
    roles: [{{name: user}}]
"""
LONG = "a secret of thirty-two octets, at least"


def report(folder: Path, authentication: str, more: str = "") -> str:
    """The report, without the folder of the file; empty when nothing is wrong."""
    (folder / "public.pem").write_bytes(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (folder / "private.pem").write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "keys.json").write_text("{}")
    path = folder / "config.yaml"
    path.write_text(REALM.format(authentication=authentication) + more)
    try:
        load(path, {"LONG": LONG, "SHORT": "short", "TICKET": "a ticket"})
    except InvalidConfig as invalid:
        return str(invalid).replace(f"{folder}/", "").removeprefix("config.yaml:")
    return ""


@pytest.mark.parametrize(
    "jwt",
    [
        "{secret: {env: LONG}}",
        "{public_key: public.pem}",
        "{secret: {env: LONG}, public_key: public.pem, algorithms: [RS256, HS256]}",
        "{jwks_url: https://id.example.com/keys, algorithms: [ES256]}",
        "{jwks_url: http://localhost:8000/keys}",
    ],
)
def test_keys_that_fit_are_taken(tmp_path: Path, jwt: str) -> None:
    assert report(tmp_path, f"jwt: {jwt}") == ""


@pytest.mark.parametrize(
    ("jwt", "expected"),
    [
        ("true", "4:12: no token could be verified: one of secret, public_key, jwks, jwks_url is needed"),
        ("{secret: {env: SHORT}}", "4:21: a secret for HS256 needs at least 32 octets, this one has 5"),
        ("{secret: {file: public.pem}}", "4:21: this is a key for another algorithm: whoever knows the public part "
         "could sign with it"),
        ("{public_key: private.pem}", "4:25: private.pem: a private key: the router needs the public one only, so keep "
         "this one where tokens are signed"),
        ("{public_key: nothing.pem}", "4:25: nothing.pem: no such file"),
        ("{public_key: keys.json}", "4:25: keys.json: not a public key in PEM"),
        ("{jwks: keys.json}", "4:19: keys.json: not a JSON Web Key Set"),
        ("{jwks_url: http://id.example.com/}", "4:23: an https URL is needed; http is for this machine only"),
        ("{public_key: public.pem, jwks: keys.json}", "4:43: keys.json: not a JSON Web Key Set\n"
         "config.yaml:4:43: the public keys come from one place, and there is `public_key`"),
        ("{public_key: public.pem, algorithms: [ES256]}", "4:25: this is for RS256, which `algorithms` leaves out\n"
         "config.yaml:4:49: there is no key for ES256"),
        ("{secret: {env: LONG}, role: admin}", "4:40: the realm has no role `admin`; known here: user"),
    ],
)  # fmt: skip
def test_keys_that_do_not_fit_are_told_of(tmp_path: Path, jwt: str, expected: str) -> None:
    assert report(tmp_path, f"jwt: {jwt}") == expected


@pytest.mark.parametrize(
    ("authentication", "more", "expected"),
    [
        ("{ticket: true, cookie: true}", "web: {login: {realm: realm1}}", ""),
        ("{ticket: true, cookie: true}", "", "4:30: nobody could have a cookie: there is no `login` in `web`"),
        ("{ticket: true}", "web: {login: {realm: realm2}}", "7:22: there is no realm `realm2`; did you mean `realm1`?"),
        ("{cookie: true}", "web: {login: {realm: realm1}}", "7:22: nobody could log in: the realm needs the method "
         "`ticket`, which `authmethods` of listeners may leave out"),
        ("{ticket: true}", "web: {login: {realm: realm1}}\nlisteners: [{http: false}]",
         "7:14: nobody could log in: no listener has `http`"),
    ],
)  # fmt: skip
def test_a_login_needs_what_it_is_for(tmp_path: Path, authentication: str, more: str, expected: str) -> None:
    assert report(tmp_path, authentication, more) == expected


def test_a_login_that_can_be_read_on_its_way_is_warned_of(tmp_path: Path) -> None:
    more = "web: {login: {realm: realm1}}\nlisteners: [{host: 0.0.0.0}]"
    assert report(tmp_path, "{ticket: true}", more) == ""
    said = list(warnings(load(tmp_path / "config.yaml", {"TICKET": "a ticket"})))
    assert any("passwords of logins can be read on their way to 0.0.0.0" in warning for warning in said)
