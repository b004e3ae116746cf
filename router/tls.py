"""The TLS of a listener: its certificates, and what it asks of the certificates of clients.

TLS 1.2 at least, with the cipher suites that Python takes for good: all of them have forward secrecy. There is no
renegotiation: it would let clients burn our time, and move the ground under channel bindings.

Of several certificates a client gets the first one that has the name that it asks for (SNI), be it as it is or by a
wildcard, which stands for one whole component (RFC 9525, section 6.3). Who asks for no name, or for one that is
nobody's, gets the first of all. From there on the connection's context is that of the certificate; all else, versions
and the certificates of clients included, is that of the first one, and the same in all.

A session that is resumed keeps the client's certificate. It is in the ticket, which only this context can read: with
new certificates come new contexts, so that nobody resumes what was proved to the authorities of before.
"""

import ssl
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from cryptography.x509 import Certificate

from router.config.pem import UnusableFile, load_authorities, load_pair, names_of
from router.config.tls import ClientCertificates, OtherCertificate, Tls, pairs_of
from router.transports.channel_binding import end_point_of
from router.transports.server_context import ServerContext

VERSIONS: Final = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class UnusableTls(Exception):  # noqa: N818 - it reads as what it says
    """The files of a listener's `tls` cannot be used; the text is one line for the operator."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A certificate that clients are shown, and the file that it came from."""

    file: Path
    certificate: Certificate


def context_of(config: Tls) -> ServerContext:
    """Make the context of a listener; raises UnusableTls."""
    return load(config)[0]


def load(config: Tls) -> tuple[ServerContext, tuple[Shown, ...]]:
    """Make the context of a listener, and give the certificates in it; raises UnusableTls."""
    loaded = [_load(config, pair) for pair in pairs_of(config)]
    context = loaded[0][0]
    if config.others:
        by_name: dict[str, ServerContext] = {}
        for each, shown in loaded:
            for name in names_of(shown.certificate):
                by_name.setdefault(name, each)
        context.sni_callback = partial(_choose, by_name)
    return context, tuple(shown for _, shown in loaded)


def _choose(by_name: dict[str, ServerContext], connection: ssl.SSLObject, asked: str | None, _: ssl.SSLContext) -> None:
    """Give a client the certificate that it asks for."""
    if asked is None:
        return
    name = asked.lower().removesuffix(".")
    context = by_name.get(name) or by_name.get("*." + name.partition(".")[2])
    if context is not None:
        connection.context = context


def _load(config: Tls, pair: Tls | OtherCertificate) -> tuple[ServerContext, Shown]:
    context = ServerContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = VERSIONS[config.minimum_version]
    context.options |= ssl.OP_NO_RENEGOTIATION
    try:
        certificate = load_pair(context, pair.certificate, pair.key)
        if config.client_certificates is not None:
            _ask_clients(context, config.client_certificates)
    except UnusableFile as unusable:
        raise UnusableTls(f"cannot use {unusable}") from None
    context.end_point = end_point_of(certificate)
    return context, Shown(pair.certificate, certificate)


def _ask_clients(context: ssl.SSLContext, config: ClientCertificates) -> None:
    """Ask clients for a certificate; one that does not verify ends the handshake in either case."""
    context.verify_mode = ssl.CERT_REQUIRED if config.required else ssl.CERT_OPTIONAL
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # an authority that is named need not be a root
    load_authorities(context, config.authorities)
