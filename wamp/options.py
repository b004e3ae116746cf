"""Options and Details: the dictionaries of WAMP messages, typed.

A wrong type makes the message undecodable, which is a protocol violation (`True` is no integer, 1 is no bool).
Attributes that are not listed here are ignored and never forwarded, as section "Options and Details" demands.
What the peer left out is `UNSET`, or the default that the spec gives it.
"""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from wamp.ids import MAX_ID

MatchPolicy = Literal["exact", "prefix", "wildcard"]
InvocationPolicy = Literal["single", "roundrobin", "random", "first", "last"]
CancelMode = Literal["skip", "kill", "killnowait"]


class Dictionary(Struct, frozen=True, omit_defaults=True):
    """The base of all options and details: immutable, and only what differs from the default is sent."""


# --- opening and closing a session ----------------------------------------------------------------------------


class Features(Dictionary, frozen=True):
    """What a peer announced for one of its roles; a missing feature is a feature that it does not have."""

    call_canceling: bool = False
    call_cancelling: bool = False  # the spec spells it both ways
    call_timeout: bool = False
    pattern_based_registration: bool = False
    pattern_based_subscription: bool = False
    progressive_call_results: bool = False
    publisher_exclusion: bool = False
    shared_registration: bool = False
    subscriber_blackwhite_listing: bool = False


class Role(Dictionary, frozen=True):
    """One entry of `roles`: `{"features": {...}}`."""

    features: Features = Features()


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
    """`HELLO.Details`: who the client is and how it would prove it."""

    roles: ClientRoles | UnsetType = UNSET
    agent: str | UnsetType = UNSET
    authmethods: list[str] | UnsetType = UNSET
    authid: str | UnsetType | None = UNSET
    authrole: str | UnsetType | None = UNSET
    authextra: dict[str, Any] | UnsetType | None = UNSET


class WelcomeDetails(Dictionary, frozen=True):
    """`WELCOME.Details`: who the client is from now on, and what the router can do."""

    roles: RouterRoles
    realm: str
    authid: str
    authrole: str
    authmethod: str
    authprovider: str
    agent: str | UnsetType = UNSET
    authextra: dict[str, Any] | UnsetType = UNSET


class CloseDetails(Dictionary, frozen=True):
    """`ABORT.Details` and `GOODBYE.Details`: `message` is for people."""

    message: str | UnsetType = UNSET


# --- publish and subscribe ------------------------------------------------------------------------------------


class PublishOptions(Dictionary, frozen=True):
    """`PUBLISH.Options`. A list that is present and empty counts: an empty `eligible` means nobody."""

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
    ppt_scheme: str | UnsetType = UNSET


class SubscribeOptions(Dictionary, frozen=True):
    """`SUBSCRIBE.Options`."""

    match: MatchPolicy = "exact"
    get_retained: bool = False


class EventDetails(Dictionary, frozen=True):
    """`EVENT.Details`: `topic` is the published topic, sent where the subscription is a pattern."""

    topic: str | UnsetType = UNSET


class RevocationDetails(Dictionary, frozen=True):
    """`UNSUBSCRIBED.Details` and `UNREGISTERED.Details`, sent when the router takes the subscription away."""

    subscription: int | UnsetType = UNSET
    registration: int | UnsetType = UNSET
    reason: str | UnsetType = UNSET


# --- remote procedure calls -----------------------------------------------------------------------------------


class CallOptions(Dictionary, frozen=True):
    """`CALL.Options`. `timeout` is in milliseconds; 0 means none."""

    timeout: Annotated[int, Meta(ge=0, le=MAX_ID)] = 0
    receive_progress: bool = False
    progress: bool = False
    disclose_me: bool = False
    ppt_scheme: str | UnsetType = UNSET


class CancelOptions(Dictionary, frozen=True):
    """`CANCEL.Options`. The spec names no default mode; killnowait frees the caller and stops the work."""

    mode: CancelMode = "killnowait"


class InterruptOptions(Dictionary, frozen=True):
    """`INTERRUPT.Options`. `reason` is the error URI that the caller got."""

    mode: CancelMode | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class RegisterOptions(Dictionary, frozen=True):
    """`REGISTER.Options`."""

    match: MatchPolicy = "exact"
    invoke: InvocationPolicy = "single"
    disclose_caller: bool = False


class InvocationDetails(Dictionary, frozen=True):
    """`INVOCATION.Details`: `procedure` is the called URI, sent where the registration is a pattern."""

    procedure: str | UnsetType = UNSET
    receive_progress: bool = False


class YieldOptions(Dictionary, frozen=True):
    """`YIELD.Options`."""

    progress: bool = False
    ppt_scheme: str | UnsetType = UNSET


class ResultDetails(Dictionary, frozen=True):
    """`RESULT.Details`."""

    progress: bool = False
