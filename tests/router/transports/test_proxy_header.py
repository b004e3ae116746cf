"""The header of the PROXY protocol: both versions, octet by octet, and what is none."""

import struct
from ipaddress import ip_address
from random import Random

import pytest

from router.transports.proxy_header import (
    MAX_BLOCK,
    MAX_LINE,
    SIGNATURE,
    Announced,
    MalformedHeader,
    parse_proxy_header,
)

LONGEST = b"PROXY TCP6 " + b" ".join([b"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"] * 2) + b" 65535 65535\r\n"


def block(
    command: int = 0x21, family: int = 0x11, addresses: bytes | None = None, extensions: bytes = b"", length: int = -1
) -> bytes:
    """A header of version 2: `192.0.2.7:4711` unless other addresses are given."""
    if addresses is None:
        addresses = ip_address("192.0.2.7").packed + ip_address("10.0.0.9").packed + struct.pack("!HH", 4711, 8080)
    body = addresses + extensions
    return SIGNATURE + struct.pack("!BBH", command, family, len(body) if length < 0 else length) + body


def six(address: str) -> bytes:
    return ip_address(address).packed * 2 + struct.pack("!HH", 4711, 8080)


def extension(kind: int, value: bytes) -> bytes:
    return struct.pack("!BH", kind, len(value)) + value


GOOD = [
    (b"PROXY TCP4 192.0.2.7 10.0.0.9 4711 8080\r\n", "192.0.2.7", 4711, False),
    (b"PROXY TCP6 2001:db8::7 2001:db8::9 4711 8080\r\n", "2001:db8::7", 4711, False),
    (b"PROXY TCP6 ::ffff:192.0.2.7 ::1 0 65535\r\n", "192.0.2.7", 0, False),
    (LONGEST, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535, False),
    (b"PROXY UNKNOWN\r\n", "", 0, False),
    (b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", "", 0, False),
    (block(), "192.0.2.7", 4711, False),
    (block(family=0x21, addresses=six("2001:db8::7")), "2001:db8::7", 4711, False),
    (block(family=0x21, addresses=six("::ffff:192.0.2.7")), "192.0.2.7", 4711, False),
    (block(family=0x31, addresses=bytes(216)), "", 0, False),
    (block(family=0, addresses=b""), "", 0, False),
    (block(extensions=extension(0x04, b"noop") + extension(0x20, b"\x01\0\0\0\0")), "192.0.2.7", 4711, True),
    (block(extensions=extension(0x20, b"\0\0\0\0\0") + extension(0xE0, b"")), "192.0.2.7", 4711, False),
    (block(extensions=extension(0x20, b"")), "192.0.2.7", 4711, False),
    (block(extensions=extension(0x04, bytes(MAX_BLOCK - 15))), "192.0.2.7", 4711, False),
]


@pytest.mark.parametrize(("octets", "address", "port", "secure"), GOOD)
def test_a_header_says_who_the_client_is_however_it_arrives(
    octets: bytes, address: str, port: int, secure: bool
) -> None:
    """J2"""
    expected = Announced(len(octets), address, port, secure)
    assert parse_proxy_header(octets) == expected
    assert parse_proxy_header(octets + b"GET / HTTP/1.1\r\n") == expected
    assert parse_proxy_header(octets + octets) == expected
    assert {parse_proxy_header(octets[:end]) for end in range(1, len(octets))} == {None}


def test_a_proxy_that_speaks_for_itself_names_nobody() -> None:
    for octets in (block(0x20), block(0x20, 0, b""), block(0x20, 0xFF, b"whatever")):
        assert parse_proxy_header(octets) == Announced(len(octets), is_local=True)


BAD = [
    b"GET / HTTP/1.1\r\n\r\n",
    b"\x7f\xf1\0\0",
    b"\x16\x03\x01",
    b"proxy TCP4 192.0.2.7 10.0.0.9 4711 8080\r\n",
    b"PROXY  TCP4 192.0.2.7 10.0.0.9 4711 8080\r\n",
    b"PROXY TCP4 192.0.2.7 10.0.0.9 4711 8080\n",
    b"PROXY TCP4 192.0.2.7 10.0.0.9 4711 8080 \r\n",
    b"PROXY TCP4 192.0.2.7 10.0.0.9 04711 8080\r\n",
    b"PROXY TCP4 192.0.2.7 10.0.0.9 65536 8080\r\n",
    b"PROXY TCP4 192.0.2.7 10.0.0.9 4711 65536\r\n",
    b"PROXY TCP4 192.0.2.7 10.0.0.9 -1 8080\r\n",
    b"PROXY TCP4 192.0.2.256 10.0.0.9 4711 8080\r\n",
    b"PROXY TCP4 2001:db8::7 2001:db8::9 4711 8080\r\n",
    b"PROXY TCP4 192.0.2.7 2001:db8::9 4711 8080\r\n",
    b"PROXY TCP6 192.0.2.7 192.0.2.9 4711 8080\r\n",
    b"PROXY TCP4 192.0.2.7 10.0.0.9 4711\r\n",
    b"PROXY TCP5 192.0.2.7 10.0.0.9 4711 8080\r\n",
    b"PROXY UNKNOWN\x00\r\n",
    b"PROXY \r\n",
    b"PROXY\r\n",
    b"PROXY UNKNOWN " + b"x" * MAX_LINE,
    b"PROXY UNKNOWN " + b"x" * (MAX_LINE - 15) + b"\r\n",
    SIGNATURE[:-1] + b"\r",
    block(0x11),
    block(0x22),
    block(0x2F),
    block(family=0x12),
    block(family=0x41),
    block(family=0x21),
    block(family=0x31),
    block(length=11)[:27],
    block(length=MAX_BLOCK + 1),
    block(length=65535),
    block(extensions=b"\x20"),
    block(extensions=b"\x20\0"),
    block(extensions=b"\x20\0\x05\x01"),
    block(extensions=extension(0x20, b"\x01\0\0\0\0") + b"\x01\xff\xff"),
]


@pytest.mark.parametrize("octets", BAD)
def test_what_is_no_header_is_refused_and_says_nothing_before_that(octets: bytes) -> None:
    """J2"""
    with pytest.raises(MalformedHeader):
        parse_proxy_header(octets)
    assert not any(map(parsed_in_part, (octets[:end] for end in range(1, len(octets)))))


def parsed_in_part(octets: bytes) -> Announced | None:
    """What is made of the beginning of a header that is refused."""
    try:
        return parse_proxy_header(octets)
    except MalformedHeader:
        return None


def test_nothing_is_kept_beyond_the_longest_header() -> None:
    """J2"""
    assert len(LONGEST) == MAX_LINE - 3  # the specification counts a terminating zero, and UNKNOWN with addresses
    with pytest.raises(MalformedHeader):
        parse_proxy_header(b"PROXY TCP4 " + b"1" * (MAX_LINE - 11))
    assert parse_proxy_header(block(length=MAX_BLOCK)) is None


def test_no_octets_break_the_parser() -> None:
    """J2"""
    random = Random(7)
    good = [octets for octets, *_ in GOOD if len(octets) < 500]
    for _ in range(4000):
        octets = bytearray(random.choice(good))
        for _ in range(random.randrange(1, 4)):
            octets[random.randrange(len(octets))] = random.randrange(256)
        try:
            announced = parse_proxy_header(bytes(octets))
        except MalformedHeader:
            continue
        assert announced is None or announced.size <= MAX_BLOCK + 16
