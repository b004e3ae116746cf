"""From a path to a `Config`."""

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from msgspec import inspect

from router.config.checks import check
from router.config.decoding import Decoder, TooManyValues
from router.config.lines import Lines
from router.config.mistakes import InvalidConfig, Mistake
from router.config.model import Config
from router.config.source import compose, read_text

SHIPPED: Final = Path(sys.prefix, "share", "wamplex", "config.yaml")
"""Where installation puts the configuration for development: a folder that may be read-only, and is nobody's own. So
the files that it names are looked for, and made, in the current folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A configuration with what is known of how it was read."""

    config: Config
    path: Path
    lines: Lines
    """Where its values stand."""

    at: float
    """When it was read, in seconds since 1970."""

    version: tuple[int, ...]
    """The file as it was then."""

    @property
    def is_stale(self) -> bool:
        """Whether the file is another one by now, or gone."""
        return _version_of(self.path) != self.version


def read(path: Path, environment: Mapping[str, str] = os.environ) -> Reading:
    """Read a configuration; secrets are fetched, relative paths start from the file's folder.

    Raises InvalidConfig with every mistake of the file, or with the first one when the file is not YAML at all.
    """
    at, version = time.time(), _version_of(path)  # before the file is opened: what changes meanwhile is a change
    config, decoder = _decoded(path, environment)
    check(config, decoder)
    if decoder.mistakes:
        raise InvalidConfig(str(path), decoder.mistakes)
    return Reading(config=config, path=path, lines=decoder.lines(), at=at, version=version)


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """The configuration alone; see `read`."""
    return read(path, environment).config


def glance(path: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """Read a configuration as far as it can be read: a `Hole` stands where a mistake is, and nothing is checked.

    For commands that need a name or a path of it, and may run where its secrets and keys are out of reach. Raises
    InvalidConfig when the file is not YAML at all.
    """
    return _decoded(path, environment)[0]


def _decoded(path: Path, environment: Mapping[str, str]) -> tuple[Config, Decoder]:
    node = compose(str(path), read_text(path))
    decoder = Decoder(Path.cwd() if path == SHIPPED else path.absolute().parent, environment)
    try:
        config: Config = decoder.decode(node, inspect.type_info(Config))
    except TooManyValues as error:
        raise InvalidConfig(str(path), [Mistake(error.place, str(error))]) from None
    return config, decoder


def _version_of(path: Path) -> tuple[int, ...]:
    """What changes with the file."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size
