"""Sockets that systemd has opened for us: systemd.socket(5), sd_listen_fds(3).

systemd keeps a socket open while the router restarts, so clients that connect meanwhile wait instead of being refused;
and it may open a port below 1024, or a file in a folder, that the router itself must not.

    LISTEN_PID      for whom they are
    LISTEN_FDS      how many there are; they begin with descriptor 3
    LISTEN_FDNAMES  their names, with colons between: `FileDescriptorName=` of the unit, which may have several sockets
"""

import os
import socket
from collections.abc import Mapping, Sequence
from typing import Final

FIRST: Final = 3
"""The first descriptor that is passed."""

UNNAMED: Final = "unknown"
"""How systemd calls what has no name."""


class CannotActivate(Exception):  # noqa: N818 - it reads as what it says
    """systemd has passed no such socket; the text is one line for the operator."""


def passed_names(environment: Mapping[str, str]) -> list[str]:
    """The names of what systemd passes to this process, in the order of the descriptors."""
    if environment.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = environment.get("LISTEN_FDS", "")
    names = environment.get("LISTEN_FDNAMES", "").split(":")
    size = int(count) if count.isascii() and count.isdigit() else 0
    return [*names, *[UNNAMED] * size][:size] if names != [""] else [UNNAMED] * size


PASSED: Final = passed_names(os.environ)
"""Read as soon as this module is imported: Twisted's endpoints, once they are, take the variables for themselves."""


def passed_sockets(name: str, names: Sequence[str] = PASSED, *, first: int = FIRST) -> list[socket.socket]:
    """The listening sockets that systemd passes by that name; raises CannotActivate. Each can be taken once."""
    numbers = [first + place for place, one in enumerate(names) if one == name]
    if not numbers:
        known = f"; it passes {', '.join(sorted(set(names)))}" if names else ""
        raise CannotActivate(f"systemd passes no socket named {name}{known}")
    return [_listening(number, name) for number in numbers]


def _listening(number: int, name: str) -> socket.socket:
    """One of them, checked: it may be a FIFO, or what a mistaken unit gives."""
    try:
        os.set_inheritable(number, False)
        found = socket.socket(fileno=number)
    except OSError as error:
        raise CannotActivate(f"descriptor {number}, {name}, is no socket: {os.strerror(error.errno or 0)}") from None
    listens = found.type == socket.SOCK_STREAM and found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    if not listens or found.family not in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX):
        found.close()
        raise CannotActivate(f"descriptor {number}, {name}, is no socket that listens for connections")
    return found
