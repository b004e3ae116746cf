"""The configuration in force: every value, the line of the file that says so, and what waits for a restart.

    wamplex.config.get(*, text="", waiting=false, offset=0, limit=1000) -> {file, read, stale, total, waiting,
        values: [{path, value, line, waiting, next?}, ...]}
    wamplex.config.describe(path) -> {path, about, expected, default?, live} | null

`path` is as in `realms[0].calls.max_pending`; `value` is what counts, and is left out where the router knows of it
from the file only. `line` is that of the file as it was when it was `read`, null for a default. What is `waiting`
counts after a restart: `next` is what will then be the value; there is none where the file has it no more. `stale`
says that the file is another one since. `total` is how many values there are, and the `waiting` beside it how many of
all wait.

`text` is looked for in paths and values, case aside. Secrets are `(secret)`, and nothing finds them.
"""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, json
from twisted.internet.defer import Deferred

from realms.authentication.off_loop import OffLoop
from realms.meta.procedure import Procedure, Result
from realms.meta.times import written
from realms.realm import Realm
from realms.session import Session
from router.config.loading import Reading
from router.config.values import Value, key_at, values_of
from router.dashboard.paging import Offset, Text
from router.rulebook import LIVE, Rulebook, in_force

Limit = Annotated[int, Meta(ge=1, le=2000)]
"""More than in other lists: a reader unfolds the whole file, and a usual one has 200 to 500 values."""

Key = Annotated[str, Meta(max_length=200)]

LIVE_PATHS: Final = ("realm_template", *(f"realms.{key}" for key in LIVE), "listeners.tls")
"""What takes effect when the file is read again. Without indices."""


class Configuration:
    """See above."""

    def __init__(self, rulebook: Rulebook, off_loop: OffLoop) -> None:
        """`off_loop`: a file may have ten thousand principals, through which a search takes half a second."""
        self._rulebook = rulebook
        self._off_loop = off_loop
        self._start = rulebook.config
        self._counts: tuple[Reading, int, int] | None = None
        self.procedures = (
            Procedure("wamplex.config.get", self.get),
            Procedure("wamplex.config.describe", self.describe),
        )

    def get(
        self,
        here: Realm,
        caller: Session,
        *,
        text: Text = "",
        waiting: bool = False,
        offset: Offset = 0,
        limit: Limit = 1000,
    ) -> Deferred[Result]:
        """The configuration in force, value by value, with the lines of the file."""
        part = slice(offset, offset + limit)
        return self._off_loop(partial(self._answer, self._rulebook.reading, text, waiting, part))

    def describe(self, here: Realm, caller: Session, path: Key) -> Result:
        """What a key of the configuration is for, and what may stand there; null if there is none of that name."""
        key = key_at(path)
        if key is None:
            return Result([None])
        told = {"path": path, "about": key.about, "expected": key.expected, "live": _is_live(path)}
        return Result([told if key.default is UNSET else told | {"default": key.default}])

    def _answer(self, reading: Reading, text: str, only_waiting: bool, part: slice) -> Result:
        total, waiting = self._counted(reading)
        if text or only_waiting:
            found = [value for value in self._values(reading) if _fits(value, text.lower(), only_waiting)]
            total, rows = len(found), found[part]
        else:
            rows = list(islice(self._values(reading), part.start, part.stop))
        told = {
            "file": str(reading.path.absolute()),
            "read": written(reading.at),
            "stale": reading.is_stale,
            "total": total,
            "waiting": waiting,
            "values": [_row(value) for value in rows],
        }
        return Result([told])

    def _counted(self, reading: Reading) -> tuple[int, int]:
        """How many values there are, and how many of them wait: once for each time that the file was read."""
        if self._counts is None or self._counts[0] is not reading:
            waiting = [value.is_waiting for value in self._values(reading)]
            self._counts = reading, len(waiting), sum(waiting)
        return self._counts[1:]

    def _values(self, reading: Reading) -> Iterator[Value]:
        return values_of(in_force(self._start, reading.config), reading.config, reading.lines)


def _fits(value: Value, text: str, only_waiting: bool) -> bool:
    return (value.is_waiting or not only_waiting) and (not text or text in _searched(value))


def _searched(value: Value) -> str:
    """What is shown of it."""
    shown = [value.path, *(_as_text(one) for one in (value.now, value.file) if one is not UNSET)]
    return "\n".join(shown).lower()


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.encode(value).decode()


def _row(value: Value) -> dict[str, Any]:
    row: dict[str, Any] = {"path": value.path, "line": value.line, "waiting": value.is_waiting}
    if value.now is not UNSET:
        row["value"] = value.now
    if value.is_waiting and value.file is not UNSET:
        row["next"] = value.file
    return row


def _is_live(path: str) -> bool:
    """Whether it counts as soon as the file is read again."""
    plain = ".".join(name.partition("[")[0] for name in path.split("."))
    return any(plain == live or plain.startswith(f"{live}.") for live in LIVE_PATHS)
