"""Compressed forms of static texts: made once, in steps between which others get their turn, and kept in memory.

Only static files are compressed. What an application answers may hold a secret beside what a stranger can choose, and
the size of the two together, compressed, gives the secret away (BREACH).
"""

import zlib
from collections import OrderedDict
from collections.abc import Callable
from typing import IO, Final

from twisted.logger import Logger

from router.web.clock import Clock

LEAST: Final = 1024
"""Octets; what fits in one packet gains nothing."""

MOST: Final = 4 * 2**20
"""Octets; for larger texts operators compress the file once: `gzip -k`."""

ROOM: Final = 16 * 2**20
"""Octets of compressed texts that are kept, those that were asked for last."""

STEP: Final = 64 * 1024
"""Octets that are compressed in one turn of the reactor: one to three milliseconds."""

GZIP: Final = 16 + zlib.MAX_WBITS
"""zlib, with the head and the tail of gzip."""

Key = tuple[int, int, int, int]
"""Device, inode, time of change and size: another file, or another version of it, has another key."""

log = Logger(namespace="router.web")


class Compressed:
    """The compressed forms of the files of a folder."""

    def __init__(self, clock: Clock, room: int = ROOM) -> None:
        self._clock = clock
        self._room = room
        self._kept: OrderedDict[Key, bytes] = OrderedDict()
        self._size = 0
        self._pressing: dict[Key, list[Callable[[bytes], None]]] = {}

    def press(self, key: Key, file: IO[bytes], then: Callable[[bytes], None]) -> None:
        """Give `then` the compressed form of `file`, at once or later, or nothing if it cannot be read; closes it."""
        if key in self._kept:
            file.close()
            self._kept.move_to_end(key)
            then(self._kept[key])
        elif key in self._pressing:
            file.close()
            self._pressing[key].append(then)
        else:
            self._pressing[key] = [then]
            self._step(key, file, zlib.compressobj(wbits=GZIP), [])

    def _step(self, key: Key, file: IO[bytes], press: "zlib._Compress", done: list[bytes]) -> None:
        try:
            data = file.read(STEP)
        except OSError:
            log.failure("reading {path} failed", path=file.name)
            file.close()
            self._tell(key, b"")
            return
        if data:
            done.append(press.compress(data))
            self._clock.callLater(0, self._step, key, file, press, done)
            return
        file.close()
        octets = b"".join((*done, press.flush()))
        self._keep(key, octets)
        self._tell(key, octets)

    def _tell(self, key: Key, octets: bytes) -> None:
        for then in self._pressing.pop(key):
            then(octets)

    def _keep(self, key: Key, octets: bytes) -> None:
        self._kept[key] = octets
        self._size += len(octets)
        while self._size > self._room:
            self._size -= len(self._kept.popitem(last=False)[1])
