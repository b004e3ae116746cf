"""Times as the meta API writes them: RFC 3339, UTC, with milliseconds: `2026-11-22T12:38:04.512Z`."""

from datetime import UTC, datetime


def written(seconds: float) -> str:
    """Write a time that is given in seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
