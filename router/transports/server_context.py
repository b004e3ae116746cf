"""The TLS context of a certificate of a listener, and the connections that begin in it."""

import ssl
from typing import Any


class ServerConnection(ssl.SSLObject):
    """Has the peer learn why its handshake failed.

    OpenSSL writes an alert, and then says that it failed; asyncio's transports take that for the end, and throw the
    alert away: a client that is too old would see the connection break. So OpenSSL's word is held back until it is
    asked again, for in between what it wrote is sent. The peer ends the connection then, or the deadline does.
    """

    _has_failed = False

    def do_handshake(self) -> None:
        """Go on; raises SSLError when it has failed and the peer was told."""
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError:
            if self._has_failed:
                raise
            self._has_failed = True
            raise ssl.SSLWantReadError from None


class ServerContext(ssl.SSLContext):
    """Knows what its certificate gives for the channel binding tls-server-end-point.

    A connection's context is the one that the client's choice of a name (SNI) led to.
    """

    end_point: bytes | None = None
    sslobject_class: Any = ServerConnection
