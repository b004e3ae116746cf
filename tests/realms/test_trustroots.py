"""Trust roots: a chain of certificates from the client's key to a root that is trusted, and what can be wrong in it."""

from collections.abc import Callable
from typing import Any

import pytest
from coincurve import PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from realms.authentication import Applicant
from realms.authentication.cryptosign import Cryptosign
from realms.authentication.eip712 import checksummed, hash_structure, keccak256
from realms.authentication.principals import Found, Inquiry, Listed, Sources
from realms.authentication.trustroots import (
    AUTHORITY_FIELDS,
    CAPABILITIES,
    DELEGATE_FIELDS,
    DOMAIN,
    Trustroot,
    Trustroots,
    Unusable,
    read,
)
from tests.realms.fakes import ANY, PLAIN, Scene
from wamp.options import HelloDetails

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()
CONTRACT, REALM = "0x" + "c0" * 20, "0x" + "4e" * 20
PROVIDER, CONSUMER = CAPABILITIES["provider"], CAPABILITIES["consumer"]


class Account:
    """An Ethereum account that signs certificates."""

    def __init__(self, secret: bytes) -> None:
        self.key = PrivateKey(secret * 32)
        self.address = checksummed(keccak256(self.key.public_key.format(compressed=False)[1:])[12:].hex())

    def signs(self, kind: str, fields: Any, message: dict[str, Any]) -> list[Any]:
        digest = keccak256(b"\x19\x01" + DOMAIN + hash_structure(kind, fields, message))
        signature = self.key.sign_recoverable(digest, hasher=None)
        domain = {"name": "WMP", "version": "1"}
        octets = signature[:64] + bytes((signature[64] + 27,))
        return [{"domain": domain, "primaryType": kind, "types": {}, "message": message}, octets.hex()]

    def delegates(self, **more: Any) -> list[Any]:
        message = {
            "chainId": 1, "verifyingContract": CONTRACT, "validFrom": 300, "delegate": self.address,
            "csPubKey": PUBLIC.hex(), "bootedAt": 1658765756680628959, "meta": "", **more,
        }  # fmt: skip
        return self.signs("EIP712DelegateCertificate", DELEGATE_FIELDS, message)

    def vouches_for(self, subject: "Account", capabilities: int, **more: Any) -> list[Any]:
        message = {
            "chainId": 1, "verifyingContract": CONTRACT, "validFrom": 200, "issuer": self.address,
            "subject": subject.address, "realm": REALM, "capabilities": capabilities, "meta": "", **more,
        }  # fmt: skip
        return self.signs("EIP712AuthorityCertificate", AUTHORITY_FIELDS, message)


ROOT, MIDDLE, ANN, EVE = (Account(secret) for secret in (b"r", b"m", b"a", b"e"))
TRUSTED = Trustroot(ROOT.address, REALM, 1, CONTRACT, "anyone")


def chain(**wrong: Any) -> list[Any]:
    """A good chain of four, or one in which something is replaced."""
    good = {
        "delegate": ANN.delegates(),
        "end": MIDDLE.vouches_for(ANN, PROVIDER | CONSUMER),
        "middle": ROOT.vouches_for(MIDDLE, 0b11111110, validFrom=100),
        "root": ROOT.vouches_for(ROOT, 0b11111111, validFrom=50),
    }
    return [one for one in (good | wrong).values() if one is not None]


def find(certificates: Any, root: Trustroot = TRUSTED, key: bytes = PUBLIC, named: Any = ROOT.address) -> Found:
    hello = HelloDetails(authextra={"trustroot": named, "certificates": certificates})
    return Trustroots([root]).find(Inquiry(Applicant(1, "realm1", hello, {}), "cryptosign", key=key))


def test_whoever_has_a_chain_to_the_root_joins_under_the_address_of_the_account() -> None:
    """E14"""
    scene = Scene()
    method = Cryptosign(Sources([Listed([]), Trustroots([TRUSTED])]), scene.dice)
    peer = Scene(methods=[method]).connects()
    extra = {"pubkey": PUBLIC.hex(), "trustroot": ROOT.address, "certificates": chain()}
    peer.sends(1, "realm1", {"roles": PLAIN, "authmethods": ["cryptosign"], "authextra": extra})
    challenge = bytes.fromhex(peer.receives(4, "cryptosign", ANY)[2]["challenge"])
    peer.sends(5, (KEY.sign(challenge) + challenge).hex(), {})
    details = peer.receives(2, ANY, ANY)[2]
    assert (details["authid"], details["authrole"]) == (ANN.address, "anyone")
    assert (details["authmethod"], details["authprovider"]) == ("cryptosign", "trustroot")


def test_the_certificates_do_not_do_without_the_key() -> None:
    """E14"""
    method = Cryptosign(Trustroots([TRUSTED]), Scene().dice)
    peer = Scene(methods=[method]).connects()
    extra = {"pubkey": PUBLIC.hex(), "trustroot": ROOT.address, "certificates": chain()}
    peer.sends(1, "realm1", {"roles": PLAIN, "authmethods": ["cryptosign"], "authextra": extra})
    challenge = bytes.fromhex(peer.receives(4, "cryptosign", ANY)[2]["challenge"])
    other = Ed25519PrivateKey.from_private_bytes(b"x" * 32)
    peer.sends(5, (other.sign(challenge) + challenge).hex(), {})
    peer.receives(3, {"message": ANY}, "wamp.error.authentication_denied")


GOOD: dict[str, list[Any]] = {
    "four": chain(),
    "three": chain(middle=None, end=ROOT.vouches_for(ANN, PROVIDER)),
    "of the root itself": [ROOT.delegates(), ROOT.vouches_for(ROOT, 0b11111111)],
    "as autobahn sends it, with hashes": [["0x12", *one] for one in chain()],
    "with 0x before digits": chain(delegate=ANN.delegates(csPubKey="0x" + PUBLIC.hex())),
    "valid from the same block": chain(
        delegate=ANN.delegates(validFrom=7), end=MIDDLE.vouches_for(ANN, PROVIDER, validFrom=7),
        middle=ROOT.vouches_for(MIDDLE, 0b11111110, validFrom=7), root=ROOT.vouches_for(ROOT, 0b11111111, validFrom=7),
    ),
}  # fmt: skip


@pytest.mark.parametrize("certificates", GOOD.values(), ids=GOOD)
def test_a_good_chain_is_accepted(certificates: list[Any]) -> None:
    """E14"""
    found = find(certificates)
    assert found is not None
    assert found.keys == {PUBLIC}


def forged(entry: list[Any], **changes: Any) -> list[Any]:
    """A certificate that was changed after it was signed."""
    return [{**entry[0], "message": {**entry[0]["message"], **changes}}, entry[1]]


BAD: dict[str, Any] = {
    "none": [],
    "no list": {"delegate": ANN.delegates()},
    "too many": chain() * 3,
    "without authorities": [ANN.delegates()],
    "without the root": chain(root=None),
    "without the middle": chain(middle=None),
    "without a delegate, CCR-3": chain(delegate=None),
    "two delegates, CCR-3": chain(end=ANN.delegates()),
    "a delegate too many, CCR-3": [ANN.delegates(), *chain()],
    "another contract, CCR-1": chain(end=MIDDLE.vouches_for(ANN, PROVIDER, verifyingContract="0x" + "00" * 20)),
    "another chain, CCR-1": chain(delegate=ANN.delegates(chainId=5)),
    "another realm, CCR-2": chain(end=MIDDLE.vouches_for(ANN, PROVIDER, realm="0x" + "00" * 20)),
    "a root that another one signs, CCR-4": chain(root=EVE.vouches_for(ROOT, 255, validFrom=50)),
    "a root of somebody else, CCR-4": [
        EVE.delegates(), EVE.vouches_for(EVE, 255)
    ],
    "a break in the chain, CCR-5": chain(middle=ROOT.vouches_for(EVE, 0b11111110, validFrom=100)),
    "a root that is younger, CCR-6": chain(root=ROOT.vouches_for(ROOT, 255, validFrom=101)),
    "capabilities that the issuer lacks, CCR-7": chain(
        middle=ROOT.vouches_for(MIDDLE, 0b10 | PROVIDER, validFrom=100)
    ),
    "somebody else's certificate, CCR-8": chain(end=MIDDLE.vouches_for(EVE, PROVIDER)),
    "a delegate that is older, CCR-9": chain(delegate=ANN.delegates(validFrom=199)),
    "a forged root, CCR-10": chain(root=forged(ROOT.vouches_for(ROOT, 0b11, validFrom=50), capabilities=255)),
    "a forged authority, CCR-11": chain(end=forged(MIDDLE.vouches_for(ANN, 0), capabilities=PROVIDER)),
    "one who signs for another, CCR-11": chain(end=EVE.vouches_for(ANN, PROVIDER, issuer=MIDDLE.address)),
    "a forged delegate, CCR-12": chain(delegate=forged(ANN.delegates(csPubKey="00" * 32), csPubKey=PUBLIC.hex())),
    "a delegate signed by another, CCR-12": chain(delegate=EVE.delegates(delegate=ANN.address)),
    "who may not vouch for authorities": chain(middle=ROOT.vouches_for(MIDDLE, 0b11111100, validFrom=100)),
    "a root that may not be one": chain(root=ROOT.vouches_for(ROOT, 0b11111110, validFrom=50)),
    "capabilities that are not defined": chain(root=ROOT.vouches_for(ROOT, 0b111111111, validFrom=50)),
    "another key": chain(delegate=ANN.delegates(csPubKey="00" * 32)),
    "another domain": [[{**chain()[0][0], "domain": {"name": "WMP", "version": "2"}}, chain()[0][1]], *chain()[1:]],
    "another type": [[{**chain()[0][0], "primaryType": "EIP712AuthorityCertificate"}, chain()[0][1]], *chain()[1:]],
    "a type of no name": [[{**chain()[0][0], "primaryType": ["x"]}, chain()[0][1]], *chain()[1:]],
    "no message": [[{**chain()[0][0], "message": None}, chain()[0][1]], *chain()[1:]],
    "no typed data": [["x", "y"], *chain()[1:]],
    "no pair": [["x"], *chain()[1:]],
    "no signature": [[chain()[0][0], ""], *chain()[1:]],
    "a signature that is none": [[chain()[0][0], "ff" * 65], *chain()[1:]],
    "a signature that is no text": [[chain()[0][0], 7], *chain()[1:]],
    "an address that is none": chain(delegate=forged(ANN.delegates(), delegate="0x12")),
    "a number that is none": chain(delegate=forged(ANN.delegates(), validFrom=-1)),
    "a number that is too large": chain(delegate=forged(ANN.delegates(), validFrom=2**64)),
}  # fmt: skip


@pytest.mark.parametrize("certificates", BAD.values(), ids=BAD)
def test_a_chain_with_something_wrong_is_as_good_as_none(certificates: Any) -> None:
    """E14"""
    assert find(certificates) is None


@pytest.mark.parametrize("named", [None, 7, EVE.address, ROOT.address[2:]])
def test_only_the_trust_root_that_the_client_names_is_looked_at(named: Any) -> None:
    """E14"""
    assert find(chain(), named=named) is None
    assert find(chain(), named=ROOT.address.upper().replace("0X", "0x")) is not None


def test_the_operator_may_ask_for_capabilities() -> None:
    """E14"""
    assert find(chain(), TRUSTED._replace(capabilities=PROVIDER | CONSUMER)) is not None
    assert find(chain(), TRUSTED._replace(capabilities=CAPABILITIES["exchange"])) is None


@pytest.mark.parametrize("shown", [1, 2, 3])
def test_certificates_that_are_kept_here_need_not_be_sent(shown: int) -> None:
    """E14"""
    kept = tuple(read(entry) for entry in (ROOT.vouches_for(EVE, 0), *chain()[1:]))
    assert find(chain()[:shown], TRUSTED._replace(kept=kept)) is not None
    assert find([MIDDLE.delegates(delegate=EVE.address)], TRUSTED._replace(kept=kept)) is None


def test_kept_certificates_that_vouch_for_each_other_come_to_an_end() -> None:
    """E14"""
    kept = tuple(read(one) for one in (MIDDLE.vouches_for(ANN, 255), ANN.vouches_for(MIDDLE, 255)))
    assert find([ANN.delegates()], TRUSTED._replace(kept=kept)) is None


# --- the example of the chapter ---

SPEC_ROOT = "0xf766Dc789CF04CD18aE75af2c5fAf2DA6650Ff57"
SPEC_DELEGATE = "0xf5173a6111B2A6B3C20fceD53B2A8405EC142bF6"
SPEC_REALM = "0xA6e693CC4A2b4F1400391a728D26369D9b82ef96"
SPEC_KEY = "12ae0184b180e9a9c5e45be4a1afbce3c6491320063701cd9c4011a777d04089"
_COMMON = {"chainId": 1, "verifyingContract": SPEC_ROOT, "validFrom": 15212703, "meta": ""}
SPEC_CHAIN = [
    [{"domain": {"name": "WMP", "version": "1"}, "primaryType": f"EIP712{kind}Certificate", "message": _COMMON | more},
     signature]
    for kind, more, signature in (
        ("Delegate", {"bootedAt": 1658765756680628959, "csPubKey": SPEC_KEY, "delegate": SPEC_DELEGATE},
         "8fe06bb269110c6bc0e011ea2b7da07091c674f7fe67458c1805157157da702b"
         "70b56cdf662666dc386820ded0116b6b84151df1ed65210eeecd7e477cdb765b1b"),
        ("Authority", {"capabilities": 12, "issuer": SPEC_ROOT, "realm": SPEC_REALM, "subject": SPEC_DELEGATE},
         "0c0eb60a108dbd72a204b41c1d18505358e4e7886b0c9787192a33ac9e0f94c9"
         "2ce158f8de576fa9cccf28a8c9404ed66c2d355ea4ae7ee65cff0b73215b91bb1c"),
        ("Authority", {"capabilities": 63, "issuer": SPEC_ROOT, "realm": SPEC_REALM, "subject": SPEC_ROOT},
         "be35c8d6ae735d3bd8b5e27b1e1a067eba53e6a1cb4ef0f607c4717435e8ffa6"
         "76246e7d08dfb4e83c78ad26f423b727b5d2c90627bdf6c94c1dbdf01979c34b1c"),
    )
]  # fmt: skip


def test_the_chain_of_the_specs_example_is_good_and_its_principal_has_the_authid_of_the_example() -> None:
    """E14"""
    root = Trustroot(SPEC_ROOT, SPEC_REALM, 1, SPEC_ROOT, "user")
    found = find(SPEC_CHAIN, root, bytes.fromhex(SPEC_KEY), SPEC_ROOT)
    assert found is not None
    assert (found.authid, found.role) == (SPEC_DELEGATE, "user")


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("change", [lambda text: text[:-2], lambda text: "0" + text[1:-1] + "0", lambda text: text * 2])
def test_a_signature_of_the_example_that_is_damaged_is_none(number: int, change: Callable[[str], str]) -> None:
    """E14"""
    root = Trustroot(SPEC_ROOT, SPEC_REALM, 1, SPEC_ROOT, "user")
    damaged = [*SPEC_CHAIN]
    damaged[number] = [damaged[number][0], change(str(damaged[number][1]))]
    assert find(damaged, root, bytes.fromhex(SPEC_KEY), SPEC_ROOT) is None


def test_what_is_no_certificate_says_why() -> None:
    """E14"""
    with pytest.raises(Unusable, match="domain WMP"):
        read([{"domain": {}}, "ab"])
