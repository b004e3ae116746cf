"""Mistakes in where a listener is and whom it believes are told with their line and column."""

from pathlib import Path

import pytest

from router.config import InvalidConfig, load
from router.config.advice import warnings
from router.config.listeners import Listener

REALM = """\
realms:
  - name: realm1
    authentication:
      anonymous: {role: anonymous}
    roles:
      - name: anonymous
        permissions: []
listeners:
"""


@pytest.mark.parametrize(
    ("listener", "said"),
    [
        ("{unix: socket}", ""),
        ('{unix: socket, mode: "0600", trusted_proxies: [unix]}', ""),
        ("{unix: socket, mode: 0660}", '9:26: expected four octal digits in quotes, such as "0660", found the '),
        ('{unix: socket, mode: "660"}', '9:26: expected four octal digits in quotes, such as "0660", found `660`'),
        ("{unix: socket, port: 8080}", "9:26: `port` has no meaning beside `unix`"),
        ("{unix: socket, host: localhost}", "9:26: `host` has no meaning beside `unix`"),
        ("{unix: socket, reuse_port: true}", "9:32: `reuse_port` has no meaning beside `unix`"),
        ("{unix: socket, systemd: wamplex}", "9:12: `unix` has no meaning beside `systemd`"),
        ("{systemd: wamplex}", ""),
        ("{systemd: wamplex, trusted_proxies: [unix, 10.0.0.0/8]}", ""),
        ("{systemd: wamplex, port: 80}", "9:30: `port` has no meaning beside `systemd`"),
        ('{mode: "0600"}', "9:12: `mode` has no meaning without `unix`"),
        ("{unix: .}", "9:12: FOLDER: there is something else than a socket"),
        ("{unix: no/such/socket}", "9:12: FOLDER/no/such: there is no such folder"),
        ("{unix: " + "x" * 200 + "}", "9:12: FOLDER/" + "x" * 200 + ": "),
        ("{unix: ''}", "9:12: expected the path of a file, found "),
        ("{trusted_proxies: [10.0.0.1, 10.0.0.0/8, '2001:db8::/32', '::1']}", ""),
        ("{trusted_proxies: [10.0.0.1/8]}", "9:23: `10.0.0.1/8` is no address or network such as `192.0.2.1` or "
         "`10.0.0.0/8`; the bits behind the `/` must be 0"),
        ("{trusted_proxies: [proxy.example.com]}", "9:23: `proxy.example.com` is no address or network such as "),
        ("{trusted_proxies: ['*']}", "9:23: `*` is no address or network such as "),
        ("{trusted_proxies: [unx]}", "9:23: `unx` is no address or network such as `192.0.2.1` or `10.0.0.0/8`; did "
         "you mean `unix`?"),
        ("{trusted_proxies: [unix]}", "9:23: `unix` stands for the peers of a Unix socket, and this listener is none"),
        ("{proxy_protocol: true}", "9:22: name the proxies that may say so in `trusted_proxies`"),
        ("{forwarded_header: forwarded}", "9:24: name the proxies that may say so in `trusted_proxies`"),
        ("{forwarded_header: x-real-ip}", "9:24: expected forwarded or x-forwarded-for, found `x-real-ip`"),
        ("{proxy_protocol: false, forwarded_header: x-forwarded-for}", ""),
        ("{proxy_protocol: true, forwarded_header: forwarded, trusted_proxies: [127.0.0.1]}", ""),
        ("{host: '::', reuse_port: true}\n  - {host: 0.0.0.0, reuse_port: true}", ""),
        ("{unix: socket}\n  - {unix: other}\n  - {systemd: a}\n  - {systemd: b}\n  - {}", ""),
        ("{unix: socket}\n  - {unix: socket}", "10:5: a second listener on the Unix socket FOLDER/socket; the first is "
         "in line 9"),
        ("{systemd: a}\n  - {systemd: a}", "10:5: a second listener on systemd's socket a; the first is in line 9"),
        ("{}\n  - {reuse_port: true}", "10:5: a second listener on 127.0.0.1 port 8080; the first is in line 9"),
    ],
)  # fmt: skip
def test_the_place_of_a_listener_and_its_proxies_are_checked(tmp_path: Path, listener: str, said: str) -> None:
    """B18, J2"""
    path = tmp_path / "config.yaml"
    path.write_text(f"{REALM}  - {listener}\n")
    found = ""
    try:
        load(path, {})
    except InvalidConfig as invalid:
        found = str(invalid).replace(f"{path}:", "").replace(str(tmp_path), "FOLDER")
    assert found.startswith(said)
    assert bool(found) == bool(said)


@pytest.mark.parametrize(
    ("listener", "exposed"),
    [
        ("{}", False),
        ("{unix: socket}", False),
        ("{unix: socket, trusted_proxies: [unix]}", True),
        ("{trusted_proxies: [127.0.0.1]}", True),
        ("{systemd: wamplex}", True),
        ("{host: 192.0.2.1}", True),
    ],
)
def test_a_router_that_is_open_to_all_is_warned_of_wherever_strangers_may_come_from(
    tmp_path: Path, listener: str, exposed: bool
) -> None:
    path = tmp_path / "config.yaml"
    rights = '[{uri: "", match: prefix, allow: [call, register, publish, subscribe]}]'
    role = (
        f"{{name: realm1, authentication: {{anonymous: {{role: all}}}}, roles: [{{name: all, permissions: {rights}}}]}}"
    )
    path.write_text(f"realms: [{role}]\nlisteners:\n  - {listener}\n")
    told = [warning for warning in warnings(load(path, {})) if warning.startswith("whoever reaches ")]
    assert bool(told) == exposed


def test_a_listener_says_where_it_is() -> None:
    assert Listener().where == "127.0.0.1 port 8080"
    assert Listener(unix=Path("/run/x")).where == "the Unix socket /run/x"
    assert Listener(systemd="wamplex").where == "systemd's socket wamplex"
