"""From YAML nodes to the Structs of `model`, in one walk that notes every mistake with its place.

`msgspec.convert` would stop at the first mistake and forget the lines; this walk is driven by the same type
information (`msgspec.inspect`), so a key, a choice or a bound is written down once, in the model. What is wrong
becomes a `Hole` and the walk goes on, so that the rest of the file is looked at too.

YAML's own traps are refused rather than guessed: only `no`, `off`, `false` ... where a truth value is meant, numbers
in plain decimals (`0777` or `10:30` would be something else than they look), keys once, no merge keys, no tags.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from msgspec import inspect

from router.config.lines import Lines
from router.config.mistakes import Mistake, Place, did_you_mean
from router.config.nodes import (
    KNOWN_TAGS,
    TAG,
    integer_of,
    is_nothing,
    kind_of,
    number_of,
    place_of,
    text_of,
    truth_of,
)
from router.config.scalars import Secret, parse_size
from router.config.source import explain_os_error
from router.config.wording import expected, found, hint, quoted

MAX_VALUES: Final = 200_000
"""Values in a file, each counted as often as an alias repeats it: a few lines of aliases can mean billions."""


_WORD: Final = inspect.StrType()


class TooManyValues(Exception):  # noqa: N818 - says it
    """The values of the file, multiplied by its aliases, are more than `MAX_VALUES`."""

    def __init__(self, place: Place) -> None:
        super().__init__(f"the aliases of this file multiply to more than {MAX_VALUES} values")
        self.place = place


class Hole:
    """What stands where a mistake is, so that checks can go on: it is empty, and equal to nothing."""

    def __getattr__(self, name: str) -> "Hole":
        return Hole()

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __bool__(self) -> bool:
        return False


class Decoder:
    """One walk over one file. `mistakes` and `places` grow as it goes."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        """`folder` is what relative paths start from; `environment` is where `{env: NAME}` looks."""
        self.folder = folder
        self.environment = environment
        self.mistakes: list[Mistake] = []
        self._places: dict[int, dict[str, Place]] = {}
        self._kept: list[Any] = []  # keeps the ids in `_places` from being used twice
        self._values = 0

    def decode(self, node: yaml.Node, kind: inspect.Type) -> Any:
        """Turn a node into a value of that type, or note what is wrong and give a Hole."""
        self._values += 1
        if self._values > MAX_VALUES:
            raise TooManyValues(place_of(node.start_mark))
        if node.tag not in KNOWN_TAGS:
            return self._wrong(node, "tags (`!...`) have no meaning here; a text that starts with `!` needs quotes")
        match kind:
            case inspect.Metadata(type=inspect.IntType() as bounds) if kind.extra:  # {"unit": "octets"}
                return self._size(node, kind, bounds)
            case inspect.Metadata():
                return self.decode(node, kind.type)
            case inspect.StructType():
                return self._section(node, kind)
            case inspect.UnionType():
                return self._optional(node, kind)
            case inspect.VarTupleType() | inspect.FrozenSetType():
                return self._list(node, kind)
            case inspect.CustomType():
                return self._secret(node, kind) if kind.cls is Secret else self._path(node, kind)
            case _:
                return self._scalar(node, kind)

    def place(self, section: Any, key: str = "") -> Place:
        """Where a key's value stands in the file; without a key, or when it was left out, where the section starts."""
        places = self._places.get(id(section), {"": Place(1, 1)})  # a section that is the default stands nowhere
        return places.get(key, places[""])

    def says(self, section: Any, key: str) -> bool:
        """Tell whether the file gives this key, so that its value is no default."""
        return key in self._places.get(id(section), ())

    def lines(self) -> Lines:
        """Where everything stood, for when the walk is over."""
        return Lines((section, self._places[id(section)]) for section in self._kept)

    def note(self, place: Place, text: str) -> None:
        """Add a mistake."""
        self.mistakes.append(Mistake(place, text))

    # --- sections and lists -----------------------------------------------------------------------------------

    def _section(self, node: yaml.Node, kind: inspect.StructType) -> Any:
        if is_nothing(node):  # `limits:` with all its keys commented out
            node = yaml.MappingNode(node.tag, [], node.start_mark, node.end_mark)
        if not isinstance(node, yaml.MappingNode):
            return self._unexpected(node, kind)
        known = {field.encode_name: field for field in kind.fields}
        places = {"": place_of(node.start_mark)}
        values: dict[str, Any] = {}
        for key, value in self._entries(node, known):
            places[key] = place_of(value.start_mark)
            values[known[key].name] = self.decode(value, known[key].type)
        for key, field in known.items():
            if field.required and key not in places:
                self.note(places[""], f"`{key}` is missing")
                values[field.name] = Hole()
        section = kind.cls(**values)
        self._places[id(section)] = places
        self._kept.append(section)
        return section

    def _entries(self, node: yaml.MappingNode, known: Mapping[str, Any]) -> Iterator[tuple[str, yaml.Node]]:
        """The keys that the section knows, each with its value; the others are noted."""
        lines: dict[str, int] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else None
            if name is None:
                self._wrong(key, f"a key must be a word, found {found(key, _WORD)}")
            elif kind_of(key) == "merge":
                self._wrong(key, "merge keys (`<<`) are not supported; repeat the keys, or whole values by an alias")
            elif name in lines:
                self._wrong(key, f"{quoted(name)} is there twice; the first is in line {lines[name]}")
            elif name not in known:
                near = did_you_mean(name, known) or f"; known here: {', '.join(known)}"
                self._wrong(key, f"unknown key {quoted(name)}{near}")
            else:
                yield name, value
            if name is not None:
                lines.setdefault(name, key.start_mark.line + 1)

    def _optional(self, node: yaml.Node, kind: inspect.UnionType) -> Any:
        """`X | None`. A section is switched off by `false`, and `true` is the section with its defaults."""
        inner = kind.types[0]
        if not isinstance(inner, inspect.StructType):
            return None if is_nothing(node) else self.decode(node, inner)
        truth = truth_of(node)
        if truth is None:
            known = isinstance(node, yaml.MappingNode) or is_nothing(node)
            return self._section(node, inner) if known else self._unexpected(node, kind)
        nothing = yaml.ScalarNode(TAG + "null", "", node.start_mark, node.end_mark)
        return self._section(nothing, inner) if truth else None

    def _list(self, node: yaml.Node, kind: inspect.VarTupleType | inspect.FrozenSetType) -> Any:
        if not isinstance(node, yaml.SequenceNode) and not is_nothing(node):
            return self._unexpected(node, kind)
        items = node.value if isinstance(node, yaml.SequenceNode) else []
        if len(items) < (kind.min_length or 0):
            return self._wrong(node, "at least one entry is needed here")
        values = [self.decode(item, kind.item_type) for item in items]
        if isinstance(kind, inspect.VarTupleType):
            return tuple(values)
        for index, value in enumerate(values):
            if value in values[:index]:
                self._wrong(items[index], f"`{value}` is there twice")
        return frozenset(values)

    # --- scalars ----------------------------------------------------------------------------------------------

    def _scalar(self, node: yaml.Node, kind: inspect.Type) -> Any:
        value: Any
        match kind:
            case inspect.StrType():
                value = text_of(node)
                fits = value is not None and len(value) >= (kind.min_length or 0) and value.isprintable()
                fits = fits and (kind.pattern is None or re.search(kind.pattern, value) is not None)
            case inspect.LiteralType():
                value = text_of(node)
                fits = value in kind.values
            case inspect.BoolType():
                value = truth_of(node)
                fits = value is not None
            case inspect.IntType():
                value = integer_of(node)
                fits = _within(value, kind)
            case inspect.FloatType():
                value = number_of(node)
                fits = _within(value, kind)
            case _:
                raise TypeError(kind)
        return value if fits else self._unexpected(node, kind)

    def _size(self, node: yaml.Node, kind: inspect.Type, bounds: inspect.IntType) -> Any:
        text = text_of(node)
        value = integer_of(node) if text is None else parse_size(text)
        return value if _within(value, bounds) else self._unexpected(node, kind)

    def _path(self, node: yaml.Node, kind: inspect.Type) -> Any:
        name = text_of(node)
        if not name or not name.isprintable():
            return self._unexpected(node, kind)
        return self.folder / name

    def _secret(self, node: yaml.Node, kind: inspect.Type) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self._secret_elsewhere(node, kind)
        text = text_of(node)
        if text is None:
            return self._unexpected(node, kind)
        return self._made_secret(node, text, "an empty secret protects nothing", inline=True)

    def _secret_elsewhere(self, node: yaml.MappingNode, kind: inspect.Type) -> Any:
        # No report quotes a key that is neither of the two: it may be a secret such as {a9x}, without its quotes.
        sources = [(text_of(key), value) for key, value in node.value if text_of(key) in ("env", "file")]
        if len(sources) != 1 or len(node.value) != 1:
            return self._unexpected(node, kind)
        ((source, value),) = sources
        name = text_of(value)
        if not name or not name.isprintable():
            wanted = "an environment variable" if source == "env" else "a file"
            return self._wrong(value, f"expected the name of {wanted}, found {found(value, kind)}")
        return self._from_environment(value, name) if source == "env" else self._from_file(value, self.folder / name)

    def _from_environment(self, node: yaml.Node, name: str) -> Any:
        text = self.environment.get(name)
        if text is None:
            return self._wrong(node, f"the environment variable {name} is not set")
        return self._made_secret(node, text, f"the environment variable {name} is empty")

    def _from_file(self, node: yaml.Node, path: Path) -> Any:
        try:
            text = path.read_text("utf-8").removesuffix("\n")
        except OSError as error:
            return self._wrong(node, f"{path}: {explain_os_error(error)}")
        except UnicodeDecodeError:
            return self._wrong(node, f"{path}: not UTF-8")
        return self._made_secret(node, text, f"{path}: the file is empty")

    def _made_secret(self, node: yaml.Node, text: str, empty: str, *, inline: bool = False) -> Any:
        if not text:
            return self._wrong(node, empty)
        try:
            text.encode()
        except UnicodeEncodeError:  # a lone surrogate, or octets of an environment variable that are no UTF-8
            return self._wrong(node, "the secret is no valid Unicode text")
        return Secret(text, inline=inline)

    # --- mistakes ---------------------------------------------------------------------------------------------

    def _wrong(self, node: yaml.Node, text: str) -> Hole:
        self.note(place_of(node.start_mark), text)
        return Hole()

    def _unexpected(self, node: yaml.Node, kind: inspect.Type) -> Hole:
        return self._wrong(node, f"expected {expected(kind)}, found {found(node, kind)}{hint(node, kind)}")


def _within(value: float | None, kind: inspect.IntType | inspect.FloatType) -> bool:
    return (
        value is not None
        and (kind.ge is None or value >= kind.ge)
        and (kind.gt is None or value > kind.gt)
        and (kind.le is None or value <= kind.le)
    )
