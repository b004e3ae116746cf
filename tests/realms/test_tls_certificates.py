"""TLS client certificates: what TLS has verified says who somebody is, and nothing that the client says changes it."""

from datetime import UTC, datetime

import pytest
from twisted.internet.defer import Deferred

from realms.authentication import Accepted, Applicant, Denied
from realms.authentication.principals import Finding, Found, Inquiry, Listed, Principal
from realms.authentication.tls import ClientCertificate
from realms.endings import REFUSED
from realms.transport import Evidence
from tests.certificates import Authority, Client
from tests.realms.fakes import ANY, PLAIN, Peer, Scene
from wamp.options import HelloDetails

UNTIL = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Client]:
    authority = Authority(tmp_path_factory.mktemp("certificates"), "authority")
    return {name: authority.issue(name, UNTIL) for name in ("ann", "bob", "zoe")}


def principals(clients: dict[str, Client]) -> list[Principal]:
    return [
        Principal("ann", "anyone", extra={"department": "7"}, certificates=frozenset({clients["ann"].fingerprint})),
        Principal("bob", "anyone", "realm2", "sqlite", certificates=frozenset({clients["bob"].fingerprint, "ab" * 32})),
        Principal("eve", "anyone", ticket="$sha256$..."),
    ]


@pytest.fixture
def realm(clients: dict[str, Client]) -> Scene:
    return Scene(methods=[ClientCertificate(Listed(principals(clients)))])


def hello(peer: Peer, client: Client | None, *more: str, **details: object) -> None:
    """Say HELLO on a connection that has shown a certificate, or none."""
    peer.transport.proves = Evidence(certificate=None if client is None else client.der)
    peer.sends(1, "realm1", {"roles": PLAIN, "authmethods": ["tls", *more], **details})


def is_refused(peer: Peer) -> str:
    message: str = peer.receives(3, {"message": ANY}, "wamp.error.authentication_denied")[1]["message"]
    peer.receives_nothing()
    assert peer.transport.endings == [REFUSED]
    return message


@pytest.mark.parametrize("details", [{}, {"authid": None}, {"authid": "ann"}])
def test_who_has_shown_the_certificate_of_a_principal_is_welcome_without_a_challenge(
    realm: Scene, clients: dict[str, Client], details: dict[str, object]
) -> None:
    """E17"""
    peer = realm.connects()
    hello(peer, clients["ann"], **details)
    welcome = peer.receives(2, ANY, ANY)[2]
    assert (welcome["authid"], welcome["authrole"], welcome["authmethod"]) == ("ann", "anyone", "tls")
    assert (welcome["authprovider"], welcome["authextra"]) == ("static", {"department": "7"})
    peer.is_present()


def test_the_principal_decides_on_the_realm(realm: Scene, clients: dict[str, Client]) -> None:
    """A11, E17"""
    peer = realm.connects()
    hello(peer, clients["bob"])
    welcome = peer.receives(2, ANY, ANY)[2]
    assert (welcome["authid"], welcome["realm"], welcome["authprovider"]) == ("bob", "realm2", "sqlite")


@pytest.mark.parametrize(
    ("shown", "authid"),
    [("zoe", None), ("zoe", "zoe"), ("zoe", "ann"), ("bob", "ann"), ("ann", "bob"), ("ann", "eve"), ("ann", "")],
)
def test_a_certificate_that_nobody_has_and_one_under_another_name_are_refused_in_the_same_words(
    realm: Scene, clients: dict[str, Client], shown: str, authid: str | None
) -> None:
    """E17, E20, J3"""
    peer = realm.connects()
    hello(peer, clients[shown], authid=authid)
    assert is_refused(peer) == "the credentials were not accepted"


def test_who_has_shown_no_certificate_goes_on_with_the_next_method_or_is_refused(realm: Scene) -> None:
    """E1, E17"""
    peer = realm.connects()
    hello(peer, None, authid="ann", authextra={"certificate": "..."})
    assert is_refused(peer) == "this connection has shown no client certificate"
    peer = realm.connects()
    hello(peer, None, "anonymous")
    assert peer.receives(2, ANY, ANY)[2]["authmethod"] == "anonymous"


def applicant(client: Client) -> Applicant:
    return Applicant(1, "realm1", HelloDetails(), {}, Evidence(certificate=client.der))


def test_the_proof_is_good_for_as_long_as_the_certificate(clients: dict[str, Client]) -> None:
    """E17"""
    accepted = ClientCertificate(Listed(principals(clients))).begin(applicant(clients["ann"]))
    assert isinstance(accepted, Accepted)
    assert accepted.expires == UNTIL.timestamp()


class Remote:
    """Principals that are asked for far away."""

    def __init__(self) -> None:
        self.answer: Deferred[Found] = Deferred()
        self.inquiry: Inquiry | None = None

    def find(self, inquiry: Inquiry) -> Finding:
        self.inquiry = inquiry
        return self.answer


@pytest.mark.parametrize(("number", "kind"), [(0, Accepted), (1, Denied), (2, Denied)])
def test_who_knows_the_principals_may_take_time_and_cannot_answer_with_another(
    clients: dict[str, Client], number: int, kind: type
) -> None:
    """E17, E19"""
    remote = Remote()
    answer = ClientCertificate(remote).begin(applicant(clients["ann"]))
    assert remote.inquiry is not None
    assert (remote.inquiry.authmethod, remote.inquiry.certificate) == ("tls", clients["ann"].fingerprint)
    assert isinstance(answer, Deferred)
    outcomes: list[object] = []
    answer.addCallback(outcomes.append)
    remote.answer.callback(principals(clients)[number])
    assert isinstance(outcomes[0], kind)
