"""The log: one line per event, failures whole, everything in one place, and nothing forged."""

import io
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.logger import LogEvent, Logger, LogPublisher, globalLogPublisher
from twisted.python import log as log_of_old

from router.log import IntoTwisted, JsonLines, TextLines, at_level, tell_unraisable

ROOT = Path(__file__).parents[2]
STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Broken(io.StringIO):
    """A stream whose other end is gone."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


def logger(lines: Any) -> Logger:
    return Logger(namespace="router", observer=LogPublisher(lines))


def text_of(stream: io.StringIO) -> str:
    """What was written, without the date and time."""
    return re.sub(f"^{STAMP} ", "", stream.getvalue(), flags=re.M)


def test_an_event_is_a_line_with_time_level_origin_and_text() -> None:
    stream = io.StringIO()
    logger(TextLines(stream)).info("listening on {port}", port=8080)
    assert re.fullmatch(f"{STAMP} INFO  router  listening on 8080\n", stream.getvalue())


def test_the_levels_have_words_of_one_width() -> None:
    stream = io.StringIO()
    log = logger(TextLines(stream))
    log.debug("a")
    log.warn("b")
    log.error("c")
    log.critical("d")
    assert text_of(stream) == "DEBUG router  a\nWARN  router  b\nERROR router  c\nCRIT  router  d\n"


def test_the_level_is_coloured_on_a_terminal_only() -> None:
    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        logger(TextLines(stream)).error("no")
    assert "\x1b[31mERROR\x1b[0m router  no\n" in terminal.getvalue()
    assert "\x1b" not in file.getvalue()


@pytest.mark.parametrize(
    ("evil", "written"),
    [
        ("a\n2026-01-01 00:00:00 INFO  router  all is well", "a\\n2026-01-01 00:00:00 INFO  router  all is well"),
        ("a\rb", "a\\rb"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\x9b2J\x00", "\\x9b2J\\x00"),
        ("\u2028", "\\u2028"),
        ("ä\t€", "ä\t€"),
    ],
)
def test_a_text_of_a_peer_can_neither_forge_a_line_nor_steer_the_terminal(evil: str, written: str) -> None:
    stream = io.StringIO()
    logger(TextLines(stream)).info("peer says {text}", text=evil)
    assert text_of(stream) == f"INFO  router  peer says {written}\n"


def test_a_failure_comes_with_its_traceback_and_what_led_to_it() -> None:
    stream = io.StringIO()
    try:
        try:
            raise KeyError("first")
        except KeyError as error:
            raise ValueError("second\x1b[2J") from error
    except ValueError:
        logger(TextLines(stream)).failure("it went wrong")
    first, *below = text_of(stream).rstrip("\n").split("\n")
    assert first == "CRIT  router  it went wrong"
    assert all(line.startswith("    ") for line in below)
    assert "    KeyError: 'first'" in below
    assert below[-1] == "    ValueError: second\\x1b[2J"
    assert any("test_a_failure_comes_with_its_traceback" in line for line in below)


def test_a_failure_of_the_log_of_old_comes_with_its_traceback() -> None:
    stream = io.StringIO()
    lines: Any = TextLines(stream)
    globalLogPublisher.addObserver(lines)
    try:
        log_of_old.err(ValueError("x"), "old code failed")
    finally:
        globalLogPublisher.removeObserver(lines)
    assert text_of(stream) == "CRIT  -  old code failed\n    ValueError: x\n"


def test_as_json_an_event_is_an_object_on_a_line() -> None:
    stream = io.StringIO()
    log = logger(JsonLines(stream))
    log.warn("a\nb {x}", x=1)
    try:
        raise ValueError("x")
    except ValueError:
        log.failure("it went wrong")
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", first.pop("time"))
    assert first == {"level": "warn", "origin": "router", "text": "a\nb 1"}
    assert second["traceback"].startswith("Traceback (most recent call last):\n")
    assert second["traceback"].endswith("\nValueError: x")


@pytest.mark.parametrize(("level", "written"), [("debug", "diwec"), ("info", "iwec"), ("warn", "wec"), ("error", "ec")])
def test_only_events_of_the_level_and_above_are_written(level: str, written: str) -> None:
    events: list[LogEvent] = []
    log = logger(at_level(level, events.append))
    for say in (log.debug, log.info, log.warn, log.error, log.critical):
        say("x")
    assert "".join(event["log_level"].name[0] for event in events) == written


def test_a_log_that_cannot_be_written_disturbs_nobody() -> None:
    logger(TextLines(Broken())).info("x")
    logger(JsonLines(Broken())).info("x")


@pytest.fixture
def python_logger() -> Iterator[logging.Logger]:
    """A logger of Python's whose records go to Twisted's log, and nowhere else."""
    logger = logging.getLogger("some.library")
    into = IntoTwisted()
    logger.addHandler(into)
    logger.propagate = False
    logger.setLevel("DEBUG")
    yield logger
    logger.removeHandler(into)


def test_what_libraries_log_comes_along_under_their_name(python_logger: logging.Logger) -> None:
    stream = io.StringIO()
    lines: Any = TextLines(stream)
    globalLogPublisher.addObserver(lines)
    try:
        python_logger.debug("1")
        python_logger.warning("%d of {these}", 2)
        try:
            raise ValueError("x")
        except ValueError:
            python_logger.exception("failed")
    finally:
        globalLogPublisher.removeObserver(lines)
    said = text_of(stream).split("\n")
    assert said[:3] == ["DEBUG some.library  1", "WARN  some.library  2 of {these}", "ERROR some.library  failed"]
    assert said[-2] == "    ValueError: x"


def test_what_nobody_could_catch_is_logged_as_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unlucky:
        def __del__(self) -> None:
            raise ValueError("x")

    monkeypatch.setattr("sys.unraisablehook", tell_unraisable)
    stream = io.StringIO()
    lines: Any = TextLines(stream)
    globalLogPublisher.addObserver(lines)
    try:
        Unlucky()
    finally:
        globalLogPublisher.removeObserver(lines)
    first, *_, last = text_of(stream).rstrip("\n").split("\n")
    assert first.startswith("CRIT  python  an exception was ignored: <function ")
    assert last == "    ValueError: x"


PROCESS = """
import logging, sys, warnings
from twisted.logger import Logger, STDLibLogObserver, globalLogPublisher
from router.config.model import Logging
from router.log import start_logging

Logger(namespace="early").info("said before the log was open")
start_logging(Logging(level="info", format=sys.argv[1]))
globalLogPublisher.addObserver(STDLibLogObserver())  # as a careless library might
Logger(namespace="router").info("hello")
logging.getLogger("asyncio").warning("slow")
logging.getLogger("asyncio").debug("not this")
warnings.warn("old", DeprecationWarning)
print("to stdout")
"""


def test_a_whole_process_logs_to_stderr_each_event_once() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "always"}
    done = subprocess.run(
        [sys.executable, "-c", PROCESS, "text"], capture_output=True, text=True, env=environment, timeout=30
    )
    assert (done.returncode, done.stdout) == (0, "to stdout\n")
    assert re.sub(f"^{STAMP} ", "", done.stderr, flags=re.M) == (
        "INFO  early  said before the log was open\n"
        "INFO  router  hello\n"
        "WARN  asyncio  slow\n"
        "WARN  warnings  <string>:13: builtins.DeprecationWarning: old\n"
    )


def test_a_whole_process_logs_json() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", PROCESS, "json"], capture_output=True, text=True, env=environment, timeout=30
    )
    texts = [json.loads(line)["text"] for line in done.stderr.splitlines()]
    assert texts[:3] == ["said before the log was open", "hello", "slow"]
