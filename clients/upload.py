"""A callee that takes a file of any size in one call, piece by piece.

    com.example.upload(name, size) -> {"name", "size", "sha256", "seconds"}
        further pieces               args [octets], in order, until there are `size` of them
        progressive results          {"received"}: octets so far; the caller keeps only so many ahead of it
    com.example.uploaded             kwargs {"name", "size", "sha256"}, about every file that has arrived

Nothing is stored: this worker reads what comes, and tells its SHA-256, so that the sender sees that it arrived intact.
"""

from argparse import Namespace
from hashlib import sha256
from time import monotonic
from typing import Any

from autobahn.wamp.types import CallDetails, RegisterOptions
from twisted.internet.defer import DeferredQueue

from clients.arguments import invalid, number, strict
from clients.command import main
from clients.pieces import PieceSession

LARGEST_FILE = 1024 * 1024 * 1024  # octets
LONGEST_NAME = 255


class Upload:
    session_factory = PieceSession

    def __init__(self, reactor: Any, arguments: Namespace) -> None:
        pass

    async def serve(self, session: Any) -> None:
        self.session = session
        options = RegisterOptions(details_arg="details")
        await session.register(strict(self.upload), "com.example.upload", options)

    async def upload(self, name: Any, size: Any, *, details: CallDetails) -> dict[str, Any]:
        """Cancelled by the caller or by its end, this stops at the next `await`."""
        pieces = self.session.pieces()
        if not isinstance(name, str) or not 1 <= len(name) <= LONGEST_NAME:
            raise invalid(f"name must be a text of 1 to {LONGEST_NAME} characters")
        if number("size", size) != int(size) or not 0 <= size <= LARGEST_FILE:
            raise invalid(f"size must be a whole number of octets up to {LARGEST_FILE}")
        began, received, digest = monotonic(), 0, sha256()
        while received < size:
            octets = await next_of(pieces)
            received += len(octets)
            if received > size:
                raise invalid(f"more than the {size} octets that were announced")
            digest.update(octets)
            if details.progress:
                details.progress({"received": received})
        file = {"name": name, "size": size, "sha256": digest.hexdigest()}
        self.session.publish("com.example.uploaded", **file)
        return file | {"seconds": round(monotonic() - began, 2)}


async def next_of(pieces: DeferredQueue[tuple[Any, Any]]) -> bytes:
    args, kwargs = await pieces.get()
    if kwargs or len(args) != 1 or not isinstance(args[0], bytes) or not args[0]:
        raise invalid("a piece must be one binary value that is not empty")
    return args[0]


if __name__ == "__main__":
    main({"upload": Upload})
