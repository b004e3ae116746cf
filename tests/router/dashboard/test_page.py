"""The dashboard of a real router: its page on the listener, its procedures in its realm, and what others see of it."""

import json
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from tests.peers import Peer
from tests.router.test_rulebook import reload
from tests.routers import RunningRouter

Peers = Callable[..., Peer]

CONFIG = """
realms:
  - name: realm1
    authentication: {anonymous: {role: visitor}, ticket: true, cookie: true}
    principals: [{authid: op, role: operator, ticket: {file: ticket}}]
    roles:
      - name: visitor
        permissions:
          - {uri: "", match: prefix, allow: [call, register, publish, subscribe]}
          - {uri: wamp., match: prefix, allow: [call, subscribe]}
      - name: operator
        permissions: [{uri: wamplex., match: prefix, allow: [call, subscribe]}]
  - name: realm2
    authentication: {anonymous: {role: operator}}
    roles:
      - name: operator
        permissions: [{uri: wamplex., match: prefix, allow: [call, subscribe]}]
web: {login: {realm: realm1}}
dashboard: {path: /ops}
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRouter]:
    folder = tmp_path_factory.mktemp("dashboard")
    (folder / "ticket").write_text("open sesame")
    router = RunningRouter(folder, CONFIG).start()
    yield router
    router.close()


def get(router: RunningRouter, path: str, method: str = "GET") -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection("127.0.0.1", router.port, timeout=5)
    connection.request(method, path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def operator(peer: Peer) -> Peer:
    roles = {"caller": {}, "subscriber": {}}
    peer.send(1, "realm1", {"roles": roles, "authmethods": ["ticket"], "authid": "op"})
    peer.receives(4, "ticket", {})
    peer.send(5, "open sesame", {})
    peer.receives(2)
    return peer


def calls(peer: Peer, procedure: str, *payload: Any) -> Any:
    """What it answers, or the error."""
    answer = peer.request(48, {}, procedure, *payload)
    return answer[3][0] if answer[0] == 50 else answer[4]


# --- the page ---------------------------------------------------------------------------------------------------


def test_the_page_is_where_the_configuration_says_and_nowhere_else(running: RunningRouter) -> None:
    answer, page = get(running, "/ops/")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert b"<!doctype html>" in page
    for path in ("/dashboard", "/dashboard/", "/dashboard/index.html", "/ops/dashboard/", "/dashboard/settings.json"):
        assert get(running, path)[0].status == 404


@pytest.mark.parametrize("query", ["", "?x=1"])
def test_without_its_slash_it_leads_there(running: RunningRouter, query: str) -> None:
    answer, _ = get(running, f"/ops{query}")
    assert (answer.status, answer.headers["Location"]) == (301, "/ops/")


@pytest.mark.parametrize(
    "path", ["/ops/js/wamplex.js", "/ops/page/dom.js", "/ops/vendor/autobahn.min.js", "/ops/main.js", "/ops/views/"]
)
def test_what_it_loads_is_below_it(running: RunningRouter, path: str) -> None:
    answer, _ = get(running, path)
    if path.endswith(".js"):
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")
        kept = "public, max-age=86400" if "vendor" in path else "no-cache"
        assert answer.headers["Cache-Control"] == kept
    else:
        assert answer.status == 404  # no listing


@pytest.mark.parametrize("path", ["/ops/", "/ops/settings.json", "/ops/js/wamplex.js", "/ops/nothing", "/ops"])
def test_whatever_is_answered_carries_the_headers_of_the_house(running: RunningRouter, path: str) -> None:
    headers = get(running, path)[0].headers
    assert headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_the_settings_say_how_the_page_reaches_the_router(running: RunningRouter) -> None:
    answer, body = get(running, "/ops/settings.json")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert json.loads(body) == {"realm": "realm1", "websocket": "/ws", "longpoll": "/lp", "login": "/auth"}
    assert get(running, "/ops/settings.json", "POST")[0].status == 405


@pytest.mark.parametrize(
    "path", ["/ops/../config.yaml", "/ops/%2e%2e/style.css", "/ops/js/..%2f..%2fconfig.yaml", "/ops/js/package.json"]
)
def test_nothing_else_of_the_disk_can_be_had(running: RunningRouter, path: str) -> None:
    assert get(running, path)[0].status == 404


def test_what_a_listener_does_not_speak_is_null_in_its_settings(tmp_path: Path) -> None:
    config = CONFIG.replace("web: {login: {realm: realm1}}", "web: false").replace("cookie: true", "cookie: false")
    (tmp_path / "ticket").write_text("open sesame")
    router = RunningRouter(tmp_path, config, "longpoll: false, websocket: {path: /wamp}").start()
    try:
        _, body = get(router, "/ops/settings.json")
        assert json.loads(body) == {"realm": "realm1", "websocket": "/wamp", "longpoll": None, "login": None}
        assert get(router, "/ops/")[0].status == 200
        assert get(router, "/")[0].status == 404
        assert f"listening on {router.url}/ops" in router.log
    finally:
        router.close()


def test_the_procedures_do_without_the_page(tmp_path: Path, peers: Peers) -> None:
    (tmp_path / "ticket").write_text("open sesame")
    router = RunningRouter(tmp_path, CONFIG.replace("path: /ops", "path: null")).start()
    try:
        for path in ("/ops/", "/dashboard/", "/settings.json"):
            assert get(router, path)[0].status == 404
        assert calls(operator(peers(router.port)), "wamplex.node.get")["pid"] == router.pid
    finally:
        router.close()


# --- the procedures ---------------------------------------------------------------------------------------------


def test_an_operator_learns_what_the_router_is_and_does(running: RunningRouter, peers: Peers) -> None:
    op = operator(peers(running.port))
    about = calls(op, "wamplex.node.get")
    assert about["pid"] == running.pid
    assert about["config"] == str(running.config_file)
    assert about["realms"] == ["realm1", "realm2"]
    before = calls(op, "wamplex.node.stats")
    visitor = peers(running.port).join()
    visitor.publish("com.example.topic", ["hello"])
    visitor.vanish()
    peers(running.port).join("realm2")
    after = calls(op, "wamplex.node.stats")
    assert after["memory"] > 10_000_000
    assert after["cpu"] >= before["cpu"]
    one, two = after["realms"]
    assert (one["realm"], two["realm"], two["sessions"]) == ("realm1", "realm2", 1)
    assert one["messages_received"] >= before["realms"][0]["messages_received"] + 2
    assert one["octets_received"] > before["realms"][0]["octets_received"] + len("com.example.topic")


def test_an_operator_is_told_each_second(running: RunningRouter, peers: Peers) -> None:
    op = operator(peers(running.port))
    op.subscribe("wamplex.node.on_stats")
    first, second = op.receives(36)[4][0], op.receives(36)[4][0]
    assert 0.9 < second["uptime"] - first["uptime"] < 3
    assert first["realms"][0]["sessions"] >= 1


def test_who_has_no_rule_for_it_gets_nothing_out_of_it(running: RunningRouter, peers: Peers) -> None:
    op = operator(peers(running.port))
    op.subscribe("wamplex.node.on_stats")
    visitor = peers(running.port).join()
    denied = "wamp.error.not_authorized"
    procedures = ["node.get", "node.stats", "session.list", "config.get", "log.list", "audit.list", "nothing.at.all"]
    assert [calls(visitor, f"wamplex.{name}", ["realm1"]) for name in procedures] == [denied] * len(procedures)
    for match, uri in (("exact", "wamplex.node.on_stats"), ("prefix", "wamplex."), ("wildcard", "wamplex..on_stats")):
        assert visitor.request(32, {"match": match}, uri)[4] == denied
    known = calls(visitor, "wamp.reflection.procedure.list") + calls(visitor, "wamp.reflection.topic.list")
    assert [uri for uri in known if uri.startswith("wamplex.")] == [
        "wamplex.session.extend",
        "wamplex.subscription.get_history",
    ]
    everything = visitor.subscribe("", match="prefix")
    op.receives(36)
    op.receives(36)
    visitor.send(16, next(visitor.requests), {"exclude_me": False}, "com.example.done")
    visitor.receives(36, everything, ..., {"topic": "com.example.done"})  # and nothing came before it


def test_in_another_realm_there_is_no_dashboard(running: RunningRouter, peers: Peers) -> None:
    stranger = peers(running.port).join("realm2")
    assert calls(stranger, "wamplex.node.get") == "wamp.error.no_such_procedure"
    stranger.subscribe("wamplex.node.on_stats")
    stranger.receives_nothing(1.2)


@pytest.mark.parametrize(
    "payload",
    [[["x" * 100_000]], [[], {"realm": "realm1"}], [[{"a": [[[[[]]]]]}]], [[None] * 1000]],
)
def test_nonsense_is_answered_and_harms_nobody(running: RunningRouter, peers: Peers, payload: list[Any]) -> None:
    op = operator(peers(running.port))
    for procedure in ("wamplex.node.get", "wamplex.node.stats"):
        assert calls(op, procedure, *payload) == "wamp.error.invalid_argument"
    assert calls(op, "wamplex.node.get")["pid"] == running.pid


# --- changes ----------------------------------------------------------------------------------------------------


def test_a_rule_that_is_taken_back_ends_the_watching_at_once(running: RunningRouter, peers: Peers) -> None:
    op = operator(peers(running.port))
    op.subscribe("wamplex.node.on_stats")
    rule = "{uri: wamplex., match: prefix, allow: [call, subscribe]}]\n  - name"
    reload(running, rule, rule.replace("[call, subscribe]", "[call]"))
    try:
        op.receives_nothing(1.2)
        assert op.request(32, {}, "wamplex.node.on_stats")[4] == "wamp.error.not_authorized"
    finally:
        reload(running, rule.replace("[call, subscribe]", "[call]"), rule)


def test_the_dashboard_itself_waits_for_a_restart(running: RunningRouter) -> None:
    said = reload(running, "path: /ops", "path: /other")
    assert "`dashboard` changed: that takes effect after a restart" in said
    reload(running, "path: /other", "path: /ops")


def test_strangers_are_not_let_in_by_what_will_only_be_after_a_restart(tmp_path: Path, peers: Peers) -> None:
    """The new rules would count at once; that the dashboard is off, or the listener elsewhere, would not."""
    (tmp_path / "ticket").write_text("open sesame")
    router = RunningRouter(tmp_path, CONFIG, "trusted_proxies: [10.0.0.1]").start()
    try:
        rule = "          - {uri: wamp., match: prefix, allow: [call, subscribe]}\n"
        opened = rule + rule.replace("wamp.", "wamplex.")
        text = router.config_file.read_text()
        router.config_file.write_text(text.replace("dashboard: {path: /ops}", "dashboard: false"))
        said = reload(router, rule, opened)
        assert f"{router.config_file}:11:1: until a restart, anonymous clients could use the dashboard" in said
        assert "the configuration stays as it was" in said
        assert calls(peers(router.port).join(), "wamplex.node.get") == "wamp.error.not_authorized"
    finally:
        router.close()
