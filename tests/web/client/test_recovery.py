"""What a client missed while it was away comes once and in order, or it is told that something may be missing."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.cable import Cable
from tests.peers import Peer
from tests.routers import RunningRouter
from tests.web.client.programs import Program

CONFIG = """
realms:
  - name: realm1
    authentication:
      anonymous: {{role: anonymous}}
    history:
      file: {file}
      topics:
        - {{uri: com.example.long., match: prefix, limit: 5000}}
        - {{uri: com.example.short, limit: 10}}
        - {{uri: com.example.few.empty, limit: 10}}
        - {{uri: com.example.few.empty.too, limit: 10}}
    roles:
      - name: anonymous
        permissions:
          - {{uri: "", match: prefix, allow: [call, register, publish, subscribe]}}
          {guarded}
"""
GUARDED = "- {uri: wamp., match: prefix, allow: [call, subscribe]}"
CLOSED_BOOK = CONFIG.replace("realms:", "").replace("realm1", "closed").format(file="null", guarded="")
MEMORY = CONFIG.format(file="null", guarded=GUARDED) + CLOSED_BOOK
SQLITE = CONFIG.format(file="history.sqlite", guarded=GUARDED)

SUBSCRIBE = """
here.subscription = connection.subscribe("{topic}", ([number], kwargs, {{ topic, recovered = false }}) => {{
  say("event", [number, recovered, topic]);
}}, {{ match: "{match}", recover: {recover}, history: {history}, onrecovery: (told) => say("recovery", told) }});
"""

WHOLE = {"recovered": True, "reason": None}


def subscribe(
    program: Program, topic: str, *, match: str = "exact", recover: bool = True, history: int = 0, ready: bool = True
) -> None:
    text = SUBSCRIBE.format(topic=topic, match=match, recover=str(recover).lower(), history=history)
    program.run(text + ("await here.subscription.ready" if ready else ""))
    if ready:
        program.wait_for("recovery")


def publish(peer: Peer, topic: str, numbers: Any, **options: Any) -> None:
    """Each acknowledged: it is stored."""
    for number in numbers:
        peer.send(16, next(peer.requests), {"acknowledge": True, **options}, topic, [number])
    for _ in numbers:
        peer.receives(17)


def numbers(program: Program) -> list[int]:
    return [number for number, *_ in program.heard("event")]


def outcome(program: Program, count: int) -> dict[str, Any]:
    """What the last catching up was like, when there were as many."""
    told: dict[str, Any] = program.wait_for("recovery", count)[-1]
    return told


Programs = Callable[..., Program]


@pytest.fixture
def memory(router_with: Callable[[str], RunningRouter]) -> RunningRouter:
    """A router that keeps the history in memory."""
    return router_with(MEMORY)


@pytest.fixture
def publisher(memory: RunningRouter, peers: Callable[..., Peer]) -> Peer:
    return peers(memory.port).join()


@pytest.fixture
def topic(request: pytest.FixtureRequest) -> str:
    """A topic of the test's own, whose events are stored."""
    return f"com.example.long.{request.node.originalname}.topic"


def test_a_router_that_is_killed_loses_nothing_of_a_history_in_sqlite(
    program: Programs, own_router: Callable[[str], RunningRouter], peers: Callable[..., Peer]
) -> None:
    router = own_router(SQLITE)
    client = program(router.ws_url, retry={"longest": 1000}).open()
    subscribe(client, "com.example.long.news")
    publish(peers(router.port).join(), "com.example.long.news", range(300))
    client.wait_for("event", 300)
    for start in (300, 1500):
        router.kill()
        client.wait_until("waiting")
        router.start()
        publish(peers(router.port).join(), "com.example.long.news", range(start, start + 1200))
        client.wait_for("event", start + 1200)
    assert numbers(client) == list(range(2700))
    assert outcome(client, 3).items() >= WHOLE.items()


@pytest.mark.parametrize("autobahn", ["autobahn", "autobahn22"])
def test_a_cable_that_was_pulled_costs_no_event(
    program: Programs, memory: RunningRouter, publisher: Peer, topic: str, autobahn: str
) -> None:
    topic += f".{autobahn}"
    with Cable(memory.port) as cable:
        client = program(cable.ws_url, heartbeat=400, autobahn=autobahn).open()
        subscribe(client, topic)
        publish(publisher, topic, range(5))
        client.wait_for("event", 5)
        cable.pull()
        publish(publisher, topic, range(5, 40))
        assert client.wait_until("waiting")["reason"] == "The router has fallen silent"
        cable.plug_in()
        client.wait_for("event", 40)
        publish(publisher, topic, range(40, 45))
        client.wait_for("event", 45)
    assert numbers(client) == list(range(45))
    assert outcome(client, 2) == WHOLE | {"events": 35}


def test_what_is_published_while_catching_up_comes_behind(program: Programs, memory: RunningRouter, topic: str) -> None:
    first, second = (Peer(memory.port).join() for _ in "ab")
    client = program(memory.ws_url).open()
    subscribe(client, topic)
    client.run("connection.close()")
    publish(first, topic, range(2300))
    flow = threading.Thread(target=publish, args=[second, topic, range(2300, 4000)])
    flow.start()
    client.run("connection.open()")
    client.wait_for("event", 4000)
    flow.join()
    assert numbers(client) == list(range(4000))
    assert outcome(client, 2)["recovered"]
    assert any(recovered for _, recovered, _ in client.heard("event")[:2300])


def test_a_history_in_memory_that_ended_is_told_and_what_there_is_comes(
    program: Programs, memory: RunningRouter, peers: Callable[..., Peer], topic: str
) -> None:
    client = program(memory.ws_url).open()
    subscribe(client, topic)
    publish(peers(memory.port).join(), topic, range(3))
    client.wait_for("event", 3)
    client.run("connection.close()")
    memory.kill()
    memory.start()
    publish(peers(memory.port).join(), topic, range(10, 13))
    client.run("connection.open()")
    assert outcome(client, 2) == {"recovered": False, "events": 3, "reason": "lost"}
    assert numbers(client) == [0, 1, 2, 10, 11, 12]


@pytest.mark.parametrize(("history", "came"), [(0, range(20, 30)), (4, range(26, 30))])
def test_who_was_away_for_too_long_is_told_and_gets_what_is_left(
    program: Programs, memory: RunningRouter, publisher: Peer, history: int, came: range
) -> None:
    client = program(memory.ws_url).open()
    subscribe(client, "com.example.short", history=history)
    before = len(client.heard("event"))
    publish(publisher, "com.example.short", [99])
    client.wait_for("event", before + 1)
    client.run("connection.close()")
    publish(publisher, "com.example.short", range(30))
    client.run("connection.open()")
    assert outcome(client, 2) == {"recovered": False, "events": len(came), "reason": "evicted"}
    assert numbers(client)[before + 1 :] == list(came)


def test_topics_that_are_not_stored_say_so_and_go_on(program: Programs, memory: RunningRouter, publisher: Peer) -> None:
    client = program(memory.ws_url).open()
    subscribe(client, "com.example.other")
    assert outcome(client, 1) == {"recovered": False, "events": 0, "reason": "unrecorded"}
    publish(publisher, "com.example.other", [1])
    client.wait_for("event")


def test_who_may_not_ask_is_told_so_and_hears_what_comes(
    program: Programs, memory: RunningRouter, peers: Callable[..., Peer], topic: str
) -> None:
    client = program(memory.ws_url, realm="closed").open()
    subscribe(client, topic)
    assert outcome(client, 1) == {"recovered": False, "events": 0, "reason": "denied"}
    publish(peers(memory.port).join("closed"), topic, [1])
    client.wait_for("event")


def test_a_pattern_catches_up_with_all_its_topics(program: Programs, memory: RunningRouter, publisher: Peer) -> None:
    client = program(memory.ws_url).open()
    subscribe(client, "com.example.long.", match="prefix")
    client.run("connection.close()")
    for number in range(6):
        publish(publisher, f"com.example.long.pattern{number % 2}", [number])
    client.run("connection.open()")
    assert outcome(client, 2) == WHOLE | {"events": 6}
    topics = [f"com.example.long.pattern{number % 2}" for number in range(6)]
    assert client.heard("event") == [[number, True, topic] for number, topic in enumerate(topics)]


def test_a_subscription_made_while_away_that_never_saw_an_event_catches_up_later(
    program: Programs, memory: RunningRouter, publisher: Peer, topic: str
) -> None:
    publish(publisher, topic, [0])
    client = program(memory.ws_url)
    subscribe(client, topic, ready=False)
    client.run("connection.open(); await here.subscription.ready")
    assert outcome(client, 1) == WHOLE | {"events": 0}
    client.run("connection.close()")
    publish(publisher, topic, [1, 2])
    client.run("connection.open()")
    assert outcome(client, 2) == WHOLE | {"events": 2}
    assert numbers(client) == [1, 2]


def test_who_never_saw_an_event_and_was_away_for_too_long_is_told(
    program: Programs, memory: RunningRouter, publisher: Peer
) -> None:
    """The history was empty when it subscribed: nothing tells where to go on, and the first events had to make room."""
    topic = "com.example.few.empty"
    client = program(memory.ws_url).open()
    subscribe(client, topic)
    client.run("connection.close()")
    publish(publisher, topic, range(10))
    client.run("connection.open()")
    assert outcome(client, 2) == WHOLE | {"events": 10}
    fresh = program(memory.ws_url).open()
    subscribe(fresh, f"{topic}.too")
    fresh.run("connection.close()")
    publish(publisher, f"{topic}.too", range(11))
    fresh.run("connection.open()")
    assert outcome(fresh, 2) == {"recovered": False, "events": 10, "reason": "evicted"}
    assert numbers(fresh) == list(range(1, 11))


def test_history_comes_first_and_once(program: Programs, memory: RunningRouter, publisher: Peer, topic: str) -> None:
    publish(publisher, topic, range(700))
    client = program(memory.ws_url).open()
    subscribe(client, topic, recover=False, history=650)
    publish(publisher, topic, [700])
    client.wait_for("event", 651)
    client.run("connection.close()")
    publish(publisher, topic, [701, 702])
    client.run("connection.open()")
    assert outcome(client, 2) == WHOLE | {"events": 2}
    assert numbers(client) == list(range(50, 703))


def test_an_error_in_the_handler_costs_no_event_and_stops_no_other(
    program: Programs, memory: RunningRouter, publisher: Peer, topic: str
) -> None:
    client = program(memory.ws_url).open()
    client.run(f"""
      connection.subscribe("{topic}", () => {{ throw new Error("broken handler"); }}, {{ recover: true }});
      connection.subscribe("{topic}", async () => {{ throw new Error("broken promise"); }}, {{ recover: true }});
    """)
    subscribe(client, topic)
    publish(publisher, topic, [0])
    client.wait_for("event")
    client.run("connection.close()")
    publish(publisher, topic, [1, 2])
    client.run("connection.open()")
    client.wait_for("event", 3)
    assert numbers(client) == [0, 1, 2]
    client.wait_for_complaint("broken handler")
    client.wait_for_complaint("broken promise")


def test_what_one_published_oneself_does_not_come_back(
    program: Programs, memory: RunningRouter, publisher: Peer, topic: str
) -> None:
    client = program(memory.ws_url).open()
    subscribe(client, topic)
    client.run(f'await connection.publish("{topic}", [1]); connection.close()')
    publish(publisher, topic, [2])
    client.run("connection.open()")
    assert outcome(client, 2) == WHOLE | {"events": 1}
    assert numbers(client) == [2]


def test_an_event_that_was_for_chosen_sessions_does_not_cut_the_thread(
    program: Programs, memory: RunningRouter, publisher: Peer, topic: str
) -> None:
    client = program(memory.ws_url).open()
    subscribe(client, topic)
    publish(publisher, topic, [1])
    publish(publisher, topic, [2], eligible=[client.run("return connection.session.id")])
    client.wait_for("event", 2)
    client.run("connection.close()")
    publish(publisher, topic, [3])
    client.run("connection.open()")
    assert outcome(client, 2) == WHOLE | {"events": 1}
    assert numbers(client) == [1, 2, 3]
