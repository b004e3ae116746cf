"""Mistakes in `dashboard` are told with their line and column, and so is who could use it without being asked."""

from pathlib import Path

import pytest

from router.config import InvalidConfig, load
from router.config.dashboard import Dashboard

CONFIG = """\
realms:
  - name: realm1
    authentication: {anonymous: {role: guest}, cryptosign: true}
    principals: [{authid: joe, role: staff, cryptosign: [KEY]}]
    roles:
      - name: guest
        permissions:
          - {uri: "", match: prefix, allow: [call, subscribe]}
      - name: staff
        permissions:
          - {uri: wamplex., match: prefix, allow: [call, subscribe]}
""".replace("KEY", "ab" * 32)
"""Right, and 11 lines long: what a test adds starts in line 12."""

OPEN = CONFIG.replace('uri: ""', "uri: wamplex.")
EXPOSED = "listeners: [{host: 0.0.0.0}]\n"


def report(folder: Path, text: str) -> str:
    path = folder / "config.yaml"
    path.write_text(text)
    try:
        load(path, {})
    except InvalidConfig as invalid:
        return str(invalid).replace(f"{folder}/config.yaml:", "")
    return ""


def test_it_is_off_unless_it_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG)
    assert load(tmp_path / "config.yaml", {}).dashboard is None


@pytest.mark.parametrize("written", ["dashboard: true", "dashboard:", "dashboard: {}", "dashboard: {realm: realm1}"])
def test_it_has_defaults(tmp_path: Path, written: str) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG + written)
    assert load(tmp_path / "config.yaml", {}).dashboard == Dashboard(path="/dashboard", realm="realm1")


@pytest.mark.parametrize(
    "written",
    [
        "dashboard: {path: /ops/dashboard}",
        "dashboard: {path: null}",
        "dashboard: {path: /wsx}",
        "dashboard: {path: null}\nlisteners: [{http: false, longpoll: false}]",
        "web: {path: /site}\ndashboard: {path: /site/dashboard}",
        "web: {mounts: [{path: /, redirect: /dashboard, permanent: false, keep_path: false}]}\ndashboard: true",
        "web: false\ndashboard: true",
    ],
)
def test_what_is_right_is_taken(tmp_path: Path, written: str) -> None:
    assert report(tmp_path, CONFIG + written) == ""


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("dashboard: {realm: realm2}", "12:20: there is no realm `realm2`; did you mean `realm1`?"),
        ("dashboard: {realm: shop}", "12:20: there is no realm `shop`; known here: realm1"),
        ("dashboard: {paht: /x}", "12:13: unknown key `paht`; did you mean `path`?"),
        ("dashboard: {path: dashboard}", "12:19: expected"),
        ("dashboard: {path: /}", "12:19: the dashboard needs a path of its own, such as `/dashboard`"),
        ("dashboard: {path: /a/../b}", "12:19: `/a/../b` is no path that a browser would ask for"),
        ("dashboard: {path: //evil.example}", "12:19: `//evil.example` is no path that a browser would ask for"),
        ("dashboard: {path: /ws/}", "12:19: `/ws/` is in the way of WebSocket, which is at `/ws`"),
        ("dashboard: {path: /lp/x}", "12:19: `/lp/x` is in the way of long-poll, which is at `/lp`"),
        (
            "listeners: [{websocket: {path: /dashboard/js}}]\ndashboard: true",
            "13:12: `/dashboard` is in the way of WebSocket, which is at `/dashboard/js`",
        ),
        (
            "web: {login: {realm: realm1}}\ndashboard: {path: /auth}",
            "13:19: `/auth` is in the way of `login`, which is at `/auth`",
        ),
        (
            "bridges: [{realm: realm1, path: /dashboard, anonymous: true}]\ndashboard: true",
            "13:12: `/dashboard` is in the way of a bridge, which is at `/dashboard`",
        ),
        ("web: {path: /x}\ndashboard: {path: /x/}", "13:19: `/x/` is the path of `web` already"),
        (
            "web: {mounts: [{path: /dashboard/js, redirect: /x}]}\ndashboard: true",
            "12:23: `/dashboard/js` is the path of the dashboard already",
        ),
        (
            "listeners: [{http: false, longpoll: false}]\ndashboard: true",
            "13:12: nobody could reach the page: no listener has `http`; `path: null` does without the page",
        ),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, written: str, said: str) -> None:
    assert any(line.startswith(said) for line in report(tmp_path, CONFIG + written).splitlines())


# --- strangers --------------------------------------------------------------------------------------------------


def test_strangers_may_not_use_it_where_others_than_this_machine_come_in(tmp_path: Path) -> None:
    assert report(tmp_path, OPEN + EXPOSED + "dashboard: true") == (
        "8:19: anonymous clients could use the dashboard, and 0.0.0.0 port 8080 is not for this machine only; "
        "give this rule to a role whose clients log in, leave `anonymous` out of the `authmethods` of that listener, "
        "let it listen on 127.0.0.1, or set `dashboard: false`"
    )


@pytest.mark.parametrize("where", ["{host: '::'}", "{systemd: wamplex}", "{trusted_proxies: [10.0.0.1]}"])
def test_other_ways_in_from_elsewhere_count_as_well(tmp_path: Path, where: str) -> None:
    said = report(tmp_path, OPEN + f"listeners: [{{port: 1}}, {where}]\ndashboard: true")
    assert said.startswith("8:19: anonymous clients could use the dashboard")


@pytest.mark.parametrize(
    "where",
    ["{}", "{host: '::1'}", "{host: localhost}", "{unix: socket}", "{host: 0.0.0.0, authmethods: [cryptosign]}"],
)
def test_on_this_machine_or_with_a_proof_they_may(tmp_path: Path, where: str) -> None:
    assert report(tmp_path, OPEN + f"listeners: [{where}]\ndashboard: true") == ""


@pytest.mark.parametrize(
    ("rule", "is_open"),
    [
        ("{uri: wamplex.node.stats, allow: [call]}", True),
        ("{uri: wamplex.log., match: prefix, allow: [subscribe]}", True),
        ("{uri: wamplex..get, match: wildcard, allow: [call]}", True),
        ("{uri: wamplex., match: prefix, allow: []}", False),
        ("{uri: wamplex., match: prefix, allow: [publish, register]}", False),
        ("{uri: wamplex.session.extend, allow: [call]}", False),
        ("{uri: wamp., match: prefix, allow: [call, subscribe]}", False),
    ],
)
def test_a_rule_counts_that_opens_something_of_it(tmp_path: Path, rule: str, is_open: bool) -> None:
    text = CONFIG.replace('{uri: "", match: prefix, allow: [call, subscribe]}', rule)
    assert bool(report(tmp_path, text + EXPOSED + "dashboard: true")) is is_open


def test_it_may_be_reached_from_everywhere_by_those_who_log_in(tmp_path: Path) -> None:
    assert report(tmp_path, CONFIG + EXPOSED + "dashboard: true") == ""


def test_without_a_dashboard_the_rule_opens_nothing(tmp_path: Path) -> None:
    assert report(tmp_path, OPEN + EXPOSED) == ""


def test_strangers_of_another_realm_do_not_matter(tmp_path: Path) -> None:
    other = CONFIG.replace("name: realm1", "name: staff").replace("realms:\n", "")
    assert report(tmp_path, OPEN + other + EXPOSED + "dashboard: {realm: staff}") == ""
