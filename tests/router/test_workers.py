"""Workers: what is slow happens elsewhere, and not without bound."""

import asyncio
import threading
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from realms.authentication.off_loop import TooBusy
from router.workers import Workers


def future_of(deferred: Deferred[Any]) -> "asyncio.Future[Any]":
    return deferred.asFuture(asyncio.get_running_loop())


def test_work_is_done_in_another_thread_and_its_result_or_failure_comes_back() -> None:
    async def main() -> None:
        workers = Workers(asyncio.get_running_loop(), threads=1)
        assert await future_of(workers(threading.get_ident)) != threading.get_ident()
        with pytest.raises(ZeroDivisionError):
            await future_of(workers(lambda: 1 // 0))
        workers.stop()

    asyncio.run(main())


def test_work_that_finds_no_place_is_not_begun_and_there_is_room_again_later() -> None:
    """J2"""

    async def main() -> None:
        workers = Workers(asyncio.get_running_loop(), threads=1, max_waiting=2)
        gate = threading.Event()
        first, second = future_of(workers(lambda: gate.wait(10))), future_of(workers(lambda: "second"))
        with pytest.raises(TooBusy):
            await future_of(workers(lambda: pytest.fail("it was begun")))
        gate.set()
        assert (await first, await second) == (True, "second")
        assert await future_of(workers(lambda: "third")) == "third"
        workers.stop()

    asyncio.run(main())


def test_work_that_nobody_waits_for_any_more_makes_room() -> None:
    async def main() -> None:
        workers = Workers(asyncio.get_running_loop(), threads=1, max_waiting=2)
        gate = threading.Event()
        first, unwanted = future_of(workers(lambda: gate.wait(10))), workers(lambda: pytest.fail("it was begun"))
        unwanted.addErrback(lambda failure: None)
        unwanted.cancel()
        await asyncio.sleep(0)
        third = future_of(workers(lambda: "third"))
        gate.set()
        assert (await first, await third) == (True, "third")
        workers.stop()

    asyncio.run(main())
