"""autobahn-python on Twisted joins by every method that it has: `joining_python.py CONFIG`, see `../joining.py`.

CONFIG has `attempts`, and `worker`: the URL, realm and ticket by which the worker of `deciding_python.py` joins first.
When all is done it goes on serving others, until its standard input ends.
"""

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import txaio

txaio.use_twisted()

from autobahn.twisted.component import Component  # noqa: E402 - it asks txaio which framework it is
from autobahn.twisted.wamp import ApplicationRunner, Session  # noqa: E402
from autobahn.wamp.auth import IAuthenticator, compute_totp  # noqa: E402
from deciding_python import worker  # noqa: E402
from twisted.internet.defer import Deferred, ensureDeferred, gatherResults  # noqa: E402
from twisted.internet.ssl import Certificate, PrivateCertificate, TLSVersion, optionsForClientTLS  # noqa: E402
from twisted.internet.task import react  # noqa: E402
from twisted.internet.threads import deferToThread  # noqa: E402

VERSIONS = {
    "1.2": {"lowerMaximumSecurityTo": TLSVersion.TLSv1_2},
    "1.3": {"insecurelyLowerMinimumTo": TLSVersion.TLSv1_3},
}
SECRETS = {"ticket": "ticket", "wampcra": "secret", "scram": "password", "cryptosign": "key"}


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


class Shown(Session):
    """A session that joins by what its connection shows: autobahn's components have no name for that."""

    def __init__(self, config: Any = None, *, method: str, answer: Any = None) -> None:
        super().__init__(config)
        self.method, self.answer = method, answer

    def onConnect(self) -> None:  # noqa: N802
        self.join(self.config.realm, [self.method])


def tls_of(attempt: dict[str, Any]) -> Any:
    """What the client speaks, and whom it trusts; with its certificate, if it has one."""
    if "tls" not in attempt:
        return None
    pem = attempt.get("certificate")
    return optionsForClientTLS(
        "localhost",
        trustRoot=Certificate.loadPEM(Path(attempt["tls"]["authority"]).read_text()),
        clientCertificate=None if pem is None else PrivateCertificate.loadPEM(Path(pem).read_text()),
        extraCertificateOptions=dict(VERSIONS[attempt["tls"]["version"]]),  # it is written to
    )


def authentication_of(attempt: dict[str, Any]) -> dict[str, Any]:
    """As a component takes it."""
    method = attempt["authmethod"]
    if method == "anonymous":
        return {"anonymous": {}}
    settings = {"authid": attempt["authid"]} if "authid" in attempt else {}
    if method == "cryptosign":
        settings["privkey"] = attempt["key"]
        if "channel_binding" in attempt:
            settings["authextra"] = {"channel_binding": attempt["channel_binding"]}
    else:
        settings[SECRETS[method]] = attempt[SECRETS[method]]
    second = {"totp": Totp(attempt["authid"], attempt["totp"])} if "totp" in attempt else {}
    return {method: settings, **second}


def component_of(attempt: dict[str, Any]) -> Component:
    url = urlsplit(attempt["url"])
    endpoint: dict[str, Any] = {"type": "tcp", "host": url.hostname, "port": url.port}
    if "tls" in attempt:
        endpoint["tls"] = tls_of(attempt)
    transport: dict[str, Any] = {"url": attempt["url"], "type": attempt["transport"], "endpoint": endpoint}
    transport |= {"serializer": "cbor"} if attempt["transport"] == "rawsocket" else {"serializers": ["cbor"]}
    settings: dict[str, Any] = {}
    if attempt["authmethod"] == "tls":
        settings["session_factory"] = lambda config: Shown(config, method="tls")
    else:
        settings["authentication"] = authentication_of(attempt)
    return Component(transports=[transport], realm=attempt["realm"], is_fatal=lambda _: True, **settings)


def identity(details: Any) -> list[str]:
    return ["" if details.authmethod == "anonymous" else details.authid, details.authrole, details.authmethod]


async def by_component(reactor: Any, attempt: dict[str, Any]) -> list[str]:
    """Join as most people do."""
    joined: Deferred[Any] = Deferred()
    component = component_of(attempt)
    component.on_join(lambda session, details: joined.callback((session, details)))
    component.on_connectfailure(lambda _, error: joined.called or joined.errback(error))
    component.start(reactor).addErrback(lambda _: None)
    try:
        session, details = await joined
    except Exception as error:
        return [error.error, *error.args] if hasattr(error, "error") else ["failed", str(error)]
    session.leave()
    return identity(details)


async def by_runner(attempt: dict[str, Any]) -> list[str]:
    """Join with a header of our own, which components do not send."""
    answer: Deferred[list[str]] = Deferred()

    class WithCookie(Shown):
        def onJoin(self, details: Any) -> None:  # noqa: N802
            answer.callback(identity(details))
            self.leave()

        def onLeave(self, details: Any) -> None:  # noqa: N802
            if not answer.called:
                answer.callback([details.reason, details.message])
            self.disconnect()

    runner = ApplicationRunner(
        attempt["url"], attempt["realm"], headers={"Cookie": attempt["cookie"]}, ssl=tls_of(attempt)
    )
    runner.run(lambda config: WithCookie(config, method="cookie"), start_reactor=False, log_level="critical")
    return await answer


def say(saw: str, value: Any) -> None:
    sys.stdout.write(json.dumps({"saw": saw, "value": value}) + "\n")
    sys.stdout.flush()


async def run(reactor: Any, config: dict[str, Any]) -> None:
    ready: Deferred[None] = Deferred()
    worker(*config["worker"], ready=lambda: ready.callback(None)).start(reactor)
    await ready
    say("serving", True)
    for attempt in config["attempts"]:
        with_header = attempt["authmethod"] == "cookie"
        said = await (by_runner(attempt) if with_header else by_component(reactor, attempt))
        say(attempt["name"], said)
    await deferToThread(sys.stdin.read)


if __name__ == "__main__":
    react(lambda reactor: gatherResults([ensureDeferred(run(reactor, json.loads(sys.argv[1])))]))
