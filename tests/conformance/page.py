"""Writes docs/conformance.md: what works of WAMP, and which test proves it.

python -m tests.conformance.page
"""

import ast
import re
from functools import cache
from pathlib import Path
from typing import Final

from tests.conformance.entries import CHAPTERS, ENTRIES, WORKS, Entry

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "docs" / "conformance.md"

NUMBERS: Final = re.compile(r"[A-K]\d+(?:, [A-K]\d+)*(?=[:.\n]|\Z)")
"""The beginning of the docstring of a test that proves entries."""

SHOWN: Final = 3
"""Tests of an entry that the page names, those of tests/conformance first; the others can be searched for."""

HEAD: Final = """# What Wamplex does of WAMP

Made by `python -m tests.conformance.page` of `tests/conformance/entries.py` and of the tests, which name the entries
that they prove. The tests of `tests/conformance` run over WebSocket and RawSocket, with JSON, MessagePack and CBOR; the
basics over long-poll and batched WebSocket, too.

Sections are those of the [WAMP specification](https://wamp-proto.org/wamp_latest_ietf.html): (b) is its basic profile,
(a) its advanced profile.

"""


@cache
def proofs() -> dict[str, list[str]]:
    """`{"C17": ["tests/conformance/test_rpc.py::test_...", ...], ...}`, those of tests/conformance first."""
    found: dict[str, list[str]] = {}
    paths = sorted((ROOT / "tests").rglob("test_*.py"), key=lambda path: (path.parent.name != "conformance", path))
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
                continue
            numbers = NUMBERS.match(ast.get_docstring(node) or "")
            for number in numbers.group().split(", ") if numbers else ():
                found.setdefault(number, []).append(f"{path.relative_to(ROOT)}::{node.name}")
    return found


def page() -> str:
    """The whole text."""
    tests = proofs()
    working = sum(entry.state == WORKS for entry in ENTRIES)
    lines = [HEAD + f"{working} of {len(ENTRIES)} entries work.\n"]
    for letter, chapter in CHAPTERS.items():
        lines.append(f"\n## {letter}. {chapter}\n\n| | | section | state | tests |\n| --- | --- | --- | --- | --- |\n")
        lines += [row(entry, tests.get(entry.number, [])) for entry in ENTRIES if entry.number[0] == letter]
    return "".join(lines)


def row(entry: Entry, tests: list[str]) -> str:
    """One line of a table."""
    state = f"**{entry.state}**" if entry.state == WORKS else f"{entry.state}: {entry.reason}"
    links = [f"[{_sentence(test)}](../{test.partition('::')[0]})" for test in tests[:SHOWN]]
    if len(tests) > SHOWN:
        links.append(f"and {len(tests) - SHOWN} more")
    return f"| {entry.number} | {entry.title} | {entry.section} | {state} | {'; '.join(links)} |\n"


def _sentence(test: str) -> str:
    return test.partition("::test_")[2].replace("_", " ")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
