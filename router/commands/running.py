"""`wamplex start`: run the router until it is stopped."""

import argparse
from pathlib import Path

import router.activation  # noqa: F401 - before Twisted, see PASSED there
from router.commands.configuration import DEFAULT, Commands, read_or_refuse
from router.config import warnings


def add_to(commands: Commands) -> None:
    """Describe the command."""
    about = "run the router"
    starting = commands.add_parser("start", help=about, description=about.capitalize() + ".")
    starting.add_argument("--config", metavar="FILE", type=Path, help=f"the configuration; {DEFAULT}")
    starting.set_defaults(run=start)


def start(asked: argparse.Namespace) -> int:
    """Run the router until it is stopped."""
    reading = read_or_refuse(asked.config)
    install_reactor()
    # Only now: these may import Twisted's reactor, which must be the one that was installed.
    from twisted.logger import Logger

    from router.log import start_logging
    from router.node import run

    start_logging(reading.config.logging)
    log = Logger(namespace="router")
    for warning in warnings(reading.config):
        log.warn("{warning}", warning=warning)
    return run(reading)


def install_reactor() -> None:
    """Make uvloop's event loop the one of Twisted; must come before anything imports `twisted.internet.reactor`."""
    import asyncio

    import uvloop
    from twisted.internet import asyncioreactor

    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    asyncioreactor.install(loop)
