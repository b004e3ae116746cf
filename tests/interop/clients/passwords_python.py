"""autobahn-python joins with passwords: `passwords_python.py CONFIG`, see `test_passwords.py`.

CONFIG has `attempts`: a list of `[name, url, authentication, totp]`. It prints what became of each, as one JSON object
a line.
"""

import json
import sys
from time import perf_counter
from typing import Any

import txaio

txaio.use_twisted()

from autobahn.twisted.component import Component  # noqa: E402 - it asks txaio which framework it is
from autobahn.wamp.auth import IAuthenticator, compute_totp  # noqa: E402
from twisted.internet.defer import Deferred, ensureDeferred, gatherResults  # noqa: E402
from twisted.internet.task import react  # noqa: E402


class Totp:
    """Answers the second challenge, as users of autobahn write it."""

    name = "totp"
    authextra: dict[str, Any] = {}

    def __init__(self, authid: str, key: str) -> None:
        self._args = {"authid": authid}  # all authenticators of a session must have the same
        self.key = key

    def on_challenge(self, session: Any, challenge: Any) -> str:
        return str(compute_totp(self.key))


IAuthenticator.register(Totp)


async def attempt(reactor: Any, url: str, authentication: dict[str, Any], totp: str | None) -> Any:
    """What the client is told: its identity, or why it was refused."""
    if totp is not None:
        (first,) = authentication.values()
        authentication |= {"totp": Totp(first["authid"], totp)}
    transport: dict[str, Any] = {"url": url, "serializers": ["cbor"]}
    if url.startswith("rs"):
        transport = {"type": "rawsocket", "url": url, "serializer": "cbor"}
    component = Component(
        transports=[transport], realm="passwords", authentication=authentication, is_fatal=lambda _: True
    )
    joined: Deferred[Any] = Deferred()
    component.on_join(lambda session, details: joined.callback((session, details)))
    component.on_connectfailure(lambda _, error: joined.errback(error))
    component.start(reactor).addErrback(lambda _: None)
    try:
        session, details = await joined
    except Exception as error:
        return [getattr(error, "error", repr(error)), *error.args]
    session.leave()
    return [details.authid, details.authrole, details.authmethod]


async def run(reactor: Any, config: dict[str, Any]) -> None:
    for name, *details in config["attempts"]:
        begin = perf_counter()
        value = {"told": await attempt(reactor, *details), "seconds": perf_counter() - begin}
        sys.stdout.write(json.dumps({"saw": name, "value": value}) + "\n")


if __name__ == "__main__":
    react(lambda reactor: gatherResults([ensureDeferred(run(reactor, json.loads(sys.argv[1])))]))
