"""Mistakes in who may connect and what a role may cost are told with their line and column."""

from pathlib import Path

import pytest

from router.config import InvalidConfig, load

REALM = """\
realms:
  - name: realm1
    authentication:
      anonymous: {role: anonymous}
    roles:
      - name: anonymous
        limits: {LIMITS}
listeners:
  - {LISTENER}
"""


def report(folder: Path, limits: str = "", listener: str = "") -> str:
    """What is said of a configuration; empty if nothing is wrong."""
    path = folder / "config.yaml"
    path.write_text(REALM.replace("LIMITS", limits).replace("LISTENER", listener))
    try:
        load(path, {})
    except InvalidConfig as invalid:
        return str(invalid).replace(f"{folder}/config.yaml:", "")
    return ""


@pytest.mark.parametrize(
    ("listener", "said"),
    [
        (
            "allowed_origins: [shop.example.com]",
            "9:23: `shop.example.com` has no scheme: origins are like `https://shop.example.com`",
        ),
        (
            "allowed_origins: ['https://shop.example.com/']",
            "9:23: `https://shop.example.com/` has a path: an origin ends with the host or the port",
        ),
        (
            "allowed_origins: ['http*://shop.example.com']",
            "9:23: `http*://shop.example.com` has a `*` in the scheme, which must be named",
        ),
        ("allowed_origins: [same_origin]", "9:23: `same_origin` is no origin; did you mean `same-origin`?"),
        (
            "allowed_origins: ['https://x:0x1F']",
            "9:23: `https://x:0x1F` is no origin such as `https://shop.example.com`",
        ),
        ("handshake_rate: 0", "9:22: expected a whole number from 1 to 10000000, found the number `0`"),
        ("max_connections: 0", "9:23: expected a whole number from 1 to 10000000, found the number `0`"),
        (
            "http: false, longpoll: {}",
            "9:29: long-poll is HTTP: it needs `http: true`",
        ),
        ("longpoll: {path: /}", "9:23: long-poll needs a path of its own, such as /lp"),
        ("longpoll: {path: /ws}", "9:23: long-poll and WebSocket cannot both be at `/ws`"),
        ("websocket: {path: /lp}", "9:24: long-poll and WebSocket cannot both be at `/lp`"),
        ("longpoll: {idle: 0}", "9:23: expected a number of seconds from 1 to 60, found the number `0`"),
        (
            "max_connections: 10, max_connections_per_address: 11",
            "9:56: `max_connections_per_address` is 11, but `max_connections` is 10, and the smaller counts",
        ),
        ("allowed_origins: [same-origin, 'https://*.a.example', 'http://localhost:*', 'null']", ""),
        ("allowed_origins: ['*'], allow_missing_origin: false, handshake_rate: 500", ""),
        ("allowed_origins: []", ""),
    ],
)
def test_the_door_is_checked(tmp_path: Path, listener: str, said: str) -> None:
    """J2"""
    assert report(tmp_path, listener=listener).startswith(said)
    assert bool(report(tmp_path, listener=listener)) == bool(said)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ("message_rate: 0", "7:32: expected a whole number from 1 to 10000000, found the number `0`"),
        ("octet_rate: 1", "7:30: expected a size from 512 to 1024 GiB, such as `1 MiB`, found the number `1`"),
        ("sessions_per_principal: 0", "7:42: expected a whole number from 1"),
        (
            "subscriptions: 20000",
            "7:33: `subscriptions` is 20000, but `max_subscriptions` is 10000, and the smaller counts",
        ),
        ("calls: 20000", "7:25: `calls` is 20000, but `max_pending` is 16384, and the smaller counts"),
        ("subscriptions: 5, registrations: 5, calls: 5, message_rate: 50, octet_rate: 64 KiB", ""),
        ("sessions_per_principal: null", ""),
    ],
)
def test_the_limits_of_roles_are_checked(tmp_path: Path, limits: str, said: str) -> None:
    """J2"""
    assert report(tmp_path, limits=limits).startswith(said)
    assert bool(report(tmp_path, limits=limits)) == bool(said)
