"""A bridge of the configuration brought to life: one for all listeners, with a gate on each."""

import time

from realms.clock import Clock
from realms.realms import Realms
from router.config.bridge import Bridge
from router.config.bridge import Forward as ForwardSection
from router.config.model import Config
from router.gateway.addresses import Calling, Document, Publishing
from router.gateway.crossbar_signatures import CrossbarSignatures
from router.gateway.forwards import Forward, concurrency_of
from router.gateway.front import Front
from router.gateway.gate import Gate, Rates
from router.gateway.hook_signatures import secret_of
from router.gateway.hooks import REMEMBERED, Receiving
from router.gateway.openapi import document_of, page_of
from router.gateway.seen import Seen
from router.gateway.signatures import Key, Signatures
from router.gateway.target import Target
from router.gateway.visitors import Visitors
from router.transports.origins import Origins
from router.version import installed_version
from router.web.site import Site


class Gateway:
    """See above."""

    def __init__(self, config: Bridge, realms: Realms, clock: Clock, cookie: str | None) -> None:
        """`cookie` is the name of the cookie of those who logged in to the realm, None if nobody can."""
        self._config = config
        self._clock = clock
        self._cookie = cookie
        keys = [
            Key(key.id, key.secret.reveal().encode(), key.authid or key.id, key.role, key.scheme) for key in config.keys
        ]
        self._visitors = Visitors(realms, config.realm, clock, most=config.max_sessions, idle=config.idle_timeout)
        self._signatures = Signatures(keys, config.clock_skew)
        self._crossbar = CrossbarSignatures(keys, config.clock_skew)
        self._rates = Rates(config.address_rate, clock)
        self._seen = Seen(REMEMBERED)
        self._forwards = [
            Forward(section, config.realm, realms, clock, _target(section)) for section in config.forwards
        ]

    def plant(self, site: Site, authmethods: frozenset[str] | None) -> None:
        """Serve it on a listener that admits these methods."""
        config = self._config
        gate = Gate(
            config=config,
            clock=self._clock,
            visitors=self._visitors,
            signatures=self._signatures,
            crossbar=self._crossbar,
            rates=self._rates,
            origins=Origins(config.allowed_origins),
            cookie=self._cookie,
            authmethods=authmethods,
        )
        path, body = config.path.rstrip("/"), config.max_body
        front = Front(gate, page_of(config, self._cookie) if config.openapi else None)
        site.plant(path, front, body=body)
        site.plant(f"{path}/publish", Publishing(gate), body=body)
        site.plant(f"{path}/call", Calling(gate), body=body)
        if config.hooks:
            site.plant(f"{path}/hooks", Receiving(gate, config.hooks, self._seen), body=body)
        if config.openapi:
            document = document_of(config, self._cookie)
            site.plant(f"{path}/openapi.json", Document(gate, document, "application/json"))

    def start(self) -> None:
        """Begin to forward."""
        for forward in self._forwards:
            forward.start()

    async def close(self) -> None:
        """End all sessions, and what goes out."""
        self._visitors.close()
        for forward in self._forwards:
            await forward.close()


def gateways_of(config: Config, realms: Realms, clock: Clock) -> list[Gateway]:
    """The bridges of a configuration."""
    login = None if config.web is None else config.web.login
    return [
        Gateway(bridge, realms, clock, login.cookie if login is not None and login.realm == bridge.realm else None)
        for bridge in config.bridges
    ]


def _target(section: ForwardSection) -> Target:
    return Target(
        section.url,
        secret=None if section.secret is None else secret_of(section.secret.reveal()),
        timeout=section.timeout,
        connections=concurrency_of(section),
        most=section.max_response,
        agent=f"wamplex/{installed_version()}",
        now=time.time,
    )
