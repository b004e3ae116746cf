"""The words for what was expected and what was found."""

import re
from typing import Final

import yaml
from msgspec import inspect

from router.config.mistakes import did_you_mean, one_of
from router.config.nodes import is_number, is_truth, kind_of, text_of, truth_of
from router.config.scalars import Secret, format_size

_LONGEST_QUOTE: Final = 60
_QUOTABLE: Final = (inspect.StrType, inspect.LiteralType, inspect.BoolType, inspect.IntType, inspect.FloatType)
_LOOKS_LIKE_TEXT: Final = ("int", "float", "bool", "timestamp")

_PATTERNS: Final = {
    r"^/[^\s?#]*$": "a path that starts with `/`, without white space, `?` and `#`",
    r"^[0-9a-fA-F]{64}$": "64 hexadecimal digits",
    r"^[0-9a-fA-F]{2}(:?[0-9a-fA-F]{2}){31}$": "a SHA-256 fingerprint: 32 octets in hexadecimal",
    r"^0[0-7]{3}$": 'four octal digits in quotes, such as "0660"',
    r"^0x[0-9a-fA-F]{40}$": "an address: `0x` and 40 hexadecimal digits",
    r"^[A-Za-z0-9-]{1,64}$": "the name of a header field",
    r"^[A-Za-z0-9_-]{1,64}$": "up to 64 letters, digits, `-` and `_`",
    r"^[A-Za-z0-9_.-]{1,64}$": "up to 64 letters, digits, `-`, `_` and `.`",
}
"""Every pattern of the model, in words."""


def expected(kind: inspect.Type) -> str:
    """Say what may stand there, from the type in the model: `a whole number from 0 to 65535`."""
    match kind:
        case inspect.Metadata(type=inspect.IntType(ge=least, le=most)) if kind.extra:
            return f"a size from {format_size(least or 0)} to {format_size(most or 0)}, such as `1 MiB`"
        case inspect.Metadata():
            return expected(kind.type)
        case inspect.IntType():
            return f"a whole number from {kind.ge} to {kind.le}"
        case inspect.FloatType():
            start = "above 0 and up" if kind.ge is None else f"from {kind.ge}"
            return f"a number of seconds {start} to {kind.le}"
        case inspect.BoolType():
            return "true or false"
        case inspect.StrType(pattern=None):
            return "a text on one line"
        case inspect.StrType(pattern=str(pattern)):
            return _PATTERNS[pattern]
        case inspect.LiteralType():
            return one_of([str(value) for value in kind.values])
        case inspect.VarTupleType(item_type=inspect.StructType()):
            return "a list, each entry after a `- `"
        case inspect.VarTupleType() | inspect.FrozenSetType():
            return f"a list, such as `[{', '.join(map(str, _choices(kind.item_type)))}]`"
        case inspect.StructType():
            keys = [field.encode_name for field in kind.fields]
            return f"the {'key' if len(keys) == 1 else 'keys'} {', '.join(keys)}"
        case inspect.UnionType():
            return f"{expected(kind.types[0])}, or true or false"
        case inspect.CustomType():
            return "a text, {env: VARIABLE} or {file: PATH}" if kind.cls is Secret else "the path of a file"
        case _:
            raise TypeError(kind)


def found(node: yaml.Node, kind: inspect.Type) -> str:
    """Say what stands there; it is quoted only where a plain value is due: elsewhere it may be a stray secret."""
    kind = kind.type if isinstance(kind, inspect.Metadata) else kind
    secret = not isinstance(kind, _QUOTABLE)
    match kind_of(node):
        case "map":
            return "keys"
        case "seq":
            return "a list"
        case "null":
            return "nothing"
        case other if secret:
            return {"str": "a text", "bool": "a truth value", "timestamp": "a date"}.get(other, "a number")
        case "bool":
            return f"the truth value {quoted(node.value)}"
        case "int" | "float":
            return f"the number {quoted(node.value)}"
        case "timestamp":
            return f"the date {quoted(node.value)}"
        case _:
            return quoted(node.value) if node.value else "an empty one"


def hint(node: yaml.Node, kind: inspect.Type) -> str:
    """Say how to put it right where that can be guessed, as the end of a sentence; else nothing."""
    if isinstance(kind, inspect.Metadata):
        return hint(node, kind.type)
    text = text_of(node)
    match kind:
        case inspect.StrType(pattern=None) | inspect.CustomType() if kind_of(node) in _LOOKS_LIKE_TEXT:
            return "; put it in quotes"
        case inspect.StrType(pattern=str() as form) if kind_of(node) in _LOOKS_LIKE_TEXT and re.search(
            form, node.value
        ):
            return "; put it in quotes"
        case inspect.LiteralType() if text is not None:
            return did_you_mean(text, map(str, kind.values))
        case inspect.LiteralType() if kind_of(node) in _LOOKS_LIKE_TEXT and node.value in kind.values:
            return "; put it in quotes"
        case inspect.LiteralType() if truth_of(node) is not None:
            return "; YAML takes on, off, yes and no for truth values"
        case inspect.IntType() | inspect.FloatType() if text is not None and is_number(text):
            return "; write it without quotes"
        case inspect.BoolType() if text is not None and is_truth(text):
            return "; write it without quotes"
        case inspect.FloatType() if text is not None and is_number(text.rstrip("s ")):
            return "; write the number alone"
        case _:
            return ""


def quoted(text: str) -> str:
    """A word of the file within a sentence: on one line, and not endless."""
    text = text.encode("unicode_escape").decode() if not text.isprintable() else text
    return f"`{text}`" if len(text) <= _LONGEST_QUOTE else f"`{text[:_LONGEST_QUOTE]}...`"


def _choices(kind: inspect.Type) -> tuple[object, ...]:
    return kind.values if isinstance(kind, inspect.LiteralType) else ()
