"""A port: one listener of the configuration brought to life, with its TLS, its WAMP side and its HTTP side."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from msgspec.structs import replace
from twisted.logger import Logger

from realms.authentication.jwt import Signer
from realms.clock import Clock
from realms.endings import Ending
from realms.session import Session
from router import assembly
from router.certificates import Certificates
from router.config.listeners import Listener as Section
from router.config.model import Config
from router.config.tls import RedirectToHttps
from router.dashboard.page import plant_page, settings_of
from router.gateway import Gateway
from router.places import CannotListen, open_places, urls
from router.rulebook import Rulebook
from router.tokens import WebLogin, login_signer
from router.transports.admission import Admission, Descriptors
from router.transports.flusher import Flusher
from router.transports.keepalive import Keepalive
from router.transports.listener import Listener
from router.transports.origins import Origins
from router.transports.proxies import Proxies
from router.transports.terms import Terms
from router.transports.upgrade import upgrade
from router.web.desk import Desk
from router.web.login import plant_login
from router.web.longpoll import plant_longpoll
from router.web.mounts import Mounts
from router.web.site import Site
from router.web.to_https import redirect_all

log = Logger(namespace="router")


class CannotStart(Exception):  # noqa: N818 - it reads as what it says
    """The router cannot start; the text is one line for the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all ports share."""

    config: Config
    reactor: Any
    clock: Clock
    flusher: Flusher
    keepalive: Keepalive | None
    descriptors: Descriptors
    rulebook: Rulebook
    login: WebLogin | None
    mounts: Mounts
    gateways: Sequence[Gateway]


class Port:
    """See above."""

    def __init__(self, section: Section, around: Surroundings) -> None:
        """Read the certificates; raises UnusableTls."""
        if section.redirect_to_https is not None:
            section = replace(section, websocket=None, rawsocket=False)  # nothing but that is spoken there
        self.section = section
        self._around = around
        self.urls: list[str] = []
        """What can be reached here; nothing before it is open."""

        self.certificates = None if section.tls is None else Certificates(section.tls, around.clock)
        self._site: Site | None = None
        self._listener: Listener | None = None
        self.terms = self._terms()
        if section.http:
            self._site = self._serve_web()

    async def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Listen; raises CannotStart."""
        section, certificates = self.section, self.certificates
        contexts = None if certificates is None else lambda: certificates.context
        try:
            self._listener = await open_places(loop, section, self.terms, contexts)
        except CannotListen as error:
            raise CannotStart(str(error)) from None
        self.urls = urls(section, self._listener, self._around.config)
        for url in self.urls:
            log.info("listening on {address}", address=url)

    def close(self) -> None:
        """Accept no more connections; HTTP answers what was asked and begins nothing new."""
        if self.certificates is not None:
            self.certificates.stop()
        if self._listener is not None:
            self._listener.close()
        if self._site is not None:
            self._site.close()

    def close_connections(self, ending: Ending) -> None:
        """End all connections, after `close`."""
        if self._listener is not None:
            self._listener.close_connections(ending)

    def renew(self, config: Config) -> str | None:
        """Take the certificates that this configuration names for this listener; returns why they cannot be used."""
        where = self.section.where
        tls = next((one.tls for one in config.listeners if one.where == where), None)
        if self.certificates is None or tls is None:
            return None  # TLS is switched on and off at a restart
        mistake = self.certificates.renew(tls)
        if mistake is None and self._site is not None:
            self._site.hsts = tls.hsts
        return mistake

    @property
    def is_quiet(self) -> bool:
        """Whether there is no WAMP connection, and no request that waits for its answer."""
        return not self.terms.connections and (self._site is None or not self._site.is_answering)

    def _terms(self) -> Terms:
        section, around = self.section, self._around
        limits, realms = around.config.limits, around.rulebook.realms
        websocket = section.websocket
        proxies = Proxies(section.trusted_proxies, section.forwarded_header)
        return Terms(
            accept=lambda transport: Session(realms, transport),
            clock=around.clock,
            flusher=around.flusher,
            keepalive=around.keepalive,
            ping_rawsocket=limits.ping_rawsocket,
            limits=assembly.limits_of(limits),
            proxies=proxies,
            proxy_protocol=section.proxy_protocol,
            origins=Origins(section.allowed_origins, allow_missing=section.allow_missing_origin),
            admission=Admission(
                around.descriptors,
                max_connections=section.max_connections,
                max_per_address=section.max_connections_per_address,
                handshake_rate=section.handshake_rate,
                secure=section.tls is not None,
                proxies=proxies,
                now=around.clock.seconds,
            ),
            websocket_paths=frozenset() if websocket is None else frozenset({websocket.path}),
            batched=websocket is not None and websocket.batched,
            compression=None if websocket is None else assembly.compression_of(websocket),
            rawsocket=section.rawsocket,
            authmethods=section.authmethods,
            cookie=None if around.login is None else around.login.config.cookie,
        )

    def _serve_web(self) -> Site:
        """Give the port its HTTP side."""
        section, web, terms = self.section, self._around.config.web, self.terms
        if section.redirect_to_https is not None:
            return self._serve_redirect(section.redirect_to_https)
        site = Site(
            self._around.reactor,
            lambda transport, head: upgrade(transport, head, terms),
            websocket_path=section.websocket.path if section.websocket is not None else None,
            directory=web.directory if web is not None else None,
            path=web.path if web is not None else None,
            on_lost=terms.admission.leave,
            locate=terms.locate,
        )
        if section.longpoll is not None:
            plant_longpoll(site, section.longpoll, terms)
        self._around.mounts.plant(site)
        for gateway in self._around.gateways:
            gateway.plant(site, section.authmethods)
        if self._around.login is not None:
            self._serve_login(site, self._around.login)
        dashboard = self._around.config.dashboard
        if dashboard is not None:
            plant_page(site, dashboard, settings_of(dashboard, section, self._around.config))
        if section.tls is not None:
            site.hsts = section.tls.hsts
        terms.http = site.serve
        return site

    def _serve_redirect(self, config: RedirectToHttps) -> Site:
        """Send everybody on."""
        web, terms = self._around.config.web, self.terms
        site = Site(
            self._around.reactor,
            lambda transport, head: transport.abort(),  # never: a request that wants WebSocket is answered like others
            websocket_path=None,
            path=None,
            on_lost=terms.admission.leave,
            locate=terms.locate,
        )
        redirect_all(site, config, None if web is None else web.directory)
        terms.http = site.serve
        return site

    def _serve_login(self, site: Site, login: WebLogin) -> None:
        """Let browsers log in here."""
        rulebook = self._around.rulebook
        realm = next(realm for realm in self._around.config.realms if realm.name == login.config.realm)

        def signer() -> Signer:
            """By the secret that the realm has now."""
            now = next((one for one in rulebook.config.realms if one.name == realm.name), realm)
            return login_signer(login, now)

        plant_login(site, Desk(login, signer, rulebook.realms, partial(rulebook.find_principal, realm.name)))
