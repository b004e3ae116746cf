"""Somebody's server as `Target` sees it: what it may not make us do. Real sockets, on a loop of the test's own."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from router.gateway.deliveries import Delivery, Outcome
from router.gateway.target import Target, Unreachable
from tests.certificates import write_certificate

EVENT = Delivery("7", b"{}")


def against(
    answer: bytes, use: Callable[[Target], Coroutine[Any, Any, Any]], tls: ssl.SSLContext | None = None, **terms: Any
) -> tuple[Any, int]:
    """What comes of using a target that answers each connection with these octets, and how often it was asked."""
    asked = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        await reader.readuntil(b"\r\n\r\n")
        asked += 1
        writer.write(answer)
        if answer:
            writer.close()

    async def run() -> Any:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
        port = server.sockets[0].getsockname()[1]
        given = {"secret": None, "timeout": 5.0, "connections": 1, "most": 1000, "agent": "x", "now": lambda: 0.0}
        target = Target(f"http{'s' if tls else ''}://127.0.0.1:{port}/", **(given | terms))
        try:
            return await use(target)
        except Unreachable as why:
            return why
        finally:
            await target.close()
            server.close()

    return asyncio.run(run()), asked


def deliver(target: Target) -> Coroutine[Any, Any, Outcome]:
    return target.deliver(EVENT)


def post(target: Target) -> Coroutine[Any, Any, Any]:
    return target.post(EVENT)


def test_no_redirect_is_followed_and_none_is_tried_again() -> None:
    answer = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"
    assert against(answer, deliver) == (Outcome(False, "it answers 307"), 1)


def test_no_more_of_an_answer_is_read_than_wanted() -> None:
    reply, _ = against(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000, post)
    assert isinstance(reply, Unreachable)
    assert "more than 1000 octets" in str(reply)


def test_an_answer_that_grows_when_it_is_unpacked_is_bounded_too() -> None:
    import zlib

    body = zlib.compress(b"x" * 10_000_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: %d\r\n\r\n" % len(body)
    reply, _ = against(head + body, post)
    assert isinstance(reply, Unreachable)


@pytest.mark.parametrize("answer", [b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"])
def test_what_is_no_whole_answer_is_tried_again(answer: bytes) -> None:
    outcome, _ = against(answer, deliver)
    assert (outcome.delivered, outcome.again) == (False, True)


def test_a_server_that_says_nothing_is_late() -> None:
    reply, _ = against(b"", post, timeout=0.1)
    assert isinstance(reply, Unreachable)
    assert reply.is_late


def test_a_server_that_is_busy_may_say_for_how_long() -> None:
    answer = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n"
    assert against(answer, deliver)[0] == Outcome(False, "it answers 429", True, 17.0)


def test_a_certificate_that_nobody_vouches_for_gets_nothing(tmp_path: Path) -> None:
    write_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    outcome, asked = against(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", deliver, context)
    assert (outcome.delivered, outcome.again, asked) == (False, True, 0)
    assert "Certificate" in outcome.reason
