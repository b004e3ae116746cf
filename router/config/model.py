"""What config.yaml may say: every section a Struct, every key with the sentence that explains it.

The defaults are the safe ones. A section that can be switched off is `None` here and `false` in the file.
The order of the fields is the order of the keys in config.yaml. What types cannot say (a role that must exist,
a name that must be unique) is in `checks`. The JSON Schema of `schema` is made from these Structs.
"""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from router.config.realms import Realm, RealmTemplate
from router.config.scalars import Size
from router.config.section import Deadline, Many, Section, Text, UrlPath

Method = Literal["anonymous", "ticket", "wampcra", "scram", "wamp-scram", "cryptosign", "tls", "cookie", "jwt"]


# --- listeners ------------------------------------------------------------------------------------------------


class WebSocket(Section, frozen=True, kw_only=True):
    """WebSocket on this listener, with the subprotocols wamp.2.json, wamp.2.msgpack and wamp.2.cbor."""

    path: Annotated[UrlPath, Meta(description="The path of the WebSocket's address, `ws://host:port/path`.")] = "/ws"


class ClientCertificates(Section, frozen=True, kw_only=True):
    """Certificates of clients, for the authentication method `tls`."""

    authorities: Annotated[
        Path, Meta(description="The certificates of those who sign them, PEM. Relative to the folder of this file.")
    ]
    required: Annotated[bool, Meta(description="Whether clients without one are refused.")] = False


class Tls(Section, frozen=True, kw_only=True):
    """TLS on this listener: clients use https, wss or RawSocket over TLS, and nothing unencrypted."""

    certificate: Annotated[
        Path, Meta(description="The certificate and its chain, PEM. Relative to the folder of this file.")
    ]
    key: Annotated[Path, Meta(description="The private key, PEM, without passphrase. Relative to this file's folder.")]
    client_certificates: Annotated[
        ClientCertificates | None, Meta(description="Ask clients for a certificate; `false` does not.")
    ] = None


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
    allowed_origins: Annotated[
        tuple[Text, ...],
        Meta(
            description="From where pages may connect: `same-origin`, or origins such as `https://shop.example.com`, "
            "in which `*` stands for anything but a dot and `**` for anything; `'*'` alone lets every page in."
        ),
    ] = ("same-origin",)
    allow_missing_origin: Annotated[
        bool, Meta(description="Whether WebSocket clients that name no origin may connect: all that are no browsers.")
    ] = True
    authmethods: Annotated[
        frozenset[Method] | None, Meta(description="The methods by which clients may join here; null for all.")
    ] = None
    max_connections: Annotated[Many, Meta(description="How many connections there may be; more are refused.")] = 100_000
    max_connections_per_address: Annotated[
        Many | None, Meta(description="How many may come from one address; null for any number.")
    ] = None
    handshake_rate: Annotated[
        Many | None,
        Meta(description="Handshakes per second that are let in; more are asked to come back later; null for any."),
    ] = None


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


class Audit(Section, frozen=True, kw_only=True):
    """Who came in, who was refused, and who was denied what: one JSON object a line, without any secret."""

    file: Annotated[
        Path | None,
        Meta(description="The file that is appended to, relative to this one's folder; null is the log."),
    ] = None


class Login(Section, frozen=True, kw_only=True):
    """HTTP endpoints for browsers: log in and get a cookie, get a token for the cookie, log out."""

    realm: Annotated[Text, Meta(description="The realm whose principals log in, with their ticket as password.")]
    path: Annotated[UrlPath, Meta(description="Below it are `/login`, `/token`, `/logout` and `/whoami`.")] = "/auth"
    cookie: Annotated[
        Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")], Meta(description="The name of the cookie.")
    ] = "wamplex"
    lifetime: Annotated[float, Meta(description="Seconds that a login lasts.", gt=0, le=366 * 86_400)] = 86_400
    token_lifetime: Annotated[Deadline, Meta(description="Seconds for which a token is good.")] = 60
    same_site: Annotated[Literal["strict", "lax"], Meta(description="The cookie's SameSite.")] = "lax"
    file: Annotated[
        Path | None,
        Meta(description="The SQLite file that keeps the logins over a restart; null keeps them in memory."),
    ] = None


class Web(Section, frozen=True, kw_only=True):
    """Files that the listeners with `http` serve."""

    path: Annotated[UrlPath, Meta(description="The path below which the files appear.")] = "/"
    directory: Annotated[
        Path | None,
        Meta(description="The folder to serve, relative to this file's; null is the page that comes with Wamplex."),
    ] = None
    login: Annotated[Login | None, Meta(description="Let browsers log in over HTTP; `false` does not.")] = None


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
    audit: Annotated[
        Audit | None, Meta(description="Record who came in and who was denied what; `false` does not.")
    ] = None
    web: Annotated[Web | None, Meta(description="The files served over HTTP; `false` serves none.")] = Web()
