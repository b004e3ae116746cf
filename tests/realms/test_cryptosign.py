"""Cryptosign: a signature under the announced key over the very challenge, bound to the channel if it is asked for."""

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any, NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from twisted.internet.defer import Deferred

from realms.authentication.cryptosign import Cryptosign
from realms.authentication.principals import Finding, Found, Inquiry, Listed, Principal
from realms.endings import REFUSED
from realms.transport import Evidence
from tests.realms.fakes import ANY, PLAIN, Peer, Scene
from wamp.codecs import CBOR, JSON, MESSAGEPACK, Codec

SPEC_CHANNEL = "62e935ae755f3d48f80d4d59f6121358c435722a67e859cc0caa8b539027f2ff"
SPEC_KEYS = (
    "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510",
    "d511fe78e23934b3dadb52fcd022974b80bd92bccc7c5cf404e46cc0a8a2f5cd",
    "6e1fde9cf9e2359a87420b65a87dc0c66136e66945196ba2475990d8a0c3a25b",
)
SPEC_CHALLENGES = (
    "ff" * 32,
    "b26c1f87c13fc1da14997f1b5a71995dff8fbe0a62fae8473c7bdbd05bfb607d",
    "b05e6b8ad4d69abf74aa3be3c0ee40ae07d66e1895b9ab09285a2f1192d562d2",
)
SPEC_SIGNATURES = {
    None: (
        "b32675b221f08593213737bef8240e7c15228b07028e19595294678c90d11c0cae80a357331bfc5cc9fb71081464e6e75013517c2cf067ad"
        "566a6b7b728e5d03ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "d4209ad10d5aff6bfbc009d7e924795de138a63515efc7afc6b01b7fe5201372190374886a70207b042294af5bd64ce725cd8dceb344e6d1"
        "1c09d1aaaf4d660fb26c1f87c13fc1da14997f1b5a71995dff8fbe0a62fae8473c7bdbd05bfb607d",
        "7beb282184baadd08f166f16dd683b39cab53816ed81e6955def951cb2ddad1ec184e206746fd82bda075af03711d3d5658fc84a76196b0f"
        "a8d1ebc92ef9f30bb05e6b8ad4d69abf74aa3be3c0ee40ae07d66e1895b9ab09285a2f1192d562d2",
    ),
    SPEC_CHANNEL: (
        "9b6f41540c9b95b4b7b281c3042fa9c54cef43c842d62ea3fd6030fcb66e70b3e80d49d44c29d1635da9348d02ec93f3ed1ef227dfb59a07"
        "b580095c2b82f80f9d16ca518aa0c2b707f2b2a609edeca73bca8dd59817a633f35574ac6fd80d00",
        "305aaa3ac25e98f651427688b3fc43fe7d8a68a7ec1d7d61c61517c519bd4a427c3015599d83ca28b4c652333920223844ef0725eb5dc2fe"
        "bfd6af7677b73f01d0852a29b460fc92ec943242ac638a053bbacc200512b18b30d15083cbdc9282",
        "ee3c7644fd8070532bc1fde3d70d742267da545d8c8f03e63bda63f1ad4214f4d2c4bfdb4eb9526def42deeb7e31602a6ff99eba893e0a4a"
        "d4d45892ca75e608d2b75e24a189a7f78ca776ba36fc53f6c3e31c32f251f2c524f0a44202f2902d",
    ),
}
"""The test vectors of the chapter: without and with a channel id."""

FINISHED = b"12 octets..."
EXPORTED = bytes(range(32))
CHANNELS = {"tls-unique": FINISHED, "tls-exporter": EXPORTED}
IDS = {"tls-unique": sha256(FINISHED).digest(), "tls-exporter": EXPORTED}
ROUTER = bytes.fromhex(SPEC_KEYS[2])


def xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


class Key:
    """A client's key, and what it does with it."""

    def __init__(self, seed: bytes) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self.private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> str:
        return (self.private.sign(message) + message).hex()


ANN, BOB, ZOE = (Key(bytes([number]) * 32) for number in (1, 2, 3))
PRINCIPALS = [
    Principal("ann", "anyone", extra={"department": "7"}, keys=frozenset({ANN.public, bytes(32)})),
    Principal("bob", "anyone", realm="realm2", provider="sqlite", keys=frozenset({BOB.public})),
    Principal("router", "anyone", keys=frozenset({Key(ROUTER).public})),
    Principal("eve", "anyone", ticket="$sha256$..."),
]  # fmt: skip


def scene(**options: Any) -> Scene:
    scene = Scene()
    return Scene(methods=[Cryptosign(Listed(PRINCIPALS), scene.dice, **options)])


@pytest.fixture
def bound() -> Scene:
    """A realm in which a channel binding is required."""
    return scene(binding_required=True)


def hello(peer: Peer, key: Key = ANN, authid: str | None = None, tls: bool = False, **extra: Any) -> None:
    """Say HELLO, over TLS or not."""
    if tls:
        peer.transport.proves = Evidence(channel_id=CHANNELS.get)
    details: dict[str, Any] = {} if authid is None else {"authid": authid}
    details["authextra"] = {"pubkey": key.public.hex(), **extra}
    peer.sends(1, "realm1", {"roles": PLAIN, "authmethods": ["cryptosign"], **details})


def challenged(peer: Peer) -> tuple[bytes, dict[str, Any]]:
    """Take CHALLENGE; returns the octets of the challenge, and what else there is."""
    extra = dict(peer.receives(4, "cryptosign", ANY)[2])
    challenge = bytes.fromhex(extra.pop("challenge"))
    assert len(challenge) == 32
    return challenge, extra


def is_welcome(peer: Peer, authid: str = "ann") -> dict[str, Any]:
    details: dict[str, Any] = peer.receives(2, ANY, ANY)[2]
    assert (details["authid"], details["authmethod"]) == (authid, "cryptosign")
    peer.is_present()
    return details


def is_refused(peer: Peer) -> str:
    message: str = peer.receives(3, {"message": ANY}, "wamp.error.authentication_denied")[1]["message"]
    peer.receives_nothing()
    assert peer.transport.endings == [REFUSED]
    return message


# --- the client ---


@pytest.mark.parametrize("codec", [JSON, MESSAGEPACK, CBOR], ids=lambda codec: codec.name)
@pytest.mark.parametrize("authid", [None, "ann"])
def test_who_holds_the_private_key_joins_as_its_principal(codec: Codec, authid: str | None) -> None:
    """E11"""
    peer = scene().connects(codec)
    hello(peer, authid=authid)
    challenge, extra = challenged(peer)
    assert extra == {"channel_binding": None}
    peer.sends(5, ANN.sign(challenge), {})
    details = is_welcome(peer)
    assert (details["authrole"], details["authprovider"]) == ("anyone", "static")
    assert details["authextra"] == {"department": "7"}


def test_the_principal_decides_on_the_realm_and_says_where_it_is_kept() -> None:
    """A11, E11"""
    peer = scene().connects()
    hello(peer, BOB)
    peer.sends(5, BOB.sign(challenged(peer)[0]), {})
    details = is_welcome(peer, "bob")
    assert (details["realm"], details["authprovider"]) == ("realm2", "sqlite")


def test_hexadecimal_digits_may_be_capitals() -> None:
    """E11"""
    peer = scene().connects()
    hello(peer, pubkey=ANN.public.hex().upper())
    peer.sends(5, ANN.sign(challenged(peer)[0]).upper(), {})
    is_welcome(peer)


@pytest.mark.parametrize("channel", [None, SPEC_CHANNEL])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_what_is_signed_is_what_the_test_vectors_of_the_spec_say(number: int, channel: str | None) -> None:
    """E11, E12"""
    key, challenge = Key(bytes.fromhex(SPEC_KEYS[number])), bytes.fromhex(SPEC_CHALLENGES[number])
    message = challenge if channel is None else xor(challenge, bytes.fromhex(channel))
    assert key.sign(message) == SPEC_SIGNATURES[channel][number]


class LoadedDice:
    """Draws what the test vectors want."""

    def __init__(self, octets: str) -> None:
        self.octets = bytes.fromhex(octets)

    def randbytes(self, n: int) -> bytes:
        assert n == len(self.octets)
        return self.octets


@pytest.mark.parametrize("channel", [None, SPEC_CHANNEL])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_signatures_of_the_spec_open(number: int, channel: str | None) -> None:
    """E11, E12"""
    key = Key(bytes.fromhex(SPEC_KEYS[number]))
    principals = Listed([Principal("ann", "anyone", keys=frozenset({key.public}))])
    dice: Any = LoadedDice(SPEC_CHALLENGES[number])
    peer = Scene(methods=[Cryptosign(principals, dice)]).connects()
    extra = {}
    if channel is not None:
        peer.transport.proves = Evidence(channel_id={"tls-exporter": bytes.fromhex(channel)}.get)
        extra = {"channel_binding": "tls-exporter"}
    hello(peer, key, **extra)
    challenged(peer)
    peer.sends(5, SPEC_SIGNATURES[channel][number], {})
    is_welcome(peer)


class Wrong(NamedTuple):
    """A way to go wrong: what is announced, and what is answered to the challenge."""

    what: str
    answer: Callable[[bytes], str]
    key: Key = ANN
    authid: str | None = None


WRONG = [
    Wrong("another key signs", BOB.sign),
    Wrong("a key that nobody has", ZOE.sign, key=ZOE),
    Wrong("a key that nobody has, under the name of another", ZOE.sign, key=ZOE, authid="ann"),
    Wrong("a key under the name of another", ANN.sign, authid="bob"),
    Wrong("a key under the name of one without keys", ANN.sign, authid="eve"),
    Wrong("a key under a name that nobody has", ANN.sign, authid="zoe"),
    Wrong("a key under an empty name", ANN.sign, authid=""),
    Wrong("the challenge of another session", lambda _: ANN.sign(b"c" * 32)),
    Wrong("a message that was signed elsewhere", lambda challenge: ANN.sign(b"c" * 32)[:128] + challenge.hex()),
    Wrong("a challenge that is changed", lambda challenge: ANN.sign(xor(challenge, b"\1" + b"\0" * 31))),
    Wrong("bound without having asked", lambda challenge: ANN.sign(xor(challenge, EXPORTED))),
    Wrong("a signature without the message", lambda challenge: ANN.sign(challenge)[:128]),
    Wrong("the message before the signature", lambda challenge: challenge.hex() + ANN.sign(challenge)[:128]),
    Wrong("an octet too few", lambda challenge: ANN.sign(challenge)[:-2]),
    Wrong("half an octet too few", lambda challenge: ANN.sign(challenge)[:-1]),
    Wrong("an octet too many", lambda challenge: ANN.sign(challenge) + "00"),
    Wrong("a longer message", lambda challenge: ANN.sign(challenge + b"...")),
    Wrong("white space", lambda challenge: ANN.sign(challenge)[:-2] + "  "),
    Wrong("no hexadecimal digits", lambda challenge: "z" * 192),
    Wrong("no ASCII", lambda challenge: "٣" * 192),
    Wrong("nothing", lambda challenge: ""),
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.what)
def test_every_wrong_turn_ends_in_the_same_words(wrong: Wrong) -> None:
    """E11, E20, J3"""
    peer = scene().connects()
    hello(peer, wrong.key, wrong.authid)
    challenge, extra = challenged(peer)
    assert extra == {"channel_binding": None}
    peer.sends(5, wrong.answer(challenge), {})
    assert is_refused(peer) == "the credentials were not accepted"


def test_an_answer_is_good_for_one_challenge_only() -> None:
    """E11, J3"""
    realm = scene()
    peer, again, third = realm.connects(), realm.connects(), realm.connects()
    hello(peer)
    hello(again)
    challenge, _ = challenged(peer)
    assert challenged(again)[0] != challenge
    answer = ANN.sign(challenge)
    again.sends(5, answer, {})  # of a challenge that is still open, but another's
    is_refused(again)
    peer.sends(5, answer, {})
    is_welcome(peer)
    hello(third)
    challenged(third)
    third.sends(5, answer, {})
    is_refused(third)


@pytest.mark.parametrize(
    "extra",
    [None, {}, {"pubkey": None}, {"pubkey": 7}, {"pubkey": "ab"}, {"pubkey": "zz" * 32}, {"pubkey": " " * 64}],
)
def test_who_announces_no_key_learns_that_one_is_needed_or_goes_on_with_the_next_method(extra: Any) -> None:
    """E1, E11"""
    realm = scene()
    peer = realm.connects()
    peer.sends(1, "realm1", {"roles": PLAIN, "authmethods": ["cryptosign"], "authextra": extra})
    assert is_refused(peer) == "cryptosign needs authextra.pubkey, 64 hexadecimal digits"
    peer = realm.connects()
    peer.sends(1, "realm1", {"roles": PLAIN, "authmethods": ["cryptosign", "anonymous"], "authextra": extra})
    assert peer.receives(2, ANY, ANY)[2]["authmethod"] == "anonymous"


class Remote:
    """Principals that are asked for far away."""

    def __init__(self) -> None:
        self.answer: Deferred[Found] = Deferred()
        self.inquiry: Inquiry | None = None

    def find(self, inquiry: Inquiry) -> Finding:
        self.inquiry = inquiry
        return self.answer


def test_who_knows_the_principals_may_take_time_and_is_asked_by_the_key() -> None:
    """E11, E19"""
    remote = Remote()
    peer = Scene(methods=[Cryptosign(remote, Scene().dice)]).connects()
    hello(peer)
    peer.receives_nothing()
    assert remote.inquiry is not None
    assert (remote.inquiry.authmethod, remote.inquiry.key) == ("cryptosign", ANN.public)
    remote.answer.callback(PRINCIPALS[0])
    peer.sends(5, ANN.sign(challenged(peer)[0]), {})
    is_welcome(peer)


def test_a_source_that_answers_with_a_principal_of_another_key_lets_nobody_in() -> None:
    """E11, E19"""
    remote = Remote()
    peer = Scene(methods=[Cryptosign(remote, Scene().dice)]).connects()
    hello(peer)
    remote.answer.callback(PRINCIPALS[1])
    peer.sends(5, ANN.sign(challenged(peer)[0]), {})
    is_refused(peer)


# --- the channel ---


@pytest.mark.parametrize("binding", ["tls-unique", "tls-exporter"])
def test_a_signature_is_bound_to_the_channel_if_the_client_asks_for_it(bound: Scene, binding: str) -> None:
    """E12"""
    for realm in (scene(), bound):
        peer = realm.connects()
        hello(peer, tls=True, channel_binding=binding)
        challenge, extra = challenged(peer)
        assert extra == {"channel_binding": binding}
        peer.sends(5, ANN.sign(xor(challenge, IDS[binding])), {})
        is_welcome(peer)


@pytest.mark.parametrize("binding", ["tls-unique", "tls-exporter"])
@pytest.mark.parametrize("other", [None, b"\0" * 32, b"m" * 32, IDS["tls-unique"], IDS["tls-exporter"]])
def test_a_signature_from_another_channel_or_none_is_refused(binding: str, other: bytes | None) -> None:
    """E12"""
    if other == IDS[binding]:
        return
    peer = scene().connects()
    hello(peer, tls=True, channel_binding=binding)
    challenge, _ = challenged(peer)
    peer.sends(5, ANN.sign(challenge if other is None else xor(challenge, other)), {})
    assert is_refused(peer) == "the credentials were not accepted"


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("binding", ["tls-unique", "tls-server-end-point", "tls-whatever", ""])
def test_a_binding_that_the_channel_does_not_have_is_left_out_of_the_challenge(tls: bool, binding: str) -> None:
    """E12"""
    peer = scene().connects()
    if tls:
        peer.transport.proves = Evidence(channel_id={"tls-exporter": EXPORTED, "tls-server-end-point": b"e"}.get)
    hello(peer, channel_binding=binding)
    challenge, extra = challenged(peer)
    assert extra == {}
    peer.sends(5, ANN.sign(challenge), {})
    is_welcome(peer)


@pytest.mark.parametrize("binding", [None, 7, ["tls-exporter"]])
def test_who_asks_for_no_binding_over_tls_has_none(binding: Any) -> None:
    """E12"""
    peer = scene().connects()
    hello(peer, tls=True, channel_binding=binding)
    challenge, extra = challenged(peer)
    assert extra == {"channel_binding": None}
    peer.sends(5, ANN.sign(challenge), {})
    is_welcome(peer)


@pytest.mark.parametrize("key", [ANN, ZOE])
@pytest.mark.parametrize("asked", [{}, {"channel_binding": None}, {"channel_binding": "tls-whatever"}])
@pytest.mark.parametrize("tls", [False, True])
def test_where_a_binding_is_required_nobody_gets_a_challenge_without(
    bound: Scene, tls: bool, asked: dict[str, Any], key: Key
) -> None:
    """E12"""
    peer = bound.connects()
    hello(peer, key, tls=tls, **asked)
    assert "channel binding is required" in is_refused(peer)


def test_where_a_binding_is_required_one_needs_tls(bound: Scene) -> None:
    """E12"""
    peer = bound.connects()
    hello(peer, channel_binding="tls-exporter")
    assert "channel binding is required" in is_refused(peer)


# --- the router ---

CHALLENGE = bytes(reversed(range(32)))


@pytest.mark.parametrize("place", ["authextra", "details"])
@pytest.mark.parametrize("binding", [None, "tls-unique", "tls-exporter"])
@pytest.mark.parametrize("key", [ANN, ZOE])
def test_the_router_proves_who_it_is_to_whoever_asks(place: str, binding: str | None, key: Key) -> None:
    """E12, E13"""
    peer = scene(router_key=ROUTER).connects()
    peer.transport.proves = Evidence(channel_id=CHANNELS.get)
    extra = {"pubkey": key.public.hex(), "channel_binding": binding}
    details: dict[str, Any] = {"roles": PLAIN, "authmethods": ["cryptosign"], "authextra": extra}
    (extra if place == "authextra" else details)["challenge"] = CHALLENGE.hex()
    peer.sends(1, "realm1", details)
    _, answer = challenged(peer)
    proof, public = bytes.fromhex(answer["signature"]), bytes.fromhex(answer["pubkey"])
    assert public == Key(ROUTER).public
    assert proof[64:] == (CHALLENGE if binding is None else xor(CHALLENGE, IDS[binding]))
    Ed25519PublicKey.from_public_bytes(public).verify(proof[:64], proof[64:])


def test_who_does_not_ask_and_where_the_router_has_no_key_there_is_no_proof_of_the_router() -> None:
    """E13"""
    for realm, asked in ((scene(), {"challenge": CHALLENGE.hex()}), (scene(router_key=ROUTER), {"challenge": None})):
        peer = realm.connects()
        hello(peer, **asked)
        challenge, extra = challenged(peer)
        assert extra == {"channel_binding": None}
        peer.sends(5, ANN.sign(challenge), {})
        is_welcome(peer)


@pytest.mark.parametrize("challenge", ["ab", "zz" * 32, "ab" * 33, 7])
def test_the_router_signs_nothing_but_32_octets(challenge: Any) -> None:
    """E13"""
    peer = scene(router_key=ROUTER).connects()
    hello(peer, challenge=challenge)
    assert is_refused(peer) == "authextra.challenge is not 64 hexadecimal digits"


def test_what_the_router_signs_for_others_does_not_let_them_in_as_the_router() -> None:
    """E11, E13"""
    realm = scene(router_key=ROUTER)
    thief, helper = realm.connects(), realm.connects()
    hello(thief, Key(ROUTER))
    challenge, _ = challenged(thief)
    hello(helper, challenge=challenge.hex())
    _, extra = challenged(helper)
    thief.sends(5, extra["signature"], {})
    is_refused(thief)


def test_the_routers_key_shows_nowhere() -> None:
    """E13, J3"""
    method = Cryptosign(Listed(PRINCIPALS), Scene().dice, router_key=ROUTER)
    shown = repr(method) + repr(vars(method)) + json.dumps([str(one) for one in PRINCIPALS])
    assert ROUTER.hex() not in shown
    assert repr(ROUTER) not in shown
