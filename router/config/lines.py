"""The lines in which the values of a configuration stand: what is left of a Decoder once the file is read.

A section is known by its `id`, which holds as long as the configuration does; so whoever keeps one keeps the other. Of
each section there is one number for each key, four octets long: a file may have ten thousand principals.
"""

from array import array
from collections.abc import Iterable, Mapping
from typing import Any, Final

from router.config.mistakes import Place

_NOWHERE: Final = 0
"""Lines count from 1."""


class Lines:
    """The lines of one file."""

    def __init__(self, places: Iterable[tuple[Any, Mapping[str, Place]]]) -> None:
        """`places` are as the Decoder has them: each section, with the places of its keys, `""` being its own."""
        self._lines = {id(section): array("I", _numbers(section, found)) for section, found in places}

    def of(self, section: Any, key: str = "") -> int | None:
        """The line in which a key's value begins, or the section; None for a default, which stands nowhere."""
        lines = self._lines.get(id(section))
        if lines is None:
            return None
        return lines[1 + section.__struct_encode_fields__.index(key) if key else 0] or None


def _numbers(section: Any, found: Mapping[str, Place]) -> list[int]:
    keys = ("", *section.__struct_encode_fields__)
    return [found[key].line if key in found else _NOWHERE for key in keys]
