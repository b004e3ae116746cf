"""URIs and patterns: entries "URIs" and "reserved namespace" of the basic profile."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wamp.uris import MAX_URI_LENGTH, is_pattern, is_reserved, is_uri

GOOD = ["a", "com", "com.example.add2", "com.example.my_topic", "wamp.session.count", "0.1.2"]
LOOSE_ONLY = ["com.Example", "com.my-topic", "com.größe", "com.a/b", "com.a:b", "COM", "com.\U0001f600"]
BAD = ["", ".", "..", ".com", "com.", "com..add", "com.#", "a#b", "#", "a b", " ", "a\t", "a.\u00a0b", "a\u2003", "\0a"]
SLIPS = ["com.add\n", "\ncom.add", "com\n.add", "com.add\r", "com.add\n\n", "com.add\x0b", "com.add\u2028"]


@pytest.mark.parametrize("uri", GOOD)
def test_a_plain_uri_is_good_under_both_rules(uri):
    """A20"""
    assert is_uri(uri)
    assert is_uri(uri, strict=True)


@pytest.mark.parametrize("uri", LOOSE_ONLY)
def test_only_loose_rules_allow_other_characters(uri):
    assert is_uri(uri)
    assert not is_uri(uri, strict=True)


@pytest.mark.parametrize("uri", BAD + SLIPS)
@pytest.mark.parametrize("strict", [False, True])
def test_empty_components_hash_signs_and_whitespace_are_bad(uri, strict):
    """A20"""
    assert not is_uri(uri, strict)


@pytest.mark.parametrize("uri", SLIPS)
@pytest.mark.parametrize("match", ["exact", "prefix", "wildcard"])
@pytest.mark.parametrize("strict", [False, True])
def test_no_newline_slips_into_a_pattern(uri, match, strict):
    """A20"""
    assert not is_pattern(uri, match, strict)


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("", {"prefix", "wildcard"}),
        ("com.", {"prefix", "wildcard"}),
        ("com.example.", {"prefix", "wildcard"}),
        ("com.exam", {"exact", "prefix", "wildcard"}),
        (".", {"wildcard"}),
        ("..", {"wildcard"}),
        (".example", {"wildcard"}),
        ("com..add", {"wildcard"}),
        ("com...", {"wildcard"}),
        ("com.#", set()),
        ("com. .add", set()),
        ("#", set()),
    ],
)
@pytest.mark.parametrize("strict", [False, True])
def test_each_match_policy_has_its_own_patterns(pattern, matches, strict):
    """A20"""
    assert {match for match in ("exact", "prefix", "wildcard") if is_pattern(pattern, match, strict)} == matches


@pytest.mark.parametrize("match", ["exact", "prefix", "wildcard"])
def test_strict_patterns_hold_no_upper_case(match):
    assert is_pattern("com.Add", match)
    assert not is_pattern("com.Add", match, strict=True)


@given(st.text("abz09_.#A-\n \0\x85ä\u2003\U0001f600"))
def test_every_uri_is_a_pattern_of_every_policy(text):
    assert is_pattern(text, "exact") == is_uri(text)
    if is_uri(text):
        assert is_pattern(text, "prefix")
        assert is_pattern(text, "wildcard")


@given(st.text("abc._#\n A"))
def test_what_is_strictly_good_is_loosely_good(text):
    for match in ("exact", "prefix", "wildcard"):
        assert not is_pattern(text, match, strict=True) or is_pattern(text, match)


@given(st.sampled_from(GOOD + LOOSE_ONLY), st.integers(0, 30))
def test_every_beginning_of_a_uri_is_a_prefix_pattern(uri, length):
    assert is_pattern(uri[:length], "prefix")


@pytest.mark.parametrize("match", ["exact", "prefix", "wildcard"])
def test_an_overlong_uri_is_bad_under_every_policy(match):
    assert is_uri("a" * MAX_URI_LENGTH)
    assert is_pattern("a" * MAX_URI_LENGTH, match)
    assert not is_uri("a" * (MAX_URI_LENGTH + 1))
    assert not is_pattern("a" * (MAX_URI_LENGTH + 1), match)


@pytest.mark.parametrize("uri", ["a" * MAX_URI_LENGTH, "a." * (MAX_URI_LENGTH // 2 - 1) + "#", "." * MAX_URI_LENGTH])
def test_no_uri_takes_long_to_check(uri):
    started = time.process_time()
    for match in ("exact", "prefix", "wildcard"):
        is_pattern(uri, match)
        is_pattern(uri, match, strict=True)
    assert time.process_time() - started < 0.05


@pytest.mark.parametrize("uri", ["wamp", "wamp.", "wamp.session.count", "wamp..x", "wamp.."])
def test_what_begins_with_the_component_wamp_is_reserved(uri):
    """A21"""
    assert is_reserved(uri)


@pytest.mark.parametrize("uri", ["", "wam", "wampx", "wampx.foo", "com.wamp", ".wamp", "..", "Wamp.a", "wamp_.a"])
def test_all_else_is_free(uri):
    assert not is_reserved(uri)
