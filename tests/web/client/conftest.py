"""The client package, web/js, in programs on Node.js."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import npm
from tests.web.client.programs import Program


@pytest.fixture(scope="session")
def modules() -> Path:
    """The npm packages of package.json."""
    return npm.node_modules(Path(__file__).parent / "package.json", "client-npm")


@pytest.fixture
def program(modules: Path) -> Iterator[Callable[..., Program]]:
    """Starts programs: `program(router.ws_url, login=..., **options of the connection)`."""
    started: list[Program] = []

    def start(url: str, *, login: str | None = None, autobahn: str = "autobahn", **options: Any) -> Program:
        started.append(Program(modules, {"url": url, **options}, login, autobahn))
        return started[-1]

    yield start
    for one in started:
        one.end()
