"""What is known about sessions, and how to end them. Chapter "Session Meta API" of the advanced profile.

All of them see the sessions of the caller's realm only. A session that is leaving is not there any more.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from realms.audit import entry_about
from realms.meta.procedure import NOTHING, Result, procedure
from wamp.errors import CLOSE_KILLED, INVALID_URI, NO_SUCH_SESSION, WampError
from wamp.uris import is_uri

if TYPE_CHECKING:
    from realms.realm import Realm
    from realms.session import Session

TOLD_OF_TRANSPORT = ("protocol", "peer", "secure", "serializer")
"""What others may know of a connection. Headers, cookies and certificates may hold secrets."""


def details_of(session: "Session") -> dict[str, Any]:
    """`{session, authid, authrole, authmethod, authprovider, transport}`."""
    transport = session.transport.details
    return {
        "session": session.id,
        "authid": session.authid,
        "authrole": session.authrole,
        "authmethod": session.authmethod,
        "authprovider": session.authprovider,
        "transport": {name: transport[name] for name in TOLD_OF_TRANSPORT if name in transport},
    }


@procedure("wamp.session.count")
def count(realm: "Realm", caller: "Session", filter_authroles: list[str] | None = None) -> Result:
    """How many sessions there are: all, or those with one of some authroles."""
    return Result([len(_having(realm, filter_authroles))])


@procedure("wamp.session.list")
def list_(realm: "Realm", caller: "Session", filter_authroles: list[str] | None = None) -> Result:
    """The ids of all sessions, or of those with one of some authroles."""
    return Result([[session.id for session in _having(realm, filter_authroles)]])


@procedure("wamp.session.get")
def get(realm: "Realm", caller: "Session", session: int) -> Result:
    """Who a session is, and how it is connected."""
    return Result([details_of(_known(realm, session))])


@procedure("wamp.session.kill")
def kill(
    realm: "Realm", caller: "Session", session: int, *, reason: str | None = None, message: str | None = None
) -> Result:
    """End a session that is not the caller's own."""
    reason = _checked(reason)
    victim = _known(realm, session)
    if victim is caller:
        raise WampError(NO_SUCH_SESSION, "a session cannot kill itself; GOODBYE will do")
    _kill(realm, caller, [victim], reason, message)
    return NOTHING


@procedure("wamp.session.kill_by_authid")
def kill_by_authid(
    realm: "Realm", caller: "Session", authid: str, *, reason: str | None = None, message: str | None = None
) -> Result:
    """End every other session with an authid; answers with their ids."""
    victims = [session for session in realm.sessions.values() if session.authid == authid and session is not caller]
    return Result([_kill(realm, caller, victims, _checked(reason), message)])


@procedure("wamp.session.kill_by_authrole")
def kill_by_authrole(
    realm: "Realm", caller: "Session", authrole: str, *, reason: str | None = None, message: str | None = None
) -> Result:
    """End every other session with an authrole; answers with their number."""
    victims = [session for session in realm.sessions.values() if session.authrole == authrole and session is not caller]
    return Result([len(_kill(realm, caller, victims, _checked(reason), message))])


@procedure("wamp.session.kill_all")
def kill_all(realm: "Realm", caller: "Session", *, reason: str | None = None, message: str | None = None) -> Result:
    """End every other session, without testaments or meta events; answers with their number."""
    reason = _checked(reason)
    victims = [session for session in realm.sessions.values() if session is not caller]
    for victim in victims:
        realm.testaments.drop(victim)
    with realm.events.silenced():
        return Result([len(_kill(realm, caller, victims, reason, message))])


def _having(realm: "Realm", authroles: list[str] | None) -> "list[Session]":
    """An empty list matches nobody."""
    if authroles is None:
        return list(realm.sessions.values())
    return [session for session in realm.sessions.values() if session.authrole in authroles]


def _known(realm: "Realm", id: int) -> "Session":
    session = realm.sessions.get(id)
    if session is None:
        raise WampError(NO_SUCH_SESSION, f"there is no session {id} in this realm")
    return session


def _checked(reason: str | None) -> str:
    if reason is None:
        return CLOSE_KILLED
    if not is_uri(reason):
        raise WampError(INVALID_URI, "the reason is no valid URI")
    return reason


def _kill(
    realm: "Realm", caller: "Session", victims: "Iterable[Session]", reason: str, message: str | None
) -> list[int]:
    killed = []
    for victim in victims:
        realm.record(entry_about(caller, "kill", "success", realm, object=victim.id, reason=reason))
        victim.leave(reason, message)
        killed.append(victim.id)
    return killed


PROCEDURES = (count, list_, get, kill, kill_by_authid, kill_by_authrole, kill_all)
