"""Which pages may connect: what the door does with the Origin of a WebSocket's handshake."""

import re

import pytest
from twisted.logger import globalLogPublisher

from router.transports.http_head import RefusedRequest, parse_head
from router.transports.origins import InvalidOrigin, Origins, check_pattern
from tests.router.transports.fakes import Peer, listening, request, run


def lets_in(allowed: Origins, *origins: str, host: str | None = "shop.example.com", secure: bool = True) -> bool:
    """Whether a page of this origin gets in, over TLS or not."""
    lines = [f"Origin: {origin}" for origin in origins]
    if host is not None:
        lines.append(f"Host: {host}")
    head = parse_head("\r\n".join(["GET /ws HTTP/1.1", *lines, "", ""]).encode("latin-1"))
    try:
        allowed.check(head, secure=secure)
    except RefusedRequest:
        return False
    return True


SAME = Origins()


@pytest.mark.parametrize(
    ("origin", "host", "secure"),
    [
        ("https://shop.example.com", "shop.example.com", True),
        ("https://shop.example.com", "shop.example.com:443", True),
        ("https://shop.example.com:443", "shop.example.com", True),
        ("https://SHOP.example.COM", "Shop.Example.com", True),
        ("https://shop.example.com:8443", "shop.example.com:8443", True),
        ("http://shop.example.com", "shop.example.com", False),
        ("http://shop.example.com", "shop.example.com:80", False),
        ("http://shop.example.com", "shop.example.com:", False),
        ("http://127.0.0.1:8080", "127.0.0.1:8080", False),
        ("http://[::1]:8080", "[::1]:8080", False),
        ("https://xn--bcher-kva.example", "xn--bcher-kva.example", True),
        ("http://shop.example.com.", "shop.example.com.", False),
        ("https://shop.example.com", "shop.example.com", False),  # TLS ends at a proxy
        ("wss://shop.example.com", "shop.example.com", True),  # what some clients of telephones send
        ("ws://shop.example.com:8080", "shop.example.com:8080", False),
    ],
)
def test_the_own_page_may_connect(origin: str, host: str, secure: bool) -> None:
    """J2"""
    assert lets_in(SAME, origin, host=host, secure=secure)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://shop.example.com",  # what a man in the middle serves
        "https://shop.example.com:8443",
        "https://shop.example.com.evil.example",
        "https://evil.example.shop.example.com",
        "https://shop.example.com.",
        "https://shop.example.com@evil.example",
        "https://evil.example@shop.example.com",
        "https://evil.example:443@shop.example.com",
        "https://shop.example.com/",
        "https://shop.example.com/.evil.example",
        "https://shop.example.com?evil.example",
        "https://shop.example.com#evil.example",
        "https://shop.example.com\\.evil.example",
        "https://shop.example.com, https://evil.example",
        "https://evil.example https://shop.example.com",
        "https://shop.example.com:443:443",
        "https://shop.example.com:https",
        "https:shop.example.com",
        "//shop.example.com",
        "shop.example.com",
        "https://",
        "https:///",
        "https://[shop.example.com]",
        "https://sh\xf6p.example.com",
        "javascript://shop.example.com",
        "null",
        "NULL",
        "",
        "*",
        "same-origin",
        "https://" + "a" * 5000,
    ],
)
def test_no_other_page_may_connect(origin: str) -> None:
    """J2"""
    assert not lets_in(SAME, origin)


def test_two_origins_are_none() -> None:
    assert not lets_in(SAME, "https://shop.example.com", "https://evil.example")
    assert not lets_in(Origins(["*"]), "https://shop.example.com", "https://shop.example.com")


@pytest.mark.parametrize("host", [None, "", "a b", "shop.example.com@evil.example", "evil.example/shop.example.com"])
def test_without_a_host_nothing_is_of_the_same_origin(host: str | None) -> None:
    assert not lets_in(SAME, "https://shop.example.com", host=host)


def test_with_two_hosts_nothing_is_of_the_same_origin() -> None:
    head = parse_head(b"GET /ws HTTP/1.1\r\nOrigin: http://a.example\r\nHost: a.example\r\nHost: b.example\r\n\r\n")
    with pytest.raises(RefusedRequest):
        SAME.check(head, secure=False)


def test_clients_that_are_no_browsers_may_connect_unless_that_is_switched_off() -> None:
    """J2"""
    assert lets_in(Origins(["https://a.example"]))
    assert not lets_in(Origins(["*"], allow_missing=False))
    assert lets_in(Origins(["same-origin"], allow_missing=False), "https://shop.example.com")


@pytest.mark.parametrize(
    ("pattern", "fits", "fits_not"),
    [
        (
            "https://app.example.com",
            ["https://app.example.com", "https://APP.example.com:443"],
            ["http://app.example.com", "https://app.example.com:8443", "https://xapp.example.com"],
        ),
        (
            "https://*.example.com",
            ["https://a.example.com", "https://a-b.example.com"],
            [
                "https://example.com",
                "https://a.b.example.com",
                "https://evilexample.com",
                "https://a.example.com.evil.example",
                "https://evil.example/.example.com",
                "https://evil.example:1.example.com",
                "https://a.example.com:8443",
                "https://evil@a.example.com",
                "https://axexample.com",
            ],
        ),
        (
            "https://**.example.com",
            ["https://a.example.com", "https://a.b.example.com"],
            ["https://example.com", "https://evil.example?.example.com", "http://a.example.com"],
        ),
        ("http://localhost:*", ["http://localhost", "http://localhost:5173"], ["http://localhost.evil.example"]),
        ("http://*:3000", ["http://localhost:3000", "http://[::1]:3000"], ["http://10.0.0.1:3000"]),
        ("https://**", ["https://any.example"], ["https://any.example:8443", "http://any.example"]),
        ("https://shop*.example.com", ["https://shop.example.com", "https://shop2.example.com"], ["https://shop.a.b"]),
        ("https://a.example.com.", ["https://a.example.com."], ["https://a.example.com"]),
        ("http://[::1]:8080", ["http://[::1]:8080"], ["http://[::2]:8080"]),
        ("chrome-extension://abcdef", ["chrome-extension://abcdef"], ["chrome-extension://other"]),
        ("capacitor://localhost", ["capacitor://localhost"], ["http://localhost"]),
        ("file://", ["file://"], ["null", "file://host"]),
        ("null", ["null"], ["https://null", "file://"]),
        ("*", ["https://any.example", "http://any.example:8080", "file://"], ["null", "", "no origin", "https://a/"]),
    ],
)
def test_other_pages_may_connect_if_they_are_listed(pattern: str, fits: list[str], fits_not: list[str]) -> None:
    """J2"""
    allowed = Origins([pattern])
    assert [origin for origin in fits if not lets_in(allowed, origin)] == []
    assert [origin for origin in fits_not if lets_in(allowed, origin)] == []
    assert not lets_in(allowed, "https://other.example") or pattern in ("*", "https://**")


def test_several_may_be_listed() -> None:
    allowed = Origins(["same-origin", "https://*.a.example", "https://b.example"])
    for origin in ("https://shop.example.com", "https://x.a.example", "https://b.example"):
        assert lets_in(allowed, origin)
    assert not lets_in(allowed, "https://c.example")


@pytest.mark.parametrize(
    ("pattern", "mistake"),
    [
        ("shop.example.com", "has no scheme"),
        ("https://shop.example.com/", "has a path"),
        ("https://shop.example.com/page", "has a path"),
        ("https://joe@shop.example.com", "names a user"),
        ("*://shop.example.com", "`*` in the scheme"),
        ("http*://shop.example.com", "`*` in the scheme"),
        ("https://bücher.example", "in ASCII"),
        ("https://\u212aelvin.example", "in ASCII"),  # lower case of this sign is an ASCII k
        ("https://:8080", "names no host"),
        ("https://a.example:99999", "beyond 65535"),
        ("https://a.example:x", "is no origin"),
        ("**", "has no scheme"),
        ("Same-Origin", "has no scheme"),
    ],
)
def test_what_is_no_pattern_is_told(pattern: str, mistake: str) -> None:
    with pytest.raises(InvalidOrigin, match=re.escape(mistake)):
        check_pattern(pattern)


def test_a_page_from_elsewhere_is_refused_before_the_upgrade_logged_and_counted() -> None:
    """J2"""
    lines: list[str] = []

    def keep(event: dict[str, object]) -> None:
        if "origin" in event:
            lines.append(str(event["origin"]))

    async def main() -> None:
        async with listening() as (listener, sessions):
            peer = await Peer.connect(listener.port)
            peer.write(request("Origin: https://evil.example"))
            answer = await peer.rest()
            assert answer.startswith(b"HTTP/1.1 403 ")
            assert b"evil" not in answer
            peer.close()
            own = await Peer.connect(listener.port)
            own.write(request("Origin: http://router.example"))
            assert (await own.head()).startswith(b"HTTP/1.1 101 ")
            assert len(sessions) == 1
            assert listener.terms.admission.totals.origin == 1
            own.close()

    globalLogPublisher.addObserver(keep)
    try:
        run(main())
    finally:
        globalLogPublisher.removeObserver(keep)
    assert lines == ["https://evil.example"]
