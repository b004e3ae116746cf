"""The worker that tails a log: numbers, levels, and what it recalls."""

from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
from autobahn.wamp.exception import ApplicationError
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from clients.logtail import AT_ONCE, INTERVAL, LARGEST_ANSWER, LONGEST_TRACE, PAST, REMEMBERED, LogTail
from tests.clients.desk import Desk, employ

TOPIC, LAST = "com.example.log", "com.example.log.last"


class Log:
    """A log file and the worker that follows it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = Clock()
        self.worker = LogTail(self.clock, Namespace(log_file=path))
        self.desk, self.serving = self.serve()

    def serve(self) -> tuple[Desk, Deferred[None]]:
        desk, serving = employ(self.worker)
        serving.addErrback(lambda _: None)
        return desk, serving

    def write(self, *lines: str) -> None:
        with self.path.open("a") as file:
            file.writelines(f"{line}\n" for line in lines)
        self.clock.pump([INTERVAL] * 20)

    def last(self, *args: Any, **kwargs: Any) -> list[tuple[int, str, str]]:
        return [tuple(line) for line in self.desk.procedures[LAST](*args, **kwargs)]


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "demo.log")


def test_lines_are_published_with_their_numbers_and_can_be_recalled(log: Log) -> None:
    log.write("one", "two")
    assert log.desk.told(TOPIC) == [(1, "one", "info"), (2, "two", "info")]
    assert log.last() == [(1, "one", "info"), (2, "two", "info")]
    assert log.last(1) == [(2, "two", "info")]


def test_lines_written_while_the_router_is_away_are_published_when_it_is_back(log: Log) -> None:
    log.serving.cancel()
    log.write("meanwhile")
    desk, _ = log.serve()
    assert desk.told(TOPIC) == [(1, "meanwhile", "info")]


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("2026-11-22 11:59:02 INFO  router  ready", "info"),
        ('{"level":"debug","text":"an error in the text is none of the line"}', "debug"),
        ("2026-11-22 [warn] 12#12: slow", "warn"),
        ("WARNING: full", "warn"),
        ("E1122 fatal: no space left", "error"),
        ("CRITICAL gone", "error"),
        ("informal errors, undebugged", "info"),
        ("x" * 100 + " ERROR", "info"),
    ],
)
def test_the_level_is_what_the_line_names_first(log: Log, line: str, level: str) -> None:
    log.write(line)
    assert log.desk.told(TOPIC) == [(1, line, level)]


def test_lines_that_name_no_level_belong_to_the_line_before_them(log: Log) -> None:
    log.write("ERROR it broke", "  File x.py, line 3", "INFO goes on", "and on")
    assert [level for _, _, level in log.last()] == ["error", "error", "info", "info"]
    log.write("ERROR once", *("names none" for _ in range(100)))
    assert [level for _, _, level in log.last(101)].count("error") == 1 + LONGEST_TRACE


def test_going_back_page_by_page_finds_every_line_once(log: Log) -> None:
    log.write(*(f"line {i}" for i in range(1, 26)))
    found: list[tuple[int, str, str]] = []
    while older := log.last(10, found[0][0] if found else None):
        found = older + found
    assert [number for number, _, _ in found] == list(range(1, 26))
    assert log.last(before=1) == []
    assert log.last(before=-(2**60)) == []
    assert log.last(3, before=2**60) == found[-3:]


def test_only_so_many_lines_are_remembered(log: Log) -> None:
    log.write(*(str(i) for i in range(1, REMEMBERED + 101)))
    assert log.last(1, before=102) == [(101, "101", "info")]
    assert log.last(1, before=101) == []


def test_an_answer_is_never_too_large_for_a_message(log: Log) -> None:
    log.write(*("x" * 4000 for _ in range(100)))
    answer = log.last(AT_ONCE)
    assert 0 < sum(len(text) for _, text, _ in answer) <= LARGEST_ANSWER
    assert answer[-1][0] == 100


def test_what_the_file_held_before_is_recalled_and_not_published(tmp_path: Path) -> None:
    path = tmp_path / "demo.log"
    path.write_text("WARN old\nhalf a li")
    log = Log(path)
    assert log.desk.told(TOPIC) == []
    assert log.last() == [(1, "WARN old", "warn")]
    log.write("ne")
    assert log.desk.told(TOPIC) == [(2, "half a line", "warn")]


def test_of_a_long_past_only_the_end_is_recalled_in_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "demo.log"
    path.write_text("".join(f"line number {i}\n" for i in range(100_000)))
    texts = [text for _, text, _ in Log(path).last(AT_ONCE)]
    assert texts == [f"line number {i}" for i in range(100_000 - AT_ONCE, 100_000)]
    older = Log(path).worker.remembered[0].text
    assert older.startswith("line number ")
    assert int(older.split()[-1]) > 100_000 - PAST / 18


@pytest.mark.parametrize("args", [(0,), (AT_ONCE + 1,), ("5",), (True,), (1, "2"), (1, 2.5), (1, True), (1, 2, 3)])
def test_last_refuses_what_is_no_count_and_no_number_of_a_line(log: Log, args: Any) -> None:
    with pytest.raises(ApplicationError, match=r"wamp\.error\.invalid_argument"):
        log.last(*args)
