"""What a connection proves about its peer, seen from both of its ends: real TLS, 1.2 and 1.3."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256, sha384
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.hashes import SHA384
from OpenSSL import SSL

from realms.transport import Evidence
from router.config.tls import ClientCertificates, Tls
from router.tls import UnusableTls, context_of
from router.transports.tls_exporter import keying_material
from tests.certificates import Authority, write_certificate
from tests.router.transports.fakes import Sessions, listening, run, until

HELLO = bytes((0x7F, 0xF1, 0, 0))
BINDINGS = ("tls-unique", "tls-exporter", "tls-server-end-point", "tls-whatever")
TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def config(folder: Path, authority: Authority | None = None, *, required: bool = False) -> Tls:
    asked = None if authority is None else ClientCertificates(authorities=authority.file, required=required)
    return Tls(certificate=folder / "cert.pem", key=folder / "key.pem", client_certificates=asked)


class Door:
    """A listener with TLS, and what its connections prove."""

    def __init__(self, port: int, sessions: Sessions) -> None:
        self.port = port
        self.sessions = sessions

    async def lets_in(self, client: Callable[[int], Any]) -> tuple[Any, Evidence]:
        """What a client that runs in a thread says, and what the router has of the connection that it opened."""
        before = len(self.sessions)
        said = await asyncio.to_thread(client, self.port)
        await until(lambda: len(self.sessions) > before)
        return said, self.sessions[-1].transport.evidence()

    async def turns_away(self, client: Callable[[int], Any]) -> None:
        before = len(self.sessions)
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.to_thread(client, self.port)
        assert len(self.sessions) == before


@asynccontextmanager
async def door(tls: Tls | None) -> AsyncIterator[Door]:
    async with listening(None if tls is None else context_of(tls)) as (listener, sessions):
        yield Door(listener.port, sessions)


class Sockets(list[Any]):
    """The client ends: they stay open until the test is over, as the router is asked about them."""

    def __del__(self) -> None:
        for one in self:
            one.close()


@pytest.fixture
def sockets() -> Sockets:
    return Sockets()


def openssl(sockets: Sockets, version: int) -> Callable[[int], SSL.Connection]:
    """A client that speaks one version of TLS, by an OpenSSL of its own."""

    def connect(port: int) -> SSL.Connection:
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_min_proto_version(version)
        context.set_max_proto_version(version)
        plain = socket.create_connection(("127.0.0.1", port), 10)
        plain.setblocking(True)
        connection = SSL.Connection(context, plain)
        connection.set_connect_state()
        connection.do_handshake()
        connection.sendall(HELLO)
        assert connection.recv(4)[0] == 0x7F
        sockets.append(connection)
        return connection

    return connect


class Browser:
    """A client by Python's `ssl`, which comes back with the session that it had."""

    def __init__(
        self, sockets: Sockets, version: ssl.TLSVersion, certificate: Path | None = None, name: str | None = None
    ) -> None:
        self.name = name
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        self.context.minimum_version = self.context.maximum_version = version
        if certificate is not None:
            self.context.load_cert_chain(certificate)
        self.session: ssl.SSLSession | None = None
        self.sockets = sockets

    def __call__(self, port: int) -> ssl.SSLSocket:
        plain = socket.create_connection(("127.0.0.1", port), 10)
        connection = self.context.wrap_socket(plain, server_hostname=self.name, session=self.session)
        self.sockets.append(connection)
        connection.sendall(HELLO)
        if not connection.recv(4):
            raise ConnectionError
        self.session = connection.session
        return connection


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_certificate(tmp_path)
    return tmp_path


# --- the channel ---


def test_both_ends_of_tls_12_know_the_channel_by_its_first_finished_message(folder: Path, sockets: Sockets) -> None:
    """E9, E12"""

    async def main() -> None:
        async with door(config(folder)) as at:
            client, evidence = await at.lets_in(openssl(sockets, SSL.TLS1_2_VERSION))
            assert evidence.channel_id("tls-unique") == client.get_finished()
            assert evidence.channel_id("tls-exporter") is None

    run(main())


def test_both_ends_of_tls_13_export_the_same_keying_material(folder: Path, sockets: Sockets) -> None:
    """E12"""

    async def main() -> None:
        async with door(config(folder)) as at:
            client, evidence = await at.lets_in(openssl(sockets, SSL.TLS1_3_VERSION))
            exported = client.export_keying_material(b"EXPORTER-Channel-Binding", 32, b"")
            assert len(exported) == 32
            assert evidence.channel_id("tls-exporter") == exported
            assert evidence.channel_id("tls-unique") is None

    run(main())


@pytest.mark.parametrize(("version", "binding"), [(TLS12, "tls-unique"), (TLS13, "tls-exporter")])
def test_no_two_channels_are_the_same(folder: Path, sockets: Sockets, version: ssl.TLSVersion, binding: str) -> None:
    """E12"""

    async def main() -> None:
        async with door(config(folder)) as at:
            seen = set()
            for _ in range(3):
                _, evidence = await at.lets_in(Browser(sockets, version))
                assert evidence.channel_id(binding) == evidence.channel_id(binding)
                seen.add(evidence.channel_id(binding))
            assert len(seen) == 3

    run(main())


def test_a_resumed_session_of_tls_12_has_no_channel_id(folder: Path, sockets: Sockets) -> None:
    """E9, E12"""

    async def main() -> None:
        async with door(config(folder)) as at:
            browser = Browser(sockets, TLS12)
            _, evidence = await at.lets_in(browser)
            assert evidence.channel_id("tls-unique") is not None
            connection, evidence = await at.lets_in(browser)
            assert connection.session_reused
            assert evidence.channel_id("tls-unique") is None

    run(main())


@pytest.mark.parametrize("version", [TLS12, TLS13])
def test_the_end_point_of_a_channel_is_the_hash_of_the_routers_certificate(
    folder: Path, sockets: Sockets, version: ssl.TLSVersion
) -> None:
    """E9"""

    async def main() -> None:
        async with door(config(folder)) as at:
            client, evidence = await at.lets_in(Browser(sockets, version))
            assert evidence.channel_id("tls-server-end-point") == sha256(client.getpeercert(True)).digest()

    run(main())


def test_the_end_point_takes_the_hash_that_signed_the_certificate_and_without_one_there_is_none(folder: Path) -> None:
    """E9"""
    write_certificate(folder, algorithm=SHA384())
    octets = ssl.PEM_cert_to_DER_cert((folder / "cert.pem").read_text())
    assert context_of(config(folder)).end_point == sha384(octets).digest()
    write_certificate(folder, ed25519.Ed25519PrivateKey.generate(), None)
    assert context_of(config(folder)).end_point is None


def test_a_connection_without_tls_proves_nothing_but_its_address(sockets: Sockets) -> None:
    """E12, E17"""

    def connect(port: int) -> None:
        sockets.append(socket.create_connection(("127.0.0.1", port), 10))
        sockets[-1].sendall(HELLO)

    async def main() -> None:
        async with door(None) as at:
            _, evidence = await at.lets_in(connect)
            assert evidence.address == "127.0.0.1"
            assert evidence.certificate is None
            assert [evidence.channel_id(binding) for binding in BINDINGS] == [None] * 4

    run(main())


def test_nobody_is_asked_for_a_type_of_channel_id_that_does_not_exist(folder: Path, sockets: Sockets) -> None:
    async def main() -> None:
        async with door(config(folder)) as at:
            _, evidence = await at.lets_in(Browser(sockets, TLS13))
            assert evidence.channel_id("tls-whatever") is None

    run(main())


def test_before_the_handshake_and_where_python_is_built_otherwise_there_is_no_keying_material() -> None:
    """E12"""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    connection = context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_side=True)
    assert keying_material(connection, b"EXPORTER-Channel-Binding", 32) is None

    class Other:
        """As a connection of a Python would look that keeps other things in other places."""

        def __init__(self, inner: object) -> None:
            self._sslobj = inner
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    for inner in (None, object(), connection._sslobj):  # type: ignore[attr-defined]
        assert keying_material(Other(inner), b"EXPORTER-Channel-Binding", 32) is None  # type: ignore[arg-type]


# --- the certificate ---


@pytest.mark.parametrize("version", [TLS12, TLS13])
def test_the_certificate_of_a_client_is_known_and_stays_known_when_its_tls_session_is_resumed(
    folder: Path, sockets: Sockets, version: ssl.TLSVersion
) -> None:
    """E17, J1"""
    authority = Authority(folder, "authority")
    ann = authority.issue("ann")

    async def main() -> None:
        async with door(config(folder, authority)) as at:
            browser = Browser(sockets, version, ann.file)
            resumed = []
            for _ in range(3):
                connection, evidence = await at.lets_in(browser)
                resumed.append(connection.session_reused)
                assert evidence.certificate == ann.der
            assert resumed == [False, True, True]
            _, evidence = await at.lets_in(Browser(sockets, version))
            assert evidence.certificate is None

    run(main())


@pytest.mark.parametrize("version", [TLS12, TLS13])
@pytest.mark.parametrize("required", [False, True])
def test_a_certificate_that_nobody_vouches_for_is_worse_than_none(
    folder: Path, sockets: Sockets, version: ssl.TLSVersion, required: bool
) -> None:
    """E17, J1"""
    authority = Authority(folder, "authority")
    late = authority.issue("late", datetime.now(UTC) - timedelta(minutes=1))
    stranger = Authority(folder, "stranger").issue("ann")

    async def main() -> None:
        async with door(config(folder, authority, required=required)) as at:
            await at.turns_away(Browser(sockets, version, stranger.file))
            await at.turns_away(Browser(sockets, version, late.file))
            if required:
                await at.turns_away(Browser(sockets, version))
            else:
                await at.lets_in(Browser(sockets, version))
            _, evidence = await at.lets_in(Browser(sockets, version, authority.issue("bob").file))
            assert evidence.certificate is not None

    run(main())


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_a_client_that_speaks_tls_11_at_most_is_turned_away(folder: Path, sockets: Sockets) -> None:
    """J1"""

    def connect(port: int) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        with socket.create_connection(("127.0.0.1", port), 10) as plain:
            context.wrap_socket(plain).close()

    async def main() -> None:
        async with door(config(folder)) as at:
            await at.turns_away(connect)

    run(main())


def test_files_that_are_gone_when_the_router_starts_are_named_in_one_line(folder: Path) -> None:
    """J1"""
    authority = Authority(folder, "authority")
    tls = config(folder, authority)
    authority.file.write_text("nothing")
    with pytest.raises(UnusableTls, match=r"^cannot use .*authority\.pem: not a certificate in PEM$"):
        context_of(tls)
    (folder / "key.pem").unlink()
    with pytest.raises(UnusableTls, match=r"^cannot use .*key\.pem: no such file$"):
        context_of(tls)
