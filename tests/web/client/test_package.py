"""web/js as an npm package: what is in it, its types, and the programs of its README."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.npm import NODE, npm
from tests.web.conftest import ROOT

CLIENT = ROOT / "web" / "js"
README = (CLIENT / "README.md").read_text()
SNIPPETS = re.findall(r"```js\n(.*?)```", README, re.DOTALL)
BEGIN = """import { Connection } from "/js/wamplex.js";
const connection = new Connection({ url: "ws://127.0.0.1:8080/ws", realm: "realm1" });
"""
COMPILER_OPTIONS = {
    "strict": True,
    "noEmit": True,
    "target": "es2022",
    "module": "nodenext",
    "moduleResolution": "nodenext",
    "lib": ["es2022", "dom"],
    "types": [],
    "noUnusedLocals": False,
    "paths": {"/js/wamplex.js": ["./node_modules/wamplex/wamplex.d.ts"]},
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has installed the package, as npm packs it."""
    folder = tmp_path_factory.mktemp("project")
    packed = npm("pack", "--json", f"--pack-destination={folder}", str(CLIENT), folder=folder)
    assert packed.returncode == 0, packed.stderr
    [told] = json.loads(packed.stdout)
    (folder / "node_modules").mkdir()
    shutil.unpack_archive(folder / told["filename"], folder / "unpacked", "gztar")
    (folder / "unpacked" / "package").rename(folder / "node_modules" / "wamplex")
    (folder / "package.json").write_text('{"type": "module"}')
    return folder


def node(folder: Path, program: str) -> str:
    command = [str(NODE), "--input-type=module", "--eval", program]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=True).stdout


def test_the_package_has_all_that_it_needs_and_nothing_else(project: Path) -> None:
    there = {path.name for path in (project / "node_modules" / "wamplex").iterdir()}
    scripts = {path.name for path in CLIENT.glob("*.js")}
    assert there == scripts | {"package.json", "README.md", "wamplex.d.ts"}
    manifest = json.loads((CLIENT / "package.json").read_text())
    assert (manifest["name"], manifest["license"]) == ("wamplex", "MIT")
    assert "dependencies" not in manifest
    assert manifest["version"] == re.search(r"^version = (.*)$", (ROOT / "setup.cfg").read_text(), re.MULTILINE)[1]  # type: ignore[index]


def test_what_is_exported_is_what_is_typed(project: Path) -> None:
    exported = node(project, 'console.log(Object.keys(await import("wamplex")).join(" "))').split()
    typed = re.findall(
        r"^export (?:declare )?(?:class|function|const) (\w+)", (CLIENT / "wamplex.d.ts").read_text(), re.M
    )
    assert sorted(exported) == sorted(set(typed))


def test_methods_and_properties_are_those_that_are_typed(project: Path) -> None:
    names = "Object.getOwnPropertyNames"
    program = f"""
        import {{ Connection }} from "wamplex";
        const one = new Connection({{ url: "ws://127.0.0.1:1/ws", realm: "realm1" }});
        console.log([...{names}(Connection.prototype), ...{names}(one)].join(" "));
    """
    there = set(node(project, program).split()) - {"constructor"}
    [body] = re.findall(r"export class Connection .*?\{\n(.*?)\n\}", (CLIENT / "wamplex.d.ts").read_text(), re.DOTALL)
    typed = set(re.findall(r"^  (?:readonly )?(\w+)[(:<]", body, re.MULTILINE))
    assert there == typed - {"constructor", "addEventListener"}


def test_it_is_imported_where_there_is_no_document_and_no_autobahn(project: Path) -> None:
    assert node(project, 'import { Connection } from "wamplex"; console.log(typeof document, typeof Connection)') == (
        "undefined function\n"
    )


def test_typescript_accepts_the_types_a_sample_and_the_readme(project: Path, modules: Path) -> None:
    """Everything of the README goes on from what it begins with; each snippet may have a connection of its own."""
    for number, snippet in enumerate(SNIPPETS):
        text = snippet if "new Connection(" in snippet else BEGIN + snippet
        (project / f"readme{number}.ts").write_text(f"{text}\nexport {{}};\n")
    shutil.copy(Path(__file__).parent / "sample.ts", project)
    (project / "autobahn.d.ts").write_text('declare module "autobahn";')
    (project / "tsconfig.json").write_text(json.dumps({"compilerOptions": COMPILER_OPTIONS, "include": ["*.ts"]}))
    compiler = modules / "typescript" / "bin" / "tsc"
    done = subprocess.run([str(NODE), str(compiler)], capture_output=True, text=True, cwd=project)
    assert done.stdout == ""
    assert len(SNIPPETS) > 6


def test_no_file_of_the_client_is_too_long_or_writes_markup() -> None:
    for path in CLIENT.iterdir():
        text = path.read_text()
        assert len(text.splitlines()) <= 300, path.name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|eval\(", text), path.name
