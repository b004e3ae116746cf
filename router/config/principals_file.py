"""From the file that `principals_file` names to its principals: a YAML list, as under `principals` of config.yaml."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import inspect

from router.config.authentication import Principal
from router.config.decoding import Decoder, Hole, TooManyValues
from router.config.mistakes import InvalidConfig, Mistake
from router.config.principal_checks import check_principals
from router.config.source import compose, read_text


def read_principals(
    path: Path, roles: Sequence[str], environment: Mapping[str, str] = os.environ
) -> tuple[Principal, ...]:
    """Read the file; `roles` are those of the realm. Raises InvalidConfig with every mistake."""
    text = read_text(path)
    if not text.strip():
        return ()
    node = compose(str(path), text)
    decoder = Decoder(path.absolute().parent, environment)
    try:
        principals: Any = decoder.decode(node, inspect.type_info(tuple[Principal, ...]))
    except TooManyValues as error:
        raise InvalidConfig(str(path), [Mistake(error.place, str(error))]) from None
    if not isinstance(principals, Hole):
        check_principals(principals, roles, decoder)
    if decoder.mistakes:
        raise InvalidConfig(str(path), decoder.mistakes)
    result: tuple[Principal, ...] = principals
    return result
