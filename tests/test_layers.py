"""The layers of the house: imports point one way, and no module needs itself.

    wamp <- realms <- router        clients and web know only the wire

Read from the source, so it holds for code that no test runs.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = {
    "wamp": {"wamp"},
    "realms": {"wamp", "realms"},
    "router": {"wamp", "realms", "router"},
    "clients": {"clients"},
    "web": {"web"},
}
OURS = set(LAYERS) | {"tests", "bench"}

NETWORK = {"asyncio", "uvloop", "picows", "socket", "ssl", "threading"}
"""What moves octets: the core does without, so that its tests need no network."""

TWISTED_OF_REALMS = {"twisted.internet.defer", "twisted.logger", "twisted.python.failure"}

SOURCES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for layer in LAYERS
    for path in sorted((ROOT / layer).rglob("*.py"))
    if "vendor" not in path.parts
}


def is_for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def nodes(tree: ast.AST, typing: bool, inner: bool) -> Iterator[ast.AST]:
    """Walk the tree: with what is there for type checkers only, with what is inside of functions, or without."""
    for child in ast.iter_child_nodes(tree):
        if is_for_types_only(child) and not typing:
            continue
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and not inner:
            continue
        yield child
        yield from nodes(child, typing, inner)


def imports(module: str, *, typing: bool, inner: bool) -> set[str]:
    """Every module that a module imports; `from a import b` is `a` and, if that is a module of ours, `a.b`."""
    path = SOURCES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found = set()
    for node in nodes(ast.parse(path.read_text(encoding="utf-8")), typing, inner):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parent = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            name = ".".join([*parent, *([node.module] if node.module else [])])
            found |= {name} | {f"{name}.{alias.name}" for alias in node.names}
    return found


def belongs_to(name: str, packages: set[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_imports_itself_and_what_is_below_it(layer: str) -> None:
    forbidden = OURS - LAYERS[layer]
    wrong = [
        f"{module} imports {name}"
        for module in SOURCES
        if belongs_to(module, {layer})
        for name in imports(module, typing=True, inner=True)
        if belongs_to(name, forbidden)
    ]
    assert wrong == []


@pytest.mark.parametrize("layer", ["wamp", "realms"])
def test_only_the_router_touches_a_network(layer: str) -> None:
    wrong = [
        f"{module} imports {name}"
        for module in SOURCES
        if belongs_to(module, {layer})
        for name in imports(module, typing=True, inner=True)
        if belongs_to(name, NETWORK)
    ]
    assert wrong == []


@pytest.mark.parametrize(("layer", "allowed"), [("wamp", set()), ("realms", TWISTED_OF_REALMS)])
def test_the_vocabulary_knows_no_twisted_and_realms_know_little_of_it(layer: str, allowed: set[str]) -> None:
    wrong = [
        f"{module} imports {name}"
        for module in SOURCES
        if belongs_to(module, {layer})
        for name in imports(module, typing=True, inner=True)
        if belongs_to(name, {"twisted"}) and not belongs_to(name, allowed)
    ]
    assert wrong == []


def test_no_module_imports_itself_in_a_circle() -> None:
    needs = {module: imports(module, typing=False, inner=False) & set(SOURCES) - {module} for module in SOURCES}
    while free := [module for module, needed in needs.items() if not needed]:
        needs = {module: needed - set(free) for module, needed in needs.items() if module not in free}
    assert needs == {}, "these import each other, or something that does"


def test_there_is_something_to_check() -> None:
    assert {"wamp.messages", "realms.session", "router"} <= set(SOURCES)
    assert "wamp.errors" in imports("realms.session", typing=False, inner=False)
