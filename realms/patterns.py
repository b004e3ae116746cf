"""The one index that answers every URI question: which topics, procedures or permissions match this URI?

A pattern is a URI with a match policy, and each (policy, URI) is an entry of its own:

- exact: equality
- prefix: the *string* is a prefix, so `com.app` matches `com.app`, `com.app.x` and `com.apple`
- wildcard: an empty component matches exactly one component, so `com..x` matches `com.app.x` and not `com.x`

Sections "Pattern-based Subscription" and "Pattern-based Registration" of the advanced profile.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Generic, TypeVar

from wamp.options import MatchPolicy

T = TypeVar("T")


def matches(match: MatchPolicy, pattern: str, uri: str) -> bool:
    """Whether one pattern matches one URI; for many patterns there is the index below."""
    if match == "exact":
        return pattern == uri
    if match == "prefix":
        return uri.startswith(pattern)
    ours, theirs = pattern.split("."), uri.split(".")
    return len(ours) == len(theirs) and all(a in ("", b) for a, b in zip(ours, theirs, strict=True))


class _Node(Generic[T]):
    """A place in the trie of wildcard patterns; the empty component leads to the wildcard child."""

    __slots__ = ("children", "entry")

    def __init__(self) -> None:
        self.children: dict[str, _Node[T]] = {}
        self.entry: T | None = None


class PatternIndex(Generic[T]):
    """What is kept under each (match policy, URI)."""

    __slots__ = ("_exact", "_lengths", "_prefix", "_prefixes_of_length", "_wildcard", "_wildcards")

    def __init__(self) -> None:
        self._exact: dict[str, T] = {}
        self._prefix: dict[str, T] = {}
        self._prefixes_of_length: Counter[int] = Counter()
        self._lengths: list[int] = []  # every length that a prefix has, longest first
        self._wildcard: dict[str, T] = {}
        self._wildcards: _Node[T] = _Node()

    def __len__(self) -> int:
        return len(self._exact) + len(self._prefix) + len(self._wildcard)

    def __iter__(self) -> Iterator[T]:
        for kept in (self._exact, self._prefix, self._wildcard):
            yield from kept.values()

    def get(self, match: MatchPolicy, uri: str) -> T | None:
        """What is kept under exactly this pattern."""
        return self._kept(match).get(uri)

    def add(self, match: MatchPolicy, uri: str, entry: T) -> None:
        """Keep an entry under a pattern that has none yet."""
        self._kept(match)[uri] = entry
        if match == "prefix":
            self._count_prefix(len(uri), +1)
        elif match == "wildcard":
            node = self._wildcards
            for component in uri.split("."):
                node = node.children.setdefault(component, _Node())
            node.entry = entry

    def remove(self, match: MatchPolicy, uri: str) -> None:
        """Forget the entry of a pattern that has one."""
        del self._kept(match)[uri]
        if match == "prefix":
            self._count_prefix(len(uri), -1)
        elif match == "wildcard":
            self._prune(uri.split("."))

    def matching(self, uri: str) -> list[T]:
        """Every entry whose pattern matches: the exact one, prefixes from long to short, then wildcards."""
        entries = []
        if (exact := self._exact.get(uri)) is not None:
            entries.append(exact)
        for length in self._lengths:
            if length <= len(uri) and (prefix := self._prefix.get(uri[:length])) is not None:
                entries.append(prefix)
        if self._wildcard:
            entries.extend(self._matching_wildcards(uri.split(".")))
        return entries

    def best(self, uri: str) -> T | None:
        """The one entry that fits best: exact, else the longest prefix, else the best wildcard.

        Of two wildcard patterns the better one has the literal where, from the left, they first differ: that is the
        spec's "longest run of literal components first" rule, and it is the order in which the trie is walked.
        """
        if (exact := self._exact.get(uri)) is not None:
            return exact
        for length in self._lengths:
            if length <= len(uri) and (prefix := self._prefix.get(uri[:length])) is not None:
                return prefix
        if self._wildcard:
            return next(self._matching_wildcards(uri.split(".")), None)
        return None

    def _kept(self, match: MatchPolicy) -> dict[str, T]:
        if match == "exact":
            return self._exact
        return self._prefix if match == "prefix" else self._wildcard

    def _count_prefix(self, length: int, change: int) -> None:
        counts = self._prefixes_of_length
        counts[length] += change
        if counts[length] == 0:
            del counts[length]
        if len(counts) != len(self._lengths):
            self._lengths = sorted(counts, reverse=True)

    # Both walk with a list of their own: a pattern may have more components than Python's stack has room for.

    def _matching_wildcards(self, components: list[str]) -> Iterator[T]:
        """Walk the trie, a literal before the wildcard, so that better patterns come first."""
        ahead = [(self._wildcards, 0)]  # the next node is at the end
        while ahead:
            node, depth = ahead.pop()
            if depth == len(components):
                if node.entry is not None:
                    yield node.entry
                continue
            if (any_component := node.children.get("")) is not None:
                ahead.append((any_component, depth + 1))
            if (literal := node.children.get(components[depth])) is not None:
                ahead.append((literal, depth + 1))

    def _prune(self, components: list[str]) -> None:
        """Take a pattern out of the trie, and every node that leads nowhere without it."""
        way = [self._wildcards]
        for component in components:
            way.append(way[-1].children[component])
        way[-1].entry = None
        for parent, component, node in zip(way[-2::-1], components[::-1], way[:0:-1], strict=True):
            if node.entry is not None or node.children:
                return
            del parent.children[component]
