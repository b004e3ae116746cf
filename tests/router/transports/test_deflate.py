"""Compressed WebSocket messages: RFC 7692."""

import os
import zlib
from typing import Any

import pytest
from websockets.sync.client import connect as websocket_client

from router.transports.deflate import TAIL, Compression, compressing
from router.transports.frames import BINARY, CLOSE, RSV1, TEXT
from router.transports.limits import Limits
from tests.peers import ROLES
from tests.router.transports.fakes import Peer, listening, masked, request, run, until
from tests.routers import RunningRouter

BROWSER = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
GOODBYE = b'[6,{},"wamp.close.normal"]'
LONG = b'[6,{"message":"' + b"abc" * 1000 + b'"},"wamp.close.normal"]'


def deflated(payload: bytes, bits: int = 15) -> bytes:
    deflater = zlib.compressobj(9, zlib.DEFLATED, -bits)
    return (deflater.compress(payload) + deflater.flush(zlib.Z_SYNC_FLUSH)).removesuffix(TAIL)


def inflated(payload: bytes, bits: int = 15) -> bytes:
    return zlib.decompressobj(-bits).decompress(payload + TAIL)


async def agreed(port: int, offer: str = BROWSER) -> tuple[Peer, str]:
    """A peer that is through with the handshake, and what was agreed upon."""
    peer = await Peer.connect(port)
    peer.write(request(offer))
    head = (await peer.head()).decode()
    assert head.startswith("HTTP/1.1 101 ")
    field = [line for line in head.split("\r\n") if line.lower().startswith("sec-websocket-extensions:")]
    return peer, field[0].partition(": ")[2] if field else ""


WITHOUT_CONTEXT = {"server_no_context_takeover", "client_no_context_takeover"}
OFFERS = [
    ("permessage-deflate", WITHOUT_CONTEXT | {"server_max_window_bits=12"}),
    ("permessage-deflate; client_max_window_bits",
     WITHOUT_CONTEXT | {"server_max_window_bits=12", "client_max_window_bits=12"}),
    ("permessage-deflate; server_max_window_bits=10; server_no_context_takeover",
     WITHOUT_CONTEXT | {"server_max_window_bits=10"}),
    ("x-webkit-deflate-frame, permessage-deflate; server_max_window_bits=8, permessage-deflate",
     WITHOUT_CONTEXT | {"server_max_window_bits=12"}),
    ("permessage-deflate; server_max_window_bits=8", None),
    ("permessage-deflate; server_max_window_bits=16", None),
    ("permessage-deflate; sword=1", None),
    ("permessage-deflate; client_max_window_bits=12; client_max_window_bits=12", None),
    ("permessage-bzip2", None),
    ("permessage-deflate;;", None),
]  # fmt: skip


@pytest.mark.parametrize(("offer", "accepted"), OFFERS)
def test_what_can_be_fulfilled_is_accepted_and_the_rest_is_not_used(offer: str, accepted: set[str] | None) -> None:
    async def main() -> None:
        async with listening(compression=Compression()) as (listener, sessions):
            peer, field = await agreed(listener.port, f"Sec-WebSocket-Extensions: {offer}")
            name, *parameters = field.split("; ")
            assert (name, set(parameters)) == (("permessage-deflate", accepted) if accepted else ("", set()))
            peer.write(masked(TEXT, GOODBYE))
            await until(lambda: sessions and sessions[0].received)

    run(main())


def test_without_compression_nothing_is_agreed_upon_and_the_bit_is_reserved() -> None:
    async def main() -> None:
        async with listening() as (listener, _):
            peer, field = await agreed(listener.port)
            assert field == ""
            peer.write(masked(TEXT, deflated(GOODBYE), bits=RSV1))
            opcode, payload = await peer.frame()
            assert (opcode, payload[:2]) == (CLOSE, (1002).to_bytes(2, "big"))

    run(main())


def test_messages_are_compressed_both_ways_and_small_ones_are_not() -> None:
    async def main() -> None:
        async with listening(compression=Compression()) as (listener, sessions):
            peer, _ = await agreed(listener.port)
            peer.write(masked(TEXT, deflated(LONG, 12), bits=RSV1) + masked(TEXT, GOODBYE))
            await until(lambda: sessions and len(sessions[0].received) == 2)
            transport = sessions[0].transport
            for text in (LONG, GOODBYE, LONG):
                transport.send(transport.wire.frame(text))
            first = await peer.reader.readexactly(2)
            assert first[0] == 0x80 | RSV1 | TEXT
            assert inflated(await peer.reader.readexactly(first[1]), 12) == LONG
            assert await peer.frame() == (TEXT, GOODBYE)
            assert inflated((await peer.frame())[1], 12) == LONG  # no context was kept: it is the same again

    run(main())


def test_a_compressed_message_may_come_in_fragments() -> None:
    async def main() -> None:
        async with listening(compression=Compression()) as (listener, sessions):
            peer, _ = await agreed(listener.port)
            whole = deflated(LONG, 12)
            peer.write(masked(TEXT, whole[:5], is_last=False, bits=RSV1))
            peer.write(masked(0, whole[5:9], is_last=False) + masked(9, b"ping") + masked(0, whole[9:]))
            peer.write(masked(TEXT, GOODBYE))
            await until(lambda: sessions and len(sessions[0].received) == 2)

    run(main())


@pytest.mark.parametrize("takeover", [True, False])
def test_a_context_goes_on_only_where_the_operator_allows_it(takeover: bool) -> None:
    async def main() -> None:
        async with listening(compression=Compression(context_takeover=takeover)) as (listener, sessions):
            peer, field = await agreed(listener.port)
            assert ("client_no_context_takeover" in field) is not takeover
            deflater = zlib.compressobj(9, zlib.DEFLATED, -12)
            for _ in range(2):
                compressed = deflater.compress(LONG) + deflater.flush(zlib.Z_SYNC_FLUSH)
                peer.write(masked(TEXT, compressed.removesuffix(TAIL), bits=RSV1))
            if takeover:
                await until(lambda: sessions and len(sessions[0].received) == 2)
            else:
                opcode, payload = await peer.frame()
                assert (opcode, payload[:2]) == (CLOSE, (1007).to_bytes(2, "big"))

    run(main())


HOSTILE = [
    ("a bomb", deflated(b"x" * 50_000_000), 0x01, 1009),
    ("one octet too many", deflated(os.urandom(20_001)), 0x01, 1009),
    ("no compressed data", b"\xff\xff\xff", 0x01, 1007),
    ("text that is no UTF-8", deflated(b'["\xff"]'), 0x01, 1007),
    ("a compressed PING", b"", 0x09, 1002),
    ("a compressed continuation", b"", 0x00, 1002),
]


@pytest.mark.parametrize(("payload", "opcode", "code"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_hostile_compression_ends_its_sender_only(payload: bytes, opcode: int, code: int) -> None:
    """B13, J2"""

    async def main() -> None:
        async with listening(compression=Compression(), limits=Limits(max_message_size=20_000)) as (listener, sessions):
            (peer, _), (other, _) = await agreed(listener.port), await agreed(listener.port)
            peer.write(masked(opcode, payload, bits=RSV1))
            got, reason = await peer.frame()
            assert (got, int.from_bytes(reason[:2], "big")) == (CLOSE, code)
            other.write(masked(TEXT, deflated(GOODBYE), bits=RSV1))
            await until(lambda: any(session.received for session in sessions))

    run(main())


def test_one_compressed_frame_serves_all_with_the_same_window() -> None:
    frames = [compressing(BINARY, 12, 3, 256) for _ in range(2)]
    assert frames[0](LONG) == frames[1](LONG)


def test_a_client_library_talks_compressed_with_a_router(tmp_path: Any) -> None:
    router = RunningRouter(tmp_path)
    port = f"port: {router.port}"
    text = router.config_file.read_text()
    router.config_file.write_text(text.replace(port, f"{port}, websocket: {{compression: true}}"))
    router.start()
    try:
        with websocket_client(router.ws_url, subprotocols=["wamp.2.json.batched"], compression="deflate") as client:  # type: ignore[list-item]
            assert "permessage-deflate" in client.response.headers["Sec-WebSocket-Extensions"]  # type: ignore[union-attr]
            hello = '[1,"realm1",{"roles":' + str(ROLES).replace("'", '"').replace("True", "true") + "}]\x1e"
            client.send(hello)
            assert str(client.recv(timeout=5)).startswith("[2,")
            client.send('[64,1,{},"com.echo"]\x1e')
            assert str(client.recv(timeout=5)).startswith("[65,1,")
            client.send('[48,2,{},"com.echo",["' + "x" * 100_000 + '"]]\x1e')
            assert "x" * 100_000 in str(client.recv(timeout=5))
    finally:
        router.close()
