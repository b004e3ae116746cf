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
    node = compose(str(path), read_text(path))
    decoder = Decoder(path.absolute().parent, environment)
    try:
        config: Config = decoder.decode(node, inspect.type_info(Config))
    except TooManyValues as error:
        raise InvalidConfig(str(path), [Mistake(error.place, str(error))]) from None
    check(config, decoder)
    if decoder.mistakes:
        raise InvalidConfig(str(path), decoder.mistakes)
    return config
