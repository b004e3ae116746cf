"""The listeners: where they are, what they speak and on what terms, their certificates, and whom they turned away.

    wamplex.listener.list() -> [{address, urls, protocols: [{protocol, path, options: [text, ...]}, ...],
        tls: null | {minimum_version, hsts, clients: null | {authorities, required},
                     certificates: [{file, names, subject, issuer, not_before, not_after, days, state}, ...]},
        connections, wamp_connections, max_connections, max_connections_per_address, handshake_rate, accepted,
        refused: {full, same_address, too_fast, origin, no_proxy, cut}, slow: {slowed, ended, events_dropped},
        trusted_proxies, forwarded_header, proxy_protocol, allowed_origins, allow_missing_origin, authmethods,
        redirect_to_https: null | {host, port}}, ...]

`connections` are all, `wamp_connections` those that speak WAMP. All that is beside `accepted`, in `refused` and in
`slow` only grows; `cut` are those of the other kinds that were not even told.

`days` are whole ones until a certificate expires, negative afterwards. `state` is `good`, `soon` (30 days or less),
`urgent` (7), `expired`, or `early` (not valid yet). Programs renew certificates that live for days only: for these it
is the last third, and the last tenth, of their life.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from cryptography.x509 import Certificate, ExtensionNotFound, IPAddress, SubjectAlternativeName
from msgspec.structs import asdict

from realms.meta.procedure import Procedure, Result
from realms.meta.times import written
from realms.realm import Realm
from realms.session import Session
from router.certificates import Certificates
from router.config.listeners import Compression, Listener
from router.config.pem import names_of
from router.expiry import now_in_utc
from router.tls import Shown
from router.transports.terms import Terms

if TYPE_CHECKING:
    from router.port import Port

SOON: Final = timedelta(days=30)
URGENT: Final = timedelta(days=7)

AS_CONFIGURED: Final = (
    "max_connections",
    "max_connections_per_address",
    "handshake_rate",
    "trusted_proxies",
    "forwarded_header",
    "proxy_protocol",
    "allowed_origins",
    "allow_missing_origin",
)
"""The keys of a listener that are told as they are."""


class Listeners:
    """See above."""

    def __init__(self, ports: "Sequence[Port]", now: Callable[[], datetime] = now_in_utc) -> None:
        self._ports = ports
        self._now = now
        self.procedures = (Procedure("wamplex.listener.list", self.list),)

    def list(self, here: Realm, caller: Session) -> Result:
        """Where the router listens, what it speaks there, its certificates, and whom it turned away."""
        return Result([[self._listener(port) for port in self._ports]])

    def _listener(self, port: "Port") -> dict[str, Any]:
        section = port.section
        return {
            "address": section.where,
            "urls": port.urls,
            "protocols": list(_protocols(section)),
            "tls": None if port.certificates is None else _tls(port.certificates, self._now()),
            **_traffic(port.terms),
            **{key: getattr(section, key) for key in AS_CONFIGURED},
            "authmethods": None if section.authmethods is None else sorted(section.authmethods),
            "redirect_to_https": None if section.redirect_to_https is None else asdict(section.redirect_to_https),
        }


def _protocols(section: Listener) -> Iterator[dict[str, Any]]:
    websocket, longpoll = section.websocket, section.longpoll
    if section.redirect_to_https is not None:
        yield {"protocol": "http", "path": "/", "options": ["redirects to https"]}
        return
    if websocket is not None:
        options = [] if websocket.compression is None else [_compressed(websocket.compression)]
        options += ["batched"] if websocket.batched else []
        yield {"protocol": "websocket", "path": websocket.path, "options": options}
    if section.rawsocket:
        yield {"protocol": "rawsocket", "path": None, "options": []}
    if section.http and longpoll is not None:
        yield {"protocol": "longpoll", "path": longpoll.path, "options": []}
    if section.http:
        yield {"protocol": "http", "path": "/", "options": []}


def _compressed(compression: Compression) -> str:
    return f"permessage-deflate, level {compression.level}"


def _traffic(terms: Terms) -> dict[str, Any]:
    totals, overruns = terms.admission.totals, terms.overruns
    refused = ("full", "same_address", "too_fast", "origin", "no_proxy", "cut")
    return {
        "connections": len(terms.admission),
        "wamp_connections": len(terms.connections),
        "accepted": totals.accepted,
        "refused": {why: getattr(totals, why) for why in refused},
        "slow": {"slowed": overruns.slowed, "ended": overruns.ended, "events_dropped": terms.dropped},
    }


def _tls(certificates: Certificates, now: datetime) -> dict[str, Any]:
    config = certificates.config
    clients = config.client_certificates
    return {
        "minimum_version": config.minimum_version,
        "hsts": config.hsts,
        "clients": None if clients is None else {"authorities": str(clients.authorities), "required": clients.required},
        "certificates": [_certificate(shown, now) for shown in certificates.shown],
    }


def _certificate(shown: Shown, now: datetime) -> dict[str, Any]:
    certificate = shown.certificate
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return {
        "file": str(shown.file),
        "names": names_of(certificate) + _addresses_of(certificate),
        "subject": certificate.subject.rfc4514_string(),
        "issuer": certificate.issuer.rfc4514_string(),
        "not_before": written(first.timestamp()),
        "not_after": written(last.timestamp()),
        "days": (last - now) // timedelta(days=1),
        "state": _state(first, last, now),
    }


def _state(first: datetime, last: datetime, now: datetime) -> str:
    left, life = last - now, last - first
    if now < first:
        return "early"
    if now >= last:
        return "expired"
    if left <= min(URGENT, life / 10):
        return "urgent"
    return "soon" if left <= min(SOON, life / 3) else "good"


def _addresses_of(certificate: Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
    except (ExtensionNotFound, ValueError):
        return []
    return [str(address) for address in names.get_values_for_type(IPAddress)]
