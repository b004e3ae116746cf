"""Reading and writing the one cookie that matters here: RFC 6265."""

from collections.abc import Iterable


def kept_cookie(fields: Iterable[str], name: str) -> str:
    """The pair of that name, out of the Cookie fields of a request: `wamplex=<value>`; empty if it is not there."""
    value = find_cookie(fields, name)
    return f"{name}={value}" if value else ""


def find_cookie(fields: Iterable[str], name: str) -> str | None:
    """The value of a cookie; of several the first, which is the one for the longest path."""
    for field in fields:
        for pair in field.split(";"):
            found, _, value = pair.strip().partition("=")
            if found == name:
                return value.strip('"')
    return None


def cookie_field(name: str, value: str, seconds: int, *, secure: bool, same_site: str) -> str:
    """Set-Cookie; scripts never see it, and 0 seconds make the browser forget it."""
    parts = [f"{name}={value}", "Path=/", f"Max-Age={seconds}", "HttpOnly", f"SameSite={same_site.capitalize()}"]
    return "; ".join([*parts, "Secure"] if secure else parts)
