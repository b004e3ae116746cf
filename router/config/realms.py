"""What config.yaml may say about realms: what is told, stored and allowed in each, and who may join."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from router.config.authentication import Authentication, Principal
from router.config.scalars import Size
from router.config.section import Deadline, Many, Match, Section, Text

Action = Literal["call", "register", "publish", "subscribe"]


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
        Match,
        Meta(description="How `uri` is compared: letter by letter, from its start, or component by component."),
    ] = "exact"
    allow: Annotated[
        frozenset[Action],
        Meta(description="What is allowed; the rest is denied. An empty list denies all, as a hole in a wider rule."),
    ]
    disclose: Annotated[
        Literal["allow", "refuse", "always"] | None,
        Meta(description="Whether receivers learn who called or published here; null is the realm's `disclosure`."),
    ] = None
    retain: Annotated[bool, Meta(description="Whether events may be published with the option `retain`.")] = True
    history: Annotated[
        bool, Meta(description="Whether retained and stored events may be asked for, where `subscribe` is allowed.")
    ] = True
    validate: Annotated[
        bool, Meta(description="Whether payloads are checked here, if the realm's `schemas` say so.")
    ] = True


class Authorizer(Section, frozen=True, kw_only=True):
    """Who decides about what no rule covers: a WAMP procedure, or a Python function in the router's process.

    Either is called with `(session details, uri, action, options)` and answers with true, false, or
    `{allow, disclose, cache, validate}`. If it fails, or takes too long, nothing is allowed.
    """

    procedure: Annotated[Text | None, Meta(description="The URI of the procedure.")] = None
    realm: Annotated[
        Text | None, Meta(description="The realm in which the procedure is registered; null for this one.")
    ] = None
    function: Annotated[
        Text | None,
        Meta(description="Instead of a procedure, a function that can be imported: `package.module:function`."),
    ] = None
    timeout: Annotated[Deadline, Meta(description="Seconds that it may take; then the request is refused.")] = 5
    max_waiting: Annotated[
        int, Meta(description="How many requests may wait for it at a time; more are refused.", ge=1, le=100_000)
    ] = 1000
    cache: Annotated[
        float,
        Meta(
            description="Seconds for which a decision may be remembered, if it does not say `cache: false`; 0 "
            "remembers none.",
            ge=0,
            le=86_400,
        ),
    ] = 60


class RoleLimits(Section, frozen=True, kw_only=True):
    """What each client of a role may cost, where that is less than for others; null is as for others."""

    sessions_per_principal: Annotated[
        Many | None, Meta(description="How many sessions may have one authid; null for any number.")
    ] = None
    subscriptions: Annotated[Many | None, Meta(description="How many subscriptions a client may have.")] = None
    registrations: Annotated[Many | None, Meta(description="How many procedures a client may register.")] = None
    calls: Annotated[Many | None, Meta(description="How many calls a client may wait for.")] = None
    message_rate: Annotated[
        Many | None,
        Meta(description="Messages per second that a client may send on average; beyond, it is read more slowly."),
    ] = None
    octet_rate: Annotated[
        Annotated[Size, Meta(ge=512, le=2**40)] | None,
        Meta(description="Octets per second that a client may send on average; beyond, it is read more slowly."),
    ] = None


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
    authorizer: Annotated[
        Authorizer | None, Meta(description="Who is asked about what no rule covers; `false` denies all of that.")
    ] = None
    limits: Annotated[RoleLimits, Meta(description="What each client of the role may cost.")] = RoleLimits()


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
        Match,
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
        Match,
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


class Resume(Section, frozen=True, kw_only=True):
    """Sessions that outlast their connections, for clients that ask for it (`resumable` in HELLO)."""

    keep_for: Annotated[
        Deadline, Meta(description="Seconds that a session waits for its client; meanwhile calls to it wait, too.")
    ] = 30
    max_paused: Annotated[
        int,
        Meta(
            description="How many sessions may wait at a time; beyond, they end with their connections.",
            ge=1,
            le=10_000_000,
        ),
    ] = 1000
    buffer: Annotated[
        Size,
        Meta(
            description="How much is kept for a session meanwhile, and one message more; what would exceed that ends "
            "it. At most `limits.outbox_size`, as the client gets it in one go.",
            ge=0,
            le=2**30,
        ),
    ] = 2**18


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
    resume: Annotated[
        Resume | None,
        Meta(description="Sessions that wait for clients that lost their connection; `false` lets none wait."),
    ] = Resume()
    trust: Annotated[
        tuple[Trust, ...],
        Meta(description="Trust levels that callees and subscribers are told; of several rules the best match counts."),
    ] = ()
    calls: Annotated[Calls, Meta(description="What calls may cost and how long they may take.")] = Calls()
    authentication: Annotated[Authentication, Meta(description="How clients prove who they are; at least one method.")]
    principals: Annotated[
        tuple[Principal, ...], Meta(description="Who may join by the methods that need to know them.")
    ] = ()
    principals_file: Annotated[
        Path | None,
        Meta(description="A file with more principals, a list as in `principals`; read again when it changes."),
    ] = None
    principals_database: Annotated[
        Path | None,
        Meta(description="The SQLite file with the principals that `wamplex user` manages; changes count at once."),
    ] = None
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
