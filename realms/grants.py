"""Grants: on what terms a role may do something. Nearly all are the plain one, which changes nothing.

What a grant says beyond yes is applied to the options of the request before broker or dealer see it: from then on a
publisher that is always disclosed is one that asked for it.
"""

from typing import Final, Literal, NamedTuple

from msgspec.structs import replace

from wamp.errors import DISCLOSE_ME_DISALLOWED, NOT_AUTHORIZED, WampError
from wamp.options import CallOptions, PublishOptions, RegisterOptions, SubscribeOptions

Disclosure = Literal["allow", "refuse", "always"]
"""Who learns who called or published: who is asked to (`allow`), nobody (`refuse`), or everybody (`always`)."""


class Grant(NamedTuple):
    """On what terms an action is allowed on a URI."""

    disclosure: Disclosure | None = "allow"
    """Who learns who called or published; None, in a rule, is the realm's policy."""

    retain: bool = True
    """Whether events may be retained."""

    history: bool = True
    """Whether retained and stored events may be asked for."""

    validate: bool = True
    """Whether payloads are checked, if the realm has schemas that say so."""

    def publishing(self, options: PublishOptions) -> PublishOptions:
        """The options of a PUBLISH as they count; raises WampError."""
        if options.retain and not self.retain:
            raise WampError(NOT_AUTHORIZED, "events may not be retained here")
        self._check_disclosure(asked=options.disclose_me)
        return replace(options, disclose_me=True) if self.disclosure == "always" else options

    def calling(self, options: CallOptions) -> CallOptions:
        """The options of a CALL as they count; raises WampError."""
        self._check_disclosure(asked=options.disclose_me)
        return replace(options, disclose_me=True) if self.disclosure == "always" else options

    def check_registering(self, options: RegisterOptions) -> None:
        """Raise WampError if the options of a REGISTER ask for too much."""
        self._check_disclosure(asked=options.disclose_caller)

    def check_subscribing(self, options: SubscribeOptions) -> None:
        """Raise WampError if the options of a SUBSCRIBE ask for too much."""
        if options.get_retained and not self.history:
            raise WampError(NOT_AUTHORIZED, "retained events may not be asked for here")

    def _check_disclosure(self, *, asked: bool) -> None:
        if asked and self.disclosure == "refuse":
            raise WampError(DISCLOSE_ME_DISALLOWED, "callers and publishers are not disclosed here")


GRANTED = Grant()
"""The plain grant."""

TERMS: Final = {
    "call": ("disclosure", "validate"),
    "register": ("disclosure",),
    "publish": ("disclosure", "retain", "validate"),
    "subscribe": ("history",),
}
"""Which terms of a grant make a difference to which action."""


def combined(grants: list[Grant]) -> Grant:
    """The grant of a pattern that covers URIs with different ones: the strictest of each term."""
    first = grants[0]
    return Grant(
        "refuse" if any(grant.disclosure == "refuse" for grant in grants) else first.disclosure,
        all(grant.retain for grant in grants),
        all(grant.history for grant in grants),
        any(grant.validate for grant in grants),
    )
