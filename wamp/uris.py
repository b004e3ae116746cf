"""URIs: the names of topics, procedures and errors, and the patterns that match them.

Section "URIs" of the basic profile. Loose rules, the default: components are not empty and hold no '.', '#' or
whitespace (as Unicode knows it). Strict rules, a realm's choice: components hold only 0-9, a-z and '_'.
"""

import re
from typing import Final

from wamp.options import MatchPolicy

MAX_URI_LENGTH: Final = 1024
"""In characters. Names that people write stay far below; longer ones would only bloat indexes, logs and meta events."""

MAX_COMPONENTS: Final = MAX_URI_LENGTH // 2
"""More do not fit in a URI: a wildcard pattern that has more could never match."""

# Every regular expression here is linear: the dot that ends a component can be nowhere inside of it. NUL is kept out
# because JSON could not carry such a URI: a string that starts with U+0000 is binary there.
_LOOSE: Final = re.compile(r"[^\s.#\0]+(?:\.[^\s.#\0]+)*")
_STRICT: Final = re.compile(r"[0-9a-z_]+(?:\.[0-9a-z_]+)*")

# A prefix pattern is the beginning of a URI, cut anywhere; only its last component may be empty.
_LOOSE_PREFIX: Final = re.compile(r"(?:[^\s.#\0]+\.)*[^\s.#\0]*")
_STRICT_PREFIX: Final = re.compile(r"(?:[0-9a-z_]+\.)*[0-9a-z_]*")

# In a wildcard pattern each empty component matches any one component, so dots may stand anywhere.
_LOOSE_WILDCARD: Final = re.compile(r"[^\s#\0]*")
_STRICT_WILDCARD: Final = re.compile(r"[0-9a-z_.]*")

_PATTERNS: Final = {
    ("exact", False): _LOOSE,
    ("exact", True): _STRICT,
    ("prefix", False): _LOOSE_PREFIX,
    ("prefix", True): _STRICT_PREFIX,
    ("wildcard", False): _LOOSE_WILDCARD,
    ("wildcard", True): _STRICT_WILDCARD,
}


def is_uri(uri: str, strict: bool = False) -> bool:
    """Tell whether `uri` can name a topic, a procedure or an error."""
    # fullmatch, because "$" would let a trailing newline slip in
    return len(uri) <= MAX_URI_LENGTH and (_STRICT if strict else _LOOSE).fullmatch(uri) is not None


def is_pattern(uri: str, match: MatchPolicy, strict: bool = False) -> bool:
    """Tell whether `uri` can be subscribed or registered under the policy `match`.

    "exact" is `is_uri`; "prefix" also takes "" and "com.example."; "wildcard" also takes empty components, "com..add".
    """
    if len(uri) > MAX_URI_LENGTH or (match == "wildcard" and uri.count(".") >= MAX_COMPONENTS):
        return False
    return _PATTERNS[match, strict].fullmatch(uri) is not None


def is_reserved(uri: str) -> bool:
    """Tell whether the first component of a URI or pattern is `wamp` or `wamplex`, which belong to the router.

    `wamp` is the specification's, `wamplex` what this router has beyond it. `wampx.a` is free; so is the
    prefix pattern "wam", or a wildcard whose first component is empty: that such a pattern matches no `wamp.` URI is
    for the pattern index to see to.
    """
    return uri.startswith(("wamp.", "wamplex.")) or uri in ("wamp", "wamplex")
