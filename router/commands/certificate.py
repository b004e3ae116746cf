"""`wamplex certificate`: a self-signed certificate for development, and its key.

It speaks for the names that it is made for and for nothing else: unlike the key of an authority that browsers are told
to trust, its key is good for no other site if it gets lost.
"""

import argparse
import ipaddress
import os
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID

from router.commands.configuration import Commands, Refused

DEFAULT_NAMES: Final = ("localhost", "127.0.0.1", "::1")
DEFAULT_DAYS: Final = 365
MOST_DAYS: Final = 825
"""Apple's systems take no certificate that is valid for longer."""

SKEW: Final = timedelta(hours=1)
"""For clocks that are behind: virtual machines, phones."""

KEY_MODE: Final = 0o600
CERTIFICATE_MODE: Final = 0o644

_NAME: Final = re.compile(r"(?=.{1,253}\Z)(\*\.)?[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")

_ADVICE: Final = """\
{certificate}: a certificate for {names}, valid until {last}
{key}: its key

For a listener in config.yaml, where paths start from its folder:

    tls:
      certificate: {certificate}
      key: {key}

Nobody trusts it yet. In a browser, open https://{host}:PORT/ and accept it there: a wss connection of a page
is refused without a question. For good, Chromium on Linux takes it by

    certutil -d sql:$HOME/.pki/nssdb -A -t P,, -n wamplex -i {certificate}

autobahn-python, on asyncio as on Twisted, and curl (node: NODE_EXTRA_CA_CERTS) take it from the environment:

    SSL_CERT_FILE={certificate} python backend.py
"""


def add_to(commands: Commands) -> None:
    """Describe the command."""
    about = "make a self-signed certificate for development"
    making = commands.add_parser("certificate", help=about, description=about.capitalize() + ".")
    making.add_argument(
        "--name",
        metavar="NAME",
        dest="names",
        action="append",
        type=_name,
        help="a host name, such as *.example.com, or an IP address; may be repeated; by default "
        + ", ".join(DEFAULT_NAMES),
    )
    making.add_argument(
        "--days", metavar="N", type=_days, default=DEFAULT_DAYS, help=f"how long it is valid; {DEFAULT_DAYS} by default"
    )
    making.add_argument("--out", metavar="FOLDER", type=Path, default=Path("tls"), help="where to; tls by default")
    making.add_argument("--force", action="store_true", help="replace files that are there")
    making.set_defaults(run=make)


def make(asked: argparse.Namespace) -> int:
    """Make it; raises Refused."""
    names: list[str] = list(dict.fromkeys(asked.names or DEFAULT_NAMES))
    files = asked.out / "cert.pem", asked.out / "key.pem"
    for file in files:
        if not asked.force and os.path.lexists(file):
            raise Refused(f"{file} is there already; --force replaces it")
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _certify(key, names, asked.days)
    try:
        asked.out.mkdir(parents=True, exist_ok=True)
        _write(files[1], _pem_of(key), KEY_MODE)
        _write(files[0], certificate.public_bytes(serialization.Encoding.PEM), CERTIFICATE_MODE)
    except OSError as error:
        raise Refused(f"cannot write to {asked.out}: {error.strerror}") from None
    sys.stdout.write(
        _ADVICE.format(
            certificate=files[0],
            key=files[1],
            names=", ".join(names),
            host=f"[{names[0]}]" if ":" in names[0] else names[0].replace("*", "www"),
            last=f"{certificate.not_valid_after_utc:%Y-%m-%d}",
        )
    )
    return 0


def _certify(key: ec.EllipticCurvePrivateKey, names: list[str], days: int) -> x509.Certificate:
    """Sign it; the extensions are those that strict verifiers ask for (Python 3.13, RFC 5280)."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0][:64])])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )


def _pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(file: Path, octets: bytes, mode: int) -> None:
    """Write a file as a whole or not at all: a router may be watching it."""
    half = file.with_name(f".{file.name}.new")
    half.unlink(missing_ok=True)
    with open(os.open(half, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "wb") as opened:
        opened.write(octets)
    half.replace(file)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _name(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        pass
    try:
        name = text.lower().encode("idna").decode("ascii") if not text.isascii() else text.lower()
    except UnicodeError:
        name = ""
    if _NAME.fullmatch(name) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a host name nor an IP address")
    return name


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"expected a number of days from 1 to {MOST_DAYS}")
    return int(text)
