"""What config.yaml may say about where the router listens, what it speaks there, and whom it lets in."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from router.config.section import Many, Section, Text, UrlPath

Method = Literal["anonymous", "ticket", "wampcra", "scram", "wamp-scram", "cryptosign", "tls", "cookie", "jwt"]


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
