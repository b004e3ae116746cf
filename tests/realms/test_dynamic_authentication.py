"""Somebody is asked who may join: E19, and how that fails (E20)."""

import hmac
from base64 import b64encode
from collections.abc import Callable, Iterator
from hashlib import pbkdf2_hmac, sha256
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twisted.internet.defer import Deferred
from twisted.logger import LogEvent, formatEvent, globalLogPublisher

from realms.authentication import Methods
from realms.authentication.cryptosign import Cryptosign
from realms.authentication.decoys import Decoys
from realms.authentication.dynamic import Asked
from realms.authentication.off_loop import at_once
from realms.authentication.principals import Inquiry, Listed, Principal, Sources
from realms.authentication.scram import Scram
from realms.authentication.scram_dialects import Autobahn, Specified
from realms.authentication.ticket import Ticket
from realms.authentication.tls import ClientCertificate
from realms.authentication.wampcra import Wampcra
from realms.inquiries import Inquiries, Patience
from realms.roles import Role, Rule
from realms.transport import Evidence
from tests.realms.asking import Decider, Reach
from tests.realms.fakes import ANY, ANYONE, CAPABLE, CBOR, Peer, Scene

DENIED = "wamp.error.authentication_denied"
FAILED = "wamp.error.authentication_failed"
METHODS = frozenset({"ticket", "wampcra", "scram", "wamp-scram", "cryptosign", "tls"})
KEY = bytes(range(32))


class Registry(Scene):
    """A scene in which `decider` knows everybody but `listed`, whose ticket is in the configuration."""

    def __init__(self, function: Callable[..., Any] | None = None, **patience: Any) -> None:
        reach = Reach()
        self.inquiries = reach.inquiries(waits=True, **patience)
        if function is not None:
            self.inquiries = Inquiries("a function", function, reach.clock, Patience(**patience))
        asked = Asked(self.inquiries, METHODS, lambda realm, role: realm == "realm1" and role in ("anyone", "guest"))
        self.asked = asked
        listed = Listed([Principal("listed", "anyone", ticket="$sha256$" + sha256(b"sesame").hexdigest())])
        sources = Sources([listed, asked])
        methods = [
            Ticket(sources, at_once),
            Wampcra(sources, Random(1), lambda: 1.79e9, Decoys(b"secret")),
            Scram(Specified(), sources, Random(1), Decoys(b"secret")),
            Scram(Autobahn(), sources, Random(1), Decoys(b"secret")),
            Cryptosign(sources, Random(1)),
            ClientCertificate(sources),
        ]
        guest = Role("guest", [Rule("prefix", "", frozenset({"call"}))])
        super().__init__(roles=[ANYONE, guest], methods=methods, clock=reach.clock)
        reach.scene = self

    def says_hello(self, method: str = "ticket", authid: str | None = "joe", **details: Any) -> Peer:
        peer = self.connects()
        named = {} if authid is None else {"authid": authid}
        peer.sends(1, "realm1", {"roles": CAPABLE, "authmethods": [method], **named, **details})
        return peer

    def shows(self, ticket: str, authid: str = "joe", **details: Any) -> Peer:
        peer = self.says_hello(authid=authid, **details)
        peer.receives(4, "ticket", {})
        peer.sends(5, ticket, {})
        return peer


def is_refused(peer: Peer, reason: str) -> str:
    """ABORT, and that was it; returns what the client is told."""
    message = peer.receives(3, ANY, reason)[1]["message"]
    assert peer.transport.endings
    return str(message)


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """What is logged meanwhile."""
    lines: list[str] = []

    def keep(event: LogEvent) -> None:
        failure = event.get("log_failure")
        lines.append(formatEvent(event) + (failure.getTraceback() if failure is not None else ""))

    globalLogPublisher.addObserver(keep)
    yield lines
    globalLogPublisher.removeObserver(keep)


# --- what is asked, and what may be answered ------------------------------------------------------------------


def test_who_knows_the_principals_is_shown_the_ticket(registry: Registry) -> None:
    """E19, E3: (realm, authid, details); a bare role says that the ticket is good."""
    decider = Decider(registry)
    joe = registry.shows("moon", authextra={"site": "north"})
    details = {
        "session": ANY, "transport": {"protocol": "fake", "peer": "nobody"}, "authmethod": "ticket",
        "authid": "joe", "authrole": None, "authextra": {"site": "north"}, "ticket": "moon",
    }  # fmt: skip
    invocation = decider.is_asked("realm1", "joe", details)
    joe.receives_nothing()
    decider.answers(invocation, "guest")
    welcome = joe.receives(2, ANY, ANY)[2]
    said = welcome["authid"], welcome["authrole"], welcome["authmethod"], welcome["authprovider"]
    assert said == ("joe", "guest", "ticket", "dynamic")


def test_an_answer_may_say_who_the_client_is(registry: Registry) -> None:
    """E19."""
    decider, joe = Decider(registry), registry.shows("moon")
    answer = {"role": "guest", "authid": "joe@example.com", "realm": "realm1", "extra": {"plan": "gold"}}
    decider.answers(decider.is_asked("realm1", "joe", ANY), answer)
    welcome = joe.receives(2, ANY, ANY)[2]
    assert (welcome["authid"], welcome["authextra"]) == ("joe@example.com", {"plan": "gold"})


def test_an_answer_may_leave_the_ticket_to_the_router(registry: Registry) -> None:
    """E19, E3: as it is, or as a verifier."""
    decider = Decider(registry)
    verifier = "$sha256$" + sha256(b"moon").hexdigest()
    for ticket in ("moon", verifier):
        good, bad = registry.shows("moon"), registry.shows("sun")
        for _ in range(2):
            decider.answers(decider.is_asked("realm1", "joe", ANY), {"role": "guest", "ticket": ticket})
        good.receives(2, ANY, ANY)
        is_refused(bad, DENIED)


def test_who_is_listed_is_not_asked_about(registry: Registry) -> None:
    """E19: so whoever decides can join."""
    decider = Decider(registry)
    registry.shows("sesame", "listed").receives(2, ANY, ANY)
    is_refused(registry.shows("wrong", "listed"), DENIED)
    decider.peer.receives_nothing()


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        ({"secret": "moon"}, b"moon"),
        ({"secret": b64encode(pbkdf2_hmac("sha256", b"moon", b"pepper", 100, 16)).decode(), "salt": "pepper",
          "iterations": 100, "keylen": 16}, None),
        ({"secret": "moon", "salt": "pepper"}, None),
    ],
    ids=["plain", "derived", "salted by the router"],
)  # fmt: skip
def test_wampcra_by_a_secret_that_is_asked_for(registry: Registry, answer: Any, key: bytes | None) -> None:
    """E19, E4, E5: with a salt, the derived key and the secret itself both do, as authenticators differ there."""
    decider = Decider(registry)
    for password, code in ((b"moon", 2), (b"sun", 3)):
        joe = registry.says_hello("wampcra")
        decider.answers(decider.is_asked("realm1", "joe", ANY), {"role": "guest", **answer})
        extra = joe.receives(4, "wampcra", ANY)[2]
        shared = password
        if "salt" in extra:
            derived = pbkdf2_hmac("sha256", password, extra["salt"].encode(), extra["iterations"], extra["keylen"])
            shared = b64encode(derived)
        signature = hmac.digest(shared, extra["challenge"].encode(), "sha256")
        joe.sends(5, b64encode(signature).decode(), {})
        assert joe.inbox()[0][0] == code


def test_cryptosign_by_a_key_that_is_asked_about(registry: Registry) -> None:
    """E19, E11: that the client holds it is for the router to prove."""
    decider, joe = Decider(registry), registry.says_hello("cryptosign", authextra={"pubkey": KEY.hex()})
    message = decider.peer.receives(68, ANY, ANY, {}, ["realm1", "joe", ANY])
    assert message[4][2]["pubkey"] == KEY.hex()
    decider.answers(message[1], "guest")
    joe.receives(4, "cryptosign", ANY)
    joe.sends(5, "00" * 96, {})
    is_refused(joe, DENIED)


def test_cryptosign_by_an_answer_for_crossbar(registry: Registry) -> None:
    """E19, E11: its `cache` is understood, and it may name the client otherwise than the client does."""
    key = Ed25519PrivateKey.from_private_bytes(KEY)
    public = key.public_key().public_bytes_raw().hex()
    decider, joe = Decider(registry), registry.says_hello("cryptosign", authextra={"pubkey": public})
    answer = {"pubkey": public, "realm": "realm1", "authid": "joe@example.com", "role": "guest", "extra": {"plan": 1}}
    decider.answers(decider.is_asked("realm1", "joe", ANY), {**answer, "cache": True})
    challenge = bytes.fromhex(joe.receives(4, "cryptosign", ANY)[2]["challenge"])
    joe.sends(5, (key.sign(challenge) + challenge).hex(), {})
    welcome = joe.receives(2, ANY, ANY)[2]
    assert (welcome["authid"], welcome["authextra"]) == ("joe@example.com", {"plan": 1})


@pytest.mark.parametrize("kdf", ["pbkdf2", "argon2id-13"])
def test_scram_by_an_answer_for_crossbar(registry: Registry, kdf: str) -> None:
    """E19, E8: the parts of a verifier, in hexadecimal; argon2's are those of autobahn's `scram`."""
    iterations = 4096 if kdf == "pbkdf2" else 4
    parts = {"kdf": kdf, "salt": "00" * 16, "iterations": iterations, "memory": 4096}
    keys = {"stored-key": "ab" * 32, "server-key": "cd" * 32}
    nonce = {"nonce": b64encode(KEY).decode()}
    decider, joe = Decider(registry), registry.says_hello("scram", authextra=nonce)
    decider.answers(decider.is_asked("realm1", "joe", ANY), {"role": "guest", **parts, **keys})
    extra = joe.receives(4, "scram", ANY)[2]
    assert (extra["kdf"], extra["salt"], extra["iterations"]) == (kdf, b64encode(bytes(16)).decode(), iterations)
    joe.sends(5, b64encode(KEY).decode(), {})
    is_refused(joe, DENIED)
    joe = registry.says_hello("wamp-scram", authextra=nonce)
    decider.answers(decider.is_asked("realm1", "joe", ANY), {"role": "guest", **parts, **keys})
    if kdf == "pbkdf2":
        joe.receives(4, "wamp-scram", ANY)
    else:
        is_refused(joe, FAILED)


def test_what_each_method_asks_becomes_a_principal(registry: Registry) -> None:
    """E19, E17: the certificate itself is shown, as well."""
    applicant = _applicant(registry, Evidence(certificate=b"DER"))
    for inquiry, answer in (
        (Inquiry(applicant, "cryptosign", key=KEY), {"role": "guest", "authid": "joe", "pubkey": KEY.hex()}),
        (Inquiry(applicant, "cryptosign", key=KEY), {"role": "guest", "authid": "joe"}),
        (
            Inquiry(applicant, "tls", certificate="ab" * 32),
            {"role": "guest", "authid": "joe", "totp": "MFRGGZDFMZTWQ2LK"},
        ),
    ):
        registry = Registry(lambda *asked, answer=answer: answer)
        found = registry.asked.find(inquiry)
        assert isinstance(found, Principal)
        assert (found.authid, found.role, found.proven) == ("joe", "guest", False)
        assert found.keys == (frozenset({KEY}) if inquiry.key else frozenset())
        assert found.certificates == (frozenset({"ab" * 32}) if inquiry.certificate else frozenset())


def test_a_certificate_is_shown_as_pem() -> None:
    """E19, E17."""
    asked: list[Any] = []
    registry = Registry(lambda *arguments: asked.append(arguments))
    registry.asked.find(Inquiry(_applicant(registry, Evidence(certificate=b"DER")), "tls", certificate="ab" * 32))
    (realm, authid, details), = asked  # fmt: skip
    assert (realm, authid, details["fingerprint"]) == ("realm1", None, "ab" * 32)
    assert details["certificate"] == "-----BEGIN CERTIFICATE-----\nREVS\n-----END CERTIFICATE-----\n"


def _applicant(registry: Registry, evidence: Evidence) -> Any:
    kept: list[Any] = []

    class Keeping:
        name = "keeping"

        def suits(self, *_: Any) -> bool:
            return True

        def begin(self, applicant: Any) -> Any:
            kept.append(applicant)
            return Deferred()

    realm = registry.realms.by_name["realm1"]
    realm.methods = Methods({**realm.methods.offered, "keeping": Keeping()})
    peer = registry.connects(CBOR)
    peer.transport.proves = evidence
    peer.sends(1, "realm1", {"roles": CAPABLE, "authmethods": ["keeping"]})
    return kept[0]


# --- no -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", ["com.example.no_such_user", DENIED, "wamp.error.no_such_principal"])
def test_nobody_and_an_error_that_says_so_are_one(registry: Registry, error: str) -> None:
    """E20: the same message for a client that is unknown, for one with the wrong ticket, and for whatever reason."""
    decider = Decider(registry)
    unknown, refused, listed = registry.shows("moon"), registry.shows("sun"), registry.shows("wrong", "listed")
    decider.answers(decider.is_asked("realm1", "joe", ANY), None)
    decider.fails(decider.is_asked("realm1", "joe", ANY), error, "the ticket is sun, not moon")
    told = {is_refused(peer, DENIED) for peer in (unknown, refused, listed)}
    assert len(told) == 1


def test_wampcra_challenges_whoever_is_unknown(registry: Registry) -> None:
    """E19, E20: who exists is not told."""
    decider, joe = Decider(registry), registry.says_hello("wampcra")
    decider.answers(decider.is_asked("realm1", "joe", ANY))
    joe.receives(4, "wampcra", ANY)
    joe.sends(5, "AAAA", {})
    is_refused(joe, DENIED)


@pytest.mark.parametrize(
    "answer",
    [
        5, True, [], ["guest"], {}, {"role": 5}, "nobody", {"role": "nobody"}, {"role": "guest", "realm": "realm7"},
        {"role": "guest", "rolle": "x"}, {"role": "guest", "authid": 7}, {"role": "guest", "extra": "x"},
        {"role": "guest", "ticket": "$sha256$zz"}, {"role": "guest", "totp": "1!"},
    ],
    ids=str,
)  # fmt: skip
def test_an_answer_that_makes_no_sense_admits_nobody(registry: Registry, logged: list[str], answer: Any) -> None:
    """E19, E20: it is logged, without what might be a secret in it."""
    decider, joe = Decider(registry), registry.shows("moon")
    decider.answers(decider.is_asked("realm1", "joe", ANY), answer)
    is_refused(joe, FAILED)
    assert any("answered" in line and "'joe'" in line for line in logged)


def test_a_secret_in_a_wrong_answer_is_not_logged(registry: Registry, logged: list[str]) -> None:
    """E19."""
    decider = Decider(registry)
    for answer in ("hunter2", {"role": "guest"}, {"role": "nobody", "secret": "hunter2", "password": "hunter2"}):
        joe = registry.says_hello("wampcra")
        decider.answers(decider.is_asked("realm1", "joe", ANY), answer)
        is_refused(joe, FAILED)
    joe = registry.shows("hunter2")
    decider.fails(decider.is_asked("realm1", "joe", ANY), "wamp.error.runtime_error", "no ticket hunter2")
    is_refused(joe, FAILED)
    assert len(logged) >= 4
    assert "hunter2" not in "".join(logged)


# --- nobody there, too late, too many -------------------------------------------------------------------------


def test_who_comes_before_the_authenticator_waits_for_it(registry: Registry) -> None:
    """E19, E20: stock autobahn.js never comes back after ABORT, and all come at once when the router restarts."""
    joe, jim = registry.shows("moon"), registry.shows("moon", "jim")
    registry.clock.advance(1)
    decider = Decider(registry)
    registry.clock.advance(0.2)
    decider.answers(decider.is_asked("realm1", "joe", ANY), "guest")
    decider.answers(decider.is_asked("realm1", "jim", ANY), "guest")
    joe.receives(2, ANY, ANY)
    jim.receives(2, ANY, ANY)


def test_who_waits_when_the_authenticator_goes_is_asked_about_again(registry: Registry) -> None:
    """E19, C8: it may be a restart."""
    decider, joe = Decider(registry), registry.shows("moon")
    decider.is_asked("realm1", "joe", ANY)
    decider.peer.vanishes()
    registry.clock.advance(0)
    joe.receives_nothing()
    decider = Decider(registry)
    registry.clock.advance(0.2)
    decider.answers(decider.is_asked("realm1", "joe", ANY), "guest")
    joe.receives(2, ANY, ANY)


def test_no_client_waits_for_ever(registry: Registry, logged: list[str]) -> None:
    """E19, E20, E21: neither for one that is not there, nor for one that is silent; one line says so, not each."""
    joe, jim = registry.shows("moon"), registry.shows("moon", "jim")
    registry.clock.pump([0.2] * 25)
    told = {is_refused(joe, FAILED), is_refused(jim, FAILED)}
    assert len([line for line in logged if "does not answer" in line]) == 1
    decider, joe = Decider(registry), registry.shows("moon")
    invocation = decider.is_asked("realm1", "joe", ANY)
    registry.clock.advance(5)
    told.add(is_refused(joe, FAILED))
    decider.peer.receives(69, invocation, ANY)
    decider.answers(invocation, "guest")
    joe.receives_nothing()
    assert told == {"the authenticator failed"}
    joe = registry.shows("moon")
    decider.answers(decider.is_asked("realm1", "joe", ANY), "guest")
    joe.receives(2, ANY, ANY)
    assert any("answers again" in line for line in logged)


def test_only_so_many_clients_wait() -> None:
    """E19: and those who are gone do not count."""
    registry = Registry(max_waiting=2)
    decider = Decider(registry)
    first, second, third = registry.shows("moon"), registry.shows("moon"), registry.shows("moon")
    is_refused(third, FAILED)
    invocation = decider.is_asked("realm1", "joe", ANY)
    first.vanishes()
    decider.is_asked("realm1", "joe", ANY)
    decider.peer.receives(69, invocation, ANY)
    registry.shows("moon")
    invocation = decider.is_asked("realm1", "joe", ANY)
    second.is_connected()
    decider.answers(invocation, "guest")


def test_others_join_and_talk_meanwhile(registry: Registry) -> None:
    """E19."""
    Decider(registry)
    registry.shows("moon")
    registry.shows("sesame", "listed").receives(2, ANY, ANY)
    registry.join().is_present()


# --- functions ------------------------------------------------------------------------------------------------


def test_a_function_answers_at_once_or_later() -> None:
    """E19: a plain value, or a Deferred."""
    Registry(lambda realm, authid, details: "guest").shows("moon").receives(2, ANY, ANY)
    answer: Deferred[Any] = Deferred()
    joe = Registry(lambda *_: answer).shows("moon")
    joe.receives_nothing()
    answer.callback({"role": "guest"})
    joe.receives(2, ANY, ANY)


def test_a_function_that_raises_admits_nobody(logged: list[str]) -> None:
    """E19, E20: the traceback is in the log, and the client is not told."""

    def broken(realm: str, authid: str, details: Any) -> str:
        raise RuntimeError("no database")

    joe = Registry(broken).shows("moon")
    assert is_refused(joe, FAILED) == "the authenticator failed"
    assert any("no database" in line and "Traceback" in line for line in logged)


# --- the router as a caller -----------------------------------------------------------------------------------


def test_the_router_is_not_among_the_sessions(registry: Registry) -> None:
    """Appendix 2 #32: nobody counts it, lists it, hears of it, or can kill it."""
    watcher = registry.join("watcher", "anyone")
    watcher.subscribes("wamp.session.", match="prefix")
    decider = Decider(registry)
    watcher.inbox()
    joe = registry.shows("moon")
    invocation = decider.is_asked("realm1", "joe", ANY)
    watcher.receives_nothing()
    watcher.receives(50, watcher.calls("wamp.session.count"), {}, [2])
    decider.answers(invocation, "guest")
    joe.receives(2, ANY, ANY)
    assert [message[4][0]["authid"] for message in watcher.inbox()] == ["joe"]


def test_the_authenticators_may_share_the_work(registry: Registry) -> None:
    """E19, C25, C30: what callees may ask for works when the router calls, too."""
    first, second = registry.join("one"), registry.join("two", codec=CBOR)
    for peer in (first, second):
        peer.registers("com.example.decide", invoke="roundrobin", concurrency=1, disclose_caller=True)
    clients = [registry.shows("moon") for _ in range(3)]
    answered = 0
    while answered < 3:
        for peer in (first, second):
            for message in peer.inbox():
                assert message[3]["caller_authrole"] == "wamplex"
                peer.sends(70, message[1], {}, ["guest"])
                answered += 1
        registry.clock.advance(0)
    for client in clients:
        client.receives(2, ANY, ANY)


@pytest.mark.parametrize(
    "answer",
    [
        {"role": "guest", "ticket": ""},
        {"role": "guest", "ticket": "$sha256$" + sha256(b"moon").hexdigest(), "totp": ""},
        {"role": "guest", "ticket": "$sha256$" + sha256(b"moon").hexdigest(), "totp": "MFRGG"},
    ],
)
def test_an_empty_column_of_a_database_is_no_secret_that_everybody_knows(registry: Registry, answer: Any) -> None:
    """E19, E20"""
    decider, joe = Decider(registry), registry.shows("" if answer["ticket"] == "" else "moon")
    decider.answers(decider.is_asked("realm1", "joe", ANY), answer)
    is_refused(joe, FAILED)


def test_a_secret_that_is_not_ascii_may_come_with_a_salt(registry: Registry) -> None:
    """E19: it is no derived key, so it is the secret."""
    decider, joe = Decider(registry), registry.says_hello("wampcra")
    decider.answers(decider.is_asked("realm1", "joe", ANY), {"role": "guest", "secret": "öffne dich", "salt": "x"})
    challenge = joe.receives(4, "wampcra", ANY)[2]["challenge"]
    joe.sends(5, b64encode(hmac.digest("öffne dich".encode(), challenge.encode(), "sha256")).decode(), {})
    joe.receives(2, ANY, ANY)
