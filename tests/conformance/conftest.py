"""Every test of this folder runs over each transport with each serializer."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from tests.peers import SERIALIZERS, TRANSPORTS, Peer
from tests.routers import RunningRouter

WAYS = list(product(TRANSPORTS, SERIALIZERS))


@pytest.fixture(params=WAYS, ids=["-".join(way) for way in WAYS])
def way(request: pytest.FixtureRequest) -> tuple[str, str]:
    """A transport and a serializer."""
    param: tuple[str, str] = request.param
    return param


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
