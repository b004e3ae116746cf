"""WAMP over WebSocket, as a peer sees it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import cbor2
import msgspec
import pytest

from realms.endings import GOING_AWAY, NORMAL, REFUSED
from router.transports.admission import Admission
from router.transports.fragments import Fragments, Malformed
from router.transports.frames import frame_binary, frame_text
from router.transports.http_head import END_OF_HEAD
from router.transports.limits import Limits
from tests.router.transports.fakes import Peer, Recorder, listening, masked, request, run, until, websocket

HELLO: list[Any] = [1, "com.example", {"roles": {"caller": {}}}]
JSON_HELLO = msgspec.json.encode(HELLO)
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10

Scene = Callable[[Peer, Recorder], Awaitable[None]]


def play(scene: Scene, **terms: Any) -> Recorder:
    """Run a scene between a peer and its session, and return the session after both are gone."""

    async def main() -> Recorder:
        async with listening(**terms) as (listener, sessions):
            peer = await websocket(listener.port)
            await until(lambda: sessions)
            await scene(peer, sessions[0])
            peer.close()
            await until(lambda: sessions[0].detached)
            return sessions[0]

    session: Recorder = run(main())
    assert session.detached == 1
    return session


@pytest.mark.parametrize(
    ("offers", "chosen", "opcode", "hello"),
    [
        ("wamp.2.json", "wamp.2.json", TEXT, JSON_HELLO),
        ("wamp.2.msgpack, wamp.2.json", "wamp.2.msgpack", BINARY, msgspec.msgpack.encode(HELLO)),
        ("wamp.2.ubjson,soap, wamp.2.cbor,wamp.2.json", "wamp.2.cbor", BINARY, cbor2.dumps(HELLO)),
    ],
)
def test_the_first_offer_that_we_speak_is_chosen(offers: str, chosen: str, opcode: int, hello: bytes) -> None:
    """B1"""

    async def main() -> None:
        async with listening() as (listener, sessions):
            peer = await Peer.connect(listener.port)
            peer.write(request(subprotocols=offers))
            head = (await peer.head()).decode().lower()
            assert f"\r\nsec-websocket-protocol: {chosen}\r\n" in head
            assert head.count("sec-websocket-protocol") == 1
            peer.write(masked(opcode, hello))
            await until(lambda: sessions[0].received)
            assert sessions[0].received[0].realm == "com.example"
            peer.close()

    run(main())


def test_a_real_websocket_client_accepts_the_handshake() -> None:
    async def main() -> None:
        from picows import WSListener, ws_connect

        async with listening() as (listener, sessions):
            transport, _ = await ws_connect(
                WSListener,
                f"ws://127.0.0.1:{listener.port}/ws",
                extra_headers=[("Sec-WebSocket-Protocol", "wamp.2.json")],
            )
            await until(lambda: sessions)
            transport.disconnect()
            await until(lambda: sessions[0].detached)

    run(main())


@pytest.mark.parametrize(
    ("octets", "status", "text"),
    [
        (request(subprotocols=None), b"400", b"wamp.2.json, wamp.2.msgpack, wamp.2.cbor"),
        (request(subprotocols="wamp.2.ubjson, json"), b"400", b"wamp.2.json, wamp.2.msgpack, wamp.2.cbor"),
        (request().replace(b"GET", b"POST"), b"400", b"GET"),
        (request().replace(b"Version: 13", b"Version: 8"), b"426", b"Sec-WebSocket-Version: 13"),
        (request().replace(b"Connection: keep-alive, Upgrade", b"Connection: close"), b"426", b"Upgrade: websocket"),
        (request().replace(b"Key: AAAA", b"Key: !"), b"400", b"Sec-WebSocket-Key"),
        (request("Content-Length: 3") + b"abc", b"400", b"body"),
    ],
)
def test_a_handshake_that_cannot_be_granted_is_explained(octets: bytes, status: bytes, text: bytes) -> None:
    """B1"""

    async def main() -> None:
        async with listening() as (listener, sessions):
            peer = await Peer.connect(listener.port)
            peer.write(octets)
            answer = await peer.rest()
            assert answer.startswith(b"HTTP/1.1 " + status)
            assert text in answer
            assert END_OF_HEAD in answer
            assert not sessions
            peer.close()

    run(main())


def test_a_full_router_refuses_with_503() -> None:
    async def main() -> None:
        async with listening(admission=Admission(max_connections=0)) as (listener, _):
            peer = await Peer.connect(listener.port)
            peer.write(request())
            assert (await peer.rest()).startswith(b"HTTP/1.1 503 ")
            peer.close()

    run(main())


def test_a_frame_of_the_wrong_type_is_a_violation() -> None:
    """A13, B2"""

    async def scene(peer: Peer, session: Recorder) -> None:
        peer.write(masked(BINARY, JSON_HELLO))
        assert await peer.frame() == (CLOSE, b"\x03\xeaprotocol violation")

    session = play(scene)
    assert session.violations == ["json travels in text messages"]
    assert session.received == []


def test_an_invalid_message_is_a_violation_and_nothing_after_it_is_processed() -> None:
    async def scene(peer: Peer, session: Recorder) -> None:
        peer.write(masked(TEXT, b"[99]") + masked(TEXT, JSON_HELLO) + masked(PING))
        assert (await peer.frame())[0] == CLOSE

    session = play(scene)
    assert len(session.violations) == 1
    assert session.received == []


def test_a_message_in_fragments_with_a_ping_between_arrives_whole() -> None:
    async def scene(peer: Peer, session: Recorder) -> None:
        peer.write(masked(TEXT, JSON_HELLO[:5], is_last=False) + masked(PING, b"?") + masked(0, b"", is_last=False))
        assert await peer.frame() == (PONG, b"?")
        peer.write(masked(0, JSON_HELLO[5:]))
        await until(lambda: session.received)

    assert play(scene).received[0].realm == "com.example"


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (masked(0, b"abc"), 1002),
        (masked(TEXT, b"abc", is_last=False) + masked(TEXT, b"abc"), 1002),
        (masked(TEXT, b"abc", bits=0x40), 1002),
        (masked(PING, b"abc", bits=0x10), 1002),
        (masked(3, b"abc"), 1002),
        (b"\x81\x03abc", 1002),  # unmasked
        (masked(TEXT, b'["\xff"]'), 1007),
        (masked(TEXT, b'["\xe2\x82', is_last=False) + masked(0, b'"]'), 1007),
        (masked(TEXT, b"x" * 1001), 1009),
        (masked(TEXT, b"x" * 600, is_last=False) + masked(0, b"x" * 600), 1009),
        (masked(CLOSE, b"\x03\xed"), 1002),  # 1005 must not be sent
    ],
    ids=[
        "a continuation of nothing",
        "a message within a message",
        "a reserved bit",
        "a reserved bit of a ping",
        "an unknown opcode",
        "no mask",
        "text that is not UTF-8",
        "fragments that are not UTF-8",
        "too large",
        "too large in fragments",
        "a close code that must not be sent",
    ],
)
def test_what_breaks_rfc_6455_ends_the_connection_with_the_right_code(octets: bytes, code: int) -> None:
    async def scene(peer: Peer, session: Recorder) -> None:
        session.transport.send(frame_text(b"queued before"))
        peer.write(octets)
        assert await peer.frame() == (TEXT, b"queued before")
        opcode, payload = await peer.frame()
        assert (opcode, int.from_bytes(payload[:2], "big")) == (CLOSE, code)
        await until(lambda: session.detached)  # without waiting for the peer
        session.transport.send(frame_text(b"too late"))
        peer.write(masked(TEXT, JSON_HELLO) + masked(CLOSE, payload[:2]))
        assert await peer.rest() == b""

    assert play(scene, limits=Limits(max_message_size=1000)).received == []


def test_an_oversized_message_costs_only_its_sender() -> None:
    """J2"""

    async def main() -> None:
        async with listening(limits=Limits(max_message_size=1000)) as (listener, sessions):
            good, bad = await websocket(listener.port), await websocket(listener.port)
            await until(lambda: len(sessions) == 2)
            bad.write(masked(TEXT, b"x" * 2000))
            assert (await bad.frame())[0] == CLOSE
            good.write(masked(TEXT, JSON_HELLO))
            await until(lambda: sessions[0].received)
            assert sessions[0].detached == 0
            assert sessions[1].detached == 1
            good.close()
            bad.close()

    run(main())


def test_the_peers_close_is_answered_with_its_code_and_ends_the_connection() -> None:
    async def scene(peer: Peer, session: Recorder) -> None:
        peer.write(masked(CLOSE, (4321).to_bytes(2, "big") + b"bye") + masked(TEXT, JSON_HELLO))
        assert await peer.frame() == (CLOSE, (4321).to_bytes(2, "big"))
        assert await peer.rest() == b""

    assert play(scene).received == []


def test_our_close_comes_after_what_was_sent_and_waits_for_the_peers() -> None:
    async def scene(peer: Peer, session: Recorder) -> None:
        session.transport.send(frame_text(b"last words"))
        session.transport.close(GOING_AWAY)
        session.transport.close(NORMAL)
        session.transport.send(frame_text(b"too late"))
        assert session.detached == 0  # the session is never called from within close
        assert await peer.frame() == (TEXT, b"last words")
        assert await peer.frame() == (CLOSE, b"\x03\xe9the router is shutting down")
        peer.write(masked(TEXT, JSON_HELLO) + masked(CLOSE, b"\x03\xe9"))
        assert await peer.rest() == b""

    assert play(scene).received == []


def test_a_peer_that_does_not_answer_our_close_is_aborted_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    from router.transports import connection

    monkeypatch.setattr(connection, "CLOSE_DEADLINE", 0.05)

    async def scene(peer: Peer, session: Recorder) -> None:
        session.transport.close(REFUSED)
        await until(lambda: session.detached)

    play(scene)


def test_a_mistake_of_ours_is_hidden_from_the_peer_and_ends_the_session() -> None:
    def fail(message: object) -> None:
        raise ZeroDivisionError("a secret")

    async def scene(peer: Peer, session: Recorder) -> None:
        session.answer = fail
        peer.write(masked(TEXT, JSON_HELLO) * 3)
        assert await peer.frame() == (CLOSE, b"\x03\xf3internal error")
        await until(lambda: session.detached)

    assert len(play(scene).received) == 1


def test_a_connection_can_carry_a_second_session() -> None:
    """A9"""

    async def main() -> None:
        async with listening() as (listener, sessions):
            peer = await websocket(listener.port)
            await until(lambda: sessions)
            sessions[0].transport.renew()
            peer.write(masked(TEXT, JSON_HELLO))
            await until(lambda: sessions[1].received)
            assert sessions[0].received == []
            peer.close()
            await until(lambda: sessions[1].detached)
            assert sessions[0].detached == 0

    run(main())


def test_a_paused_connection_reads_on_where_it_stopped() -> None:
    async def scene(peer: Peer, session: Recorder) -> None:
        session.transport.pause()
        peer.write(masked(TEXT, JSON_HELLO))
        await asyncio.sleep(0.05)
        assert session.received == []
        session.transport.resume()
        await until(lambda: session.received)

    play(scene)


def test_frames_of_one_turn_leave_in_one_write() -> None:
    async def scene(peer: Peer, session: Recorder) -> None:
        for number in range(100):
            session.transport.send(frame_text(b"%d" % number))
        assert await peer.reader.read(2**20) == b"".join(frame_text(b"%d" % number) for number in range(100))

    play(scene)


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65535, 65536])
def test_frames_have_the_shortest_header_that_fits(length: int) -> None:
    async def parse(octets: bytes) -> tuple[int, bytes]:
        reader = asyncio.StreamReader()
        reader.feed_data(octets)
        return await Peer(reader, None).frame()  # type: ignore[arg-type]

    payload = b"x" * length
    assert run(parse(frame_text(payload))) == (TEXT, payload)
    assert run(parse(frame_binary(payload))) == (BINARY, payload)
    assert len(frame_text(payload)) - length == (2 if length < 126 else 4 if length < 65536 else 10)


def test_fragments_are_bounded_before_they_are_kept() -> None:
    fragments = Fragments(10)
    assert fragments.add(BINARY, False, b"12345") is None
    with pytest.raises(Malformed) as refused:
        fragments.add(0, False, b"678901")
    assert refused.value.ending.code == 1009


def test_text_may_be_cut_within_a_character() -> None:
    fragments = Fragments(10)
    assert fragments.add(TEXT, False, b"\xe2\x82") is None
    assert fragments.add(0, True, b"\xac") == (TEXT, b"\xe2\x82\xac")
    assert fragments.add(BINARY, True, b"\xff") == (BINARY, b"\xff")
