"""The TLS of a listener: its certificate, and what it asks of the certificates of clients.

TLS 1.2 at least, with the cipher suites that Python takes for good: all of them have forward secrecy. There is no
renegotiation: it would let clients burn our time, and move the ground under channel bindings.

A session that is resumed keeps the client's certificate. It is in the ticket, which only this listener can read.
"""

import ssl

from cryptography.x509 import load_pem_x509_certificates

from router.config.listeners import ClientCertificates, Tls
from router.transports.channel_binding import ServerContext, end_point_of


class UnusableTls(Exception):  # noqa: N818 - it reads as what it says
    """The files of a listener's `tls` cannot be used; the text is one line for the operator."""


def context_of(config: Tls) -> ServerContext:
    """Make the context of a listener; raises UnusableTls."""
    context = ServerContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    try:
        context.load_cert_chain(config.certificate, config.key)
        context.end_point = end_point_of(load_pem_x509_certificates(config.certificate.read_bytes())[0])
    except (OSError, ValueError) as error:
        files = f"{config.certificate} and {config.key}"
        raise UnusableTls(f"cannot use the certificate and key {files}: {error}") from None
    if config.client_certificates is not None:
        _ask_clients(context, config.client_certificates)
    return context


def _ask_clients(context: ssl.SSLContext, config: ClientCertificates) -> None:
    """Ask clients for a certificate; one that does not verify ends the handshake in either case."""
    context.verify_mode = ssl.CERT_REQUIRED if config.required else ssl.CERT_OPTIONAL
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # an authority that is named need not be a root
    try:
        context.load_verify_locations(config.authorities)
    except (OSError, ValueError) as error:
        raise UnusableTls(f"cannot use the authorities {config.authorities}: {error}") from None
