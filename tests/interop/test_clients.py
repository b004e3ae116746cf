"""Other people's clients, each over every transport and serializer it has, see what `scenario.py` says."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.interop.conftest import Outcome
from tests.interop.scenario import AUTHENTICATION, CLIENTS, CONVERSATION, Client, NotSeen, Part, Way


def conversations() -> Iterator[Any]:
    for client in CLIENTS:
        for transport, serializer in client.ways:
            for what, value in (CONVERSATION | client.conversation).items():
                if value is NotSeen or (what == "binary" and serializer == "json" and "python" not in client.name):
                    continue
                name = f"{client.name}-{transport}-{serializer}-{what}"
                yield pytest.param(client, (transport, serializer), what, value, id=name)


def authentications() -> Iterator[Any]:
    for client in CLIENTS:
        for what, value in (AUTHENTICATION | client.authentication).items():
            for way in client.logs_in:
                yield pytest.param(client, way, what, value, id=f"{client.name}-{way[0]}-{what}")


@pytest.mark.parametrize(("client", "way", "what", "value"), list(conversations()))
def test_a_client_sees_what_it_should(
    outcome: Callable[[Client, Way, Part], Outcome], client: Client, way: Way, what: str, value: Any
) -> None:
    saw, complaints = outcome(client, way, "converse")
    assert what in saw, f"it saw {list(saw)} and then:\n{complaints}"
    assert saw[what] == value


@pytest.mark.parametrize(("client", "way", "what", "value"), list(authentications()))
def test_a_ticket_decides_who_joins(
    outcome: Callable[[Client, Way, Part], Outcome], client: Client, way: Way, what: str, value: Any
) -> None:
    saw, complaints = outcome(client, way, "authenticate")
    assert what in saw, f"it saw {list(saw)} and then:\n{complaints}"
    assert saw[what] == value
