"""The requests of a long-poll client: what the transport needs of one, and what all of them are to it, a socket."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Protocol


class Post(Protocol):
    """One request of the client."""

    body: bytes

    def answer(self, body: bytes | None) -> None:
        """Answer with messages, or with nothing: 200 or 204."""

    def refuse(self, status: HTTPStatus, why: str) -> None:
        """Answer with an error."""

    def is_gone(self) -> bool:
        """Whether nobody waits for the answer any more."""


class Requests(asyncio.Transport):
    """What stands for the socket that there is not."""

    def __init__(self, read_on: Callable[[], object], lose: Callable[[], object]) -> None:
        super().__init__()
        self._reads = True
        self._read_on = read_on
        self._lose = lose

    def pause_reading(self) -> None:
        """Let what the client sends wait, and its requests without an answer."""
        self._reads = False

    def is_reading(self) -> bool:
        """Whether it does not."""
        return self._reads

    def resume_reading(self) -> None:
        """Take it."""
        self._reads = True
        self._read_on()

    def get_write_buffer_size(self) -> int:
        """Nothing waits here: it waits in the outbox."""
        return 0

    def abort(self) -> None:
        """Be gone in the next turn, as a socket would."""
        self._lose()
