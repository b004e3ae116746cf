"""From a file's octets to YAML nodes, which know their line and column.

Everything that keeps a file from being one well-formed, harmless YAML document in UTF-8 is told here.
"""

from pathlib import Path
from typing import Any, Final

import yaml
from yaml.reader import Reader

from router.config.mistakes import WHOLE_FILE, InvalidConfig, Mistake, Place
from router.config.nodes import is_nothing, place_of

MAX_FILE_SIZE: Final = 16 * 2**20
"""Octets; far above any configuration, and what keeps `check /dev/zero` from reading forever."""

MAX_DEPTH: Final = 64
"""Levels of nesting. The deepest key of a configuration is on level 9; the C composer recurses without a guard."""

try:
    FastLoader: Any = yaml.CSafeLoader
except AttributeError:  # PyYAML without libyaml: slower, and nothing else
    FastLoader = yaml.SafeLoader

# The parser's words, and what has usually happened.
_HINTS: Final = (
    ("found character '\\t'", "a tab; only spaces may indent"),
    ("that cannot start any token", "a text that starts so needs quotes"),
    ("mapping values are not allowed", "is the indentation right? A text that contains `: ` needs quotes"),
    ("but found '<block mapping start>'", "the indentation does not fit the lines above"),
    ("expected <block end>", "the indentation does not fit the lines above"),
    ("could not find expected ':'", "a key needs a colon and a space after it"),
    ("found undefined alias", "a text that starts with `*` needs quotes"),
    ("expected a single document", "`---` may stand at the top only"),
)


def read_text(path: Path) -> str:
    """Read the file; raises InvalidConfig when it cannot be read or is no UTF-8 text."""
    try:
        with path.open("rb") as file:
            octets = file.read(MAX_FILE_SIZE + 1)
    except OSError as error:
        raise InvalidConfig(str(path), [Mistake(WHOLE_FILE, explain_os_error(error))]) from None
    if len(octets) > MAX_FILE_SIZE:
        raise InvalidConfig(str(path), [Mistake(WHOLE_FILE, f"larger than {MAX_FILE_SIZE // 2**20} MiB")])
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        octet, before = octets[error.start], octets[: error.start].decode("utf-8", "replace")
        raise InvalidConfig(
            str(path), [Mistake(_end_of(before), f"not UTF-8 (octet 0x{octet:02x}); save the file as UTF-8")]
        ) from None
    unprintable = Reader.NON_PRINTABLE.search(text)
    if unprintable is not None:
        code = f"U+{ord(unprintable.group()):04X}"
        raise InvalidConfig(
            str(path), [Mistake(_end_of(text[: unprintable.start()]), f"the control character {code} may not occur")]
        )
    return text


def explain_os_error(error: OSError) -> str:
    """Say why a file cannot be read, as the end of `FILE: `."""
    match error:
        case FileNotFoundError():
            return "no such file"
        case IsADirectoryError():
            return "a folder, not a file"
        case PermissionError():
            return "no permission to read it"
        case _:
            return error.strerror or str(error)


def compose(file: str, text: str) -> yaml.Node:
    """Parse the text; raises InvalidConfig with the first thing that is no YAML."""
    try:
        _refuse_depth(file, text)
        node: yaml.Node | None = yaml.compose(text, Loader=FastLoader)
    except yaml.YAMLError as error:
        raise InvalidConfig(file, [_syntax_mistake(text, error)]) from None
    if node is None or is_nothing(node):
        raise InvalidConfig(file, [Mistake(Place(1, 1), "the file is empty; it needs `realms`")])
    return node


def _refuse_depth(file: str, text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=FastLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            mistake = Mistake(place_of(event.start_mark), f"nested more than {MAX_DEPTH} levels deep")
            raise InvalidConfig(file, [mistake])


def _syntax_mistake(text: str, error: yaml.YAMLError) -> Mistake:
    """Both parsers find the same mistakes; the one in Python words and places them better."""
    try:
        yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as better:
        error = better
    except (yaml.YAMLError, RecursionError):
        pass
    if not isinstance(error, yaml.MarkedYAMLError):
        return Mistake(Place(1, 1), f"not valid YAML: {' '.join(str(error).split())}")
    problem = (error.problem or error.context or "syntax error").strip()
    if problem.startswith("found undefined alias"):
        problem = "found undefined alias"  # without its name, for it may be a secret that lacks its quotes
    whole = " ".join(filter(None, [error.context, problem]))
    hint = next((f"; {hint}" for words, hint in _HINTS if words in whole), "")
    mark = error.problem_mark or error.context_mark
    begun = error.context_mark
    since = f" ({error.context} in line {begun.line + 1})" if begun and mark and begun.line != mark.line else ""
    return Mistake(place_of(mark) if mark else Place(1, 1), f"not valid YAML: {problem}{since}{hint}")


def _end_of(text: str) -> Place:
    lines = text.replace("\r\n", "\n").split("\n")
    return Place(len(lines), len(lines[-1]) + 1)
