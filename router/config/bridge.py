"""What config.yaml may say about the bridge between HTTP and a realm: who may ask, what comes in, what goes out."""

from typing import Annotated, Literal

from msgspec import Meta

from router.config.scalars import Secret, Size
from router.config.section import Deadline, Many, Match, Section, Text, UrlPath

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]


class Key(Section, frozen=True, kw_only=True):
    """A key with which a backend signs its requests."""

    id: Annotated[Name, Meta(description="The name of the key, `keyid` in the signature.")]
    secret: Annotated[Secret, Meta(description="What both sides know: at least 16 characters, better 32 random ones.")]
    role: Annotated[Text, Meta(description="The role of who has the key.")]
    authid: Annotated[
        Text | None, Meta(description="The principal's name in the realm; null is the name of the key.")
    ] = None
    scheme: Annotated[
        Literal["rfc9421", "crossbar"],
        Meta(
            description="How requests are signed: `rfc9421` (HTTP Message Signatures), or `crossbar` as for Crossbar's "
            "HTTP bridge, for clients that have that already."
        ),
    ] = "rfc9421"


class Hook(Section, frozen=True, kw_only=True):
    """Requests of others' servers, at `<path>/hooks/<name>`, that become events or calls."""

    name: Annotated[Name, Meta(description="The end of the address, `<path>/hooks/<name>`.")]
    topic: Annotated[Text | None, Meta(description="What the requests are published to; or `procedure`.")] = None
    procedure: Annotated[Text | None, Meta(description="What is called with the requests; or `topic`.")] = None
    role: Annotated[Text, Meta(description="The role in which that is done.")]
    authid: Annotated[Text, Meta(description="The name in which that is done.")] = "webhook"
    signature: Annotated[
        Literal["github", "stripe", "standard", "none"],
        Meta(
            description="How the requests are signed: as those of `github` (X-Hub-Signature-256; Gitea and others, "
            "too), of `stripe` (a time and `v1`), by `standard` (standardwebhooks.com), or `none`: anybody may send."
        ),
    ]
    secret: Annotated[Secret | None, Meta(description="What the sender signs with; `none` needs none.")] = None
    headers: Annotated[
        tuple[Text, ...], Meta(description="Header fields that are passed on, besides those that name event and id.")
    ] = ()


class Forward(Section, frozen=True, kw_only=True):
    """Events, or the calls of a procedure, that are sent to somebody's server."""

    url: Annotated[Text, Meta(description="Where the POST goes: `https://...`; `http://...` is not encrypted.")]
    topic: Annotated[Text | None, Meta(description="Whose events are sent; or `procedure`.")] = None
    match: Annotated[Match, Meta(description="How `topic` or `procedure` is compared.")] = "exact"
    procedure: Annotated[
        Text | None, Meta(description="What is registered, and answered by the server; or `topic`.")
    ] = None
    role: Annotated[Text, Meta(description="The role in which it is subscribed or registered.")]
    authid: Annotated[Text, Meta(description="The name in which it is.")] = "forward"
    secret: Annotated[
        Secret | None, Meta(description="What requests are signed with (standardwebhooks.com); null signs none.")
    ] = None
    timeout: Annotated[Deadline, Meta(description="Seconds that the server has to answer.")] = 10
    concurrency: Annotated[
        Annotated[int, Meta(ge=1, le=1000)] | None,
        Meta(description="Requests at a time; null is 1 for events, which keeps their order, and 16 for calls."),
    ] = None
    queue: Annotated[Many, Meta(description="Events that wait; the oldest makes room, and is counted.")] = 1000
    retries: Annotated[
        int, Meta(description="How often an event is sent again after a failure, ever more slowly.", ge=0, le=100)
    ] = 8
    max_response: Annotated[Size, Meta(description="How much of an answer is read.", ge=0, le=2**30)] = 2**20


class Bridge(Section, frozen=True, kw_only=True):
    """HTTP for a realm: `POST <path>/publish`, `POST <path>/call`, and what `hooks` and `forwards` say."""

    realm: Annotated[Text, Meta(description="The realm that is reached.")]
    path: Annotated[UrlPath, Meta(description="The path below which the addresses are.")] = "/bridge"
    keys: Annotated[tuple[Key, ...], Meta(description="Who may sign requests.")] = ()
    bearer: Annotated[
        bool,
        Meta(description="Take signed tokens (`Authorization: Bearer`), as the realm's `jwt` or `login` has them."),
    ] = False
    basic: Annotated[
        bool, Meta(description="Take authid and ticket (`Authorization: Basic`), as the realm's `ticket` has them.")
    ] = False
    cookie: Annotated[bool, Meta(description="Take the cookie of the realm's `login`.")] = False
    anonymous: Annotated[
        bool, Meta(description="Let requests that prove nothing have the realm's `anonymous` role.")
    ] = False
    allowed_origins: Annotated[
        tuple[Text, ...], Meta(description="Whose pages may send requests, as for `listeners`; others are refused.")
    ] = ("same-origin",)
    clock_skew: Annotated[
        float, Meta(description="Seconds that the time of a signature may differ from ours.", ge=1, le=3600)
    ] = 300
    timeout: Annotated[Deadline, Meta(description="Seconds for a call; the caller may ask for fewer.")] = 30
    max_body: Annotated[Size, Meta(description="The largest body of a request.", ge=1024, le=2**30)] = 256 * 1024
    max_requests: Annotated[Many, Meta(description="Requests under way; more are answered by 503.")] = 1000
    address_rate: Annotated[
        Many | None, Meta(description="Requests per second from one address; more get 429; null for any number.")
    ] = 1000
    max_sessions: Annotated[
        Many, Meta(description="Principals that have a session at a time; those that idle make room.")
    ] = 1000
    idle_timeout: Annotated[
        Deadline, Meta(description="Seconds after its last request that the session of a principal ends.")
    ] = 60
    openapi: Annotated[
        bool, Meta(description="Describe it all at `<path>/openapi.json`, and to people at `<path>`.")
    ] = True
    hooks: Annotated[tuple[Hook, ...], Meta(description="Requests of others that become events or calls.")] = ()
    forwards: Annotated[tuple[Forward, ...], Meta(description="Events and calls that become requests.")] = ()
