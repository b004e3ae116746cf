"""An autobahn-python worker that decides who may join and who may do what: `deciding_python.py URL REALM TICKET`.

It is written as for Crossbar, see `test_deciding.py`. It says `{"saw": "ready"}` when it is asked.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

import txaio

txaio.use_twisted()

from autobahn.twisted.component import Component  # noqa: E402 - it asks txaio which framework it is
from autobahn.wamp.exception import ApplicationError  # noqa: E402
from twisted.internet.task import react  # noqa: E402

USERS = {"joe": ("member", "moon"), "amy": ("reader", "sun")}


def authenticate(realm: str, authid: str, details: dict[str, Any]) -> Any:
    if authid == "bug":
        raise KeyError(authid)
    if authid not in USERS:
        raise ApplicationError("com.example.no_such_user", f"there is no {authid}")
    role, secret = USERS[authid]
    if details["authmethod"] == "wampcra":
        return {"role": role, "secret": secret}
    if details["ticket"] != secret:
        raise ApplicationError("com.example.invalid_ticket", "that is not the ticket")
    return {"role": role, "extra": {"realm": realm, "secure": details["transport"].get("secure", False)}}


async def authorize(session: dict[str, Any], uri: str, action: str, options: dict[str, Any]) -> Any:
    if action == "publish":
        return {"allow": True, "disclose": True, "cache": False}
    return session["authrole"] == "member" and uri.startswith(f"com.example.{session['authid']}.")


def worker(url: str, realm: str, ticket: str, ready: Callable[[], None]) -> Component:
    """The worker; it says when it is ready."""
    component = Component(
        transports=[{"url": url, "serializers": ["cbor"]}],
        realm=realm,
        authentication={"ticket": {"authid": "backend", "ticket": ticket}},
    )

    @component.on_join
    async def joined(session: Any, details: Any) -> None:
        await session.register(authenticate, "com.example.authenticate")
        await session.register(authorize, "com.example.authorize")
        ready()

    return component


def say_ready() -> None:
    sys.stdout.write(json.dumps({"saw": "ready"}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    react(lambda reactor: worker(*sys.argv[1:], ready=say_ready).start(reactor))
