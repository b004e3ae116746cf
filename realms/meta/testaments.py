"""Testaments over WAMP. Section "Session Testament" of the advanced profile; what becomes of them is the matter of
`realms.testaments`.
"""

from typing import TYPE_CHECKING, Any

from realms.meta.procedure import NOTHING, Result, procedure
from wamp.payloads import payload_with

if TYPE_CHECKING:
    from realms.realm import Realm
    from realms.session import Session


@procedure("wamp.session.add_testament")
def add_testament(
    realm: "Realm",
    caller: "Session",
    topic: str,
    args: list[Any] | None = None,
    kwargs: dict[str, Any] | None = None,
    *,
    publish_options: dict[str, Any] | None = None,
    scope: str = "destroyed",
) -> Result:
    """Have something published when the caller's session is over; `scope` is "destroyed" or "detached"."""
    described = realm.schemas.of("topic", topic) if realm.schemas.validate else None
    if described is not None:
        described.given.check(payload_with(args, kwargs), "the testament's")
    realm.testaments.add(caller, scope, topic, args, kwargs, publish_options)
    return NOTHING


@procedure("wamp.session.flush_testaments")
def flush_testaments(realm: "Realm", caller: "Session", *, scope: str = "destroyed") -> Result:
    """Forget the caller's testaments of a scope."""
    realm.testaments.flush(caller, scope)
    return NOTHING


PROCEDURES = (add_testament, flush_testaments)
