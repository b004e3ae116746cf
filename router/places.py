"""The places of a listener's section brought to life: a host and port, a Unix socket, or what systemd passes."""

import asyncio
import os
import socket

from router.activation import CannotActivate, passed_sockets
from router.config.listeners import Listener as Section
from router.config.model import Config
from router.transports.arrival import Contexts
from router.transports.listener import Listener, listen, listen_on, listen_unix
from router.transports.terms import Terms


class CannotListen(Exception):  # noqa: N818 - it reads as what it says
    """A place is taken, or cannot be had; the text is one line for the operator."""


async def open_places(
    loop: asyncio.AbstractEventLoop, section: Section, terms: Terms, tls: Contexts | None
) -> Listener:
    """Listen where the section says; raises CannotListen."""
    try:
        if section.unix is not None:
            return await listen_unix(loop, terms, section.unix, int(section.mode, 8), tls)
        if section.systemd is not None:
            return await listen_on(loop, terms, passed_sockets(section.systemd), tls)
        return await listen(loop, terms, section.host, section.port, tls, reuse_port=section.reuse_port)
    except CannotActivate as error:
        raise CannotListen(str(error)) from None
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise CannotListen(f"cannot listen on {section.where}: {reason}") from None


def urls(section: Section, listener: Listener, config: Config) -> list[str]:
    """What can be reached there, as URLs: `ws://127.0.0.1:8080/ws`, or `ws+unix:/run/wamplex/socket:/ws`."""
    secure = "s" if section.tls is not None else ""
    found = []
    for one in listener.sockets:
        if section.redirect_to_https is not None:
            found.append(_url("http", one, section, "/"))
        elif section.http:
            pages = [page.path for page in (config.web, config.dashboard) if page is not None and page.path is not None]
            found.extend(_url(f"http{secure}", one, section, path) for path in pages)
        if section.websocket is not None:
            found.append(_url(f"ws{secure}", one, section, section.websocket.path))
        if section.rawsocket:
            found.append(_url(f"rs{secure}", one, section, ""))
    return list(dict.fromkeys(found))  # a host name may have several addresses


def _url(scheme: str, one: socket.socket, section: Section, path: str) -> str:
    name = one.getsockname()
    if not isinstance(name, tuple):
        return f"{scheme}+unix:{name}:{path}" if path else f"{scheme}+unix:{name}"
    host = name[0] if section.systemd is not None else section.host
    return f"{scheme}://[{host}]:{name[1]}{path}" if ":" in host else f"{scheme}://{host}:{name[1]}{path}"
