"""What proxies write into the head of a request about who sent it. No I/O, and no judgement on whom to believe.

    X-Forwarded-For: 192.0.2.7, 198.51.100.2:4711     each proxy appends whom it got the request from
    X-Forwarded-Proto: https                          how that came; with X-Forwarded-Host, as what it was addressed
    Forwarded: for="[2001:db8::7]:4711";proto=https;host=wamp.example, for=198.51.100.2

The left end is whatever the client made up. So both are read from the right, where the proxy next to us wrote, and
what is malformed names nobody. RFC 7239; the others are custom only.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from router.transports.whereabouts import canonical

FIELDS: Final = ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded")
"""All that is looked at."""

Fields = Mapping[str, list[str]]
"""Of a request: names in lower case, the values of all lines in their order."""

_SECURE: Final = {"https": True, "wss": True, "http": False, "ws": False}

_PORT: Final = r"(?::(?P<port>[0-9]{1,5}|_[A-Za-z0-9._-]{1,64}))?"
_NODE: Final = re.compile(
    rf"\[(?P<six>[0-9A-Fa-f:.]{{2,45}})\]{_PORT}|(?P<four>[0-9.]{{7,15}}){_PORT.replace('port', 'port4')}"
    r"|(?P<bare>[0-9A-Fa-f:.]{2,45})"
)
_HOST: Final = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")

_TOKEN: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - of a header
_PAIR: Final = re.compile(rf'({_TOKEN})=({_TOKEN}|"(?:[^"\\]|\\.)*")|(?=[;, \t]|\Z)')
_BETWEEN: Final = re.compile(r"[ \t]*([;,]|\Z)[ \t]*")


class Hop(NamedTuple):
    """What one proxy says of where a request came from."""

    address: str = ""
    """Empty if it does not say, or does not want to: `unknown`, `_hidden`, or nonsense."""

    port: int = 0
    secure: bool | None = None
    """None if it does not say."""

    host: str = ""


def x_forwarded(fields: Fields) -> Iterator[Hop]:
    """The hops by X-Forwarded-For, the nearest first.

    The other two have no order that is agreed upon: some proxies append, some replace. The last one goes with the last
    address, and so on; if there are fewer, the first one goes with the rest.
    """
    names, protocols, hosts = (_members(fields, f"x-forwarded-{name}") for name in ("for", "proto", "host"))
    for place in range(max(1, len(names)) if names or protocols or hosts else 0):
        address, port = read_node(names[-1 - place]) if names else ("", 0)
        yield Hop(
            address,
            port,
            _SECURE.get(protocols[-min(place + 1, len(protocols))].lower()) if protocols else None,
            read_host(hosts[-min(place + 1, len(hosts))]) if hosts else "",
        )


def forwarded(fields: Fields) -> Iterator[Hop]:
    """The hops by Forwarded, the nearest first; none beyond a line that is malformed."""
    for line in reversed(fields.get("forwarded", [])):
        elements = _elements(line)
        if elements is None:
            yield Hop()
            return
        for element in reversed(elements):
            address, port = read_node(element.get("for", ""))
            yield Hop(address, port, _SECURE.get(element.get("proto", "").lower()), read_host(element.get("host", "")))


def read_node(text: str) -> tuple[str, int]:
    """The address and port of a node; what is none, or is not told, is `("", 0)`."""
    found = _NODE.fullmatch(text)
    if found is None:
        return "", 0
    port = found["port"] or found["port4"] or "0"
    number = int(port) if port.isdigit() else 0  # `_hidden` is a port, too
    try:
        address = canonical(found["six"] or found["four"] or found["bare"])
    except ValueError:
        return "", 0
    return (address, number) if number < 2**16 else ("", 0)


def read_host(text: str) -> str:
    """A host as in the field Host; empty if it is none."""
    return text if _HOST.fullmatch(text) else ""


def _members(fields: Fields, name: str) -> list[str]:
    members = (member.strip(" \t") for value in fields.get(name, ()) for member in value.split(","))
    return [member for member in members if member]


def _elements(line: str) -> list[dict[str, str]] | None:
    """The elements of one line, each with its parameters by their names; None if it is malformed."""
    elements: list[dict[str, str]] = [{}]
    at = len(line) - len(line.lstrip(" \t"))
    while True:
        pair = _PAIR.match(line, at)
        between = _BETWEEN.match(line, pair.end()) if pair is not None else None
        if pair is None or between is None:
            return None
        if pair[1]:
            name = pair[1].lower()
            if name in elements[-1]:
                return None  # RFC 7239, section 4: not more than once
            elements[-1][name] = _unquoted(pair[2])
        at = between.end()
        if between[1] == ",":
            elements.append({})
        elif not between[1]:
            return [element for element in elements if element]


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
