"""What config.yaml may say: every section a Struct, every key with the sentence that explains it.

The defaults are the safe ones. A section that can be switched off is `None` here and `false` in the file.
The order of the fields is the order of the keys in config.yaml. What types cannot say (a role that must exist,
a name that must be unique) is in `checks`. The JSON Schema of `schema` is made from these Structs.
"""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from router.config.bridge import Bridge
from router.config.dashboard import Dashboard
from router.config.listeners import Listener
from router.config.realms import Realm, RealmTemplate
from router.config.scalars import Size
from router.config.section import Deadline, Section, Text
from router.config.web import Web


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


class Audit(Section, frozen=True, kw_only=True):
    """Who came in, who was refused, and who was denied what: one JSON object a line, without any secret."""

    file: Annotated[
        Path | None,
        Meta(description="The file that is appended to, relative to this one's folder; null is the log."),
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
    pid_file: Annotated[
        Path | None,
        Meta(
            description="The file in which the router leaves its process id while it runs, relative to this one's "
            "folder; `wamplex reload` needs it."
        ),
    ] = None
    agent: Annotated[
        bool, Meta(description="Tell clients the name and version of the router, in WELCOME.Details.agent.")
    ] = True
    listeners: Annotated[tuple[Listener, ...], Meta(description="Where the router listens.", min_length=1)] = (
        Listener(),
    )
    limits: Annotated[Limits, Meta(description="What one connection may cost.")] = Limits()
    logging: Annotated[Logging, Meta(description="What is logged, and how.")] = Logging()
    audit: Annotated[
        Audit | None, Meta(description="Record who came in and who was denied what; `false` does not.")
    ] = None
    web: Annotated[Web | None, Meta(description="The files served over HTTP; `false` serves none.")] = Web()
    dashboard: Annotated[
        Dashboard | None, Meta(description="The operator's dashboard, for roles that may use it; `false` has none.")
    ] = None
    bridges: Annotated[
        tuple[Bridge, ...], Meta(description="Realms that are reached over plain HTTP, on the listeners with `http`.")
    ] = ()
