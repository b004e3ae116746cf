"""The scalar values of config.yaml that are more than a text or a number."""

import re
from hmac import compare_digest
from typing import Annotated, Final, Never

from msgspec import Meta

UNITS: Final = {"B": 1, "kB": 10**3, "KiB": 2**10, "MB": 10**6, "MiB": 2**20, "GB": 10**9, "GiB": 2**30}

_SIZE: Final = r"^([0-9]{1,12}(?:\.[0-9]{1,6})?) ?(B|kB|KiB|MB|MiB|GB|GiB)$"

Size = Annotated[
    int,
    Meta(extra={"unit": "octets"}, extra_json_schema={"pattern": _SIZE}),
]
"""A number of octets; config.yaml may say `1 MiB`, `64 KiB`, `1.5 MB` or the plain number."""


def parse_size(text: str) -> int | None:
    """Read a number with its unit; None when it is not one."""
    found = re.fullmatch(_SIZE, text)
    if found is None:
        return None
    number, unit = found.groups()
    return round(float(number) * UNITS[unit])


def format_size(octets: int) -> str:
    """Write a size with the largest unit that keeps it exact: 1048576 is `1 MiB`."""
    for unit in ("GiB", "MiB", "KiB"):
        if octets and octets % UNITS[unit] == 0:
            return f"{octets // UNITS[unit]} {unit}"
    return str(octets)


class Secret:
    """A text that nobody sees by accident: not in a repr, a log line, an error or a pickle.

    config.yaml gives the text itself, `{env: NAME}` (an environment variable) or `{file: PATH}` (a file's content
    without the line end); the text is fetched when config.yaml is read.
    """

    __slots__ = ("_text", "inline")

    def __init__(self, text: str, *, inline: bool = False) -> None:
        self._text = text
        self.inline = inline
        """Whether config.yaml gives the text itself, where backups and version control keep it for good."""

    def reveal(self) -> str:
        """Return the text, for the one place that has to compare or send it."""
        return self._text

    def __eq__(self, other: object) -> bool:
        """Whether it is the same text: what was read again is no change."""
        return isinstance(other, Secret) and compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "<secret>"

    def __reduce__(self) -> Never:
        raise TypeError("a secret is not pickled")
