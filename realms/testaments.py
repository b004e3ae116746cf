"""Testaments: what a session wants published when it is gone, however it goes.

Every session has two buckets: `detached` for when its transport is lost, `destroyed` for when the session itself is
over. A session that is paused (`realms.parking`) has the first published then, and the second when it ends. Of all
others both are published when they end, first `detached`, then `destroyed`, each in the order of adding. Section
"Session Testament" of the advanced profile.

The testaments of a session that is killed are published, too; only not when all sessions are (`drop`).
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import msgspec

from wamp.errors import INVALID_ARGUMENT, NOT_AUTHORIZED, PAYLOAD_SIZE_EXCEEDED, WampError
from wamp.options import PublishOptions
from wamp.payloads import Payload, payload_with

if TYPE_CHECKING:
    from realms.realm import Realm
    from realms.session import Session

Scope = Literal["detached", "destroyed"]
SCOPES: tuple[Scope, ...] = get_args(Scope)  # in the order of publication

MAX_TESTAMENTS = 100
"""For one session."""

MAX_OCTETS = 1024 * 1024
"""Of the arguments of all testaments of one session: they stay for as long as it does, and say little."""


class Testament(NamedTuple):
    """A publication to come."""

    topic: str
    payload: Payload
    options: PublishOptions

    @property
    def size(self) -> int:
        """Octets of the arguments."""
        return sum(memoryview(part).nbytes for part in self.payload.parts)


class Testaments:
    """The testaments of a realm's sessions."""

    def __init__(self, realm: "Realm") -> None:
        self._realm = realm
        self._buckets: dict[Session, dict[Scope, list[Testament]]] = {}

    def __len__(self) -> int:
        """How many sessions have a testament."""
        return len(self._buckets)

    def add(
        self,
        session: "Session",
        scope: str = "destroyed",
        topic: str = "",
        args: list[Any] | None = None,
        kwargs: dict[str, Any] | None = None,
        options: dict[str, Any] | None = None,
    ) -> None:
        """Add a testament to a bucket, behind those that are there: `wamp.session.add_testament`.

        `options` is what `publish_options` was: options of PUBLISH, of which `acknowledge` means nothing here. Raises
        WampError: `invalid_argument` for a scope or options that are none, `payload_size_exceeded` for too much in all,
        `not_authorized` for too many, `invalid_uri` and `not_authorized` as for PUBLISH,
        `option_disallowed.disclose_me` where that is refused.
        """
        bucket = _checked(scope)
        try:
            asked = msgspec.convert(options or {}, PublishOptions)
        except msgspec.ValidationError as mistake:
            raise WampError(INVALID_ARGUMENT, f"no valid publish options: {mistake}") from None
        asked = self._realm.permit(session, "publish", topic).publishing(asked)
        buckets = self._buckets.get(session, {})
        left = [testament for others in buckets.values() for testament in others]
        if len(left) >= MAX_TESTAMENTS:
            raise WampError(NOT_AUTHORIZED, f"this session has {MAX_TESTAMENTS} testaments, the most there may be")
        own = msgspec.structs.replace(asked, acknowledge=False, exclude_me=True, forward_for=msgspec.UNSET)
        codec = session.transport.wire.codec
        testament = Testament(topic, Payload(codec, payload_with(args, kwargs).parts_for(codec)), own)
        if sum(one.size for one in (*left, testament)) > MAX_OCTETS:
            raise WampError(PAYLOAD_SIZE_EXCEEDED, f"the testaments of a session may have {MAX_OCTETS} octets in all")
        self._buckets.setdefault(session, buckets).setdefault(bucket, []).append(testament)

    def flush(self, session: "Session", scope: str = "destroyed") -> None:
        """Forget the testaments of one bucket: `wamp.session.flush_testaments`; `invalid_argument` for a bad scope."""
        bucket = _checked(scope)
        buckets = self._buckets.get(session)
        if buckets is not None:
            buckets.pop(bucket, None)
            if not buckets:
                del self._buckets[session]

    def topics(self, session: "Session") -> set[str]:
        """What a session has testaments for."""
        return {testament.topic for bucket in self._buckets.get(session, {}).values() for testament in bucket}

    def drop(self, session: "Session", topic: str | None = None) -> None:
        """Forget testaments of a session unpublished, all or those for a topic.

        `wamp.session.kill_all` does, before it kills; and so it is if they are no longer allowed.
        """
        buckets = self._buckets.pop(session, {})
        kept = {
            scope: [testament for testament in bucket if topic not in (None, testament.topic)]
            for scope, bucket in buckets.items()
        }
        if any(kept.values()):
            self._buckets[session] = kept

    def publish(self, session: "Session", scopes: Iterable[Scope] = SCOPES) -> None:
        """The session leaves, or is paused: publish what it left for that, in its name."""
        buckets = self._buckets.get(session, {})
        left = [testament for scope in scopes for testament in buckets.pop(scope, ())]
        if not buckets:
            self._buckets.pop(session, None)
        for testament in left:
            self._realm.broker.publish_as(session, testament.topic, testament.payload, testament.options)


def _checked(scope: str) -> Scope:
    if scope not in SCOPES:
        raise WampError(INVALID_ARGUMENT, f"a scope is one of {', '.join(SCOPES)}")
    return scope
