"""Running other people's clients: as processes, on Python or on the Node.js that comes from PyPI."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import npm
from tests.interop.scenario import CONFIG, Client, Part, Way
from tests.npm import NODE
from tests.routers import RunningRouter

SCRIPTS = Path(__file__).parent / "clients"

CONVERSATIONS_WITHIN = 60.0
"""Seconds; each conversation takes one at most."""


@pytest.fixture(scope="session")
def interop_router(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRouter]:
    """The router that all conversations share."""
    running = RunningRouter(tmp_path_factory.mktemp("interop"), CONFIG).start()
    yield running
    running.close()


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The npm packages of clients/package.json."""
    return npm.node_modules(SCRIPTS / "package.json", "interop-npm")


class Running:
    """A client at work; what it said is in files, so that it never waits for us to read."""

    def __init__(self, command: list[str], environment: dict[str, str], folder: Path, stdin: int | None = None) -> None:
        self.said, self.complained = folder / "said", folder / "complained"
        with self.said.open("wb") as out, self.complained.open("wb") as err:
            self.process = subprocess.Popen(command, stdin=stdin, stdout=out, stderr=err, env=os.environ | environment)

    @property
    def saw(self) -> list[tuple[str, Any]]:
        """What it saw, in order."""
        lines = [json.loads(line) for line in self.said.read_text().splitlines() if line.startswith("{")]
        return [(line["saw"], line["value"]) for line in lines]

    @property
    def complaints(self) -> str:
        """Its standard error output."""
        return self.complained.read_text()

    def end(self) -> None:
        """End it if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)


Play = Callable[[Client, tuple[Way, ...], Part, RunningRouter], Running]


@pytest.fixture(scope="session")
def play(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Play]:
    """Starts clients: `play(client, ways, part, router)`."""
    started: list[Running] = []

    def config_of(client: Client, way: Way, part: Part, router: RunningRouter) -> dict[str, Any]:
        transport, serializer = way
        return client.settings | {
            "play": part,
            "url": {"rawsocket": router.rs_url, "longpoll": router.lp_url}.get(transport, router.ws_url),
            "transport": transport,
            "serializer": serializer,
            "binary": serializer != "json",  # only autobahn-python has octets in JSON
            "realm": {"converse": client.realm, "authenticate": "secret", "serve": client.serves_in}[part],
            "prefix": f"com.example.{client.name.replace('-', '_')}.{transport}.{serializer}",
            "authid": "joe",
            "ticket": "open sesame",
        }

    def start(client: Client, ways: tuple[Way, ...], part: Part, router: RunningRouter) -> Running:
        configs = [json.dumps(config_of(client, way, part, router)) for way in ways]
        runs_on_node = client.script.endswith("js")
        environment = {"NODE_PATH": str(request.getfixturevalue("node_modules"))} if runs_on_node else {}
        command = [str(NODE if runs_on_node else sys.executable), str(SCRIPTS / client.script), *configs]
        started.append(Running(command, environment, tmp_path_factory.mktemp("client")))
        return started[-1]

    yield start
    for running in started:
        running.end()


Outcome = tuple[dict[str, Any], str]
"""What a client saw until it ended, and its standard error output."""


@pytest.fixture(scope="session")
def outcome(interop_router: RunningRouter, play: Play) -> Callable[[Client, Way, Part], Outcome]:
    """Lets a client converse or authenticate, in all its ways in one process, once for all tests that ask about it."""
    outcomes: dict[tuple[str, Way, Part], Outcome] = {}

    def of(client: Client, way: Way, part: Part) -> Outcome:
        if (client.name, way, part) not in outcomes:
            ways = client.ways if part == "converse" else client.logs_in
            running = play(client, ways, part, interop_router)
            try:
                running.process.wait(CONVERSATIONS_WITHIN)
            except subprocess.TimeoutExpired:
                running.end()
            complaints = running.complaints
            outcomes.update({(client.name, each, part): ({}, complaints) for each in ways})
            saw: dict[str, Any] = {}
            for what, value in running.saw:
                if what == "way":
                    saw, _ = outcomes[client.name, tuple(value), part]
                else:
                    saw[what] = value
        return outcomes[client.name, way, part]

    return of
