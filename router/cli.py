"""The command `wamplex`.

    wamplex start [--config FILE]   run the router
    wamplex check [FILE]            look for mistakes in a configuration
    wamplex schema                  print the JSON Schema of config.yaml
    wamplex version                 print the version

Exit status: 0 is success, 1 a mistake of the configuration or of the system (a port in use), 2 a wrong command line.
Reports go to the standard error output, one line for each mistake.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from router.config import Config, InvalidConfig, load, warnings
from router.config.model import Listener, Realm
from router.config.schema import json_schema
from router.version import installed_version

SHIPPED: Final = Path(sys.prefix, "share", "wamplex", "config.yaml")
"""Where installation puts the configuration for development."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    asked = _parser().parse_args(arguments)
    match asked.command:
        case "start":
            return start(asked.config)
        case "check":
            return check(asked.config)
        case "schema":
            sys.stdout.write(json_schema())
        case "version":
            sys.stdout.write(f"wamplex {installed_version()}\n")
    return 0


def start(path: Path | None) -> int:
    """Run the router until it is stopped."""
    config = _load(path)
    if config is None:
        return 1
    install_reactor()
    # Only now: these may import Twisted's reactor, which must be the one that was installed.
    from twisted.logger import Logger

    from router.log import start_logging
    from router.node import run

    start_logging(config.logging)
    log = Logger(namespace="router")
    for warning in warnings(config):
        log.warn("{warning}", warning=warning)
    return run(config)


def check(path: Path | None) -> int:
    """Say whether a configuration is right; nothing is started."""
    config = _load(path)
    if config is None:
        return 1
    for warning in warnings(config):
        _say(f"warning: {warning}")
    realms = ", ".join(_describe_realm(realm) for realm in config.realms)
    listeners = ", ".join(_describe_listener(listener) for listener in config.listeners)
    sys.stdout.write(f"The configuration is right: {realms}; on {listeners}\n")
    return 0


def install_reactor() -> None:
    """Make uvloop's event loop the one of Twisted; must come before anything imports `twisted.internet.reactor`."""
    import asyncio

    import uvloop
    from twisted.internet import asyncioreactor

    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    asyncioreactor.install(loop)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wamplex", description="Wamplex, a WAMP router.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    default = "by default config.yaml in the current folder, or else the one that came with Wamplex"

    about_start = "run the router"
    starting = commands.add_parser("start", help=about_start, description=about_start.capitalize() + ".")
    starting.add_argument("--config", metavar="FILE", type=Path, help=f"the configuration; {default}")

    about_check = "look for mistakes in a configuration"
    checking = commands.add_parser("check", help=about_check, description=about_check.capitalize() + ".")
    checking.add_argument("config", metavar="FILE", type=Path, nargs="?", help=f"the configuration; {default}")

    commands.add_parser("schema", help="print the JSON Schema of config.yaml, for editors")
    commands.add_parser("version", help="print the version")
    return parser


def _load(path: Path | None) -> Config | None:
    """Load the configuration that was asked for, or report why not."""
    if path is None:
        path = Path("config.yaml")
        if not path.exists() and SHIPPED.exists():
            _say(f"there is no config.yaml here; using {SHIPPED}")
            path = SHIPPED
    try:
        return load(path)
    except InvalidConfig as invalid:
        _say(str(invalid))
        return None


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


# --- the summary ----------------------------------------------------------------------------------------------


def _describe_realm(realm: Realm) -> str:
    return f"realm {realm.name} with {_count(len(realm.roles), 'role')}"


def _describe_listener(listener: Listener) -> str:
    spoken = [
        f"WebSocket {listener.websocket.path}" if listener.websocket is not None else "",
        "RawSocket" if listener.rawsocket else "",
        "HTTP" if listener.http else "",
    ]
    host = f"[{listener.host}]" if ":" in listener.host else listener.host
    secured = "TLS: " if listener.tls is not None else ""
    return f"{host}:{listener.port} ({secured}{', '.join(filter(None, spoken))})"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
