"""Every WAMP message as a frozen Struct; the docstring of each is its shape on the wire.

The first element on the wire is the message code, which msgspec takes as the Struct's tag; the fields follow in
order. `Arguments` and `ArgumentsKw` stay `Raw`: the router has no business in a payload, so it carries the octets
as they came. A message that does not fit its Struct (a wrong type, a missing or surplus element, an id outside
1..2**53) does not decode; see "no polymorphism" in section "Messages" of the basic profile.

`ClientMessage` is what a client may send; `RouterMessage` is what the router sends. A frame that holds anything
else is undecodable too, so a client that sends WELCOME breaks the protocol without a line of code here.
"""

from typing import Any, get_args

from msgspec import UNSET, Raw, Struct, UnsetType

from wamp.ids import Id
from wamp.options import (
    CallOptions,
    CancelOptions,
    CloseDetails,
    ErrorDetails,
    EventDetails,
    HelloDetails,
    InterruptOptions,
    InvocationDetails,
    PublishOptions,
    RegisterOptions,
    ResultDetails,
    RevocationDetails,
    SubscribeOptions,
    WelcomeDetails,
    YieldOptions,
)

Dict = dict[str, Any]


class Message(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The base of all messages."""


# --- opening and closing a session ----------------------------------------------------------------------------


class Hello(Message, frozen=True, tag=1):
    """`[1, Realm|uri, Details|dict]`: a client asks to join a realm; null lets the router choose it."""

    realm: str | None
    details: HelloDetails


class Welcome(Message, frozen=True, tag=2):
    """`[2, Session|id, Details|dict]`: the session is open."""

    session: Id
    details: WelcomeDetails


class Abort(Message, frozen=True, tag=3):
    """`[3, Details|dict, Reason|uri, Arguments|list?, ArgumentsKw|dict?]`: the session ends at once, unanswered."""

    details: CloseDetails
    reason: str
    args: Raw | UnsetType = UNSET
    kwargs: Raw | UnsetType = UNSET


class Challenge(Message, frozen=True, tag=4):
    """`[4, AuthMethod|string, Extra|dict]`: prove who you are."""

    authmethod: str
    extra: Dict


class Authenticate(Message, frozen=True, tag=5):
    """`[5, Signature|string, Extra|dict]`: the answer to CHALLENGE."""

    signature: str
    extra: Dict


class Goodbye(Message, frozen=True, tag=6):
    """`[6, Details|dict, Reason|uri]`: close the session; answered with GOODBYE."""

    details: CloseDetails
    reason: str


class Error(Message, frozen=True, tag=8):
    """`[8, REQUEST.Type|int, REQUEST.Request|id, Details|dict, Error|uri, Arguments|list?, ArgumentsKw|dict?]`."""

    request_type: int
    request: Id
    details: ErrorDetails
    error: str
    args: Raw | UnsetType = UNSET
    kwargs: Raw | UnsetType = UNSET


# --- publish and subscribe ------------------------------------------------------------------------------------


class Publish(Message, frozen=True, tag=16):
    """`[16, Request|id, Options|dict, Topic|uri, Arguments|list?, ArgumentsKw|dict?]`."""

    request: Id
    options: PublishOptions
    topic: str
    args: Raw | UnsetType = UNSET
    kwargs: Raw | UnsetType = UNSET


class Published(Message, frozen=True, tag=17):
    """`[17, PUBLISH.Request|id, Publication|id]`: answers a PUBLISH that asked for acknowledgement."""

    request: Id
    publication: Id


class Subscribe(Message, frozen=True, tag=32):
    """`[32, Request|id, Options|dict, Topic|uri]`."""

    request: Id
    options: SubscribeOptions
    topic: str


class Subscribed(Message, frozen=True, tag=33):
    """`[33, SUBSCRIBE.Request|id, Subscription|id]`."""

    request: Id
    subscription: Id


class Unsubscribe(Message, frozen=True, tag=34):
    """`[34, Request|id, SUBSCRIBED.Subscription|id]`."""

    request: Id
    subscription: Id


class Unsubscribed(Message, frozen=True, tag=35):
    """`[35, UNSUBSCRIBE.Request|id]`; `[35, 0, Details|dict]` tells that the router took the subscription away."""

    request: int
    details: RevocationDetails | UnsetType = UNSET


class Event(Message, frozen=True, tag=36):
    """`[36, Subscription|id, PUBLISHED.Publication|id, Details|dict, Arguments|list?, ArgumentsKw|dict?]`."""

    subscription: Id
    publication: Id
    details: EventDetails
    args: Raw | UnsetType = UNSET
    kwargs: Raw | UnsetType = UNSET


class EventReceived(Message, frozen=True, tag=337):
    """`[337, EVENT.Publication|id]`: experimental acknowledgement of an EVENT by its subscriber."""

    publication: Id


class EventReceivedToo(Message, frozen=True, tag=37):
    """`[37, EVENT.Publication|id]`: the same under the code that the FlatBuffers schema gives it."""

    publication: Id


# --- remote procedure calls -----------------------------------------------------------------------------------


class Call(Message, frozen=True, tag=48):
    """`[48, Request|id, Options|dict, Procedure|uri, Arguments|list?, ArgumentsKw|dict?]`."""

    request: Id
    options: CallOptions
    procedure: str
    args: Raw | UnsetType = UNSET
    kwargs: Raw | UnsetType = UNSET


class Cancel(Message, frozen=True, tag=49):
    """`[49, CALL.Request|id, Options|dict]`."""

    request: Id
    options: CancelOptions


class Result(Message, frozen=True, tag=50):
    """`[50, CALL.Request|id, Details|dict, Arguments|list?, ArgumentsKw|dict?]`."""

    request: Id
    details: ResultDetails
    args: Raw | UnsetType = UNSET
    kwargs: Raw | UnsetType = UNSET


class Register(Message, frozen=True, tag=64):
    """`[64, Request|id, Options|dict, Procedure|uri]`."""

    request: Id
    options: RegisterOptions
    procedure: str


class Registered(Message, frozen=True, tag=65):
    """`[65, REGISTER.Request|id, Registration|id]`."""

    request: Id
    registration: Id


class Unregister(Message, frozen=True, tag=66):
    """`[66, Request|id, REGISTERED.Registration|id]`."""

    request: Id
    registration: Id


class Unregistered(Message, frozen=True, tag=67):
    """`[67, UNREGISTER.Request|id]`; `[67, 0, Details|dict]` tells that the router took the registration away."""

    request: int
    details: RevocationDetails | UnsetType = UNSET


class Invocation(Message, frozen=True, tag=68):
    """`[68, Request|id, REGISTERED.Registration|id, Details|dict, Arguments|list?, ArgumentsKw|dict?]`."""

    request: Id
    registration: Id
    details: InvocationDetails
    args: Raw | UnsetType = UNSET
    kwargs: Raw | UnsetType = UNSET


class Interrupt(Message, frozen=True, tag=69):
    """`[69, INVOCATION.Request|id, Options|dict]`."""

    request: Id
    options: InterruptOptions


class Yield(Message, frozen=True, tag=70):
    """`[70, INVOCATION.Request|id, Options|dict, Arguments|list?, ArgumentsKw|dict?]`."""

    request: Id
    options: YieldOptions
    args: Raw | UnsetType = UNSET
    kwargs: Raw | UnsetType = UNSET


# --- who may send what: the direction table of section "Message Definitions" -----------------------------------

ClientMessage = (
    Hello
    | Abort
    | Authenticate
    | Goodbye
    | Error
    | Publish
    | Subscribe
    | Unsubscribe
    | EventReceived
    | EventReceivedToo
    | Call
    | Cancel
    | Register
    | Unregister
    | Yield
)

RouterMessage = (
    Welcome
    | Abort
    | Challenge
    | Goodbye
    | Error
    | Published
    | Subscribed
    | Unsubscribed
    | Event
    | Result
    | Registered
    | Unregistered
    | Invocation
    | Interrupt
)

AnyMessage = ClientMessage | RouterMessage

CODES: dict[type[Message], int] = {message: message.__struct_config__.tag for message in get_args(AnyMessage)}
"""The message code of each message type, the first element on the wire."""

ROLE_OF: dict[type[ClientMessage], str] = {
    Publish: "publisher",
    Subscribe: "subscriber",
    Unsubscribe: "subscriber",
    EventReceived: "subscriber",
    EventReceivedToo: "subscriber",
    Call: "caller",
    Cancel: "caller",
    Register: "callee",
    Unregister: "callee",
    Yield: "callee",
    Error: "callee",
}
"""The role in which a client sends each message; a realm with strict roles takes it from nobody else."""
