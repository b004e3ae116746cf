"""autobahn-python on Twisted, joining by its keys: `keys_python.py ATTEMPTS`, the JSON list of what it is to try.

An attempt has `url`, `transport` and `method`; `tls` with `authority`, `certificate` and `max`; `key`, `authid` and
`authextra`.
It prints what became of each, one JSON object a line: `{"authid": ..., "authmethod": ...}`, `{"refused": <reason>}`, or
`{"failed": <why>}` if there was no connection.
"""

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import txaio
from autobahn.twisted.component import Component
from autobahn.twisted.wamp import Session
from autobahn.wamp.types import CloseDetails, SessionDetails
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.ssl import Certificate, PrivateCertificate, TLSVersion, optionsForClientTLS
from twisted.internet.task import react

txaio.use_twisted()

VERSIONS = {"1.2": TLSVersion.TLSv1_2, "1.3": TLSVersion.TLSv1_3}


class ByCertificate(Session):
    """A session that joins by what TLS has shown: autobahn's components have no name for that."""

    def onConnect(self) -> None:  # noqa: N802
        self.join(self.config.realm, ["tls"])


def tls_of(tls: dict[str, Any]) -> Any:
    """What the client speaks, and whom it trusts; with its certificate, if it has one."""
    pem = Path(tls["certificate"]).read_text() if "certificate" in tls else None
    authority = Certificate.loadPEM(Path(tls["authority"]).read_text())
    version = VERSIONS[tls["max"]]
    return optionsForClientTLS(
        "localhost",
        trustRoot=authority,
        clientCertificate=None if pem is None else PrivateCertificate.loadPEM(pem),
        extraCertificateOptions={"lowerMaximumSecurityTo": version} if version is TLSVersion.TLSv1_2 else None,
    )


def try_it(reactor: Any, attempt: dict[str, Any]) -> Deferred[Any]:
    url = urlsplit(attempt["url"])
    endpoint: dict[str, Any] = {"type": "tcp", "host": "127.0.0.1", "port": url.port}
    if "tls" in attempt:
        endpoint["tls"] = tls_of(attempt["tls"])
    transport: dict[str, Any] = {
        "url": attempt["url"],
        "type": attempt["transport"],
        "endpoint": endpoint,
        "max_retries": 0,
    }
    transport |= {"serializer": "json"} if attempt["transport"] == "rawsocket" else {"serializers": ["json"]}
    settings: dict[str, Any] = {}
    if attempt["method"] == "cryptosign":
        wanted = {name: attempt[name] for name in ("authid", "authextra") if name in attempt}
        settings["authentication"] = {"cryptosign": {"privkey": attempt["key"], **wanted}}
    else:
        settings["session_factory"] = ByCertificate
    component = Component(transports=[transport], realm="realm1", is_fatal=lambda _: True, **settings)
    answer: Deferred[Any] = Deferred()

    def say(what: dict[str, Any]) -> None:
        if not answer.called:
            answer.callback(what)

    @component.on_join
    def joined(session: Any, details: SessionDetails) -> None:
        say({"authid": details.authid, "authmethod": details.authmethod, "authrole": details.authrole})
        session.leave()

    @component.on_leave
    def left(session: Any, details: CloseDetails) -> None:
        say({"refused": details.reason})

    component.start(reactor).addErrback(lambda failure: say({"failed": str(failure.value)}))
    return answer


@inlineCallbacks
def main(reactor: Any, attempts: str) -> Any:
    for attempt in json.loads(attempts):
        outcome = yield try_it(reactor, attempt)
        sys.stdout.write(json.dumps(outcome) + "\n")


if __name__ == "__main__":
    react(main, sys.argv[1:])
