"""Options and Details: the dictionaries of WAMP messages, typed.

A wrong type makes the message undecodable, which is a protocol violation (`True` is no integer, 1 is no bool).
Attributes that are not listed here are ignored and never forwarded, as section "Options and Details" demands.
What the peer left out is `UNSET`, or the default that the spec gives it.
"""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from wamp.ids import MAX_ID, Id

MatchPolicy = Literal["exact", "prefix", "wildcard"]
InvocationPolicy = Literal["single", "roundrobin", "random", "first", "last"]
CancelMode = Literal["skip", "kill", "killnowait"]

RunOn = Literal["all", "any", "partition"]
RunMode = Literal["gather", "progressive", "partition"]
"""The drafts use one name for two things: how results are collected, and that the call goes to one shard."""

Milliseconds = Annotated[int, Meta(ge=0, le=MAX_ID)]
NodeKey = Annotated[str, Meta(max_length=1024)]
"""Kept as long as the subscription or registration, hence no longer than a URI may be."""

TrustLevel = Annotated[int, Meta(ge=0)]

# What autobahn knows, and private names; \Z because "$" would let a trailing newline slip in.
EncryptionAlgorithm = Annotated[str, Meta(pattern=r"\A(null|cryptobox|mqtt|xbr|x_[a-z][0-9a-z_]*)\Z")]
EncryptionSerializer = Annotated[
    str, Meta(pattern=r"\A(null|json|msgpack|cbor|ubjson|opaque|flatbuffers|x_[a-z][0-9a-z_]*)\Z")
]


class Dictionary(Struct, frozen=True, omit_defaults=True):
    """The base of all options and details: immutable, and only what differs from the default is sent."""


# --- opening and closing a session ----------------------------------------------------------------------------


class Features(Dictionary, frozen=True):
    """What a peer announced for one of its roles; a missing feature is a feature that it does not have.

    The keys of all roles; which belongs to which is for the roles to know. Table "Feature Announcement" and the
    chapters of the advanced profile; those of drafts and of autobahn at the end.
    """

    # remote procedure calls
    progressive_call_results: bool = False
    progressive_call_invocations: bool = False
    call_timeout: bool = False
    call_canceling: bool = False
    call_cancelling: bool = False  # the spec spells it both ways
    call_reroute: bool = False
    call_trustlevels: bool = False
    caller_identification: bool = False
    pattern_based_registration: bool = False
    shared_registration: bool = False
    sharded_registration: bool = False
    registration_revocation: bool = False
    registration_meta_api: bool = False
    # publish and subscribe
    publisher_exclusion: bool = False
    publisher_identification: bool = False
    publication_trustlevels: bool = False
    subscriber_blackwhite_listing: bool = False
    pattern_based_subscription: bool = False
    shareded_subscriptions: bool = False  # sic: the text's spelling
    sharded_subscriptions: bool = False
    subscription_revocation: bool = False
    subscription_meta_api: bool = False
    event_history: bool = False
    event_retention: bool = False
    # both
    session_meta_api: bool = False
    testament_meta_api: bool = False
    payload_passthru_mode: bool = False
    # drafts, and other people's
    partitioned_rpc: bool = False
    payload_transparency: bool = False
    payload_encryption_cryptobox: bool = False
    x_acknowledged_event_delivery: bool = False

    @property
    def can_cancel(self) -> bool:
        """Call canceling, in either spelling."""
        return self.call_canceling or self.call_cancelling


class Role(Dictionary, frozen=True):
    """One entry of `roles`: `{"features": {...}}`. Reflection is announced beside the features, not among them."""

    features: Features = Features()
    reflection: bool = False


class ClientRoles(Dictionary, frozen=True):
    """`HELLO.Details.roles`; at least one must be there."""

    publisher: Role | UnsetType = UNSET
    subscriber: Role | UnsetType = UNSET
    caller: Role | UnsetType = UNSET
    callee: Role | UnsetType = UNSET


class RouterRoles(Dictionary, frozen=True):
    """`WELCOME.Details.roles`."""

    broker: Role | UnsetType = UNSET
    dealer: Role | UnsetType = UNSET


class HelloDetails(Dictionary, frozen=True):
    """`HELLO.Details`: who the client is and how it would prove it; or to which session it comes back.

    The draft on pausing sessions spells the keys of a return with dashes, which the rule for keys does not know, and
    calls one thing "ticket" and "token": all of that is understood, see `resume`.
    """

    roles: ClientRoles | UnsetType = UNSET
    agent: str | UnsetType = UNSET
    authmethods: list[str] | UnsetType = UNSET
    authid: str | UnsetType | None = UNSET
    authrole: str | UnsetType | None = UNSET
    authextra: dict[str, Any] | UnsetType | None = UNSET
    challenge: str | UnsetType | None = UNSET
    resumable: bool | UnsetType | None = UNSET
    resume_session: Id | UnsetType | None = UNSET
    resume_ticket: str | UnsetType | None = UNSET
    resume_token: str | UnsetType | None = UNSET
    dashed_session: Id | UnsetType | None = field(default=UNSET, name="resume-session")
    dashed_ticket: str | UnsetType | None = field(default=UNSET, name="resume-ticket")
    dashed_token: str | UnsetType | None = field(default=UNSET, name="resume-token")

    @property
    def resume(self) -> tuple[int, str] | None:
        """The session to go on with and the ticket for that, whatever their keys; None for a session of its own."""
        session = self.dashed_session or self.resume_session
        if not session:
            return None
        return session, self.dashed_token or self.dashed_ticket or self.resume_token or self.resume_ticket or ""


class WelcomeDetails(Dictionary, frozen=True):
    """`WELCOME.Details`: who the client is from now on, and what the router can do.

    The last four are there for clients that asked. To one that comes back to its session nothing is told but
    `resumed`, `resumable` and `resume-ticket`.
    """

    roles: RouterRoles | UnsetType = UNSET
    realm: str | UnsetType = UNSET
    authid: str | UnsetType = UNSET
    authrole: str | UnsetType = UNSET
    authmethod: str | UnsetType = UNSET
    authprovider: str | UnsetType = UNSET
    agent: str | UnsetType = UNSET
    authextra: dict[str, Any] | UnsetType = UNSET
    resumed: bool | UnsetType = UNSET
    resumable: bool | UnsetType = UNSET
    resume_ticket: str | UnsetType = field(default=UNSET, name="resume-ticket")
    resume_token: str | UnsetType = UNSET  # the same under the name without which autobahn-python fails


class CloseDetails(Dictionary, frozen=True):
    """`ABORT.Details` and `GOODBYE.Details`: `message` is for people."""

    message: str | UnsetType = UNSET


# --- what is carried from a message to the one that it becomes ------------------------------------------------


class ForwardedFrom(Struct, frozen=True):
    """One hop of `forward_for`: who sent the message to the router that passed it on."""

    session: int
    authid: str
    authrole: str


class Carried(Dictionary, frozen=True):
    """Attributes that say how to read the payload, and whence it came: copied as they are, never interpreted.

    `ppt_*` is "Payload Passthru Mode" of the advanced profile; `enc_*` is what it was before, autobahn's payload
    transparency, where octets stand in the place of Arguments.
    """

    ppt_scheme: str | UnsetType = UNSET
    ppt_serializer: str | UnsetType = UNSET
    ppt_cipher: str | UnsetType = UNSET
    ppt_keyid: str | UnsetType = UNSET
    enc_algo: EncryptionAlgorithm | UnsetType = UNSET
    enc_key: str | UnsetType = UNSET
    enc_serializer: EncryptionSerializer | UnsetType = UNSET
    forward_for: list[ForwardedFrom] | UnsetType = UNSET
    transaction_hash: str | UnsetType = UNSET


class ErrorDetails(Carried, frozen=True):
    """`ERROR.Details`."""


# --- publish and subscribe ------------------------------------------------------------------------------------


class PublishOptions(Carried, frozen=True):
    """`PUBLISH.Options`. A list that is present and empty counts: an empty `eligible` means nobody.

    `rkey` (resource key) chooses the shard.
    """

    acknowledge: bool = False
    exclude_me: bool = True
    exclude: list[int] | UnsetType = UNSET
    exclude_authid: list[str] | UnsetType = UNSET
    exclude_authrole: list[str] | UnsetType = UNSET
    eligible: list[int] | UnsetType = UNSET
    eligible_authid: list[str] | UnsetType = UNSET
    eligible_authrole: list[str] | UnsetType = UNSET
    retain: bool = False
    disclose_me: bool = False
    rkey: str | UnsetType = UNSET


class SubscribeOptions(Dictionary, frozen=True):
    """`SUBSCRIBE.Options`. `nkey` (node key) names the subscriber's shard."""

    match: MatchPolicy = "exact"
    get_retained: bool = False
    nkey: NodeKey | UnsetType = UNSET
    forward_for: list[ForwardedFrom] | UnsetType = UNSET


class EventDetails(Carried, frozen=True):
    """`EVENT.Details`: `topic` is the published topic, sent where the subscription is a pattern."""

    topic: str | UnsetType = UNSET
    publisher: int | UnsetType = UNSET
    publisher_authid: str | UnsetType = UNSET
    publisher_authrole: str | UnsetType = UNSET
    trustlevel: TrustLevel | UnsetType = UNSET
    retained: bool = False
    x_acknowledged_delivery: bool = False


class RevocationDetails(Dictionary, frozen=True):
    """`UNSUBSCRIBED.Details` and `UNREGISTERED.Details`, sent when the router takes the subscription away."""

    subscription: int | UnsetType = UNSET
    registration: int | UnsetType = UNSET
    reason: str | UnsetType = UNSET


# --- remote procedure calls -----------------------------------------------------------------------------------


class CallOptions(Carried, frozen=True):
    """`CALL.Options`. `timeout` is in milliseconds; 0 means none. `rkey` (resource key) chooses the shard."""

    timeout: Milliseconds = 0
    receive_progress: bool = False
    progress: bool = False
    disclose_me: bool = False
    rkey: str | UnsetType = UNSET
    runon: RunOn | UnsetType = UNSET
    runmode: RunMode | UnsetType = UNSET


class CancelOptions(Dictionary, frozen=True):
    """`CANCEL.Options`. The spec names no default mode; killnowait frees the caller and stops the work."""

    mode: CancelMode = "killnowait"


class InterruptOptions(Dictionary, frozen=True):
    """`INTERRUPT.Options`. `reason` is the error URI that the caller got."""

    mode: CancelMode | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class RegisterOptions(Dictionary, frozen=True):
    """`REGISTER.Options`. `nkey` (node key) names the callee's shard; `concurrency` and `force_reregister` are
    Crossbar's: how many calls the callee takes at a time, and that it takes the place of those who registered before.
    """

    match: MatchPolicy = "exact"
    invoke: InvocationPolicy = "single"
    disclose_caller: bool = False
    forward_timeout: bool = False
    nkey: NodeKey | UnsetType = UNSET
    concurrency: Annotated[int, Meta(ge=1, le=MAX_ID)] | UnsetType = UNSET
    force_reregister: bool = False
    forward_for: list[ForwardedFrom] | UnsetType = UNSET


class InvocationDetails(Carried, frozen=True):
    """`INVOCATION.Details`: `procedure` is the called URI, sent where the registration is a pattern.

    `timeout` is in milliseconds, and there only if the callee is to keep it.
    """

    procedure: str | UnsetType = UNSET
    receive_progress: bool = False
    progress: bool = False
    caller: int | UnsetType = UNSET
    caller_authid: str | UnsetType = UNSET
    caller_authrole: str | UnsetType = UNSET
    trustlevel: TrustLevel | UnsetType = UNSET
    timeout: Milliseconds | UnsetType = UNSET


class YieldOptions(Carried, frozen=True):
    """`YIELD.Options`."""

    progress: bool = False


class ResultDetails(Carried, frozen=True):
    """`RESULT.Details`."""

    progress: bool = False
