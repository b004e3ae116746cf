"""What several commands need: the configuration that was asked for, and a word to the operator."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from router.config import Config, InvalidConfig, Reading, load, read
from router.config.loading import SHIPPED, glance

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Commands = Any

DEFAULT: Final = "by default config.yaml in the current folder, or else the one that came with Wamplex"


class Refused(Exception):  # noqa: N818 - it reads as what it says
    """The command does nothing; the text says why, by custom in one line."""


def load_or_refuse(path: Path | None) -> Config:
    """Load the configuration that was asked for; raises Refused with all its mistakes."""
    try:
        return load(path_of(path))
    except InvalidConfig as invalid:
        raise Refused(str(invalid)) from None


def read_or_refuse(path: Path | None) -> Reading:
    """Load it, and keep what is known of how it was read; raises Refused with all its mistakes."""
    try:
        return read(path_of(path))
    except InvalidConfig as invalid:
        raise Refused(str(invalid)) from None


def glance_or_refuse(path: Path | None) -> tuple[Path, Config]:
    """The configuration with `Hole`s where its mistakes are: enough to look up a realm; raises Refused."""
    path = path_of(path)
    try:
        return path, glance(path)
    except InvalidConfig as invalid:
        raise Refused(str(invalid)) from None


def say(text: str) -> None:
    """Tell the operator something that is not the result of the command."""
    sys.stderr.write(f"{text}\n")


def path_of(path: Path | None) -> Path:
    """The configuration that was asked for, or the one that is to be taken otherwise."""
    if path is not None:
        return path
    path = Path("config.yaml")
    if not path.exists() and SHIPPED.exists():
        say(f"there is no config.yaml here; using {SHIPPED}")
        return SHIPPED
    return path
