"""The tests that are written in JavaScript."""

import subprocess
from pathlib import Path

from tests.npm import NODE


def test_parts_of_the_client_by_themselves() -> None:
    script = Path(__file__).parent / "units.test.mjs"
    done = subprocess.run([str(NODE), "--test", str(script)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
