"""The page of the dashboard, on every listener with `http`.

    GET <path>                  301 to <path>/
    GET <path>/                 the page, which is static: what it shows, it asks for over WAMP
    GET <path>/settings.json    {"realm": "realm1", "websocket": "/ws", "longpoll": "/lp", "login": "/auth"}

The settings say how the page reaches the router over this listener; what there is not, is null.
"""

# mypy: disallow-untyped-calls=False

from typing import Final

import msgspec
from msgspec import Struct

from router.config.dashboard import Dashboard as Section
from router.config.listeners import Listener
from router.config.model import Config
from router.web.channel import Request
from router.web.files import VENDORED_FOR, Files
from router.web.pages import Page
from router.web.site import HIDDEN, Site, packaged_pages

FOLDERS: Final = ("js", "page")
"""What the page shares with others, and has below its own path: whatever else is served on the listener."""


class Settings(Struct, frozen=True):
    """See above."""

    realm: str
    websocket: str | None
    longpoll: str | None
    login: str | None


def settings_of(section: Section, listener: Listener, config: Config) -> Settings:
    """How the page reaches the router over a listener."""
    login = None if config.web is None else config.web.login
    return Settings(
        realm=section.realm,
        websocket=None if listener.websocket is None else listener.websocket.path,
        longpoll=None if listener.longpoll is None else listener.longpoll.path,
        login=None if login is None or login.realm != section.realm else login.path.rstrip("/"),
    )


def plant_page(site: Site, section: Section, settings: Settings) -> None:
    """Serve the page on a listener, unless only the procedures are wanted."""
    if section.path is None:
        return
    path, pages = section.path.rstrip("/"), packaged_pages()
    site.plant(path, Files(pages / "dashboard", site.reactor, HIDDEN))
    for folder in FOLDERS:
        site.plant(f"{path}/{folder}", Files(pages / folder, site.reactor, HIDDEN))
    vendor = Files(pages / "vendor", site.reactor, HIDDEN, lambda file: site.miss(f"vendor/{file}"), cache=VENDORED_FOR)
    site.plant(f"{path}/vendor", vendor)
    site.plant(f"{path}/settings.json", SettingsPage(settings))


class SettingsPage(Page):
    """GET <path>/settings.json."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._body = msgspec.json.encode(settings)

    def read(self, request: Request) -> bytes:
        """The settings; a router that was restarted may have others."""
        request.setHeader(b"Content-Type", b"application/json")
        request.setHeader(b"Cache-Control", b"no-cache")
        return self._body
