"""The Autobahn TestSuite, sections 1 to 10, against an echo that shares the router's framing."""

import asyncio
from typing import Any

from kosoku import FailureError, run_fuzzingclient

from router.transports.flusher import Flusher
from router.transports.limits import Limits
from router.transports.terms import Terms
from tests.router.transports.fakes import EchoDoor, EchoSession, LoopClock, run

COMPRESSION = ["12.*", "13.*"]
"""Permessage-deflate, which the router does not negotiate."""


async def fuzz() -> list[Any]:
    loop = asyncio.get_running_loop()
    terms = Terms(
        accept=EchoSession,  # type: ignore[arg-type]
        clock=LoopClock(),  # type: ignore[arg-type]
        flusher=Flusher(loop.call_soon),
        limits=Limits(max_message_size=2**24),
        default_codec="json",
    )
    server = await loop.create_server(lambda: EchoDoor(terms), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        return list(await run_fuzzingclient(f"ws://127.0.0.1:{port}", exclude_cases=COMPRESSION))
    except FailureError as failure:
        return list(failure.results)
    finally:
        server.close()


def test_the_framing_passes_every_case_of_the_autobahn_testsuite() -> None:
    results = run(fuzz())
    assert len(results) > 290
    assert [describe(result) for result in results if not result.passed] == []


def describe(result: Any) -> str:
    return f"{result.case_id}: {result.behavior.value}, {result.behavior_close.value}: {result.result_close}"
