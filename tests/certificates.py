"""Certificates for tests, valid today: self-signed ones of servers, and authorities that sign those of clients."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

PLAIN = serialization.NoEncryption()
DAY = timedelta(days=1)

Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
SHA256 = hashes.SHA256()


def new_key() -> ec.EllipticCurvePrivateKey:
    """A private key."""
    return ec.generate_private_key(ec.SECP256R1())


def pem_of(key: Key, protection: serialization.KeySerializationEncryption = PLAIN) -> bytes:
    """A private key as it stands in a file."""
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)


def name_of(common_name: str) -> x509.Name:
    """A name of subjects and issuers."""
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])


def write_certificate(
    folder: Path,
    key: Key | None = None,
    algorithm: hashes.HashAlgorithm | None = SHA256,
    *,
    names: Sequence[str] = ("localhost",),
    life: tuple[timedelta, timedelta] = (-DAY, DAY),
) -> Key:
    """Write `cert.pem` and `key.pem` for these names and 127.0.0.1 into the folder, self-signed; returns the key.

    The certificate's `life` begins and ends so long from now.
    """
    key = key or new_key()
    addresses = [*map(x509.DNSName, names), x509.IPAddress(ip_address("127.0.0.1"))]
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name_of("localhost"))
        .issuer_name(name_of("localhost"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + life[0])
        .not_valid_after(now + life[1])
        .add_extension(x509.SubjectAlternativeName(addresses), critical=False)
        .sign(key, algorithm)  # type: ignore[arg-type]
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(pem_of(key))
    return key


class Authority:
    """Somebody who signs the certificates of clients."""

    def __init__(self, folder: Path, name: str) -> None:
        """Write the authority's own certificate, `<name>.pem`."""
        self.folder = folder
        self.name = name
        self.key = new_key()
        self.file = folder / f"{name}.pem"
        certificate = self._sign(name, self.key, datetime.now(UTC) + DAY, is_authority=True)
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str, until: datetime | None = None) -> "Client":
        """Write a client's certificate and key into one file, `<name>.pem`; it is good for a day, or `until` then."""
        key = new_key()
        certificate = self._sign(name, key, until or datetime.now(UTC) + DAY, is_authority=False)
        file = self.folder / f"{name}.pem"
        file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + pem_of(key))
        return Client(file, certificate)

    def _sign(self, name: str, key: Key, until: datetime, *, is_authority: bool) -> x509.Certificate:
        return (
            x509.CertificateBuilder()
            .subject_name(name_of(name))
            .issuer_name(name_of(self.name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(until - 2 * DAY)
            .not_valid_after(until)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .sign(self.key, SHA256)
        )


class Client:
    """A client's certificate."""

    def __init__(self, file: Path, certificate: x509.Certificate) -> None:
        self.file = file
        self.certificate = certificate

    @property
    def der(self) -> bytes:
        """The certificate as TLS shows it."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def fingerprint(self) -> str:
        """Its SHA-256 in hexadecimal, as config.yaml names it."""
        return self.certificate.fingerprint(SHA256).hex()
