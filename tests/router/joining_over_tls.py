"""autobahn-python joins realm1 with a ticket at each URL, says who it is there or why it is not, and leaves.

Arguments: AUTHID TICKET URL... Whom it trusts, it has from the environment: SSL_CERT_FILE.
"""

import sys
from urllib.parse import urlsplit

from autobahn.twisted.component import Component, run
from twisted.internet.ssl import optionsForClientTLS

authid, ticket, *urls = sys.argv[1:]
standard_output = sys.__stdout__  # autobahn takes the other one for its log
assert standard_output is not None


def joining(url):
    transport, at = "rawsocket" if url.startswith("rs") else "websocket", urlsplit(url)
    # autobahn takes `wss:` for TLS by itself, and `rss:` not
    endpoint = {"type": "tcp", "host": at.hostname, "port": at.port, "tls": optionsForClientTLS(at.hostname)}
    component = Component(
        transports=[{"url": url, "type": transport, **({"endpoint": endpoint} if transport == "rawsocket" else {})}],
        realm="realm1",
        authentication={"ticket": {"authid": authid, "ticket": ticket}},
        is_fatal=lambda error: True,
    )

    def say(*words):
        standard_output.write(" ".join([transport, *map(str, words)]) + "\n")
        standard_output.flush()

    component.on_connectfailure(lambda component, error: say("failed", error))

    @component.on_join
    def joined(session, details):
        say("joined", details.authid, details.authrole)
        session.leave()

    return component


run([joining(url) for url in urls], log_level="critical")
