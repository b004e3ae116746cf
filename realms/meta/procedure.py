"""A procedure of the router: a function, and the arguments that it takes over WAMP.

    @procedure("wamp.session.kill")
    def kill(realm: "Realm", caller: "Session", session: int, *, reason: str | None = None) -> Result:

takes `[48, 1, {}, "wamp.session.kill", [<session>], {"reason": <reason>}]`. The parameters after the first two are what
a caller gives: by position or by name, those after the `*` by name only; null is the default. A function that takes
`**more` is given what else comes by name, unchecked. The annotations are checked strictly; what does not fit is
`wamp.error.invalid_argument`, with a sentence that names the argument.
"""

from collections.abc import Callable
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from twisted.internet.defer import Deferred

from wamp.errors import INVALID_ARGUMENT, WampError

if TYPE_CHECKING:
    from realms.realm import Realm
    from realms.session import Session

MAX_REASON_LENGTH = 200
"""Characters of msgspec's reason, which may quote what the caller sent."""


class Result(NamedTuple):
    """What a procedure answers: the Arguments of RESULT. None is "nothing"; one null is `[None]`."""

    args: list[Any] | None = None
    kwargs: dict[str, Any] | None = None
    """ArgumentsKw, which take Arguments."""


NOTHING = Result()

Function = Callable[..., Result | Deferred[Result]]


class Procedure:
    """A function under a URI."""

    def __init__(self, uri: str, function: Function) -> None:
        self.uri = uri
        self.about = (function.__doc__ or "").strip().partition("\n")[0]
        self._function = function
        _, _, *given = signature(function).parameters.values()  # after realm and caller
        self._takes_more = any(one.kind is Parameter.VAR_KEYWORD for one in given)
        given = [one for one in given if one.kind is not Parameter.VAR_KEYWORD]
        self._by_position = [one.name for one in given if one.kind is Parameter.POSITIONAL_OR_KEYWORD]
        fields = [
            (one.name, one.annotation) if one.default is Parameter.empty else (one.name, one.annotation, one.default)
            for one in sorted(given, key=lambda one: one.default is not Parameter.empty)
        ]
        self._optional = {one.name for one in given if one.default is not Parameter.empty}
        self._arguments = msgspec.defstruct(uri, fields, forbid_unknown_fields=not self._takes_more)

    def __call__(
        self, realm: "Realm", caller: "Session", args: list[Any], kwargs: dict[str, Any]
    ) -> Result | Deferred[Result]:
        """Check the arguments and call the function; raises WampError."""
        if len(args) > len(self._by_position):
            raise WampError(INVALID_ARGUMENT, f"{self.uri} takes no more than {len(self._by_position)} arguments")
        given = dict(zip(self._by_position, map(_integral, args), strict=False))
        if twice := given.keys() & kwargs.keys():
            raise WampError(INVALID_ARGUMENT, f"{self.uri}: {min(twice)} is given twice")
        given |= kwargs
        for name in self._optional & given.keys():
            if given[name] is None:
                del given[name]
        try:
            arguments = msgspec.convert(given, self._arguments)
        except msgspec.ValidationError as invalid:
            raise WampError(INVALID_ARGUMENT, f"{self.uri}: {str(invalid)[:MAX_REASON_LENGTH]}") from None
        checked = msgspec.structs.asdict(arguments)
        more = {name: value for name, value in kwargs.items() if name not in checked} if self._takes_more else {}
        return self._function(realm, caller, **checked, **more)

    def schema(self) -> dict[str, Any]:
        """The arguments as a JSON Schema of an object, by their names."""
        schema, parts = msgspec.json.schema_components([self._arguments], ref_template="#/$defs/{name}")
        (reference,) = schema
        return {**parts.pop(reference["$ref"].removeprefix("#/$defs/")), **({"$defs": parts} if parts else {})}


def procedure(uri: str) -> Callable[[Function], Procedure]:
    """Make a procedure of a function: a decorator."""
    return lambda function: Procedure(uri, function)


def _integral(value: Any) -> Any:
    """wampy.js sends ids beyond 32 bits as floats in MessagePack and CBOR."""
    return int(value) if type(value) is float and value.is_integer() else value
