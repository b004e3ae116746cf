"""Certificates and keys in PEM files: read for a listener, or what is wrong with which of the files, in a few words."""

import ssl
from pathlib import Path
from typing import Never

from cryptography.x509 import (
    Certificate,
    DNSName,
    ExtensionNotFound,
    SubjectAlternativeName,
    load_pem_x509_certificates,
)

from router.config.source import explain_os_error


class UnusableFile(Exception):  # noqa: N818 - it reads as what it says
    """A file cannot be used; the text says which, and why."""

    def __init__(self, path: Path, why: str, *, is_key: bool = False) -> None:
        super().__init__(f"{path}: {why}")
        self.is_key = is_key


class _PassphraseNeeded(Exception):  # noqa: N818 - says it
    pass


def load_pair(context: ssl.SSLContext, certificate: Path, key: Path) -> Certificate:
    """Have the context show the certificate, with the chain in its file; returns it. Raises UnusableFile."""
    before, _ = read(certificate), read(key)
    own = _first_of(certificate, before)
    try:
        context.load_cert_chain(certificate, key, password=_refuse_passphrase)
    except _PassphraseNeeded:
        raise UnusableFile(key, "the key is protected by a passphrase; remove it", is_key=True) from None
    except ssl.SSLError as error:
        raise _blame(certificate, key, error) from None
    except OSError as error:
        raise UnusableFile(certificate, explain_os_error(error)) from None
    if read(certificate) != before:  # what OpenSSL read may be another one
        raise UnusableFile(certificate, "it changed while it was read")
    return own


def load_authorities(context: ssl.SSLContext, authorities: Path) -> None:
    """Have the context believe who was certified by them. Raises UnusableFile."""
    read(authorities)
    try:
        context.load_verify_locations(authorities)
    except OSError as error:  # SSLError is one
        why = "not a certificate in PEM" if isinstance(error, ssl.SSLError) else explain_os_error(error)
        raise UnusableFile(authorities, why) from None


def names_of(certificate: Certificate) -> list[str]:
    """The host names of a certificate, in lower case, a wildcard as `*.example.com`; the subject does not count."""
    try:
        names = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
    except (ExtensionNotFound, ValueError):
        return []
    return [name.lower() for name in names.get_values_for_type(DNSName)]


def read(path: Path) -> bytes:
    """The octets of a file. Raises UnusableFile."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnusableFile(path, explain_os_error(error)) from None


def _first_of(path: Path, octets: bytes) -> Certificate:
    try:
        return load_pem_x509_certificates(octets)[0]
    except ValueError:
        raise UnusableFile(path, "not a certificate in PEM") from None


def _blame(certificate: Path, key: Path, error: ssl.SSLError) -> UnusableFile:
    """Whose fault it is: OpenSSL names the reason, not the file."""
    if error.reason == "KEY_VALUES_MISMATCH":
        return UnusableFile(key, "the key does not belong to the certificate", is_key=True)
    if error.reason is not None and error.reason.endswith(("_TOO_SMALL", "_TOO_WEAK")):
        return UnusableFile(certificate, "its key or its signature is too weak for the TLS of today")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(certificate)
    except (ssl.SSLError, ValueError):
        return UnusableFile(certificate, "not a certificate in PEM")
    return UnusableFile(key, "not a private key in PEM", is_key=True)


def _refuse_passphrase() -> Never:
    """Called by OpenSSL for a protected key; without it, OpenSSL would ask on the terminal."""
    raise _PassphraseNeeded
