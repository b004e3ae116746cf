"""A configuration as a list of values, each with its path, such as `realms[0].calls.max_pending`, and its line.

What counts and what the file says are two configurations as soon as the file has changed: the walk goes through both
side by side. What both have under the same path is one `Value`; realms and listeners belong together by their name and
address, wherever in the file they stand.

Secrets are never told: neither they nor what of a URL may be one.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from msgspec import NODEFAULT, UNSET, UnsetType, inspect

from router.config.lines import Lines
from router.config.listeners import Listener
from router.config.model import Config
from router.config.realms import Realm
from router.config.scalars import Secret, format_size
from router.config.wording import expected

HIDDEN: Final = "(secret)"
"""What is told of a secret."""

CONFIG: Final = inspect.type_info(Config)


class Value(NamedTuple):
    """A value of the configuration, as one would write it in JSON."""

    path: str
    now: Any | UnsetType
    """What counts; UNSET for what is only in the file."""

    file: Any | UnsetType
    """What the file says; UNSET for what is only there until the restart."""

    line: int | None
    """Where the file says it; None for a default."""

    @property
    def is_waiting(self) -> bool:
        """Whether it takes a restart until what the file says counts."""
        return self.now is UNSET or self.file is UNSET or self.now != self.file


def values_of(now: Config, file: Config, lines: Lines) -> Iterator[Value]:
    """All values, in the order of the model. `now` is what counts; `lines` are those of `file`."""
    return _section("", CONFIG, now, file, lines)


def _section(path: str, kind: Any, now: Any, file: Any, lines: Lines) -> Iterator[Value]:
    for field in kind.fields:
        key = field.encode_name
        yield from _walk(
            f"{path}.{key}" if path else key,
            _bare(field.type),
            _get(now, field.name),
            _get(file, field.name),
            None if file is UNSET else lines.of(file, key),
            lines,
        )


def _walk(path: str, kind: inspect.Type, now: Any, file: Any, line: int | None, lines: Lines) -> Iterator[Value]:
    inner = _section_of(kind)
    if isinstance(kind, inspect.VarTupleType) and isinstance(kind.item_type, inspect.StructType):
        if now or file:
            yield from _list(path, kind.item_type, now or (), file or (), lines)
        else:
            yield Value(path, _told(kind, now), _told(kind, file), line)
    elif inner is None:
        yield _value(path, kind, now, file, line)
    else:
        if now is None or file is None or not inner.fields:  # it is off here, there or in both; or no more than on
            yield Value(path, _switch(now), _switch(file), line)
        now, file = (UNSET if one is None else one for one in (now, file))
        if now is not UNSET or file is not UNSET:
            yield from _section(path, inner, now, file, lines)


def _list(path: str, kind: inspect.StructType, now: Any, file: Any, lines: Lines) -> Iterator[Value]:
    """First what the file has, then what is gone from it."""
    left = {_name_of(index, one): one for index, one in enumerate(now)}
    for index, one in enumerate(file):
        yield from _section(f"{path}[{index}]", kind, left.pop(_name_of(index, one), UNSET), one, lines)
    for index, one in enumerate(left.values(), len(file)):
        yield from _section(f"{path}[{index}]", kind, one, UNSET, lines)


def _value(path: str, kind: inspect.Type, now: Any, file: Any, line: int | None) -> Value:
    told = _told(kind, file)
    if now is file or (now is not UNSET and file is not UNSET and now == file):
        return Value(path, told, told, line)
    counts = _told(kind, now)
    return Value(path, counts, f"{told}, another one" if told == counts else told, line)  # two secrets look the same


def _told(kind: inspect.Type, value: Any) -> Any:
    match value:
        case Secret():
            return HIDDEN
        case Path():
            return str(value)
        case tuple():
            return [_told(kind, one) for one in value]
        case frozenset():
            return sorted(value)
        case str() if value.startswith(("http://", "https://")):
            return _without_secrets(value)
        case int() if isinstance(kind, inspect.Metadata):  # a size
            text = format_size(value)
            return value if text.isdigit() else text
        case _:
            return value


def _without_secrets(url: str) -> str:
    """Scheme, host and port: names and passwords stand before them, tokens behind, in many a webhook as the path."""
    parts = urlsplit(url)
    _, at, host = parts.netloc.rpartition("@")
    behind = f"/{HIDDEN}" if parts.path.strip("/") or parts.query or parts.fragment else parts.path
    return f"{parts.scheme}://{f'{HIDDEN}@' if at else ''}{host}{behind}"


def _get(section: Any, name: str) -> Any:
    return UNSET if section is UNSET else getattr(section, name)


def _switch(section: Any) -> Any:
    return UNSET if section is UNSET else section is not None


def _name_of(index: int, section: Any) -> int | str:
    match section:
        case Realm():
            return section.name
        case Listener():
            return section.where
        case _:
            return index


def _bare(kind: inspect.Type) -> inspect.Type:
    """A type without its description; a size keeps what says that it is one."""
    while isinstance(kind, inspect.Metadata) and not kind.extra:
        kind = kind.type
    return kind


def _section_of(kind: inspect.Type) -> inspect.StructType | None:
    if isinstance(kind, inspect.UnionType):
        kind = kind.types[0]
    return kind if isinstance(kind, inspect.StructType) else None


class Key(NamedTuple):
    """What may be said of a key, whatever its value."""

    about: str
    expected: str
    """What may stand there, in words."""

    default: Any | UnsetType
    """As in `Value`; UNSET if there is none."""


def key_at(path: str) -> Key | None:
    """Look a path up; None if there is no such key."""
    section: inspect.StructType | None = CONFIG if isinstance(CONFIG, inspect.StructType) else None
    found: Any = None
    for name in path.split("."):
        name, is_item, _ = name.partition("[")
        fields = () if section is None else section.fields
        found = next((field for field in fields if field.encode_name == name), None)
        if found is None:
            return None
        kind = _bare(found.type)
        if is_item:
            kind = _bare(kind.item_type) if isinstance(kind, inspect.VarTupleType) else kind
        section = _section_of(kind)
    about = found.type.extra_json_schema["description"]
    return Key(about, _expected(found.type), _default(found))


def _expected(kind: inspect.Type) -> str:
    bare = _bare(kind)
    if isinstance(bare, inspect.UnionType) and _section_of(bare) is None:
        return f"{_expected(bare.types[0])}, or null"
    return expected(bare)


def _default(field: Any) -> Any:
    if field.default is NODEFAULT:
        return UNSET
    kind = _bare(field.type)
    if _section_of(kind) is not None:
        return _switch(field.default)
    default = field.default
    if isinstance(kind, inspect.VarTupleType) and isinstance(kind.item_type, inspect.StructType) and default:
        return UNSET  # one of each
    return _told(kind, default)
