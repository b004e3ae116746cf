"""What config.yaml may say: every section a Struct, every key with the sentence that explains it.

The defaults are the safe ones. A section that can be switched off is `None` here and `false` in the file.
The order of the fields is the order of the keys in config.yaml. What types cannot say (a role that must exist,
a name that must be unique) is in `checks`. The JSON Schema of `schema` is made from these Structs.
"""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from router.config.scalars import Secret, Size

Action = Literal["call", "register", "publish", "subscribe"]
Text = Annotated[str, Meta(min_length=1)]
UrlPath = Annotated[str, Meta(pattern=r"^/[^\s?#]*$")]
Deadline = Annotated[float, Meta(gt=0, le=3600)]


class Section(Struct, frozen=True, forbid_unknown_fields=True):
    """The base of all sections: immutable, and an unknown key is a mistake."""


# --- realms ---------------------------------------------------------------------------------------------------


class Anonymous(Section, frozen=True, kw_only=True):
    """Clients that prove nothing may join."""

    role: Annotated[Text, Meta(description="The role of every anonymous client; one of the realm's `roles`.")]


class TicketPrincipal(Section, frozen=True, kw_only=True):
    """One client that may join with a ticket."""

    authid: Annotated[Text, Meta(description="The name that the client sends in HELLO; unique within the realm.")]
    role: Annotated[Text, Meta(description="The role that the client gets; one of the realm's `roles`.")]
    ticket: Annotated[
        Secret,
        Meta(description="The shared secret: `{env: VARIABLE}`, `{file: PATH}` or, for trials, the text itself."),
    ]


class Ticket(Section, frozen=True, kw_only=True):
    """Clients that show a shared secret may join. The ticket travels as it is: use TLS beyond loopback."""

    principals: Annotated[tuple[TicketPrincipal, ...], Meta(description="Who may join with a ticket.", min_length=1)]


class Authentication(Section, frozen=True, kw_only=True):
    """How clients prove who they are; at least one method, and the client picks among them."""

    anonymous: Annotated[
        Anonymous | None, Meta(description="Admit clients that prove nothing; leave it out to refuse them.")
    ] = None
    ticket: Annotated[
        Ticket | None, Meta(description="Admit clients that show a shared secret; leave it out to refuse them.")
    ] = None


class Permission(Section, frozen=True, kw_only=True):
    """What a role may do on some URIs. Of all rules that fit a URI the most specific decides, alone."""

    uri: Annotated[
        str,
        Meta(
            description="The URI, or the pattern that `match` says it is: with `prefix`, `com.example.` covers all "
            "that starts so and `''` everything; with `wildcard`, an empty component (`com..status`) stands for any."
        ),
    ]
    match: Annotated[
        Literal["exact", "prefix", "wildcard"],
        Meta(description="How `uri` is compared: letter by letter, from its start, or component by component."),
    ] = "exact"
    allow: Annotated[
        frozenset[Action],
        Meta(description="What is allowed; the rest is denied. An empty list denies all, as a hole in a wider rule."),
    ]


class Role(Section, frozen=True, kw_only=True):
    """A role of a realm and its permissions."""

    name: Annotated[Text, Meta(description="The name by which authentication assigns the role; unique in the realm.")]
    trusted: Annotated[
        bool,
        Meta(
            description="Whether its clients are routers, which are believed when they say for whom they pass on a "
            "message (`forward_for`); of others that is dropped, as it could name anybody."
        ),
    ] = False
    permissions: Annotated[
        tuple[Permission, ...], Meta(description="What the role may do; whatever no rule allows is denied.")
    ] = ()


class Schemas(Section, frozen=True, kw_only=True):
    """What the operator says about procedures, topics, errors and types; docs/schemas.md explains the files."""

    directory: Annotated[
        Path,
        Meta(
            description="The folder with a YAML or JSON file for each of them, relative to this file's. Clients learn "
            "about what they may use with `wamp.reflection.*`, `wamp.interface.*` and `wamp.type.*`."
        ),
    ]
    validate: Annotated[
        bool,
        Meta(
            description="Refuse calls, results and publications that do not fit their schema, with "
            "`wamp.error.invalid_argument`. This costs time for each of them."
        ),
    ] = False


class HistoryTopic(Section, frozen=True, kw_only=True):
    """A topic or pattern whose events are stored."""

    uri: Annotated[str, Meta(description="The topic, or the pattern that `match` says it is, as in permissions.")]
    match: Annotated[
        Literal["exact", "prefix", "wildcard"],
        Meta(description="How `uri` is compared: letter by letter, from its start, or component by component."),
    ] = "exact"
    limit: Annotated[int, Meta(description="How many events are stored; the oldest makes room.", ge=1, le=100_000)] = (
        1000
    )


class History(Section, frozen=True, kw_only=True):
    """Event history: clients can ask what was published before they came, with `wamp.subscription.get_events`."""

    file: Annotated[
        Path | None,
        Meta(
            description="The SQLite file that keeps the events over a restart, relative to the folder of this file; it "
            "is made if it is not there. null keeps them in memory."
        ),
    ] = None
    topics: Annotated[tuple[HistoryTopic, ...], Meta(description="Whose events are stored.", min_length=1)]


class Trust(Section, frozen=True, kw_only=True):
    """How far to trust what a role calls or publishes; receivers are told the level and judge for themselves."""

    uri: Annotated[str, Meta(description="The procedures and topics, or the pattern that `match` says it is.")] = ""
    match: Annotated[
        Literal["exact", "prefix", "wildcard"],
        Meta(description="How `uri` is compared: letter by letter, from its start, or component by component."),
    ] = "prefix"
    role: Annotated[
        Text | None,
        Meta(description="The role of the caller or publisher; null for all that no rule of their own covers."),
    ] = None
    level: Annotated[int, Meta(description="The trust level; 0 is the least.", ge=0, le=2**53)]


class Calls(Section, frozen=True, kw_only=True):
    """What calls may cost and how long they may take. Times are seconds."""

    max_pending: Annotated[
        int, Meta(description="How many calls one client may wait for; more are refused.", ge=1, le=10_000_000)
    ] = 16_384
    max_queued: Annotated[
        int,
        Meta(
            description="How many calls may wait for a procedure whose callees work at as many as they take at a time "
            "(the option `concurrency` of REGISTER); more are refused.",
            ge=0,
            le=10_000_000,
        ),
    ] = 1000
    default_timeout: Annotated[
        float, Meta(description="The timeout of calls that name none; 0 for none.", ge=0, le=10**6)
    ] = 0
    max_timeout: Annotated[
        float, Meta(description="The longest timeout of any call, asked for or not; 0 for no limit.", ge=0, le=10**6)
    ] = 0
    forward_timeout: Annotated[
        bool,
        Meta(
            description="Let callees that ask for it (the option `forward_timeout` of REGISTER) keep the time; "
            "otherwise the router always does."
        ),
    ] = True


class Realm(Section, frozen=True, kw_only=True):
    """One realm: a routing domain of its own, of which other realms see nothing."""

    name: Annotated[Text, Meta(description="The name that clients send in HELLO, a URI such as `realm1`.")]
    uris: Annotated[
        Literal["loose", "strict"],
        Meta(
            description="Which URIs clients may use: `strict` allows components of a-z, 0-9 and `_` only; `loose` "
            "allows all but white space, `.` and `#` in a component."
        ),
    ] = "loose"
    request_ids: Annotated[
        Literal["strict", "lenient"],
        Meta(
            description="Whether the requests of a client must be numbered 1, 2, 3 ... as the protocol demands "
            "(`strict`), or any valid number will do (`lenient`, for old clients)."
        ),
    ] = "strict"
    announced_roles: Annotated[
        Literal["strict", "lenient"],
        Meta(
            description="Whether a client may act only in the roles (publisher, subscriber, caller, callee) that it "
            "announced in HELLO (`strict`), or in all of them (`lenient`, as many clients announce too little)."
        ),
    ] = "lenient"
    schemas: Annotated[
        Schemas | None,
        Meta(description="Descriptions of the realm's procedures, topics, errors and types; `false` for none."),
    ] = None
    history: Annotated[
        History | None, Meta(description="Events that are stored, for clients to ask for; `false` stores none.")
    ] = None
    max_subscriptions: Annotated[
        int, Meta(description="How many subscriptions one client may have; more are refused.", ge=1, le=10_000_000)
    ] = 10_000
    max_registrations: Annotated[
        int, Meta(description="How many procedures one client may register; more are refused.", ge=1, le=10_000_000)
    ] = 10_000
    max_retained: Annotated[
        int,
        Meta(
            description="Of how many topics the event that was published with `retain` is kept in memory; the topic "
            "that was not published to for the longest time makes room. 0 keeps none.",
            ge=0,
            le=10_000_000,
        ),
    ] = 1000
    disclosure: Annotated[
        Literal["allow", "refuse", "always"],
        Meta(
            description="Whether receivers learn who called or published: if one of them asks for it (`allow`), never "
            "(`refuse`; who asks is refused), or `always`."
        ),
    ] = "allow"
    session_stats: Annotated[
        float,
        Meta(
            description="Seconds between two publications of `wamp.session.on_stats`, an event about each session "
            "that received or was sent anything meanwhile; 0 publishes none.",
            ge=0,
            le=86_400,
        ),
    ] = 0
    trust: Annotated[
        tuple[Trust, ...],
        Meta(description="Trust levels that callees and subscribers are told; of several rules the best match counts."),
    ] = ()
    calls: Annotated[Calls, Meta(description="What calls may cost and how long they may take.")] = Calls()
    authentication: Annotated[Authentication, Meta(description="How clients prove who they are; at least one method.")]
    roles: Annotated[tuple[Role, ...], Meta(description="The roles and what each may do.", min_length=1)]


class RealmTemplate(Section, frozen=True, kw_only=True):
    """Realms that are made when a client joins them, and forgotten some time after the last one has left."""

    like: Annotated[Text, Meta(description="The realm of `realms` that they are like in all but the name.")]
    uri: Annotated[str, Meta(description="Their names, or the pattern that `match` says it is, as in permissions.")]
    match: Annotated[
        Literal["prefix", "wildcard"],
        Meta(description="How `uri` is compared: from its start, or component by component."),
    ] = "prefix"
    max_realms: Annotated[
        int, Meta(description="How many there may be at a time; a client that asks for one more is refused.", ge=1)
    ] = 100
    forget_after: Annotated[
        Deadline, Meta(description="Seconds from the last client's leaving until such a realm is forgotten.")
    ] = 60


# --- listeners ------------------------------------------------------------------------------------------------


class WebSocket(Section, frozen=True, kw_only=True):
    """WebSocket on this listener, with the subprotocols wamp.2.json, wamp.2.msgpack and wamp.2.cbor."""

    path: Annotated[UrlPath, Meta(description="The path of the WebSocket's address, `ws://host:port/path`.")] = "/ws"


class Tls(Section, frozen=True, kw_only=True):
    """TLS on this listener: clients use https, wss or RawSocket over TLS, and nothing unencrypted."""

    certificate: Annotated[
        Path, Meta(description="The certificate and its chain, PEM. Relative to the folder of this file.")
    ]
    key: Annotated[Path, Meta(description="The private key, PEM, without passphrase. Relative to this file's folder.")]


class Listener(Section, frozen=True, kw_only=True):
    """An address that the router listens on; one port speaks all that is switched on here."""

    host: Annotated[
        Text,
        Meta(
            description="The address to listen on: `127.0.0.1` for this machine only, `0.0.0.0` for every IPv4 "
            "address, `'::'` for every IPv6 address, or a host name."
        ),
    ] = "127.0.0.1"
    port: Annotated[
        int,
        Meta(description="The TCP port; 0 lets the system choose one, which the log then names.", ge=0, le=65535),
    ] = 8080
    websocket: Annotated[WebSocket | None, Meta(description="Speak WebSocket; `false` refuses it.")] = WebSocket()
    rawsocket: Annotated[bool, Meta(description="Speak RawSocket, the lean transport of backends.")] = True
    http: Annotated[bool, Meta(description="Answer plain HTTP requests with the files of `web`.")] = True
    tls: Annotated[Tls | None, Meta(description="Encrypt this listener with TLS.")] = None


# --- limits, logging, web -------------------------------------------------------------------------------------


class Limits(Section, frozen=True, kw_only=True):
    """What one connection may cost. Sizes are octets (`1 MiB`, `64 KiB`, `4000`), times are seconds."""

    max_message_size: Annotated[
        Size,
        Meta(
            description="The largest message a client may send; who sends a larger one is disconnected. RawSocket "
            "can announce only powers of two up to 16 MiB, and announces the largest that fits.",
            ge=512,
            le=2**30,
        ),
    ] = 2**20
    outbox_size: Annotated[
        Size,
        Meta(
            description="How much may wait for a client that reads more slowly than it is sent to; not less than "
            "`max_message_size`.",
            ge=512,
            le=2**32,
        ),
    ] = 4 * 2**20
    slow_consumer: Annotated[
        Literal["disconnect", "drop"],
        Meta(
            description="What happens when that is exceeded: `disconnect` the client, so that it knows, or `drop` "
            "events for it and count them. Answers to calls are never dropped: for them it is disconnected."
        ),
    ] = "disconnect"
    handshake_timeout: Annotated[
        Deadline,
        Meta(description="Seconds from the connection to the end of the TLS, WebSocket or RawSocket handshake."),
    ] = 10
    hello_timeout: Annotated[
        Deadline, Meta(description="Seconds from there, or from the end of a session, to the next HELLO.")
    ] = 10
    authenticate_timeout: Annotated[
        Deadline, Meta(description="Seconds from CHALLENGE to AUTHENTICATE; people may have to type their ticket.")
    ] = 30
    ping_interval: Annotated[
        float,
        Meta(
            description="Seconds between the pings that find dead connections and keep proxies from closing idle "
            "ones, hence less than a proxy's limit (60 for nginx). 0 switches pings off.",
            ge=0,
            le=3600,
        ),
    ] = 25
    ping_timeout: Annotated[
        Deadline, Meta(description="Seconds to wait for the answer to a ping; then the connection counts as dead.")
    ] = 10
    ping_rawsocket: Annotated[
        bool,
        Meta(
            description="Ping RawSocket clients as well, which finds those that hang. autobahn-python cannot take "
            "RawSocket pings and would be disconnected; without them the system's TCP keepalive finds dead connections."
        ),
    ] = False


class Logging(Section, frozen=True, kw_only=True):
    """The log, on the standard error output."""

    level: Annotated[
        Literal["debug", "info", "warn", "error"], Meta(description="The least important events that are written.")
    ] = "info"
    format: Annotated[
        Literal["text", "json"], Meta(description="`text` for people; `json`, one object a line, for log collectors.")
    ] = "text"


class Web(Section, frozen=True, kw_only=True):
    """Files that the listeners with `http` serve."""

    path: Annotated[UrlPath, Meta(description="The path below which the files appear.")] = "/"
    directory: Annotated[
        Path | None,
        Meta(description="The folder to serve, relative to this file's; null is the page that comes with Wamplex."),
    ] = None


class Config(Section, frozen=True, kw_only=True):
    """The configuration of a Wamplex router."""

    realms: Annotated[tuple[Realm, ...], Meta(description="The realms that clients may join.", min_length=1)]
    default_realm: Annotated[
        Text | None,
        Meta(description="The realm of clients that name none (HELLO with null); without it they are refused."),
    ] = None
    realm_template: Annotated[
        RealmTemplate | None, Meta(description="Realms that are made when a client joins them; `false` makes none.")
    ] = None
    agent: Annotated[
        bool, Meta(description="Tell clients the name and version of the router, in WELCOME.Details.agent.")
    ] = True
    listeners: Annotated[tuple[Listener, ...], Meta(description="Where the router listens.", min_length=1)] = (
        Listener(),
    )
    limits: Annotated[Limits, Meta(description="What one connection may cost.")] = Limits()
    logging: Annotated[Logging, Meta(description="What is logged, and how.")] = Logging()
    web: Annotated[Web | None, Meta(description="The files served over HTTP; `false` serves none.")] = Web()
