"""What a realm keeps about a session, and how anything is sent to it: the side that broker, dealer and realm see."""

from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from realms import joining
from realms.lease import Lease
from realms.publication import heard_by
from realms.roles import Role
from realms.transport import Transport
from wamp.errors import INVALID_ARGUMENT, PAYLOAD_SIZE_EXCEEDED, Untranscodable, WampError
from wamp.messages import CODES, Error, Message, Unsubscribe
from wamp.options import ClientRoles, ErrorDetails, Features
from wamp.payloads import Payload

if TYPE_CHECKING:
    from realms.broker import Subscription
    from realms.calls import PendingCall, Waiting
    from realms.realm import Realm
    from realms.registrations import Registration

NO_DETAILS = ErrorDetails()
UNSUBSCRIBE = CODES[Unsubscribe]


class Participant:
    """See above. What of it is there when, `Session` decides."""

    __slots__ = (
        "authid",
        "authmethod",
        "authprovider",
        "authrole",
        "callee",
        "caller",
        "calls",
        "can_cancel",
        "can_progress",
        "credential",
        "hears",
        "id",
        "invocations",
        "last_invocation",
        "last_request",
        "lease",
        "most_calls",
        "publisher",
        "realm",
        "registrations",
        "role",
        "roles",
        "streams",
        "subscriber",
        "subscriptions",
        "ticket",
        "transport",
    )

    realm: "Realm"  # from HELLO on
    id: int  # from HELLO on
    roles: ClientRoles  # this and what follows from it, from HELLO on: what the peer announced
    publisher: Features
    subscriber: Features
    caller: Features
    callee: Features
    hears: int  # as subscriber: bits of `realms.publication`
    can_cancel: bool  # as callee
    can_progress: bool
    ticket: str  # from HELLO on: what the peer must show to resume the session; empty if it cannot
    authmethod: str  # from HELLO on; the one that admits it may be another
    authid: str  # this and all below: while the session is established
    authrole: str
    authprovider: str
    credential: str | None  # what the proof rests on, and its end ends the session; see `Accepted`
    role: Role
    most_calls: int  # that the session may wait for
    last_request: int  # of the peer's requests, which share one sequence
    last_invocation: int  # of the router's, one sequence per callee
    subscriptions: dict[int, "Subscription"]
    registrations: dict[int, "Registration"]
    calls: dict[int, "Waiting"]  # as caller, by CALL.Request
    streams: dict[int, str]  # progressive calls that chunks may be late for, see `streams`
    invocations: dict[int, "PendingCall"]  # as callee, by INVOCATION.Request

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.lease: Lease | None = None  # while the session is established, if its proof expires

    # --- who it is and what it can ---

    def announce(self, roles: ClientRoles) -> None:
        """Keep what the peer announced: it decides what it may be sent."""
        self.roles = roles
        self.publisher, self.subscriber = joining.features_of(roles.publisher), joining.features_of(roles.subscriber)
        self.caller, self.callee = joining.features_of(roles.caller), joining.features_of(roles.callee)
        self.hears = heard_by(self.subscriber)
        self.can_cancel = self.callee.can_cancel
        self.can_progress = self.callee.progressive_call_results and self.can_cancel

    def assume(self, role: Role) -> None:
        """Take on a role: at the start, and when the rules of the realm change."""
        self.role = role
        self.most_calls = min(self.realm.policies.calls.pending, role.limits.calls)
        self.transport.established(role.limits)

    # --- to the peer ---

    def send(self, message: Message) -> None:
        """Send a message that has no payload."""
        self.transport.send(self.transport.wire.encode(message))

    def frame(self, head: tuple[Any, ...], payload: Payload) -> bytes:
        """Encode `(code, ...)` with a payload for this session; raises WampError if the peer could not take it."""
        transport = self.transport
        try:
            frame = transport.wire.encode_with(head, payload)
        except Untranscodable as reason:
            raise WampError(INVALID_ARGUMENT, f"the peer's serializer cannot express the payload: {reason}") from None
        if len(frame) > transport.max_outgoing:
            limit = transport.max_outgoing
            raise WampError(PAYLOAD_SIZE_EXCEEDED, f"the message has {len(frame)} octets, the peer takes {limit}")
        return frame

    def send_error(self, request_type: int, request: int, error: WampError) -> None:
        """Send `[8, request_type, request, {}, error, arguments]`; a peer that takes no more gets no arguments."""
        wire = self.transport.wire
        arguments = wire.codec.dump(list(error.arguments)) if error.arguments else UNSET
        self.realm.errors += request_type != UNSUBSCRIBE  # clients that hear nothing ask so whether the router is there
        frame = wire.encode(Error(request_type, request, NO_DETAILS, error.uri, arguments))
        if len(frame) > self.transport.max_outgoing:
            frame = wire.encode(Error(request_type, request, NO_DETAILS, error.uri))
        self.transport.send(frame)
