"""What several checks need."""

from collections.abc import Hashable, Iterable
from typing import Any

from router.config.decoding import Decoder, Hole
from router.config.mistakes import did_you_mean
from router.config.wording import quoted


def check_unique(sections: Iterable[Any], key: str, noun: str, decoder: Decoder) -> None:
    """Note every second section with the same `key`."""
    seen: dict[Hashable, int] = {}
    for section in sections:
        name = getattr(section, key)
        if not known(name):
            continue
        place = decoder.place(section, key)
        if name in seen:
            decoder.note(place, f"a second {noun} {quoted(name)}; the first is in line {seen[name]}")
        seen.setdefault(name, place.line)


def known(value: object) -> bool:
    """Tell whether the decoder could read it."""
    return not isinstance(value, Hole)


def check_named(name: str | None, names: list[str], section: Any, key: str, what: str, decoder: Decoder) -> None:
    """Note a name that should be one of `names`; `what` is as in "the realm has no role"."""
    if not known(name) or name is None or not names or not all(map(known, names)) or name in names:
        return  # one that cannot be read may be the one that is meant
    near = did_you_mean(name, names) or f"; known here: {', '.join(names)}"
    decoder.note(decoder.place(section, key), f"{what} {quoted(name)}{near}")
