"""The header of the PROXY protocol, versions 1 and 2, with which a proxy begins a connection. No I/O.

    PROXY TCP4 192.0.2.7 198.51.100.2 50312 8080\r\n

    12 octets of signature, version and command, family, length (2 octets), addresses, extensions (TLV)

Extensions are looked at for one thing: whether the client came to the proxy by TLS.

https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt
"""

import re
import struct
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, NamedTuple

from router.transports.whereabouts import canonical

MAX_LINE: Final = 107
"""Octets of version 1, with the end of the line: what the longest addresses need."""

MAX_BLOCK: Final = 4096
"""Octets after the fixed part of version 2. Addresses take 36; a TLS client's certificate names and an authority some
hundreds. The format allows 65535, which nobody needs and a stranger may not keep."""

SIGNATURE: Final = b"\r\n\r\n\0\r\nQUIT\n"

_FIXED: Final = struct.Struct("!12sBBH")
_LINE: Final = re.compile(
    rb"PROXY (?:UNKNOWN(?: [\x20-\x7e]*)?|(TCP[46]) ([0-9A-Fa-f:.]+) ([0-9A-Fa-f:.]+) (0|[1-9][0-9]{0,4})"
    rb" (0|[1-9][0-9]{0,4}))\r\n"
)

_LOCAL, _PROXIED = 0x20, 0x21
_ADDRESSES: Final = {0x11: 12, 0x21: 36, 0x31: 216, 0x00: 0}
"""Family and protocol -> octets of the addresses: TCP over IPv4, over IPv6, a Unix socket, and what has no name."""

_TLS: Final = 0x20
_BY_TLS: Final = 0x01


class MalformedHeader(ValueError):  # noqa: N818 - says it
    """The connection does not begin with a header."""


class Announced(NamedTuple):
    """What a header says."""

    size: int
    """Its octets."""

    address: str = ""
    """The client's; empty if the header names none."""

    port: int = 0
    secure: bool = False
    is_local: bool = False
    """The proxy speaks for itself, to see whether we are there."""


def parse_proxy_header(octets: bytes) -> Announced | None:
    """Read a header at the beginning of `octets`; None if there is more to come, raises MalformedHeader."""
    if SIGNATURE.startswith(octets[: len(SIGNATURE)]):
        return _parse_block(octets)
    if b"PROXY ".startswith(octets[:6]):
        return _parse_line(octets)
    raise MalformedHeader("it has no header of the PROXY protocol")


def _parse_line(octets: bytes) -> Announced | None:
    end = octets.find(b"\n", 0, MAX_LINE) + 1
    if not end:
        if len(octets) >= MAX_LINE:
            raise MalformedHeader("its header is too long")
        return None
    found = _LINE.fullmatch(octets, 0, end)
    if found is None:
        raise MalformedHeader("its header is malformed")
    if found[1] is None:
        return Announced(end)
    kind = IPv4Address if found[1] == b"TCP4" else IPv6Address
    try:
        addresses = [ip_address(text.decode()) for text in (found[2], found[3])]
    except ValueError:
        addresses = []
    ports = [int(port) for port in (found[4], found[5])]
    if not addresses or not all(isinstance(one, kind) for one in addresses) or max(ports) >= 2**16:
        raise MalformedHeader("its header has addresses that are none")
    return Announced(end, canonical(found[2].decode()), ports[0])


def _parse_block(octets: bytes) -> Announced | None:
    if len(octets) < _FIXED.size:
        return None
    _, command, family, length = _FIXED.unpack_from(octets)
    if command not in (_LOCAL, _PROXIED):
        raise MalformedHeader("its header has another version, or another command")
    if length > MAX_BLOCK:
        raise MalformedHeader("its header is too long")
    size = _FIXED.size + length
    if len(octets) < size:
        return None
    if command == _LOCAL:
        return Announced(size, is_local=True)
    taken = _ADDRESSES.get(family)
    if taken is None or taken > length:
        raise MalformedHeader("its header has addresses that are none")
    block = octets[_FIXED.size : size]
    address, port = "", 0
    if family == 0x11:
        address, port = str(IPv4Address(block[:4])), int.from_bytes(block[8:10], "big")
    elif family == 0x21:
        address, port = canonical(str(IPv6Address(block[:16]))), int.from_bytes(block[32:34], "big")
    return Announced(size, address, port, _came_by_tls(block[taken:]))


def _came_by_tls(extensions: bytes) -> bool:
    """Look through the extensions: a type, a length of two octets, and so many octets of value each."""
    by_tls = False
    while extensions:
        if len(extensions) < 3:
            raise MalformedHeader("its header has a broken extension")
        kind, length = extensions[0], int.from_bytes(extensions[1:3], "big")
        value, extensions = extensions[3 : 3 + length], extensions[3 + length :]
        if len(value) < length:
            raise MalformedHeader("its header has a broken extension")
        if kind == _TLS:
            by_tls = bool(value[:1]) and bool(value[0] & _BY_TLS)
    return by_tls
