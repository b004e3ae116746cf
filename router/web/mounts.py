"""What config.yaml mounts, brought to life: one resource each, which all listeners share."""

from typing import Any, Final

from router.config.mounts import Mount
from router.functions import find_callable
from router.web.channel import HEADERS, House
from router.web.files import Files
from router.web.proxy import Proxy
from router.web.redirect import Redirect
from router.web.site import Site
from router.web.wsgi import Threads, Wsgi

OF_OTHERS: Final[House] = {b"Server": HEADERS[b"Server"]}
"""The headers of the house where others answer: theirs are their own."""


class Mounts:
    """All of them."""

    def __init__(self, mounts: tuple[Mount, ...], reactor: Any) -> None:
        """Import the applications, which the checks of the configuration have done before."""
        self._made = [(mount, _resource(mount, reactor)) for mount in mounts]

    def plant(self, site: Site) -> None:
        """Serve them on a listener; one takes the place of the page, if that is at the same path."""
        for mount, resource in self._made:
            is_others = mount.wsgi is not None or mount.proxy is not None
            body = mount.max_body if is_others else None
            site.plant(mount.path, resource, body=body, house=_house(mount, OF_OTHERS if is_others else HEADERS))


def _resource(mount: Mount, reactor: Any) -> Any:
    if mount.directory is not None:
        return Files(mount.directory, reactor, index=mount.index, fallback=mount.fallback, cache=mount.cache)
    if mount.wsgi is not None:
        threads = Threads(reactor, mount.wsgi, mount.threads, mount.max_requests)
        return Wsgi(reactor, find_callable(mount.wsgi), threads, mount.max_body)
    if mount.redirect is not None:
        return Redirect(mount.redirect, keep_path=mount.keep_path, permanent=mount.permanent)
    assert mount.proxy is not None  # noqa: S101 - the configuration was checked
    return Proxy(reactor, mount.proxy, timeout=mount.timeout, max_requests=mount.max_requests, max_body=mount.max_body)


def _house(mount: Mount, house: House) -> House:
    ours = {name.lower(): name for name in house}
    given = {header.name.encode("ascii"): header.value for header in mount.headers}
    changed = {ours.get(name.lower(), name): value for name, value in given.items()}
    return {**house, **{name: None if value is None else value.encode("ascii") for name, value in changed.items()}}
