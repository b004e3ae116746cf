"""A process that serves HTTP the way the router does: uvloop's server, Twisted's asyncio reactor.

Started by conftest.py with one argument, a JSON object: `directory`, `timeout`, `certificate`, `key`, `unix`; all
optional. It prints its port in one line and serves until its standard input ends.
"""

import asyncio
import json
import ssl
import sys
from pathlib import Path

import uvloop
from twisted.internet import asyncioreactor

loop = uvloop.new_event_loop()
asyncio.set_event_loop(loop)
asyncioreactor.install(loop)

from twisted.internet import reactor  # noqa: E402
from twisted.logger import globalLogBeginner, textFileLogObserver  # noqa: E402
from twisted.web.resource import Resource  # noqa: E402
from twisted.web.server import NOT_DONE_YET  # noqa: E402

from router.web import Site  # noqa: E402


class Door(asyncio.Protocol):
    """A door that knows HTTP only."""

    def __init__(self, site):
        self.site = site

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.site.serve(self.transport, data)


class Echo(asyncio.Protocol):
    """Stands for WebSocket: answers the head that it got, then echoes."""

    def __init__(self, transport, head):
        self.transport = transport
        transport.set_protocol(self)
        transport.write(b"UPGRADED " + head)

    def data_received(self, data):
        self.transport.write(data)


class Faulty(Resource):
    isLeaf = True  # noqa: N815

    def render(self, request):
        raise KeyError("a secret of ours")


class Later(Resource):
    """Answers in a while, so that the connection has an answer outstanding."""

    isLeaf = True  # noqa: N815

    def render(self, request):
        def answer():
            request.write(b"later")
            request.finish()

        pending = reactor.callLater(0.2, answer)
        request.notifyFinish().addErrback(lambda reason: pending.active() and pending.cancel())
        return NOT_DONE_YET


class Secure(Resource):
    isLeaf = True  # noqa: N815

    def render(self, request):
        return f"{request.isSecure()} {request.getClientAddress()!r}".encode()


async def serve(directory=None, timeout=20.0, certificate=None, key=None, unix=None):
    site = Site(reactor, Echo, directory=directory and Path(directory), timeout=timeout)
    site.plant("/faulty", Faulty())
    site.plant("/deep/down/later", Later())
    site.plant("/secure", Secure())
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
    if unix:
        await loop.create_unix_server(lambda: Door(site), unix)
        port = 0
    else:
        server = await loop.create_server(lambda: Door(site), "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
    loop.add_reader(0, lambda: sys.stdin.buffer.read(1) or reactor.stop())
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()


def serving(task):
    if task.exception() is not None:
        sys.stderr.write(f"{task.exception()!r}\n")
        reactor.stop()


globalLogBeginner.beginLoggingTo([textFileLogObserver(sys.stderr)], redirectStandardIO=False)
reactor.callWhenRunning(
    lambda: loop.create_task(serve(**json.loads(sys.argv[1]))).add_done_callback(serving),
)
reactor.run()
