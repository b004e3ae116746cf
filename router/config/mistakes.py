"""How what is wrong with config.yaml is told: `config.yaml:LINE:COLUMN: what is wrong; what would be right`."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import NamedTuple


class Place(NamedTuple):
    """Where in the file; lines and columns count from 1. Line 0 is the file as a whole."""

    line: int
    column: int


WHOLE_FILE = Place(0, 0)


class Mistake(NamedTuple):
    """One thing that is wrong, where it stands."""

    place: Place
    text: str


class InvalidConfig(Exception):  # noqa: N818 - it is the configuration that is at fault
    """The configuration cannot be used; `str()` is the whole report, a line for each mistake."""

    def __init__(self, file: str, mistakes: Iterable[Mistake]) -> None:
        self.file = file
        self.mistakes = sorted(set(mistakes))
        super().__init__("\n".join(self._line(mistake) for mistake in self.mistakes))

    def _line(self, mistake: Mistake) -> str:
        place, text = mistake
        return f"{self.file}: {text}" if place == WHOLE_FILE else f"{self.file}:{place.line}:{place.column}: {text}"


def one_of(words: Sequence[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Name the known word that is nearest, as the end of a sentence; empty when none is near."""
    by_lower = {one.lower(): one for one in known}
    near = get_close_matches(word.lower(), by_lower, n=1)
    return f"; did you mean `{by_lower[near[0]]}`?" if near else ""
