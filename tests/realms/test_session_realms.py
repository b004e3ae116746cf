"""Which realm a session comes to: by name, by default, by the authenticator's choice, or made for it. And their end."""

import pytest

from realms.authentication import Accepted, Applicant, Denied
from realms.realms import Template
from realms.roles import Role
from realms.transport import Evidence
from tests.realms.fakes import ANY, CAPABLE, Peer, Scene
from wamp.options import HelloDetails

NO_SUCH_REALM = "wamp.error.no_such_realm"


class Steering:
    """An authentication method that chooses the realm: the one that the authid names."""

    name = "steering"

    def suits(self, hello: HelloDetails, evidence: Evidence) -> bool:
        return True

    def begin(self, applicant: Applicant) -> Accepted | Denied:
        authid = str(applicant.hello.authid)
        return Accepted("ann", "anyone", self.name, "tests", realm=authid)


def hello(peer: Peer, realm: str | None, **details: object) -> None:
    peer.sends(1, realm, {"roles": CAPABLE, **details})


def realm_of(peer: Peer) -> str:
    return str(peer.receives(2, ANY, ANY)[2]["realm"])


def is_refused(peer: Peer) -> None:
    peer.receives(3, ANY, NO_SUCH_REALM)
    assert not peer.is_connected()


# --- the router's choice --------------------------------------------------------------------------------------


def test_a_client_that_names_no_realm_gets_the_default_one():
    peer = Scene(default="realm2").connects()
    hello(peer, None)
    assert realm_of(peer) == "realm2"


def test_a_client_that_names_no_realm_is_refused_where_there_is_no_default():
    peer = Scene().connects()
    hello(peer, None)
    is_refused(peer)


def test_the_authenticator_may_choose_the_realm():
    scene = Scene(methods=[Steering()], default="realm1")
    peer, other = scene.connects(), scene.join(realm="realm2")
    hello(peer, None, authmethods=["steering"], authid="realm2")
    assert realm_of(peer) == "realm2"
    topic = other.subscribes("com.topic")
    peer.publishes("com.topic")
    other.receives(36, topic, ANY, {})


def test_an_authenticator_that_chooses_a_realm_that_is_not_there_is_answered_with_abort():
    peer = Scene(methods=[Steering()]).connects()
    hello(peer, "realm1", authmethods=["steering"], authid="nowhere")
    is_refused(peer)


# --- realms that are made for their clients -------------------------------------------------------------------


def test_a_realm_of_the_template_is_made_when_somebody_joins_it():
    scene = Scene(template=("com.shops.", 2))
    ann, bob = scene.join(realm="com.shops.a"), scene.join(realm="com.shops.a")
    other = scene.join(realm="com.shops.b")
    subscription, _ = ann.subscribes("com.topic"), other.subscribes("com.topic")
    bob.publishes("com.topic", [1])
    ann.receives(36, subscription, ANY, {}, [1])
    other.receives_nothing()


@pytest.mark.parametrize("name", ["com.shop", "org.shops.a", "wamp", "wamp.shops"])
def test_other_names_are_refused(name):
    peer = Scene(template=("com.shops.", 2)).connects()
    hello(peer, name)
    is_refused(peer)


def test_no_realm_is_made_with_a_reserved_name():
    peer = Scene(template=("", 2)).connects()
    hello(peer, "wamp.mine")
    is_refused(peer)


def test_there_are_no_more_realms_than_the_limit():
    scene = Scene(template=("com.shops.", 2))
    for name in ("a", "b"):
        scene.join(realm=f"com.shops.{name}")
    peer = scene.connects()
    hello(peer, "com.shops.c")
    is_refused(peer)
    scene.join(realm="com.shops.b")  # what is there may be joined
    scene.join(realm="realm1")


def test_the_limit_holds_for_those_who_asked_before_it_was_reached():
    scene = Scene(template=("com.shops.", 1))
    late = scene.connects()
    hello(late, "com.shops.late", authmethods=["slow"])
    scene.join(realm="com.shops.first")
    scene.slow.accepts()
    is_refused(late)


def test_who_is_not_admitted_makes_no_realm():
    scene = Scene(template=("com.shops.", 1))
    for _ in range(3):
        peer = scene.connects()
        hello(peer, "com.shops.a", authmethods=["ticket"], authid="ann")
        peer.receives(4, "ticket", {})
        peer.sends(5, "wrong", {})
        peer.receives(3, ANY, "wamp.error.authentication_denied")
    scene.join(realm="com.shops.b")


def test_two_who_ask_for_a_new_realm_at_the_same_time_meet_in_it():
    scene = Scene(template=("com.shops.", 1))
    ann, bob = scene.connects(), scene.connects()
    for peer in (ann, bob):
        hello(peer, "com.shops.a", authmethods=["ticket"], authid="ann")
        peer.receives(4, "ticket", {})
    for peer in (ann, bob):
        peer.sends(5, "sesame", {})
        assert realm_of(peer) == "com.shops.a"
    subscription = ann.subscribes("com.topic")
    bob.publishes("com.topic")
    ann.receives(36, subscription, ANY, {})


def test_an_empty_realm_is_forgotten_after_a_while():
    scene = Scene(template=("com.shops.", 1))
    scene.join(realm="com.shops.a").vanishes()
    scene.clock.advance(59)
    peer = scene.connects()
    hello(peer, "com.shops.b")
    is_refused(peer)
    scene.clock.advance(1)
    scene.join(realm="com.shops.b")


def test_a_realm_is_kept_while_somebody_is_in_it():
    scene = Scene(template=("com.shops.", 1))
    scene.join(realm="com.shops.a").vanishes()
    scene.clock.advance(59)
    ann = scene.join(realm="com.shops.a")
    scene.clock.advance(61)
    ann.is_present()
    ann.vanishes()
    scene.clock.advance(59)
    bob, peer = scene.join(realm="com.shops.a"), scene.connects()
    hello(peer, "com.shops.b")
    is_refused(peer)
    bob.is_present()


# --- the end of a realm ---------------------------------------------------------------------------------------


def test_when_a_realm_is_closed_everybody_in_it_gets_goodbye_and_nobody_else():
    scene = Scene()
    ann, bob, other = scene.join(), scene.join(), scene.join(realm="realm2")
    scene.realms.close("realm1")
    for peer in (ann, bob):
        peer.receives(6, {}, "wamp.close.close_realm")
        peer.sends(16, 1, {"acknowledge": True}, "com.topic")
        peer.receives_nothing()
        peer.sends(6, {}, "wamp.close.goodbye_and_out")
        assert not peer.is_connected()
    other.is_present()
    late = scene.connects()
    hello(late, "realm1")
    is_refused(late)


def test_who_was_still_joining_a_realm_that_is_closed_is_refused():
    scene = Scene()
    peer = scene.connects()
    hello(peer, "realm1", authmethods=["slow"])
    scene.realms.close("realm1")
    scene.slow.accepts()
    is_refused(peer)


def test_a_realm_of_the_template_that_was_closed_can_be_made_again():
    scene = Scene(template=("com.shops.", 1))
    ann = scene.join(realm="com.shops.a")
    scene.realms.close("com.shops.a")
    ann.receives(6, {}, "wamp.close.close_realm")
    scene.join(realm="com.shops.b").vanishes()
    scene.clock.advance(60)
    scene.join(realm="com.shops.a")


def test_a_realm_of_the_template_is_made_by_the_rules_that_count_when_it_is_joined():
    """F6: whoever waits with the answer to a challenge does not bring back the rules of before."""
    scene = Scene(template=("com.shops.", 1))
    peer = scene.connects()
    hello(peer, "com.shops.one", authmethods=["ticket"], authid="ann")
    peer.receives(4, "ticket", {})
    strict = Scene([Role("anyone", [])], template=("com.shops.", 1))
    scene.realms.replace_template(Template(lambda name: strict.join(realm=name).transport.session.realm, uri="com."))
    peer.sends(5, "sesame", {})
    peer.receives(2, ANY, ANY)
    peer.receives_error(48, peer.calls("com.anything"), "wamp.error.not_authorized")
