"""Trust roots: clients that nobody has listed join with certificates of those who are trusted to vouch for them.

    HELLO.Details.authextra    {"pubkey": <key>, "trustroot": <address>, "certificates": [[<typed data>, <signature>]]}

A chain begins with a delegate certificate, in which an Ethereum account says "this Ed25519 key is mine", and goes on
with certificates of authorities: the first vouches for that account, each further one for the one before, and the last,
the root, for itself. To the method cryptosign this is a source of principals: it has the client prove the key.

This is the standalone trust root: the root is named in the configuration, and the rest of the chain is in HELLO, or is
kept here. No blockchain is asked. Hence `validFrom`, the number of a block, is only compared within the chain.

Beyond the rules CCR-1 to CCR-12 of the chapter, whoever signs for another authority needs the capability for that: else
every account that somebody vouches for could vouch for others.

Section "Trustroots and Certificates" of cryptosign authentication.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import Meta, Struct

from realms.authentication.eip712 import Fields, checksummed, hash_structure, signer_of
from realms.authentication.principals import Found, Inquiry, Principal

MAX_CHAIN: Final = 8
"""Certificates of a chain: for each a key is recovered, which takes some 50 us."""

ROOT_CA: Final = 1 << 0
INTERMEDIATE_CA: Final = 1 << 1
CAPABILITIES: Final = {
    "public_relay": 1 << 2,
    "private_relay": 1 << 3,
    "gateway": 1 << 4,
    "exchange": 1 << 5,
    "provider": 1 << 6,
    "consumer": 1 << 7,
}
ALL_CAPABILITIES: Final = (1 << 8) - 1

_COMMON: Final = (("chainId", "uint256"), ("verifyingContract", "address"), ("validFrom", "uint256"))
DOMAIN_FIELDS: Final = (("name", "string"), ("version", "string"))
DELEGATE_FIELDS: Final = (
    *_COMMON, ("delegate", "address"), ("csPubKey", "bytes32"), ("bootedAt", "uint64"), ("meta", "string"),
)  # fmt: skip
AUTHORITY_FIELDS: Final = (
    *_COMMON, ("issuer", "address"), ("subject", "address"), ("realm", "address"), ("capabilities", "uint64"),
    ("meta", "string"),
)  # fmt: skip
DOMAIN: Final = hash_structure("EIP712Domain", DOMAIN_FIELDS, {"name": "WMP", "version": "1"})

Number = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Address = Annotated[str, Meta(pattern=r"^0x[0-9a-fA-F]{40}\Z")]
Key = Annotated[str, Meta(pattern=r"^(0x)?[0-9a-fA-F]{64}\Z")]
Note = Annotated[str, Meta(max_length=1000)]


class Certificate(Struct, frozen=True, rename="camel"):
    """What both kinds say."""

    chain_id: Number
    verifying_contract: Address
    valid_from: Number


class Delegate(Certificate, frozen=True, rename="camel"):
    """`EIP712DelegateCertificate`: an account says which key is its own."""

    delegate: Address
    cs_pub_key: Key
    booted_at: Number
    meta: Note


class Authority(Certificate, frozen=True, rename="camel"):
    """`EIP712AuthorityCertificate`: an account vouches for another, or, as a root, for itself."""

    issuer: Address
    subject: Address
    realm: Address
    capabilities: Annotated[int, Meta(ge=0, le=ALL_CAPABILITIES)]
    meta: Note


class Signed(NamedTuple):
    """A certificate, and who has signed it."""

    certificate: Delegate | Authority
    signer: str | None


class Unusable(ValueError):  # noqa: N818 - it reads as what it says
    """This is no certificate."""


def read(entry: Any) -> Signed:
    """Read `[<typed data>, <signature>]`, or autobahn's `[<hash>, <typed data>, <signature>]`; raises Unusable."""
    if not isinstance(entry, list | tuple) or len(entry) not in (2, 3):
        raise Unusable("a certificate is a list of the typed data and its signature")
    data, signature = entry[-2:]
    if not isinstance(data, dict) or data.get("domain") != {"name": "WMP", "version": "1"}:
        raise Unusable("the typed data is not of the domain WMP, version 1")
    kind = data.get("primaryType")
    form, fields = KINDS.get(kind, (None, ())) if isinstance(kind, str) else (None, ())
    if form is None or not isinstance(signature, str):
        raise Unusable("this is neither the certificate of a delegate nor one of an authority")
    try:
        certificate = msgspec.convert(data.get("message"), form)
    except msgspec.ValidationError as mistake:
        raise Unusable(str(mistake)) from None
    values = msgspec.to_builtins(certificate)
    return Signed(certificate, signer_of(DOMAIN, hash_structure(str(kind), fields, values), signature))


KINDS: Final[dict[str, tuple[type[Delegate | Authority], Fields]]] = {
    "EIP712DelegateCertificate": (Delegate, DELEGATE_FIELDS),
    "EIP712AuthorityCertificate": (Authority, AUTHORITY_FIELDS),
}


class Trustroot(NamedTuple):
    """Whom to trust, and for what."""

    address: str
    """Of the root's account."""

    realm: str
    """The address that stands for the realm in certificates."""

    chain_id: int
    contract: str
    """What certificates are bound to; nothing is asked there."""

    role: str
    """The role of all who come with its certificates."""

    capabilities: int = 0
    """What they must have been granted."""

    kept: tuple[Signed, ...] = ()
    """Certificates of authorities that need not be in HELLO."""


class Trustroots:
    """A source of principals: those for whom a trust root vouches."""

    def __init__(self, roots: Iterable[Trustroot]) -> None:
        self._roots = {root.address.lower(): root for root in roots}

    def find(self, inquiry: Inquiry) -> Found:
        """Who has the key, if the certificates in HELLO say so."""
        extra = inquiry.applicant.hello.authextra
        if inquiry.key is None or not isinstance(extra, dict):
            return None
        named, shown = extra.get("trustroot"), extra.get("certificates")
        root = self._roots.get(named.lower()) if isinstance(named, str) else None
        if root is None or not isinstance(shown, list) or not 0 < len(shown) <= MAX_CHAIN:
            return None
        try:
            chain = [read(entry) for entry in shown]
        except Unusable:
            return None
        delegate, authorities = chain[0].certificate, _completed(chain, root)
        if not isinstance(delegate, Delegate) or bytes.fromhex(delegate.cs_pub_key.removeprefix("0x")) != inquiry.key:
            return None
        if not is_vouched_for(delegate, authorities, root) or not _is_signed_by(chain[0], delegate.delegate):
            return None
        return Principal(checksummed(delegate.delegate), root.role, provider="trustroot", keys=frozenset({inquiry.key}))


def _completed(chain: list[Signed], root: Trustroot) -> list[Signed]:
    """The authorities of a chain; where it breaks off before the root, those that are kept here go on with it."""
    authorities = chain[1:]
    last = chain[-1].certificate
    while len(authorities) < MAX_CHAIN:
        wanted = last.delegate if isinstance(last, Delegate) else last.issuer
        if isinstance(last, Authority) and _same(last.subject, last.issuer):
            break
        found = next(
            (
                one
                for one in root.kept
                if isinstance(one.certificate, Authority) and _same(one.certificate.subject, wanted)
            ),
            None,
        )
        if found is None:
            break
        authorities.append(found)
        last = found.certificate
    return authorities


def is_vouched_for(delegate: Delegate, authorities: list[Signed], root: Trustroot) -> bool:
    """Check the rules of the chapter, but for the delegate's own signature."""
    certificates = [one.certificate for one in authorities]
    issued = [one for one in certificates if isinstance(one, Authority)]
    if not issued or len(issued) != len(certificates):  # CCR-3
        return False
    last = issued[-1]
    return (
        all(_same(one, root.address) for one in (last.issuer, last.subject))  # CCR-4, and it is the root that we trust
        and all(_is_for(one, root) for one in (delegate, *issued))  # CCR-1
        and all(_same(one.realm, root.realm) for one in issued)  # CCR-2
        and _same(issued[0].subject, delegate.delegate)  # CCR-8
        and issued[0].valid_from <= delegate.valid_from  # CCR-9
        and issued[0].capabilities & root.capabilities == root.capabilities
        and all(_may_issue(by, is_root=by is last, one=one) for one, by in pairwise(issued))
        and all(_is_signed_by(one, certificate.issuer) for one, certificate in zip(authorities, issued, strict=True))
    )


def _may_issue(by: Authority, *, is_root: bool, one: Authority) -> bool:
    """Whether a certificate lets its subject issue another: CCR-5, CCR-6, CCR-7, and the capability to do so."""
    return (
        _same(one.issuer, by.subject)
        and by.valid_from <= one.valid_from
        and one.capabilities & ~by.capabilities == 0
        and by.capabilities & (ROOT_CA if is_root else INTERMEDIATE_CA) != 0
    )


def _is_for(certificate: Certificate, root: Trustroot) -> bool:
    return certificate.chain_id == root.chain_id and _same(certificate.verifying_contract, root.contract)


def _is_signed_by(one: Signed, address: str) -> bool:
    """CCR-10, CCR-11, CCR-12."""
    return one.signer is not None and _same(one.signer, address)


def _same(address: str, other: str) -> bool:
    """Addresses are spelled in any case."""
    return address.lower() == other.lower()
