"""Unix sockets: the file that a listener is reached by, and what TCP has and they have not.

The file outlives a process that dies. So one that nobody listens behind is replaced; behind one that answers there is
another router, or somebody else, and that is an error. The file is removed at the end, unless it is another's by then.
"""

import asyncio
import errno
import os
import socket
from contextlib import suppress
from pathlib import Path
from stat import S_ISSOCK
from typing import Any, Final

MAX_PATH: Final = 107
"""Octets of a path: what the kernel has room for, `sun_path` in unix(7)."""


class UnixSocket:
    """A listening socket, and its file."""

    def __init__(self, path: Path, mode: int) -> None:
        """Listen; who may write to the file may connect. Raises OSError."""
        self.path = path
        self.socket = _bound(path)
        try:
            path.chmod(mode)  # nobody can have connected so far: that takes `listen`
            self.socket.listen()
            self._id = _id_of(path)
        except OSError:
            self.socket.close()
            path.unlink(missing_ok=True)
            raise

    def remove(self) -> None:
        """Remove the file; idempotent."""
        with suppress(OSError):
            if _id_of(self.path) == self._id:
                self.path.unlink()


def _bound(path: Path) -> socket.socket:
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        try:
            bound.bind(str(path))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            _clear(path)
            bound.bind(str(path))
    except OSError:
        bound.close()
        raise
    return bound


def _clear(path: Path) -> None:
    """Remove the socket file of a process that is gone; raises OSError if it is not, or if that is no socket."""
    if not S_ISSOCK(path.lstat().st_mode):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
        except BlockingIOError:
            pass  # so many wait to be accepted that no more may: somebody is there
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


def _id_of(path: Path) -> tuple[int, int]:
    found = path.lstat()
    return found.st_dev, found.st_ino


# --- what TCP has ---------------------------------------------------------------------------------------------


class _WithoutTcp:
    """A Unix socket that takes the options of TCP and does nothing about them."""

    def __init__(self, inner: Any) -> None:
        self.fileno = inner.fileno

    def setsockopt(self, *option: object) -> None:
        """Nothing is delayed here, and nothing is to be acknowledged."""

    def getsockopt(self, *option: object) -> int:
        """Off."""
        return 0


class _Seen:
    """A transport of a Unix socket, in the eyes of one who sets options of TCP."""

    def __init__(self, inner: asyncio.Transport) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        value = self._inner.get_extra_info(name, default)
        return _WithoutTcp(value) if name == "socket" else value


def with_tcp_options(transport: asyncio.Transport) -> Any:
    """The transport, or a view of it whose socket lets options of TCP be set: picows sets some on every connection."""
    if isinstance(transport.get_extra_info("sockname"), tuple):
        return transport
    return _Seen(transport)
