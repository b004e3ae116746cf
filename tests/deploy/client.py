"""An autobahn client that joins through several proxies at once, and comes back through each whenever it was lost.

Its one argument is JSON: `{"certificate": FILE, "from": ADDRESS, "ways": [{"name", "url", "port", "tls"}, ...]}`. Each
time it has joined by a way it prints a line of JSON: the name, what the router knows of the connection, and whether a
large message came back. A call of `alive.<name>` is answered with `true`.
"""

import json
import sys
from contextlib import suppress
from pathlib import Path

from autobahn.twisted.component import Component
from twisted.internet import reactor, ssl
from twisted.internet.defer import inlineCallbacks
from twisted.internet.endpoints import TCP4ClientEndpoint, wrapClientTLS
from twisted.internet.task import deferLater

RETRY = 0.2
"""Seconds. A proxy may accept and drop while there is no router behind it."""

LARGE = "x" * 700_000


def endpoint(way, settings):
    """From another address of the loopback than the proxies have."""
    plain = TCP4ClientEndpoint(reactor, "127.0.0.1", way["port"], bindAddress=(settings["from"], 0))
    if not way["tls"]:
        return plain
    trusted = ssl.Certificate.loadPEM(Path(settings["certificate"]).read_bytes())
    return wrapClientTLS(ssl.optionsForClientTLS("localhost", trustRoot=trusted), plain)


@inlineCallbacks
def use(session, details, name):
    """Be there for the test, and tell it what it wants to know."""
    yield session.register(lambda: True, f"alive.{name}")
    yield session.register(lambda text: text, f"echo.{name}")
    told = yield session.call("wamp.session.get", details.session)
    echoed = yield session.call(f"echo.{name}", LARGE)
    sys.stdout.write(json.dumps({"name": name, "transport": told["transport"], "echoed": echoed == LARGE}) + "\n")
    sys.stdout.flush()


@inlineCallbacks
def stay(way, settings):
    """Join, and join again."""
    kind = "rawsocket" if way["url"].startswith("rs") else "websocket"
    transport = {"type": kind, "url": way["url"], "serializer": "cbor", "max_retries": 0}
    if kind == "websocket":
        transport["serializers"] = [transport.pop("serializer")]
    while True:
        component = Component(transports=[transport | {"endpoint": endpoint(way, settings)}], realm="realm1")
        component.on_join(lambda session, details: use(session, details, way["name"]))
        with suppress(Exception):  # it tries once, and says so
            yield component.start(reactor)
        yield deferLater(reactor, RETRY)


def main():
    settings = json.loads(sys.argv[1])
    for way in settings["ways"]:
        stay(way, settings)


reactor.callWhenRunning(main)
reactor.run()
