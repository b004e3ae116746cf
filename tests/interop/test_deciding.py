"""A stock autobahn-python worker decides what clients may do, and who may join, also while it is away.

That autobahn's clients join through it, by each method, is in `test_joining.py`.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.conftest import SCRIPTS
from tests.interop.joining import DENIED, FAILED
from tests.peers import Peer
from tests.routers import RunningRouter

RULES = '[{uri: "", match: prefix, allow: [call, register]}]'
GUEST = "{procedure: com.example.authorize, timeout: 1}"


def config(folder: Path) -> str:
    """The worker itself is listed, so it gets in while nobody is there to ask."""
    (folder / "ticket").write_text("sesame")
    (folder / "rules.py").write_text(
        "import asyncio\n"
        "async def who(realm, authid, details):\n"
        "    await asyncio.sleep(0.01)\n"
        "    return 'member' if details['ticket'] == 'from ' + authid else None\n"
        "def may(session, uri, action, options):\n"
        "    return uri == 'com.example.allowed'\n"
    )
    return f"""
realms:
  - name: passwords
    authentication:
      ticket: true
      lockout: false
      dynamic: {{procedure: com.example.authenticate, methods: [ticket, wampcra], timeout: 1}}
    principals:
      - {{authid: backend, role: backend, ticket: {{file: {folder / "ticket"}}}}}
    roles:
      - {{name: backend, permissions: {RULES}}}
      - {{name: member, authorizer: {GUEST}}}
      - {{name: reader, authorizer: {GUEST}, permissions: [{{uri: com.example.news, allow: [subscribe]}}]}}
  - name: functions
    authentication: {{dynamic: {{function: "rules:who"}}}}
    roles:
      - {{name: member, authorizer: {{function: "rules:may"}}}}
"""


class Worker:
    """The worker, in a process of its own."""

    def __init__(self, router: RunningRouter) -> None:
        self.command = [sys.executable, str(SCRIPTS / "deciding_python.py"), router.ws_url, "passwords", "sesame"]
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)

    def is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.stdout is not None
        return "ready" in self.process.stdout.readline()

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()


@pytest.fixture(scope="module")
def router(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRouter]:
    folder = tmp_path_factory.mktemp("deciding")
    running = RunningRouter(folder, config(folder)).start()
    yield running
    running.close()


@pytest.fixture(scope="module")
def worker(router: RunningRouter) -> Iterator[Worker]:
    working = Worker(router)
    working.start()
    assert working.is_ready()
    yield working
    working.kill()


def says_hello(router: RunningRouter, authid: str, ticket: str, realm: str = "passwords") -> Peer:
    peer = Peer(router.port)
    peer.send(1, realm, {"roles": {"caller": {}, "publisher": {}, "subscriber": {}}, "authid": authid,
                         "authmethods": ["ticket"]})  # fmt: skip
    peer.receives(4, "ticket")
    peer.send(5, ticket, {})
    return peer


def test_clients_may_do_what_the_worker_allows(router: RunningRouter, worker: Worker) -> None:
    """F2, F3, A27"""
    amy, joe = says_hello(router, "amy", "sun"), says_hello(router, "joe", "moon")
    joe_is = joe.receives(2, ..., ...)
    assert joe_is[2]["authextra"] == {"realm": "passwords", "secure": False}
    amy.receives(2, ..., ...)
    amy.subscribe("com.example.news")
    amy.call("com.example.joe.add")
    amy.receives(8, 48, ..., {}, "wamp.error.not_authorized")
    for number in range(50):
        joe.send(16, number + 1, {}, "com.example.news", [number])
    assert [amy.receives(36, ..., ..., ..., ...)[4] for _ in range(50)] == [[number] for number in range(50)]
    joe.send(48, 51, {}, "com.example.joe.add")
    joe.receives(8, 48, 51, {}, "wamp.error.no_such_procedure")
    joe.send(48, 52, {}, "com.example.amy.add")
    joe.receives(8, 48, 52, {}, "wamp.error.not_authorized")


def test_without_the_worker_nobody_new_gets_in_and_those_who_wait_do_when_it_is_back(
    router: RunningRouter, worker: Worker
) -> None:
    """E19, E20, F2"""
    joe = says_hello(router, "joe", "moon")
    joe.receives(2, ..., ...)
    worker.kill()
    joe.send(48, 1, {}, "com.example.joe.other")
    joe.receives(8, 48, 1, {}, "wamp.error.authorization_failed")
    says_hello(router, "joe", "moon").receives(3, {"message": FAILED[1]}, FAILED[0])
    assert router.log.count("does not answer") >= 1
    assert "Traceback" not in router.log
    worker.start()
    waiting = None
    while waiting is None:  # a worker takes a second to start; whoever came too early for it comes again
        early = says_hello(router, "joe", "moon")
        message = early.receive()
        waiting = message if message[0] == 2 else None
    assert worker.is_ready()
    joe.close()


def test_functions_decide_as_well(router: RunningRouter) -> None:
    """E19, F3"""
    joe = says_hello(router, "joe", "from joe", "functions")
    joe.receives(2, ..., ...)
    joe.send(48, 1, {}, "com.example.allowed")
    joe.receives(8, 48, 1, {}, "wamp.error.no_such_procedure")
    joe.send(48, 2, {}, "com.example.other")
    joe.receives(8, 48, 2, {}, "wamp.error.not_authorized")
    says_hello(router, "joe", "from ann", "functions").receives(3, ..., DENIED[0])
