"""A cable that can be pulled: between client and router a relay on loopback falls silent, and neither end is told."""

import socket
import threading
from contextlib import suppress
from types import TracebackType

READ_AT_ONCE = 65536


class Cable:
    """A TCP relay from a port of its own to another one of 127.0.0.1.

    What is sent while it is pulled waits, as in the buffers of the sender's system, and arrives when it is plugged in
    again: also the end of a connection.
    """

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._plugged = threading.Event()
        self._plugged.set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = [self._listening]
        self.port: int = self._listening.getsockname()[1]
        self.ws_url = f"ws://127.0.0.1:{self.port}/ws"
        threading.Thread(target=self._accept, daemon=True).start()

    def pull(self) -> None:
        """Let nothing pass any more, and say nothing of it: no FIN, no RST."""
        self._plugged.clear()

    def plug_in(self) -> None:
        """Let everything pass again, with what has waited first."""
        self._plugged.set()

    def close(self) -> None:
        """End the relay and all that goes through it."""
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._plugged.set()

    def __enter__(self) -> "Cable":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                self._open.append(near)
                threading.Thread(target=self._join, args=[near], daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        self._plugged.wait()
        try:
            far = socket.create_connection(("127.0.0.1", self._to_port))
        except OSError:
            near.close()
            return
        self._open.append(far)
        threading.Thread(target=self._pass_on, args=[far, near], daemon=True).start()
        self._pass_on(near, far)

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while octets := source.recv(READ_AT_ONCE):
                self._plugged.wait()
                target.sendall(octets)
        self._plugged.wait()
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)
