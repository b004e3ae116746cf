"""The log: one line per event on the standard error output, or one JSON object per line.

    2026-11-22 11:30:00 INFO  router.node  listening on 127.0.0.1:8080

Everything goes through `twisted.logger`; what libraries say through Python's `logging` and `warnings` is brought
there, and nothing is sent back. A failure is followed by its whole traceback. Text that came from a peer cannot
forge a line or paint the terminal, because control characters are written as escapes.
"""

import json
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from traceback import format_exception
from typing import Any, Final, TextIO

from twisted.logger import LogEvent, Logger, LogLevel, formatEvent, globalLogBeginner
from twisted.python.failure import Failure

from router.config.model import Logging

Observer = Callable[[LogEvent], None]

WORDS: Final = {"debug": "DEBUG", "info": "INFO ", "warn": "WARN ", "error": "ERROR", "critical": "CRIT "}

COLOURS: Final = {"debug": "2", "info": "", "warn": "33", "error": "31", "critical": "1;31"}
"""Of the level's word, as SGR parameters: dim, plain, yellow, red, bold red."""

_ESCAPES: Final = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))} | {
    0x09: "\t",
    0x0A: "\\n",
    0x0D: "\\r",
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}
_LEVELS: Final = (
    (logging.CRITICAL, LogLevel.critical),
    (logging.ERROR, LogLevel.error),
    (logging.WARNING, LogLevel.warn),
    (logging.INFO, LogLevel.info),
)


def start_logging(settings: Logging, stream: TextIO | None = None) -> None:
    """Write the log to `stream`, by default the standard error output, from now on, and what was logged before.

    Called once in the life of the process.
    """
    stream = sys.stderr if stream is None else stream
    lines = JsonLines(stream) if settings.format == "json" else TextLines(stream)
    observer: Any = at_level(settings.level, lines)
    globalLogBeginner.beginLoggingTo([observer], redirectStandardIO=False)  # this brings `warnings` in, too
    bring_in_python_logging(settings.level)
    sys.unraisablehook = tell_unraisable


def at_level(level: str, observer: Observer) -> Observer:
    """Let only events of this level and above through to the observer."""
    least = LogLevel.levelWithName(level)

    def observe(event: LogEvent) -> None:
        if event.get("log_level", LogLevel.info) >= least:
            observer(event)

    return observe


# --- writing --------------------------------------------------------------------------------------------------


class TextLines:
    """Lines for people; the level is coloured on a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._write = _writer(stream)
        self._coloured = stream.isatty()

    def __call__(self, event: LogEvent) -> None:
        moment = datetime.fromtimestamp(event["log_time"]).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        level = level_of(event)
        word = WORDS[level]
        if self._coloured and COLOURS[level]:
            word = f"\x1b[{COLOURS[level]}m{word}\x1b[0m"
        text = _text_of(event).translate(_ESCAPES)
        failure = _failure_of(event)
        traceback = _traceback(failure).split("\n") if failure is not None else []
        below = "".join(f"\n    {line.translate(_ESCAPES)}" for line in traceback)
        self._write(f"{moment} {word} {origin_of(event)}  {text}{below}\n")


class JsonLines:
    """One object a line: time (ISO 8601, UTC), level, origin, text, and traceback where there is one."""

    def __init__(self, stream: TextIO) -> None:
        self._write = _writer(stream)

    def __call__(self, event: LogEvent) -> None:
        moment = datetime.fromtimestamp(event["log_time"], UTC).isoformat(timespec="milliseconds")
        self._write(json.dumps({"time": moment, **told(event)}) + "\n")


def told(event: LogEvent) -> dict[str, str]:
    """What there is to say of an event, but for the time: {level, origin, text}, and traceback where there is one."""
    facts = {"level": level_of(event), "origin": origin_of(event), "text": _text_of(event)}
    failure = _failure_of(event)
    return facts if failure is None else {**facts, "traceback": _traceback(failure)}


def _writer(stream: TextIO) -> Callable[[str], None]:
    """A log that cannot be written (a closed pipe, a full disk) must not take the router down with it."""

    def write(text: str) -> None:
        try:
            stream.write(text)
            stream.flush()
        except (OSError, ValueError):
            return

    return write


def level_of(event: LogEvent) -> str:
    """debug, info, warn, error or critical."""
    level = event.get("log_level")
    return level.name if level is not None else "info"


def origin_of(event: LogEvent) -> str:
    """Which part of the router, or which library."""
    origin = event.get("log_namespace")
    if "category" in event and "lineno" in event:  # how Twisted tells of a warning
        return "warnings"
    return str(event.get("log_system", "-") if origin in (None, "log_legacy") else origin)


def _failure_of(event: LogEvent) -> Failure | None:
    failure = event.get("log_failure") or event.get("failure")  # the latter from the log of old, `twisted.python.log`
    return failure if isinstance(failure, Failure) else None


def _text_of(event: LogEvent) -> str:
    failure = _failure_of(event)
    text = event.get("why") if event.get("isError") and failure is not None else formatEvent(event)
    if not text and failure is not None:
        text = failure.getErrorMessage()
    return str(text or "").rstrip("\n")


def _traceback(failure: Failure) -> str:
    """The traceback whole, with the exceptions that led to this one."""
    frames = failure.getTracebackObject()  # also of one that was pickled or cleaned
    return "".join(format_exception(failure.type, failure.value, frames)).rstrip("\n")


# --- Python's logging -----------------------------------------------------------------------------------------


class IntoTwisted(logging.Handler):
    """Hands the records of Python's `logging` to Twisted's log, under the name of their logger."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log the record; one that came out of Twisted's log (by a `STDLibLogObserver`) would go in circles."""
        if record.name == "twisted":
            return
        try:
            level = next((level for least, level in _LEVELS if record.levelno >= least), LogLevel.debug)
            event: dict[str, Any] = {"text": record.getMessage()}
            if record.exc_info and record.exc_info[1] is not None:
                kind, error, traceback = record.exc_info
                event["log_failure"] = Failure(error, kind, traceback)
            Logger(namespace=record.name).emit(level, "{text}", **event)
        except Exception:
            self.handleError(record)


def bring_in_python_logging(level: str) -> None:
    """Make `IntoTwisted` the one handler of Python's root logger."""
    names = {"warn": "WARNING"}
    logging.basicConfig(handlers=[IntoTwisted()], level=names.get(level, level.upper()), force=True)


# --- what nobody can catch ------------------------------------------------------------------------------------


def tell_unraisable(what: "sys.UnraisableHookArgs") -> None:
    """Log an exception that has no caller to go to: of a finalizer, or of a function that C code calls."""
    error, log = what.exc_value, Logger(namespace="python")
    if isinstance(error, UnicodeDecodeError) and what.object == error.object:
        # `ssl`, of a client that asks for a host name (SNI) that is none; its handshake fails, and that is all
        log.debug("somebody asked for a host by a name that is not ASCII")
        return
    text = what.err_msg or "an exception was ignored"
    log.failure("{text}", failure=Failure(error, what.exc_type, what.exc_traceback), text=f"{text}: {what.object!r}")
