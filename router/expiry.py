"""Certificates expire: the log says so in time, and then again every day until somebody does something about it."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from twisted.logger import Logger, LogLevel

from realms.clock import Clock
from router.tls import Shown

WARN_BEFORE: Final = timedelta(days=14)
"""Time to act, for people. Certificates that programs renew may live for days: there it is the last third of that."""

DAY: Final = 86_400.0
"""Seconds between two lines about one certificate."""

log = Logger(namespace="tls")


def now_in_utc() -> datetime:
    """The time on the wall."""
    return datetime.now(UTC)


class Expiry:
    """What the log has been told of the certificates of a listener."""

    def __init__(self, clock: Clock, now: Callable[[], datetime] = now_in_utc) -> None:
        self._clock = clock
        self._now = now
        self._told: dict[Shown, tuple[str, float]] = {}

    def look(self, shown: Iterable[Shown]) -> None:
        """Tell the log what has to be said about these now."""
        at, now, before, self._told = self._clock.seconds(), self._now(), self._told, {}
        for each in shown:
            level, what = _judge(each, now)
            if level is None:
                continue
            said, when = before.get(each, ("", at))
            if said != level.name or at - when >= DAY:
                said, when = level.name, at
                log.emit(level, "the certificate {file} {what}", file=str(each.file), what=what)
            self._told[each] = said, when


def _judge(shown: Shown, now: datetime) -> tuple[LogLevel | None, str]:
    first, last = shown.certificate.not_valid_before_utc, shown.certificate.not_valid_after_utc
    if now >= last:
        return LogLevel.error, f"expired on {last:%Y-%m-%d at %H:%M} UTC: clients refuse it"
    if now < first:
        return LogLevel.error, f"is not valid before {first:%Y-%m-%d %H:%M} UTC: clients refuse it"
    if last - now > min(WARN_BEFORE, (last - first) / 3):
        return None, ""
    days = (last - now) // timedelta(days=1)
    left = "within a day" if days < 1 else "in 1 day" if days == 1 else f"in {days} days"
    return LogLevel.warn, f"expires {left}, on {last:%Y-%m-%d at %H:%M} UTC"
