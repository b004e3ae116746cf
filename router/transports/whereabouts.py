"""Where the peer of a connection is: what its socket says, or what a trusted proxy says in its stead.

    by the socket                    every connection begins with that
    by the PROXY protocol            once its header is read, for the connection's life (`introduction`)
    by the fields of a request       for a WebSocket, whose connection serves nobody else; for any other request, it
                                     holds for that one: a proxy sends those of many clients over one connection

`proxies` says whom to believe, `admission` keeps what a connection was introduced as.
"""

import asyncio
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, NamedTuple

UNIX: Final = "unix"
"""How a Unix socket is named where others have an address."""

_MAPPED: Final = "::ffff:"


class Whereabouts(NamedTuple):
    """Where a peer is."""

    address: str = ""
    """Its IP address, IPv4 wherever it can be; empty on a Unix socket."""

    port: int = 0
    """0 if nobody knows."""

    secure: bool = False
    """Whether what it sends is encrypted on its way: to us, or to the proxy, if that one says so."""

    via: str = ""
    """The proxy's address, or `unix`; empty if there is none."""

    host: str = ""
    """What it calls us, as in the field Host, if a proxy says so; empty is what Host says."""

    is_named: bool = True
    """False if this is the proxy itself, which speaks for somebody whom it does not name; or if nobody knows."""

    @property
    def peer(self) -> str:
        """For logs and details: `127.0.0.1:50312`, `[::1]:50312`, `192.0.2.1` without a port, or `unix`."""
        if not self.address:
            return UNIX if self.is_named or self.via else "gone"
        if not self.port:
            return self.address
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    def nameless(self, *, secure: bool) -> "Whereabouts":
        """The same proxy, speaking for somebody whom it does not name."""
        return self._replace(secure=secure, via=self.via or self.address or UNIX, is_named=False)


def whereabouts_of(transport: asyncio.BaseTransport) -> Whereabouts:
    """What the socket says."""
    name = transport.get_extra_info("peername")
    secure = transport.get_extra_info("ssl_object") is not None
    if not isinstance(name, tuple):
        # The peer of a TCP socket that is gone already has no address either; that does not make it a Unix socket.
        return Whereabouts("", 0, secure, is_named=not isinstance(transport.get_extra_info("sockname"), tuple))
    address: str = name[0]
    return Whereabouts(canonical(address) if address.startswith(_MAPPED) else address, name[1], secure)


def canonical(address: str) -> str:
    """The one way to write an IP address; raises ValueError. On a socket for both families, IPv4 comes as IPv6."""
    return str(unmapped(ip_address(address)))


def unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address stands for, or itself."""
    return getattr(address, "ipv4_mapped", None) or address
