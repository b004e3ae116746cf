"""`wamplex check`: say whether a configuration is right; nothing is started."""

import argparse
import sys
from pathlib import Path

from router.commands.configuration import DEFAULT, Commands, load_or_refuse, say
from router.config import warnings
from router.config.listeners import Listener
from router.config.realms import Realm


def add_to(commands: Commands) -> None:
    """Describe the command."""
    about = "look for mistakes in a configuration"
    checking = commands.add_parser("check", help=about, description=about.capitalize() + ".")
    checking.add_argument("config", metavar="FILE", type=Path, nargs="?", help=f"the configuration; {DEFAULT}")
    checking.set_defaults(run=check)


def check(asked: argparse.Namespace) -> int:
    """Say whether a configuration is right."""
    config = load_or_refuse(asked.config)
    for warning in warnings(config):
        say(f"warning: {warning}")
    realms = ", ".join(_describe_realm(realm) for realm in config.realms)
    listeners = ", ".join(_describe_listener(listener) for listener in config.listeners)
    sys.stdout.write(f"The configuration is right: {realms}; on {listeners}\n")
    return 0


def _describe_realm(realm: Realm) -> str:
    return f"realm {realm.name} with {_count(len(realm.roles), 'role')}"


def _describe_listener(listener: Listener) -> str:
    spoken = [
        f"WebSocket {listener.websocket.path}" if listener.websocket is not None else "",
        f"long-poll {listener.longpoll.path}" if listener.longpoll is not None and listener.http else "",
        "RawSocket" if listener.rawsocket else "",
        "HTTP" if listener.http else "",
    ]
    if listener.redirect_to_https is not None:
        spoken = ["redirects to https"]
    if listener.unix is not None or listener.systemd is not None:
        where = listener.where
    else:
        where = f"[{listener.host}]:{listener.port}" if ":" in listener.host else f"{listener.host}:{listener.port}"
    secured = "TLS: " if listener.tls is not None else ""
    return f"{where} ({secured}{', '.join(filter(None, spoken))})"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
