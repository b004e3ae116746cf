"""What must fit together in the TLS of listeners, and in the methods that build on it."""

import re
import ssl
from collections.abc import Iterable, Iterator
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from router.config.authentication import Certificate, Cryptosign, Dynamic, Principal, Scram
from router.config.checking import known
from router.config.decoding import Decoder
from router.config.listeners import Listener
from router.config.model import Config
from router.config.pem import UnusableFile, load_authorities, load_pair, names_of, read
from router.config.realms import Realm
from router.config.scalars import Secret
from router.config.tls import ClientCertificates, OtherCertificate, RedirectToHttps, Tls, pairs_of
from router.config.wording import quoted

_KEY_SIZE: Final = 32
_HOST: Final = re.compile(r"(?!-)[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]")


def check_tls(tls: Tls, decoder: Decoder) -> None:
    """Load certificates, keys and authorities as the listener will."""
    names: set[str] = set()
    for pair in pairs_of(tls):
        certificate = _load_pair(pair, decoder)
        if certificate is None:
            continue
        own = names_of(certificate)
        if isinstance(pair, OtherCertificate) and names.issuperset(own):
            why = "has no name but those of certificates above" if own else "has no name (subjectAltName) of a host"
            decoder.note(decoder.place(pair, "certificate"), f"{pair.certificate}: {why}: no client would get it")
        names.update(own)
    asked = tls.client_certificates
    if isinstance(asked, ClientCertificates) and known(asked.authorities):
        try:
            load_authorities(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), asked.authorities)
        except UnusableFile as unusable:
            decoder.note(decoder.place(asked, "authorities"), str(unusable))


def _load_pair(pair: Tls | OtherCertificate, decoder: Decoder) -> x509.Certificate | None:
    """Note what is wrong with either file at its own key."""
    if not known(pair.certificate) or not known(pair.key):
        return None
    is_readable = True
    for key, path in (("certificate", pair.certificate), ("key", pair.key)):
        try:
            read(path)
        except UnusableFile as unusable:
            decoder.note(decoder.place(pair, key), str(unusable))
            is_readable = False
    try:
        return load_pair(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), pair.certificate, pair.key) if is_readable else None
    except UnusableFile as unusable:
        decoder.note(decoder.place(pair, "key" if unusable.is_key else "certificate"), str(unusable))
        return None


def check_redirect(listener: Listener, decoder: Decoder) -> None:
    """A listener that sends everybody on does nothing else."""
    redirect = listener.redirect_to_https
    if not isinstance(redirect, RedirectToHttps):
        return
    if listener.tls is not None:
        decoder.note(decoder.place(listener, "redirect_to_https"), "`tls` is on here already: plain HTTP never comes")
    for key in ("websocket", "longpoll", "rawsocket"):
        if decoder.says(listener, key) and getattr(listener, key):
            why = f"with `redirect_to_https` nothing but that is spoken here: leave `{key}` out"
            decoder.note(decoder.place(listener, key), why)
    if listener.http is False:
        decoder.note(decoder.place(listener, "http"), "`redirect_to_https` needs HTTP: leave `http` out")
    if known(redirect.host) and redirect.host is not None and _HOST.fullmatch(redirect.host) is None:
        decoder.note(decoder.place(redirect, "host"), f"{quoted(redirect.host)} is no host name; the port has its key")


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
        listener.where
        for listener in listeners
        if listener.tls is None
        and listener.redirect_to_https is None
        and (listener.authmethods is None or method in listener.authmethods)
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
