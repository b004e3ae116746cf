"""What is wrong with TLS, client certificates and keys in a config.yaml is told with its line, before anybody comes."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from router.config import load
from router.config.advice import warnings
from tests.certificates import Authority, pem_of, write_certificate
from tests.realms.test_trustroots import SPEC_CHAIN, SPEC_REALM, SPEC_ROOT
from tests.router.test_config_mistakes import report

KEY = "11" * 32
PUBLIC = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(KEY)).public_key().public_bytes_raw().hex()

TLS = "{certificate: cert.pem, key: key.pem}"
ASKING = "{certificate: cert.pem, key: key.pem, client_certificates: {authorities: authority.pem}}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_certificate(tmp_path)
    authority = Authority(tmp_path, "authority")
    (tmp_path / "with_key.pem").write_bytes(authority.file.read_bytes() + pem_of(authority.key))
    (tmp_path / "text.pem").write_text("no certificate")
    (tmp_path / "router.key").write_text(KEY + "\n")
    (tmp_path / "short.key").write_text("11" * 31)
    return tmp_path


def config(authentication: str, *listeners: str, principal: str = "cryptosign: [" + "ab" * 32 + "]") -> str:
    """A configuration with this authentication in line 4, and these listeners from line 9 on."""
    lines = [
        "realms:",
        "  - name: realm1",
        "    authentication:",
        f"      {authentication}",
        f"    principals: [{{authid: ann, role: user, {principal}}}]",
        "    roles:",
        "      - {name: user, permissions: []}",
        "listeners:",
        *(f"  - {{port: {8080 + number}, tls: {tls}}}" for number, tls in enumerate(listeners or (TLS,))),
    ]
    return "\n".join(lines)


MISTAKES = [
    ("tls: true", [ASKING], ""),
    ("tls: true", [TLS, ASKING], ""),
    ("tls: true", [TLS],
     "4:12: nobody could join by certificate: no listener asks for one, see `client_certificates` of its `tls`"),
    ("tls: true", ["false"],
     "4:12: nobody could join by certificate: no listener asks for one, see `client_certificates` of its `tls`"),
    ("dynamic: {procedure: com.example.who, methods: [tls]}", [ASKING], ""),
    ("dynamic: {procedure: com.example.who, methods: [ticket, tls]}", [TLS],
     "4:54: nobody could join by certificate: no listener asks for one, see `client_certificates` of its `tls`"),
    ("cryptosign: {channel_binding: required}", [TLS], ""),
    ("cryptosign: {channel_binding: required}", ["false", TLS], ""),
    ("cryptosign: {channel_binding: optional}", ["false"], ""),
    ("cryptosign: {channel_binding: required}", ["false"],
     "4:37: nobody could join with a channel binding: no listener has `tls`"),
    ("scram: {channel_binding: required}", ["false"],
     "4:32: nobody could join with a channel binding: no listener has `tls`"),
    ("cryptosign: true", [ASKING.replace("authority.pem", "text.pem")],
     "9:96: text.pem: not a certificate in PEM"),
    ("cryptosign: true", [ASKING.replace("authority.pem", "nothing.pem")],
     "9:96: nothing.pem: no such file"),
    ("cryptosign: {router_key: {file: router.key}}", [TLS], ""),
    ("cryptosign: {router_key: {file: short.key}}", [TLS],
     "4:32: expected an Ed25519 private key, 64 hexadecimal digits"),
    ("cryptosign: {router_key: {file: text.pem}}", [TLS],
     "4:32: expected an Ed25519 private key, 64 hexadecimal digits"),
    (f'cryptosign: {{router_key: "{KEY}"}}', [TLS],
     "4:32: the router's key is a secret: give it as {env: VARIABLE} or {file: PATH}"),
]  # fmt: skip


LISTENERS = [
    ("tls: {certificate: cert.pem, key: key.pem, others: [{certificate: b/cert.pem, key: b/key.pem}]}", ""),
    ("tls: {certificate: cert.pem, key: key.pem, minimum_version: \"1.3\", hsts: 0}", ""),
    ("tls: {certificate: cert.pem, key: key.pem, others: [{certificate: b/cert.pem, key: key.pem}]}",
     "9:98: key.pem: the key does not belong to the certificate"),
    ("tls: {certificate: cert.pem, key: key.pem, others: [{certificate: b/cert.pem}]}", "9:67: `key` is missing"),
    ("tls: {certificate: cert.pem, key: key.pem, others: [{certificate: cert.pem, key: key.pem}]}",
     "9:81: cert.pem: has no name but those of certificates above: no client would get it"),
    ("tls: {certificate: cert.pem, key: key.pem, others: [{certificate: with_key.pem, key: with_key.pem}]}",
     "9:81: with_key.pem: has no name (subjectAltName) of a host: no client would get it"),
    ("tls: {certificate: cert.pem, key: key.pem, minimum_version: 1.2}",
     "9:75: expected 1.2 or 1.3, found the number `1.2`; put it in quotes"),
    ("tls: {certificate: cert.pem, key: key.pem, minimum_version: \"1.1\"}",
     "9:75: expected 1.2 or 1.3, found `1.1`; did you mean `1.3`?"),
    ("tls: {certificate: cert.pem, key: key.pem, hsts: -1}",
     "9:64: expected a whole number from 0 to 316224000, found the number `-1`"),
    ("redirect_to_https: true", ""),
    ("redirect_to_https: {port: 8443, host: www.example.com}", ""),
    ("redirect_to_https: {host: 'www.example.com:443'}",
     "9:41: `www.example.com:443` is no host name; the port has its key"),
    ("redirect_to_https: true, tls: {certificate: cert.pem, key: key.pem}",
     "9:34: `tls` is on here already: plain HTTP never comes"),
    ("redirect_to_https: true, rawsocket: true",
     "9:51: with `redirect_to_https` nothing but that is spoken here: leave `rawsocket` out"),
    ("redirect_to_https: true, http: false", "9:46: `redirect_to_https` needs HTTP: leave `http` out"),
]  # fmt: skip


@pytest.mark.parametrize(("keys", "expected"), LISTENERS)
def test_what_is_wrong_with_certificates_and_redirects_is_told(folder: Path, keys: str, expected: str) -> None:
    (folder / "b").mkdir()
    write_certificate(folder / "b", names=["b.example.com"])
    text = config("cryptosign: true").rpartition("\n")[0]
    said = report(folder, f"{text}\n  - {{port: 1, {keys}}}", {}).replace(f"{folder}/", "")
    assert said == (f"config.yaml:{expected}" if expected else "")


@pytest.mark.parametrize(("authentication", "listeners", "expected"), MISTAKES)
def test_what_does_not_fit_together_is_told(
    folder: Path, authentication: str, listeners: list[str], expected: str
) -> None:
    """E11, E12, E13, E17, J1"""
    assert report(folder, config(authentication, *listeners)) == (f"config.yaml:{expected}" if expected else "")


def test_the_routers_own_key_must_not_be_a_clients(folder: Path) -> None:
    """E13"""
    text = config("cryptosign: {router_key: {file: router.key}}", principal=f"cryptosign: [{PUBLIC.upper()}]")
    told = report(folder, text)
    assert told.startswith("config.yaml:5:56: ")
    assert "is the router's own key, which signs for anybody" in told
    assert KEY not in told


ROOT = f"address: '{SPEC_ROOT}', role: user, realm: '{SPEC_REALM}', contract: '{SPEC_ROOT}'"


@pytest.mark.parametrize(
    ("trustroots", "expected"),
    [
        (f"{{{ROOT}}}", ""),
        (f"{{{ROOT}, certificates: kept.json}}", ""),
        (f"{{{ROOT.replace('user', 'usr')}}}", "4:95: the realm has no role `usr`; did you mean `user`?"),
        (f"{{{ROOT}}}, {{{ROOT}}}",
         f"4:221: a second trust root `{SPEC_ROOT}`; the first is in line 4"),
        (f"{{{ROOT[:-44]}{SPEC_ROOT}}}",
         "4:164: expected an address: `0x` and 40 hexadecimal digits, "
         f"found the number `{SPEC_ROOT}`; put it in quotes"),
        (f"{{{ROOT}, certificates: nothing.json}}", "4:224: nothing.json: no such file"),
        (f"{{{ROOT}, certificates: text.pem}}", "4:224: text.pem: expected a JSON list of certificates"),
        (f"{{{ROOT}, certificates: delegate.json}}",
         "4:224: delegate.json: certificate 1 is not one of an authority"),
        (f"{{{ROOT}, certificates: damaged.json}}", "4:224: damaged.json: certificate 1 is not signed by its issuer"),
    ],
)  # fmt: skip
def test_a_trust_root_that_cannot_be_used_is_told(folder: Path, trustroots: str, expected: str) -> None:
    """E14"""
    delegate, *authorities = SPEC_CHAIN
    (folder / "kept.json").write_text(json.dumps(authorities))
    (folder / "delegate.json").write_text(json.dumps([delegate]))
    damaged = [
        [data | {"message": data["message"] | {"capabilities": 1}}, signature] for data, signature in authorities
    ]
    (folder / "damaged.json").write_text(json.dumps(damaged))
    told = report(folder, config(f"cryptosign: {{trustroots: [{trustroots}]}}"))
    assert told == (f"config.yaml:{expected}" if expected else "")


@pytest.mark.parametrize(
    ("authentication", "listeners", "expected"),
    [
        ("cryptosign: {channel_binding: required}", ["false", TLS], ["realm1 by cryptosign on 127.0.0.1 port 8080"]),
        ("scram: {channel_binding: required}", [TLS, "false, authmethods: [wamp-scram]"],
         ["realm1 by wamp-scram on 127.0.0.1 port 8081"]),
        ("cryptosign: {channel_binding: required}", [TLS, "false, authmethods: [anonymous]"], []),
        ("cryptosign: {channel_binding: required}", [TLS], []),
        ("cryptosign: true", ["false", TLS], []),
    ],
)  # fmt: skip
def test_where_a_required_binding_cannot_be_had_there_is_a_warning(
    folder: Path, authentication: str, listeners: list[str], expected: list[str]
) -> None:
    """E12"""
    path = folder / "config.yaml"
    path.write_text(config(authentication, *listeners))
    told = [warning for warning in warnings(load(path, {})) if "channel binding" in warning]
    assert told == [f"nobody can join {where}: it requires a channel binding, hence tls" for where in expected]


def test_a_listener_that_redirects_is_no_danger_and_wants_https_somewhere(folder: Path) -> None:
    text = config("ticket: true", "false", principal="ticket: {file: text.pem}")
    text = text.replace("port: 8080, tls: false", "port: 80, host: 0.0.0.0, redirect_to_https: true")
    (folder / "config.yaml").write_text(text + "\n  - {port: 8080}")
    assert list(warnings(load(folder / "config.yaml"))) == [
        "whoever comes to 0.0.0.0 port 80 is sent on to https, which no listener speaks: does a proxy?"
    ]
    (folder / "config.yaml").write_text(f"{text}\n  - {{port: 8080, tls: {TLS}}}")
    assert list(warnings(load(folder / "config.yaml"))) == []
