"""The Autobahn TestSuite, sections 1 to 10, against an echo that shares the router's framing."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from router.transports.flusher import Flusher
from router.transports.limits import Limits
from router.transports.terms import Terms
from tests.router.transports.fakes import EchoDoor, EchoSession, LoopClock, run

KOSOKU = [str(Path(sys.executable).with_name("kosoku")), "-x", "12.*", "-x", "13.*"]
"""All but compression, which the router does not negotiate. A process of its own: its cases bring another autobahn."""


async def fuzz(reports: Path) -> dict[str, dict[str, Any]]:
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
        client = await asyncio.create_subprocess_exec(*KOSOKU, "-o", str(reports), f"ws://127.0.0.1:{port}")
        await client.wait()
    finally:
        server.close()
    [results] = json.loads((reports / "index.json").read_text()).values()
    return dict(results)


def test_the_framing_passes_every_case_of_the_autobahn_testsuite(tmp_path: Path) -> None:
    """B1"""
    results = run(fuzz(tmp_path))
    assert len(results) > 290
    assert {case: result for case, result in results.items() if not passed(result)} == {}


def passed(result: dict[str, Any]) -> bool:
    """Whether a case ended as it should; NON-STRICT and INFORMATIONAL are within the RFC."""
    fine = {"OK", "NON-STRICT", "INFORMATIONAL"}
    return result["behavior"] in fine and result["behaviorClose"] in fine
