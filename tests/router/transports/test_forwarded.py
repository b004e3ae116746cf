"""What proxies say about clients, and what of it is believed."""

from itertools import product
from random import Random

import pytest

from router.transports.forwarded import FIELDS, forwarded, read_node, x_forwarded
from router.transports.proxies import MAX_HOPS, Proxies
from router.transports.whereabouts import Whereabouts

PROXY = Whereabouts("10.0.0.1", 40000)
STRANGER = Whereabouts("203.0.113.9", 40000)
LOCAL = Whereabouts()
HERE = Proxies(["10.0.0.0/8", "2001:db8:1::/64", "unix"])
BY_RFC = Proxies(["10.0.0.0/8", "2001:db8:1::/64", "unix"], "forwarded")


def by(name: str, *values: str, **more: str) -> dict[str, list[str]]:
    """The fields of a request."""
    return {name: list(values)} | {f"x-forwarded-{key}": [value] for key, value in more.items()}


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("192.0.2.7", ("192.0.2.7", 0)),
        ("192.0.2.7:4711", ("192.0.2.7", 4711)),
        ("2001:db8::7", ("2001:db8::7", 0)),
        ("2001:0DB8:0::07", ("2001:db8::7", 0)),
        ("[2001:db8::7]", ("2001:db8::7", 0)),
        ("[2001:db8::7]:4711", ("2001:db8::7", 4711)),
        ("::ffff:192.0.2.7", ("192.0.2.7", 0)),
        ("[::ffff:192.0.2.7]:80", ("192.0.2.7", 80)),
        ("192.0.2.7:_hidden", ("192.0.2.7", 0)),
        *((text, ("", 0)) for text in (
            "", "unknown", "_hidden", "_SEVKISEK", "localhost", "example.com", "192.0.2.256", "192.0.2", "192.0.2.007",
            "192.0.2.7:", "192.0.2.7:65536", "192.0.2.7:999999", "192.0.2.7:-1", "[2001:db8::7", "2001:db8::7]",
            "[2001:db8::7]x", "[]", "[::1%eth0]", "fe80::1%eth0", "192.0.2.7 192.0.2.8", "192.0.2.7\t", "1.2.3.4/8",
            ":::::", "\uff11.2.3.4", "192.0.2.7\n", "0x7f.1",
        )),
    ],
)  # fmt: skip
def test_a_node_is_an_address_that_may_have_a_port_and_nothing_else(text: str, node: tuple[str, int]) -> None:
    """J2"""
    assert read_node(text) == node


def test_nobody_is_believed_who_is_no_trusted_proxy() -> None:
    """J2"""
    fields = by("x-forwarded-for", "192.0.2.7", proto="https", host="evil.example") | by("forwarded", "for=192.0.2.7")
    for proxies, where in product((HERE, BY_RFC), (STRANGER, Whereabouts("2001:db8:2::1", 1), Whereabouts("junk", 1))):
        assert proxies.believe(where, fields) is where
    assert Proxies().believe(LOCAL, fields) is LOCAL
    assert Proxies(["10.0.0.0/8"]).believe(LOCAL, fields) is LOCAL


@pytest.mark.parametrize(
    ("values", "client"),
    [
        (["192.0.2.7"], "192.0.2.7"),
        (["192.0.2.66, 192.0.2.7"], "192.0.2.7"),  # the left one is the client's own word
        (["192.0.2.66", "192.0.2.7"], "192.0.2.7"),
        (["192.0.2.66,192.0.2.7 , 10.0.0.2,\t10.0.0.3"], "192.0.2.7"),
        (["192.0.2.66, 192.0.2.7", "10.0.0.2, 10.0.0.3"], "192.0.2.7"),
        (["192.0.2.7,, ,"], "192.0.2.7"),
        (["10.9.9.9, 10.0.0.2"], "10.9.9.9"),  # a client within the trusted network
        (["192.0.2.7, 2001:db8:1::5"], "192.0.2.7"),
        (["192.0.2.7, 2001:db8:2::5"], "2001:db8:2::5"),
        (["192.0.2.7, ::ffff:10.0.0.2"], "192.0.2.7"),
        (["192.0.2.7, unknown"], "10.0.0.1"),  # the proxy does not say, so it is the proxy
        (["192.0.2.7, unknown, 10.0.0.2"], "10.0.0.2"),
        (["192.0.2.7, <script>"], "10.0.0.1"),
        ([""], "10.0.0.1"),
        ([], "10.0.0.1"),
    ],
)
def test_the_client_is_the_rightmost_address_that_is_no_trusted_proxy(values: list[str], client: str) -> None:
    """J2"""
    assert HERE.believe(PROXY, by("x-forwarded-for", *values)).address == client


def test_two_proxies_on_the_machine_of_the_router_are_two() -> None:
    proxies = Proxies(["127.0.0.1", "::1"])
    where = proxies.believe(Whereabouts("127.0.0.1", 5), by("x-forwarded-for", "192.0.2.7, 127.0.0.1, ::1"))
    assert where == Whereabouts("192.0.2.7", 0, False, "127.0.0.1")


def test_who_comes_over_a_unix_socket_is_believed_only_if_that_is_said() -> None:
    """B18, J2"""
    where = HERE.believe(LOCAL, by("x-forwarded-for", "192.0.2.7"))
    assert (where.peer, where.via) == ("192.0.2.7", "unix")


@pytest.mark.parametrize(
    ("names", "protocols", "secure"),
    [
        ("192.0.2.7", "https", True),
        ("192.0.2.7", "HTTPS", True),
        ("192.0.2.7", "wss", True),
        ("192.0.2.7", "http", False),
        ("192.0.2.7", "gopher", False),
        ("192.0.2.7", "https, http", False),  # the client said https, and the proxy appended the truth
        ("192.0.2.7", "http, https", True),
        ("192.0.2.7, 10.0.0.2", "https, http", True),  # https to the outer proxy, http between the two
        ("192.0.2.7, 10.0.0.2", "https", True),
        ("192.0.2.7, 10.0.0.2, 10.0.0.3", "http, https, http, http", True),
        ("", "https", True),  # a proxy that says this alone
    ],
)
def test_a_client_is_as_secure_as_the_proxy_says_that_it_came_to(names: str, protocols: str, secure: bool) -> None:
    """J1"""
    fields = by("x-forwarded-for", names, proto=protocols)
    assert HERE.believe(PROXY, fields).secure is secure
    assert HERE.believe(PROXY._replace(secure=True), by("x-forwarded-for", names)).secure is True


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("wamp.example", "wamp.example"),
        ("wamp.example:8443", "wamp.example:8443"),
        ("[2001:db8::1]:8443", "[2001:db8::1]:8443"),
        ("evil.example, wamp.example", "wamp.example"),
        *((text, "") for text in ("wamp.example/path", "a b", "me@wamp.example", "wamp.example:x", "<b>", "a\rb", "")),
    ],
)
def test_the_host_that_was_asked_for_is_one_or_it_is_ignored(given: str, host: str) -> None:
    """J2"""
    assert HERE.believe(PROXY, by("x-forwarded-for", "192.0.2.7", host=given)).host == host


def element(*values: str) -> Whereabouts:
    return BY_RFC.believe(PROXY, by("forwarded", *values))


def test_forwarded_says_everything_in_one_field() -> None:
    """J1, J2"""
    where = element(
        'for="[2001:db8::7]:4711";proto=https;host="wamp.example:8443";by=10.0.0.1, for=10.0.0.2;proto=http'
    )
    assert where == Whereabouts("2001:db8::7", 4711, True, "10.0.0.1", "wamp.example:8443")
    assert element("For=192.0.2.7;PROTO=HTTPS") == Whereabouts("192.0.2.7", 0, True, "10.0.0.1")
    assert element('for=192.0.2.66, for="192.0.2.7:80"').peer == "192.0.2.7:80"
    assert element("for=192.0.2.66", "for=192.0.2.7").address == "192.0.2.7"
    assert element('for="\\1\\92.0.2.7"').address == "192.0.2.7"
    assert element("for=192.0.2.7;;proto=https;,").secure
    assert element("for = 192.0.2.7").address == "10.0.0.1"


@pytest.mark.parametrize("hidden", ["unknown", "_hidden", '"_SEVKISEK"', '"_gazonk:80"', "nobody"])
def test_a_proxy_that_hides_the_client_stands_for_it_and_what_is_left_of_that_is_not_believed(hidden: str) -> None:
    """J2"""
    where = element(f"for=192.0.2.66, for={hidden};proto=https")
    assert (where.address, where.secure, where.via, where.is_named) == ("10.0.0.1", True, "10.0.0.1", False)
    assert BY_RFC.believe(where, by("forwarded", "for=192.0.2.66")) is where


@pytest.mark.parametrize(
    "left",
    [
        'for="', 'for="192.0.2.66', 'for=192.0.2.66;x="', "for=192.0.2.66;for=192.0.2.67;x", '"', "=", ";;=;", 'x="\\',
        "for=192.0.2.66;for=192.0.2.66", "\x00", "for:192.0.2.66", "for=192.0.2.66 proto=https", 'for="a"b',
    ],
)  # fmt: skip
def test_what_a_client_puts_before_the_word_of_the_proxy_cannot_become_it(left: str) -> None:
    """J2"""
    for right in ("for=192.0.2.7", 'for="[2001:db8::7]:80"', "for=192.0.2.7;proto=https"):
        joined, apart = element(f"{left}, {right}"), element(left, right)
        assert joined.address in ("10.0.0.1", "192.0.2.7", "2001:db8::7"), "who is malformed is the proxy"
        assert apart.address in ("192.0.2.7", "2001:db8::7")


def test_the_field_that_is_not_the_configured_one_is_the_clients_own() -> None:
    """J2"""
    both = by("x-forwarded-for", "192.0.2.7", proto="http") | by("forwarded", "for=192.0.2.66;proto=https")
    assert HERE.believe(PROXY, both).address == "192.0.2.7"
    assert not HERE.believe(PROXY, both).secure
    assert BY_RFC.believe(PROXY, both).address == "192.0.2.66"


def test_a_long_field_costs_no_more_than_a_few_hops() -> None:
    """J2"""
    asked = []

    class Counting(Proxies):
        def trusts(self, where: Whereabouts) -> bool:
            asked.append(where)
            return super().trusts(where)

    where = Counting(["10.0.0.0/8"]).believe(PROXY, by("x-forwarded-for", ", ".join(["10.0.0.2"] * 1500)))
    assert (where.address, len(asked)) == ("10.0.0.2", MAX_HOPS)


def test_no_field_breaks_the_reading() -> None:
    """J2"""
    random = Random(5)
    pieces = [
        'for="',
        "for=",
        '"',
        ",",
        ";",
        "=",
        "\\",
        "[",
        "]",
        ":",
        "1.2.3.4",
        "::1",
        "_x",
        " ",
        "\t",
        "\xff",
        "proto",
    ]
    for _ in range(3000):
        text = "".join(random.choices(pieces, k=random.randrange(12)))
        fields = {name: [text, text[::-1]] for name in FIELDS}
        assert list(x_forwarded(fields)) is not None
        assert list(forwarded(fields)) is not None
        for proxies in (HERE, BY_RFC):
            assert proxies.believe(PROXY, fields).peer.isprintable()
