"""What WELCOME announces is what the handbook says."""

from pathlib import Path

import pytest
from msgspec import to_builtins

from realms.realm import ROLES
from wamp.options import Features

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text("utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ")]


@pytest.mark.parametrize("role", ["broker", "dealer"])
def test_the_handbook_names_every_feature_of_a_role_and_no_other(role: str) -> None:
    announced = set(to_builtins(ROLES)[role]["features"])
    rows = " ".join(row for row in ROWS if row.startswith((f"| {role} |", "| broker and dealer |")))
    named = {name for name in Features.__struct_fields__ if name in rows.replace(",", " ").replace(")", " ").split()}
    assert named == announced
