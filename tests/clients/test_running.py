"""The workers as an operator runs them: processes of their own against a real router."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clients.__main__ import WORKERS
from tests.clients.processes import PATIENCE, Process
from tests.routers import OPEN_TO_ALL, RunningRouter, free_port


@pytest.fixture
def run() -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def start(*arguments: str) -> Process:
        started.append(Process(*arguments))
        return started[-1]

    yield start
    for process in started:
        process.popen.kill()
        process.popen.wait()


def test_workers_come_back_after_a_crash_and_after_a_restart_of_the_router(
    run: Callable[..., Process], own_router: Callable[[str], RunningRouter], tmp_path: Path
) -> None:
    router = own_router(OPEN_TO_ALL)
    workers = run("clients", "--url", router.ws_url, "--log-file", str(tmp_path / "demo.log"))
    for _ in WORKERS:
        workers.wait_for("joined realm1")
    router.kill()
    for _ in WORKERS:
        workers.wait_for("next try in")
    router.start()
    assert {workers.wait_for("joined realm1").split()[1] for _ in WORKERS} == {f"{name}:" for name in WORKERS}
    router.restart()  # with all politeness, after which a Component alone would not come back
    for _ in WORKERS:
        assert ": connection lost; next try in" in workers.wait_for("next try in")
    for _ in WORKERS:
        workers.wait_for("joined realm1")
    workers.end()
    assert "Traceback" not in workers.output


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_worker_that_is_told_to_end_leaves_the_realm_at_once(
    run: Callable[..., Process], router: RunningRouter, how: signal.Signals
) -> None:
    ticker = run("clients", "ticker", "--url", router.ws_url)
    ticker.wait_for("joined realm1")
    told = time.monotonic()
    assert ticker.end(how) == 0
    assert time.monotonic() - told < 2
    assert "Traceback" not in ticker.output


def test_a_worker_started_alone_joins_over_every_transport_and_serializer(
    run: Callable[..., Process], router: RunningRouter
) -> None:
    started = [
        (url, run("clients.ticker", "--url", url, "--serializer", serializer))
        for url, serializer in ((router.ws_url, "json"), (router.rs_url, "msgpack"), (router.ws_url, "cbor"))
    ]
    for url, ticker in started:
        ticker.wait_for("ticker: joined realm1", url)


def test_a_router_that_is_not_there_is_told_in_one_line_and_waited_for(run: Callable[..., Process]) -> None:
    calculator = run("clients.calculator", "--url", f"ws://127.0.0.1:{free_port()}/ws")
    for _ in range(2):
        calculator.wait_for("calculator: no router there (Connection refused); next try in")
    calculator.end()
    assert "Traceback" not in calculator.output


def test_a_realm_that_does_not_exist_is_named(run: Callable[..., Process], router: RunningRouter) -> None:
    ticker = run("clients", "ticker", "--url", router.ws_url, "--realm", "nowhere")
    ticker.wait_for("ticker: the router refused: wamp.error.no_such_realm", "next try in")
    ticker.end()
    assert "Traceback" not in ticker.output


def test_a_procedure_that_another_worker_has_registered_is_waited_for(
    run: Callable[..., Process], own_router: Callable[[str], RunningRouter]
) -> None:
    router = own_router(OPEN_TO_ALL)
    first = run("clients.calculator", "--url", router.ws_url)
    first.wait_for("joined realm1")
    second = run("clients.calculator", "--url", router.ws_url)
    second.wait_for("wamp.error.procedure_already_exists", "next try in")
    first.end()
    second.wait_for("joined realm1")


def test_an_unknown_worker_and_a_broken_url_are_answered_with_the_choices(run: Callable[..., Process]) -> None:
    unknown = run("clients", "clock")
    unknown.wait_for(f"no worker called clock; there are {', '.join(WORKERS)}")
    broken = run("clients", "--url", "http://example.com")
    broken.wait_for("--url http://example.com")
    assert [process.popen.wait(PATIENCE) for process in (unknown, broken)] == [2, 2]
