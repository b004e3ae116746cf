"""Python functions of the operator's that config.yaml names as `package.module:function`.

They are looked for where Python looks, and beside config.yaml. What a function gives may be a value, a Deferred, or
something to `await` in asyncio, such as what an `async def` gives.
"""

import asyncio
import importlib
import sys
from collections.abc import Callable
from functools import wraps
from inspect import isawaitable
from pathlib import Path
from typing import Any, cast

from twisted.internet.defer import Deferred


def find_function(name: str, folder: Path | None = None) -> Callable[..., Any]:
    """Import a function; `folder` is where to look last. Raises ValueError with the end of a sentence."""
    return answering(find_callable(name, folder))


def find_callable(name: str, folder: Path | None = None) -> Callable[..., Any]:
    """Import what can be called, and leave it as it is; else as `find_function`."""
    module_name, _, path = name.partition(":")
    if not path or not all(part.isidentifier() for part in (*module_name.split("."), *path.split("."))):
        raise ValueError("expected `package.module:function`")
    if folder is not None and str(folder) not in sys.path:
        sys.path.append(str(folder))
    try:
        found: Any = importlib.import_module(module_name)
    except Exception as error:
        raise ValueError(f"cannot import {module_name}: {type(error).__name__}: {error}") from error
    for part in path.split("."):
        if not hasattr(found, part):
            raise ValueError(f"{module_name} has no {path}")
        found = getattr(found, part)
    if not callable(found):
        raise ValueError(f"{name} is no function")
    return cast("Callable[..., Any]", found)


def answering(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with a Deferred in the place of what would have to be awaited."""

    @wraps(function)
    def ask(*arguments: Any) -> Any:
        answer = function(*arguments)
        if isawaitable(answer) and not isinstance(answer, Deferred):
            return Deferred.fromFuture(asyncio.ensure_future(answer))
        return answer

    return ask
