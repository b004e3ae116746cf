"""Which procedures and topics a session may know of: those that it may use.

A procedure is used by calling or registering it, a topic by subscribing or publishing to it.
"""

from typing import TYPE_CHECKING

from realms.roles import Action
from wamp.options import MatchPolicy
from wamp.uris import is_reserved

if TYPE_CHECKING:
    from realms.schemas import Description, Kind, Schemas
    from realms.session import Session

USES: "dict[Kind, tuple[Action, Action]]" = {"procedure": ("call", "register"), "topic": ("subscribe", "publish")}
"""The first one is all that a client may do with what is the router's."""


def may_use(session: "Session", kind: "Kind", uri: str, match: MatchPolicy = "exact") -> bool:
    """Whether the session may use a procedure or topic, or everything under a pattern. Errors are for everybody."""
    if kind == "error":
        return True
    uses = USES[kind][:1] if is_reserved(uri) else USES[kind]
    return any(session.role.would_grant(action, match, uri) is not None for action in uses)


def described(session: "Session", schemas: "Schemas", kind: "Kind") -> "list[Description]":
    """The descriptions that the session may see. An error that belongs to procedures is seen with one of them."""
    if kind != "error":
        return [one for one in schemas.all(kind) if may_use(session, kind, one.uri, one.match)]
    hidden: set[str] = set()
    seen: set[str] = set()
    for one in schemas.all("procedure"):
        named = one.about.get("errors", ())
        (seen if may_use(session, "procedure", one.uri, one.match) else hidden).update(named)
    return [one for one in schemas.all("error") if one.uri in seen or one.uri not in hidden]
