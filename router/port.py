"""A port: one listener of the configuration brought to life, with its TLS, its WAMP side and its HTTP side."""

import asyncio
import os
from dataclasses import dataclass
from functools import partial
from typing import Any

from twisted.logger import Logger

from realms.authentication.jwt import Signer
from realms.clock import Clock
from realms.endings import Ending
from realms.session import Session
from router import assembly
from router.config.listeners import Listener as Section
from router.config.model import Config
from router.config.web import Web
from router.rulebook import Rulebook
from router.tls import context_of
from router.tokens import WebLogin, login_signer
from router.transports.admission import Admission, Descriptors
from router.transports.flusher import Flusher
from router.transports.keepalive import Keepalive
from router.transports.listener import Listener, listen
from router.transports.origins import Origins
from router.transports.terms import Terms
from router.transports.upgrade import upgrade
from router.web.desk import Desk
from router.web.login import plant_login
from router.web.site import Site

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


class Port:
    """See above."""

    def __init__(self, section: Section, around: Surroundings) -> None:
        """Read the certificates; raises UnusableTls."""
        self._section = section
        self._around = around
        self._context = None if section.tls is None else context_of(section.tls)
        self._site: Site | None = None
        self._listener: Listener | None = None
        self.terms = self._terms()
        if section.http:
            self._site = self._serve_web()

    async def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Listen; raises CannotStart."""
        section = self._section
        try:
            self._listener = await listen(loop, self.terms, section.host, section.port, self._context)
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise CannotStart(f"cannot listen on {section.host} port {section.port}: {reason}") from None
        for address in _addresses(section, self._listener.port, self._around.config.web):
            log.info("listening on {address}", address=address)

    def close(self) -> None:
        """Accept no more connections; HTTP answers what was asked and begins nothing new."""
        if self._listener is not None:
            self._listener.close()
        if self._site is not None:
            self._site.close()

    def close_connections(self, ending: Ending) -> None:
        """End all connections, after `close`."""
        if self._listener is not None:
            self._listener.close_connections(ending)

    def _terms(self) -> Terms:
        section, around = self._section, self._around
        limits, realms = around.config.limits, around.rulebook.realms
        websocket = section.websocket
        return Terms(
            accept=lambda transport: Session(realms, transport),
            clock=around.clock,
            flusher=around.flusher,
            keepalive=around.keepalive,
            ping_rawsocket=limits.ping_rawsocket,
            limits=assembly.limits_of(limits),
            origins=Origins(section.allowed_origins, allow_missing=section.allow_missing_origin),
            admission=Admission(
                around.descriptors,
                max_connections=section.max_connections,
                max_per_address=section.max_connections_per_address,
                handshake_rate=section.handshake_rate,
                secure=self._context is not None,
                now=around.clock.seconds,
            ),
            websocket_paths=frozenset() if websocket is None else frozenset({websocket.path}),
            rawsocket=section.rawsocket,
            authmethods=section.authmethods,
            cookie=None if around.login is None else around.login.config.cookie,
        )

    def _serve_web(self) -> Site:
        """Give the port its HTTP side."""
        section, web, terms = self._section, self._around.config.web, self.terms
        site = Site(
            self._around.reactor,
            lambda transport, head: upgrade(transport, head, terms),
            websocket_path=section.websocket.path if section.websocket is not None else None,
            directory=web.directory if web is not None else None,
            path=web.path if web is not None else None,
            on_lost=terms.admission.leave,
        )
        if self._around.login is not None:
            self._serve_login(site, self._around.login)
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


def _addresses(section: Section, port: int, web: Web | None) -> list[str]:
    """What can be reached on a listener, as URLs."""
    host = f"[{section.host}]" if ":" in section.host else section.host
    secure = "s" if section.tls is not None else ""
    addresses = []
    if section.http and web is not None:
        addresses.append(f"http{secure}://{host}:{port}{web.path}")
    if section.websocket is not None:
        addresses.append(f"ws{secure}://{host}:{port}{section.websocket.path}")
    if section.rawsocket:
        addresses.append(f"rs{secure}://{host}:{port}")
    return addresses
