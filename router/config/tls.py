"""What config.yaml may say about the TLS of a listener, and about the way there from plain HTTP."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from router.config.section import Section, Text


class ClientCertificates(Section, frozen=True, kw_only=True):
    """Certificates of clients, for the authentication method `tls`."""

    authorities: Annotated[
        Path, Meta(description="The certificates of those who sign them, PEM. Relative to the folder of this file.")
    ]
    required: Annotated[bool, Meta(description="Whether clients without one are refused.")] = False


class OtherCertificate(Section, frozen=True, kw_only=True):
    """One more certificate, for clients that ask for one of its names."""

    certificate: Annotated[Path, Meta(description="The certificate and its chain, PEM.")]
    key: Annotated[Path, Meta(description="The private key, PEM, without passphrase.")]


class Tls(Section, frozen=True, kw_only=True):
    """TLS on this listener: clients use https, wss or RawSocket over TLS, and nothing unencrypted."""

    certificate: Annotated[
        Path, Meta(description="The certificate and its chain, PEM. Relative to the folder of this file.")
    ]
    key: Annotated[Path, Meta(description="The private key, PEM, without passphrase. Relative to this file's folder.")]
    others: Annotated[
        tuple[OtherCertificate, ...],
        Meta(description="More certificates: a client gets the one with the name that it asks for, else the first."),
    ] = ()
    minimum_version: Annotated[Literal["1.2", "1.3"], Meta(description="The oldest version of TLS that is spoken.")] = (
        "1.2"
    )
    hsts: Annotated[
        Annotated[int, Meta(ge=0, le=10 * 366 * 86_400)] | None,
        Meta(
            description="Seconds for which browsers that were here shall use nothing but https for this host (HSTS); "
            "0 takes it back, null says nothing of it."
        ),
    ] = None
    client_certificates: Annotated[
        ClientCertificates | None, Meta(description="Ask clients for a certificate; `false` does not.")
    ] = None


def pairs_of(tls: Tls) -> tuple[Tls | OtherCertificate, ...]:
    """All certificates with their keys, the first one first."""
    return (tls, *tls.others)


class RedirectToHttps(Section, frozen=True, kw_only=True):
    """Plain HTTP is answered with the address of https, and nothing else is spoken here."""

    port: Annotated[int, Meta(description="The port of https.", ge=1, le=65535)] = 443
    host: Annotated[
        Text | None, Meta(description="The name to use there; null is the one that the client asked for.")
    ] = None
