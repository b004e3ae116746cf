"""Long-poll as a client on the wire sees it, of a real router."""

import json
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from itertools import count
from typing import Any

import pytest

from tests.peers import ROLES, LongPollLink, Peer
from tests.routers import OPEN_TO_ALL, RunningRouter

IDLE = 1  # seconds
SILENCE = 1
CONFIG = f"""{OPEN_TO_ALL.rstrip()}
    resume: {{keep_for: 30}}
limits: {{max_message_size: 100000, outbox_size: 200000}}
logging: {{level: debug}}
"""
SHOP = "https://shop.example.com"

Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture(scope="module")
def lp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRouter]:
    """A router that loses its patience soon."""
    longpoll = f"{{path: /lp, idle: {IDLE}, silence: {SILENCE}}}"
    origins = f"[same-origin, '{SHOP}']"
    listener = f"longpoll: {longpoll}, allowed_origins: {origins}"
    running = RunningRouter(tmp_path_factory.mktemp("lp"), CONFIG, listener).start()
    yield running
    running.close()


def ask(lp: RunningRouter, path: str, body: bytes | None = None, method: str = "POST", **fields: str) -> Answer:
    """One request on a connection of its own."""
    connection = HTTPConnection("127.0.0.1", lp.port, timeout=10)
    connection.request(method, f"/lp/{path}", body, {name.replace("_", "-"): fields[name] for name in fields})
    response = connection.getresponse()
    answer = response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    connection.close()
    return answer


def open_one(lp: RunningRouter, protocol: str = "wamp.2.json", **fields: str) -> str:
    body = json.dumps({"protocols": ["wamp.2.nonsense", protocol, "wamp.2.json"]}).encode()
    status, _, answer = ask(lp, "open?x=382913", body, Content_Type="application/json", **fields)
    assert status == 200, answer
    assert json.loads(answer)["protocol"] == protocol
    return str(json.loads(answer)["transport"])


def say(lp: RunningRouter, id: str, *message: Any) -> int:
    return ask(lp, f"{id}/send", json.dumps(message).encode(), Content_Type="application/json")[0]


def hear(lp: RunningRouter, id: str) -> list[Any]:
    status, _, body = ask(lp, f"{id}/receive")
    assert status == 200, (status, body)
    return list(json.loads(body))


def join(lp: RunningRouter) -> str:
    id = open_one(lp)
    assert say(lp, id, 1, "realm1", {"roles": ROLES}) == 204
    assert hear(lp, id)[0] == 2
    return id


def test_a_transport_has_an_id_that_nobody_guesses(lp: RunningRouter) -> None:
    """B14"""
    ids = {open_one(lp) for _ in range(20)}
    assert len(ids) == 20
    assert all(len(id) == 32 for id in ids)


@pytest.mark.parametrize(
    "body",
    [b"", b"[", b"[]", b"{}", b'{"protocols": "wamp.2.json"}', b'{"protocols": []}', b'{"protocols": ["wamp.1"]}'],
)
def test_opening_needs_a_protocol_that_the_router_speaks(lp: RunningRouter, body: bytes) -> None:
    """B14"""
    status, _, answer = ask(lp, "open", body, Content_Type="application/json")
    assert status == 400
    assert b"wamp.2.json" in answer


@pytest.mark.parametrize("serializer", ["json", "msgpack", "cbor"])
def test_every_serializer_has_one_message_in_a_body(lp: RunningRouter, serializer: str) -> None:
    """B14, B15"""
    peer = Peer(lp.port, "longpoll", serializer).join()
    subscription = peer.subscribe("com.example.topic")
    for number in (1, 2):
        peer.send(16, next(peer.requests), {"exclude_me": False}, "com.example.topic", [number])
    assert [peer.receives(36, subscription)[4] for _ in range(2)] == [[1], [2]]
    peer.close()


def test_a_batch_of_json_ends_each_message_with_1e(lp: RunningRouter) -> None:
    """B15"""
    link = LongPollLink(lp.port, "json", ".batched")
    hello = json.dumps([1, "realm1", {"roles": ROLES}]).encode()
    link.send(hello + b'\x1e[32,1,{},"com.example.a"]\x1e[32,2,{},"com.example.b"]\x1e')
    answers = [json.loads(answer) for answer in link.receive(5).removesuffix(b"\x1e").split(b"\x1e")]
    assert [answer[0] for answer in answers] == [2, 33, 33]
    link.close()


@pytest.mark.parametrize("serializer", ["msgpack", "cbor"])
def test_a_batch_of_octets_has_the_length_before_each_message(lp: RunningRouter, serializer: str) -> None:
    """B15"""
    peer = Peer(lp.port, "longpoll", serializer, batched=".batched")
    messages = [peer.encode([1, "realm1", {"roles": ROLES}]), peer.encode([32, 1, {}, "com.example.a"])]
    peer.link.send(b"".join(len(one).to_bytes(4, "big") + one for one in messages))
    answer, codes = peer.link.receive(5), []
    while answer:
        end = 4 + int.from_bytes(answer[:4], "big")
        codes.append(peer.decode(answer[4:end])[0])
        answer = answer[end:]
    assert codes == [2, 33]
    peer.close()


@pytest.mark.parametrize(
    ("protocol", "body"),
    [
        ("wamp.2.json", b"["),
        ("wamp.2.json", b""),
        ("wamp.2.json", b'["\xff"]'),
        ("wamp.2.json", b"[2, 1, {}]"),
        ("wamp.2.json.batched", b""),
        ("wamp.2.json.batched", b"\x1e"),
        ("wamp.2.json.batched", b'[1, "realm1", {}]'),
        ("wamp.2.msgpack.batched", b""),
        ("wamp.2.msgpack.batched", b"\0\0"),
        ("wamp.2.msgpack.batched", b"\0\0\0\x09\x90"),
        ("wamp.2.msgpack.batched", b"\0\0\0\0"),
    ],
)
def test_what_is_no_message_is_refused_and_ends_the_session(lp: RunningRouter, protocol: str, body: bytes) -> None:
    """B15"""
    id = open_one(lp, protocol)
    kind = "application/json" if "json" in protocol else "application/msgpack"
    assert ask(lp, f"{id}/send", body, Content_Type=kind)[0] == 400
    status, _, abort = ask(lp, f"{id}/receive")
    assert status == 200
    assert b"protocol_violation" in abort
    assert ask(lp, f"{id}/receive")[0] == 410
    assert ask(lp, f"{id}/receive")[0] == 404


def test_a_client_that_asks_in_vain_is_told_so_before_it_gives_up(lp: RunningRouter) -> None:
    """B15"""
    status, fields, body = ask(lp, f"{join(lp)}/receive")
    assert (status, body) == (204, b"")
    assert "content-length" not in fields


def test_a_client_that_does_not_ask_is_gone_after_a_while(lp: RunningRouter) -> None:
    """B16"""
    watcher = Peer(lp.port).join()
    left = watcher.subscribe("wamp.session.on_leave")
    id = open_one(lp)
    say(lp, id, 1, "realm1", {"roles": ROLES})
    session = hear(lp, id)[1]
    while watcher.receives(36, left)[4][0] != session:
        pass
    assert say(lp, id, 16, 1, {}, "com.example.topic") == 404
    watcher.close()


def test_a_client_that_asks_again_and_again_stays(lp: RunningRouter) -> None:
    """B16"""
    id = join(lp)
    assert [ask(lp, f"{id}/receive")[0] for _ in range(2)] == [204, 204]  # a second each
    assert say(lp, id, 16, 1, {"acknowledge": True}, "com.example.topic") == 204
    assert hear(lp, id)[:2] == [17, 1]


def test_of_two_that_ask_the_later_one_counts(lp: RunningRouter) -> None:
    """B15"""
    id = join(lp)
    first, second = (HTTPConnection("127.0.0.1", lp.port, timeout=10) for _ in range(2))
    first.request("POST", f"/lp/{id}/receive")
    status = 0
    while status != 409:  # the first may be slower than the second
        second.request("POST", f"/lp/{id}/receive")
        status = first.getresponse().status
        first, second = second, first
    say(lp, id, 16, 1, {"acknowledge": True}, "com.example.topic")
    assert json.loads(first.getresponse().read())[:2] == [17, 1]
    first.close()
    second.close()


def test_closing_answers_whoever_waits_and_ends_the_session(lp: RunningRouter) -> None:
    """B16"""
    id = join(lp)
    waiting = HTTPConnection("127.0.0.1", lp.port, timeout=10)
    waiting.request("POST", f"/lp/{id}/receive")
    assert ask(lp, f"{id}/close")[0] == 204
    assert waiting.getresponse().status == 204
    waiting.close()
    for act in ("send", "receive", "close"):
        assert ask(lp, f"{id}/{act}")[0] == 404


def test_what_was_overtaken_is_put_back_in_order(lp: RunningRouter) -> None:
    """A27, B15"""
    id = join(lp)
    for request in (3, 2, 1):
        assert say(lp, id, 32, request, {}, f"com.example.topic{request}") == 204
    assert [hear(lp, id)[:2] for _ in range(3)] == [[33, 1], [33, 2], [33, 3]]


def test_a_message_is_not_given_to_a_browser_that_went_away(lp: RunningRouter) -> None:
    """B16"""
    id = join(lp)
    gone = HTTPConnection("127.0.0.1", lp.port, timeout=10)
    gone.request("POST", f"/lp/{id}/receive")
    gone.sock.shutdown(1)
    assert gone.sock.recv(1) == b""
    gone.close()
    say(lp, id, 16, 1, {"acknowledge": True}, "com.example.topic")
    assert hear(lp, id)[:2] == [17, 1]


def test_a_body_that_is_too_large_is_refused_and_the_session_goes_on(lp: RunningRouter) -> None:
    """B15"""
    id = join(lp)
    assert ask(lp, f"{id}/send", b" " * 100_001, Content_Type="application/json")[0] == 413
    assert say(lp, id, 16, 1, {"acknowledge": True}, "com.example.topic", ["x" * 90_000]) == 204
    assert hear(lp, id)[:2] == [17, 1]


def test_a_peer_that_takes_nothing_is_disconnected(lp: RunningRouter) -> None:
    """B16"""
    id = join(lp)
    say(lp, id, 32, 1, {}, "com.example.flood")
    for request in range(2, 6):
        say(lp, id, 16, request, {"exclude_me": False}, "com.example.flood", ["x" * 90_000])
    assert say(lp, id, 16, 6, {}, "com.example.flood") == 404


@pytest.mark.parametrize(
    ("path", "method", "kind", "status"),
    [
        ("", "POST", None, 404),
        ("nonsense", "POST", None, 404),
        ("open/more", "POST", None, 404),
        ("open", "GET", None, 405),
        ("open", "PUT", "application/json", 405),
        ("open", "POST", "text/plain", 415),
        ("open", "POST", "application/x-www-form-urlencoded", 415),
        ("nobody/send", "POST", "application/json", 404),
        ("nobody/receive", "POST", None, 404),
        ("nobody/close", "POST", None, 404),
        ("../../etc/passwd", "POST", None, 404),
        ("{id}/nonsense", "POST", None, 404),
        ("{id}/send/more", "POST", None, 404),
        ("{id}/send", "GET", None, 405),
        ("{id}/receive", "GET", None, 405),
        ("{id}/send", "POST", "text/plain", 415),
        ("{id}/send", "POST", "application/cbor", 415),
    ],
)
def test_other_requests_are_refused(lp: RunningRouter, path: str, method: str, kind: str | None, status: int) -> None:
    """B15, B16"""
    id = open_one(lp)
    fields = {} if kind is None else {"Content_Type": kind}
    answered, headers, body = ask(lp, path.format(id=id), b"{}" if kind else None, method, **fields)
    assert answered == status
    assert id.encode() not in body
    assert ("allow" in headers) is (status == 405)


def test_pages_of_other_sites_may_come_if_they_are_allowed_to(lp: RunningRouter) -> None:
    """J2"""
    asked = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "content-type"}
    status, fields, _ = ask(lp, "open", None, "OPTIONS", Origin=SHOP, **asked)
    assert status == 204
    assert fields["access-control-allow-origin"] == SHOP
    assert fields["access-control-allow-credentials"] == "true"
    assert fields["access-control-allow-methods"] == "POST"
    assert fields["access-control-allow-headers"].lower() == "content-type"
    assert "origin" in fields["vary"].lower()
    id = open_one(lp, Origin=SHOP)
    assert ask(lp, f"{id}/close", Origin=SHOP)[1]["access-control-allow-origin"] == SHOP


@pytest.mark.parametrize("act", ["open", "{id}/send", "{id}/receive", "{id}/close"])
@pytest.mark.parametrize("origin", ["https://evil.example.com", "null", f"{SHOP}.evil.example", f"{SHOP}, {SHOP}"])
def test_pages_of_all_others_may_not(lp: RunningRouter, act: str, origin: str) -> None:
    """J2"""
    path = act.format(id=open_one(lp))
    for method in ("OPTIONS", "POST"):
        status, fields, _ = ask(lp, path, None, method, Origin=origin)
        assert status == 403
        assert "access-control-allow-origin" not in fields


def test_the_id_is_not_in_the_log(lp: RunningRouter) -> None:
    """B14"""
    id = join(lp)
    ask(lp, f"{id}/nonsense")
    ask(lp, f"{id}/close")
    assert "/lp/.../send" in lp.log
    assert "/lp/.../nonsense" in lp.log
    assert id not in lp.log


def test_a_router_that_stops_tells_whoever_waits_to_come_back(
    own_router: Callable[[str], RunningRouter],
) -> None:
    """B16"""
    router = own_router(OPEN_TO_ALL)
    id = join(router)
    waiting = HTTPConnection("127.0.0.1", router.port, timeout=10)
    waiting.request("POST", f"/lp/{id}/receive")
    assert say(router, id, 32, 1, {}, "com.example.topic") == 204  # so the first request is there
    assert json.loads(waiting.getresponse().read())[0] == 33
    waiting.request("POST", f"/lp/{id}/receive")
    assert say(router, id, 16, 2, {}, "com.example.topic") == 204
    assert router.stop() == 0
    response = waiting.getresponse()
    assert response.status == 503
    assert response.getheader("Retry-After") == "5"
    waiting.close()


def test_a_session_goes_on_over_another_transport(lp: RunningRouter) -> None:
    """A10, B16"""
    id, witness = open_one(lp), Peer(lp.port).join()
    say(lp, id, 1, "realm1", {"roles": ROLES, "resumable": True})
    _, session, welcome = hear(lp, id)
    say(lp, id, 32, 1, {}, "com.example.paused")
    assert hear(lp, id)[0] == 33
    requests = count(2)
    while say(lp, id, 16, request := next(requests), {}, "com.example.other") != 404:
        time.sleep(0.1)  # that it sends does not keep it
    witness.publish("com.example.paused", ["meanwhile"])
    id = open_one(lp)
    token = {"resume-session": session, "resume-token": welcome["resume-ticket"]}
    assert say(lp, id, 1, None, {"roles": ROLES, **token}) == 204
    assert hear(lp, id)[1:2] == [session]
    assert hear(lp, id)[4] == ["meanwhile"]
    assert say(lp, id, 16, request, {"acknowledge": True}, "com.example.other") == 204
    assert hear(lp, id)[:2] == [17, request]
    witness.close()


def test_transports_take_seats_and_give_them_back(tmp_path_factory: pytest.TempPathFactory) -> None:
    """J2"""
    running = RunningRouter(tmp_path_factory.mktemp("few"), OPEN_TO_ALL, "max_connections_per_address: 4").start()
    try:
        ids = [open_one(running) for _ in range(3)]
        body = b'{"protocols": ["wamp.2.json"]}'
        status, fields, _ = ask(running, "open", body, Content_Type="application/json")
        assert status == 503
        assert fields["retry-after"] == "5"
        assert ask(running, f"{ids[0]}/close")[0] == 204
        open_one(running)
    finally:
        running.close()
