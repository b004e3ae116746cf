"""Whom a listener believes when it says for whom it speaks: the proxies that the operator names.

Everybody can write X-Forwarded-For. So what a request says counts only as long as the one who said it is trusted:
beginning with the peer of the socket, from proxy to proxy, up to the first address that is none of them. That is the
client, and whatever else is in the request it has made up.

A listener believes one of the two ways of saying so (see `forwarded`). A proxy that writes one of them passes on the
other as the client sent it.
"""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from itertools import islice
from typing import Final, Literal

from router.transports.forwarded import Fields, forwarded, x_forwarded
from router.transports.whereabouts import UNIX, Whereabouts, unmapped

MAX_HOPS: Final = 16
"""Proxies between a client and us. Nobody has that many; it bounds what a long field costs."""

Header = Literal["x-forwarded-for", "forwarded"]


class Proxies:
    """The proxies that a listener trusts."""

    def __init__(self, trusted: Iterable[str] = (), header: Header = "x-forwarded-for") -> None:
        """`trusted` is as in config.yaml: addresses, networks, and `unix`; raises ValueError."""
        names = frozenset(trusted)
        self._unix = UNIX in names
        self._networks = [network_of(name) for name in sorted(names - {UNIX})]
        self._hops = forwarded if header == "forwarded" else x_forwarded

    def __bool__(self) -> bool:
        """Whether there is any."""
        return self._unix or bool(self._networks)

    def trusts(self, where: Whereabouts) -> bool:
        """Whether what this peer says about others is to be believed."""
        if not where.is_named or not self:
            return False
        if not where.address:
            return self._unix
        try:
            address = unmapped(ip_address(where.address.partition("%")[0]))
        except ValueError:
            return False
        return any(address in network for network in self._networks)

    def believe(self, where: Whereabouts, fields: Fields) -> Whereabouts:
        """Where the sender of a request is, that came over a connection from `where`."""
        if not self:
            return where
        seen = where
        for hop in islice(self._hops(fields), MAX_HOPS):
            if not self.trusts(seen):
                break
            secure = seen.secure if hop.secure is None else hop.secure
            host = hop.host or seen.host
            if not hop.address:
                return seen.nameless(secure=secure)._replace(host=host)
            seen = Whereabouts(hop.address, hop.port, secure, where.via or where.address or UNIX, host)
        return seen


NO_PROXIES: Final = Proxies()


def network_of(text: str) -> IPv4Network | IPv6Network:
    """Read an address or a network, such as `10.0.0.0/8`; raises ValueError."""
    return ip_network(text)
