"""`wamplex certificate`: for whom it is, who may read the key, and what is never overwritten."""

import ssl
import stat
from pathlib import Path

import pytest
from cryptography.x509 import load_der_x509_certificate

from router.config.pem import names_of
from tests.router.secure import wamplex


def test_the_certificate_of_the_command_is_for_its_names_and_the_key_is_for_its_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = ("--name", "dev.example.com", "--name", "*.dev.example.com", "--name", "::1")
    done = wamplex("certificate", *names, "--days", "30")
    assert (done.returncode, done.stderr) == (0, "")
    assert "      certificate: tls/cert.pem\n      key: tls/key.pem\n" in done.stdout
    assert "SSL_CERT_FILE=tls/cert.pem" in done.stdout
    assert stat.S_IMODE((tmp_path / "tls" / "key.pem").stat().st_mode) == 0o600
    octets = ssl.PEM_cert_to_DER_cert((tmp_path / "tls" / "cert.pem").read_text())
    certificate = load_der_x509_certificate(octets)
    assert names_of(certificate) == ["dev.example.com", "*.dev.example.com"]
    assert 29 < (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days < 31


def test_the_command_replaces_files_only_if_it_is_told_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert wamplex("certificate", "--out", "here").returncode == 0
    before = (tmp_path / "here" / "key.pem").read_bytes()
    said = wamplex("certificate", "--out", "here")
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr == "here/cert.pem is there already; --force replaces it\n"
    assert (tmp_path / "here" / "key.pem").read_bytes() == before
    (tmp_path / "here" / "key.pem").chmod(0o644)
    assert wamplex("certificate", "--out", "here", "--force").returncode == 0
    assert (tmp_path / "here" / "key.pem").read_bytes() != before
    assert stat.S_IMODE((tmp_path / "here" / "key.pem").stat().st_mode) == 0o600


@pytest.mark.parametrize("arguments", [("--name", "a b"), ("--name", ""), ("--days", "0"), ("--days", "9999")])
def test_the_command_makes_nothing_of_nonsense(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert wamplex("certificate", *arguments).returncode == 2
    assert list(tmp_path.iterdir()) == []
