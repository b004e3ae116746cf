"""`wamplex reload`: have the running router read its configuration again, and say what came of it.

The router itself checks the configuration, in its own environment and with its own rights: what it says counts. Only
what is no YAML, or names no usable `pid_file`, is told before it is asked.
"""

import argparse
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import Final

from router.commands.configuration import DEFAULT, Commands, Refused, glance_or_refuse
from router.config.checking import known
from router.pid_file import Outcome, outcome_at, process_at

PATIENCE: Final = 30.0
"""Seconds for the answer; a large configuration takes a tenth of one, but a machine may be busy."""

POLL: Final = 20
"""Milliseconds between two looks."""


def add_to(commands: Commands) -> None:
    """Describe the command."""
    about = "have the running router read its configuration and certificates again"
    reloading = commands.add_parser("reload", help=about, description=about.capitalize() + ".")
    reloading.add_argument("--config", metavar="FILE", type=Path, help=f"the configuration; {DEFAULT}")
    reloading.set_defaults(run=reload)


def reload(asked: argparse.Namespace) -> int:
    """Reload; raises Refused with the router's mistakes."""
    path, config = glance_or_refuse(asked.config)
    file = config.pid_file
    if not known(file):
        raise Refused(f"{path}: `pid_file` is no path: see `wamplex check`")
    if file is None:
        raise Refused(f"{path} has no `pid_file`, by which the router is found; it also reloads at SIGHUP")
    process, before = _router_at(file), outcome_at(file)
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        raise Refused(f"the router of {file} has just ended") from None
    try:
        if _router_at(file) != process:  # the descriptor is that of the router: now no other process can be meant
            raise Refused(f"the router of {file} is being restarted")
        signal.pidfd_send_signal(descriptor, signal.SIGHUP)
        outcome = _wait(descriptor, file, process, before)
    except (PermissionError, ProcessLookupError) as error:
        raise Refused(f"process {process} cannot be signalled: {error.strerror}") from None
    finally:
        os.close(descriptor)
    if outcome.mistakes:
        raise Refused("\n".join((*outcome.mistakes, f"process {process} goes on as before")))
    sys.stdout.write(f"Process {process} has read {path} again\n")
    return 0


def _router_at(file: Path) -> int:
    try:
        process = process_at(file)
    except FileNotFoundError:
        raise Refused(f"no router runs: there is no {file}") from None
    except OSError as error:
        raise Refused(f"cannot tell from {file} which process is the router: {error.strerror}") from None
    if process is None:
        raise Refused(f"no router runs, or it is still starting: {file} speaks of none")
    return process


def _wait(descriptor: int, file: Path, process: int, before: Outcome | None) -> Outcome:
    """The router's answer; raises Refused without one."""
    end = select.poll()
    end.register(descriptor, select.POLLIN)  # ready when the process has ended
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        has_ended = bool(end.poll(POLL))
        outcome = outcome_at(file)
        if outcome is not None and outcome != before and outcome.process == process:
            return outcome
        if has_ended:
            raise Refused(f"process {process} has ended")
    raise Refused(f"process {process} has not answered within {PATIENCE:.0f} seconds; see its log")
