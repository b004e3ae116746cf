"""Fixtures for tests against a real router."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.peers import Peer
from tests.routers import RunningRouter


@pytest.fixture(scope="session")
def router(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRouter]:
    """A router that tests share: realm1, where everybody may do everything."""
    running = RunningRouter(tmp_path_factory.mktemp("router")).start()
    yield running
    running.close()


@pytest.fixture
def own_router(tmp_path: Path) -> Iterator[Callable[[str], RunningRouter]]:
    """Starts routers that a test has for itself: call it with a config.yaml without listeners."""
    started: list[RunningRouter] = []

    def start(config: str) -> RunningRouter:
        folder = tmp_path / str(len(started))
        folder.mkdir()
        started.append(RunningRouter(folder, config))
        return started[-1].start()

    yield start
    for running in started:
        running.close()


@pytest.fixture(scope="module")
def router_with(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], RunningRouter]]:
    """Gives routers that the tests of a file share: call it with a config.yaml without listeners."""
    started: dict[str, RunningRouter] = {}

    def give(config: str) -> RunningRouter:
        if config not in started:
            started[config] = RunningRouter(tmp_path_factory.mktemp("router"), config)
            started[config].start()
        return started[config]

    yield give
    for running in started.values():
        running.close()


@pytest.fixture
def peers() -> Iterator[Callable[..., Peer]]:
    """Makes peers, and closes them when the test is over: `peers(router.port, transport, serializer)`."""
    made: list[Peer] = []

    def make(port: int, transport: str = "websocket", serializer: str = "json") -> Peer:
        made.append(Peer(port, transport, serializer))
        return made[-1]

    yield make
    for peer in made:
        peer.vanish()
