"""What a YAML node holds, taken strictly.

YAML 1.1 reads more into a plain word than people expect: `no` is false, `0777` is 511, `10:30` is 630, `1_000` is 1000.
Truth values are taken where one is meant; of the numbers only plain decimals are.
"""

import re
from typing import Any, Final

import yaml

from router.config.mistakes import Place

TAG: Final = "tag:yaml.org,2002:"
KNOWN_TAGS: Final = frozenset(
    TAG + name for name in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "value", "merge")
)

_INTEGER: Final = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?")
_TRUTH: Final[dict[str, bool]] = yaml.SafeLoader.bool_values


def place_of(mark: Any) -> Place:
    """The place of a mark of PyYAML, which counts from 0."""
    return Place(mark.line + 1, mark.column + 1)


def kind_of(node: yaml.Node) -> str:
    """The YAML type: map, seq, str, int, float, bool, null, timestamp ..."""
    kind = node.tag.removeprefix(TAG)
    return "str" if kind == "value" else kind  # a lone `=`


def is_nothing(node: yaml.Node) -> bool:
    """Tell whether there is no value: `key:`, `key: null`, `key: ~`."""
    return kind_of(node) == "null"


def text_of(node: yaml.Node) -> str | None:
    """The text, when it is one."""
    return str(node.value) if isinstance(node, yaml.ScalarNode) and kind_of(node) == "str" else None


def truth_of(node: yaml.Node) -> bool | None:
    """True or False, when it is one: true, false, yes, no, on, off."""
    return _TRUTH[node.value.lower()] if isinstance(node, yaml.ScalarNode) and kind_of(node) == "bool" else None


def integer_of(node: yaml.Node) -> int | None:
    """The whole number, when it is one in plain decimals."""
    return int(node.value) if kind_of(node) == "int" and _INTEGER.fullmatch(node.value) else None


def number_of(node: yaml.Node) -> float | None:
    """The number, when it is one in plain decimals."""
    return float(node.value) if kind_of(node) in ("int", "float") and _NUMBER.fullmatch(node.value) else None


def is_number(text: str) -> bool:
    """Tell whether a text looks like a number, so that only its quotes are wrong."""
    return _NUMBER.fullmatch(text) is not None


def is_truth(text: str) -> bool:
    """Tell whether a text looks like a truth value, so that only its quotes are wrong."""
    return text.lower() in _TRUTH
