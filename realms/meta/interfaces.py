"""The operator's schemas over WAMP: interfaces, which are groups of procedures, topics and errors, and types.

The catalogue of the meta API names the procedures and no more; this is how they are here:

    wamp.interface.list                             []      -> [[name, ...]]
    wamp.interface.get                              [name]  -> [{name, procedures: [{}, ...], topics, errors} | null]
    wamp.interface.match_procedure, .match_topic    [uri]   -> [[name, ...] | null]
    wamp.type.list                                  []      -> [[name, ...]]
    wamp.type.get                                   [name]  -> [JSON Schema | null]

A caller learns of what it may use, and of the types that this needs.
"""

from typing import TYPE_CHECKING, Any

from realms.meta.procedure import Result, procedure
from realms.meta.visible import described, may_use
from realms.schemas import Kind

if TYPE_CHECKING:
    from realms.realm import Realm
    from realms.schemas import Description
    from realms.session import Session

KINDS: tuple[tuple[Kind, str], ...] = (("procedure", "procedures"), ("topic", "topics"), ("error", "errors"))


@procedure("wamp.interface.list")
def list_interfaces(realm: "Realm", caller: "Session") -> Result:
    """The names of the interfaces of which the caller may use something."""
    return Result([sorted({one.interface for one in _visible(realm, caller)})])


@procedure("wamp.interface.get")
def get_interface(realm: "Realm", caller: "Session", interface: str) -> Result:
    """What the caller may use of an interface, or null."""
    there = [one for one in _visible(realm, caller) if one.interface == interface]
    if not there:
        return Result([None])
    told: dict[str, Any] = {"name": interface}
    for kind, name in KINDS:
        told[name] = [one.told() for one in there if one.kind == kind]
    return Result([told])


@procedure("wamp.interface.match_procedure")
def match_procedure(realm: "Realm", caller: "Session", procedure: str) -> Result:
    """The names of the interfaces that describe a procedure, the best match first; or null."""
    return _matching(realm, caller, "procedure", procedure)


@procedure("wamp.interface.match_topic")
def match_topic(realm: "Realm", caller: "Session", topic: str) -> Result:
    """The names of the interfaces that describe a topic, the best match first; or null."""
    return _matching(realm, caller, "topic", topic)


@procedure("wamp.type.list")
def list_types(realm: "Realm", caller: "Session") -> Result:
    """The names of the types that the caller's procedures and topics refer to."""
    return Result([sorted(_types(realm, caller))])


@procedure("wamp.type.get")
def get_type(realm: "Realm", caller: "Session", type: str) -> Result:
    """The JSON Schema of a type, or null."""
    return Result([realm.schemas.types[type] if type in _types(realm, caller) else None])


def _visible(realm: "Realm", caller: "Session") -> "list[Description]":
    return [one for kind, _ in KINDS for one in described(caller, realm.schemas, kind)]


def _types(realm: "Realm", caller: "Session") -> set[str]:
    return {name for one in _visible(realm, caller) for name in one.types}


def _matching(realm: "Realm", caller: "Session", kind: Kind, uri: str) -> Result:
    names = [one.interface for one in realm.schemas.matching(kind, uri)] if may_use(caller, kind, uri) else []
    return Result([list(dict.fromkeys(names)) or None])


PROCEDURES = (list_interfaces, get_interface, match_procedure, match_topic, list_types, get_type)
