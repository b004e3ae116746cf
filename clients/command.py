"""The command line of the workers: one process, any number of them, until Ctrl-C or SIGTERM."""

import argparse
import sys
from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.task import react
from twisted.logger import LogLevel, formatEvent, formatTime, globalLogBeginner

from clients.connection import LONGEST_RETRY, Connection, Router, Worker

GOODBYE_PATIENCE = 0.5  # seconds that the router has to answer GOODBYE when the process is told to end
LARGEST_COUNT = 1000  # of what a worker does at once, or in a second

Hire = Callable[[Any, argparse.Namespace], Worker]  # (reactor, arguments) -> worker


def main(workers: Mapping[str, Hire]) -> None:
    """Run the workers that the command line names, or all there are."""
    parser = argparse.ArgumentParser(description="Backend workers of a WAMP router.")
    parser.add_argument("names", nargs="*", metavar="worker", help=f"which to run (all): {', '.join(workers)}")
    parser.add_argument("--url", default=Router().url, help="ws://, wss:// or rs://host:port (%(default)s)")
    parser.add_argument("--realm", default=Router().realm, help="the realm to join (%(default)s)")
    parser.add_argument("--serializer", default=Router().serializer, choices=["json", "msgpack", "cbor"])
    parser.add_argument("--retry", type=seconds, default=Router().retry, metavar="S", help="retry after (%(default)s)")
    parser.add_argument("--log-file", default="wamplex.log", metavar="FILE", help="what logtail follows (%(default)s)")
    parser.add_argument("--symbols", type=count, default=24, metavar="N", help="how many ticker has (%(default)s)")
    parser.add_argument("--rate", type=count, default=5, metavar="N", help="prices of each a second (%(default)s)")
    arguments = parser.parse_args()
    names = arguments.names or list(workers)
    if unknown := set(names) - set(workers):
        parser.error(f"no worker called {', '.join(sorted(unknown))}; there are {', '.join(workers)}")
    router = Router(arguments.url, arguments.realm, arguments.serializer, arguments.retry)
    try:
        router.component()
    except Exception as failure:
        parser.error(f"--url {router.url}: {failure}")
    globalLogBeginner.beginLoggingTo([write_line], redirectStandardIO=False)
    react(lambda reactor: run(reactor, {name: workers[name](reactor, arguments) for name in names}, router))


def count(text: str) -> int:
    if not 1 <= (number := int(text)) <= LARGEST_COUNT:
        raise ValueError
    return number


def seconds(text: str) -> float:
    if not 0 < (number := float(text)) <= LONGEST_RETRY:
        raise ValueError
    return number


def run(reactor: Any, workers: Mapping[str, Worker], router: Router) -> Deferred[Any]:
    """Keep every worker connected; on the way out say goodbye, but do not wait long for an answer."""
    connections = [Connection(reactor, name, worker, router) for name, worker in workers.items()]
    running = DeferredList([Deferred.fromCoroutine(connection.keep_open()) for connection in connections])

    def goodbye() -> Deferred[Any]:
        for connection in connections:
            Deferred.fromCoroutine(connection.close())
        return running.addTimeout(GOODBYE_PATIENCE, reactor, lambda _, __: None)

    reactor.addSystemEventTrigger("before", "shutdown", goodbye)
    return running


def write_line(event: Mapping[str, Any]) -> None:
    """Write our own events, and what is critical elsewhere; autobahn's account of each try is already told by ours."""
    if not event["log_namespace"].startswith("clients.") and event["log_level"] is not LogLevel.critical:
        return
    text = formatEvent(event)
    if "log_failure" in event:
        text += "\n" + event["log_failure"].getTraceback()
    sys.stdout.write(f"{formatTime(event['log_time'], '%H:%M:%S')} {text}\n")
    sys.stdout.flush()
