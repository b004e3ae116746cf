"""What other people's clients do with the router, and what they must see.

A client is a script in `clients/`, run as a process of its own. It gets configurations, one for each way that it goes,
and plays one of three parts:

converse      one of its sessions calls and publishes, the other one registers and subscribes; it ends by itself
authenticate  joins with the right ticket, a wrong one and none; it ends by itself
serve         offers procedures and a topic, and comes back whenever the router was away; it runs until it is ended

It prints a line of JSON for everything that it saw, `{"saw": what, "value": value}`; for each way first that, as
`{"saw": "way", "value": [transport, serializer]}`.
"""

from typing import Any, Literal, NamedTuple

Part = Literal["converse", "authenticate", "serve"]
Way = tuple[str, str]
"""A transport and a serializer."""

CONFIG = """
realms:
  - name: realm1
    authentication:
      anonymous: {role: anonymous}
    roles:
      - &all
        name: anonymous
        permissions:
          - {uri: "", match: prefix, allow: [call, register, publish, subscribe]}
  - name: lenient
    request_ids: lenient
    authentication:
      anonymous: {role: anonymous}
    roles:
      - *all
  - name: secret
    authentication:
      ticket: true
    principals:
      - authid: joe
        role: backend
        ticket: $sha256$41ef4bb0b23661e66301aac36066912dac037827b4ae63a7b1165a5aa93ed4eb  # open sesame
    roles:
      - name: backend
"""

EVENT = [[1, "zwei"], {"three": [3]}, True]  # arguments, and whether the topic was as published

CONVERSATION: dict[str, Any] = {
    "welcome": "anonymous",
    "call": [[1, "zwei", "три"], {"four": 4.5, "none": None}],
    "call without arguments": None,
    "binary": [True, "0001feff"],
    "many calls at once": True,  # their order on the wire is that of their request ids
    "error": ["com.example.error.broken", ["why"], {"how": "badly"}],
    "no such procedure": "wamp.error.no_such_procedure",
    "progressive results": [[0, 1, 2], "done"],
    "cancel, kill": "wamp.error.canceled",
    "interrupted by kill": True,
    "cancel, killnowait": "wamp.error.canceled",
    "interrupted by killnowait": True,
    "timeout": "wamp.error.timeout",
    "shared registration": ["one", "other", "one", "other"],
    "event, exact": EVENT,
    "event, prefix": EVENT,
    "event, wildcard": EVENT,
    "publication, exact": True,
    "publication, prefix": True,
    "publication, wildcard": True,
    "receivers": {"one": ["to all", "not to other"], "other": ["to others", "to all", "to other"]},
    "goodbye": "wamp.close.goodbye_and_out",
}

AUTHENTICATION: dict[str, Any] = {
    "welcome": ["joe", "backend", "ticket"],
    "wrong ticket": "wamp.error.authentication_denied",
    "no ticket": "wamp.error.authentication_required",
}


class NotSeen:
    """In the place of an observation that a client cannot make."""


class Client(NamedTuple):
    """A client library, the ways it is run, and where it differs from `CONVERSATION` by its own nature."""

    name: str
    script: str
    ways: tuple[Way, ...]
    settings: dict[str, Any] = {}
    conversation: dict[str, Any] = {}
    authentication: dict[str, Any] = {}
    authenticates: bool = True
    comes_back: bool = True
    realm: str = "realm1"
    serves_in: str = "realm1"

    @property
    def logs_in(self) -> tuple[Way, ...]:
        """The ways in which it authenticates: one for each transport."""
        transports = sorted({transport for transport, _ in self.ways}) if self.authenticates else []
        return tuple((transport, "msgpack") for transport in transports)


SERIALIZERS = ("json", "msgpack", "cbor")
WEBSOCKET = tuple(("websocket", serializer) for serializer in SERIALIZERS)
WEBSOCKET_AND_LONG_POLL = (*WEBSOCKET, ("longpoll", "json"))
BOTH = WEBSOCKET + tuple(("rawsocket", serializer) for serializer in SERIALIZERS)

AUTOBAHN_PYTHON: dict[str, Any] = {
    "cancel, kill": "wamp.error.runtime_error",  # what it makes of the CancelledError that it raises itself
}
UNINTERRUPTED: dict[str, Any] = {
    "interrupted by kill": NotSeen,
    "interrupted by killnowait": NotSeen,
    # A callee is asked for progress if it announces progressive_call_results and call_canceling; these do not.
    "progressive results": [[], "done"],
}
# autobahn.js forgets a call when it cancels it with killnowait, and closes the connection at the router's answer.
AUTOBAHN_JS = UNINTERRUPTED | {"cancel, killnowait": NotSeen}
WAMPY = UNINTERRUPTED | {
    "publication, exact": NotSeen,
    "publication, prefix": NotSeen,
    "publication, wildcard": NotSeen,
    "receivers": {"one": [], "other": ["to others", "to all", "to other"]},  # it never sends exclude_me: false
}
SWAMPYER = dict.fromkeys(set(CONVERSATION) - {"welcome", "call", "call without arguments"}, NotSeen) | {
    "call": [[1, "zwei", "три"], {"four": 4.5, "none": None}],
    "error": ["Call failed: why", "why"],
    **{
        f"{what}, {match}": CONVERSATION[f"{what}, {match}"]
        for what in ("event", "publication")
        for match in ("exact", "prefix", "wildcard")
    },
}

CLIENTS = (
    # How autobahn authenticates on Twisted, and in JavaScript, is in `joining.py`.
    Client(
        "autobahn-python-twisted",
        "autobahn_python.py",
        BOTH,
        {"framework": "twisted"},
        AUTOBAHN_PYTHON,
        authenticates=False,
    ),
    Client("autobahn-python-asyncio", "autobahn_python.py", WEBSOCKET, {"framework": "asyncio"}, AUTOBAHN_PYTHON),
    # On asyncio its RawSocket raises NotImplementedError at the first PING and tells no reason of an ABORT.
    Client(
        "autobahn-python-asyncio",
        "autobahn_python.py",
        (("rawsocket", "cbor"),),
        {"framework": "asyncio"},
        AUTOBAHN_PYTHON,
        authenticates=False,
        comes_back=False,
    ),
    Client(
        "autobahn-js-26",
        "autobahn_js.cjs",
        WEBSOCKET_AND_LONG_POLL,
        {"package": "autobahn"},
        AUTOBAHN_JS,
        authenticates=False,
    ),
    Client("autobahn-js-22", "autobahn_js.cjs", WEBSOCKET, {"package": "autobahn22"}, AUTOBAHN_JS, authenticates=False),
    # When it comes back it counts its request ids on, so a strict realm sends it away again and again.
    Client("wampy-js", "wampy_js.cjs", WEBSOCKET, {}, WAMPY, serves_in="lenient"),
    Client(
        "swampyer",
        "swampyer_python.py",
        WEBSOCKET,
        {},
        SWAMPYER,
        authentication={  # it tells people what happened, not programs
            "wrong ticket": "the credentials were not accepted",
            "no ticket": "realm 'secret' offers: ticket",
        },
        comes_back=False,  # it does, but waits for up to four seconds
        realm="lenient",  # its request ids are random
    ),
)
