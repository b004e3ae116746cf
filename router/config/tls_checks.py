"""What must fit together in the TLS of listeners, and in the methods that build on it."""

import ssl
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from router.config.authentication import Certificate, Cryptosign, Dynamic, Principal, Scram
from router.config.checking import known
from router.config.decoding import Decoder
from router.config.listeners import ClientCertificates, Listener, Tls
from router.config.model import Config
from router.config.realms import Realm
from router.config.scalars import Secret
from router.config.source import explain_os_error
from router.config.wording import quoted

_KEY_SIZE: Final = 32


def check_tls(tls: Tls, decoder: Decoder) -> None:
    """Load certificate, key and authorities as the listener will."""
    readable = [
        _is_readable(tls, key, path, decoder) for key, path in (("certificate", tls.certificate), ("key", tls.key))
    ]
    if all(readable):
        _check_pair(tls, decoder)
    asked = tls.client_certificates
    if isinstance(asked, ClientCertificates) and _is_readable(asked, "authorities", asked.authorities, decoder):
        _check_certificates(asked, "authorities", asked.authorities, decoder)


def _is_readable(section: Struct, key: str, path: Path, decoder: Decoder) -> bool:
    if not known(path):
        return False
    try:
        path.read_bytes()
    except OSError as error:
        decoder.note(decoder.place(section, key), f"{path}: {explain_os_error(error)}")
        return False
    return True


def _check_certificates(section: Struct, key: str, path: Path, decoder: Decoder) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(path)
    except (ssl.SSLError, ValueError):
        decoder.note(decoder.place(section, key), f"{path}: not a certificate in PEM")
        return False
    return True


def _check_pair(tls: Tls, decoder: Decoder) -> None:
    if not _check_certificates(tls, "certificate", tls.certificate, decoder):
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls.certificate, tls.key, password=_no_passphrase)
    except _PassphraseNeeded:
        decoder.note(decoder.place(tls, "key"), f"{tls.key}: the key is protected by a passphrase; remove it")
    except ssl.SSLError as error:
        fits = error.reason != "KEY_VALUES_MISMATCH"
        why = "not a private key in PEM" if fits else "the key does not belong to the certificate"
        decoder.note(decoder.place(tls, "key"), f"{tls.key}: {why}")


class _PassphraseNeeded(Exception):  # noqa: N818 - says it
    pass


def _no_passphrase() -> str:
    """Called by OpenSSL for a protected key; without it, OpenSSL would ask on the terminal."""
    raise _PassphraseNeeded


# --- methods that build on TLS, and the key of the router --------------------------------------------------------


def check_methods_of_tls(config: Config, decoder: Decoder) -> None:
    """Note the methods by which nobody could join, because no listener brings what they need."""
    secure = [listener.tls for listener in config.listeners if listener.tls is not None]
    if not all(map(known, secure)):
        return
    asked = [tls for tls in secure if tls.client_certificates is not None]
    for realm in config.realms:
        for section, key in _that_want_certificates(realm) if not asked else ():
            why = "nobody could join by certificate: no listener asks for one, see `client_certificates` of its `tls`"
            decoder.note(decoder.place(section, key), why)
        for method in methods_that_bind(realm).values() if not secure else ():
            why = "nobody could join with a channel binding: no listener has `tls`"
            decoder.note(decoder.place(method, "channel_binding"), why)


def _that_want_certificates(realm: Realm) -> Iterator[tuple[Struct, str]]:
    wanted = realm.authentication
    if isinstance(wanted.tls, Certificate):
        yield wanted, "tls"
    if isinstance(wanted.dynamic, Dynamic) and known(wanted.dynamic.methods) and "tls" in wanted.dynamic.methods:
        yield wanted.dynamic, "methods"


def methods_that_bind(realm: Realm) -> dict[str, Cryptosign | Scram]:
    """The methods of a realm that require a channel binding."""
    sections = {"cryptosign": realm.authentication.cryptosign, "wamp-scram": realm.authentication.scram}
    return {
        name: section
        for name, section in sections.items()
        if isinstance(section, Cryptosign | Scram) and section.channel_binding == "required"
    }


def without_tls(listeners: Iterable[Listener], method: str) -> list[str]:
    """The addresses where clients may come by this method, and have no TLS for it."""
    return [
        f"{listener.host} port {listener.port}"
        for listener in listeners
        if listener.tls is None and (listener.authmethods is None or method in listener.authmethods)
    ]


def check_router_key(section: Cryptosign, principals: Iterable[Principal], decoder: Decoder) -> None:
    """The router signs whatever a client sends: its key must be for that and nothing else."""
    secret = section.router_key
    if not isinstance(secret, Secret):
        return
    place = decoder.place(section, "router_key")
    if secret.inline:
        decoder.note(place, "the router's key is a secret: give it as {env: VARIABLE} or {file: PATH}")
        return
    try:
        key = bytes.fromhex(secret.reveal())
    except ValueError:
        key = b""
    if len(key) != _KEY_SIZE:
        decoder.note(place, "expected an Ed25519 private key, 64 hexadecimal digits")
        return
    public = Ed25519PrivateKey.from_private_bytes(key).public_key().public_bytes_raw().hex()
    for principal in principals:
        if any(known(one) and one.lower() == public for one in principal.cryptosign):
            decoder.note(
                decoder.place(principal, "cryptosign"),
                f"{quoted(public)} is the router's own key, which signs for anybody: it needs one that no client has",
            )
