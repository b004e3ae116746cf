"""The bridge and the site over a fake transport and a fake clock: order, deadlines, closing."""

import asyncio

import pytest
from twisted.internet.task import Clock
from twisted.logger import LogLevel, formatEvent, globalLogPublisher
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from router.web import Site

GET = b"GET /note.txt HTTP/1.1\r\nHost: x\r\n\r\n"
SLOW = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"


class Transport(asyncio.Transport):
    """An asyncio transport in memory; `room` is what the client takes before we are asked to wait."""

    def __init__(self, room: int = 10**9) -> None:
        super().__init__({"peername": ("::1", 1234, 0, 0), "sockname": ("::1", 80, 0, 0)})
        self.room = room
        self.written = b""
        self.is_reading = True
        self.ending = ""

    def set_protocol(self, protocol):
        self.protocol = protocol

    def write(self, data):
        assert not self.ending
        self.written += data
        if len(self.written) > self.room:
            self.room = 10**9
            self.protocol.pause_writing()

    def can_write_eof(self):
        return True

    def write_eof(self):
        assert not self.ending
        self.ending = "eof"

    def close(self):
        self.ending = "closed"

    def abort(self):
        self.ending = "aborted"
        self.protocol.connection_lost(None)

    def pause_reading(self):
        self.is_reading = False

    def resume_reading(self):
        self.is_reading = True

    @property
    def answers(self) -> int:
        return self.written.count(b"HTTP/1.1 ")


class Slow(Resource):
    """Answers when told to."""

    isLeaf = True  # noqa: N815

    def render(self, request):
        self.request = request
        return NOT_DONE_YET


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def slow():
    return Slow()


@pytest.fixture
def site(clock, slow, tmp_path):
    (tmp_path / "note.txt").write_text("0123456789")
    site = Site(clock, lambda transport, head: None, directory=tmp_path, timeout=60)
    site.plant("/slow", slow)
    return site


def test_an_idle_connection_is_closed_and_then_aborted(site, clock):
    transport = Transport()
    site.serve(transport, GET)
    clock.advance(59)
    assert transport.ending == ""
    clock.advance(1)
    assert transport.ending == "eof"
    clock.advance(60)
    assert transport.ending == "aborted"


def test_an_octet_now_and_then_buys_a_request_no_time(site, clock):
    transport = Transport()
    site.serve(transport, b"G")
    for octet in b"ET / HTTP/1.1\r\nX: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy":
        clock.advance(1)
        if not transport.ending:
            transport.protocol.data_received(bytes((octet,)))
    assert transport.ending == "eof"
    assert transport.answers == 0


def test_a_slow_answer_is_no_idling(site, clock, slow):
    transport = Transport()
    site.serve(transport, SLOW)
    clock.advance(1000)
    assert transport.ending == ""
    slow.request.write(b"done")
    slow.request.finish()
    assert b"done" in transport.written


def test_no_request_begins_before_the_client_has_read_earlier_answers(site, clock):
    transport = Transport(room=10)
    site.serve(transport, GET * 100)
    for _ in range(100):
        clock.advance(0)
    assert transport.answers == 1
    assert not transport.is_reading
    transport.protocol.resume_writing()
    for _ in range(100):
        clock.advance(0)
    assert transport.answers == 100
    assert transport.is_reading


def test_many_requests_in_one_read_are_spread_over_turns(site, clock):
    transport = Transport()
    site.serve(transport, GET * 1000)
    assert transport.answers < 40
    assert not transport.is_reading
    seen_by_others = []

    def somebody_else():
        seen_by_others.append(transport.answers)
        if transport.answers < 1000:
            clock.callLater(0, somebody_else)

    clock.callLater(0, somebody_else)
    clock.advance(0)
    assert transport.answers == 1000
    assert len(seen_by_others) > 25
    assert transport.is_reading


def test_a_client_that_takes_nothing_for_the_timeout_is_aborted(site, clock):
    transport = Transport(room=10)
    site.serve(transport, SLOW)
    site_answers = transport.protocol
    site_answers.write(b"x" * 100)
    clock.advance(59)
    assert transport.ending == ""
    clock.advance(1)
    assert transport.ending == "aborted"


def test_a_client_that_takes_something_in_time_is_not(site, clock):
    transport = Transport(room=10)
    site.serve(transport, SLOW)
    transport.protocol.write(b"x" * 100)
    for _ in range(5):
        clock.advance(59)
        transport.protocol.resume_writing()
        transport.protocol.pause_writing()
    assert transport.ending == ""


def test_closing_the_site_ends_idle_connections_and_lets_answers_finish(site, clock, slow):
    idle, busy = Transport(), Transport()
    site.serve(idle, GET)
    site.serve(busy, SLOW)
    site.close()
    assert (idle.ending, busy.ending) == ("eof", "")
    slow.request.write(b"done")
    slow.request.finish()
    assert b"done" in busy.written
    assert busy.ending == "eof"
    assert busy.answers == 1


def test_nothing_is_answered_after_closing(site, clock):
    transport = Transport()
    site.serve(transport, b"nonsense\r\n\r\n" + GET)
    transport.protocol.data_received(GET)
    clock.advance(0)
    assert transport.answers == 1
    assert transport.protocol.eof_received() is False


def test_a_lost_connection_is_told_to_whoever_answers(site, clock, slow):
    transport = Transport()
    site.serve(transport, SLOW)
    ends = []
    slow.request.notifyFinish().addErrback(ends.append)
    transport.protocol.connection_lost(ConnectionResetError("reset"))
    assert "reset" in str(ends[0].value)
    assert not clock.getDelayedCalls()


def test_an_upgrade_leaves_no_timer_and_no_trace(clock, tmp_path):
    taken = []
    site = Site(clock, lambda transport, head: taken.append((transport, head)), directory=tmp_path)
    transport = Transport()
    site.serve(transport, b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nearly")
    assert taken == [
        (transport, b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nearly")
    ]
    assert transport.written == b""
    assert transport.is_reading
    assert not clock.getDelayedCalls()
    site.close()
    assert transport.ending == ""


def test_a_failing_upgrade_ends_the_connection(clock, tmp_path):
    def fail(transport, head):
        raise ValueError("ours")

    transport = Transport()
    Site(clock, fail, directory=tmp_path).serve(
        transport, b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    )
    assert transport.ending == "aborted"
    assert transport.written == b""


def test_the_missing_library_of_the_packaged_page_is_told_once_in_the_log(clock, tmp_path, monkeypatch):
    monkeypatch.setattr("router.web.site.packaged_pages", lambda: tmp_path)
    warnings = []
    globalLogPublisher.addObserver(warnings.append)
    try:
        site = Site(clock, lambda transport, head: None)
        transport = Transport()
        site.serve(transport, b"GET /vendor/autobahn.min.js HTTP/1.1\r\nHost: x\r\n\r\n")
        site.serve(transport, b"GET /vendor/autobahn.min.js HTTP/1.1\r\nHost: x\r\n\r\n")
    finally:
        globalLogPublisher.removeObserver(warnings.append)
    assert transport.written.count(b"HTTP/1.1 404 ") == 2
    told = [formatEvent(event) for event in warnings if event["log_level"] is LogLevel.warn]
    assert told == [
        "the page cannot connect without web/vendor/autobahn.min.js: python web/vendor.py",
    ]


@pytest.mark.parametrize(
    ("options", "path", "status"),
    [
        ({"path": "/static"}, "/static/note.txt", b"200"),
        ({"path": "/static"}, "/static/", b"404"),
        ({"path": "/static"}, "/static", b"301"),
        ({"path": "/static"}, "/note.txt", b"404"),
        ({"path": "/static"}, "/", b"404"),
        ({"path": None}, "/note.txt", b"404"),
        ({"path": None}, "/ws", b"426"),
        ({"websocket_path": "/"}, "/note.txt", b"200"),
        ({"websocket_path": "/"}, "/ws", b"404"),
        ({"websocket_path": "/deep/ws"}, "/deep/ws", b"426"),
        ({"websocket_path": "/deep/ws"}, "/deep", b"404"),
        ({"websocket_path": None}, "/ws", b"404"),
    ],
)
def test_files_and_websocket_are_where_the_operator_wants_them(clock, tmp_path, options, path, status):
    (tmp_path / "note.txt").write_text("0123456789")
    transport = Transport()
    Site(clock, lambda transport, head: None, directory=tmp_path, **options).serve(
        transport, b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode()
    )
    assert transport.written.split(b" ")[1] == status
