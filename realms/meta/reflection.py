"""What there is in a realm, and what is said about it. Section "Interface Reflection" of the advanced profile.

The spec names the procedures and events, and leaves their arguments open; this is how they are here:

    wamp.reflection.{procedure,topic,error}.list        []                         -> [[uri, ...]]
    wamp.reflection.{procedure,topic,error}.describe    [uri]                      -> [{kind, uri, match?, ...} | null]
    wamp.reflect.define                                 [uri, {...} | null, kind?] -> nothing
    wamp.reflect.describe                               [uri, kind?]               -> [{...} | null]
    wamp.reflect.on_define, wamp.reflect.on_undefine    EVENT with [session, uri, kind]

`kind` is "procedure" (the default), "topic" or "error". Known are the router's own procedures and topics, what is
registered or subscribed at the time, what the operator's schemas describe, and what sessions defined. A session may
define what it may register (topics: publish to); its definitions go when it does. A caller learns of what it may use
only; all else is null to it, as if it were not there.
"""

from typing import TYPE_CHECKING, Any

from realms.meta.events import ON_FORGOTTEN, ON_REFLECTED
from realms.meta.procedure import NOTHING, Procedure, Result, procedure
from realms.meta.visible import described, may_use
from realms.roles import Action
from realms.schemas import Kind
from wamp import errors
from wamp.codecs import JSON
from wamp.errors import (
    INVALID_ARGUMENT,
    INVALID_URI,
    NOT_AUTHORIZED,
    PAYLOAD_SIZE_EXCEEDED,
    UNAVAILABLE,
    Untranscodable,
    WampError,
)
from wamp.uris import is_reserved, is_uri

if TYPE_CHECKING:
    from realms.realm import Realm
    from realms.session import Session

MAX_DEFINITIONS = 100
"""Of one session: a backend that offers more than that has its operator write schemas."""

MAX_DEFINITION_SIZE = 16 * 1024
"""In octets of JSON: a description is for people and generators, not a store."""

OUR_ERRORS = frozenset(
    uri for name, uri in vars(errors).items() if name.isupper() and isinstance(uri, str) and ".error." in uri
)

Told = dict[str, Any]


class Definitions:
    """What the sessions of a realm say of what they provide. Where several define one thing, the last word counts."""

    def __init__(self) -> None:
        self._known: dict[tuple[Kind, str], dict[Session, Told]] = {}
        self._of: dict[Session, set[tuple[Kind, str]]] = {}

    def get(self, kind: Kind, uri: str) -> Told | None:
        """The definition that counts."""
        by_session = self._known.get((kind, uri))
        return None if by_session is None else next(reversed(by_session.values()))

    def uris(self, kind: Kind) -> list[str]:
        """What is defined."""
        return [uri for one, uri in self._known if one == kind]

    def set(self, session: "Session", kind: Kind, uri: str, told: Told) -> None:
        """Keep a definition in place of the session's former one."""
        mine = self._of.setdefault(session, set())
        if (kind, uri) not in mine and len(mine) >= MAX_DEFINITIONS:
            raise WampError(UNAVAILABLE, f"a session may define {MAX_DEFINITIONS} things, not more")
        mine.add((kind, uri))
        by_session = self._known.setdefault((kind, uri), {})
        by_session.pop(session, None)
        by_session[session] = told

    def drop(self, session: "Session", kind: Kind, uri: str) -> bool:
        """Forget a session's definition; tells whether that was the last one."""
        mine = self._of.get(session, set())
        if (kind, uri) not in mine:
            return False
        mine.discard((kind, uri))
        if not mine:
            del self._of[session]
        by_session = self._known[kind, uri]
        del by_session[session]
        if not by_session:
            del self._known[kind, uri]
        return not by_session

    def detach(self, session: "Session") -> list[tuple[Kind, str]]:
        """Forget a session that leaves; tells what is not defined any more."""
        if session not in self._of:
            return []
        return [(kind, uri) for kind, uri in sorted(self._of[session]) if self.drop(session, kind, uri)]


# --- wamp.reflection --------------------------------------------------------------------------------------------


@procedure("wamp.reflection.procedure.list")
def list_procedures(realm: "Realm", caller: "Session") -> Result:
    """The procedures that the caller may call or register."""
    known = {one.uri for one in described(caller, realm.schemas, "procedure")}
    others = (*realm.procedures, *realm.definitions.uris("procedure"))
    known |= {uri for uri in others if may_use(caller, "procedure", uri)}
    for one in realm.dealer.registrations():
        if may_use(caller, "procedure", one.uri, one.match):
            known.add(one.uri)
    return Result([sorted(known)])


@procedure("wamp.reflection.topic.list")
def list_topics(realm: "Realm", caller: "Session") -> Result:
    """The topics that the caller may subscribe or publish to."""
    known = {one.uri for one in described(caller, realm.schemas, "topic")}
    known |= {uri for uri in (*realm.topics, *realm.definitions.uris("topic")) if may_use(caller, "topic", uri)}
    for one in realm.broker.subscriptions():
        if not is_reserved(one.uri) and may_use(caller, "topic", one.uri, one.match):
            known.add(one.uri)
    return Result([sorted(known)])


@procedure("wamp.reflection.error.list")
def list_errors(realm: "Realm", caller: "Session") -> Result:
    """The errors that a caller may meet: the router's, and those that were described."""
    known = {one.uri for one in described(caller, realm.schemas, "error")}
    return Result([sorted(known | OUR_ERRORS | set(realm.definitions.uris("error")))])


@procedure("wamp.reflection.procedure.describe")
def describe_procedure(realm: "Realm", caller: "Session", uri: str) -> Result:
    """What is known of a procedure, or null."""
    return Result([_describe(realm, caller, "procedure", uri)])


@procedure("wamp.reflection.topic.describe")
def describe_topic(realm: "Realm", caller: "Session", uri: str) -> Result:
    """What is known of a topic, or null."""
    return Result([_describe(realm, caller, "topic", uri)])


@procedure("wamp.reflection.error.describe")
def describe_error(realm: "Realm", caller: "Session", uri: str) -> Result:
    """What is known of an error, or null."""
    return Result([_describe(realm, caller, "error", uri)])


def _describe(realm: "Realm", caller: "Session", kind: Kind, uri: str) -> Told | None:
    """The operator's word first, then the sessions', then what there is."""
    if not may_use(caller, kind, uri):
        return None
    one = realm.schemas.of(kind, uri)
    if one is not None and (kind != "error" or one in described(caller, realm.schemas, "error")):
        return one.told()
    told = realm.definitions.get(kind, uri)
    if told is not None:
        return {"kind": kind, "uri": uri, "match": "exact", **told}
    return _found(realm, kind, uri)


def _found(realm: "Realm", kind: Kind, uri: str) -> Told | None:
    """What is known of something that nobody described."""
    if kind == "procedure" and uri in realm.procedures:
        own: Procedure = realm.procedures[uri]
        return {"kind": kind, "uri": uri, "match": "exact", "description": own.about, "arguments": own.schema()}
    if kind == "procedure" and (registration := realm.dealer.registration_for(uri)) is not None:
        return {"kind": kind, "uri": registration.uri, "match": registration.match, "invoke": registration.invoke}
    if kind == "topic" and uri in realm.topics:
        return {"kind": kind, "uri": uri, "match": "exact", "description": realm.topics[uri]}
    if kind == "topic" and (subscriptions := realm.broker.subscriptions_for(uri)):
        return {"kind": kind, "uri": subscriptions[0].uri, "match": subscriptions[0].match}
    if kind == "error" and uri in OUR_ERRORS:
        return {"kind": kind, "uri": uri, "match": "exact"}
    return None


# --- wamp.reflect -----------------------------------------------------------------------------------------------


@procedure("wamp.reflect.define")
def define(
    realm: "Realm", caller: "Session", uri: str, description: dict[str, Any] | None, kind: Kind = "procedure"
) -> Result:
    """Describe a procedure, topic or error that the caller provides; null takes the description back."""
    if not is_uri(uri, realm.strict_uris) or is_reserved(uri):
        raise WampError(INVALID_URI, "what is to be defined has no valid URI")
    action: Action = "publish" if kind == "topic" else "register"
    if caller.role.would_grant(action, "exact", uri) is None:
        raise WampError(NOT_AUTHORIZED, f"role '{caller.authrole}' may not {action} '{uri}', hence not define it")
    if description is None:
        if realm.definitions.drop(caller, kind, uri):
            realm.events.reflected(ON_FORGOTTEN, caller, uri, kind)
        return NOTHING
    realm.definitions.set(caller, kind, uri, _plain(description))
    realm.events.reflected(ON_REFLECTED, caller, uri, kind)
    return NOTHING


@procedure("wamp.reflect.describe")
def describe(realm: "Realm", caller: "Session", uri: str, kind: Kind = "procedure") -> Result:
    """What is known of a procedure, topic or error, or null."""
    return Result([_describe(realm, caller, kind, uri)])


def _plain(description: Told) -> Told:
    """The description as values that every serializer can express."""
    try:
        octets = JSON.dump(description)
        if len(bytes(octets)) > MAX_DEFINITION_SIZE:
            raise WampError(PAYLOAD_SIZE_EXCEEDED, f"a description has at most {MAX_DEFINITION_SIZE} octets as JSON")
        plain: Told = JSON.load(octets)
    except Untranscodable as reason:
        raise WampError(INVALID_ARGUMENT, f"the description is not plain data: {reason}") from None
    return plain


PROCEDURES = (
    list_procedures,
    list_topics,
    list_errors,
    describe_procedure,
    describe_topic,
    describe_error,
    define,
    describe,
)
