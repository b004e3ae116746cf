"""swampyer, a threaded client of the basic profile: `swampyer_python.py CONFIG...`, as `autobahn_python.py`.

Its request ids are random, so it needs a realm with `request_ids: lenient`.
"""

import json
import sys
from queue import Queue
from typing import Any

from swampyer import WAMPClient, WAMPClientTicket
from swampyer.exceptions import ExAbort, ExInvocationError

PATIENCE = 5.0
"""Seconds to wait for what must come."""


def saw(what: str, value: Any) -> None:
    sys.stdout.write(json.dumps({"saw": what, "value": value}) + "\n")
    sys.stdout.flush()


def join(config: dict[str, Any], **settings: Any) -> WAMPClient:
    kind = WAMPClientTicket if settings else WAMPClient
    serializers = [config["serializer"]]
    client = kind(url=config["url"], realm=config["realm"], serializers=serializers, auto_reconnect=False, **settings)
    client.start()
    return client


def converse(config: dict[str, Any]) -> None:
    prefix = config["prefix"]
    one, other = join(config), join(config)
    saw("welcome", one.peer.details["authrole"])

    def fail(_: Any) -> None:
        raise ValueError("why")

    other.register(f"{prefix}.answer", lambda _, *args, **kwargs: [list(args), kwargs])
    other.register(f"{prefix}.nothing", lambda _: None)
    other.register(f"{prefix}.fail", fail)
    saw("call", one.call(f"{prefix}.answer", 1, "zwei", "три", four=4.5, none=None))
    saw("call without arguments", one.call(f"{prefix}.nothing"))
    for procedure, what in ("fail", "error"), ("missing", "no such procedure"):
        try:
            one.call(f"{prefix}.{procedure}")
        except ExInvocationError as error:
            saw(what, list(error.args))
    received: dict[str, Queue[Any]] = {}
    for match, topic in ("exact", "topic.one"), ("prefix", "top"), ("wildcard", ".one"):
        received[match] = Queue()

        def event(event: Any, *args: Any, match: str = match, **kwargs: Any) -> None:
            received[match].put([list(args), kwargs, event.details.get("topic", f"{prefix}.topic.one"), event])

        other.subscribe(f"{prefix}.{topic}", event, {"match": match})
    publication = one.publish(f"{prefix}.topic.one", args=[1, "zwei"], kwargs={"three": [3]})
    for match, events in received.items():
        args, kwargs, topic, event = events.get(timeout=PATIENCE)
        saw(f"event, {match}", [args, kwargs, topic == f"{prefix}.topic.one"])
        saw(f"publication, {match}", event.publish_id == publication.publication_id)


def authenticate(config: dict[str, Any]) -> None:
    details = join(config, username=config["authid"], password=config["ticket"]).peer.details
    saw("welcome", [details["authid"], details["authrole"], details["authmethod"]])
    for what, settings in ("wrong ticket", {"username": config["authid"], "password": "wrong"}), ("no ticket", {}):
        try:
            join(config, **settings)
        except ExAbort as error:
            saw(what, str(error).partition(": ")[2])


if __name__ == "__main__":
    for config in map(json.loads, sys.argv[1:]):
        saw("way", [config["transport"], config["serializer"]])
        {"converse": converse, "authenticate": authenticate}[config["play"]](config)
