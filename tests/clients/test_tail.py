"""Following a file: whatever its writer does, and whatever is in it, the reader gets whole lines, once each."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.tail import CUT, LARGEST_BACKLOG, LONGEST_LINE, READ_AT_ONCE, Lines, Tail


def append(path: Path, octets: bytes) -> None:
    with path.open("ab") as file:
        file.write(octets)


def read_all(tail: Tail) -> list[str]:
    """Look until two looks in a row bring nothing: one may be spent on noticing another file."""
    lines: list[str] = []
    quiet = 0
    while quiet < 2:
        new = tail.read()
        quiet = 0 if new else quiet + 1
        lines += new
    return lines


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "demo.log"


def test_a_line_is_told_when_its_end_has_come() -> None:
    lines = Lines()
    assert lines.feed(b"one\ntw") == ["one"]
    assert lines.feed(b"o") == []
    assert lines.feed(b"\n\nthree\r\n") == ["two", "", "three"]


def test_a_character_cut_between_two_reads_arrives_whole() -> None:
    octets = "grüße €\n".encode()
    lines = Lines()
    assert [line for i in range(len(octets)) for line in lines.feed(octets[i : i + 1])] == ["grüße €"]


def test_a_line_that_is_too_long_is_cut_and_the_next_one_is_whole() -> None:
    lines = Lines()
    assert lines.feed(b"x" * (LONGEST_LINE - 1)) == []
    assert lines.feed(b"y" * 100_000) == []
    assert len(lines.partial) == LONGEST_LINE
    assert lines.feed(b"\nnext\n") == ["x" * (LONGEST_LINE - 1) + "y" + CUT, "next"]


def test_a_line_of_exactly_the_longest_length_is_not_cut() -> None:
    assert Lines().feed(b"x" * LONGEST_LINE + b"\n") == ["x" * LONGEST_LINE]


@given(st.lists(st.binary()))
def test_any_octets_cut_anywhere_become_text_that_utf8_can_carry(pieces: list[bytes]) -> None:
    cut, whole = Lines(), Lines()
    in_pieces = [line for piece in pieces for line in cut.feed(piece)] + cut.end()
    at_once = whole.feed(b"".join(pieces)) + whole.end()
    assert in_pieces == at_once
    assert "\n".join(in_pieces).encode().count(b"\n") == max(0, len(in_pieces) - 1)


def test_a_file_that_exists_is_read_from_its_end(path: Path) -> None:
    append(path, b"old\n")
    tail = Tail(path)
    assert tail.read() == []
    append(path, b"new\n")
    assert tail.read() == ["new"]
    assert tail.read() == []


def test_a_file_that_appears_later_is_read_from_its_beginning(path: Path) -> None:
    tail = Tail(path)
    assert tail.read() == []
    append(path, b"first\nsecond\n")
    assert tail.read() == ["first", "second"]


def test_a_partial_line_waits_for_its_end(path: Path) -> None:
    tail = Tail(path)
    append(path, b"half")
    assert tail.read() == []
    append(path, b" and half\n")
    assert read_all(tail) == ["half and half"]


def test_rotation_loses_no_line_of_either_file(path: Path) -> None:
    append(path, b"")
    tail = Tail(path)
    append(path, b"before\n")
    path.rename(path.with_suffix(".1"))
    append(path.with_suffix(".1"), b"still to the old one\nunfinished")
    append(path, b"after\n")
    assert read_all(tail) == ["before", "still to the old one", "unfinished", "after"]


def test_between_two_files_of_a_rotation_the_old_one_is_still_followed(path: Path) -> None:
    append(path, b"")
    tail = Tail(path)
    path.rename(path.with_suffix(".1"))
    assert read_all(tail) == []
    append(path.with_suffix(".1"), b"late\n")
    assert read_all(tail) == ["late"]
    append(path, b"new\n")
    assert read_all(tail) == ["new"]


def test_a_truncated_file_is_read_from_its_beginning_again(path: Path) -> None:
    append(path, b"")
    tail = Tail(path)
    append(path, b"a long line\nand a partial one")
    assert read_all(tail) == ["a long line"]
    os.truncate(path, 0)
    append(path, b"anew\n")
    assert read_all(tail) == ["anew"]


def test_a_file_that_is_gone_and_comes_back_is_followed_again(path: Path) -> None:
    append(path, b"x\n")
    tail = Tail(path)
    path.unlink()
    assert read_all(tail) == []
    append(path, b"back\n")
    assert read_all(tail) == ["back"]


def test_one_look_reads_a_bounded_amount(path: Path) -> None:
    tail = Tail(path)
    append(path, b"0123456\n" * (READ_AT_ONCE // 8 + 1))
    assert len(tail.read()) == READ_AT_ONCE // 8
    assert len(tail.read()) == 1


def test_who_is_far_behind_skips_to_the_newest_lines_and_says_so(path: Path) -> None:
    tail = Tail(path)
    append(path, b"0123456\n" * (LARGEST_BACKLOG // 8 + 8))
    lines = read_all(tail)
    assert "octets skipped" in lines[0]
    assert lines[1:] == ["0123456"] * (READ_AT_ONCE // 8)


def test_a_directory_or_a_missing_folder_is_no_file_yet(tmp_path: Path) -> None:
    assert Tail(tmp_path).read() == []
    assert Tail(tmp_path / "no" / "such" / "file").read() == []
