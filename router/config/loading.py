"""From a path to a `Config`."""

import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import inspect

from router.config.checks import check
from router.config.decoding import Decoder, TooManyValues
from router.config.mistakes import InvalidConfig, Mistake
from router.config.model import Config
from router.config.source import compose, read_text


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """Read a configuration; secrets are fetched, relative paths start from the file's folder.

    Raises InvalidConfig with every mistake of the file, or with the first one when the file is not YAML at all.
    """
    config, decoder = _decoded(path, environment)
    check(config, decoder)
    if decoder.mistakes:
        raise InvalidConfig(str(path), decoder.mistakes)
    return config


def glance(path: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """Read a configuration as far as it can be read: a `Hole` stands where a mistake is, and nothing is checked.

    For commands that need a name or a path of it, and may run where its secrets and keys are out of reach. Raises
    InvalidConfig when the file is not YAML at all.
    """
    return _decoded(path, environment)[0]


def _decoded(path: Path, environment: Mapping[str, str]) -> tuple[Config, Decoder]:
    node = compose(str(path), read_text(path))
    decoder = Decoder(path.absolute().parent, environment)
    try:
        config: Config = decoder.decode(node, inspect.type_info(Config))
    except TooManyValues as error:
        raise InvalidConfig(str(path), [Mistake(error.place, str(error))]) from None
    return config, decoder
