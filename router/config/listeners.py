"""What config.yaml may say about where the router listens, what it speaks there, and whom it lets in."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from router.config.longpoll import LongPoll
from router.config.scalars import Size
from router.config.section import Many, Section, Text, UrlPath
from router.config.tls import RedirectToHttps, Tls

Method = Literal["anonymous", "ticket", "wampcra", "scram", "wamp-scram", "cryptosign", "tls", "cookie", "jwt"]


class Compression(Section, frozen=True, kw_only=True):
    """How WebSocket messages are compressed (permessage-deflate, RFC 7692)."""

    level: Annotated[int, Meta(description="1 is the fastest, 9 the smallest.", ge=1, le=9)] = 3
    window_bits: Annotated[
        int,
        Meta(description="The window, 2 to that power octets, within which repetitions are found.", ge=9, le=15),
    ] = 12
    threshold: Annotated[Size, Meta(description="Smaller messages are sent as they are.", ge=0, le=2**30)] = 256
    context_takeover: Annotated[
        bool,
        Meta(
            description="Whether what a client sends may repeat parts of its earlier messages, which takes a window of "
            "memory for each connection. What the router sends never does: an event is compressed once for all."
        ),
    ] = False


class WebSocket(Section, frozen=True, kw_only=True):
    """WebSocket on this listener, with the subprotocols wamp.2.json, wamp.2.msgpack and wamp.2.cbor."""

    path: Annotated[UrlPath, Meta(description="The path of the WebSocket's address, `ws://host:port/path`.")] = "/ws"
    batched: Annotated[
        bool,
        Meta(description="Speak the subprotocols `wamp.2.<serializer>.batched`, too: several messages in one."),
    ] = True
    compression: Annotated[
        Compression | None,
        Meta(
            description="Compress messages (permessage-deflate) for clients that offer it; `false` does not. It costs "
            "processor time, and lets who sees the sizes on the wire guess at secrets beside what they can choose."
        ),
    ] = None


class Listener(Section, frozen=True, kw_only=True):
    """An address that the router listens on; one port speaks all that is switched on here."""

    host: Annotated[
        Text,
        Meta(
            description="The address to listen on: `127.0.0.1` for this machine only, `0.0.0.0` for every IPv4 "
            "address, `'::'` for every IPv6 address (IPv4 takes a listener of its own), or a host name."
        ),
    ] = "127.0.0.1"
    port: Annotated[
        int,
        Meta(description="The TCP port; 0 lets the system choose one, which the log then names.", ge=0, le=65535),
    ] = 8080
    unix: Annotated[
        Path | None,
        Meta(description="Listen on a Unix socket instead: the path of its file, relative to the folder of this one."),
    ] = None
    mode: Annotated[
        Annotated[str, Meta(pattern=r"^0[0-7]{3}$")],
        Meta(description="The mode of that file, in quotes: who may write to it may connect."),
    ] = "0660"
    systemd: Annotated[
        Text | None,
        Meta(description="Take the sockets of that name that systemd passes: `FileDescriptorName=` of a socket unit."),
    ] = None
    reuse_port: Annotated[
        bool,
        Meta(description="Let other routers of the same user listen on the same port; the system spreads connections."),
    ] = False
    websocket: Annotated[WebSocket | None, Meta(description="Speak WebSocket; `false` refuses it.")] = WebSocket()
    longpoll: Annotated[
        LongPoll | None,
        Meta(description="Speak long-poll, where `http` is on; `false` refuses it."),
    ] = LongPoll()
    rawsocket: Annotated[bool, Meta(description="Speak RawSocket, the lean transport of backends.")] = True
    http: Annotated[bool, Meta(description="Answer plain HTTP requests with the files of `web`.")] = True
    tls: Annotated[Tls | None, Meta(description="Encrypt this listener with TLS.")] = None
    redirect_to_https: Annotated[
        RedirectToHttps | None,
        Meta(description="Send whoever comes by plain HTTP on to https; nothing else is spoken here then."),
    ] = None
    trusted_proxies: Annotated[
        tuple[Text, ...],
        Meta(
            description="The proxies in front of this listener: addresses, networks such as `10.0.0.0/8`, and `unix` "
            "for whoever comes over its Unix socket. They are believed when they say who the client is."
        ),
    ] = ()
    forwarded_header: Annotated[
        Literal["x-forwarded-for", "forwarded"],
        Meta(
            description="How they say it in HTTP: by `x-forwarded-for`, with X-Forwarded-Proto and X-Forwarded-Host, "
            "or by `forwarded` (RFC 7239). The other one is the client's own, and ignored."
        ),
    ] = "x-forwarded-for"
    proxy_protocol: Annotated[
        bool,
        Meta(
            description="Whether they begin each connection with a header of the PROXY protocol, 1 or 2. Connections "
            "without it, and from elsewhere, are cut."
        ),
    ] = False
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

    @property
    def where(self) -> str:
        """Where it listens, in words: `127.0.0.1 port 8080`."""
        if self.unix is not None:
            return f"the Unix socket {self.unix}"
        if self.systemd is not None:
            return f"systemd's socket {self.systemd}"
        return f"{self.host} port {self.port}"
