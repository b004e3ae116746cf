"""The bridge of a real router: a real HTTP client on one side, WAMP peers and a real HTTP server on the other.

Every answer to a POST is compared with what the OpenAPI document says of it, see conftest.
"""

import json
import socket
import time
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import jwt
import pytest

from router.gateway.hook_signatures import standard_signature
from tests.peers import Peer
from tests.router.gateway.conftest import SECRET, Client, Target
from tests.router.gateway.signing import crossbar_query, signed
from tests.routers import RunningRouter

ANN = {"Authorization": "Basic " + b64encode(b"ann:sesame").decode()}


ROLES = {
    "publisher": {},
    "subscriber": {"features": {"publisher_identification": True}},
    "caller": {},
    "callee": {"features": {"call_canceling": True, "caller_identification": True}},
}


def token(**claims: Any) -> str:
    return jwt.encode({"sub": "joe", "role": "user", "exp": time.time() + 60} | claims, SECRET, "HS256")


@pytest.fixture
def peer(router: RunningRouter) -> Iterator[Peer]:
    """A WAMP client that may do all that users may."""
    peer = Peer(router.port)
    peer.send(1, "realm1", {"roles": ROLES, "authmethods": ["ticket"], "authid": "ann"})
    peer.receives(4, "ticket")
    peer.send(5, "sesame", {})
    _, peer.session, peer.welcome = peer.receives(2)
    yield peer
    peer.close()


# --- publish and call ---------------------------------------------------------------------------------------------


def test_a_post_publishes_an_event(client: Client, peer: Peer) -> None:
    subscription = peer.subscribe("com.news")
    event = {"topic": "com.news", "args": [1, "ä"], "kwargs": {"deep": [None, {"x": 1.5}]}}
    answer = client.post("/bridge/publish", event, ANN)
    assert answer.status == 200
    _, _, publication, details, args, kwargs = peer.receives(36, subscription)
    assert (publication, args, kwargs) == (answer.body["id"], event["args"], event["kwargs"])
    assert (details["publisher_authid"], details["publisher_authrole"]) == ("ann", "user")


def test_whom_an_event_is_for_holds_for_http_too(client: Client, peer: Peer) -> None:
    subscription = peer.subscribe("com.private")
    client.post("/bridge/publish", {"topic": "com.private", "options": {"exclude_authid": ["ann"]}}, ANN)
    client.post("/bridge/publish", {"topic": "com.private", "args": [2], "options": {"eligible_authid": ["ann"]}}, ANN)
    assert peer.receives(36, subscription)[4] == [2]


def test_a_post_calls_a_procedure(client: Client, peer: Peer) -> None:
    peer.register("com.add")
    with answered(client, "/bridge/call", {"procedure": "com.add", "args": [1, 2], "kwargs": {"a": 1}}) as answer:
        _, invocation, _, details, args, kwargs = peer.receives(68)
        assert (args, kwargs, details["caller_authid"]) == ([1, 2], {"a": 1}, "ann")
        peer.send(70, invocation, {}, [3], {"is_exact": True})
    assert (answer.status, answer.body) == (200, {"args": [3], "kwargs": {"is_exact": True}})


def test_an_error_of_the_procedure_is_told_with_what_it_says(client: Client, peer: Peer) -> None:
    peer.register("com.fail")
    with answered(client, "/bridge/call", {"procedure": "com.fail"}) as answer:
        peer.send(8, 68, peer.receives(68)[1], {}, "com.error.no", ["because"], {"code": 7})
    assert answer.status == 422
    assert answer.body == {"error": "com.error.no", "args": ["because"], "kwargs": {"code": 7}}


@pytest.mark.parametrize(
    ("ask", "status", "uri"),
    [
        ({"procedure": "com.nobody"}, 404, "wamp.error.no_such_procedure"),
        ({"procedure": "org.secret"}, 403, "wamp.error.not_authorized"),
        ({"procedure": "com..x"}, 400, "wamp.error.invalid_uri"),
        ({"procedure": "wamp.session.get", "args": ["x"]}, 400, "wamp.error.invalid_argument"),
    ],
)
def test_errors_of_the_router_have_fitting_statuses(client: Client, ask: Any, status: int, uri: str) -> None:
    answer = client.post("/bridge/call", ask, ANN)
    assert (answer.status, answer.body["error"]) == (status, uri)


def test_a_call_has_a_deadline(client: Client, peer: Peer) -> None:
    peer.register("com.slow")
    answer = client.post("/bridge/call", {"procedure": "com.slow", "options": {"timeout": 50}}, ANN)
    assert (answer.status, answer.body["error"]) == (504, "wamp.error.timeout")


def test_a_call_whose_callee_leaves_is_answered_by_503(client: Client, peer: Peer) -> None:
    peer.register("com.leaving")
    with answered(client, "/bridge/call", {"procedure": "com.leaving"}) as answer:
        peer.receives(68)
        peer.vanish()
    assert (answer.status, answer.body["error"]) == (503, "wamp.error.canceled")
    assert answer.headers["retry-after"].isdigit()


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_client_that_goes_away_cancels_its_call(router: RunningRouter, peer: Peer, how: str) -> None:
    peer.register(f"com.{how}")
    body = json.dumps({"procedure": f"com.{how}"}).encode()
    with socket.create_connection(("127.0.0.1", router.port)) as caller:
        head = f"POST /bridge/call HTTP/1.1\r\nHost: x\r\nAuthorization: {ANN['Authorization']}\r\n"
        caller.sendall(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        invocation = peer.receives(68)[1]
        if how == "reset":
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    peer.receives(69, invocation)


# --- who asks -----------------------------------------------------------------------------------------------------


def test_requests_of_a_principal_share_a_session_that_others_can_see_and_kill(client: Client, peer: Peer) -> None:
    count = {"procedure": "wamp.session.list"}
    joined = peer.subscribe("wamp.session.on_join")
    bearer = {"Authorization": f"Bearer {token(sub='kim')}"}
    (sessions,) = client.post("/bridge/call", count, bearer).body["args"]
    ((about,),) = [peer.receives(36, joined)[4]]
    assert (about["authid"], about["authrole"], about["authmethod"]) == ("kim", "user", "jwt")
    assert about["transport"]["protocol"] == "http"
    assert about["session"] in sessions
    assert client.post("/bridge/call", count, bearer).body["args"] == [sessions]
    left = peer.subscribe("wamp.session.on_leave")
    peer.call("wamp.session.kill", [about["session"]])
    assert {peer.receive()[0], peer.receive()[0]} == {36, 50}
    (sessions,) = client.post("/bridge/call", count, bearer).body["args"]
    assert about["session"] not in sessions
    assert left


def test_no_credentials_are_a_guests_and_wrong_ones_nobodys(client: Client) -> None:
    assert client.post("/bridge/publish", {"topic": "com.open"}).status == 200
    assert client.post("/bridge/publish", {"topic": "com.news"}).status == 403
    for wrong in ("Bearer x.y.z", "Bearer", "Basic !", "Basic eA==", "Digest x", f"Bearer {token(exp=1)}"):
        answer = client.post("/bridge/publish", {"topic": "com.open"}, Authorization=wrong)
        assert (answer.status, answer.headers["www-authenticate"]) == (401, 'Bearer realm="realm1"'), wrong


def test_a_signed_request_is_good_once(client: Client) -> None:
    body = json.dumps({"topic": "com.news"}).encode()
    fields = signed("/bridge/publish", body, SECRET)
    assert client.post("/bridge/publish", body, fields).status == 200
    answer = client.post("/bridge/publish", body, fields)
    assert (answer.status, answer.body["args"]) == (401, ["this nonce was there before"])
    assert client.post("/bridge/publish", body + b" ", signed("/bridge/publish", body, SECRET)).status == 401
    assert client.post("/bridge/call", body, signed("/bridge/publish", body, SECRET)).status == 401
    assert client.post("/bridge/publish", body, signed("/bridge/publish", body, "another")).status == 401


def test_requests_signed_for_crossbar_are_good_once_too(client: Client) -> None:
    body = json.dumps({"topic": "com.news"}).encode()
    query = crossbar_query(body, SECRET)
    assert client.post(f"/bridge/publish?{query}", body).status == 200
    assert client.post(f"/bridge/publish?{query}", body).status == 401
    unpadded = crossbar_query(body, SECRET, seq="2").replace("%3D", "")
    assert client.post(f"/bridge/publish?{unpadded}", body).status == 200


def test_a_role_that_may_send_little_gets_429(client: Client) -> None:
    body = json.dumps({"topic": "com.news"}).encode()
    answers = [
        client.post("/bridge/publish", body, signed("/bridge/publish", body, SECRET, key="hasty")) for _ in "1234"
    ]
    assert [answer.status for answer in answers].count(429) >= 1
    assert answers[0].status == 200
    assert all(answer.headers["retry-after"] == "1" for answer in answers if answer.status == 429)


def test_the_cookie_of_a_login_is_good_for_pages_of_the_same_origin(client: Client, router: RunningRouter) -> None:
    body = json.dumps({"authid": "ann", "password": "sesame"}).encode()
    _, headers, _ = client.raw("POST", "/auth/login", body, {"Content-Type": "application/json"})
    cookie = {"Cookie": headers["set-cookie"].partition(";")[0]}
    event = {"topic": "com.news"}
    assert client.post("/bridge/publish", event, cookie).status == 200
    assert client.post("/bridge/publish", event, cookie, Origin=f"http://127.0.0.1:{router.port}").status == 200
    answer = client.post("/bridge/publish", event, cookie, Origin="https://evil.example.com")
    assert (answer.status, "access-control-allow-origin" in answer.headers) == (403, False)
    client.raw("POST", "/auth/logout", b"{}", {"Content-Type": "application/json"} | cookie)
    assert client.post("/bridge/publish", event, cookie).status == 401


# --- HTTP ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "truncated"),
        (b"[]", "Expected `object`"),
        (b"{", "truncated"),
        (b"{}", "topic"),
        (b'{"topic": 1}', "Expected `str`"),
        (b'{"topic": "com.x", "arg": []}', "arg"),
        (b'{"topic": "com.x", "args": {}}', "Arguments must be a list"),
        (b'{"topic": "com.x", "kwargs": []}', "ArgumentsKw must be a dictionary"),
        (b'{"topic": "com.x", "args": ["\xff"]}', "UTF-8"),
        (b'{"topic": "com.x", "options": {"acknowledge": 1}}', "acknowledge"),
        (b'{"topic": "com.x", "args": ' + b"[" * 5000 + b"]" * 5000 + b"}", "nested too deeply"),
    ],
)
def test_a_body_that_is_wrong_is_told_why(client: Client, body: bytes, why: str) -> None:
    answer = client.post("/bridge/publish", body, ANN)
    assert answer.status == 400
    assert why in answer.body["args"][0]


def test_what_is_no_post_of_json_is_refused(client: Client) -> None:
    status, headers, _ = client.raw("GET", "/bridge/publish")
    assert (status, headers["allow"]) == (405, "POST, OPTIONS")
    assert client.raw("HEAD", "/bridge/call")[0] == 405
    assert client.raw("PUT", "/bridge/call", b"{}")[0] == 405
    assert client.post("/bridge/call", b"{}", Content_Type="text/plain").status == 415
    assert client.post("/bridge/call", b" " * 20_000 + b"{}").status == 413
    for path in ("/bridge/nothing", "/bridge/publish/more", "/bridge/hooks", "/bridge/hooks/other", "/bridge//"):
        status, headers, body = client.raw("POST", path, b"{}", {"Content-Type": "application/json"})
        assert (status, headers["content-type"]) == (404, "application/json"), path
        assert json.loads(body)["args"]


def test_pages_of_allowed_origins_learn_that_they_may_ask(client: Client) -> None:
    asked = {"Origin": "https://shop.example.com", "Access-Control-Request-Method": "POST"}
    status, headers, body = client.raw("OPTIONS", "/bridge/publish", None, asked)
    assert (status, body) == (204, b"")
    assert headers["access-control-allow-origin"] == "https://shop.example.com"
    assert (headers["access-control-allow-methods"], headers["vary"]) == ("POST", "Origin")
    assert "Authorization" in headers["access-control-allow-headers"]
    status, headers, _ = client.raw("OPTIONS", "/bridge/publish", None, asked | {"Origin": "https://evil.example.com"})
    assert (status, "access-control-allow-origin" in headers) == (403, False)


def test_the_bridge_describes_itself_without_secrets(client: Client) -> None:
    status, headers, body = client.raw("GET", "/bridge/openapi.json")
    assert (status, headers["content-type"]) == (200, "application/json")
    assert SECRET.encode() not in body
    assert json.loads(body)["openapi"].startswith("3.1")
    status, headers, body = client.raw("GET", "/bridge/")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b"/bridge/hooks/github" in body
    status, headers, body = client.raw("HEAD", "/bridge")
    assert (status, body) == (200, b"")


def test_requests_that_follow_each_other_on_a_connection_are_answered_in_order(router: RunningRouter) -> None:
    body = b'{"procedure": "com.open"}'
    request = b"POST /bridge/call HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    with socket.create_connection(("127.0.0.1", router.port), timeout=5) as caller:
        caller.sendall((request % len(body) + body) * 3 + b"GET /bridge/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n")
        received = b""
        while b'"openapi"' not in received:
            received += caller.recv(65536)
    assert received.count(b"HTTP/1.1 404") == 3


# --- hooks --------------------------------------------------------------------------------------------------------


def github(body: bytes, secret: str = SECRET, delivery: str = "d1") -> dict[str, str]:
    import hmac

    mac = hmac.digest(secret.encode(), body, "sha256").hex()
    fields = {"X-Hub-Signature-256": f"sha256={mac}", "X-GitHub-Delivery": delivery, "X-GitHub-Event": "push"}
    return fields | {"Cookie": "x=1"}


def test_a_delivery_of_github_becomes_an_event_once(client: Client, peer: Peer) -> None:
    subscription = peer.subscribe("com.hook")
    body = b'{"ref": "main"}'
    assert client.post("/bridge/hooks/github", body, github(body, "another secret")).status == 401
    answer = client.post("/bridge/hooks/github", body, github(body))
    assert answer.status == 202
    ((delivery,), publication) = (lambda event: (event[4], event[2]))(peer.receives(36, subscription))
    assert publication == answer.body["id"]
    assert (delivery["hook"], delivery["method"], delivery["body"]) == ("github", "POST", {"ref": "main"})
    assert delivery["headers"]["x-github-event"] == "push"
    assert not {"cookie", "x-hub-signature-256"} & set(delivery["headers"])
    assert client.post("/bridge/hooks/github", body, github(body)).body == {"duplicate": True}
    client.post("/bridge/hooks/github", body, github(body, delivery="d2"))
    assert peer.receives(36, subscription)[4][0]["headers"]["x-github-delivery"] == "d2"


def test_a_delivery_can_be_a_call_and_comes_again_if_it_failed(client: Client, peer: Peer) -> None:
    body, seconds = b"a=1&b=2", int(time.time())
    fields = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(seconds),
        "webhook-signature": standard_signature(SECRET.encode(), "msg_1", seconds, body),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    assert client.post("/bridge/hooks/caller", body, fields).status == 404
    peer.register("com.hook.take")
    with answered(client, "/bridge/hooks/caller", body, fields) as answer:
        invocation = peer.receives(68)
        assert invocation[4][0]["body"] == "a=1&b=2"
        peer.send(70, invocation[1], {})
    assert (answer.status, answer.body) == (202, {})
    assert client.post("/bridge/hooks/caller", body, fields).body == {"duplicate": True}


# --- forwards -----------------------------------------------------------------------------------------------------


def test_events_are_forwarded_in_order_and_again_after_a_failure(peer: Peer, target: Target) -> None:
    target.answer(503, None)
    target.answer(200)
    target.answer(204)
    first = peer.publish("com.out.events.a", ["ä"], {"k": 1})
    second = peer.publish("com.out.events.b")
    got = [target.next() for _ in range(3)]
    assert [json.loads(one.body)["publication"] for one in got] == [first, first, second]
    event = json.loads(got[0].body)
    assert (event["topic"], event["args"], event["kwargs"]) == ("com.out.events.a", ["ä"], {"k": 1})
    assert event["details"]["publisher_authid"] == "ann"
    for one in got:
        seconds = int(one.headers["webhook-timestamp"])
        expected = standard_signature(SECRET.encode(), one.headers["webhook-id"], seconds, one.body)
        assert one.headers["webhook-signature"] == expected


@pytest.mark.parametrize(
    ("status", "value", "expected"),
    [
        (200, {"args": [3], "kwargs": {"a": 1}}, [50, [3], {"a": 1}]),
        (200, {"sum": 3}, [50, [{"sum": 3}]]),
        (204, None, [50]),
        (200, {"error": "com.error.no", "args": ["x"]}, [8, "com.error.no", ["x"]]),
        (409, {"error": "com.error.no"}, [8, "com.error.no"]),
        (404, None, [8, "wamplex.error.http_status"]),
        (302, None, [8, "wamplex.error.http_status"]),
        (500, None, [8, "wamp.error.unavailable"]),
    ],
)
def test_a_server_answers_calls(peer: Peer, target: Target, status: int, value: Any, expected: list[Any]) -> None:
    target.answer(status, value, Location=f"{target.url}/elsewhere")
    peer.call("com.out.ask", [1], {"k": 2})
    got = target.next()
    asked = json.loads(got.body)
    assert (got.path, asked["procedure"], asked["args"], asked["kwargs"]) == ("/calls", "com.out.ask", [1], {"k": 2})
    answer = peer.receive()
    code, *rest = answer
    payload = rest[2:] if code == 50 else rest[3:]
    assert [code, *payload][: len(expected)] == expected
    assert target.got.empty(), "redirects are not followed"


def test_others_learn_of_a_forward_where_it_goes_and_no_more_of_its_url(peer: Peer, target: Target) -> None:
    peer.call("wamp.session.list", [["forward"]])
    peers = set()
    for session in peer.receives(50)[3][0]:
        peer.call("wamp.session.get", [session])
        peers.add(peer.receives(50)[3][0]["transport"]["peer"])
    assert peers == {target.url}


def test_a_forward_whose_session_is_killed_comes_back(peer: Peer, target: Target) -> None:
    created = peer.subscribe("wamp.registration.on_create")
    peer.call("wamp.session.kill_by_authid", ["forward"])
    while (message := peer.receive())[:2] != [36, created]:
        pass
    assert message[4][1]["uri"] == "com.out.ask"
    target.answer(200, "back")
    peer.call("com.out.ask")
    target.next()
    assert peer.receives(50)[3] == ["back"]


def test_a_server_that_does_not_answer_in_time_is_a_timeout(peer: Peer, target: Target) -> None:
    peer.call("com.out.ask")
    target.next()
    assert peer.receive()[4] == "wamp.error.timeout"
    target.answer(200)


class answered:  # noqa: N801 - it is read as a word
    """A request that is answered while something else happens; afterwards it is the answer."""

    def __init__(self, client: Client, path: str, value: Any, headers: dict[str, str] | None = None) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self._pool = ThreadPoolExecutor(1)
        self._future = self._pool.submit(client.post, path, value, ANN if headers is None else headers)

    def __enter__(self) -> "answered":
        return self

    def __exit__(self, *error: object) -> None:
        if error[0] is None:
            self.status, self.headers, self.body = self._future.result(10)
        self._pool.shutdown(wait=False)
