"""What counts as one address."""

import ipaddress
from functools import lru_cache


@lru_cache(4096)
def network_of(address: str) -> str:
    """The network that one party is given: an IPv4 address is one, of IPv6 it is the first 64 bits."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((parsed, 64), strict=False))
