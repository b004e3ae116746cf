"""The arguments of procedures: a call that does not fit is answered with the error wamp.error.invalid_argument and a
sentence for people.
"""

import math
import re
from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any

from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.types import CallDetails

LARGEST = 2**53  # beyond it a number changes on its way through JSON
LONGEST_COMPONENT = 40
DEEPEST = 20  # levels of lists and dictionaries; a router takes more, but must find room for ours around them


def invalid(sentence: str) -> ApplicationError:
    return ApplicationError(ApplicationError.INVALID_ARGUMENT, sentence)


def strict(procedure: Callable[..., Any]) -> Callable[..., Any]:
    """Answer a call that does not fit the procedure's signature with an error about the arguments."""

    @wraps(procedure)
    def called(*args: Any, **kwargs: Any) -> Any:
        try:
            signature(procedure).bind(*args, **kwargs)
        except TypeError as misfit:
            raise invalid(f"{procedure.__name__}: {misfit}") from None
        return procedure(*args, **kwargs)

    return called


def number(name: str, value: Any) -> int | float:
    """The value, if it is a number that every serializer carries unchanged."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid(f"{name} must be a number, not {type(value).__name__}")
    if not math.isfinite(value) or abs(value) > LARGEST:
        raise invalid(f"{name} must be between -2**53 and 2**53")
    return value


def text(name: str, value: Any, longest: int, *, empty: bool = False) -> str:
    """The value, if it is a text of that many characters at most, and not only white space."""
    if not isinstance(value, str) or len(value) > longest or not (empty or value.strip()) or not plain(value):
        raise invalid(f"{name} must be a text of {0 if empty else 1} to {longest} characters")
    return value


def plain(value: Any, levels: int = DEEPEST) -> bool:
    """Whether every serializer carries the value, and its parts: what one cannot say, its users would never hear."""
    match value:
        case dict():
            return levels > 0 and all(
                type(key) is str and plain(key) and plain(value[key], levels - 1) for key in value
            )
        case list():
            return levels > 0 and all(plain(one, levels - 1) for one in value)
        case str():  # what begins with U+0000 is octets in JSON, and half of a surrogate pair is no text at all
            return not re.search(r"[\0\ud800-\udfff]", value)
        case int() | float():
            return math.isfinite(value) and abs(value) <= LARGEST
        case _:
            return value is None


def component(name: str, value: Any) -> str:
    """The value, if it can be one component of a URI by the strict rules: so it stays a part of the topic it is for."""
    if not isinstance(value, str) or not re.fullmatch(rf"[a-z0-9_]{{1,{LONGEST_COMPONENT}}}", value):
        raise invalid(f"{name} must be 1 to {LONGEST_COMPONENT} characters, of a-z, 0-9 and _")
    return value


def caller(details: CallDetails) -> int:
    """The session that calls; stamped by the router, so nobody can pretend to be another."""
    if details.caller is None:
        raise invalid("the caller must disclose itself: call with the option disclose_me")
    return details.caller
