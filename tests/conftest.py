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
