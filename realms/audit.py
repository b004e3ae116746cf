"""The audit trail: who came in, who was refused, and who was denied or did what to others.

Section "Security Model" of the basic profile speaks of accounting and says no more. An entry names the subject (who,
from where), the action, its object and the outcome; never a secret. Where entries go is not for the realm to know.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from realms.authentication import Applicant
    from realms.realm import Realm
    from realms.session import Session

Event = Literal["login", "denial", "kill", "removal", "logout", "revocation"]


class Entry(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One line of the audit trail; what is None does not apply."""

    event: Event
    outcome: Literal["success", "failure"]
    realm: str
    session: int | None = None
    """The subject: who logs in, is denied something, or kills. Who logs in over HTTP has none."""

    authid: str | None = None
    """Of the subject; before a login has succeeded, what it says to be."""

    authrole: str | None = None
    authmethod: str | None = None
    address: str | None = None
    action: str | None = None
    """Of a denial: call, register, publish or subscribe."""

    object: str | int | None = None
    """A URI, or the session that was killed."""

    object_realm: str | None = None
    """Where the object is, if that is not the subject's realm."""

    reason: str | None = None


Record = Callable[[Entry], None]


def record_nothing(entry: Entry) -> None:
    """There is no audit trail."""


def record_in(*places: Record) -> Record:
    """Give each entry to some places, in this order."""
    if len(places) < 2:
        return places[0] if places else record_nothing

    def record(entry: Entry) -> None:
        for place in places:
            place(entry)

    return record


def entry_about(
    session: "Session",
    event: Event,
    outcome: Literal["success", "failure"],
    within: "Realm | None" = None,
    **more: Any,
) -> Entry:
    """An entry whose subject is an established session; `within` is the realm of the object."""
    return Entry(
        event=event,
        outcome=outcome,
        realm=session.realm.name,
        session=session.id,
        authid=session.authid,
        authrole=session.authrole,
        authmethod=session.authmethod,
        address=session.transport.details.get("peer"),
        object_realm=within.name if within is not None and within is not session.realm else None,
        **more,
    )


def failed_login(applicant: "Applicant", authmethod: str | None, reason: str) -> Entry:
    """An entry about somebody who is refused; the authid is what the client says."""
    authid = applicant.hello.authid
    return Entry(
        event="login",
        outcome="failure",
        realm=applicant.realm,
        session=applicant.session or None,
        authid=authid if isinstance(authid, str) else None,
        authmethod=authmethod,
        address=applicant.transport.get("peer"),
        reason=reason,
    )
