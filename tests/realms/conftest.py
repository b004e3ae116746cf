"""Fixtures for the tests of `realms/`."""

import pytest
from twisted.internet.task import Clock

from tests.realms.fakes import Scene


@pytest.fixture
def realm() -> Scene:
    """`realm1`, where everybody may do everything; `realm2` beside it."""
    return Scene()


@pytest.fixture
def clock(realm: Scene) -> Clock:
    """The clock of the realm."""
    return realm.clock
