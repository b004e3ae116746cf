"""What an operator says about the procedures, topics, errors and types of a realm: descriptions, checks of payloads.

A realm is given its schemas as values; reading them from files and compiling their JSON Schema is the router's
business. They are told over WAMP (`realms.meta.reflection`, `realms.meta.interfaces`), and if the operator wants it,
payloads must fit them (`realms.validation`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from realms.patterns import PatternIndex
from wamp.errors import INVALID_ARGUMENT, Untranscodable, WampError
from wamp.options import MatchPolicy
from wamp.payloads import Payload

Kind = Literal["procedure", "topic", "error"]

Check = Callable[[Any], str | None]
"""Says what is wrong with a value in one sentence; None if it is as it should be."""


class Checks(NamedTuple):
    """What Arguments and ArgumentsKw must be; None where anything is welcome."""

    args: Check | None = None
    kwargs: Check | None = None

    def check(self, payload: Payload, what: str) -> None:
        """Raise WampError `wamp.error.invalid_argument` if the payload does not fit; `what` begins the sentence."""
        if self == NO_CHECKS:
            return
        try:
            values = payload.load()
        except Untranscodable as reason:
            raise WampError(INVALID_ARGUMENT, f"{what} cannot be read: {reason}") from None
        args = values[0] if values else []
        kwargs = values[1] if len(values) > 1 else {}
        for name, check, value in (("args", self.args, args), ("kwargs", self.kwargs, kwargs)):
            wrong = None if check is None else check(value)
            if wrong is not None:
                raise WampError(INVALID_ARGUMENT, f"{what} {name} {wrong}")


NO_CHECKS = Checks()


@dataclass(frozen=True, slots=True)
class Description:
    """What is said of a procedure, a topic (either may be a pattern) or an error."""

    kind: Kind
    match: MatchPolicy
    uri: str
    interface: str
    about: Mapping[str, Any] = field(default_factory=dict)
    """What is told of it: `{title?, description?, args?, kwargs?, result?, errors?}`, schemas as they were written."""

    given: Checks = NO_CHECKS
    """For the payload of CALL or PUBLISH."""

    returned: Checks = NO_CHECKS
    """For the payload of the last YIELD."""

    progress: Checks = NO_CHECKS
    """For the payload of each YIELD before."""

    types: frozenset[str] = frozenset()
    """The types that its schemas refer to."""

    def told(self) -> dict[str, Any]:
        """What a session is told."""
        return {
            "kind": self.kind, "uri": self.uri, "match": self.match, "interface": self.interface, **self.about
        }  # fmt: skip


class Schemas:
    """All that is said about one realm."""

    def __init__(
        self, descriptions: Iterable[Description] = (), types: Mapping[str, Any] | None = None, validate: bool = False
    ) -> None:
        self.validate = validate
        self.types = dict(types or {})
        self.interfaces: dict[str, list[Description]] = {}
        self._by_kind: dict[Kind, PatternIndex[Description]] = {
            "procedure": PatternIndex(), "topic": PatternIndex(), "error": PatternIndex()
        }  # fmt: skip
        for one in sorted(descriptions, key=lambda one: (one.kind, one.uri, one.match)):
            self._by_kind[one.kind].add(one.match, one.uri, one)
            self.interfaces.setdefault(one.interface, []).append(one)

    def all(self, kind: Kind) -> list[Description]:
        """Every description of a kind."""
        return list(self._by_kind[kind])

    def of(self, kind: Kind, uri: str) -> Description | None:
        """The one that fits a URI best: exact, else the longest prefix, else the best wildcard."""
        return self._by_kind[kind].best(uri)

    def matching(self, kind: Kind, uri: str) -> list[Description]:
        """Every one that fits a URI, the best first."""
        return self._by_kind[kind].matching(uri)


NO_SCHEMAS = Schemas()
