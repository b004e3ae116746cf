"""The command `wamplex`.

    wamplex start [--config FILE]   run the router
    wamplex reload [--config FILE]  have the running router read its configuration and certificates again
    wamplex check [FILE]            look for mistakes in a configuration
    wamplex user ...                manage the principals of a database
    wamplex hash                    make verifiers of a password, for config.yaml
    wamplex token                   sign a token with a realm's secret, for development
    wamplex certificate             make a self-signed certificate for development
    wamplex schema                  print the JSON Schema of config.yaml
    wamplex version                 print the version

Exit status: 0 is success, 1 a mistake of the configuration or of the system (a port in use), 2 a wrong command line.
Reports go to the standard error output, one line for each mistake.
"""

import argparse
import sys
from collections.abc import Sequence

from router.commands import certificate, checking, hashing, reload, running, token, users
from router.commands.configuration import Commands, Refused, say
from router.config.schema import json_schema
from router.version import installed_version

INTERRUPTED = 130
"""The exit status of a command that is ended with Ctrl-C, as shells have it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    asked = _parser().parse_args(arguments)
    try:
        status: int = asked.run(asked)
    except Refused as reason:
        say(str(reason))
        return 1
    except KeyboardInterrupt:
        say("")
        return INTERRUPTED
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wamplex", description="Wamplex, a WAMP router.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    running.add_to(commands)
    reload.add_to(commands)
    checking.add_to(commands)
    users.add_to(commands)
    hashing.add_to(commands)
    token.add_to(commands)
    certificate.add_to(commands)
    _add_printing(commands)
    return parser


def _add_printing(commands: Commands) -> None:
    schema = commands.add_parser("schema", help="print the JSON Schema of config.yaml, for editors")
    schema.set_defaults(run=lambda _: _print(json_schema()))
    version = commands.add_parser("version", help="print the version")
    version.set_defaults(run=lambda _: _print(f"wamplex {installed_version()}\n"))


def _print(text: str) -> int:
    sys.stdout.write(text)
    return 0
