"""Who may receive a publication: black- and whitelisting by session, authid and authrole.

A subscriber must pass every list that is present. A whitelist that is present and empty passes nobody; a blacklist
that is empty excludes nobody. Excluding the publisher (`exclude_me`) is not decided here, and holds even where a
whitelist names it.

Section "Subscriber Black- and Whitelisting" of the advanced profile.
"""

from typing import TYPE_CHECKING

from msgspec import UNSET, Struct

from wamp.options import PublishOptions

if TYPE_CHECKING:
    from realms.session import Session

Ids = frozenset[int]
Names = frozenset[str]


class Audience(Struct, frozen=True):
    """The lists of one publication, as sets; None where there is no list."""

    exclude: Ids | None = None
    exclude_authid: Names | None = None
    exclude_authrole: Names | None = None
    eligible: Ids | None = None
    eligible_authid: Names | None = None
    eligible_authrole: Names | None = None

    def admits(self, session: "Session") -> bool:
        """Whether a session passes every list."""
        if self.exclude is not None and session.id in self.exclude:
            return False
        if self.exclude_authid is not None and session.authid in self.exclude_authid:
            return False
        if self.exclude_authrole is not None and session.authrole in self.exclude_authrole:
            return False
        if self.eligible is not None and session.id not in self.eligible:
            return False
        if self.eligible_authid is not None and session.authid not in self.eligible_authid:
            return False
        return self.eligible_authrole is None or session.authrole in self.eligible_authrole

    @property
    def names_sessions(self) -> bool:
        """Whether it means particular sessions, so that it means nothing once they are gone."""
        return self.exclude is not None or self.eligible is not None


EVERYBODY = Audience()


def audience_of(options: PublishOptions) -> Audience:
    """The audience that the options ask for; `EVERYBODY` itself if they have no list."""
    exclude, exclude_authid, exclude_authrole = options.exclude, options.exclude_authid, options.exclude_authrole
    eligible, eligible_authid, eligible_authrole = options.eligible, options.eligible_authid, options.eligible_authrole
    audience = Audience(
        None if exclude is UNSET else frozenset(exclude),
        None if exclude_authid is UNSET else frozenset(exclude_authid),
        None if exclude_authrole is UNSET else frozenset(exclude_authrole),
        None if eligible is UNSET else frozenset(eligible),
        None if eligible_authid is UNSET else frozenset(eligible_authid),
        None if eligible_authrole is UNSET else frozenset(eligible_authrole),
    )
    return EVERYBODY if audience == EVERYBODY else audience
