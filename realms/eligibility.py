"""Who may receive a publication: publisher exclusion, and black- and whitelisting by session, authid and authrole.

A subscriber must pass every list that is present. A whitelist that is present and empty passes nobody; a blacklist
that is empty excludes nobody. Excluding the publisher holds even where a whitelist names it.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import UNSET

from wamp.options import PublishOptions

if TYPE_CHECKING:
    from realms.session import Session


def has_lists(options: PublishOptions) -> bool:
    """Whether the publisher narrows down the receivers at all; most do not."""
    return not (
        options.exclude is UNSET
        and options.eligible is UNSET
        and options.exclude_authid is UNSET
        and options.exclude_authrole is UNSET
        and options.eligible_authid is UNSET
        and options.eligible_authrole is UNSET
    )


def eligible(sessions: Iterable["Session"], options: PublishOptions) -> list["Session"]:
    """Those of the sessions that pass every list of the options."""
    blacklists = _sets(options.exclude, options.exclude_authid, options.exclude_authrole)
    whitelists = _sets(options.eligible, options.eligible_authid, options.eligible_authrole)
    passed = []
    for session in sessions:
        identity = (session.id, session.authid, session.authrole)
        if any(black is not None and who in black for who, black in zip(identity, blacklists, strict=True)):
            continue
        if all(white is None or who in white for who, white in zip(identity, whitelists, strict=True)):
            passed.append(session)
    return passed


def _sets(*lists: object) -> list[frozenset[object] | None]:
    return [frozenset(given) if isinstance(given, list) else None for given in lists]
