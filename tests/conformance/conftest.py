"""Every test of this folder runs over WebSocket and RawSocket with each serializer.

The basics run over long-poll and batched WebSocket, too.
"""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from tests.peers import SERIALIZERS, TRANSPORTS, Peer
from tests.routers import RunningRouter

WAYS = list(product(TRANSPORTS, SERIALIZERS))


BASICS = {"test_sessions", "test_rpc", "test_pubsub"}
OTHER_WAYS = [("longpoll", "json"), ("batched", "json"), ("batched", "cbor")]
"""What routes is the same for all, so one serializer of a kind will do; the others are in tests/router."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each test its ways: a transport and a serializer."""
    if "way" in metafunc.fixturenames:
        ways = [*WAYS, *OTHER_WAYS] if metafunc.module.__name__.rpartition(".")[2] in BASICS else WAYS
        metafunc.parametrize("way", ways, ids=["-".join(way) for way in ways])


@pytest.fixture
def connect(router: RunningRouter, way: tuple[str, str], peers: Callable[..., Peer]) -> Callable[[], Peer]:
    """Makes peers that have not joined yet."""
    return lambda: peers(router.port, *way)


@pytest.fixture
def join(connect: Callable[[], Peer]) -> Callable[..., Peer]:
    """Makes peers that are in realm1."""

    def joined(**details: Any) -> Peer:
        return connect().join(**details)

    return joined
