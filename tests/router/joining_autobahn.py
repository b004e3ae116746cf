"""autobahn-python joins realm1 with a ticket at each URL, says who it is there or why it is not let in, and leaves.

Arguments: AUTHID TICKET URL...
"""

import sys

from autobahn.twisted.component import Component, run

authid, ticket, *urls = sys.argv[1:]
standard_output = sys.__stdout__  # autobahn takes the other one for its log
assert standard_output is not None


def joining(url):
    transport = "rawsocket" if url.startswith("rs") else "websocket"
    component = Component(
        transports=[{"url": url, "type": transport}],
        realm="realm1",
        authentication={"ticket": {"authid": authid, "ticket": ticket}},
        is_fatal=lambda error: True,
    )

    def say(*words):
        standard_output.write(" ".join([transport, *map(str, words)]) + "\n")
        standard_output.flush()

    @component.on_join
    def joined(session, details):
        say("joined", details.authid, details.authrole, details.authmethod, details.authprovider)
        session.leave()

    @component.on_leave
    def left(session, details):
        if details.reason != "wamp.close.goodbye_and_out":
            say("refused", details.reason)

    return component


run([joining(url) for url in urls], log_level="critical")
