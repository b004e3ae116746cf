"""A listening port, with and without TLS."""

import asyncio
import datetime
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from realms.endings import GOING_AWAY
from router.transports.flusher import Flusher
from router.transports.frames import frame_text
from router.transports.listener import listen
from router.transports.rawsocket_framing import frame_message
from router.transports.terms import Terms
from tests.router.transports.fakes import LoopClock, Peer, Sessions, listening, masked, request, run, until, websocket

HELLO = b'[1,"com.example",{"roles":{"caller":{}}}]'


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_websocket_and_rawsocket_work_with_tls_on_one_port(certificate: Path) -> None:
    """B17, B19, J1"""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(certificate)
        client = ssl.create_default_context(cafile=str(certificate))
        sessions = Sessions()
        terms = Terms(accept=sessions, clock=LoopClock(), flusher=Flusher(loop.call_soon))  # type: ignore[arg-type]
        listener = await listen(loop, terms, "127.0.0.1", 0, lambda: server)
        peers = []
        for hello in (request() + masked(1, HELLO), b"\x7f\xf1\0\0" + frame_message(HELLO)):
            peer = Peer(
                *await asyncio.open_connection("127.0.0.1", listener.port, ssl=client, server_hostname="localhost")
            )
            peers.append(peer)
            await peer.trickle(hello)
        await until(lambda: len(sessions) == 2 and all(session.received for session in sessions))
        for session in sessions:
            assert session.transport.details["secure"]
            session.transport.send(session.transport.wire.frame(b"last words"))
            session.transport.close(GOING_AWAY)
        await peers[0].head()
        assert await peers[0].frame() == (1, b"last words")
        assert await peers[1].reader.readexactly(4) == b"\x7f\xb1\0\0"
        assert await peers[1].rest() == frame_message(b"last words")
        for peer in peers:
            peer.close()
        await until(lambda: all(session.detached for session in sessions))
        listener.close()

    run(main())


def test_closing_the_port_leaves_the_connections_alone() -> None:
    async def main() -> None:
        async with listening() as (listener, sessions):
            peer = await websocket(listener.port)
            await until(lambda: sessions)
            listener.close()
            listener.close()
            with pytest.raises(ConnectionRefusedError):
                await Peer.connect(listener.port)
            sessions[0].transport.send(frame_text(b"still here"))
            assert await peer.frame() == (1, b"still here")
            peer.close()

    run(main())


def test_closing_the_connections_tells_the_peers_and_drops_who_is_only_knocking() -> None:
    async def main() -> None:
        async with listening() as (listener, sessions):
            peer, knocking = await websocket(listener.port), await Peer.connect(listener.port)
            await until(lambda: sessions and listener.terms.doors)
            listener.close()
            listener.close_connections(GOING_AWAY)
            assert (await peer.frame())[0] == 8
            assert await knocking.rest() == b""
            peer.close()
            knocking.close()

    run(main())


def test_a_taken_port_is_an_error() -> None:
    async def main() -> None:
        async with listening() as (listener, _):
            with pytest.raises(OSError, match="address"):
                await listen(asyncio.get_running_loop(), listener.terms, "127.0.0.1", listener.port)

    run(main())
