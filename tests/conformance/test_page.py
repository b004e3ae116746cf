"""docs/conformance.md says what is true."""

import pytest

from tests.conformance.entries import CHAPTERS, ENTRIES, PARTLY, WORKS, Entry
from tests.conformance.page import PAGE, page, proofs


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it anew: python -m tests.conformance.page"


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.number)
def test_what_works_has_a_test_and_what_does_not_has_a_reason(entry: Entry) -> None:
    if entry.state in (WORKS, PARTLY):
        assert entry.number in proofs(), "no test has this number at the beginning of its docstring"
    assert bool(entry.reason) is (entry.state != WORKS)


def test_tests_name_entries_that_there_are() -> None:
    assert proofs().keys() <= {entry.number for entry in ENTRIES}


def test_every_entry_is_there_once_and_in_order() -> None:
    order = [(list(CHAPTERS).index(entry.number[0]), int(entry.number[1:])) for entry in ENTRIES]
    assert order == sorted(set(order))
    assert len(ENTRIES) == 166
