"""Several certificates on one listener: who asks for which name is shown which, and is bound to that one."""

import socket
import ssl
from collections.abc import Callable
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate
from OpenSSL import SSL

from router.config.pem import names_of
from router.config.tls import OtherCertificate, Tls
from router.log import tell_unraisable
from tests.certificates import write_certificate
from tests.router.transports.fakes import run
from tests.router.transports.test_evidence import HELLO, Browser, Sockets, door

NAMES = {
    "first": ["localhost"],
    "shop": ["shop.example.com", "WWW.shop.example.com"],
    "any": ["*.example.com", "shop.example.com"],
}
VERSIONS = {SSL.TLS1_2_VERSION: "tls-unique", SSL.TLS1_3_VERSION: "tls-exporter"}


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    pairs = {}
    for name, names in NAMES.items():
        folder = tmp_path_factory.mktemp(name)
        write_certificate(folder, names=names)
        pairs[name] = {"certificate": folder / "cert.pem", "key": folder / "key.pem"}
    first = pairs.pop("first")
    return Tls(**first, others=tuple(OtherCertificate(**pair) for pair in pairs.values()))


@pytest.fixture
def sockets() -> Sockets:
    return Sockets()


def asking(sockets: Sockets, name: bytes | None, version: int) -> Callable[[int], SSL.Connection]:
    """A client that asks for a name, by an OpenSSL of its own: it may ask for what Python would not."""

    def connect(port: int) -> SSL.Connection:
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_min_proto_version(version)
        context.set_max_proto_version(version)
        plain = socket.create_connection(("127.0.0.1", port), 10)
        plain.setblocking(True)
        connection = SSL.Connection(context, plain)
        if name is not None:
            connection.set_tlsext_host_name(name)
        connection.set_connect_state()
        sockets.append(connection)
        connection.do_handshake()
        connection.sendall(HELLO)
        assert connection.recv(4)[0] == 0x7F
        return connection

    return connect


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (None, "first"),
        (b"localhost", "first"),
        (b"elsewhere.org", "first"),
        (b"example.com", "first"),  # a wildcard stands for one component
        (b"a.b.example.com", "first"),
        (b"shop.example.com", "shop"),
        (b"www.shop.example.com", "shop"),
        (b"SHOP.Example.Com.", "shop"),
        (b"blog.example.com", "any"),
    ],
)
def test_a_client_is_shown_the_certificate_that_it_asks_for_and_its_channel_is_that_one(
    tls: Tls, sockets: Sockets, name: bytes | None, shown: str, version: int
) -> None:
    """B19, E9, E12"""

    async def main() -> None:
        async with door(tls) as at:
            client, evidence = await at.lets_in(asking(sockets, name, version))
            certificate = client.get_peer_certificate(as_cryptography=True)
            assert names_of(certificate) == [each.lower() for each in NAMES[shown]]
            octets = certificate.public_bytes(Encoding.DER)
            assert evidence.channel_id("tls-server-end-point") == sha256(octets).digest()
            own = {
                "tls-unique": client.get_finished(),
                "tls-exporter": client.export_keying_material(b"EXPORTER-Channel-Binding", 32, b""),
            }
            assert evidence.channel_id(VERSIONS[version]) == own[VERSIONS[version]]

    run(main())


@pytest.mark.parametrize("name", [b"\xff\xfe.example.com", b"\xc3\xa9.example.com"])
def test_a_name_that_is_none_ends_the_handshake_with_an_alert_and_not_a_line_in_the_log(
    tls: Tls, sockets: Sockets, name: bytes, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """J1"""
    monkeypatch.setattr("sys.unraisablehook", tell_unraisable)

    async def main() -> None:
        async with door(tls) as at:
            await at.turns_away(lambda port: told(asking(sockets, name, SSL.TLS1_3_VERSION), port))

    run(main())
    assert capfd.readouterr().err == ""


def told(connect: Callable[[int], SSL.Connection], port: int) -> None:
    """An alert, not the mere end of the connection, is why the client fails."""
    with pytest.raises(SSL.Error, match="alert"):
        connect(port)
    raise ConnectionError


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_that_is_resumed_has_the_end_point_of_its_certificate(
    tls: Tls, sockets: Sockets, version: ssl.TLSVersion
) -> None:
    """E9"""

    async def main() -> None:
        async with door(tls) as at:
            browser = Browser(sockets, version, name="blog.example.com")
            client, evidence = await at.lets_in(browser)
            octets = client.getpeercert(True)
            assert names_of(load_der_x509_certificate(octets)) == ["*.example.com", "shop.example.com"]
            client, evidence = await at.lets_in(browser)
            assert client.session_reused
            assert evidence.channel_id("tls-server-end-point") == sha256(octets).digest()

    run(main())
