"""The tests that are written in JavaScript."""

import subprocess
from pathlib import Path

import pytest

from tests.npm import NODE


@pytest.mark.parametrize("name", ["units", "model"])
def test_parts_of_the_client_by_themselves(name: str) -> None:
    script = Path(__file__).parent / f"{name}.test.mjs"
    done = subprocess.run([str(NODE), "--test", str(script)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
