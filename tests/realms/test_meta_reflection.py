"""Reflection, interfaces and types: who learns what; and payloads that must fit."""

from typing import Any

import pytest

from realms.roles import Role
from realms.schemas import Checks, Description, Schemas
from tests.realms.fakes import ANY, EVERYTHING, Scene, rule
from tests.realms.test_meta_sessions import asks
from wamp.codecs import CBOR, JSON, MESSAGEPACK, Codec

EVERYBODY = Role("everybody", [rule("prefix", "", *EVERYTHING)])
SHOPPER = Role("shopper", [rule("prefix", "com.shop.", "call", "subscribe"), rule("prefix", "wamp.", "call")])


def is_numbers(value: Any) -> str | None:
    return None if all(isinstance(one, int) for one in value) else "are not all numbers"


def is_empty(value: Any) -> str | None:
    return "must be empty" if value else None


NUMBERS = Checks(is_numbers, is_empty)

SCHEMAS = (
    Description(
        "procedure", "exact", "com.shop.buy", "com.shop",
        about={"description": "Buys.", "errors": ["com.shop.error.sold_out"]},
        given=NUMBERS, returned=NUMBERS, progress=NUMBERS, types=frozenset({"com.shop.article"}),
    ),
    Description("procedure", "prefix", "com.office.", "com.office", {"errors": ["com.office.error.closed"]}),
    Description("topic", "wildcard", "com.shop..changed", "com.shop", given=NUMBERS),
    Description("error", "exact", "com.shop.error.sold_out", "com.shop"),
    Description("error", "exact", "com.office.error.closed", "com.office"),
)  # fmt: skip
TYPES = {"com.shop.article": {"type": "string"}, "com.office.desk": {"type": "object"}}


@pytest.fixture
def realm() -> Scene:
    return Scene(roles=[EVERYBODY, SHOPPER], schemas=Schemas(SCHEMAS, TYPES, validate=True))


# --- who learns what --------------------------------------------------------------------------------------------


def test_a_caller_learns_of_what_it_may_use(realm: Scene) -> None:
    """H4, H5"""
    ann, bob = realm.join("ann", "everybody"), realm.join("bob", "shopper")
    bob.receives_nothing()
    ours, theirs = asks(ann, "wamp.reflection.procedure.list")[0], asks(bob, "wamp.reflection.procedure.list")[0]
    assert {"com.shop.buy", "com.office.", "wamp.session.count"} <= set(ours)
    assert "com.shop.buy" in theirs
    assert "com.office." not in theirs
    assert asks(ann, "wamp.interface.list") == [["com.office", "com.shop"]]
    assert asks(bob, "wamp.interface.list") == [["com.shop"]]
    assert asks(bob, "wamp.interface.get", ["com.office"]) == [None]
    assert asks(bob, "wamp.reflection.procedure.describe", ["com.office.open"]) == [None]
    assert "com.office.error.closed" not in asks(bob, "wamp.reflection.error.list")[0]
    assert asks(bob, "wamp.reflection.error.describe", ["com.office.error.closed"]) == [None]


def test_nobody_learns_of_guarded_procedures_that_it_may_not_call(realm: Scene) -> None:
    """H4, F4"""
    ann = realm.join("ann", "everybody")
    assert "wamp.session.kill" not in asks(ann, "wamp.reflection.procedure.list")[0]
    assert asks(ann, "wamp.reflection.procedure.describe", ["wamp.session.kill"]) == [None]


def test_asking_grants_nothing(realm: Scene) -> None:
    ann = realm.join("ann", "everybody")
    asks(ann, "wamp.reflection.topic.list")
    asks(ann, "wamp.reflection.topic.describe", ["wamp.session.on_join"])
    ann.receives_error(16, ann.publishes("wamp.session.on_join", acknowledge=True), "wamp.error.invalid_uri")


def test_an_interface_has_descriptions(realm: Scene) -> None:
    """H5"""
    ann = realm.join("ann", "everybody")
    (shop,) = asks(ann, "wamp.interface.get", ["com.shop"])
    (buy,) = shop["procedures"]
    assert (buy["uri"], buy["match"], buy["description"]) == ("com.shop.buy", "exact", "Buys.")
    assert [one["uri"] for one in shop["topics"]] == ["com.shop..changed"]
    assert [one["uri"] for one in shop["errors"]] == ["com.shop.error.sold_out"]
    assert asks(ann, "wamp.interface.match_procedure", ["com.office.open"]) == [["com.office"]]
    assert asks(ann, "wamp.interface.match_procedure", ["com.nowhere"]) == [None]
    assert asks(ann, "wamp.interface.match_topic", ["com.shop.prices.changed"]) == [["com.shop"]]
    assert asks(ann, "wamp.interface.get", ["nothing"]) == [None]
    assert asks(ann, "wamp.interface.get", [1]) == "wamp.error.invalid_argument"


def test_types_are_seen_with_what_refers_to_them(realm: Scene) -> None:
    """H5"""
    ann = realm.join("ann", "everybody")
    assert asks(ann, "wamp.type.list") == [["com.shop.article"]]
    assert asks(ann, "wamp.type.get", ["com.shop.article"]) == [{"type": "string"}]
    assert asks(ann, "wamp.type.get", ["com.office.desk"]) == [None]


def test_what_is_there_without_a_description_is_found_too(realm: Scene) -> None:
    """H4"""
    ann = realm.join("ann", "everybody")
    ann.registers("com.undescribed", invoke="roundrobin")
    ann.subscribes("com.heard")
    assert asks(ann, "wamp.reflection.procedure.describe", ["com.undescribed"]) == [
        {"kind": "procedure", "uri": "com.undescribed", "match": "exact", "invoke": "roundrobin"}
    ]
    assert asks(ann, "wamp.reflection.topic.describe", ["com.heard"])[0]["uri"] == "com.heard"
    assert "com.heard" in asks(ann, "wamp.reflection.topic.list")[0]
    assert asks(ann, "wamp.reflection.error.describe", ["wamp.error.canceled"])[0]["kind"] == "error"
    own = asks(ann, "wamp.reflection.procedure.describe", ["wamp.session.get"])[0]
    assert own["arguments"]["properties"] == {"session": {"type": "integer"}}


# --- what sessions define ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("codec", [JSON, MESSAGEPACK, CBOR], ids=lambda codec: codec.name)
def test_a_definition_lives_as_long_as_its_session(realm: Scene, codec: Codec) -> None:
    """H4"""
    ann, bob = realm.join("ann", "everybody", codec=codec), realm.join("bob", "everybody")
    topics = [bob.subscribes(f"wamp.reflect.{name}") for name in ("on_define", "on_undefine")]
    assert asks(ann, "wamp.reflect.define", ["com.t", {"about": "x"}, "topic"]) is None
    bob.receives(36, topics[0], ANY, {}, [ann.id, "com.t", "topic"])
    assert asks(bob, "wamp.reflect.describe", ["com.t", "topic"])[0]["about"] == "x"
    assert asks(bob, "wamp.reflect.describe", ["com.t"]) == [None]
    ann.vanishes()
    bob.receives(36, topics[1], ANY, {}, [ann.id, "com.t", "topic"])
    assert asks(bob, "wamp.reflect.describe", ["com.t", "topic"]) == [None]


def test_the_last_word_counts_and_null_takes_it_back(realm: Scene) -> None:
    """H4"""
    ann, bob = realm.join("ann", "everybody"), realm.join("bob", "everybody")
    on_undefine = bob.subscribes("wamp.reflect.on_undefine")
    asks(ann, "wamp.reflect.define", ["com.p", {"by": "ann"}])
    asks(bob, "wamp.reflect.define", ["com.p", {"by": "bob"}])
    assert asks(ann, "wamp.reflect.describe", ["com.p"])[0]["by"] == "bob"
    asks(bob, "wamp.reflect.define", ["com.p", None])
    assert asks(ann, "wamp.reflect.describe", ["com.p"])[0]["by"] == "ann"
    ann.vanishes()
    bob.receives(36, on_undefine, ANY, {}, [ann.id, "com.p", "procedure"])
    bob.receives_nothing()


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (["com.shop.x", {}], "not_authorized"),
        (["com.shop.x", {}, "topic"], "not_authorized"),
        (["wamp.session.get", {}], "invalid_uri"),
        (["a..b", {}], "invalid_uri"),
        (["com.x", "text"], "invalid_argument"),
        (["com.x", {}, "planet"], "invalid_argument"),
        (["com.x"], "invalid_argument"),
    ],
)
def test_only_what_a_session_provides_can_it_define(realm: Scene, payload: list[Any], error: str) -> None:
    """H4"""
    bob = realm.join("bob", "shopper")
    assert asks(bob, "wamp.reflect.define", payload) == f"wamp.error.{error}"


def test_definitions_have_bounds(realm: Scene) -> None:
    ann = realm.join("ann", "everybody")
    assert asks(ann, "wamp.reflect.define", ["com.x", {"a": "b" * 20_000}]) == "wamp.error.payload_size_exceeded"
    for number in range(100):
        assert asks(ann, "wamp.reflect.define", [f"com.x{number}", {}]) is None
    assert asks(ann, "wamp.reflect.define", ["com.y", {}]) == "wamp.error.unavailable"
    assert asks(ann, "wamp.reflect.define", ["com.x1", {"again": 1}]) is None


# --- payloads that must fit -------------------------------------------------------------------------------------


@pytest.mark.parametrize("codec", [JSON, MESSAGEPACK, CBOR], ids=lambda codec: codec.name)
def test_a_call_that_does_not_fit_never_reaches_the_callee(realm: Scene, codec: Codec) -> None:
    """H3"""
    ann, bob = realm.join("ann", "everybody", codec=codec), realm.join("bob", "everybody")
    bob.registers("com.shop.buy")
    for payload in ([["one"]], [[1, None]], [[1], {"more": 1}]):
        ann.receives_error(48, ann.calls("com.shop.buy", *payload), "wamp.error.invalid_argument")
    bob.receives_nothing()
    call = ann.calls("com.shop.buy", [1, 2], {})
    bob.receives(68, 1, ANY, {}, [1, 2], {})
    bob.sends(70, 1, {}, [3])
    ann.receives(50, call, {}, [3])


def test_a_result_that_does_not_fit_is_an_error_for_the_caller(realm: Scene) -> None:
    """H3"""
    ann, bob = realm.join("ann", "everybody"), realm.join("bob", "everybody", codec=CBOR)
    bob.registers("com.shop.buy")
    call = ann.calls("com.shop.buy")
    bob.receives(68, 1, ANY, {})
    bob.sends(70, 1, {}, ["three"])
    ann.receives_error(48, call, "wamp.error.invalid_argument")
    bob.sends(70, 1, {}, [3])
    ann.receives_nothing()
    bob.is_present()


def test_a_progressive_result_that_does_not_fit_ends_the_call(realm: Scene) -> None:
    """H3"""
    ann, bob = realm.join("ann", "everybody"), realm.join("bob", "everybody")
    bob.registers("com.shop.buy")
    call = ann.calls("com.shop.buy", receive_progress=True)
    bob.receives(68, 1, ANY, {"receive_progress": True})
    bob.sends(70, 1, {"progress": True}, [1])
    ann.receives(50, call, {"progress": True}, [1])
    bob.sends(70, 1, {"progress": True}, ["two"])
    bob.receives(69, 1, ANY)
    ann.receives_error(48, call, "wamp.error.invalid_argument")


def test_a_publication_that_does_not_fit_reaches_nobody(realm: Scene) -> None:
    """H3"""
    ann, bob = realm.join("ann", "everybody"), realm.join("bob", "everybody")
    bob.subscribes("com.shop.prices.changed")
    ann.receives_error(
        16, ann.publishes("com.shop.prices.changed", ["x"], acknowledge=True), "wamp.error.invalid_argument"
    )
    ann.publishes("com.shop.prices.changed", ["x"])
    ann.publishes("com.shop.prices.changed", [1])
    bob.receives(36, ANY, ANY, {}, [1])
    bob.receives_nothing()
    ann.receives_nothing()


def test_a_testament_must_fit_like_a_publication(realm: Scene) -> None:
    ann = realm.join("ann", "everybody")
    payload = ["com.shop.prices.changed", ["x"], {}]
    assert asks(ann, "wamp.session.add_testament", payload) == "wamp.error.invalid_argument"


def test_what_nobody_described_passes(realm: Scene) -> None:
    """H3"""
    ann, bob = realm.join("ann", "everybody"), realm.join("bob", "everybody")
    bob.registers("com.free")
    ann.calls("com.free", ["anything"], {"goes": True})
    bob.receives(68, 1, ANY, {}, ["anything"], {"goes": True})


def test_descriptions_alone_check_nothing() -> None:
    realm = Scene(roles=[EVERYBODY], schemas=Schemas(SCHEMAS, TYPES, validate=False))
    ann, bob = realm.join("ann", "everybody"), realm.join("bob", "everybody")
    bob.registers("com.shop.buy")
    ann.calls("com.shop.buy", ["one"])
    bob.receives(68, 1, ANY, {}, ["one"])


def test_what_a_long_session_was_promised_is_forgotten_with_its_calls(realm: Scene) -> None:
    ann, bob = realm.join("ann", "everybody"), realm.join("bob", "everybody")
    bob.registers("com.shop.buy")
    for _ in range(1000):
        ann.sends(49, ann.calls("com.shop.buy"), {"mode": "skip"})
    (known,) = realm.realms.by_name["realm1"].dealer._promised.values()  # type: ignore[attr-defined]
    assert len(known) < 100
