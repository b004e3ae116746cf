"""What config.yaml may say about who joins a realm: the methods, and the principals with what proves them."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from router.config.scalars import Secret
from router.config.section import Deadline, Section, Text

ChannelBinding = Literal["optional", "required"]
Address = Annotated[str, Meta(pattern=r"^0x[0-9a-fA-F]{40}$")]
Asked = Literal["ticket", "wampcra", "scram", "cryptosign", "tls"]


class Anonymous(Section, frozen=True, kw_only=True):
    """Clients that prove nothing may join."""

    role: Annotated[Text, Meta(description="The role of every anonymous client; one of the realm's `roles`.")]


class Ticket(Section, frozen=True, kw_only=True):
    """`ticket`: clients show a secret or a password. It travels as it is: use TLS beyond loopback."""


class Wampcra(Section, frozen=True, kw_only=True):
    """`wampcra`: clients prove that they know a secret, and never send it."""


class Scram(Section, frozen=True, kw_only=True):
    """`wamp-scram`, and `scram` as autobahn has it: the strongest of the methods with passwords."""

    channel_binding: Annotated[
        ChannelBinding,
        Meta(
            description="Whether the proof must be bound to the TLS connection (`required`), so that nobody in the "
            "middle can pass it on, or is if the client asks for it (`optional`). autobahn's `scram` cannot do it."
        ),
    ] = "optional"


class Trustroot(Section, frozen=True, kw_only=True):
    """An Ethereum account that vouches for clients: they need not be listed, and have certificates instead.

    It needs what `pip install 'wamplex[trustroots]'` brings. No blockchain is asked.
    """

    address: Annotated[Address, Meta(description="The account that signed the root certificate.")]
    role: Annotated[Text, Meta(description="The role of the clients; one of the realm's `roles`.")]
    realm: Annotated[Address, Meta(description="The address that stands for this realm in the certificates.")]
    contract: Annotated[Address, Meta(description="The contract that the certificates are bound to.")]
    chain_id: Annotated[int, Meta(description="The chain that the certificates are bound to.", ge=0, le=2**53)] = 1
    capabilities: Annotated[
        frozenset[Literal["public_relay", "private_relay", "gateway", "exchange", "provider", "consumer"]],
        Meta(description="What a client must have been granted in its certificate."),
    ] = frozenset()
    certificates: Annotated[
        Path | None,
        Meta(
            description="Certificates of authorities that clients need not send: a JSON file, a list of pairs of "
            "typed data and signature, relative to this file's folder."
        ),
    ] = None


class Cryptosign(Section, frozen=True, kw_only=True):
    """`cryptosign`: clients prove that they hold an Ed25519 private key; the router knows the public ones."""

    channel_binding: Annotated[
        ChannelBinding,
        Meta(
            description="Whether the signature must be bound to the TLS connection (`required`), so that nobody in "
            "the middle can pass it on, or is if the client asks for it (`optional`)."
        ),
    ] = "optional"
    router_key: Annotated[
        Secret | None,
        Meta(
            description="The router's own Ed25519 private key, 64 hexadecimal digits as `{env: VARIABLE}` or "
            "`{file: PATH}`; with it the router proves to clients that ask for it who it is."
        ),
    ] = None
    trustroots: Annotated[
        tuple[Trustroot, ...], Meta(description="Accounts that vouch for clients which are not listed.")
    ] = ()


class Certificate(Section, frozen=True, kw_only=True):
    """`tls`: the client certificate of the connection says who it is; see `client_certificates` of the listener."""


class Cookie(Section, frozen=True, kw_only=True):
    """`cookie`: browsers that logged in over HTTP join as who they are; see `login` of `web`."""


class Claims(Section, frozen=True, kw_only=True):
    """Which claims of a token say what; dots lead into nested claims."""

    authid: Annotated[Text, Meta(description="The claim with the authid.")] = "sub"
    role: Annotated[Text, Meta(description="The claim with the role; a list gives the first that the realm has.")] = (
        "role"
    )
    realm: Annotated[
        Text | None, Meta(description="The claim that must name this realm; null if tokens name none.")
    ] = None


class Jwt(Section, frozen=True, kw_only=True):
    """Tickets that are signed tokens (JWT), which an identity provider or your application hands out.

    Clients send them by the method `ticket`, or `jwt`. A `secret` is needed, or public keys from one place, or both.
    """

    secret: Annotated[
        Secret | None,
        Meta(description="The secret of HS256, at least 32 octets, as `{env: VARIABLE}` or `{file: PATH}`."),
    ] = None
    public_key: Annotated[
        Path | None, Meta(description="The public key of RS256, ES256 or EdDSA: a PEM file, relative to this one.")
    ] = None
    jwks: Annotated[
        Path | None,
        Meta(description="The public keys as a JSON Web Key Set: a file, relative to this one; read when it changes."),
    ] = None
    jwks_url: Annotated[
        Text | None,
        Meta(
            description="The https URL of the key set, instead of a file: fetched when the first token comes, and "
            "again when a token names a key that is not in it."
        ),
    ] = None
    jwks_max_age: Annotated[
        float, Meta(description="Seconds until the key set is fetched again.", ge=30, le=86_400)
    ] = 600
    algorithms: Annotated[
        tuple[Literal["HS256", "RS256", "ES256", "EdDSA"], ...],
        Meta(description="The algorithms that are accepted; empty for those that fit the keys above."),
    ] = ()
    issuer: Annotated[Text | None, Meta(description="Who must have issued the token (`iss`); null for anybody.")] = None
    audience: Annotated[
        Text | None, Meta(description="For whom the token must be (`aud`); null refuses tokens for somebody.")
    ] = None
    leeway: Annotated[
        float, Meta(description="Seconds that clocks may differ in `exp`, `nbf` and `iat`.", ge=0, le=300)
    ] = 10
    claims: Annotated[Claims, Meta(description="Which claims say who it is.")] = Claims()
    role: Annotated[
        Text | None,
        Meta(description="The role of tokens that name none; null refuses them. One of the realm's `roles`."),
    ] = None


class Dynamic(Section, frozen=True, kw_only=True):
    """Somebody else who knows the principals: a WAMP procedure, or a Python function in the router's process.

    Either is called with `(realm, authid, details)` and answers with a role, or `{role, ...}`, or null for "unknown".
    """

    procedure: Annotated[Text | None, Meta(description="The URI of the procedure.")] = None
    realm: Annotated[
        Text | None, Meta(description="The realm in which the procedure is registered; null for this one.")
    ] = None
    function: Annotated[
        Text | None,
        Meta(description="Instead of a procedure, a function that can be imported: `package.module:function`."),
    ] = None
    methods: Annotated[
        frozenset[Asked], Meta(description="The methods for which it is asked; they are offered then.", min_length=1)
    ] = frozenset({"ticket"})
    timeout: Annotated[Deadline, Meta(description="Seconds that it may take; then the client is refused.")] = 5
    max_waiting: Annotated[
        int, Meta(description="How many clients may wait for it at a time; more are refused.", ge=1, le=100_000)
    ] = 100


class Lockout(Section, frozen=True, kw_only=True):
    """Who fails repeatedly must wait, twice as long after each further failure; a success makes it forgotten."""

    after: Annotated[
        int, Meta(description="Failures in a row that an authid, from one address, has free.", ge=1, le=1000)
    ] = 5
    address_after: Annotated[
        int, Meta(description="Failures in a row that an address has free, whoever it says to be.", ge=1, le=100_000)
    ] = 50
    authid_after: Annotated[
        int,
        Meta(
            description="Failures in a row that an authid has free, from wherever they come; addresses from which it "
            "came in before do not count and are not locked out.",
            ge=1,
            le=100_000,
        ),
    ] = 100
    first: Annotated[Deadline, Meta(description="Seconds of the first wait.")] = 1
    longest: Annotated[Deadline, Meta(description="Seconds of the longest wait.")] = 900


class Authentication(Section, frozen=True, kw_only=True):
    """How clients prove who they are; at least one method, and the client picks among them."""

    anonymous: Annotated[
        Anonymous | None, Meta(description="Admit clients that prove nothing; leave it out to refuse them.")
    ] = None
    ticket: Annotated[
        Ticket | None, Meta(description="Admit clients that show a secret or password: `true` or `false`.")
    ] = None
    wampcra: Annotated[
        Wampcra | None, Meta(description="Admit clients that prove that they know a secret: `true` or `false`.")
    ] = None
    scram: Annotated[Scram | None, Meta(description="Admit clients that prove that they know a password.")] = None
    cryptosign: Annotated[Cryptosign | None, Meta(description="Admit clients that prove to hold a private key.")] = None
    tls: Annotated[
        Certificate | None, Meta(description="Admit clients by their TLS client certificate: `true` or `false`.")
    ] = None
    cookie: Annotated[
        Cookie | None, Meta(description="Admit browsers that logged in over HTTP: `true` or `false`.")
    ] = None
    jwt: Annotated[Jwt | None, Meta(description="Admit clients that show a signed token.")] = None
    dynamic: Annotated[
        Dynamic | None, Meta(description="Ask a procedure or function about principals that are not listed.")
    ] = None
    lockout: Annotated[
        Lockout | None, Meta(description="Who fails repeatedly must wait; `false` lets everybody try on.")
    ] = Lockout()
    decoy_key: Annotated[
        Secret | None,
        Meta(
            description="What `wampcra` and `scram` make up the challenges from that they send to names that nobody "
            "has: 32 random letters or more, as `{env: VARIABLE}` or `{file: PATH}`. Without it another one is drawn "
            "at each start, and who compares challenges from before and after can tell who exists."
        ),
    ] = None


class Principal(Section, frozen=True, kw_only=True):
    """Somebody who may join, and what proves it; `wamplex hash` makes the verifiers."""

    authid: Annotated[Text, Meta(description="The name by which the client joins; unique within the realm.")]
    role: Annotated[Text, Meta(description="The role that the client gets; one of the realm's `roles`.")]
    ticket: Annotated[
        Secret | None,
        Meta(description="For `ticket`: a verifier (`$argon2id$...`, `$sha256$...`), `{env: ...}` or `{file: ...}`."),
    ] = None
    wampcra: Annotated[
        Secret | None,
        Meta(description="For `wampcra`: a derived key (`$pbkdf2$...`), or the secret, `{env: ...}` or `{file: ...}`."),
    ] = None
    scram: Annotated[
        Secret | None,
        Meta(description="For `scram`: a verifier (`$scram$...`), or the password, `{env: ...}` or `{file: ...}`."),
    ] = None
    cryptosign: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[0-9a-fA-F]{64}$")], ...],
        Meta(description="For `cryptosign`: the Ed25519 public keys, 64 hexadecimal digits each."),
    ] = ()
    tls: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[0-9a-fA-F]{2}(:?[0-9a-fA-F]{2}){31}$")], ...],
        Meta(description="For `tls`: the SHA-256 fingerprints of the certificates, in hexadecimal."),
    ] = ()
    totp: Annotated[
        Secret | None,
        Meta(description="The key of a second factor, in base32, `{env: ...}` or `{file: ...}`: a code is asked for."),
    ] = None
