"""The load generator's framing holds up however the router's octets arrive."""

import asyncio
from urllib.parse import urlsplit

import pytest

from bench.codecs import CODECS, FIRST, SECOND
from bench.connections import LostError, RawSocket, RefusedError, WebSocket, connect

ACCEPTED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
MESSAGES = [b"[1]", b"[2," + b" " * 200 + b"1]", b"[3," + b" " * 70000 + b"1]"]


class Sink:
    """A transport that keeps what is written."""

    def __init__(self):
        self.written = b""

    def write(self, data):
        self.written += data

    def close(self):
        pass

    def is_closing(self):
        return False


def websocket_frame(payload, first=0x81):
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 0x10000:
        return bytes((first, 126)) + size.to_bytes(2, "big") + payload
    return bytes((first, 127)) + size.to_bytes(8, "big") + payload


def rawsocket_frame(payload):
    return len(payload).to_bytes(4, "big") + payload


def opened(kind, received):
    """A connection of this kind on a sink, whose messages go to the list `received`."""

    async def make():
        connection = kind(urlsplit("ws://localhost:1/ws"), CODECS["json"])
        connection.deliver = received.append
        connection.connection_made(Sink())
        return connection

    return asyncio.run(make())


WIRES = [(WebSocket, ACCEPTED, websocket_frame), (RawSocket, b"\x7f\xf1\0\0", rawsocket_frame)]


@pytest.mark.parametrize(("kind", "accepted", "frame"), WIRES)
@pytest.mark.parametrize("piece", [1, 7, 1000, 10**6])
def test_messages_arrive_whole_whatever_the_pieces(kind, accepted, frame, piece):
    received = []
    connection = opened(kind, received)
    stream = accepted + b"".join(frame(message) for message in MESSAGES)
    for start in range(0, len(stream), piece):
        connection.data_received(stream[start : start + piece])
    assert received == MESSAGES


@pytest.mark.parametrize("message", MESSAGES)
def test_a_websocket_message_is_framed_masked_with_its_length(message):
    async def send():
        connection = WebSocket(urlsplit("ws://localhost:1/ws"), CODECS["json"])
        connection.transport = Sink()
        connection.send(message)
        await asyncio.sleep(0)
        return connection.transport.written

    written = asyncio.run(send())
    assert written[0] == 0x81
    assert written[1] & 0x80
    assert written.endswith(b"\0\0\0\0" + message)


def test_a_ping_is_answered():
    connection = opened(WebSocket, [])
    connection.data_received(ACCEPTED)
    connection.transport.written = b""
    connection.data_received(websocket_frame(b"still there?", first=0x89))
    assert connection.transport.written == b"\x8a\x8c\0\0\0\0still there?"


def test_a_fragmented_message_is_refused():
    connection = opened(WebSocket, [])
    connection.data_received(ACCEPTED)
    with pytest.raises(LostError):
        connection.data_received(websocket_frame(b"[1", first=0x01))


def test_a_refused_handshake_names_the_answer():
    connection = opened(WebSocket, [])
    connection.data_received(b"HTTP/1.1 404 Not Found\r\n\r\n")
    with pytest.raises(RefusedError, match="404 Not Found"):
        connection.opened.result()


def test_an_address_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="ws://"):
        asyncio.run(connect("http://localhost/", CODECS["json"]))


def test_what_is_sent_in_one_turn_of_the_loop_leaves_in_one_write():
    async def send():
        connection = RawSocket(urlsplit("rs://localhost:1"), CODECS["json"])
        connection.transport = Sink()
        writes = []
        connection.transport.write = writes.append
        for message in MESSAGES:
            connection.send(message)
        await asyncio.sleep(0)
        return writes

    assert asyncio.run(send()) == [b"".join(rawsocket_frame(message) for message in MESSAGES)]


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
def test_a_prebuilt_message_is_the_message_with_its_numbers(codec):
    build = codec.prebuilt([48, FIRST, {}, "100 %d sure", [SECOND]])
    assert codec.decode(build(1, 2**53)) == [48, 1, {}, "100 %d sure", [2**53]]
