"""The pattern index, against a model that knows nothing but the definition."""

from itertools import product
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from realms.patterns import PatternIndex
from realms.roles import Rule, covers, overlaps
from wamp.options import MatchPolicy
from wamp.uris import is_pattern

Pattern = tuple[MatchPolicy, str]

# Few words and short names, so that patterns meet.
WORDS = ["a", "b", "ab"]


def names(words: list[str]) -> list[str]:
    """Every name of one to four of the words."""
    return [".".join(name) for length in range(1, 5) for name in product(words, repeat=length)]


EVERY_URI = names(WORDS)
EVERY_BEGINNING = sorted({f"{uri}."[:length] for uri in EVERY_URI for length in range(len(uri) + 2)})
EVERY_PATTERN: dict[MatchPolicy, list[str]] = {
    "exact": EVERY_URI,
    "prefix": EVERY_BEGINNING,
    "wildcard": names([*WORDS, ""]),
}
URIS = st.sampled_from(EVERY_URI)
PATTERNS = st.one_of([st.sampled_from([(match, uri) for uri in uris]) for match, uris in EVERY_PATTERN.items()])


def matches(pattern: Pattern, uri: str) -> bool:
    """The definition, word by word."""
    match, text = pattern
    if match == "exact":
        return uri == text
    if match == "prefix":
        return uri.startswith(text)
    theirs, ours = text.split("."), uri.split(".")
    return len(theirs) == len(ours) and all(their in ("", our) for their, our in zip(theirs, ours, strict=True))


def literal_runs(pattern: str) -> list[int]:
    """How many literals stand before the first wildcard, between it and the second, and so on."""
    runs = [0]
    for component in pattern.split("."):
        if component:
            runs[-1] += 1
        else:
            runs.append(0)
    return runs


def preference(pattern: Pattern) -> tuple[int, int, list[int]]:
    """The spec's order: exact, then the longest prefix, then the wildcard with the longest first literal run, ..."""
    match, text = pattern
    if match == "exact":
        return 2, 0, []
    return (1, len(text), []) if match == "prefix" else (0, 0, literal_runs(text))


def index_of(kept: set[Pattern]) -> PatternIndex[Pattern]:
    index: PatternIndex[Pattern] = PatternIndex()
    for match, uri in sorted(kept):
        index.add(match, uri, (match, uri))
    return index


@settings(derandomize=True, max_examples=120, deadline=None)
@given(st.sets(PATTERNS, max_size=12), URIS)
def test_the_index_finds_what_the_definition_says(kept: set[Pattern], uri: str) -> None:
    index = index_of(kept)
    expected = sorted((pattern for pattern in kept if matches(pattern, uri)), key=preference, reverse=True)
    assert index.matching(uri) == expected
    assert index.best(uri) == (expected[0] if expected else None)


@settings(derandomize=True, max_examples=120, deadline=None)
@given(st.lists(st.tuples(PATTERNS, st.booleans()), max_size=30), URIS)
def test_the_index_keeps_up_with_what_comes_and_goes(changes: list[tuple[Pattern, bool]], uri: str) -> None:
    index: PatternIndex[Pattern] = PatternIndex()
    kept: set[Pattern] = set()
    for pattern, comes in changes:
        if comes and pattern not in kept:
            kept.add(pattern)
            index.add(*pattern, pattern)
        elif not comes and pattern in kept:
            kept.remove(pattern)
            index.remove(*pattern)
        assert len(index) == len(kept)
    assert set(index) == kept
    assert set(index.matching(uri)) == {pattern for pattern in kept if matches(pattern, uri)}
    assert {pattern for pattern in kept if index.get(*pattern) == pattern} == kept


@settings(derandomize=True, max_examples=80, deadline=None)
@given(st.sets(PATTERNS, max_size=20), st.randoms(use_true_random=False))
def test_what_was_removed_leaves_nothing_behind(kept: set[Pattern], random: Random) -> None:
    index = index_of(kept)
    order = sorted(kept)
    random.shuffle(order)
    for pattern in order:
        index.remove(*pattern)
    fresh: PatternIndex[Pattern] = PatternIndex()
    assert size(index) == size(fresh)
    assert list(index) == []


def size(thing: object) -> int:
    """How many objects hang on this one: what an index that leaks has more of."""
    if isinstance(thing, dict):
        return 1 + sum(size(value) for value in thing.values())
    if isinstance(thing, list | tuple | set):
        return 1 + sum(size(value) for value in thing)
    return 1 + sum(size(getattr(thing, name)) for name in getattr(type(thing), "__slots__", ()))


@settings(derandomize=True, max_examples=120, deadline=None)
@given(PATTERNS, PATTERNS, st.lists(URIS, max_size=30))
def test_a_rule_covers_and_overlaps_what_the_definition_says(ruled: Pattern, asked: Pattern, uris: list[str]) -> None:
    rule = Rule(*ruled, frozenset())
    matched = [uri for uri in [*uris, *instances(asked)] if matches(asked, uri)]
    if covers(rule, *asked):
        assert all(matches(ruled, uri) for uri in matched)
    if not overlaps(rule, *asked):
        assert not any(matches(ruled, uri) for uri in matched)


def instances(pattern: Pattern) -> list[str]:
    """Some URIs that the pattern matches."""
    match, text = pattern
    if match == "exact":
        return [text]
    if match == "prefix":
        return [text + end for end in ("", "a", "ab", ".a", ".b.c", "a.b", "z")]
    return [".".join(component or word for component in text.split(".")) for word in ("a", "b", "ab", "z")]


def test_the_patterns_of_these_tests_are_patterns() -> None:
    assert all(is_pattern(uri, match) for match, uris in EVERY_PATTERN.items() for uri in uris)


def test_a_pattern_may_have_more_components_than_the_stack_of_python_has_frames() -> None:
    index: PatternIndex[str] = PatternIndex()
    dots = "." * 20_000
    index.add("wildcard", dots, "dots")
    assert index.best("a" + ".a" * 20_000) == "dots"
    index.remove("wildcard", dots)
    assert size(index) == size(PatternIndex())
